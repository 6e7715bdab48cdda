import { type DomainError, invalid } from "./errors.ts";
import { TEMPLATE_LIMITS } from "./template-limits.ts";

/** A command that is run by itself, without an image's entry point before it. Its words are not told: people put passwords there. */
export function checkCommand(at: readonly string[], noun: string, command: readonly string[]): DomainError[] {
  if (command.length === 0 || command[0] === "") return [invalid(at, `${noun} is empty; it must name a program.`)];
  if (command.length <= TEMPLATE_LIMITS.arguments) return [];
  return [invalid(at, `${noun} has ${command.length} words; at most ${TEMPLATE_LIMITS.arguments} are allowed.`)];
}
