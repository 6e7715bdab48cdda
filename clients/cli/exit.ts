import { GraphqlError, RefusedError, UnreachableError } from "../typescript/index.ts";
import { clearLine, type Output, styleFor, type Terminal } from "./terminal.ts";
import { plain } from "./text.ts";

/** What the process says when it ends: scripts rely on these numbers. */
export const EXIT = { done: 0, refused: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;
/** One of these; of `exec`, what the command in the container ended with. */
export type ExitCode = number;

/** The command was given wrongly: exit 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What was asked for can't be had, or did not come true: exit 1. */
export class FailedError extends Error {
  override readonly name = "FailedError";
}

/** Ctrl-C; the message says what goes on without us. Exit 130. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

const HINTS: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: "The token is missing, unknown or revoked: `selvedge login --url … --token …`, or set SELVEDGE_TOKEN.",
  FORBIDDEN: "The token's role does not allow this; `selvedge login` with another one.",
};

/** Says on the error output what went wrong, a line each, and returns the exit code. */
export function report(error: unknown, terminal: Terminal): ExitCode {
  const { err } = terminal;
  const style = styleFor(err, terminal.env);
  const complain = (output: Output, text: string): unknown => output.write(`${style("red", "error:")} ${text}\n`);
  if (error instanceof RefusedError) {
    for (const { message, path, code } of error.userErrors) {
      complain(err, `${plain(message)} ${style("dim", `[${code}${path === null ? "" : ` at ${path.map(plain).join(".")}`}]`)}`);
    }
    return EXIT.refused;
  }
  if (error instanceof GraphqlError) {
    for (const { message } of error.errors) complain(err, plain(message));
    const hint = HINTS[error.code];
    if (hint !== undefined) err.write(`${hint}\n`);
    if (error.correlationId !== null) err.write(`The server's log has the details under ${plain(error.correlationId)}.\n`);
    return EXIT.refused;
  }
  if (error instanceof UnreachableError) {
    complain(err, plain(error.message));
    err.write("Is the server running (`npm start`)? Another address: --url or SELVEDGE_URL.\n");
    return EXIT.unreachable;
  }
  if (error instanceof InterruptedError) {
    clearLine(err);
    err.write(`${error.message}\n`);
    return EXIT.interrupted;
  }
  if (error instanceof UsageError) {
    complain(err, error.message);
    return EXIT.usage;
  }
  complain(err, error instanceof FailedError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error));
  return EXIT.refused;
}
