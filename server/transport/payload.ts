import { type Answer, isText } from "../read/answer.ts";
import { inOnePiece } from "./text.ts";

/** One message of a subscription, for all whom it is told: written as JSON once. */
export class Payload {
  readonly answer: Answer;
  #tail: Buffer | null = null;

  constructor(answer: Answer) {
    this.answer = answer;
  }

  /** What ends a frame of the protocol: the payload, and the message's closing brace. */
  get tail(): Buffer {
    if (this.#tail) return this.#tail;
    const { answer } = this;
    return (this.#tail = isText(answer) ? inOnePiece(answer, "", "}") : Buffer.from(`${JSON.stringify(answer)}}`));
  }

  /** After it there is no more: without its data the subscriber would miss something and not know. */
  get isFailure(): boolean {
    return !isText(this.answer) && this.answer.errors !== undefined && (this.answer.data ?? null) === null;
  }
}
