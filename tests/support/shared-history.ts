import { setTimeout as sleep } from "node:timers/promises";
import { comparePositions, type Position } from "#server/realtime/cursor.ts";
import { createFanout } from "#server/realtime/fanout.ts";
import { createLive } from "#server/realtime/live.ts";
import { createSharedStreams, type Opened } from "#server/realtime/shared-streams.ts";
import { sharingOf } from "#server/realtime/sharing.ts";
import type { Matcher, StateChange } from "#server/realtime/state-stream.ts";
import type { TimelineRow } from "#server/realtime/tailer.ts";
import { eventually } from "./eventually.ts";
import { diceOf } from "./random.ts";
import { presentOf, SlowSink, wander, UNEVENTFUL } from "./slow-sink.ts";
import { viewerOf } from "./small-api.ts";
import { type Change, createChecker, difference, type Row } from "./stream-history.ts";

/**
 * Random histories of members of one group, over real streams in a world of a few objects: they enter and leave, take messages or stall, while objects are
 * written, and told of some time after that. What each member is sent is judged by the checker of stream histories, alone.
 */
interface Thing extends Row {
  readonly version: number;
}
type Told = Change<Thing>;

export interface SharedMutant {
  /** Another way to open streams than the right one. */
  open?(opened: Opened): Opened;
  resume?(cursor: string | null): string | null;
}

export interface SharedOutcome {
  readonly violations: readonly string[];
  readonly made: number;
  readonly sent: number;
  readonly resumed: number;
  /** Streams at the end, when nothing happens any more. */
  readonly streams: number;
  readonly members: number;
}

const RULES = { volatile: [], version: ({ version }: Thing) => version, unfiltered: false } as const;
const OBJECTS = 9;
const TENANT = viewerOf("VIEWER", "shared");
const QUIET_WITHIN_MS = 10_000;

/** A member, judged by what it is sent. */
class Watcher extends SlowSink<Told> {
  readonly checker = createChecker<Thing>(RULES);

  constructor(name: string) {
    super(name);
    this.checker.accept({ kind: "asked", after: null });
  }
  take(change: Told): void {
    this.checker.accept({ kind: "message", change });
  }
}

