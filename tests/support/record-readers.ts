import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import type { SelvedgeClient, TypedDocument } from "#clients/typescript/index.ts";
import { partsOf, sees } from "./record-history.ts";

/**
 * Readers of the stream of events as clients see it, and what they have to be told: which follows from the cursor that they began with, the rows and nothing else.
 *
 *   from a place (xid)      all that the transactions from it on stored, in the order (xid, time, id)
 *   from an edge (key, P)   what P sees and is newer than the key, in the order (time, id); then all that P does not see, in the order (xid, time, id)
 */
export interface StoredRecord {
  /** As the API has it. */
  readonly id: string;
  readonly xid: number;
  readonly at: number;
  /** null: the platform's. */
  readonly tenantId: string | null;
  readonly namespace: string | null;
  readonly type: string;
  readonly reason: string;
}

export interface RecordReaderOptions {
  readonly name: string;
  readonly filter: { readonly type?: "WARNING" } | null;
  readonly lets: (record: StoredRecord) => boolean;
  /** The cursor of a list's edge; null: from now on. */
  readonly edge: string | null;
  /** To the server that it is at now. */
  readonly connect: () => SelvedgeClient;
}

export interface RecordReader {
  readonly name: string;
  readonly told: readonly string[];
  readonly counted: { readonly messages: number; readonly reconnects: number };
  /** It has a place to go on from. */
  readonly begun: boolean;
  lets(record: StoredRecord): boolean;
  /** Ends its client; another one goes on, with its cursor. */
  move(): void;
  /** What it has to have been told by now, and nothing else. */
  expected(records: readonly StoredRecord[]): readonly string[];
  failures(): readonly string[];
  stop(): Promise<void>;
}

type Message = { readonly events: { readonly cursor: string; readonly events: readonly { readonly id: string }[] } };
const WATCH: TypedDocument<Message, { readonly filter: unknown; readonly after?: string | null }> =
  "subscription ($filter: EventFilter, $after: String) { events(filter: $filter, after: $after) { cursor events { id } } }";

export function startRecordReader({ name, filter, lets, edge, connect }: RecordReaderOptions): RecordReader {
  const told: string[] = [];
  const counted = { messages: 0, reconnects: 0 };
  const failures: string[] = [];
  let began = edge;
  let cursor = edge;
  let client: SelvedgeClient | null = null;
  let going = true;
  const loop = (async () => {
    while (going) {
      const own = connect();
      client = own;
      let lost = false;
      const onState = ({ kind }: { readonly kind: string }): void => {
        if (kind === "reconnecting") lost = true;
        else if (lost) {
          lost = false;
          counted.reconnects += 1;
        }
      };
      for await (const { events } of own.subscribe(WATCH, { filter, ...(cursor === null ? {} : { after: cursor }) }, { onState })) {
        counted.messages += 1;
        ({ cursor } = events);
        began ??= cursor;
        for (const { id } of events.events) told.push(id);
      }
      await own.close();
    }
  })().catch((error: unknown) => void failures.push(`${name}: ${String(error)}`));
  return {
    name, told, counted, lets,
    get begun() {
      return began !== null && (edge === null || counted.messages > 0);
    },
    move() {
      counted.reconnects += 1;
      void client?.close();
    },
    expected: (records) => (began === null ? [] : expectedBehind(began, records.filter(lets)).map(({ id }) => id)),
    failures: () => failures,
    async stop() {
      going = false;
      await client?.close();
      await loop;
    },
  };
}

const byTime = (a: StoredRecord, b: StoredRecord): number => a.at - b.at || (a.id < b.id ? -1 : 1);

/** `records` in the order of commits. */
function expectedBehind(cursor: string, records: readonly StoredRecord[]): readonly StoredRecord[] {
  const [, time, id, , snapshot, , xid] = partsOf(cursor) as [string, string, string, string, string, string?, string?];
  if (xid !== undefined) return records.filter((record) => record.xid >= Number(xid));
  const edge = { id: `Event.${id}`, at: Date.parse(`${time.replace(" ", "T")}Z`) };
  const newer = ({ id: own, at }: StoredRecord): boolean => at > edge.at || (at === edge.at && own > edge.id);
  return [...records.filter((record) => sees(snapshot, record.xid) && newer(record)).toSorted(byTime), ...records.filter((record) => !sees(snapshot, record.xid))];
}

