/**
 * The log of events against a model that is as simple as the rules (server/fleet/agent/events.ts): lists that are searched from end to end, and nothing
 * kept twice. Whatever happens, is taken, acknowledged or given up, and wherever the process is killed, both hold the same; the centre is told each id with one
 * content, and what was dropped is counted. fast-check prints the seed of a failure.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventLog, REPEAT_MS, SIMILAR_LIMIT, SIMILAR_MS, type EventLogOptions, type EventLogState, type StoredEvent } from "#server/fleet/agent/events.ts";
import type { EventObject, EventReport } from "#server/fleet/link.ts";
import type { Happening } from "#server/fleet/simulator/cluster-options.ts";

const LIMIT = 8;
const REASONS = ["BackOff", "Unhealthy"];

const object = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("pod" as const), id: fc.integer({ min: 0, max: 14 }).map((n) => `pod-${n}`), name: fc.constant("web"), placementId: fc.constantFrom("placement-1", "placement-2") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("placement" as const), id: fc.constantFrom("placement-1", "placement-2") }) },
  { weight: 1, arbitrary: fc.constant<EventObject>({ kind: "cluster" }) },
);
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("happen" as const), object, reason: fc.constantFrom(...REASONS), after: fc.constantFrom(0, 1, 1_000, REPEAT_MS - 1, REPEAT_MS, SIMILAR_MS) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("report" as const), limit: fc.integer({ min: 1, max: 5 }), after: fc.constantFrom(0, 1_000, REPEAT_MS) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("stored" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("acked" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("epoch" as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("commit" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("kill" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const keyOf = ({ object: of, reason }: { readonly object: EventObject; readonly reason: string }): string => `${of.kind === "cluster" ? "cluster" : of.id} ${reason}`;

interface Counted {
  count: number;
  firstAt: number;
  toldAt: number;
  owed: Happening | null;
}
interface Waits {
  readonly key: string;
  readonly at: number;
  readonly count: number;
  readonly firstAt: number;
  readonly wasSent: boolean;
  readonly lost?: EventReport["lost"];
}

class Model {
  waiting: Waits[] = [];
  counted = new Map<string, Counted>();
  similar = new Map<string, { since: number; pods: number }>();
  /** Keys of what is owed, that which began first before the others. */
  owed: string[] = [];

  happened(happening: Happening): void {
    const told = this.#combined(happening);
    const key = keyOf(told);
    const series = this.counted.get(key) ?? { count: 0, firstAt: told.at, toldAt: -Infinity, owed: null };
    series.count += 1;
    this.counted.set(key, series);
    const isOpen = this.waiting.some((one) => one.key === key && !one.wasSent && one.lost === undefined);
    if (isOpen || told.at - series.toldAt >= REPEAT_MS) this.#tell(series, told, told.at);
    else {
      series.owed = told;
      if (!this.owed.includes(key)) this.owed.push(key);
    }
  }

  settle(now: number): void {
    for (const key of this.owed.slice()) {
      const series = this.counted.get(key) as Counted;
      if (series.owed !== null && now - series.toldAt >= REPEAT_MS) this.#tell(series, series.owed, now);
    }
  }

  take(limit: number): Waits[] {
    return this.waiting.splice(0, limit);
  }

  putBack(some: readonly Waits[]): void {
    this.waiting.unshift(...some.map((one) => ({ ...one, wasSent: true })));
    this.#bound();
  }

  /** Only what waits outlives a process. */
  killed(): void {
    this.counted.clear();
    this.similar.clear();
    this.owed = [];
    for (const { key, count, firstAt, at } of this.waiting) this.counted.set(key, { count, firstAt, toldAt: at, owed: null });
  }

  #combined(happening: Happening): Happening {
    const { object: of, at, reason } = happening;
    if (of.kind !== "pod" || this.counted.has(keyOf(happening))) return happening;
    const key = `${of.placementId} ${reason}`;
    let group = this.similar.get(key);
    if (group === undefined || at - group.since >= SIMILAR_MS) this.similar.set(key, (group = { since: at, pods: 0 }));
    if (group.pods === SIMILAR_LIMIT) return { ...happening, object: { kind: "placement", id: of.placementId } };
    group.pods += 1;
    return happening;
  }

  #tell(series: Counted, happening: Happening, now: number): void {
    const key = keyOf(happening);
    this.waiting = this.waiting.filter((one) => one.wasSent || one.lost !== undefined || one.key !== key);
    this.waiting.push({ key, at: happening.at, count: series.count, firstAt: series.firstAt, wasSent: false });
    Object.assign(series, { toldAt: now, owed: null });
    this.owed = this.owed.filter((one) => one !== key);
    this.#bound();
  }

  #bound(): void {
    if (this.waiting.length <= LIMIT) return;
    const head = this.waiting[0];
    const gone = head?.lost !== undefined && !head.wasSent ? [head] : [];
    this.waiting.splice(0, gone.length);
    while (this.waiting.length >= LIMIT) gone.push(this.waiting.shift() as Waits);
    const key = "cluster EventsLost";
    const spans = gone.map(({ at, lost }) => lost ?? { events: 1, from: at, to: at });
    const lost = { events: spans.reduce((sum, span) => sum + span.events, 0), from: Math.min(...spans.map(({ from }) => from)), to: Math.max(...spans.map(({ to }) => to)) };
    const series = this.counted.get(key) ?? { count: 0, firstAt: lost.from, toldAt: -Infinity, owed: null };
    series.count += gone.filter((one) => one.lost === undefined).length;
    this.counted.set(key, series);
    this.waiting.unshift({ key, at: lost.to, count: series.count, firstAt: series.firstAt, wasSent: false, lost });
  }
}

