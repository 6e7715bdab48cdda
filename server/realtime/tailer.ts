import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Pool } from "pg";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Bus } from "./bus.ts";
import { comparePositions, type Position } from "./cursor.ts";
import type { TimelineKind } from "./timeline.ts";

/**
 * Reads the timeline once for a whole process, under the role selvedge_tailer, and hands each row on in order, exactly once.
 *
 * Transactions get their xid when they begin to write and become visible when they commit, so a row of a small xid may appear after one of
 * a large xid was read. Nothing is therefore read beyond the *horizon*: the oldest transaction that is still running, as one snapshot sees
 * it (pg_snapshot_xmin). Below it everything is decided. The horizon is the server's: a long transaction anywhere on it, in other
 * databases as well, holds all streams back, which is why its age is a metric and part of readiness.
 *
 *   position ─── rows handed on ───▶ │ horizon │ committed rows that must wait │ running transactions
 *
 * Invariant: every row before `position` was handed on, and no row after it. Woken by the bus, and by itself every second.
 */
export interface TimelineRow {
  readonly xid: number;
  readonly seq: number;
  /** null: every tenant. */
  readonly tenantId: string | null;
  readonly clusterId: string | null;
  readonly kind: TimelineKind;
  readonly ids: readonly string[];
  readonly removedIds: readonly string[];
  /** The applications that its objects belong to; null: any. */
  readonly ownerIds: readonly string[] | null;
}

export interface TailerOptions {
  /** Connections as selvedge_tailer; two are enough. */
  readonly pool: Pool;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly registry: Registry;
  /** Called with each batch, in order, before `position` moves behind it. Must not throw or wait. */
  readonly onRows: (rows: readonly TimelineRow[]) => void;
  /** Another term began: what was known of the timeline is void. */
  readonly onNewTerm: () => void;
  readonly pollMs?: number;
  readonly batchRows?: number;
}

export interface Tailer {
  /** Finds the present end of the timeline. Rejects where the database is not there. */
  start(): Promise<void>;
  readonly position: Position;
  /**
   * What was written from one place up to another, of these kinds and for this tenant: for one who was away. null: more rows lie between
   * them than `maxRows`, of all tenants together; they are not of one term; or `from` is ahead of `to`, as a place of a server that has since
   * gone back in time is.
   */
  replay(from: Position, to: Position, filter: { readonly tenantId: string; readonly kinds: readonly TimelineKind[] }, maxRows: number): Promise<TimelineRow[] | null>;
  /** Whether transactions up to this one may have begun in this term: one that can't is of a server which has since gone back in time. */
  mayKnow(xid: number): Promise<boolean>;
  /**
   * Waits until this place is passed, which another server's tailer gave out and may have been the first to read: what was told up to there is not told again from before it. Answers after
   * a while also where it is none.
   */
  reach(place: Position): Promise<void>;
  /** Answers whether everything that was committed before this call has been handed on: that may be less than what readers already see. */
  caughtUp(): () => boolean;
  /** How long ago, in milliseconds, everything that had begun was decided; Infinity where the database does not answer. */
  horizonAge(): number;
  close(): Promise<void>;
}

interface Batch {
  readonly term: number;
  readonly horizon: number;
  /** The xid that the next transaction will get. */
  readonly next: number;
  readonly waiting: boolean;
  readonly rows: readonly TimelineRow[];
}

/** Under many small commits: how long to gather them, and how soon to look again where rows wait for the horizon. */
const GATHER_MS = 5;
const LOOK_AGAIN_MS = 20;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 2000;
/** Longer than a look, were nobody woken. */
const REACH_MS = 2_000;
const SAMPLES = 120;

