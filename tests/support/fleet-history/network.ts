/**
 * What lies between a site and the centre. A connection is ordered and loses nothing while it lasts, as every transport of the link is: what is sent where the way
 * is cut waits, and comes when the cut ends, unless the connection has ended before. Connections don't wait for each other, so what was sent on an old one
 * may come after the hello on the next.
 */
import type { AgentConnection, AgentMessage, GatewayConnection, GatewayMessage, LinkConnection } from "#server/fleet/link.ts";
import type { Dice } from "../random.ts";
import type { VirtualTime } from "./timeline.ts";

export type Accept = (connection: GatewayConnection) => void;

export class SiteNetwork {
  readonly #time: VirtualTime;
  readonly #dice: Dice;
  readonly #cuts = { up: 0, down: 0, dial: 0 };
  #delayMs = 0;
  readonly #wires = new Set<Wire>();

  constructor(time: VirtualTime, dice: Dice) {
    this.#time = time;
    this.#dice = dice;
  }

  /** null where nobody can be reached. */
  dial(accept: Accept | null): AgentConnection | null {
    if (accept === null || this.#cuts.dial > 0) return null;
    const up = new Wire(this.#time, () => this.#cuts.up > 0, () => this.#delay());
    const down = new Wire(this.#time, () => this.#cuts.down > 0, () => this.#delay());
    for (const wire of [up, down]) this.#wires.add(wire);
    const ended = (): void => {
      for (const wire of [up, down]) if (wire.isOver) this.#wires.delete(wire);
    };
    accept(endOf<GatewayMessage, AgentMessage>(down, up, ended));
    return endOf<AgentMessage, GatewayMessage>(up, down, ended);
  }

  cut(way: "both" | "up" | "down" | "reset", forMs: number): void {
    const ways = way === "both" ? (["up", "down", "dial"] as const) : way === "reset" ? (["dial"] as const) : ([way] as const);
    for (const each of ways) this.#cuts[each] += 1;
    if (way === "reset") this.reset("the network reset it");
    this.#time.after(forMs, () => {
      for (const each of ways) this.#cuts[each] -= 1;
      for (const wire of this.#wires) wire.flow();
    });
  }

  slow(delayMs: number, forMs: number): void {
    this.#delayMs += delayMs;
    this.#time.after(forMs, () => {
      this.#delayMs -= delayMs;
    });
  }

  /** Both ends learn of it; what was on its way is lost. */
  reset(reason: string): void {
    for (const wire of this.#wires) wire.break(reason);
    this.#wires.clear();
  }

  #delay(): number {
    return 2 + this.#dice.below(20) + (this.#delayMs > 0 ? this.#dice.below(this.#delayMs) : 0);
  }
}

/** One direction. */
class Wire {
  readonly #time: VirtualTime;
  readonly #isCut: () => boolean;
  readonly #delay: () => number;
  #waiting: (string | { readonly closed: string })[] = [];
  #nextAt = 0;
  #isOver = false;
  /** At the far end. */
  onMessage: ((text: string) => void) | null = null;
  onClose: ((reason: string) => void) | null = null;

  constructor(time: VirtualTime, isCut: () => boolean, delay: () => number) {
    this.#time = time;
    this.#isCut = isCut;
    this.#delay = delay;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  send(frame: string | { readonly closed: string }): void {
    if (this.#isOver) return;
    this.#waiting.push(frame);
    this.flow();
  }

  /** What waits goes on its way, where there is one. */
  flow(): void {
    if (this.#isCut()) return;
    for (const frame of this.#waiting) {
      this.#nextAt = Math.max(this.#nextAt, this.#time.now + this.#delay());
      this.#time.at(this.#nextAt, () => this.#arrive(frame));
    }
    this.#waiting = [];
  }

  /** The far end hears nothing any more. */
  end(): void {
    this.#isOver = true;
    this.#waiting = [];
  }

  break(reason: string): void {
    if (this.#isOver) return;
    this.end();
    this.#time.after(1, () => this.onClose?.(reason));
  }

  #arrive(frame: string | { readonly closed: string }): void {
    if (this.#isOver) return;
    if (typeof frame === "string") return this.onMessage?.(frame);
    this.end();
    this.onClose?.(frame.closed);
  }
}

function endOf<Out, In>(out: Wire, into: Wire, ended: () => void): LinkConnection<Out, In> {
  let isOver = false;
  let listen: ((reason: string) => void) | null = null;
  const over = (reason: string): void => {
    if (isOver) return;
    isOver = true;
    ended();
    listen?.(reason);
  };
  into.onClose = (reason) => {
    out.end();
    over(reason);
  };
  return {
    buffered: 0,
    onDrain: () => undefined,
    send: (message) => {
      if (!isOver) out.send(JSON.stringify(message));
    },
    onMessage: (listener) => void (into.onMessage = (text) => listener(JSON.parse(text) as In)),
    onClose: (listener) => void (listen = listener),
    close: (reason) => {
      if (isOver) return;
      out.send({ closed: reason });
      into.end();
      over(reason);
    },
  };
}
