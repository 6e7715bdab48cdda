/**
 * What a client sends Postgres in the extended protocol, one message behind the other in one piece of memory: a group of them leaves in one write, which costs
 * less than half of a write for each. Texts only, and the unnamed portal. https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export class FrontendMessages {
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  /** Prepares a statement under a name. */
  parse(name: string, text: string): this {
    const begun = this.#begin(PARSE);
    this.#string(name);
    this.#string(text);
    // No types of parameters: the text has them.
    this.#int16(0);
    return this.#end(begun);
  }

  /** Forgets a prepared statement. */
  closeStatement(name: string): this {
    const begun = this.#begin(CLOSE);
    this.#byte(STATEMENT);
    this.#string(name);
    return this.#end(begun);
  }

  bind(statement: string, values: readonly (string | null)[]): this {
    const begun = this.#begin(BIND);
    this.#string("");
    this.#string(statement);
    // All parameters are texts, and so are all columns of the answer.
    this.#int16(0);
    this.#int16(values.length);
    for (const value of values) this.#value(value);
    this.#int16(0);
    return this.#end(begun);
  }

  /** All rows of what was bound last. */
  execute(): this {
    const begun = this.#begin(EXECUTE);
    this.#string("");
    this.#int32(0);
    return this.#end(begun);
  }

  sync(): this {
    return this.#end(this.#begin(SYNC));
  }

  /** What has been written; nothing may be added any more. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #begin(type: number): number {
    this.#byte(type);
    const begun = this.#length;
    this.#room(4);
    this.#length += 4;
    return begun;
  }

  /** The length counts itself, but not the type. */
  #end(begun: number): this {
    this.#bytes.writeInt32BE(this.#length - begun, begun);
    return this;
  }

  #byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  #int16(value: number): void {
    this.#room(2);
    // Up to 65,535: Postgres reads it without a sign.
    this.#length = this.#bytes.writeUInt16BE(value, this.#length);
  }

  #int32(value: number): void {
    this.#room(4);
    this.#length = this.#bytes.writeInt32BE(value, this.#length);
  }

  /** @throws for a zero within, which would end it there */
  #string(text: string): void {
    if (text.includes("\0")) throw new Error("A name or text of a statement contains U+0000");
    this.#text(text);
    this.#byte(0);
  }

  #value(value: string | null): void {
    if (value === null) return this.#int32(-1);
    const at = this.#length;
    this.#int32(0);
    this.#text(value);
    this.#bytes.writeInt32BE(this.#length - at - 4, at);
  }

  #text(text: string): void {
    // A UTF-16 unit is three bytes at most.
    this.#room(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length, "utf8");
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#length + bytes, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

const FIRST_BYTES = 512;
const [BIND, CLOSE, EXECUTE, PARSE, SYNC, STATEMENT] = [..."BCEPSS"].map((letter) => letter.charCodeAt(0)) as [number, number, number, number, number, number];
