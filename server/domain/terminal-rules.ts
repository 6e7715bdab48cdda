/**
 * Terminals into containers: what one may be asked for, how much of it is kept, and how it ends.
 *
 *   OPENING ──its agent has it──▶ OPEN ──exit, or one of END_REASONS──▶ ENDED (for good)
 *
 * What is typed is numbered from 1 by who types. INPUT_WINDOW of it may wait for the agent; a repeat is ignored, a gap waits. What is shown is numbered from 1 by the
 * agent, which shows at most OUTPUT_WINDOW pieces beyond what a reader was given: a shell whose output nobody reads is held back. Behind that, KEPT pieces stay for
 * a reader that comes back.
 */
import { type DomainError, invalid } from "./errors.ts";

/** Milliseconds of the wall clock, whatever the speed of the simulation. */
export const TERMINAL_LASTS_MS = 4 * 3_600_000;
export const TERMINAL_IDLE_MS = 15 * 60_000;
/** After it has ended. */
export const TERMINAL_KEPT_MS = 10 * 60_000;
export const MAX_TERMINALS_A_TENANT = 20;
export const INPUT_WINDOW = 64;
/** UTF-16 units of one piece. */
export const MAX_INPUT = 8_192;
export const MAX_OUTPUT = 4_096;
export const OUTPUT_WINDOW = 64;
export const OUTPUT_KEPT = 256;
export const MAX_SEQUENCE = 2_000_000_000;
const MAX_SIZE = 1_000;
const MAX_WORDS = 64;
const MAX_COMMAND = 8_192;

export const END_REASONS = ["EXITED", "CLOSED", "EXPIRED", "IDLE", "TOKEN_INVALID", "CLUSTER_DISCONNECTED", "POD_GONE", "CONTAINER_ENDED", "AGENT_LOST", "REFUSED"] as const;
export type TerminalEndReason = (typeof END_REASONS)[number];

/** As a shell tells it: hung up; and killed for all else that was not its own end. */
export const CLOSED_EXIT_CODE = 129;
export const KILLED_EXIT_CODE = 137;

const WORDS: Readonly<Record<TerminalEndReason, string>> = {
  EXITED: "its program ended",
  CLOSED: "it was closed",
  EXPIRED: `it was open for ${TERMINAL_LASTS_MS / 3_600_000} hours, which is as long as one may be`,
  IDLE: `nothing was typed or shown for ${TERMINAL_IDLE_MS / 60_000} minutes`,
  TOKEN_INVALID: "the token that opened it was revoked or has expired",
  CLUSTER_DISCONNECTED: "nothing is heard from the cluster any more",
  POD_GONE: "its pod is gone",
  CONTAINER_ENDED: "its container ended",
  AGENT_LOST: "the cluster's agent was started anew, and does not know it",
  REFUSED: "the cluster can't open it",
};
/** Why it ended, as the end of "The terminal session is over: ". */
export const endInWords = (reason: TerminalEndReason): string => WORDS[reason];
/** What is shown last; nothing where the program ended by itself. */
export const farewellOf = (reason: TerminalEndReason): string => (reason === "EXITED" ? "" : `\r\nselvedge: the terminal session is over: ${WORDS[reason]}\r\n`);

/** Neither columns nor rows: there is no terminal, and nothing is echoed or edited. The words of a command are not told: people put passwords there. */
export function checkTerminal({ command, columns, rows }: { readonly command: readonly string[]; readonly columns: number; readonly rows: number }): DomainError[] {
  const faults = checkSize({ columns, rows });
  const at = ["input", "command"];
  if (command.length === 0 || command[0] === "") faults.push(invalid(at, "The command is empty; it must name a program."));
  else if (command.length > MAX_WORDS) faults.push(invalid(at, `The command has ${command.length} words; at most ${MAX_WORDS} are allowed.`));
  else if (command.reduce((sum, word) => sum + word.length, 0) > MAX_COMMAND) faults.push(invalid(at, `The command has more than ${MAX_COMMAND} characters.`));
  return faults;
}

export function checkSize({ columns, rows }: { readonly columns: number; readonly rows: number }): DomainError[] {
  if (columns === 0 && rows === 0) return [];
  const check = (name: string, value: number): DomainError[] => (value >= 1 && value <= MAX_SIZE ? [] : [invalid(["input", name], `A terminal has 1 to ${MAX_SIZE} ${name}, not ${value}.`)]);
  return [...check("columns", columns), ...check("rows", rows)];
}
