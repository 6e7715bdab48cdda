import { setImmediate as nextTurn } from "node:timers/promises";
import type { Viewer } from "../identity/viewer.ts";
import type { Position } from "./cursor.ts";
import { reaches, type Sharing } from "./sharing.ts";

/**
 * Identical subscriptions run once in a process. Who asks for the same (one `key`) is a member of one group, and is served by one stream: each message is made
 * once, and handed to all as the same payload.
 *
 *                   ┌───── resumed behind what it was sent last ─────┐
 *                   ▼                                                │
 *   enter ──▶ CATCHING_UP ──told all, and no less far──▶ JOINED ──too slow, or of another scope──▶ BEHIND
 *              a stream of its own ◀──a long snapshot──  the group's    no stream: waits until its sink takes something
 *
 *   any of them ──it leaves, its token ends, its stream is over──▶ ENDED
 *
 * Shared: the stream with what it remembers, each message, its payload, and the payloads that some members have not taken yet. Per member: whether it may see
 * a message (asked for each), the cursor that it was sent last, which of the shared payloads it has yet to take, and the state above.
 *
 * The first whose stream has told something whole, that it has taken, makes that the group's. Why nothing is lost or doubled where another joins: it was handed all
 * before its own stream's place P, and that rests. The group's round under way, or last, looked at a place T no later than P.
 *   1. Whatever is recorded at P or later, a round beyond P looks at; that round is told to the new member too.
 *   2. What the group tells at places up to P, the new member knows: it is passed over. What such a message shows that is newer than its place is recorded
 *      beyond P, hence told again.
 *   3. What a round beyond P finds gone is told if any member may hold it: the group's stream takes over what the member's own remembered with that round, not
 *      before, because earlier ones forget what they tell to be gone, and are passed over.
 *   4. No cursor goes back: of a round beyond P that takes several messages, all but the last have the cursor of a place before it, which may be before P, too. Who
 *      is new is then resumed before the first of them.
 *   5. What says nothing new, a sign of life, is passed over only where its cursor would go back. The end is not: who was told nothing since it joined is resumed instead.
 * A stream that has ended is not joined, nor one amid a snapshot of several messages: when a group's stream begins one, the group is no more. It keeps one member, and all
 * are each served alone.
 *
 * A member whose sink takes nothing holds the group up no more than a member that has left: the payloads that it has yet to take are those of the group, bounded in
 * number and bytes, and beyond that it is BEHIND, with nothing but a cursor. Only where no member takes anything no message is made. What comes in one turn of the event loop
 * is handed over at once.
 */
export interface Sink<Payload> {
  /** Whether what is sent leaves now. */
  readonly ready: boolean;
  send(payloads: readonly Payload[]): void;
  /** Calls `onReady` once, when it is ready again. */
  await(waiting: { onReady(): void }): void;
  /** After the last payload. */
  end(): void;
}

/** What is known of a message besides its payload; a record stream's has a cursor alone. */
export interface Told {
  readonly cursor?: string;
  readonly snapshot?: boolean;
  readonly complete?: boolean;
}

/** None of its lists has anything in it. */
const isSignOfLife = (told: Told): boolean => !Object.values(told).some((value) => Array.isArray(value) && value.length > 0);

export interface Opened {
  readonly iterator: AsyncIterator<unknown>;
  /** null: only one can be served by it. */
  readonly sharing: Sharing | null;
}

/** What streams are made from and payloads made by. `Subject`: what is subscribed to; `Who`: by whom. */
export interface SharedStreamsOptions<Subject, Who, Payload> {
  /** `viewer`: the newest of whoever the stream speaks for. A payload in place of a stream: why there is none. */
  open(subject: Subject, who: Who, viewer: () => Viewer, resume: string | null): Promise<Opened | { readonly failure: Payload }>;
  /** `signal` fires when nobody waits for it any more. Never rejects. */
  render(subject: Subject, who: Who, message: unknown, viewer: Viewer, signal: AbortSignal): Promise<{ readonly payload: Payload; readonly bytes: number; readonly last: boolean }>;
  failed(subject: Subject, who: Who, error: unknown): Payload;
  /** What one is told whose token has ended. */
  revoked(): Payload;
  /** null once its token has ended. */
  viewer(who: Who): Viewer | null;
  /** It was handed so many messages. */
  delivered(who: Who, count: number): void;
  /** It is over, whatever the reason. Once for each that entered. */
  left(who: Who): void;
  /** Its stream could not be closed properly. */
  onFault(error: unknown): void;
  readonly bounds?: Partial<Bounds>;
}

