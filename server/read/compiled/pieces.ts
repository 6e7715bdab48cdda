import type { AnswerText } from "../answer.ts";

/** An answer's text as it is put together: literals are joined, objects stay the bytes that they came as. */
export class Pieces {
  readonly #pieces: Uint8Array[] = [];
  #literal = "";
  #byteLength = 0;

  literal(json: string): this {
    this.#literal += json;
    return this;
  }

  bytes(json: Uint8Array): this {
    this.#flush();
    this.#push(json);
    return this;
  }

  text(): AnswerText {
    this.#flush();
    return { pieces: this.#pieces, byteLength: this.#byteLength };
  }

  #flush(): void {
    if (this.#literal === "") return;
    this.#push(Buffer.from(this.#literal));
    this.#literal = "";
  }

  #push(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#byteLength += bytes.length;
  }
}
