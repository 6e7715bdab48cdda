import type { Logger } from "pino";
import type { Pool } from "pg";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Changes } from "../read/changes.ts";
import type { Bus } from "./bus.ts";
import { type Begun, type Look, Looks, type Seen, VOUCHES_MS } from "./looks.ts";
import { type TimelineRow, toRow } from "./tailer.ts";

/**
 * Looks at the timeline for what remembered text is checked against; looks.ts has the rules, and says why they hold. Here is when looks happen:
 *
 *   asked now and then   one where somebody waits for it (`look`), which all who wait share
 *   asked often          every EVERY_MS; GATHER_MS after the bus told of a commit; at once where this process committed, or where nothing vouches
 *
 * Asked often means: twice within OFTEN_MS, and not longer ago than that. At most one look is under way, and at most one is due. Where they fail, or take too long,
 * nothing vouches and everything is read: slower, never wrong.
 */
export interface ChangesOptions {
  /** Connections as selvedge_tailer: one is enough. */
  readonly pool: Pool;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly registry: Registry;
  /** Rows that a look reads at most; where there are more, all that was remembered is void. */
  readonly maxRows?: number;
  readonly maxEntries?: number;
}

export interface ChangesFeed extends Changes {
  /** This process is about to answer a mutation of the tenant, which has been committed. */
  noteOwn(tenantId: string): void;
  /** Rows of the timeline of which streams are about to hear: who asks after a message never gets something older. */
  noteRows(rows: readonly TimelineRow[]): void;
  /** Another term began: all that is known is void. */
  forget(): void;
  start(): void;
  close(): Promise<void>;
}

/** As long as one look vouches: who asks less often finds no answer of looks that happen by themselves. */
const OFTEN_MS = VOUCHES_MS;
/** Longer than looks take, and shorter than what they save: who waits for one would else have read by now. */
const WAIT_MS = 50;
const EVERY_MS = 100;
/** Under many small commits. */
const GATHER_MS = 20;
const BACKOFF_MS = 100;
/** The timeline forgets after a day, and a look that came so late would not be shown what it should. */
const COMPARABLE_MS = 600_000;
const MAX_ROWS = 10_000;

// One statement, so one snapshot: it, and the rows that it sees. What the last one did not see is what began after it, or was running then. In the order of the
// index, without which a planner that does not know the parameters would rather read all of the table.
const LOOK = /* sql */ `
select s.life, s.snapshot, s.at, r.xid, r.seq, r.tenant_id, r.cluster_id, r.kind, r.ids, r.removed_ids, r.owner_ids
from (
  select (select term from database_life) || ' ' || extract(epoch from pg_postmaster_start_time()) as life, pg_current_snapshot()::text as snapshot,
    extract(epoch from clock_timestamp())::float8 * 1000 as at
) s
left join lateral (
  select * from (select * from timeline t where t.xid >= $1 order by t.xid, t.seq limit $3) later
  union all
  select * from (select * from timeline t where t.xid = any ($2::bigint[]) limit $3) running
) r on true`;