export interface Bounds {
  /** Of a group's payloads that a member has yet to take. */
  readonly pendingMessages: number;
  readonly pendingBytes: number;
}
const DEFAULT_BOUNDS: Bounds = { pendingMessages: 64, pendingBytes: 1024 * 1024 };
/** For how long nobody else has a turn. */
const LONGEST_TURN_MS = 5;

export type MemberState = "CATCHING_UP" | "JOINED" | "BEHIND" | "ENDED";

export interface Membership {
  readonly state: MemberState;
  /** Its token has ended: it is told so. */
  revoke(): void;
  /** Nobody is there any more to be told anything. */
  leave(): void;
}

export interface SharedStreams<Subject, Who, Payload> {
  /** `key`: the same for those who would be told the same; null: nobody else. Answers a payload where there is no stream. */
  enter(key: string | null, subject: Subject, who: Who, sink: Sink<Payload>): Promise<Membership | { readonly failure: Payload }>;
  /** Streams that run. */
  readonly streams: number;
}

interface Item<Payload> {
  readonly payload: Payload;
  readonly bytes: number;
  readonly told: Told;
  readonly last: boolean;
  readonly viewer: Viewer;
  readonly round: number;
  /** Of its round; null: beyond all others. */
  readonly place: Position | null;
  /** Of its cursor. */
  readonly cursorAt: Position | null;
}

/** What is handed over at once; made once for all who take all of it. */
class Batch<Payload> {
  readonly items: readonly Item<Payload>[];
  readonly payloads: readonly Payload[];
  /** The last of them. */
  readonly cursor: string | null;

  constructor(items: readonly Item<Payload>[]) {
    this.items = items;
    this.payloads = items.map(({ payload }) => payload);
    this.cursor = items.findLast(({ told }) => told.cursor !== undefined)?.told.cursor ?? null;
  }

  of(items: readonly Item<Payload>[]): Batch<Payload> {
    return items.length === this.items.length ? this : new Batch(items);
  }

  isOf(viewer: Viewer): boolean {
    for (const item of this.items) if (!sameScope(item.viewer, viewer)) return false;
    return true;
  }
}

export function createSharedStreams<Subject, Who, Payload>(options: SharedStreamsOptions<Subject, Who, Payload>): SharedStreams<Subject, Who, Payload> {
  const shared: Shared<Subject, Who, Payload> = { options, bounds: { ...DEFAULT_BOUNDS, ...options.bounds }, groups: new Map(), running: new Set() };
  return {
    async enter(key, subject, who, sink) {
      const member = new Member(shared, key, subject, who, sink);
      const failure = await member.catchUp();
      return failure ?? member;
    },
    get streams() {
      return shared.running.size;
    },
  };
}

/** What all streams of one process have in common. */
interface Shared<Subject, Who, Payload> {
  readonly options: SharedStreamsOptions<Subject, Who, Payload>;
  readonly bounds: Bounds;
  /** The stream of each group. */
  readonly groups: Map<string, Stream<Subject, Who, Payload>>;
  readonly running: Set<Stream<Subject, Who, Payload>>;
}

class Member<Subject, Who, Payload> implements Membership {
  readonly who: Who;
  readonly sink: Sink<Payload>;
  readonly key: string | null;
  state: MemberState = "CATCHING_UP";
  readonly #shared: Shared<Subject, Who, Payload>;
  #subject: Subject;
  #stream: Stream<Subject, Who, Payload> | null = null;
  #cursor: string | null = null;
  /** Where it joined, until it is told something from beyond. */
  #joinedAt: { readonly place: Position; readonly round: number } | null = null;
  #pending: Item<Payload>[] | null = null;
  #pendingBytes = 0;
  #awaiting = false;

  constructor(shared: Shared<Subject, Who, Payload>, key: string | null, subject: Subject, who: Who, sink: Sink<Payload>) {
    this.#shared = shared;
    this.key = key;
    this.#subject = subject;
    this.who = who;
    this.sink = sink;
  }

  get takes(): boolean {
    return this.#pending === null && this.sink.ready;
  }

