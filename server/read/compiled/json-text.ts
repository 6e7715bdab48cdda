import type { StatementWriter } from "../render.ts";
import { isText, type TextField } from "./shape.ts";

/**
 * Writes an SQL expression whose value is JSON text, piece after piece, as `'…' || … || '…'`. Joined text is two to three times as fast as
 * json_build_object, which looks up the type of each key and value in each row (docs/performance.md). It is null as soon as one piece is: whoever closes an
 * object says what a null in it means.
 */
export class JsonText {
  readonly #writer: StatementWriter;
  #literal = "";
  #operands = 0;

  constructor(writer: StatementWriter) {
    this.#writer = writer.write("((");
  }

  /** JSON that is known now: names and punctuation, never a caller's text. */
  literal(json: string): this {
    this.#literal += json;
    return this;
  }

  /** An expression of type text. */
  value(write: () => void): this {
    this.#flush();
    this.#operand();
    write();
    return this;
  }

  /** An object of these fields; `write` adds the value of each that the document does not say itself. */
  members<Field extends { readonly kind: string; readonly key: string }>(fields: readonly Field[], write: (field: Exclude<Field, TextField>) => void): this {
    this.literal("{");
    for (const [index, field] of fields.entries()) {
      this.literal(`${index > 0 ? "," : ""}"${field.key}":`);
      if (isText(field)) this.literal(field.json);
      else write(field as Exclude<Field, TextField>);
    }
    return this.literal("}");
  }

  close(): void {
    if (this.#literal !== "" || this.#operands === 0) this.#flush(true);
    this.#writer.write("))");
  }

  #flush(always = false): void {
    if (this.#literal === "" && !always) return;
    this.#operand();
    this.#writer.write(`'${this.#literal}'::text`);
    this.#literal = "";
  }

  /** Chains are cut, so that neither Postgres' parser nor the copying of what was joined so far grows with their square. */
  #operand(): void {
    if (this.#operands > 0) this.#writer.write(this.#operands % CHAIN === 0 ? ") || (" : " || ");
    this.#operands += 1;
  }
}

const CHAIN = 16;
