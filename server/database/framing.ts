/**
 * A row as Postgres sent it, field by field. It may be kept: its buffers are slices of one copy of the row, which holds no chunk of the socket's alive. The copies of small rows lie in
 * Node's blocks for small buffers (Buffer.poolSize), so that one of them alone holds some 8 KiB at most.
 */
export type ByteRow = readonly (Buffer | null)[];

/**
 * Framing: tells the messages apart that Postgres sends, so that rows can be had as bytes where they are wanted so, while pg's own parser, which makes a
 * string of every field, reads all the rest. A message is a code (one byte), a length (four, which count themselves but not the code), and a body.
 *
 *   header (0–4 bytes held) ──complete, a row, rows are taken──▶ row (its body, as far as it came) ──complete──▶ header
 *                           ──complete, any other──────────────▶ passed (bytes still to come) ──none left──────▶ header
 *   any state ──a length that can't be, a row that does not add up──▶ broken, for good
 *
 * - What is passed, put together, is what came without the rows that were taken, however it was cut into chunks; and everything happens in the order it came.
 * - Rows are taken from takeRows() until the next ReadyForQuery: the mode ends with the answer it was meant for, whatever becomes of who asked. That message is passed
 *   before anything behind it is looked at, because the next query is submitted while it is handled.
 * - A row is copied once, as its parts come, and nothing else is: what is passed are slices of the chunk.
 */
export interface FramingSink {
  /** Bytes for pg's parser: any part of a message, or of several. */
  pass(bytes: Buffer): void;
  row(row: ByteRow): void;
  /** What came is no answer of a Postgres. Nothing is told after it. */
  broken(error: Error): void;
}

const HEADER_BYTES = 5;
/** What a length counts of the message besides its body: itself. */
const LENGTH_BYTES = 4;
const COUNT_BYTES = 2;
const DATA_ROW = 0x44;
const READY_FOR_QUERY = 0x5a;
/** Postgres makes no larger one; a length beyond it is no length. */
const MAX_MESSAGE_BYTES = 1024 ** 3;

export class BackendFraming {
  readonly #sink: FramingSink;
  /** Of a header that was cut: its first bytes. */
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #held = 0;
  /** Of the message under way: its code, and how much of its body is still to come. */
  #code = 0;
  #left = 0;
  /** Of a row under way: the memory for its body, whose end is still empty. */
  #row: Buffer | null = null;
  #taking = false;
  #broken = false;

  constructor(sink: FramingSink) {
    this.#sink = sink;
  }

  /** Rows come as bytes until the next ReadyForQuery. To be called before the query is sent, while no other is under way. */
  takeRows(): void {
    this.#taking = true;
  }

  push(chunk: Buffer): void {
    // What is passed goes in runs, as long as nothing comes between: [start, at) is the run so far.
    let start = 0;
    let at = 0;
    const passRun = (): void => {
      if (at > start) this.#sink.pass(chunk.subarray(start, at));
      start = at;
    };
    while (at < chunk.length && !this.#broken) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        if (this.#row) chunk.copy(this.#row, this.#row.length - this.#left, at, at + taken);
        this.#left -= taken;
        at += taken;
        if (this.#row) start = at;
        if (this.#left > 0) break;
        if (this.#row) this.#endRow(this.#row);
        else if (this.#code === READY_FOR_QUERY) passRun();
      } else if (this.#held === 0 && chunk.length - at >= HEADER_BYTES) {
        const code = chunk[at] as number;
        const length = chunk.readUInt32BE(at + 1);
        if (this.#takes(code) || !isLength(length)) passRun();
        this.#begin(code, length);
        at += HEADER_BYTES;
        if (this.#row) start = at;
      } else {
        passRun();
        const taken = Math.min(HEADER_BYTES - this.#held, chunk.length - at);
        chunk.copy(this.#header, this.#held, at, at + taken);
        this.#held += taken;
        at += taken;
        start = at;
        if (this.#held < HEADER_BYTES) break;
        this.#held = 0;
        this.#begin(this.#header[0] as number, this.#header.readUInt32BE(1));
        // A copy: pg's parser holds on to what it gets until the message is whole.
        if (!this.#row && !this.#broken) this.#sink.pass(Buffer.from(this.#header));
      }
    }
    if (!this.#broken) passRun();
  }

  #takes(code: number): boolean {
    return this.#taking && code === DATA_ROW;
  }

  #begin(code: number, length: number): void {
    if (!isLength(length)) {
      this.#break(`A message of the database has the length ${length}`);
      return;
    }
    this.#code = code;
    this.#left = length - LENGTH_BYTES;
    if (code === READY_FOR_QUERY) this.#taking = false;
    if (!this.#takes(code)) return;
    if (this.#left < COUNT_BYTES) this.#break("A row of the database has no column count");
    // Memory of its own for every small row takes some three times as long as all the rest of reading it.
    else this.#row = Buffer.allocUnsafe(this.#left);
  }

  #endRow(body: Buffer): void {
    this.#row = null;
    const fields = fieldsOf(body);
    if (fields) this.#sink.row(fields);
    else this.#break("A row of the database does not add up");
  }

  #break(reason: string): void {
    this.#broken = true;
    this.#row = null;
    this.#sink.broken(new Error(reason));
  }
}

const isLength = (length: number): boolean => length >= LENGTH_BYTES && length <= MAX_MESSAGE_BYTES;

/** The fields of a row's body, as slices of it; null where its count and lengths don't add up to it. */
function fieldsOf(body: Buffer): ByteRow | null {
  const count = body.readUInt16BE(0);
  if (count * LENGTH_BYTES > body.length - COUNT_BYTES) return null;
  const fields: (Buffer | null)[] = [];
  let at = COUNT_BYTES;
  for (let index = 0; index < count; index += 1) {
    if (body.length - at < LENGTH_BYTES) return null;
    const length = body.readInt32BE(at);
    at += LENGTH_BYTES;
    if (length === -1) {
      fields.push(null);
      continue;
    }
    if (length < 0 || length > body.length - at) return null;
    fields.push(body.subarray(at, at + length));
    at += length;
  }
  return at === body.length ? fields : null;
}
