import { setTimeout as sleep } from "node:timers/promises";
import { parseRecordCursor, type RecordCursor } from "#server/domain/record-cursor.ts";
import { keyTime, type RecordReader } from "#server/domain/records.ts";
import type { Position } from "#server/realtime/cursor.ts";
import { createFanout } from "#server/realtime/fanout.ts";
import { createLive } from "#server/realtime/live.ts";
import type { RecordBatch } from "#server/realtime/record-stream.ts";
import { createSharedStreams, type Opened } from "#server/realtime/shared-streams.ts";
import { sharingOf } from "#server/realtime/sharing.ts";
import type { TimelineRow } from "#server/realtime/tailer.ts";
import { eventually } from "./eventually.ts";
import { diceOf } from "./random.ts";
import type { SharedMutant, SharedOutcome } from "./shared-history.ts";
import { presentOf, SlowSink, wander, UNEVENTFUL } from "./slow-sink.ts";
import { viewerOf } from "./small-api.ts";

/**
 * Random histories of members of one group that are told records. What each has to be told follows from its first cursor alone: all that the filter lets through of the
 * transactions from there on, in their order; and at each message exactly what stands before that one's cursor.
 */
interface Stored {
  readonly xid: number;
  readonly key: readonly [time: string, id: string];
  readonly shown: boolean;
}
type Told = RecordBatch<string>;

const OF = "Record:-at,-id";
const MESSAGE_SIZE = 3;
/** Rows that a page looks at. */
const SCANNED = 5;
const TENANT = viewerOf("VIEWER", "shared");
const QUIET_WITHIN_MS = 10_000;

const isBefore = ({ xid, key }: Stored, place: { readonly xid: number; readonly key: readonly string[] | null }): boolean =>
  xid < place.xid || (xid === place.xid && place.key !== null && key.join() <= place.key.join());

function parse(cursor: string): RecordCursor {
  const [, ...parts] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as string[];
  const parsed = parseRecordCursor(OF, parts, 2);
  if (!parsed) throw new Error(`${cursor} is no cursor`);
  return parsed;
}

class Follower extends SlowSink<Told> {
  readonly violations: string[] = [];
  readonly #store: readonly Stored[];
  readonly #told: string[] = [];
  #from: number | null = null;

