/**
 * What Postgres and JSON cannot keep is refused before any rule looks at it: the character U+0000, which no text column holds, and half a
 * surrogate pair, which is no Unicode text.
 */
import { type DomainError, invalid } from "./errors.ts";

/** Every such string anywhere in an input, at most `limit` of them, with its path. The input is a tree as GraphQL coerces it. */
export function unstorableText(value: unknown, path: readonly string[], limit = 5): DomainError[] {
  const errors: DomainError[] = [];
  const visit = (current: unknown, at: readonly string[]): void => {
    if (errors.length >= limit) return;
    if (typeof current === "string") {
      if (current.includes("\0")) errors.push(invalid(at, "The text contains the character U+0000, which cannot be stored."));
      else if (!current.isWellFormed()) errors.push(invalid(at, "The text contains half of a surrogate pair, which is not Unicode text."));
    } else if (Array.isArray(current)) {
      for (const [index, item] of current.entries()) visit(item, [...at, String(index)]);
    } else if (current !== null && typeof current === "object" && !(current instanceof Date)) {
      for (const [key, member] of Object.entries(current)) visit(member, [...at, key]);
    }
  };
  visit(value, path);
  return errors;
}

/** Characters as people count them in limits: code points, not UTF-16 units. */
export function characterCount(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export const hasControlCharacter = (text: string): boolean => /\p{Cc}/u.test(text);

/** An offending value for a message: quoted, and cut where it is long. */
export function quoted(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 77).toWellFormed()}…` : text;
  return JSON.stringify(shown);
}
