import type { Membership, Sink } from "#server/realtime/shared-streams.ts";
import type { diceOf } from "./random.ts";

/** A member of a group that takes messages, or stalls. */
export abstract class SlowSink<Payload> implements Sink<Payload> {
  readonly name: string;
  membership: Membership | null = null;
  stalled = false;
  sent = 0;
  ended = false;
  #waiting: { onReady(): void } | null = null;

  constructor(name: string) {
    this.name = name;
  }
  abstract take(payload: Payload): void;
  get ready(): boolean {
    return !this.stalled;
  }
  send(payloads: readonly Payload[]): void {
    for (const payload of payloads) {
      this.sent += 1;
      this.take(payload);
    }
  }
  await(waiting: { onReady(): void }): void {
    this.#waiting = waiting;
    if (!this.stalled) setImmediate(() => this.go());
  }
  go(): void {
    this.stalled = false;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.onReady();
  }
  end(): void {
    this.ended = true;
  }
}

export interface Wandering<Member> {
  readonly steps: number;
  readonly most: number;
  enter(name: string): Promise<Member>;
  write(): void;
  tell(): void;
  rest(): Promise<unknown>;
}

/** Members come, stall, go on and leave while something is written, and told of some time after that. Answers all that ever came, once all of them have entered. */
export async function wander<Member extends SlowSink<never>>(dice: ReturnType<typeof diceOf>, { steps, most, enter, write, tell, rest }: Wandering<Member>): Promise<Member[]> {
  const members: Member[] = [];
  const entering: Promise<unknown>[] = [];
  for (let step = 0; step < steps; step += 1) {
    const present = presentOf(members);
    const [one] = present.length > 0 ? [dice.pick(present)] : [];
    const what = dice.below(12);
    if (what < 4) write();
    else if (what < 7) tell();
    else if (what === 7 && entering.length < most) entering.push(enter(`member ${entering.length}`).then((member) => members.push(member)));
    else if (what === 8 && one && present.length > 3) one.membership?.leave();
    else if (what === 9 && one) one.stalled = true;
    else if (what === 10 && one) one.go();
    else await rest();
  }
  await Promise.all(entering);
  return members;
}

export const presentOf = <Member extends { readonly membership: Membership | null }>(members: readonly Member[]): Member[] => members.filter(({ membership }) => membership !== null && membership.state !== "ENDED");

/** Of the options of shared streams what is the same in all models: nothing fails, nobody's token ends, and members fall behind soon. */
export const UNEVENTFUL = {
  failed: (_subject: unknown, _who: unknown, error: unknown): never => {
    throw error;
  },
  revoked: (): never => {
    throw new Error("nobody is revoked here");
  },
  delivered: (): void => undefined,
  left: (): void => undefined,
  onFault: (error: unknown): never => {
    throw error;
  },
  bounds: { pendingMessages: 2 },
};