export async function playShared(seed: number, { steps = 150, mutant = {} }: { readonly steps?: number; readonly mutant?: SharedMutant } = {}): Promise<SharedOutcome> {
  const dice = diceOf(seed);
  const counted = { made: 0, resumed: 0 };
  /** What there is, and the timeline; both are ahead of what is told. */
  const there = new Map<string, { readonly version: number; readonly shown: boolean }>();
  const timeline: TimelineRow[] = [];
  let version = 0;
  let position: Position = { term: 1, xid: 1, seq: 0 };
  const idOf = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`;
  const write = (): void => {
    const id = idOf(dice.below(OBJECTS));
    const exists = there.has(id);
    const deletes = exists && dice.chance(0.3);
    if (deletes) there.delete(id);
    else there.set(id, { version: (version += 1), shown: dice.chance(0.7) });
    timeline.push({ xid: timeline.length + 1, seq: 0, tenantId: TENANT.tenantId, clusterId: null, kind: "pod", ids: deletes ? [] : [id], removedIds: deletes ? [id] : [], ownerIds: null });
  };
  const fanout = createFanout(6);
  const tell = (): void => {
    const rows = timeline.filter(({ xid }) => xid >= position.xid);
    fanout.deliver(rows);
    position = { term: 1, xid: timeline.length + 1, seq: 0 };
  };

  const pause = (): Promise<unknown> => (dice.chance(0.5) ? Promise.resolve() : sleep(dice.below(3)));
  const matcher = (): Matcher => ({
    existing: async (_type, among) => among.filter((id) => there.has(id)),
    async matching(_type, args, { among, after, limit }) {
      await pause();
      const all = Object.keys(args).length === 0;
      const found = [...there].filter(([id, { shown }]) => (all || shown) && (!among || among.includes(id)) && (after === undefined || id > after)).map(([id]) => id);
      await pause();
      return found.toSorted().slice(0, limit);
    },
    records: () => {
      throw new Error("No records here");
    },
  });
  const live = createLive({
    fanout, matcher, clock: { now: () => Math.round(performance.timeOrigin + performance.now()) }, speed: 1,
    timing: { heartbeatMs: 25, gatherMs: 2, messageSize: 4, rememberedIds: 6 },
    tailer: {
      get position() {
        return position;
      },
      replay: async (from, to) => timeline.filter((row) => comparePositions({ term: 1, ...row }, from) >= 0 && comparePositions({ term: 1, ...row }, to) < 0),
      caughtUp() {
        const written = timeline.length;
        return () => position.xid > written;
      },
      mayKnow: async () => true,
      reach: async () => undefined,
    },
  });
  const shared = createSharedStreams<null, Watcher, Told>({
    async open(_subject, _who, viewer, cursor) {
      await pause();
      if (cursor !== null) counted.resumed += 1;
      const resume = mutant.resume ? mutant.resume(cursor) : cursor;
      const iterator = live(viewer, resume).changes({ type: "Pod", args: { filter: "shown" }, kinds: { pod: "ids" } });
      const opened: Opened = { iterator, sharing: sharingOf(iterator) };
      return mutant.open?.(opened) ?? opened;
    },
    async render(_subject, _who, message) {
      const { upserted, removed, cursor, snapshot, complete, at } = message as StateChange;
      counted.made += 1;
      await pause();
      // As they are now; what went meanwhile is left out.
      const items = upserted.flatMap((id) => (there.has(id) ? [{ id, version: there.get(id)?.version ?? 0 }] : []));
      return { payload: { cursor, snapshot, complete, upserted: items, removedIds: removed, at: new Date(at).toISOString() }, bytes: 100, last: false };
    },
    ...UNEVENTFUL,
    viewer: () => TENANT,
  });

  const watchers = await wander(dice, {
    steps, most: 14, write, tell, rest: () => sleep(dice.below(4)),
    async enter(name) {
      const watcher = new Watcher(name);
      const entered = await shared.enter("the same", null, watcher, watcher);
      if ("failure" in entered) throw new Error("it has no stream");
      watcher.membership = entered;
      return watcher;
    },
  });
  const present = (): Watcher[] => presentOf(watchers);

  // Now all is told, everybody takes it, and nothing happens any more.
  tell();
  for (const watcher of present()) watcher.go();
  const wrong: string[] = [];
  const truth = new Map([...there].filter(([, { shown }]) => shown).map(([id, thing]) => [id, { id, version: thing.version }]));
  const differences = (): string[] => present().flatMap(({ name, checker }) => difference(checker.held, truth, RULES)?.replace(/^/, `${name} `) ?? []);
  const settled = (): boolean => differences().length === 0 && present().every(({ membership }) => membership?.state === "JOINED");
  await eventually(() => {
    if (!settled()) throw new Error("not quiet yet");
  }, { deadlineMs: mutant.open || mutant.resume ? 500 : QUIET_WITHIN_MS, everyMs: 10 }).catch(() => {
    wrong.push(...differences(), ...present().flatMap(({ name, membership }) => (membership?.state === "JOINED" ? [] : [`${name} is ${membership?.state}`])));
  });
  const outcome = { streams: shared.streams, members: present().length };
  for (const watcher of watchers) {
    wrong.push(...watcher.checker.violations.map((violation) => `${watcher.name} ${violation}`));
    if (watcher.ended) wrong.push(`${watcher.name} was ended`);
    watcher.membership?.leave();
  }
  if (fanout.size > 0) await eventually(() => {
    if (fanout.size > 0) throw new Error(`${fanout.size} streams are left`);
  });
  return { violations: wrong, ...counted, sent: watchers.reduce((sum, { sent }) => sum + sent, 0), ...outcome };
}
