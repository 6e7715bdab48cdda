/**
 * Hellos, in turns: after a connection came up, and where the gateway had refused a cluster. At most HELLO_WINDOW of them wait for an answer at a
 * time, so that the hellos of a thousand clusters reach a gateway as fast as it answers them, and leave it room for what else they have to say.
 *
 *   queued ──a place is free──▶ waiting ──welcome, refuse, or PATIENCE_MS──▶ (no more of ours)
 *   refused ──its wait is over──▶ queued
 *
 * Times are milliseconds of the wall clock.
 */
import type { SessionState } from "./agent/session.ts";

export const HELLO_WINDOW = 64;
/** A place is not kept longer for an answer that does not come. */
const PATIENCE_MS = 5_000;

export interface Greeter {
  readonly session: SessionState;
  /** Whether a refused one's wait is over. */
  isRetryDue(wallMs: number): boolean;
}

export class Greetings<Agent extends Greeter> {
  readonly #queued = new Set<Agent>();
  /** Since when they wait, the longest first. */
  readonly #waiting = new Map<Agent, number>();
  readonly #refused = new Set<Agent>();

  /** All of these are to say hello. */
  begin(agents: Iterable<Agent>): void {
    this.end();
    for (const agent of agents) this.#queued.add(agent);
  }

  /** The connection is gone. */
  end(): void {
    this.#queued.clear();
    this.#waiting.clear();
    this.#refused.clear();
  }

  /** The gateway said something to this one. */
  answered(agent: Agent): void {
    if (agent.session !== "GREETED") this.#waiting.delete(agent);
    if (agent.session === "REFUSED") this.#refused.add(agent);
    else this.#refused.delete(agent);
  }

  /** Whose turn it is: they say hello now. */
  next(wallMs: number): readonly Agent[] {
    for (const agent of this.#refused) {
      if (!agent.isRetryDue(wallMs)) continue;
      this.#refused.delete(agent);
      this.#queued.add(agent);
    }
    for (const [agent, sinceMs] of this.#waiting) {
      if (wallMs - sinceMs < PATIENCE_MS) break;
      this.#waiting.delete(agent);
    }
    const turns: Agent[] = [];
    for (const agent of this.#queued) {
      if (this.#waiting.size >= HELLO_WINDOW) break;
      this.#queued.delete(agent);
      this.#waiting.set(agent, wallMs);
      turns.push(agent);
    }
    return turns;
  }
}
