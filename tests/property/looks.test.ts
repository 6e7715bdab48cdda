import { beforeAll, describe, expect, it } from "vitest";
import type { Dependency } from "#server/read/changes.ts";
import { type Begun, type Look, Looks, type Seen, VOUCHES_MS } from "#server/realtime/looks.ts";
import type { TimelineRow } from "#server/realtime/tailer.ts";
import { type Fault, MutableGraph } from "#tests/support/mutated-graph.ts";
import { seededRandom } from "#tests/support/random.ts";
import { testSeed } from "#tests/support/seed.ts";

const LOOKS = "server/realtime/looks.ts";
const graph = new MutableGraph([LOOKS]);

/**
 * A small world in random interleavings: transactions that begin, commit and are late, a process that looks, reads and remembers, mutations that it answers, rows
 * that it hands to streams. What it answers from memory is compared with what the world was, at the moment before which it must not be.
 *
 * A text is what it depends on: how many changes of that were committed. So its age is the number that it says.
 */
interface Transaction {
  readonly xid: number;
  readonly rows: TimelineRow[];
}
interface Snapshot extends Seen {
  /** How many transactions were committed. */
  readonly commits: number;
}
interface Remembered {
  readonly tenantId: string;
  readonly dependency: Dependency;
  readonly since: number;
  readonly says: number;
}
/** Faults of whoever uses the rules. */
interface Misuse {
  readonly sinceOfUnderWay?: boolean;
  readonly clockAtEnd?: boolean;
  readonly noteOwnTooEarly?: boolean;
  readonly readBeforeSince?: boolean;
  /** Before it begins to wait something may be changed that it then does not wait for. */
  readonly waitsTooLittle?: boolean;
}

const TENANTS = ["mine", "other"];
const KINDS = ["application", "pod", "cluster"] as const;
const NAMES = ["a", "b", "c", "d", "e"];
const OWNERS = ["x", "y"];

interface Outcome {
  readonly violation: string | null;
  readonly answers: number;
  /** Those of the answers that waited for a look. */
  readonly waits: number;
  readonly refusals: number;
}

