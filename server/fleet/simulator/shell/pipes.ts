/** What joins the parts of a pipeline, which take turns: a pipe holds little, so whoever writes waits for who reads. */
import { BLOCKED, BrokenPipe, Complaint, type Pause, type Program, type Running, type Sink, type Source, STEP } from "./world.ts";

/** Characters that wait in a pipe. */
export const PIPE = 16 * 1_024;
const MOST_LINE = 256 * 1_024;

/** Text to read, once. */
export function sourceOf(text: string): Source {
  let rest: string | null = text;
  return {
    read: () => {
      const now = rest;
      rest = null;
      return now === "" ? null : now;
    },
    unread: (given) => {
      rest = given;
    },
  };
}

/** One line, and whether it had an end. What follows is for whoever reads next. */
export function* readLine(source: Source): Running<{ readonly line: string; readonly rest: boolean }> {
  let line = "";
  for (;;) {
    const piece = source.read();
    if (piece === null) return { line, rest: false };
    line += piece;
    const end = line.indexOf("\n");
    if (end >= 0) {
      if (end + 1 < line.length) source.unread(line.slice(end + 1));
      return { line: line.slice(0, end), rest: true };
    }
    if (line.length > MOST_LINE) throw new Complaint("a line is too long");
    yield piece === "" ? BLOCKED : STEP;
  }
}

export class Pipe implements Source, Sink {
  /** How often something went in or out. */
  moves = 0;
  #text = "";
  #isClosed = false;
  #isAbandoned = false;

  get room(): number {
    return this.#isAbandoned ? 1 : PIPE - this.#text.length;
  }

  write(text: string): void {
    if (this.#isAbandoned) throw new BrokenPipe();
    this.moves += 1;
    this.#text += text;
  }

  read(): string | null {
    const text = this.#text;
    this.#text = "";
    if (text !== "") this.moves += 1;
    return text === "" && this.#isClosed ? null : text;
  }

  unread(text: string): void {
    this.#text = `${text}${this.#text}`;
  }

  close(): void {
    this.#isClosed = true;
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.#text = "";
  }
}

/** All of them by turns; the exit code of the last. */
export function* together(stages: readonly { readonly program: Program; ended(): void }[], moves: () => number): Program {
  const live = new Set(stages);
  let status = 0;
  while (live.size > 0) {
    let until: Pause = BLOCKED;
    const before = moves();
    for (const stage of live) {
      const { value, done } = stage.program.next();
      if (done === true) {
        live.delete(stage);
        stage.ended();
        if (stage === stages.at(-1)) status = value;
        // Who waited for it may go on.
        until = STEP;
      } else until = Math.min(until, value);
    }
    // What one has written another may read, and the other way round.
    if (live.size > 0) yield moves() === before ? until : STEP;
  }
  return status;
}
