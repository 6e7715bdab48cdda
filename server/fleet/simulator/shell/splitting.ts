/** How values are split into fields and cut by patterns, as POSIX has it. */
import { fileNamePattern, type Pattern } from "./pattern.ts";
import { Complaint, type Running, STEP } from "./world.ts";

/** Where nothing else is said. */
export const BLANKS = " \t\n";
/** Characters that are held against a pattern. */
export const MOST_CUT = 4_096;

/** What a value is split into. */
export interface Fields {
  add(text: string): void;
  end(): void;
  /** Whether something stands in the field that is not ended. */
  isBegun(): boolean;
}

/** Splits at the characters of IFS: blanks in a row are one, each other ends a field. */
export function splitAt(separators: string, value: string, { add, end, isBegun }: Fields): void {
  let from = 0;
  let isBehindBlank = false;
  const flush = (to: number): void => {
    if (to > from) {
      add(value.slice(from, to));
      isBehindBlank = false;
    }
    from = to + 1;
  };
  for (let at = 0; at < value.length; at += 1) {
    const character = value[at] as string;
    if (!separators.includes(character)) continue;
    flush(at);
    const isBlank = BLANKS.includes(character);
    if (isBegun() || (!isBlank && !isBehindBlank)) end();
    else if (!isBlank) isBehindBlank = false;
    if (isBlank) isBehindBlank = true;
  }
  flush(value.length);
}

/** One that can't be one matches nothing. */
export function patternOf(glob: string): { test(text: string): boolean } {
  try {
    return fileNamePattern(glob) satisfies Pattern;
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    return { test: () => false };
  }
}

/** A value without what a pattern matches of its end or its beginning: as little as it can, or with the sign doubled as much. */
export function* cut(value: string, how: "%" | "%%" | "#" | "##", pattern: { test(text: string): boolean }): Running<string> {
  if (value.length > MOST_CUT) throw new Complaint("the value is too long for a pattern", 2);
  const isEnd = how.startsWith("%");
  for (let tried = 0; tried <= value.length; tried += 1) {
    const length = how.length === 1 ? tried : value.length - tried;
    const at = isEnd ? value.length - length : length;
    yield STEP;
    if (pattern.test(isEnd ? value.slice(at) : value.slice(0, at))) return isEnd ? value.slice(0, at) : value.slice(at);
  }
  return value;
}

/** What `read` puts into its variables: a field each, and into the last all the rest. */
export function shared(line: string, names: readonly string[], separators: string): [string, string][] {
  const blanks = [...BLANKS].filter((blank) => separators.includes(blank)).join("");
  const trimmed = (text: string, isAtEnd: boolean): string => {
    let [from, to] = [0, text.length];
    while (from < to && blanks.includes(text[from] as string)) from += 1;
    while (isAtEnd && to > from && blanks.includes(text[to - 1] as string)) to -= 1;
    return text.slice(from, to);
  };
  let rest = trimmed(line, true);
  return names.map((name, index) => {
    if (index === names.length - 1) return [name, rest];
    let end = 0;
    while (end < rest.length && !separators.includes(rest[end] as string)) end += 1;
    const field = rest.slice(0, end);
    rest = trimmed(rest.slice(end), false);
    // One sign that is no blank ends a field, with the blanks around it.
    if (rest !== "" && !blanks.includes(rest[0] as string) && separators.includes(rest[0] as string)) rest = trimmed(rest.slice(1), false);
    return [name, field];
  });
}