/** What is wrong with what was told, or null. */
export function wrongWith(told: readonly string[], expected: readonly string[]): string | null {
  const at = expected.findIndex((id, index) => told[index] !== id);
  if (at < 0) return told.length === expected.length ? null : `was told ${told.length - expected.length} more than the ${expected.length} that there are`;
  const [there, due] = [told[at], expected[at]];
  if (there === undefined) return `was told ${told.length} of ${expected.length}`;
  if (told.indexOf(there) < at) return `was told ${there} again, at ${at} of ${expected.length}`;
  return told.includes(due as string) ? `was told ${there} before ${due}, at ${at} of ${expected.length}` : `was told ${there} without ${due}, at ${at} of ${expected.length}`;
}

/** All that are stored, in the order of commits. */
export async function storedRecords(sql: Pool): Promise<readonly StoredRecord[]> {
  const { rows } = await sql.query<StoredRecord>(`
    select 'Event.' || e.id as id, e.xid::float8 as xid, (extract(epoch from e.at) * 1000)::float8 as at, e.tenant_id as "tenantId", n.name as namespace, e.type, e.reason
    from event e left join namespace n on n.tenant_id = e.tenant_id and n.id = e.namespace_id order by e.xid, e.at, e.id`);
  return rows;
}

export interface WriteOptions {
  readonly count: number;
  /** Rows a transaction. */
  readonly batch: number;
  readonly random: () => number;
}

/**
 * As a gateway stores what clusters report: the events, and what the timeline says of them, in one transaction; some of these take their time, some are given up, and where Postgres is away
 * it goes on once that is back. At least `count` are stored.
 */
export async function writeRecords(sql: Pool, { count, batch, random }: WriteOptions): Promise<void> {
  const deadline = performance.now() + AWAY_MS;
  for (let written = 0; written < count; ) {
    const size = Math.min(count - written, 1 + Math.floor(random() * batch));
    const isKept = random() >= 0.1;
    try {
      await writeOnce(sql, [size, Math.floor(random() * 3_600_000), random()], random() < 0.2 ? random() * 0.15 : 0, isKept);
      if (isKept) written += size;
    } catch (error) {
      // What Postgres says of the statement is no sign that it is away.
      if (performance.now() > deadline || /^(2|4)/.test(String((error as { code?: string }).code))) throw error;
      await sleep(100);
    }
  }
}

const AWAY_MS = 120_000;

async function writeOnce(sql: Pool, values: readonly number[], holdSeconds: number, isKept: boolean): Promise<void> {
  const client = await sql.connect();
  let isWhole = false;
  try {
    await client.query("begin");
    await client.query(WRITE, [...values]);
    if (holdSeconds > 0) await client.query("select pg_sleep($1)", [holdSeconds]);
    await client.query(isKept ? "commit" : "rollback");
    isWhole = true;
  } finally {
    client.release(!isWhole);
  }
}

/** Of all that is written here. */
export const REASON = "Written";

/** A third each is a tenant's in its first and second namespace, and the platform's; some happened long before they are told. */
const WRITE = /* sql */ `
with place as (
  select n, c.id as cluster_id, t.id as tenant_id, s.id as namespace_id
  from generate_series(1, $1::int) n
  cross join lateral (select id from cluster order by id offset n % (select count(*) from cluster) limit 1) c
  left join tenant t on t.name = 'demo' and n % 3 > 0
  left join lateral (select id from namespace where tenant_id = t.id order by name offset greatest(n % 3 - 1, 0) limit 1) s on true
), stored as (
  insert into event (cluster_id, id, tenant_id, application_id, namespace_id, at, first_at, type, reason, message, count, object_kind, object_id, object)
  select cluster_id, gen_random_uuid(), tenant_id, case when tenant_id is not null then namespace_id end, namespace_id,
    now() - case when n % 5 = 0 then $2 * interval '1 millisecond' else interval '0' end, now(), case when mod($3::numeric * n, 1) < 0.5 then 'WARNING' else 'NORMAL' end,
    '${REASON}', 'it did', 1, case when tenant_id is null then 'node' else 'placement' end, gen_random_uuid(), 'it'
  from place returning cluster_id, tenant_id, id, application_id
)
insert into timeline (tenant_id, cluster_id, kind, ids, owner_ids, at)
select tenant_id, cluster_id, 'event', array_agg(id), case when tenant_id is not null then array_agg(distinct application_id) end, now() from stored group by tenant_id, cluster_id`;
