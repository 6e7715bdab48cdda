/**
 * Counts the answers on one kept-alive HTTP/1.1 connection that is asked one thing at a time, and touches no byte of their bodies: at ten thousand
 * answers of 90 KB a second whatever parses more is the bottleneck of the measurement.
 *
 *   head ──an empty line; content-length is known──▶ body ──its last byte──▶ head
 *
 * Every answer must have a content-length, which all sides send; one that doesn't is a fault of the bench, and thrown.
 */
export interface Answered {
  readonly status: number;
  readonly bodyBytes: number;
}

const END_OF_HEAD = "\r\n\r\n";
/** A head longer than this is none. */
const MAX_HEAD_BYTES = 16_384;

export class AnswerCounter {
  #head = "";
  /** Of the answer whose head is complete; null between answers. */
  #answer: Answered | null = null;
  #missing = 0;

  /** What has arrived: the answer that it completes, or null. @throws where it is not the one answer that was asked for */
  take(chunk: Uint8Array, length = chunk.byteLength): Answered | null {
    let bodyFrom = 0;
    if (this.#answer === null) {
      const seen = this.#head.length;
      // Latin-1: a character a byte, so that places in the text are places in the chunk.
      this.#head += Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(length, MAX_HEAD_BYTES)).toString("latin1");
      const end = this.#head.indexOf(END_OF_HEAD);
      if (end < 0) {
        if (this.#head.length >= MAX_HEAD_BYTES) throw new Error("The head of an answer does not end");
        return null;
      }
      this.#answer = answerOf(this.#head.slice(0, end));
      this.#head = "";
      this.#missing = this.#answer.bodyBytes;
      bodyFrom = end + END_OF_HEAD.length - seen;
    }
    this.#missing -= length - bodyFrom;
    if (this.#missing > 0) return null;
    if (this.#missing < 0) throw new Error("More came than the answer that was asked for");
    const answer = this.#answer;
    this.#answer = null;
    return answer;
  }
}

function answerOf(head: string): Answered {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1];
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (status === undefined || length === undefined) throw new Error(`An answer without status or content-length: ${head}`);
  return { status: Number(status), bodyBytes: Number(length) };
}
