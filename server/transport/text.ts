import type { ExecutionResult } from "graphql";
import { type Answer, type AnswerText, isText, type ReadOutcome } from "../read/answer.ts";

/** Answers that are text already, on their way out: copied once at most, never parsed. */

/** In one piece, behind `before` and in front of `after`. */
export function inOnePiece({ pieces, byteLength }: AnswerText, before: string, after: string): Buffer {
  const start = Buffer.byteLength(before);
  const whole = Buffer.allocUnsafe(start + byteLength + Buffer.byteLength(after));
  whole.write(before, 0);
  let at = start;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  whole.write(after, at);
  return whole;
}

/** What Yoga takes for a result: it asks for the text when it writes it, and an event's data is one line. Between JSON's tokens a line's end is a space. */
export const textResult = (text: AnswerText): ExecutionResult & { stringify(): string } => ({
  stringify: () => inOnePiece(text, "", "").toString().replace(/[\r\n]/g, " "),
});

/** As Yoga takes results and streams of them. */
export function yogaResult(answer: Answer | AsyncGenerator<Answer, void>): ExecutionResult | AsyncIterable<ExecutionResult> {
  if (!(Symbol.asyncIterator in answer)) return shown(answer);
  const step = async (next: Promise<IteratorResult<Answer, void>>): Promise<IteratorResult<ExecutionResult, void>> => {
    const { done, value } = await next;
    return done ? { done, value } : { done: false, value: shown(value) };
  };
  const stream: AsyncIterableIterator<ExecutionResult, void> = {
    next: () => step(answer.next()),
    return: () => step(answer.return()),
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
}
const shown = (answer: Answer): ExecutionResult => (isText(answer) ? textResult(answer) : answer);

/** How an operation is read, for who debugs: "compiled; remembered", "mixed; resolver", "interpreter; null; again". */
export function wayOf(outcome: ReadOutcome): string {
  if ("text" in outcome) return outcome.remembered ? "compiled; remembered" : "compiled";
  if ("failure" in outcome) return "compiled; failure";
  return `${outcome.way}; ${outcome.reason}${outcome.again ? "; again" : ""}`;
}