type Log = new (options: EventLogOptions) => EventLog;

/** Log, store and centre; and the model, beside them. */
class World {
  readonly #log: Log;
  #now = 1_000_000;
  #subject: EventLog;
  readonly #model = new Model();
  /** Reports that are not acknowledged, as both hold them. */
  #inFlight: { readonly events: readonly EventReport[]; readonly model: readonly Waits[] }[] = [];
  readonly #changed = new Set<number>();
  readonly #stored = new Map<number, StoredEvent>();
  #state: EventLogState = EventLog.fresh("test");
  #committed = { inFlight: this.#inFlight, waiting: structuredClone(this.#model.waiting) };
  /** What the centre has, by id. */
  readonly centre = new Map<string, EventReport>();

  constructor(log: Log) {
    this.#log = log;
    this.#subject = this.#opened();
  }

  act(next: Step): void {
    switch (next.kind) {
      case "happen": {
        this.#now += next.after;
        const happening: Happening = { at: this.#now, type: "WARNING", reason: next.reason, message: "it did", object: next.object };
        this.#subject.happened(happening);
        this.#model.happened(happening);
        break;
      }
      case "report": {
        this.#now += next.after;
        this.#subject.settle(this.#now);
        this.#model.settle(this.#now);
        const events = this.#subject.take(next.limit);
        this.#inFlight = [...this.#inFlight, { events, model: this.#model.take(next.limit) }];
        // A report leaves once it is stored.
        this.#commit();
        break;
      }
      case "stored": {
        // The centre stores the first report that it lacks; the agent may never hear of it.
        const report = this.#inFlight.find(({ events }) => events.some(({ id }) => !this.centre.has(id)));
        for (const event of report?.events ?? []) {
          const known = this.centre.get(event.id);
          if (known !== undefined) expect(event).toEqual(known);
          this.centre.set(event.id, event);
        }
        break;
      }
      case "acked": {
        const first = this.#inFlight[0];
        if (first?.events.every(({ id }) => this.centre.has(id)) === true) this.#inFlight = this.#inFlight.slice(1);
        break;
      }
      case "epoch":
        this.#subject.putBack(this.#inFlight.flatMap(({ events }) => events));
        this.#model.putBack(this.#inFlight.flatMap(({ model }) => model));
        this.#inFlight = [];
        break;
      case "commit":
        this.#commit();
        break;
      case "kill":
        this.#changed.clear();
        this.#subject = this.#opened();
        this.#inFlight = this.#committed.inFlight;
        this.#model.waiting = structuredClone(this.#committed.waiting);
        this.#model.killed();
        this.#commit();
    }
    this.check();
  }

  check(): void {
    const stored = new Map(this.#stored);
    for (const position of this.#changed) this.#write(stored, position);
    const waiting = [...stored.values()].toSorted((a, b) => a.position - b.position);
    expect(waiting.map(({ event, wasSent }) => ({ key: keyOf(event), at: event.at, count: event.count, firstAt: event.firstAt, wasSent, ...(event.lost ? { lost: event.lost } : {}) }))).toEqual(this.#model.waiting);
    expect(this.#subject.size).toBe(this.#model.waiting.length);
    expect(this.#subject.size).toBeLessThanOrEqual(LIMIT);
    for (const { events, model } of this.#inFlight) expect(events.map(keyOf)).toEqual(model.map(({ key }) => key));
    const ids = [...waiting.map(({ event }) => event.id), ...this.#inFlight.flatMap(({ events }) => events.map(({ id }) => id))];
    expect(new Set(ids).size).toBe(ids.length);
    // What no report had is news to the centre.
    for (const { event, wasSent } of waiting) if (!wasSent) expect(this.centre.has(event.id)).toBe(false);
  }

  #opened(): EventLog {
    const stored = [...this.#stored.values()].toSorted((a, b) => a.position - b.position).map((one) => structuredClone(one));
    return new this.#log({ state: this.#state, stored, changed: (position) => this.#changed.add(position), limit: LIMIT });
  }

  #write(stored: Map<number, StoredEvent>, position: number): void {
    const one = this.#subject.at(position);
    if (one === null) stored.delete(position);
    else stored.set(position, structuredClone(one));
  }

  #commit(): void {
    for (const position of this.#changed) this.#write(this.#stored, position);
    this.#changed.clear();
    this.#state = this.#subject.state;
    this.#committed = { inFlight: this.#inFlight, waiting: structuredClone(this.#model.waiting) };
  }
}

const holds = (log: Log) =>
  fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
    const world = new World(log);
    for (const each of steps) world.act(each);
  });

describe("the log of events", () => {
  it("holds what the model does, and tells each record once, whatever happens", () => {
    fc.assert(holds(EventLog), { numRuns: 150 });
  }, 60_000);

  it.each<[string, Log]>([
    ["puts back in the wrong order", class extends EventLog {
      override putBack(events: readonly EventReport[]): void {
        super.putBack(events.toReversed());
      }
    }],
    ["gives a record away", class extends EventLog {
      override take(limit?: number): EventReport[] {
        return super.take(limit).slice(0, 3);
      }
    }],
    ["keeps one more than it may", class extends EventLog {
      constructor(options: EventLogOptions) {
        super({ ...options, limit: LIMIT + 1 });
      }
    }],
    ["changes what a report had", class extends EventLog {
      constructor(options: EventLogOptions) {
        super({ ...options, stored: options.stored.map((one) => ({ ...one, wasSent: false })) });
      }
    }],
    ["draws the same ids after a restart", class extends EventLog {
      override get state(): EventLogState {
        return { ...super.state, random: EventLog.fresh("test").random };
      }
    }],
    ["forgets what it owes", class extends EventLog {
      override settle(): void {}
    }],
  ])("is found out where it %s", (_what, log) => {
    expect(fc.check(holds(log), { numRuns: 1_000, endOnFailure: true }).failed).toBe(true);
  }, 60_000);
});