function run(seed: number, implementation: typeof Looks, misuse: Misuse = {}, steps = 400): Outcome {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  const some = <T>(items: readonly T[]): T[] => items.filter(() => random() < 0.2);
  let clock = 1000;
  const looks = new implementation({ now: () => clock, maxEntries: pick([6, 12, 1000]) });

  // ---- the world
  let nextXid = 100;
  let life = 1;
  const running: Transaction[] = [];
  const committed: { readonly rows: readonly TimelineRow[]; readonly xid: number; readonly at: number; readonly life: number }[] = [];
  const snapshot = (): Snapshot => ({ life: `life ${life}`, end: nextXid, running: new Set(running.map(({ xid }) => xid)), commits: committed.length });
  const begin = (tenantId: string | null): Transaction => {
    const row = (): TimelineRow => {
      const kind = tenantId === null ? "cluster" : pick(KINDS);
      // A pod belongs to one of the owners by its name; sometimes the writer does not say.
      const ids = some(NAMES);
      const removedIds = some(NAMES);
      const ownerIds = kind !== "pod" || random() < 0.3 ? null : [...new Set([...ids, ...removedIds].map(ownerOf))];
      return { xid: nextXid, seq: 1, tenantId, clusterId: null, kind, ids, removedIds, ownerIds };
    };
    const transaction = { xid: nextXid, rows: Array.from({ length: 1 + below(2) }, row) };
    nextXid += 1;
    running.push(transaction);
    return transaction;
  };
  const commit = ({ xid, rows }: Transaction): void => {
    running.splice(running.findIndex((one) => one.xid === xid), 1);
    committed.push({ rows, xid, at: clock, life });
  };
  const concerns = ({ rows }: { readonly rows: readonly TimelineRow[] }, tenantId: string, { kind, id, owner }: Dependency): boolean =>
    rows.some((row) => {
      if (row.kind !== kind || (row.tenantId !== null && row.tenantId !== tenantId)) return false;
      const named = [...row.ids, ...row.removedIds];
      return id === undefined && owner === undefined ? true : id !== undefined ? named.includes(id) : named.some((name) => ownerOf(name) === owner);
    });
  const textAt = (commits: number, tenantId: string, dependency: Dependency): number => committed.slice(0, commits).filter((one) => concerns(one, tenantId, dependency)).length;

  // ---- the process
  let look: { readonly begun: Begun; snapshot: Snapshot | null } | null = null;
  let lastEnded = 0;
  const reads: { readonly tenantId: string; readonly dependency: Dependency; readonly since: number; snapshot: Snapshot | null }[] = [];
  const memory: Remembered[] = [];
  /** Those who wait for a look, with what they have to see of what they were told before. */
  const waiting: { readonly tenantId: string; readonly own: number; readonly told: number }[] = [];
  /** Commits that a tenant was told of, by a mutation's answer or a stream's message. */
  const told = new Map<string, number>(TENANTS.map((tenant) => [tenant, 0]));
  const handedOn = new Set<number>();
  const dependencyOf = (): Dependency => {
    const kind = pick(KINDS);
    const which = random();
    return which < 0.2 ? { kind } : which < 0.6 || kind !== "pod" ? { kind, id: pick(NAMES) } : { kind, owner: pick(OWNERS) };
  };
  const endLook = (): void => {
    if (look === null) return;
    const { begun, snapshot: seen } = look;
    look = null;
    if (seen === null || random() < 0.02) return looks.failed();
    const { since } = begun;
    const fresh = committed.filter((one) => one.life === life && since !== null && (one.xid >= since.end || since.running.has(one.xid)) && one.xid < seen.end && !seen.running.has(one.xid));
    const rows = fresh.flatMap((one) => one.rows);
    const result: Look = { seen, rows: since === null ? [] : random() < 0.02 ? null : rows };
    lastEnded = begun.number;
    looks.end(misuse.clockAtEnd ? { ...begun, beganAt: clock } : begun, result);
  };

  let [answers, waits, refusals] = [0, 0, 0];
  for (let step = 0; step < steps; step++) {
    clock += random() < 0.04 ? below(150) : below(8);
    const what = random();
    if (what < 0.06) begin(random() < 0.2 ? null : pick(TENANTS));
    else if (what < 0.13 && running.length > 0) commit(pick(running));
    else if (what < 0.23) look ??= { begun: looks.begin(), snapshot: null };
    else if (what < 0.35 && look) look.snapshot ??= snapshot();
    else if (what < 0.47 && look?.snapshot) endLook();
    else if (what < 0.48) {
      // The tailer's place: what is committed and below all that still runs, in order.
      const horizon = Math.min(nextXid, ...running.map(({ xid }) => xid));
      const rows = committed.filter((one) => one.life === life && one.xid < horizon && !handedOn.has(one.xid)).toSorted((a, b) => a.xid - b.xid);
      for (const { xid } of rows) handedOn.add(xid);
      looks.noteRows(rows.flatMap((one) => one.rows));
      for (const tenant of TENANTS) {
        const last = committed.findLastIndex((one) => handedOn.has(one.xid) && one.rows.some((row) => row.tenantId === null || row.tenantId === tenant));
        // Of those that were handed on each is promised; the text says how many, so only a gapless beginning of them can be counted.
        const gap = committed.findIndex((one) => !handedOn.has(one.xid));
        told.set(tenant, Math.max(told.get(tenant) ?? 0, gap === -1 ? last + 1 : Math.min(gap, last + 1)));
      }
    } else if (what < 0.5) {
      // A mutation, committed and answered.
      const tenant = pick(TENANTS);
      if (misuse.noteOwnTooEarly) looks.noteOwn(tenant);
      const mine = begin(tenant);
      if (misuse.noteOwnTooEarly && look === null) {
        look = { begun: looks.begin(), snapshot: snapshot() };
        endLook();
      }
      commit(mine);
      if (!misuse.noteOwnTooEarly) looks.noteOwn(tenant);
      told.set(tenant, committed.length);
    } else if (what < 0.502 && look === null) {
      // Another server goes on, which has lost what ran, and gives ids anew.
      life += 1;
      running.length = 0;
      nextXid = Math.max(100, nextXid - below(5));
      handedOn.clear();
    } else if (what < 0.5025) looks.forget();
    else if (what < 0.6) {
      const tenantId = pick(TENANTS);
      const current = looks.current(tenantId);
      if (current === null && waiting.length < 8) waiting.push({ tenantId, own: looks.lastOwn(tenantId) - (misuse.waitsTooLittle ? 1 : 0), told: told.get(tenantId) ?? 0 });
      const since = misuse.sinceOfUnderWay && look ? look.begun.number : current;
      if (since !== null) reads.push({ tenantId, dependency: dependencyOf(), since, snapshot: misuse.readBeforeSince ? earlier(snapshot()) : null });
    } else if (what < 0.67 && reads.length > 0) {
      const read = pick(reads);
      read.snapshot ??= snapshot();
    } else if (what < 0.74) {
      const index = reads.findIndex((read) => read.snapshot !== null);
      const [read] = index === -1 ? [] : reads.splice(index, 1);
      if (read?.snapshot) memory.push({ ...read, says: textAt(read.snapshot.commits, read.tenantId, read.dependency) });
      if (memory.length > 60) memory.shift();
    } else if (memory.length > 0) {
      // Asked now, or by who waits, as soon as a look vouches for that.
      const index = below(memory.length);
      const text = memory[index] as Remembered;
      const done = random() < 0.5 ? waiting.findIndex(({ tenantId, own }) => tenantId === text.tenantId && looks.current(tenantId, own) !== null) : -1;
      const [waited] = done === -1 ? [] : waiting.splice(done, 1);
      const current = looks.current(text.tenantId, waited?.own);
      if (waited && current !== null && random() < 0.3) reads.push({ tenantId: text.tenantId, dependency: dependencyOf(), since: current, snapshot: null });
      if (current === null || looks.changedSince(text.tenantId, text.dependency, text.since)) {
        refusals += 1;
        continue;
      }
      answers += 1;
      if (waited) waits += 1;
      const old = committed.filter(({ at }) => at <= clock - VOUCHES_MS).length;
      const least = textAt(Math.max(old, waited?.told ?? told.get(text.tenantId) ?? 0), text.tenantId, text.dependency);
      if (text.says < least) return { violation: `step ${step}: ${JSON.stringify(text)} is answered, where ${least} changes had to be known`, answers, waits, refusals };
      memory[index] = { ...text, since: Math.max(text.since, current, misuse.sinceOfUnderWay ? lastEnded : 0) };
    }
  }
  return { violation: null, answers, waits, refusals };
}

