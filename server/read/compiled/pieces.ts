import type { AnswerText } from "../answer.ts";
import { isText, type TextField } from "./shape.ts";

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

  /** An object of these fields, as JsonText has them. */
  members<Field extends { readonly kind: string; readonly key: string }>(fields: readonly Field[], write: (field: Exclude<Field, TextField>, index: number) => void): this {
    this.literal("{");
    for (const [index, field] of fields.entries()) {
      this.literal(`${index > 0 ? "," : ""}"${field.key}":`);
      if (isText(field)) this.literal(field.json);
      else write(field as Exclude<Field, TextField>, index);
    }
    return this.literal("}");
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
