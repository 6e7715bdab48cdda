import type pg from "pg";
import { cpuOf } from "./cpu.ts";

const ROWS = 500;
/** Beyond it the rate does not change any more. */
const MOST_ROWS = 20_000;

interface PodRow {
  readonly cluster_id: string;
  readonly [column: string]: unknown;
}

const COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ["cluster_id", "uuid"], ["id", "uuid"], ["tenant_id", "uuid"], ["application_id", "uuid"], ["namespace_id", "uuid"], ["placement_id", "uuid"], ["revision_id", "uuid"], ["node_id", "uuid"],
  ["name", "text"], ["phase", "text"], ["ready", "boolean"], ["reason", "text"], ["message", "text"], ["private_ip", "inet"], ["restart_count", "int"], ["containers", "jsonb"],
  ["created_at", "timestamptz"], ["started_at", "timestamptz"], ["epoch", "int"],
];
const names = COLUMNS.map(([name]) => name);
const KEYS = ["cluster_id", "id"];

const UPSERT = `
insert into bench_pod (${names.join(", ")})
select * from unnest(${COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(", ")})
on conflict (cluster_id, id) do update set ${names.filter((name) => !KEYS.includes(name)).map((name) => `${name} = excluded.${name}`).join(", ")}`;

export interface Limit {
  readonly rowsPerSecond: number;
  /** Of Postgres' process that does it; nobody else's work is in it. */
  readonly cpuMicrosARow: number;
}

/** Pods' rows as they are, into an empty table like theirs. */
export async function upsertAgain(sql: pg.Client): Promise<Limit> {
  await sql.query("create table bench_pod (like pod including all)");
  const { rows } = await sql.query<PodRow>(`select ${names.map((name) => (name === "containers" || name === "private_ip" ? `${name}::text` : name)).join(", ")} from pod order by cluster_id, id limit ${MOST_ROWS}`);
  const pid = (await sql.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]?.pid ?? 0;
  const cpuBefore = await cpuOf(pid);
  const startedAt = performance.now();
  for (let from = 0; from < rows.length; from += ROWS) {
    const some = rows.slice(from, from + ROWS);
    await sql.query({ name: "limit", text: UPSERT, values: names.map((name) => some.map((row) => row[name])) });
  }
  const tookMs = performance.now() - startedAt;
  return { rowsPerSecond: rows.length / (tookMs / 1_000), cpuMicrosARow: (((await cpuOf(pid)) - cpuBefore) * 1_000) / rows.length };
}