export function createChanges({ pool, bus, logger, registry, maxRows = MAX_ROWS, maxEntries }: ChangesOptions): ChangesFeed {
  const now = (): number => performance.now();
  const looks = new Looks({ now, ...(maxEntries === undefined ? {} : { maxEntries }) });
  const metrics = createMetrics(registry, looks);
  let asked = -Infinity;
  /** When it was last asked for the second time within OFTEN_MS. */
  let askedOften = -Infinity;
  let due = Infinity;
  let notBefore = 0;
  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<void> | null = null;
  let failing = false;
  /** When the last look was, in milliseconds of the database's clock. */
  let lookedAt: number | null = null;
  let closed = false;

  const isAskedOften = (): boolean => now() - askedOften < OFTEN_MS;
  const ask = (): void => {
    const at = now();
    if (at - asked < OFTEN_MS) askedOften = at;
    asked = at;
  };
  const schedule = (at: number): void => {
    due = Math.min(due, Math.max(at, notBefore));
    if (underWay !== null || closed || due === Infinity) return;
    clearTimeout(timer);
    const wait = due - now();
    if (wait <= 0) run();
    else timer = setTimeout(run, wait).unref();
  };
  const run = (): void => {
    if (underWay !== null || closed) return;
    clearTimeout(timer);
    due = Infinity;
    underWay = look().finally(() => {
      underWay = null;
      schedule(Infinity);
    });
  };
  const look = async (): Promise<void> => {
    const begun = looks.begin();
    const stop = metrics.seconds.startTimer();
    try {
      const found = await read(pool, begun, maxRows);
      metrics.rows.inc(found.rows?.length ?? 0);
      // By the database's clock: this machine may have slept.
      const tooOld = lookedAt !== null && Math.abs(found.at - lookedAt) > COMPARABLE_MS;
      lookedAt = found.at;
      metrics.looks.inc({ outcome: looks.end(begun, tooOld ? { ...found, rows: null } : found) ? "compared" : "forgot" });
      if (failing) logger.info("changes are seen again");
      failing = false;
    } catch (error) {
      looks.failed();
      metrics.looks.inc({ outcome: "failed" });
      if (!failing && !closed) logger.warn({ err: error }, "changes cannot be seen; nothing remembered is answered");
      failing = true;
      notBefore = now() + BACKOFF_MS;
    } finally {
      stop();
      if (isAskedOften()) due = Math.min(due, Math.max(begun.beganAt + EVERY_MS, notBefore));
    }
  };
  let unsubscribe = (): void => undefined;

  return {
    current(tenantId) {
      ask();
      const current = looks.current(tenantId);
      if (current === null && underWay === null && isAskedOften()) schedule(now());
      return current;
    },
    async look(tenantId) {
      const own = looks.lastOwn(tenantId);
      const until = now() + WAIT_MS;
      // What is under way may have begun too early, for an own change or for its age: then it is the one after it.
      for (;;) {
        const current = looks.current(tenantId, own);
        const left = until - now();
        if (current !== null || left <= 0) return current;
        if (underWay === null) schedule(now());
        // It failed a moment ago, and is not tried again yet.
        if (underWay === null) return null;
        await within(underWay, left);
      }
    },
    changedSince: (tenantId, dependency, since) => looks.changedSince(tenantId, dependency, since),
    noteOwn(tenantId) {
      looks.noteOwn(tenantId);
      if (isAskedOften()) schedule(now());
    },
    noteRows: (rows) => looks.noteRows(rows),
    forget: () => looks.forget(),
    start() {
      unsubscribe = bus.subscribe("timeline", () => {
        if (isAskedOften()) schedule(now() + GATHER_MS);
      });
    },
    async close() {
      closed = true;
      unsubscribe();
      clearTimeout(timer);
      await underWay;
    },
  };
}

/** Once it has come, or so much later. */
function within(coming: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void coming.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** No transaction has such an id. */
const NONE = Number.MAX_SAFE_INTEGER;

async function read(pool: Pool, { since }: Begun, maxRows: number): Promise<Look & { readonly at: number }> {
  const { rows } = await pool.query({ name: "look-at-timeline", text: LOOK, values: [since?.end ?? NONE, [...(since?.running ?? [])], maxRows + 1] });
  const { life, snapshot, at } = rows[0] as { life: string; snapshot: string; at: number };
  const found = rows.filter((row) => row.xid !== null);
  return { seen: { life, ...parseSnapshot(snapshot) }, rows: found.length > maxRows ? null : found.map(toRow), at };
}

/** As Postgres writes it, e.g. 10:20:10,14: the oldest that runs, the next to begin, those that run. */
export function parseSnapshot(text: string): Pick<Seen, "end" | "running"> {
  const [, end, running] = text.split(":");
  return { end: Number(end), running: new Set((running ?? "").split(",").filter(Boolean).map(Number)) };
}

function createMetrics(registry: Registry, looks: Looks) {
  const registers = [registry];
  new Gauge({
    name: "selvedge_changes_vouching", help: "1 while what is remembered may be answered, as far as looks at the timeline are new enough.", registers,
    collect() {
      this.set(looks.vouches ? 1 : 0);
    },
  });
  new Gauge({
    name: "selvedge_changes_entries", help: "Things whose last change is known.", registers,
    collect() {
      this.set(looks.entries);
    },
  });
  return {
    looks: new Counter({ name: "selvedge_changes_looks_total", help: "Looks at the timeline for what has changed; one that forgot could not compare.", labelNames: ["outcome"], registers }),
    rows: new Counter({ name: "selvedge_changes_rows_total", help: "Rows of the timeline that looks read.", registers }),
    seconds: new Histogram({ name: "selvedge_changes_look_seconds", help: "A look at the timeline.", buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1], registers }),
  };
}