// One statement, so one snapshot: the horizon and the rows below it belong together.
const READ = `
select s.term, s.horizon, s.next, exists (select from timeline w where w.xid >= s.horizon) as waiting,
       r.xid, r.seq, r.tenant_id, r.cluster_id, r.kind, r.ids, r.removed_ids, r.owner_ids
from (
  select (select term from database_life) as term, pg_snapshot_xmin(x.snapshot)::text::bigint as horizon, pg_snapshot_xmax(x.snapshot)::text::bigint as next
  from (select pg_current_snapshot() as snapshot) x
) s
left join lateral (
  select t.xid, t.seq, t.tenant_id, t.cluster_id, t.kind, t.ids, t.removed_ids, t.owner_ids
  from timeline t
  where (t.xid, t.seq) >= ($1::bigint, $2::bigint) and t.xid < s.horizon
  order by t.xid, t.seq
  limit $3
) r on true
order by r.xid, r.seq`;

// The inner limit bounds what one subscriber's absence may cost, whoever's rows lie in between.
const REPLAY = `
select b.* from (
  select t.xid, t.seq, t.tenant_id, t.cluster_id, t.kind, t.ids, t.removed_ids, t.owner_ids
  from timeline t
  where (t.xid, t.seq) >= ($1::bigint, $2::bigint) and (t.xid, t.seq) < ($3::bigint, $4::bigint)
  order by t.xid, t.seq
  limit $5
) b`;

