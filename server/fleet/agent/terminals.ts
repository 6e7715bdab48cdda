/**
 * The terminals of a cluster, as its agent has them. They live in its memory: a lost connection does not end them, an agent that is started anew has none.
 *
 *   open ──▶ runs ──its program, or its container, ends──▶ over ──the centre has the exit, or closes it──▶ forgotten
 *
 * - Input is taken in the order of its numbers, each once; what is out of order is left out, since the centre sends it again.
 * - What is shown is numbered, and kept until the centre has stored it: after a welcome it is sent again. No more is shown than `limit` allows, so what is kept
 *   is bounded, and a shell whose output nobody reads stands still.
 * - The centre forgets sessions, too: to what it does not know it answers with `terminalClose`.
 */
import { KILLED_EXIT_CODE, MAX_OUTPUT, OUTPUT_WINDOW, type TerminalEndReason } from "../../domain/terminal-rules.ts";
import type { TerminalDown, TerminalExit, TerminalOpen, TerminalOutputs } from "../link.ts";
import type { RunningContainer } from "../simulator/container-world.ts";
import { SimulatedTerminal } from "../simulator/shell/terminal.ts";

/** Terminals of one cluster at most, those that are over included. */
const MOST = 200;
/** Steps of programs at one visit, shared by those that run. */
const STEPS = 1_000;

interface Session {
  readonly container: RunningContainer | null;
  readonly terminal: SimulatedTerminal | null;
  inputTaken: number;
  /** Of what was shown. */
  sequence: number;
  limit: number;
  unstored: { readonly sequence: number; readonly data: string }[];
  /** Of the last that was sent. */
  sent: number;
  exit: { readonly exitCode: number; readonly reason: TerminalEndReason } | null;
  isExitSent: boolean;
  /** What was taken is to be said. */
  isNews: boolean;
  /** When it is to run on: simulated milliseconds. */
  due: number;
}

type Up = TerminalOutputs | TerminalExit;

export class Terminals {
  readonly #clusterId: string;
  readonly #find: (podId: string, container: string) => RunningContainer | null;
  readonly #sessions = new Map<string, Session>();

  constructor(clusterId: string, find: (podId: string, container: string) => RunningContainer | null) {
    this.#clusterId = clusterId;
    this.#find = find;
  }

  /** Infinity for never. */
  nextDue(): number {
    let due = Infinity;
    for (const session of this.#sessions.values()) due = Math.min(due, session.due);
    return due;
  }

  receive(message: TerminalDown): void {
    const session = this.#sessions.get(message.sessionId);
    if (message.type === "terminalOpen") return session === undefined ? this.#open(message) : this.#resume(session, message);
    if (message.type === "terminalClose") return void this.#sessions.delete(message.sessionId);
    if (session === undefined) return;
    switch (message.type) {
      case "terminalInput":
        if (message.sequence !== session.inputTaken + 1 || session.terminal === null) return;
        // What it has no room for is sent again, since it is not acknowledged.
        if (session.terminal.room < message.data.length) return;
        session.terminal.type(message.data);
        session.inputTaken = message.sequence;
        session.isNews = true;
        session.due = 0;
        return;
      case "terminalResize":
        session.terminal?.resize(message);
        return;
      case "terminalAck":
        session.unstored = session.unstored.filter(({ sequence }) => sequence > message.stored);
        session.limit = Math.max(session.limit, message.limit);
        session.due = 0;
    }
  }

  #open({ sessionId, isNew, podId, container, command, columns, rows, inputTaken, outputStored, limit }: TerminalOpen): void {
    if (this.#sessions.size >= 2 * MOST) return;
    const found = isNew && this.#sessions.size < MOST ? this.#find(podId, container) : null;
    const terminal = found === null ? null : new SimulatedTerminal(found.world, command, { columns, rows });
    const reason: TerminalEndReason = isNew ? (this.#sessions.size < MOST ? "CONTAINER_ENDED" : "REFUSED") : "AGENT_LOST";
    this.#sessions.set(sessionId, {
      container: found, terminal, inputTaken, sequence: outputStored, limit, unstored: [], sent: outputStored,
      exit: terminal === null ? { exitCode: KILLED_EXIT_CODE, reason } : null, isExitSent: false, isNews: true, due: 0,
    });
  }

  #resume(session: Session, { outputStored, limit, columns, rows }: TerminalOpen): void {
    session.unstored = session.unstored.filter(({ sequence }) => sequence > outputStored);
    session.limit = Math.max(session.limit, limit);
    session.terminal?.resize({ columns, rows });
    session.due = 0;
  }

  /** All that is not stored is sent again, and so is what was taken. */
  welcomed(): void {
    for (const session of this.#sessions.values()) {
      session.sent = (session.unstored[0]?.sequence ?? session.sequence + 1) - 1;
      session.isExitSent = false;
      session.isNews = true;
    }
  }

  /** Lets them run at this instant. */
  advance(now: number): void {
    if (this.#sessions.size === 0) return;
    const steps = Math.ceil(STEPS / this.#sessions.size);
    for (const session of this.#sessions.values()) {
      const { terminal, container } = session;
      if (terminal === null || container === null || session.exit !== null) {
        session.due = Infinity;
        continue;
      }
      if (!container.isRunning()) {
        this.#take(session, terminal);
        session.exit = { exitCode: KILLED_EXIT_CODE, reason: "CONTAINER_ENDED" };
        session.due = Infinity;
        continue;
      }
      if (session.due > now) continue;
      session.due = terminal.run(now, steps);
      if (this.#take(session, terminal) && session.due === Infinity) session.due = terminal.run(now, steps);
      this.#take(session, terminal);
      if (terminal.exitCode !== null) {
        session.exit = { exitCode: terminal.exitCode, reason: "EXITED" };
        session.due = Infinity;
      }
    }
  }

  /** Whether anything was shown. */
  #take(session: Session, terminal: SimulatedTerminal): boolean {
    let isAny = false;
    while (terminal.hasShown && session.sequence < session.limit && session.unstored.length < OUTPUT_WINDOW) {
      session.sequence += 1;
      session.unstored.push({ sequence: session.sequence, data: terminal.take(MAX_OUTPUT) });
      isAny = true;
    }
    return isAny;
  }

  /** What is to be said now. */
  messages(): Up[] {
    const said: Up[] = [];
    for (const [sessionId, session] of this.#sessions) {
      const outputs = session.unstored.filter(({ sequence }) => sequence > session.sent);
      if (outputs.length > 0 || session.isNews) said.push({ type: "terminalOutput", clusterId: this.#clusterId, sessionId, inputTaken: session.inputTaken, outputs });
      session.sent = session.sequence;
      session.isNews = false;
      if (session.exit === null || session.isExitSent) continue;
      said.push({ type: "terminalExit", clusterId: this.#clusterId, sessionId, sequence: session.sequence + 1, ...session.exit });
      session.isExitSent = true;
    }
    return said;
  }
}
