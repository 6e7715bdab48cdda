import { type DomainError, invalid } from "./errors.ts";
import { TEMPLATE_LIMITS } from "./template-limits.ts";
import { hasControlCharacter, quoted } from "./text.ts";

/** A path in a container's file system that says by itself where it leads. `noun` opens the message. */
export function checkFilePath(at: readonly string[], noun: string, path: string): DomainError[] {
  if (path.length > TEMPLATE_LIMITS.path) return [invalid(at, `${noun} has ${path.length} characters; at most ${TEMPLATE_LIMITS.path} are allowed.`)];
  if (!path.startsWith("/") || hasControlCharacter(path) || path.split("/").includes(".."))
    return [invalid(at, `${noun} ${quoted(path)} must begin with '/' and have no '..' and no control characters in it.`)];
  return [];
}

/** The same for paths that lead to the same place: without repeated and final slashes, and without '.'. */
export const plainPath = (path: string): string => `/${path.split("/").filter((part) => part !== "" && part !== ".").join("/")}`;
