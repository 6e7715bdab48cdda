import { Migration } from "@mikro-orm/migrations";
import { tenantTable } from "./policies.ts";

/**
 * Metrics. What clusters measure comes in as windows of 15 s: of each application what its pods on a cluster were measured at (metric_window), and of each tenant its
 * share of the cluster and its nodes (metric_share). What is over is kept as chunks, a row for an owner and hour, in tiers that get coarser with age (metric_15s …
 * metric_1h; owners are pods, applications, nodes and clusters). The nil uuid stands for the tenant whose share is everybody's: nobody's session has it.
 *
 * `xid` says which transaction stored a window: an hour's chunks hold all windows below what the hour is `settled` to (telemetry/metrics-seal.ts). Values are bytes
 * (domain/metric-values.ts): to read them one by one costs more than all the rest.
 */
const WINDOWS = ["metric_window", "metric_share"] as const;
const TIERS = { metric_15s: "2 days", metric_1m: "2 days", metric_5m: "31 days", metric_1h: "90 days" } as const;

export class MetricsMigration extends Migration {
  override up(): void {
    const sql = (text: string): void => {
      for (const statement of text.split(/;\s*\n\s*\n/)) if (statement.trim()) this.addSql(statement.trim().replace(/;$/, ""));
    };

    sql(/* sql */ `
create table metric_hour (
  at timestamptz primary key,
  settled bigint not null default 0
);

grant select on metric_hour to selvedge_api;

grant select, update (settled) on metric_hour to selvedge_worker;

create table metric_window (
  tenant_id uuid not null,
  application_id uuid not null,
  at timestamptz not null,
  cluster_id uuid not null,
  placement_id uuid not null,
  namespace_id uuid not null,
  xid bigint not null default pg_current_xact_id()::text::bigint,
  totals bytea not null,
  pods bytea not null,
  primary key (tenant_id, application_id, at, cluster_id, placement_id)
) partition by range (at);

create index metric_window_xid on metric_window (xid);

create table metric_share (
  tenant_id uuid not null,
  cluster_id uuid not null,
  at timestamptz not null,
  xid bigint not null default pg_current_xact_id()::text::bigint,
  totals bytea not null,
  nodes bytea not null,
  primary key (tenant_id, cluster_id, at)
) partition by range (at);

create index metric_share_xid on metric_share (xid);

-- Random ids and floats: to compress them takes longer than to write them.
alter table metric_window alter column pods set storage external;

alter table metric_share alter column nodes set storage external;
`);
    for (const table of Object.keys(TIERS)) {
      sql(/* sql */ `
create table ${table} (
  tenant_id uuid not null,
  owner_id uuid not null,
  at timestamptz not null,
  namespace_id uuid,
  settled bigint not null,
  chunk bytea not null,
  primary key (tenant_id, owner_id, at)
) partition by range (at);

alter table ${table} alter column chunk set storage ${table === "metric_5m" || table === "metric_1h" ? "main" : "extended"};
`);
    }
    for (const rights of [
      { table: "metric_window", namespaced: true, api: "select", worker: "select", gateway: "insert", system: "select" },
      { table: "metric_share", visible: "(select app.all_namespaces())", api: "select", worker: "select", gateway: "insert", system: "select" },
      ...Object.keys(TIERS).map((table) => ({ table, namespaced: true, api: "select", worker: "select, insert, update", system: "select" })),
    ]) {
      for (const statement of tenantTable(rights)) this.addSql(statement);
    }

    sql(/* sql */ `
-- The simulation's clock; the wall clock where there is none.
create function app.simulated_now() returns timestamptz
language sql stable security definer set search_path = pg_catalog, public as $$
  select coalesce((select to_timestamp((c.simulated_base + (extract(epoch from clock_timestamp()) * 1000 - c.wall_base) * c.speed) / 1000) from public.simulation_clock c limit 1), clock_timestamp())
$$;

-- Runs as the owner of the tables, as app.maintain_timeline does. Partitions are named by the hours or days since 1970. A table is made first and attached then:
-- that keeps nobody from writing.
create function app.make_metric_partition(parent text, seconds integer, at timestamptz) returns boolean
language plpgsql set search_path = pg_catalog as $$
declare
  number bigint := floor(extract(epoch from at) / seconds);
  name text := parent || '_' || number;
begin
  if to_regclass('public.' || name) is not null then return false; end if;
  execute format('create table public.%I (like public.%I including defaults including constraints including storage)', name, parent);
  execute format('alter table public.%I enable row level security', name);
  execute format('alter table public.%I force row level security', name);
  execute format('alter table public.%I attach partition public.%I for values from (%L) to (%L)', parent, name, to_timestamp(number * seconds), to_timestamp((number + 1) * seconds));
  return true;
end $$;

-- Where this instant's windows and chunks go. Nobody has any of another day.
create function app.make_metric_partitions(at timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog set lock_timeout = '2s' as $$
declare
  made boolean := false;
  parent text;
begin
  if at not between app.simulated_now() - interval '1 day' and app.simulated_now() + interval '1 day' then return false; end if;
  perform pg_advisory_xact_lock(hashtext('metric partitions'));
  foreach parent in array array[${WINDOWS.map((table) => `'${table}'`).join(", ")}] loop
    made := app.make_metric_partition(parent, 3600, at) or made;
  end loop;
  foreach parent in array array[${Object.keys(TIERS).map((table) => `'${table}'`).join(", ")}] loop
    made := app.make_metric_partition(parent, 86400, at) or made;
  end loop;
  insert into public.metric_hour (at) values (to_timestamp(floor(extract(epoch from make_metric_partitions.at) / 3600) * 3600)) on conflict do nothing;
  return made;
end $$;

-- Cuts partitions ahead, and drops what is kept no longer: windows only once their hour is in chunks.
create function app.maintain_metrics(out made integer, out dropped integer)
language plpgsql security definer set search_path = pg_catalog set lock_timeout = '500ms' as $$
declare
  current timestamptz := app.simulated_now();
  part record;
begin
  made := app.make_metric_partitions(current)::integer + app.make_metric_partitions(current + interval '1 hour')::integer;
  dropped := 0;
  for part in
    select c.relname as name, kept.seconds, to_timestamp((substring(c.relname from '\\d+$')::bigint + 1) * kept.seconds) as ends
    from (values ('metric_window', 3600, interval '2 hours'), ('metric_share', 3600, interval '2 hours'),
      ${Object.entries(TIERS).map(([table, kept]) => `('${table}', 86400, interval '${kept}')`).join(", ")}) kept (parent, seconds, kept)
    join pg_inherits i on i.inhparent = ('public.' || kept.parent)::regclass join pg_class c on c.oid = i.inhrelid
    -- An hour longer, for who asks a moment late.
    where to_timestamp((substring(c.relname from '\\d+$')::bigint + 1) * kept.seconds) < current - kept.kept - interval '1 hour'
  loop
    continue when part.seconds = 3600 and exists (select from public.metric_hour h where h.at = part.ends - interval '1 hour' and h.settled = 0);
    execute format('drop table public.%I', part.name);
    dropped := dropped + 1;
  end loop;
  delete from public.metric_hour h where h.at < current - interval '4 hours' and h.settled > 0;
end $$;

-- Of an hour, what was stored since a transaction: applications on clusters, and tenants' shares of clusters.
create function app.metrics_due(of_hour timestamptz, since bigint) returns table (tenant_id uuid, application_id uuid, cluster_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
  select distinct w.tenant_id, w.application_id, w.cluster_id from public.metric_window w where w.at >= of_hour and w.at < of_hour + interval '1 hour' and w.xid >= since
  union all
  select distinct s.tenant_id, null::uuid, s.cluster_id from public.metric_share s where s.at >= of_hour and s.at < of_hour + interval '1 hour' and s.xid >= since
  order by 1, 2 nulls first, 3
$$;

-- From here on there are windows that are in no chunk.
create function app.metrics_unsealed() returns timestamptz
language sql stable set search_path = pg_catalog as $$
  select coalesce(max(h.at) + interval '1 hour', '-infinity') from public.metric_hour h where h.settled > 0
$$;

-- A pod's, or a node's, values among many: they stand behind its id.
create function app.metric_values_of(id uuid, many bytea, width integer) returns bytea
language sql immutable strict parallel safe set search_path = pg_catalog as $$
  select substring(many from position(uuid_send(id) in many) + 16 for width) where position(uuid_send(id) in many) > 0
$$;

-- What all tenants together use of clusters and nodes.
create function app.platform_shares(of_cluster_id uuid, since timestamptz, until timestamptz) returns setof public.metric_share
language sql stable security definer set search_path = pg_catalog, public as $$
  select * from public.metric_share s where s.tenant_id = '00000000-0000-0000-0000-000000000000' and s.cluster_id = of_cluster_id and s.at >= since and s.at < until
$$;

create function app.platform_chunks(tier integer, of_owner_id uuid, since timestamptz, until timestamptz) returns table (at timestamptz, chunk bytea)
language sql stable security definer set search_path = pg_catalog, public as $$
  ${Object.entries({ metric_15s: 15, metric_1m: 60, metric_5m: 300, metric_1h: 3600 }).map(([table, tier]) =>
    `select m.at, m.chunk from public.${table} m where tier = ${tier} and m.tenant_id = '00000000-0000-0000-0000-000000000000' and m.owner_id = of_owner_id and m.at >= since and m.at < until`).join("\n  union all\n  ")}
$$;

revoke all on function app.simulated_now(), app.make_metric_partition(text, integer, timestamptz), app.make_metric_partitions(timestamptz), app.maintain_metrics(), app.metrics_due(timestamptz, bigint),
  app.metrics_unsealed(), app.metric_values_of(uuid, bytea, integer), app.platform_shares(uuid, timestamptz, timestamptz), app.platform_chunks(integer, uuid, timestamptz, timestamptz) from public;

grant execute on function app.make_metric_partitions(timestamptz) to selvedge_gateway, selvedge_worker;

grant execute on function app.maintain_metrics(), app.metrics_due(timestamptz, bigint) to selvedge_worker;

grant execute on function app.metrics_unsealed(), app.metric_values_of(uuid, bytea, integer), app.platform_shares(uuid, timestamptz, timestamptz), app.platform_chunks(integer, uuid, timestamptz, timestamptz)
  to selvedge_api;

grant create on schema app to selvedge_system;

alter function app.metrics_due(timestamptz, bigint) owner to selvedge_system;

alter function app.platform_shares(uuid, timestamptz, timestamptz) owner to selvedge_system;

alter function app.platform_chunks(integer, uuid, timestamptz, timestamptz) owner to selvedge_system;

revoke create on schema app from selvedge_system;
`);
  }
}