export function createTailer(options: TailerOptions): Tailer {
  const { pool, bus, logger, onRows, onNewTerm, pollMs = 1000, batchRows = 1000 } = options;
  const metrics = createMetrics(options.registry, () => horizonAge());
  let position: Position = { term: 0, xid: 0, seq: 0 };
  let closed = false;
  let loop: Promise<void> = Promise.resolve();
  let woken = false;
  let wake = (): void => undefined;
  const unsubscribe = bus.subscribe("timeline", () => {
    woken = true;
    wake();
  });

  /** Reads are numbered; the newest that came back says what had been committed when it began. */
  let readsBegun = 0;
  let newest = { read: 0, next: 0 };

  /** When which xid was the next: the newest of them that the horizon has passed tells its age. */
  const samples: { readonly at: number; readonly next: number }[] = [];
  let horizon = 0;
  const horizonAge = (): number => {
    for (let i = samples.length - 1; i >= 0; i--) {
      const sample = samples[i] as { at: number; next: number };
      if (sample.next <= horizon) return performance.now() - sample.at;
    }
    return samples[0] ? performance.now() - samples[0].at : Infinity;
  };

  const read = async (from: Position, limit: number): Promise<Batch> => {
    const number = ++readsBegun;
    const stop = metrics.seconds.startTimer();
    const { rows } = await pool.query({ name: "tail-timeline", text: READ, values: [from.xid, from.seq, limit] });
    stop();
    const first = rows[0] as { term: number; horizon: number; next: number; waiting: boolean };
    newest = { read: number, next: first.next };
    return { term: first.term, horizon: first.horizon, next: first.next, waiting: first.waiting, rows: rows.filter((row) => row.xid !== null).map(toRow) };
  };
  const note = (batch: Batch): void => {
    horizon = batch.horizon;
    samples.push({ at: performance.now(), next: batch.next });
    if (samples.length > SAMPLES) samples.shift();
  };

  /** Reads on from `position`: whether there is more to read now, and whether rows wait for the horizon. */
  const advance = async (): Promise<{ more: boolean; waiting: boolean }> => {
    const batch = await read(position, batchRows);
    note(batch);
    if (batch.term !== position.term) {
      logger.warn({ from: position.term, to: batch.term }, "the database's term changed: every stream starts anew");
      position = { term: batch.term, xid: batch.horizon, seq: 0 };
      onNewTerm();
      return { more: false, waiting: batch.waiting };
    }
    if (batch.rows.length > 0) {
      metrics.rows.inc(batch.rows.length);
      onRows(batch.rows);
    }
    const last = batch.rows.at(-1);
    const more = batch.rows.length === batchRows;
    // All below the horizon was read, unless the batch was full: then the place is right behind its last row.
    const next = more && last ? { term: batch.term, xid: last.xid, seq: last.seq + 1 } : { term: batch.term, xid: batch.horizon, seq: 0 };
    // A server that answers from behind (it should not) never takes a position back.
    if (comparePositions(next, position) > 0) position = next;
    return { more, waiting: batch.waiting };
  };

  const pause = (ms: number, wakeable: boolean): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        wake = () => undefined;
        resolve();
      }
      wake = () => {
        if (wakeable || closed) done();
      };
      if (closed || (wakeable && woken)) done();
    });

  const run = async (): Promise<void> => {
    let backoff = FIRST_BACKOFF_MS;
    while (!closed) {
      try {
        woken = false;
        const { more, waiting } = await advance();
        if (backoff > FIRST_BACKOFF_MS) logger.info("the timeline is read again");
        backoff = FIRST_BACKOFF_MS;
        if (more) continue;
        await pause(waiting ? LOOK_AGAIN_MS : pollMs, !waiting);
        if (!waiting) await pause(GATHER_MS, false);
      } catch (error) {
        if (closed) return;
        if (backoff === FIRST_BACKOFF_MS) logger.warn({ err: error }, "the timeline cannot be read; streams wait");
        await pause(backoff, false);
        backoff = Math.min(LONGEST_BACKOFF_MS, backoff * 2);
      }
    }
  };

  return {
    async start() {
      const batch = await read({ term: 0, xid: Number.MAX_SAFE_INTEGER, seq: 0 }, 1);
      note(batch);
      position = { term: batch.term, xid: batch.horizon, seq: 0 };
      loop = run();
    },
    get position() {
      return position;
    },
    async replay(from, to, filter, maxRows) {
      if (from.term !== to.term || comparePositions(from, to) > 0) return null;
      if (comparePositions(from, to) === 0) return [];
      const { rows } = await pool.query({ name: "replay-timeline", text: REPLAY, values: [from.xid, from.seq, to.xid, to.seq, maxRows + 1] });
      if (rows.length > maxRows) return null;
      return rows.map(toRow).filter((row) => (row.tenantId === null || row.tenantId === filter.tenantId) && filter.kinds.includes(row.kind));
    },
    async mayKnow(xid) {
      if (xid <= position.xid) return true;
      const { next } = await read({ ...position, xid: Number.MAX_SAFE_INTEGER }, 1);
      return xid <= next;
    },
    async reach(place) {
      const behind = (): boolean => !closed && place.term === position.term && comparePositions(place, position) > 0;
      if (!behind() || !(await this.mayKnow(place.xid))) return;
      for (const deadline = performance.now() + REACH_MS; behind() && performance.now() < deadline; ) {
        woken = true;
        wake();
        await sleep(LOOK_AGAIN_MS);
      }
    },
    caughtUp() {
      const before = readsBegun;
      let target: number | null = null;
      return () => {
        if (target === null && newest.read > before) target = newest.next;
        return target !== null && position.xid >= target;
      };
    },
    horizonAge,
    async close() {
      closed = true;
      unsubscribe();
      wake();
      await loop;
    },
  };
}

export const toRow = (row: Record<string, unknown>): TimelineRow => ({
  xid: row["xid"] as number,
  seq: row["seq"] as number,
  tenantId: row["tenant_id"] as string | null,
  clusterId: row["cluster_id"] as string | null,
  kind: row["kind"] as TimelineKind,
  ids: row["ids"] as string[],
  removedIds: row["removed_ids"] as string[],
  ownerIds: row["owner_ids"] as string[] | null,
});

function createMetrics(registry: Registry, horizonAge: () => number) {
  const registers = [registry];
  new Gauge({
    name: "selvedge_timeline_horizon_age_seconds",
    help: "How long ago everything that had begun was decided: the oldest running transaction of the whole server holds streams back for so long.",
    registers,
    collect() {
      const age = horizonAge();
      this.set(Number.isFinite(age) ? age / 1000 : -1);
    },
  });
  return {
    rows: new Counter({ name: "selvedge_timeline_rows_total", help: "Rows of the timeline that were handed on.", registers }),
    seconds: new Histogram({ name: "selvedge_timeline_read_seconds", help: "A read of the timeline.", buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1], registers }),
  };
}
