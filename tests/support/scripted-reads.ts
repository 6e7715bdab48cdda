import type { AnswerText, OperationReads, ReadOutcome } from "#server/read/answer.ts";
import { INTERPRETED } from "./small-api.ts";

type Outcome = (message?: unknown) => ReadOutcome | Promise<ReadOutcome>;

/** Reads that say of each operation, by its name, what a test wants them to say; of others, that graphql-js is to run them. */
export function scriptedReads(script: Readonly<Record<string, Outcome>>): OperationReads {
  const outcomeOf = ({ operation }: Parameters<OperationReads["query"]>[0]): Outcome | undefined => script[operation.name?.value ?? ""];
  return {
    query: (operation, viewer) => outcomeOf(operation)?.() ?? INTERPRETED.query(operation, viewer),
    message: (operation, message, viewer) => outcomeOf(operation)?.(message) ?? INTERPRETED.message(operation, message, viewer),
  };
}

/** In pieces of so many bytes, which may end within a character; an empty one is among them. */
export function textOf(json: string, bytesAPiece = Infinity): AnswerText {
  const whole = Buffer.from(json);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < whole.length; at += bytesAPiece) pieces.push(whole.subarray(at, at + bytesAPiece));
  if (pieces.length > 1) pieces.splice(1, 0, new Uint8Array());
  return { pieces, byteLength: whole.length };
}

export const compiled = (json: string, bytesAPiece?: number): ReadOutcome => ({ way: "compiled", text: textOf(json, bytesAPiece), remembered: false });