  /** It was handed all that its stream has told. */
  get hasAll(): boolean {
    return this.#pending === null;
  }

  /** Begins a stream of its own, behind what it was sent last. */
  async catchUp(): Promise<{ readonly failure: Payload } | null> {
    this.state = "CATCHING_UP";
    const stream = new Stream(this.#shared, this.#subject, this);
    this.#stream = stream;
    let failure: { readonly failure: Payload } | null;
    try {
      failure = await stream.open(this.#cursor);
    } catch (error) {
      failure = { failure: this.#shared.options.failed(this.#subject, this.who, error) };
    }
    // It may have left meanwhile.
    if (!failure || this.#stream !== stream) return null;
    this.#end();
    return failure;
  }

  join(stream: Stream<Subject, Who, Payload>, joinedAt: { readonly place: Position; readonly round: number }): void {
    this.state = "JOINED";
    this.#stream = stream;
    this.#subject = stream.subject;
    this.#joinedAt = joinedAt;
    stream.add(this);
  }

  /** Its own stream has become the group's. */
  found(): void {
    this.state = "JOINED";
  }

  /** The group's stream has become its own. */
  keep(): void {
    this.state = "CATCHING_UP";
  }

  /** Leaves the stream, and is resumed as soon as its sink takes something. */
  fallBehind(): void {
    const stream = this.#stream;
    this.state = "BEHIND";
    this.#stream = null;
    this.#joinedAt = null;
    this.#pending = null;
    this.#pendingBytes = 0;
    stream?.remove(this);
    if (this.sink.ready) this.#resume();
    else this.wait();
  }

  wait(): void {
    if (this.#awaiting) return;
    this.#awaiting = true;
    this.sink.await(this);
  }

  onReady(): void {
    this.#awaiting = false;
    if (this.state === "ENDED") return;
    if (this.state === "BEHIND") return this.#resume();
    const pending = this.#pending;
    this.#pending = null;
    this.#pendingBytes = 0;
    if (pending) this.#hand(new Batch(pending));
    if (this.state === "CATCHING_UP") this.#stream?.found();
    this.#stream?.wake();
  }

  /** What its stream tells, in order. */
  take(batch: Batch<Payload>): void {
    const { options, bounds } = this.#shared;
    const viewer = options.viewer(this.who);
    if (!viewer) return this.revoke();
    const stream = this.#stream;
    if (!stream) return;
    const due = this.#joinedAt === null ? batch : this.#concerning(batch);
    if (due === null) return this.fallBehind();
    if (due.items.length === 0) return;
    // The message was made under the scope of whom the stream speaks for.
    if (stream.isGroups && !due.isOf(viewer)) return this.fallBehind();
    if (this.#pending === null && this.sink.ready) return this.#hand(due);
    const pending = (this.#pending ??= []);
    for (const item of due.items) {
      pending.push(item);
      this.#pendingBytes += item.bytes;
    }
    if (stream.size > 1 && pending.length > 1 && (pending.length > bounds.pendingMessages || this.#pendingBytes > bounds.pendingBytes)) this.fallBehind();
    else this.wait();
  }

  /** Its stream has said its last. */
  finish(): void {
    if (this.#joinedAt) this.fallBehind();
    else if (this.#pending === null) this.#over();
  }

  revoke(): void {
    if (this.state === "ENDED") return;
    this.sink.send([this.#shared.options.revoked()]);
    this.#over();
  }

  leave(): void {
    if (this.state !== "ENDED") this.#end();
  }

  /** What of these messages who has joined is told; null: the first of them would take its cursor back. */
  #concerning(batch: Batch<Payload>): Batch<Payload> | null {
    const concerning: Item<Payload>[] = [];
    for (const item of batch.items) {
      if (this.#joinedAt) {
        const { place, round } = this.#joinedAt;
        if (item.round <= round) continue;
        const goesBack = item.told.cursor !== undefined && item.cursorAt !== null && !reaches(item.cursorAt, place);
        const beyond = item.told.cursor === undefined || item.place === null || !reaches(place, item.place);
        if (!beyond && (goesBack || !isSignOfLife(item.told))) continue;
        if (goesBack) return null;
        if (beyond) this.#joinedAt = null;
      }
      concerning.push(item);
    }
    return batch.of(concerning);
  }

  #hand({ payloads, cursor }: Batch<Payload>): void {
    this.#cursor = cursor ?? this.#cursor;
    this.sink.send(payloads);
    this.#shared.options.delivered(this.who, payloads.length);
    if (this.#stream?.over) this.finish();
  }

  #resume(): void {
    void this.catchUp().then((failed) => {
      if (!failed) return;
      this.sink.send([failed.failure]);
      this.sink.end();
    });
  }

  #over(): void {
    this.#end();
    this.sink.end();
  }

  #end(): void {
    this.state = "ENDED";
    this.#pending = null;
    const stream = this.#stream;
    this.#stream = null;
    stream?.remove(this);
    this.#shared.options.left(this.who);
  }
}

class Stream<Subject, Who, Payload> {
  readonly subject: Subject;
  readonly key: string | null;
  /** Over: it has said its last. */
  over = false;
  readonly #shared: Shared<Subject, Who, Payload>;
  readonly #members = new Set<Member<Subject, Who, Payload>>();
  readonly #stopping = new AbortController();
  #speaksFor: Member<Subject, Who, Payload>;
  /** The newest that was known of whom it speaks for. */
  #viewer: Viewer | null = null;
  #source: Opened | null = null;
  /** From when the source is asked for a message until that is told: what it says of itself is not yet true of its members. */
  #amid = false;
  #wake: (() => void) | null = null;
  #outbox: Item<Payload>[] = [];
  #flushing: Promise<void> | null = null;

  constructor(shared: Shared<Subject, Who, Payload>, subject: Subject, first: Member<Subject, Who, Payload>) {
    this.#shared = shared;
    this.subject = subject;
    this.key = first.key;
    this.#speaksFor = first;
    this.#members.add(first);
  }

  get size(): number {
    return this.#members.size;
  }

  get isGroups(): boolean {
    return this.key !== null && this.#shared.groups.get(this.key) === this;
  }

  async open(resume: string | null): Promise<{ readonly failure: Payload } | null> {
    const { options, running } = this.#shared;
    const first = this.#speaksFor;
    this.#viewer = options.viewer(first.who);
    if (!this.#viewer) return { failure: options.revoked() };
    const opened = await options.open(this.subject, first.who, () => this.#newest(), resume);
    if ("failure" in opened) return opened;
    this.#source = opened;
    if (this.#closed) this.#stop();
    else {
      running.add(this);
      void this.#run();
    }
    return null;
  }

  add(member: Member<Subject, Who, Payload>): void {
    this.#members.add(member);
    this.wake();
  }

  remove(member: Member<Subject, Who, Payload>): void {
    if (!this.#members.delete(member)) return;
    const [next] = this.#members;
    if (!next) this.#close();
    else if (this.#speaksFor === member) this.#speaksFor = next;
  }

  wake(): void {
    this.#wake?.();
  }

  get #closed(): boolean {
    return this.#members.size === 0;
  }

  #newest(): Viewer {
    const viewer = this.#shared.options.viewer(this.#speaksFor.who) ?? this.#viewer;
    if (!viewer) throw new Error("a stream speaks for nobody");
    this.#viewer = viewer;
    return viewer;
  }

  async #run(): Promise<void> {
    const { options } = this.#shared;
    let turn = performance.now();
    try {
      for (;;) {
        // A source that is always ready and a sink that takes everything would never let anybody else have a turn.
        if (performance.now() - turn > LONGEST_TURN_MS) {
          await nextTurn();
          turn = performance.now();
        }
        await this.#demand();
        if (this.#closed) return;
        const item = await this.#next();
        if (this.#closed) return;
        if (!item) return await this.#finish();
        await this.#tell(item);
        if (item.last) return await this.#finish();
      }
    } catch (error) {
      if (this.#closed) return;
      const speaker = this.#speaksFor;
      const payload = options.failed(this.subject, speaker.who, error);
      await this.#tell({ payload, bytes: 0, told: {}, last: true, viewer: this.#newest(), round: Infinity, place: null, cursorAt: null });
      await this.#finish();
    }
  }

  /** Until there is somebody who takes what is made. */
  async #demand(): Promise<void> {
    for (;;) {
      if (this.#closed) return;
      for (const member of this.#members) if (member.takes) return;
      for (const member of this.#members) member.wait();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }

  /** The next message; null: it is over, or nobody is there any more. */
  async #next(): Promise<Item<Payload> | null> {
    const { options } = this.#shared;
    const { iterator, sharing } = this.#source as Opened;
    this.#amid = true;
    const step = await iterator.next();
    if (step.done || this.#closed) return null;
    const [place, cursorAt, round] = [sharing?.place ?? null, sharing?.told ?? null, sharing?.round ?? 0];
    // Whoever has lost its token leaves when it is asked for its viewer.
    let viewer: Viewer | null = null;
    for (let speaker = this.#speaksFor; viewer === null; speaker = this.#speaksFor) {
      viewer = options.viewer(speaker.who);
      if (!viewer) speaker.revoke();
      if (this.#closed) return null;
    }
    this.#viewer = viewer;
    const rendered = await options.render(this.subject, this.#speaksFor.who, step.value, viewer, this.#stopping.signal);
    return { ...rendered, told: step.value as Told, viewer, round, place, cursorAt };
  }

  async #tell(item: Item<Payload>): Promise<void> {
    const { told } = item;
    if (told.snapshot === true && told.complete === false && this.isGroups) await this.#keepOne();
    if (!this.isGroups) {
      const batch = new Batch([item]);
      for (const member of this.#members) member.take(batch);
      this.#amid = false;
      if (!item.last) this.found();
      return;
    }
    this.#outbox.push(item);
    this.#amid = false;
    // What comes in the same turn goes along.
    this.#flushing ??= nextTurn().then(() => this.#flush());
    if (this.#outbox.length >= this.#shared.bounds.pendingMessages) await this.#flushing;
  }

  async #flush(): Promise<void> {
    let turn = performance.now();
    while (this.#outbox.length > 0) {
      const batch = new Batch(this.#outbox);
      this.#outbox = [];
      for (const member of this.#members) {
        member.take(batch);
        if (performance.now() - turn > LONGEST_TURN_MS) {
          await nextTurn();
          turn = performance.now();
        }
      }
    }
    this.#flushing = null;
  }

  /** All but one leave, before a snapshot that is longer than a message: whoever begins one is told all of it. */
  async #keepOne(): Promise<void> {
    await this.#flushing;
    this.#leaveGroup();
    const kept = [...this.#members].find((member) => member.takes) ?? this.#speaksFor;
    this.#speaksFor = kept;
    kept.keep();
    for (const member of this.#members) if (member !== kept) member.fallBehind();
  }

  /** Where something whole was told and taken, and the source rests: this stream becomes the group's, or its member joins that one where it is not further than this. */
  found(): void {
    const { groups, options } = this.#shared;
    const sharing = this.#source?.sharing;
    const member = this.#speaksFor;
    const { key } = this;
    if (this.#closed || this.over || this.#amid || key === null || !sharing?.whole || !member.hasAll) return;
    const group = groups.get(key);
    if (!group) {
      groups.set(key, this);
      return member.found();
    }
    const { place } = sharing;
    const other = group.#source?.sharing;
    if (group === this || group.over || !other?.open || !reaches(place, other.place)) return;
    const viewer = options.viewer(member.who);
    if (!viewer || !sameScope(viewer, group.#newest())) return;
    other.absorb(sharing);
    const joinedAt = { place, round: other.round };
    this.#members.delete(member);
    member.join(group, joinedAt);
    this.#close();
  }

  async #finish(): Promise<void> {
    this.over = true;
    this.#leaveGroup();
    await this.#flushing;
    for (const member of this.#members) member.finish();
  }

  #leaveGroup(): void {
    if (this.key !== null && this.isGroups) this.#shared.groups.delete(this.key);
  }

  #close(): void {
    this.#leaveGroup();
    this.#shared.running.delete(this);
    this.#stop();
    this.wake();
  }

  #stop(): void {
    this.#stopping.abort();
    Promise.resolve(this.#source?.iterator.return?.()).catch((error: unknown) => this.#shared.options.onFault(error));
  }
}

function sameScope(one: Viewer, other: Viewer): boolean {
  if (one === other) return true;
  return one.tenantId === other.tenantId && one.role === other.role && sameIds(one.namespaceIds, other.namespaceIds);
}

function sameIds(some: readonly string[] | null, others: readonly string[] | null): boolean {
  if (some === others) return true;
  return some !== null && others !== null && some.length === others.length && some.every((id) => others.includes(id));
}
