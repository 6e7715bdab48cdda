/**
 * Whom a tick has to look at. An agent *sleeps* until an instant that it named itself (when something is due in its cluster), or until somebody
 * *wakes* it: a message came, a test broke something, its hello's turn has come. Sleeping agents cost nothing, however many there are.
 *
 *   asleep ──its instant comes, or wake()──▶ awake ──sleep(until)──▶ asleep
 *
 * Invariant: an agent with anything unsaved, unsent or due is awake. Who looks after it puts it to sleep again only once that is done.
 */
import { TimerHeap } from "./simulator/timers.ts";

export class Agenda<Agent> {
  readonly #agents: Agent[] = [];
  readonly #index = new Map<Agent, number>();
  /** By the agent's index; simulated milliseconds. */
  readonly #due = new TimerHeap();
  readonly #awake = new Set<Agent>();

  /** It is awake at first. */
  add(agent: Agent): void {
    this.#index.set(agent, this.#agents.length);
    this.#agents.push(agent);
    this.#awake.add(agent);
  }

  /** In the order in which they awoke. */
  get awake(): ReadonlySet<Agent> {
    return this.#awake;
  }

  wake(agent: Agent): void {
    this.#awake.add(agent);
  }

  /** Wakes the sleeping agent that is due first, if that is by now; null when there is none. */
  wakeDue(now: number): Agent | null {
    if (this.#due.nextDue() > now) return null;
    const agent = this.#agents[this.#due.pop()] as Agent;
    this.#awake.add(agent);
    return agent;
  }

  /** Until an instant of the simulation's clock; Infinity: until it is woken. */
  sleep(agent: Agent, until: number): void {
    const index = this.#index.get(agent);
    if (index === undefined) throw new Error("only what was added can sleep");
    this.#awake.delete(agent);
    if (until === Infinity) this.#due.cancel(index);
    else this.#due.set(index, until, index);
  }
}