const ownerOf = (name: string): string => (name < "c" ? "x" : "y");
/** As if the read had begun some commits ago. */
const earlier = (snapshot: Snapshot): Snapshot => ({ ...snapshot, commits: Math.max(0, snapshot.commits - 2) });

const RUNS = 1500;
/** A fault is looked for until it is found: the rarest shows in one of some hundreds, and chance must not decide. */
const MOST_RUNS = 30_000;
const FAULTS: readonly Fault[] = [
  { name: "takes rows that say no owner for nobody's", text: "if (ownerIds === null) ofKind.anybodys = number;", by: "if (ownerIds === null) {}" },
  { name: "forgets what is everybody's", text: "for (const row of rows) this.#note(row, number);", by: "for (const row of rows) if (row.tenantId !== null) this.#note(row, number);" },
  { name: "leaves the floor where it was when the oldest go", text: "this.#floor = Math.max(this.#floor, this.#old.last);", by: "" },
  { name: "leaves the floor where it was when it could not compare", text: "this.#floor = Math.max(this.#floor, floor);", by: "" },
  { name: "goes on after a look that failed", text: "failed(): void {\n    this.#seen = null;", by: "failed(): void {\n    this.#seen = this.#seen && { ...this.#seen, end: this.#seen.end + 4 };" },
  { name: "compares two lives", text: "since.life === seen.life &&", by: "" },
  { name: "vouches for twice as long", text: ">= VOUCHES_MS) return null;", by: ">= 2 * VOUCHES_MS) return null;" },
  { name: "lets a look that had begun vouch for an own change", text: "this.#own.set(tenantId, this.#begun);", by: "this.#own.set(tenantId, this.#begun - 1);" },
  { name: "overlooks own changes", text: "Math.max(this.#ownOfAll, this.#own.get(tenantId) ?? 0)", by: "this.#ownOfAll" },
  { name: "lets any look vouch for who waits", text: "return ended.number > own ? ended.number : null;", by: "return ended.number;" },
  { name: "drops what is told to streams", text: "for (const row of rows) this.#note(row, next);", by: "{}" },
  { name: "counts what streams are told as shown already", text: "const next = this.#ended.number + 1;", by: "const next = this.#ended.number;" },
  { name: "looks at the young alone", text: " ?? this.#old[which].get(kind)?.get(id)", by: "" },
  { name: "forgets a tenant that was old", text: "before.tenants.get(tenantId) ?? nothingShown()", by: "nothingShown()" },
  { name: "forgets what was removed", text: "for (const some of [ids, removedIds])", by: "for (const some of [ids])" },
  { name: "takes the newest look for changed as unchanged", text: "\"ids\", kind, named) > since;", by: "\"ids\", kind, named) > since + 1;" },
  { name: "asks only the tenant's own", text: "<= since) && everybody.last <= since) return false;", by: "<= since)) return false;" },
];
const MISUSES: readonly (readonly [name: string, misuse: Misuse])[] = [
  ["numbers a read by the look that is under way", { sinceOfUnderWay: true }],
  ["takes a look's end for its beginning", { clockAtEnd: true }],
  ["notes an own change before it is committed", { noteOwnTooEarly: true }],
  ["numbers a read after it", { readBeforeSince: true }],
  ["waits for what may have begun before an own change", { waitsTooLittle: true }],
];

