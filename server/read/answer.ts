import type { ExecutionResult, ValidatedExecutionArgs } from "graphql";
import type { Viewer } from "../identity/viewer.ts";

/**
 * The three ways to run an operation's reads, with one answer.
 *
 *   compiled     all of it is one statement whose text is the answer; never an answer with errors
 *   mixed        graphql-js runs it over rows that came with one statement for each root
 *   interpreter  graphql-js runs it, and rows come level by level: the reference
 *
 *   compiled ──a value is missing, a bad argument, SQLSTATE 22, 42, 54──▶ interpreter, once, which tells what is wrong and where
 */
export const WAYS = ["compiled", "mixed", "interpreter"] as const;
export type Way = (typeof WAYS)[number];

/**
 * Why an operation did not take a faster way. "mutation": its effects are code; "resolver": a field that only code can answer; "introspection";
 * "large": a statement as long as this is not worth planning; "off": that way may not be taken here. Of one that was compiled and had to be run again: "argument" is what was
 * refused before there was a statement, "null" a value that must not be null, "data" another SQLSTATE of class 22, "limit" one of class 54, and
 * "statement" one of class 42, or what could not be written, which is our own fault: it is logged.
 */
export const REASONS = ["mutation", "resolver", "introspection", "large", "off", "argument", "null", "data", "limit", "statement"] as const;
export type Reason = (typeof REASONS)[number];

/** `{"data":…}` in UTF-8, whole, in pieces that nobody changes; there are no errors in it. */
export interface AnswerText {
  readonly pieces: readonly Uint8Array[];
  readonly byteLength: number;
}

export type ReadOutcome =
  /** `remembered`: nothing was asked of the database. */
  | { readonly way: "compiled"; readonly text: AnswerText; readonly remembered: boolean }
  /** graphql-js is to run it with this way's reader. `again`: the compiled way tried before, which counts in the limits. */
  | { readonly way: "mixed" | "interpreter"; readonly reason: Reason; readonly again: boolean }
  /** The database failed, as it would have in any way: graphql-js is to run it with `reader(viewer, failure)`, for the error's place. */
  | { readonly way: "compiled"; readonly failure: Error };

/** What the transports run queries and subscriptions' messages by. */
export interface OperationReads {
  /** Never rejects. Of a mutation: with which reader its payload is read. */
  query(operation: ValidatedExecutionArgs, viewer: Viewer): ReadOutcome | Promise<ReadOutcome>;
  /** One message of a subscription: `message` is what its source gave. */
  message(operation: ValidatedExecutionArgs, message: unknown, viewer: Viewer): ReadOutcome | Promise<ReadOutcome>;
}

/** Which reader a context gets. */
export type ReaderChoice = "mixed" | "interpreter" | Error;

/** What running an operation gives. */
export type Answer = ExecutionResult | AnswerText;
export const isText = (answer: Answer): answer is AnswerText => "pieces" in answer;
