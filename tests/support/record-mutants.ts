import type { Pool } from "pg";
import type { RecordMutant } from "./record-history.ts";

/** Bugs that a server of records could have; each must show in a history. */
const text = (pool: Pool, from: string, to: string): Pool =>
  ({ query: (config: { text: string }) => pool.query({ ...config, text: config.text.replaceAll(from, to), name: undefined } as never) }) as never;
export const RECORD_MUTANTS: Record<string, RecordMutant> = {
  "tells what is beyond transactions that still run": { pool: (pool) => text(pool, "pg_snapshot_xmin", "pg_snapshot_xmax") },
  "is not woken by the last row of a batch": { fanout: (fanout) => ({ ...fanout, deliver: (rows) => fanout.deliver(rows.slice(0, -1)) }) },
  "takes a page's last record for the last of its transaction": {
    reader: (reader) => ({ ...reader, page: async (bounds, limit) => {
      const { rows, end } = await reader.page(bounds, limit);
      return { rows, end: end && bounds.by === "commits" ? { ...end, xid: end.xid + 1 } : end };
    } }),
  },
  "takes what was looked through for what was told": {
    reader: (reader) => ({ ...reader, page: async (bounds, limit) => {
      const { rows, end } = await reader.page(bounds, limit);
      return { rows: rows.slice(0, 3), end };
    } }),
  },
  "tells again what a page saw": { reader: (reader) => ({ ...reader, page: (bounds, limit) => reader.page(bounds.by === "commits" ? { ...bounds, without: null } : bounds, limit) }) },
  "takes the horizon for all that a page saw": { edge: ([time = "", id = "", term = "", snapshot = ""]) => [time, id, term, `${snapshot.split(":")[0]}:${snapshot.split(":")[0]}:`] },
  "takes all that had begun for what a page saw": { edge: ([time = "", id = "", term = "", snapshot = ""]) => [time, id, term, `${snapshot.split(":")[1]}:${snapshot.split(":")[1]}:`] },
};
