import type { MetadataStorage } from "@mikro-orm/postgresql";
import { isObjectType } from "graphql";
import type { Pool } from "pg";
import { schema } from "#schema/index.ts";
import { entityOf, type Told } from "#schema/shared/mapping/kinds.ts";

/**
 * Whether the timeline tells of every change of rows that are remembered: each row that comes, goes, or changes in what is not `untold` is named by a row of
 * its kind in the same transaction, which also says to whom it belongs, or that it may be anybody's.
 *
 * Triggers keep the images of all rows that the product's roles write, cascades included; what tests arrange as the superuser is left out. So it does
 * not matter how many write at once, or what they do.
 */
export interface RowChange {
  readonly xid: number;
  readonly table: string;
  readonly before: Row | null;
  readonly after: Row | null;
}
export interface Telling {
  readonly xid: number;
  readonly kind: string;
  readonly tenantId: string | null;
  readonly ids: readonly string[];
  readonly removedIds: readonly string[];
  readonly ownerIds: readonly string[] | null;
}
export interface Recording {
  readonly changes: readonly RowChange[];
  readonly tellings: readonly Telling[];
}
type Row = Readonly<Record<string, unknown>>;

/** A table whose rows are remembered, and by columns what its entity says of properties. */
export interface ToldTable {
  readonly table: string;
  readonly kind: Told["kind"];
  readonly by: string;
  readonly owner: string | null;
  readonly untold: readonly string[];
}

/** Of all types of the schema that say what tells of them. */
export function toldTables(metadata: MetadataStorage): ToldTable[] {
  const found = Object.values(schema.getTypeMap()).flatMap((type): ToldTable[] => {
    const entity = isObjectType(type) ? entityOf(type) : undefined;
    if (!entity?.told) return [];
    const { told } = entity;
    const meta = metadata.getByClassName(entity.entity) as { tableName: string; properties: Record<string, { fieldNames: string[] } | undefined> };
    const column = (property: string): string => {
      const name = meta.properties[property]?.fieldNames[0];
      if (!name) throw new Error(`${entity.entity} has no ${property}`);
      return name;
    };
    return [{ table: meta.tableName, kind: told.kind, by: column(told.by ?? "id"), owner: told.owner === undefined ? null : column(told.owner), untold: (told.untold ?? []).map(column) }];
  });
  return [...new Map(found.map((told) => [JSON.stringify(told), told])).values()];
}

/** From now on. */
export async function startRecording(admin: Pool, tables: readonly ToldTable[]): Promise<void> {
  await admin.query("create table row_change (xid bigint, table_name text, before jsonb, after jsonb)");
  await admin.query(`create function note_row_change() returns trigger language plpgsql security definer as $$
    begin
      if session_user like 'selvedge\\_%' then
        insert into row_change values (pg_current_xact_id()::text::bigint, tg_table_name,
          case when tg_op <> 'INSERT' then to_jsonb(old) end, case when tg_op <> 'DELETE' then to_jsonb(new) end);
      end if;
      return null;
    end $$`);
  for (const table of new Set(["tenant", ...tables.map((told) => told.table)])) {
    await admin.query(`create trigger note_row_change after insert or update or delete on ${table} for each row execute function note_row_change()`);
  }
}

export async function recorded(admin: Pool): Promise<Recording> {
  const { rows: changes } = await admin.query<RowChange>(`select xid, table_name as "table", before, after from row_change`);
  const { rows: tellings } = await admin.query<Telling>(`
    select xid, kind, tenant_id as "tenantId", ids, removed_ids as "removedIds", owner_ids as "ownerIds" from timeline where xid in (select xid from row_change)`);
  return { changes, tellings };
}

/** Which tables' rows came (+), changed (~) and went (-) so far: asked again and again, so that the rows themselves stay where they are. */
export async function happened(admin: Pool): Promise<Set<string>> {
  const { rows } = await admin.query<{ what: string }>("select distinct table_name || case when before is null then '+' when after is null then '-' else '~' end as what from row_change");
  return new Set(rows.map(({ what }) => what));
}

/** What was not told, in words; one line for each table and way of changing it. */
export function untold({ changes, tellings }: Recording, tables: readonly ToldTable[]): string[] {
  const told = Map.groupBy(tellings, ({ xid, kind }) => `${xid} ${kind}`);
  // Nobody could ask for anything of a tenant before there was one.
  const born = new Set(changes.filter(({ table, before }) => table === "tenant" && before === null).map(({ xid, after }) => `${xid} ${String(after?.["id"])}`));
  const found = new Map<string, number>();
  const note = (what: string): void => void found.set(what, (found.get(what) ?? 0) + 1);
  for (const { xid, table, before, after } of changes) {
    const images = [before, after].filter((image) => image !== null);
    const tenantId = images[0]?.["tenant_id"] ?? null;
    if (born.has(`${xid} ${String(tenantId)}`)) continue;
    for (const { kind, by, owner, untold: silent } of tables.filter((one) => one.table === table)) {
      const changed = before && after ? Object.keys(after).filter((column) => !same(before[column], after[column]) && !silent.includes(column)) : null;
      if (changed?.length === 0) continue;
      const what = `${table} ${before === null ? "came" : after === null ? "went" : `changed in ${changed?.join(", ")}`}`;
      const rows = (told.get(`${xid} ${kind}`) ?? []).filter((row) => row.tenantId === null || row.tenantId === tenantId);
      const names = rows.flatMap(({ ids, removedIds }) => [...ids, ...removedIds]);
      const valuesOf = (column: string): string[] => images.map((image) => image[column]).filter((value) => value !== null) as string[];
      if (!valuesOf(by).every((id) => names.includes(id))) note(`${what}: no row of the kind ${kind} names it`);
      if (owner === null) continue;
      // An application is its own owner.
      const owners = kind === "application" ? names : rows.some(({ ownerIds }) => ownerIds === null) ? null : rows.flatMap(({ ownerIds }) => ownerIds ?? []);
      if (owners !== null && !valuesOf(owner).every((id) => owners.includes(id))) note(`${what}: its owner is not said`);
    }
  }
  return [...found].map(([what, times]) => `${what} (${times} times)`);
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