  constructor(name: string, store: readonly Stored[]) {
    super(name);
    this.#store = store;
  }
  take({ cursor, records }: Told): void {
    const { place } = parse(cursor);
    if (!place) throw new Error("a stream's cursor has a place");
    this.#from ??= place.xid;
    this.#told.push(...records);
    if (records.length > MESSAGE_SIZE) this.violations.push(`${this.name} was told ${records.length} at once`);
    this.#compare(this.#expected().filter((row) => isBefore(row, place)), `at ${place.xid} ${place.key?.join(" ") ?? ""}`);
  }
  /** What is missing at the end. */
  get missing(): number {
    return this.#expected().length - this.#told.length;
  }
  #expected(): Stored[] {
    const from = this.#from ?? 0;
    return this.#store.filter(({ xid, shown }) => shown && xid >= from);
  }
  #compare(expected: readonly Stored[], where: string): void {
    if (this.violations.length > 0 || (expected.length === this.#told.length && expected.every(({ key }, n) => key[1] === this.#told[n]))) return;
    const n = expected.findIndex(({ key }, index) => key[1] !== this.#told[index]);
    this.violations.push(`${this.name} ${where} was told ${this.#told.length} of ${expected.length}, and as number ${n} ${this.#told[n]} for ${expected[n]?.key[1]}`);
  }
}

export async function playSharedRecords(seed: number, { steps = 200, mutant = {} }: { readonly steps?: number; readonly mutant?: SharedMutant } = {}): Promise<SharedOutcome> {
  const dice = diceOf(seed);
  const counted = { made: 0, resumed: 0 };
  /** In the order of commits; ahead of what is told. */
  const store: Stored[] = [];
  const timeline: TimelineRow[] = [];
  let position: Position = { term: 1, xid: 1, seq: 0 };
  const now = (): number => Math.round(performance.timeOrigin + performance.now());
  const write = (): void => {
    const xid = timeline.length + 1;
    const rows = Array.from({ length: 1 + dice.below(5) }, (_, n): Stored => ({ xid, key: [keyTime(now() - dice.below(5_000)), `${xid}-${n}`], shown: dice.chance(0.7) }));
    store.push(...rows.toSorted((a, b) => (a.key.join() < b.key.join() ? -1 : 1)));
    timeline.push({ xid, seq: 0, tenantId: TENANT.tenantId, clusterId: null, kind: "event", ids: rows.map(({ key }) => key[1]), removedIds: [], ownerIds: null });
  };
  const fanout = createFanout(6);
  const tell = (): void => {
    // Now and then not all: another transaction still runs.
    const upTo = dice.chance(0.7) ? timeline.length + 1 : position.xid + dice.below(timeline.length + 2 - position.xid);
    fanout.deliver(timeline.filter(({ xid }) => xid >= position.xid && xid < upTo));
    position = { term: 1, xid: upTo, seq: 0 };
  };

  const pause = (): Promise<unknown> => (dice.chance(0.5) ? Promise.resolve() : sleep(dice.below(3)));
  const reader: RecordReader<string> = {
    of: OF,
    parse,
    keyAt: (at) => [keyTime(at), "~"],
    async page(bounds, limit) {
      await pause();
      if (bounds.by !== "commits") throw new Error("No edges here");
      const within = store.filter((row) => row.xid < bounds.before && !isBefore(row, bounds.from));
      const scanned = within.slice(0, SCANNED);
      const rows = scanned.filter(({ shown }) => shown).slice(0, limit);
      const last = rows.length === limit ? rows.at(-1) : scanned.at(-1);
      await pause();
      return { rows: rows.map(({ key }) => ({ value: key[1], key })), end: last === undefined || last === within.at(-1) ? null : { xid: last.xid, key: last.key } };
    },
  };
  const unused = (): never => {
    throw new Error("only records are read here");
  };
  const live = createLive({
    fanout, matcher: () => ({ existing: unused, matching: unused, records: unused }), clock: { now }, speed: 1, timing: { heartbeatMs: 25, gatherMs: 2, messageSize: MESSAGE_SIZE },
    tailer: {
      get position() {
        return position;
      },
      replay: unused, caughtUp: unused, mayKnow: async () => true, reach: async () => undefined,
    },
  });
  const shared = createSharedStreams<null, Follower, Told>({
    async open(_subject, _who, viewer, cursor) {
      await pause();
      if (cursor !== null) counted.resumed += 1;
      const iterator = live(viewer, mutant.resume ? mutant.resume(cursor) : cursor).records({ kind: "event", reader: () => reader, keptMs: 1e12 });
      const opened: Opened = { iterator, sharing: sharingOf(iterator) };
      return mutant.open?.(opened) ?? opened;
    },
    async render(_subject, _who, message) {
      counted.made += 1;
      await pause();
      return { payload: message as Told, bytes: 100, last: false };
    },
    ...UNEVENTFUL,
    viewer: () => TENANT,
  });

  const followers = await wander(dice, {
    steps, most: 14, write, tell, rest: () => sleep(dice.below(4)),
    async enter(name) {
      const follower = new Follower(name, store);
      const entered = await shared.enter("the same", null, follower, follower);
      if ("failure" in entered) throw new Error("it has no stream");
      follower.membership = entered;
      return follower;
    },
  });
  const present = (): Follower[] => presentOf(followers);
  fanout.deliver(timeline.filter(({ xid }) => xid >= position.xid));
  position = { term: 1, xid: timeline.length + 1, seq: 0 };
  for (const follower of present()) follower.go();
  const wrong: string[] = [];
  const unsettled = (): string[] => present().flatMap(({ name, missing, membership }) => (missing === 0 && membership?.state === "JOINED" ? [] : [`${name} is ${membership?.state}, and lacks ${missing}`]));
  await eventually(() => {
    if (unsettled().length > 0) throw new Error("not quiet yet");
  }, { deadlineMs: mutant.open || mutant.resume ? 500 : QUIET_WITHIN_MS, everyMs: 10 }).catch(() => wrong.push(...unsettled()));
  const outcome = { streams: shared.streams, members: present().length };
  for (const follower of followers) {
    wrong.push(...follower.violations);
    if (follower.ended) wrong.push(`${follower.name} was ended`);
    follower.membership?.leave();
  }
  await eventually(() => {
    if (fanout.size > 0) throw new Error(`${fanout.size} streams are left`);
  });
  return { violations: wrong, ...counted, sent: followers.reduce((sum, { sent }) => sum + sent, 0), ...outcome };
}
