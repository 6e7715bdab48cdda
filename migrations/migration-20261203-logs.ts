import { Migration } from "@mikro-orm/migrations";
import { tenantTable } from "./policies.ts";

/**
 * Lines of logs, many in a row: a chunk is successive lines of one container of a pod (server/domain/logs.ts), which reads and compresses as one text. A partition holds a
 * day of the simulation, by each chunk's last line; what no partition was made for is in the default one. `xid` and `seq` say where in the order of commits a chunk stands:
 * who follows goes by it, since clusters tell late, too.
 *
 * `log_position` says how far each cluster's lines are stored: compared and set in the transaction that stores more.
 */
export class LogsMigration extends Migration {
  override up(): void {
    const sql = (text: string): void => {
      for (const statement of text.split(/;\s*\n\s*\n/)) if (statement.trim()) this.addSql(statement.trim().replace(/;$/, ""));
    };

    sql(/* sql */ `
create table log_chunk (
  tenant_id uuid not null,
  application_id uuid not null,
  namespace_id uuid not null,
  cluster_id uuid not null,
  pod_id uuid not null,
  pod_name text not null,
  container text not null,
  streams text not null,
  from_at timestamptz(3) not null,
  to_at timestamptz(3) not null,
  body text not null,
  xid bigint not null default pg_current_xact_id()::text::bigint,
  seq bigint generated always as identity,
  check (from_at <= to_at)
) partition by range (to_at);

create table log_chunk_default partition of log_chunk default;

create index log_chunk_application on log_chunk (application_id, to_at, xid, seq);

create index log_chunk_pod on log_chunk (pod_id, to_at, xid, seq);

create index log_chunk_stored on log_chunk (application_id, xid, seq);

create table log_position (
  cluster_id uuid primary key,
  epoch integer not null,
  position bigint not null
);

alter table log_chunk_default enable row level security;

alter table log_chunk_default force row level security;
`);

    for (const statement of tenantTable({ table: "log_chunk", namespaced: true, api: "select", gateway: "select, insert" })) this.addSql(statement);
    for (const statement of tenantTable({ table: "log_position", gateway: "select, insert, update" })) this.addSql(statement);

    sql(/* sql */ `
create policy selvedge_owner on log_chunk_default to current_user using (true) with check (false);

-- Cuts partitions for the days up to ahead, drops those that hold nothing younger than drop_before, and removes so many of the rows that no partition was there for. A day
-- that has rows without a partition stays so: it can't be given one any more.
create function app.maintain_logs(now_at timestamptz, ahead timestamptz, drop_before timestamptz, how_many integer, out made integer, out dropped integer, out removed integer)
language plpgsql security definer set search_path = pg_catalog set lock_timeout = '500ms' set timezone = 'UTC' as $$
declare
  day timestamptz := date_trunc('day', now_at);
  name text;
  part record;
begin
  made := 0;
  dropped := 0;
  while day <= ahead loop
    name := 'log_chunk_' || to_char(day, 'YYYYMMDD');
    if to_regclass('public.' || name) is null and not exists (select from public.log_chunk_default d where d.to_at >= day and d.to_at < day + interval '1 day') then
      execute format('create table public.%I partition of public.log_chunk for values from (%L) to (%L)', name, day, day + interval '1 day');
      execute format('alter table public.%I enable row level security', name);
      execute format('alter table public.%I force row level security', name);
      made := made + 1;
    end if;
    day := day + interval '1 day';
  end loop;
  for part in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.log_chunk'::regclass and c.relname <> 'log_chunk_default'
      and to_timestamp(right(c.relname, 8), 'YYYYMMDD') + interval '1 day' <= drop_before
  loop
    execute format('drop table public.%I', part.relname);
    dropped := dropped + 1;
  end loop;
  delete from public.log_chunk_default d where d.ctid = any (array(select o.ctid from public.log_chunk_default o where o.to_at < drop_before limit how_many));
  get diagnostics removed = row_count;
end $$;

-- The same as app.authenticate says, of a token that is known by its id: whose signed address is used asks for it again.
create function app.token_viewer(of_tenant uuid, token uuid)
returns table (tenant_id uuid, token_id uuid, token_name text, role text, namespaces text[], namespace_ids uuid[], expires_at timestamptz, revoked_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
  select t.tenant_id, t.id, t.name, t.role, t.namespaces,
         case when t.namespaces is null then null
              else array(select n.id from public.namespace n where n.tenant_id = t.tenant_id and n.name = any (t.namespaces)) end,
         t.expires_at, t.revoked_at
  from public.api_token t where t.id = token and t.tenant_id = of_tenant
$$;

revoke all on function app.maintain_logs(timestamptz, timestamptz, timestamptz, integer), app.token_viewer(uuid, uuid) from public;

grant execute on function app.maintain_logs(timestamptz, timestamptz, timestamptz, integer) to selvedge_worker;

grant execute on function app.token_viewer(uuid, uuid) to selvedge_api;

grant create on schema app to selvedge_system;

alter function app.token_viewer(uuid, uuid) owner to selvedge_system;

revoke create on schema app from selvedge_system;
`);
  }
}