describe("what is remembered and checked by looks at the timeline", () => {
  const first = testSeed();
  let source: { readonly Looks: typeof Looks };
  beforeAll(async () => {
    source = await graph.load(LOOKS);
  });
  const firstViolation = (implementation: typeof Looks, misuse?: Misuse, runs = MOST_RUNS): string | null => {
    for (let seed = first; seed < first + runs; seed++) {
      const { violation } = run(seed, implementation, misuse);
      if (violation !== null) return `seed ${seed}, ${violation}`;
    }
    return null;
  };

  it("is never older than its bound, and is answered often", () => {
    expect(firstViolation(source.Looks, undefined, RUNS)).toBeNull();
    const outcomes = Array.from({ length: 100 }, (_, n) => run(first + n, Looks));
    expect(outcomes.reduce((sum, { answers }) => sum + answers, 0)).toBeGreaterThan(400);
    expect(outcomes.reduce((sum, { waits }) => sum + waits, 0)).toBeGreaterThan(20);
  });

  it.each(FAULTS)("would be found out if it $name", async (fault) => {
    const { Looks: faulty } = await graph.load<typeof source>(LOOKS, [{ ...fault, path: LOOKS }]);
    expect(firstViolation(faulty), `no violation from seed ${first} on`).not.toBeNull();
  });

  it.each(MISUSES)("would be found out by who %s", (_name, misuse) => {
    expect(firstViolation(Looks, misuse), `no violation from seed ${first} on`).not.toBeNull();
  });
});
