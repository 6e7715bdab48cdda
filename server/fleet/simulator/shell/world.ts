/**
 * What a shell in a simulated container can see: its container, and nothing else. There is no way from here to the machine that simulates: no file, no
 * process, no network. Time is the cluster's.
 *
 * A program is a generator. It yields when somebody else may have a turn, and says with that until when it has nothing to do: 0 for no wait, Infinity for
 * "until something was read or written". So a program may be held back for as long as its output is not wanted, or left for ever.
 */
import type { ContainerSpec } from "../../../domain/pod-template.ts";
import type { ShellFiles } from "./files.ts";

export interface ContainerView {
  readonly podName: string;
  readonly namespace: string;
  readonly nodeName: string;
  /** null on its node's network. */
  readonly address: string | null;
  readonly spec: ContainerSpec;
  /** When it was started. */
  readonly startedAt: number;
  readonly environment: Readonly<Record<string, string>>;
}

export interface FoundService {
  readonly name: string;
  readonly address: string;
  readonly ports: readonly number[];
  /** Addresses of the ready pods. */
  readonly endpoints: readonly string[];
}

export interface ContainerWorld {
  readonly view: ContainerView;
  /** Simulated milliseconds. */
  now(): number;
  /** Configuration that is mounted, as the files show it at this moment. */
  mounted(): Readonly<Record<string, string>>;
  /** A service of the tenant, by its name in the pod's namespace, `name.namespace`, or its address; null where there is none. */
  service(host: string): FoundService | null;
}

export type Pause = number;
/** Its return value is the exit code. */
export type Program = Generator<Pause, number, undefined>;
export type Running<T> = Generator<Pause, T, undefined>;

export interface Source {
  /** What there is; "" for nothing yet, null for no more. */
  read(): string | null;
  /** Gives back what was read too much. */
  unread(text: string): void;
}
export interface Sink {
  /** Characters that it takes now; a program waits where there are none. */
  readonly room: number;
  /** @throws BrokenPipe where nobody reads any more. */
  write(text: string): void;
}

/** Nobody reads what is written. */
export class BrokenPipe extends Error {}
/** Ends the program with a complaint of its own. */
export class Complaint extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

export interface Io {
  readonly in: Source;
  readonly out: Sink;
  readonly err: Sink;
}

/** The state of a shell; a subshell has a copy. */
export interface Environment {
  readonly world: ContainerWorld;
  readonly files: ShellFiles;
  readonly variables: Map<string, string>;
  readonly exported: Set<string>;
  /** Of the terminal; null where there is none. */
  readonly size: () => { readonly columns: number; readonly rows: number } | null;
  /** What runs in the terminal, as `ps` shows it. */
  readonly processes: () => readonly string[];
  /** How many parts of pipelines there are, of all shells of the terminal together. */
  readonly parts: { count: number };
  cwd: string;
}

export const STEP: Pause = 0;
export const BLOCKED: Pause = Infinity;

/** Writes all of it, as there is room. */
export function* write(sink: Sink, text: string): Running<void> {
  let rest = text;
  while (rest !== "") {
    while (sink.room <= 0) yield BLOCKED;
    let end = Math.min(rest.length, sink.room);
    // Not between the halves of a character, unless there is room for only one.
    if (end < rest.length && end > 1 && isHigh(rest.charCodeAt(end - 1))) end -= 1;
    sink.write(rest.slice(0, end));
    rest = rest.slice(end);
    if (rest !== "") yield STEP;
  }
}

export const isHigh = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;

/** The next piece; null at the end. */
export function* readSome(source: Source): Running<string | null> {
  for (;;) {
    const text = source.read();
    if (text !== "") return text;
    yield BLOCKED;
  }
}

/** What a program may hold of what it reads, in characters. */
const MOST_READ = 1_024 * 1_024;

export function* readAll(source: Source): Running<string> {
  const pieces: string[] = [];
  let length = 0;
  for (;;) {
    const piece = yield* readSome(source);
    if (piece === null) return pieces.join("");
    length += piece.length;
    if (length > MOST_READ) throw new Complaint("input is too long");
    pieces.push(piece);
    yield STEP;
  }
}

/** Lines as they come, without their ends; holds one at a time. */
export class Lines {
  readonly #source: Source;
  #rest = "";
  #ended = false;

  constructor(source: Source) {
    this.#source = source;
  }

  *next(): Running<string | null> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      if (this.#ended) {
        const last = this.#rest === "" ? null : this.#rest;
        this.#rest = "";
        return last;
      }
      const piece = yield* readSome(this.#source);
      if (piece === null) this.#ended = true;
      else if (this.#rest.length + piece.length > MOST_READ) throw new Complaint("a line is too long");
      else this.#rest += piece;
    }
  }
}
