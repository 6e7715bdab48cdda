import { Migration } from "@mikro-orm/migrations";
import { IN_NAMESPACES, REACHED_TOKENS, tenantTable, WHOLE_TENANT } from "./policies.ts";

const oneOf = (column: string, values: string): string => `check (${column} in (${values.split(" ").map((value) => `'${value}'`).join(", ")}))`;

/**
 * The first shape of the database. Conventions: text with a check constraint instead of native enums (their `=` is not leakproof, so it never
 * becomes an index condition under row-level security); names sort by collation "C", so that keyset cursors mean the same everywhere;
 * foreign keys and unique constraints carry the tenant, because they ignore row-level security; times are the simulation's clock and come
 * from the caller, never from now().
 */
export class InitialMigration extends Migration {
  override up(): void {
    const sql = (text: string): void => {
      for (const statement of text.split(/;\s*\n\s*\n/)) if (statement.trim()) this.addSql(statement.trim().replace(/;$/, ""));
    };

    sql(/* sql */ `
create schema if not exists app;

revoke all on schema public from public;

grant usage on schema public, app to selvedge_api, selvedge_worker, selvedge_gateway, selvedge_tailer, selvedge_system;

grant usage on schema app to selvedge_jobs;

create function app.tenant_id() returns uuid language sql stable parallel safe as $$ select nullif(current_setting('app.tenant_id', true), '')::uuid $$;

create function app.namespace_ids() returns uuid[] language sql stable parallel safe as $$ select nullif(nullif(current_setting('app.namespace_ids', true), ''), '*')::uuid[] $$;

create function app.all_namespaces() returns boolean language sql stable parallel safe as $$ select coalesce(current_setting('app.namespace_ids', true), '') = '*' $$;

create function app.cluster_ids() returns uuid[] language sql stable parallel safe as $$ select nullif(current_setting('app.cluster_ids', true), '')::uuid[] $$;
`);

    // ---- the platform: one row each, or visible to every tenant
    sql(/* sql */ `
create table simulation_clock (
  id boolean primary key default true check (id),
  wall_base bigint not null,
  simulated_base bigint not null,
  speed double precision not null check (speed > 0)
);

create table database_life (
  id boolean primary key default true check (id),
  term integer not null check (term > 0),
  identity text not null
);

grant select on simulation_clock, database_life to selvedge_api, selvedge_worker, selvedge_gateway, selvedge_tailer, selvedge_system;

create table region (
  id uuid primary key,
  code text collate "C" not null unique,
  name text not null
);

create table cluster (
  id uuid primary key,
  code text collate "C" not null unique,
  name text not null,
  region_id uuid not null references region (id),
  province text not null,
  city text not null,
  tier text not null ${oneOf("tier", "CENTER EDGE CDN")},
  isp text not null ${oneOf("isp", "TELECOM UNICOM MOBILE MULTI_LINE")},
  latitude double precision not null,
  longitude double precision not null,
  status text not null ${oneOf("status", "ONLINE DISCONNECTED")},
  last_seen_at timestamptz(3),
  cordoned boolean not null default false,
  cpu_millis integer not null,
  memory_mib integer not null,
  pods integer not null,
  reserved_cpu_millis bigint not null default 0 check (reserved_cpu_millis >= 0),
  reserved_memory_mib bigint not null default 0 check (reserved_memory_mib >= 0),
  reserved_pods bigint not null default 0 check (reserved_pods >= 0),
  prices jsonb not null,
  epoch integer not null default 0,
  acked_seq bigint not null default 0,
  agent_store text,
  term_offset integer not null default 0 check (term_offset >= 0)
);

create index cluster_region on cluster (region_id);

create table cluster_node (
  id uuid primary key,
  cluster_id uuid not null references cluster (id),
  name text collate "C" not null,
  status text not null ${oneOf("status", "READY NOT_READY")},
  cordoned boolean not null default false,
  labels jsonb not null,
  cpu_millis integer not null,
  memory_mib integer not null,
  pods integer not null,
  unique (cluster_id, name)
);

grant select on region, cluster, cluster_node to selvedge_api, selvedge_worker, selvedge_gateway, selvedge_system;

grant insert, update on region, cluster, cluster_node to selvedge_gateway;

grant delete on cluster_node to selvedge_gateway;

grant update (reserved_cpu_millis, reserved_memory_mib, reserved_pods) on cluster to selvedge_system;

alter table cluster enable row level security;

alter table cluster force row level security;

create policy everyone_reads on cluster for select using (true);

create policy selvedge_gateway on cluster to selvedge_gateway using (id = any ((select app.cluster_ids())::uuid[])) with check (id = any ((select app.cluster_ids())::uuid[]));

create policy selvedge_system on cluster for update to selvedge_system using (true) with check (true);

alter table cluster_node enable row level security;

alter table cluster_node force row level security;

create policy everyone_reads on cluster_node for select using (true);

create policy selvedge_gateway on cluster_node to selvedge_gateway using (cluster_id = any ((select app.cluster_ids())::uuid[])) with check (cluster_id = any ((select app.cluster_ids())::uuid[]));
`);

    // ---- who is asking
    sql(/* sql */ `
create table tenant (
  id uuid primary key,
  name text collate "C" not null unique,
  created_at timestamptz(3) not null
);

alter table tenant enable row level security;

alter table tenant force row level security;

grant select on tenant to selvedge_api, selvedge_worker;

grant select, insert on tenant to selvedge_system;

create policy selvedge_api on tenant for select to selvedge_api using (id = (select app.tenant_id()));

create policy selvedge_worker on tenant for select to selvedge_worker using (id = (select app.tenant_id()));

create policy selvedge_system on tenant to selvedge_system using (true) with check (true);

create table api_token (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  name text collate "C" not null,
  role text not null ${oneOf("role", "VIEWER OPERATOR OWNER PLATFORM_ADMIN")},
  namespaces text[],
  prefix text not null,
  hash bytea not null unique,
  created_at timestamptz(3) not null,
  last_used_at timestamptz(3),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  primary key (tenant_id, id)
);

create index api_token_name on api_token (tenant_id, name, id);

create table audit_entry (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  at timestamptz(3) not null,
  actor text not null,
  token_id uuid,
  action text not null,
  target_type text,
  target_id uuid,
  target_name text,
  namespace_id uuid,
  input jsonb,
  outcome text not null ${oneOf("outcome", "ACCEPTED REFUSED")},
  source_address inet,
  primary key (tenant_id, id)
);

create index audit_entry_at on audit_entry (tenant_id, at desc, id desc);

create table idempotency (
  tenant_id uuid not null references tenant (id),
  mutation text not null,
  key text not null,
  fingerprint text not null,
  result jsonb,
  created_at timestamptz(3) not null,
  primary key (tenant_id, mutation, key)
);

create index idempotency_created_at on idempotency (created_at);
`);

    // ---- what tenants describe
    sql(/* sql */ `
create table namespace (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  name text collate "C" not null,
  description text not null,
  is_default boolean not null,
  created_at timestamptz(3) not null,
  primary key (tenant_id, id),
  unique (tenant_id, name)
);

create table vpc (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  cluster_id uuid not null references cluster (id),
  name text collate "C" not null,
  cidr cidr not null,
  is_default boolean not null,
  status text not null ${oneOf("status", "PENDING ACTIVE UPDATING FAILED DELETING")},
  version integer not null,
  created_at timestamptz(3) not null,
  primary key (tenant_id, id),
  unique (tenant_id, cluster_id, name)
);

create index vpc_name on vpc (tenant_id, name, id);

create table subnet (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  vpc_id uuid not null,
  cluster_id uuid not null references cluster (id),
  name text collate "C" not null,
  cidr cidr not null,
  gateway inet not null,
  is_default boolean not null,
  status text not null ${oneOf("status", "PENDING ACTIVE UPDATING FAILED DELETING")},
  created_at timestamptz(3) not null,
  primary key (tenant_id, id),
  unique (tenant_id, vpc_id, name),
  foreign key (tenant_id, vpc_id) references vpc (tenant_id, id)
);

create index subnet_name on subnet (tenant_id, name, id);

create table application (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  namespace_id uuid not null,
  name text collate "C" not null,
  description text not null,
  workload_kind text not null ${oneOf("workload_kind", "DEPLOYMENT STATEFUL_SET JOB CRON_JOB")},
  capacity_type text not null ${oneOf("capacity_type", "ON_DEMAND SPOT OFF_PEAK")},
  labels jsonb not null,
  status text not null ${oneOf("status", "PENDING DEPLOYING RUNNING UPDATING DEGRADED STOPPED COMPLETED FAILED DELETING")},
  status_reason text,
  version integer not null,
  deletion_protection boolean not null,
  update_strategy jsonb not null,
  revision_id uuid not null,
  desired integer not null,
  created integer not null default 0,
  ready integer not null default 0,
  updated integer not null default 0,
  unavailable integer not null default 0,
  deleting boolean not null default false,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  primary key (tenant_id, id),
  unique (tenant_id, namespace_id, name),
  foreign key (tenant_id, namespace_id) references namespace (tenant_id, id)
);

create index application_name on application (tenant_id, name, id);

create index application_created_at on application (tenant_id, created_at, id);

create index application_updated_at on application (tenant_id, updated_at, id);

create table revision (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  application_id uuid not null,
  namespace_id uuid not null,
  number integer not null check (number > 0),
  template jsonb not null,
  template_hash text not null,
  message text not null,
  created_by text not null,
  created_at timestamptz(3) not null,
  primary key (tenant_id, id),
  unique (tenant_id, application_id, number),
  foreign key (tenant_id, application_id) references application (tenant_id, id) on delete cascade
);

alter table application add foreign key (tenant_id, revision_id) references revision (tenant_id, id) deferrable initially deferred;

create index revision_template_hash on revision (tenant_id, template_hash);

create table placement (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  application_id uuid not null,
  namespace_id uuid not null,
  cluster_id uuid not null references cluster (id),
  revision_id uuid not null,
  network_type text not null ${oneOf("network_type", "VPC HOST")},
  vpc_id uuid not null,
  subnet_id uuid,
  desired integer not null check (desired >= 0),
  created integer not null default 0,
  ready integer not null default 0,
  updated integer not null default 0,
  unavailable integer not null default 0,
  generation integer not null check (generation > 0),
  observed_generation integer not null default 0,
  reason text not null,
  assign_eip boolean not null default false,
  eip_bandwidth_mbps integer not null default 5,
  deleting boolean not null default false,
  primary key (tenant_id, id),
  unique (tenant_id, application_id, cluster_id),
  foreign key (tenant_id, application_id) references application (tenant_id, id) on delete cascade,
  foreign key (tenant_id, revision_id) references revision (tenant_id, id),
  foreign key (tenant_id, vpc_id) references vpc (tenant_id, id),
  foreign key (tenant_id, subnet_id) references subnet (tenant_id, id)
);

create index placement_cluster on placement (tenant_id, cluster_id);

create table cluster_usage (
  tenant_id uuid not null references tenant (id),
  cluster_id uuid not null references cluster (id),
  cpu_millis bigint not null default 0 check (cpu_millis >= 0),
  memory_mib bigint not null default 0 check (memory_mib >= 0),
  pods bigint not null default 0 check (pods >= 0),
  primary key (tenant_id, cluster_id)
);
`);

    // ---- what the fleet is told, and what it reports
    sql(/* sql */ `
create table assignment (
  cluster_id uuid not null references cluster (id),
  object_id uuid not null,
  tenant_id uuid not null references tenant (id),
  application_id uuid not null,
  namespace_id uuid not null,
  kind text not null ${oneOf("kind", "placement")},
  generation integer not null check (generation > 0),
  content_hash text not null,
  spec jsonb,
  template_hash text,
  confirmed_term integer not null default 0,
  confirmed_generation integer not null default 0,
  primary key (cluster_id, object_id)
);

create index assignment_unconfirmed on assignment (cluster_id, object_id) where confirmed_generation < generation;

create index assignment_application on assignment (tenant_id, application_id);

create table pod (
  cluster_id uuid not null,
  id uuid not null,
  tenant_id uuid not null,
  application_id uuid not null,
  namespace_id uuid not null,
  placement_id uuid not null,
  revision_id uuid not null,
  node_id uuid,
  name text collate "C" not null,
  phase text not null ${oneOf("phase", "PENDING STARTING RUNNING SUCCEEDED FAILED TERMINATING UNKNOWN")},
  ready boolean not null,
  reason text,
  message text,
  private_ip inet,
  restart_count integer not null,
  containers jsonb not null,
  created_at timestamptz(3) not null,
  started_at timestamptz(3),
  epoch integer not null,
  primary key (cluster_id, id)
);

create index pod_id on pod (tenant_id, id);

create index pod_name on pod (tenant_id, name, id);

create index pod_application on pod (tenant_id, application_id, name, id);

create index pod_placement on pod (tenant_id, placement_id, name, id);

create index pod_phase on pod (tenant_id, phase);
`);

    // ---- long-running work, and what happened
    sql(/* sql */ `
create table operation (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  kind text not null,
  state text not null ${oneOf("state", "PENDING RUNNING PAUSED STALLED SUCCEEDED PARTIALLY_SUCCEEDED FAILED ROLLED_BACK CANCELLED SUPERSEDED")},
  namespace_id uuid,
  target_type text,
  target_id uuid,
  target_name text not null,
  completed integer not null,
  total integer not null,
  error text,
  actor text not null,
  created_at timestamptz(3) not null,
  started_at timestamptz(3),
  finished_at timestamptz(3),
  progressed_at timestamptz(3) not null,
  primary key (tenant_id, id)
);

create index operation_created_at on operation (tenant_id, created_at desc, id desc);

create index operation_target on operation (tenant_id, target_id, created_at desc, id desc);

create index operation_unfinished on operation (tenant_id, id) where finished_at is null;

create index operation_unfinished_target on operation (tenant_id, target_id) where finished_at is null;

create table operation_step (
  tenant_id uuid not null,
  id uuid not null,
  operation_id uuid not null,
  namespace_id uuid,
  cluster_id uuid references cluster (id),
  target_type text,
  target_id uuid,
  name text collate "C" not null,
  state text not null ${oneOf("state", "PENDING RUNNING PAUSED STALLED SUCCEEDED PARTIALLY_SUCCEEDED FAILED ROLLED_BACK CANCELLED SUPERSEDED")},
  message text,
  completed integer not null,
  total integer not null,
  finished_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, operation_id) references operation (tenant_id, id) on delete cascade
);

create index operation_step_operation on operation_step (tenant_id, operation_id, name, id);

create index operation_step_target on operation_step (tenant_id, target_id) where finished_at is null;

create table timeline (
  xid bigint not null default pg_current_xact_id()::text::bigint,
  seq bigint generated always as identity,
  tenant_id uuid,
  cluster_id uuid,
  kind text not null,
  ids uuid[] not null,
  removed_ids uuid[] not null default '{}',
  at timestamptz(3) not null,
  primary key (xid, seq)
) partition by range (xid);

create table timeline_default partition of timeline default;

alter table timeline enable row level security;

alter table timeline force row level security;

alter table timeline_default enable row level security;

alter table timeline_default force row level security;

grant select on timeline to selvedge_tailer;

grant insert on timeline to selvedge_api, selvedge_worker, selvedge_gateway, selvedge_system;

create policy selvedge_tailer on timeline for select to selvedge_tailer using (true);

create policy selvedge_api on timeline for insert to selvedge_api with check (tenant_id = (select app.tenant_id()));

create policy selvedge_worker on timeline for insert to selvedge_worker with check (tenant_id is not distinct from (select app.tenant_id()));

create policy selvedge_gateway on timeline for insert to selvedge_gateway with check (cluster_id = any ((select app.cluster_ids())::uuid[]));

create policy selvedge_system on timeline for insert to selvedge_system with check (true);
`);

    for (const rights of [
      { table: "api_token", visible: REACHED_TOKENS, api: "select, insert, update", system: "select, insert, update" },
      { table: "audit_entry", visible: IN_NAMESPACES, api: "select, insert" },
      { table: "idempotency", api: "select, insert, update", system: "select, delete" },
      { table: "vpc", api: "select, insert, update", worker: "select, update, delete" },
      { table: "subnet", api: "select, insert, update", worker: "select, update, delete" },
      { table: "application", namespaced: true, api: "select, insert, update", worker: "select, update, delete", system: "select" },
      { table: "revision", namespaced: true, api: "select, insert", worker: "select, delete", system: "select" },
      { table: "placement", namespaced: true, api: "select, insert, update", worker: "select, update, delete", gateway: "select, update (created, ready, updated, unavailable, observed_generation)", system: "select" },
      { table: "cluster_usage", visible: WHOLE_TENANT, api: "select", worker: "select", system: "select, insert, update" },
      { table: "assignment", worker: "select, insert, update, delete", gateway: "select, update (generation, confirmed_term, confirmed_generation)" },
      { table: "pod", namespaced: true, api: "select", worker: "select, delete", gateway: "select, insert, update, delete", system: "select" },
      { table: "operation", namespaced: true, api: "select, insert, update", worker: "select, insert, update", system: "select" },
      { table: "operation_step", namespaced: true, api: "select, insert, update", worker: "select, insert, update" },
    ]) {
      for (const statement of tenantTable(rights)) this.addSql(statement);
    }

    // Rows that reports rewrite all the time stay on their pages, without touching indexes, where there is room left on the page.
    sql(/* sql */ `
alter table cluster set (fillfactor = 50);

alter table pod set (fillfactor = 75);

alter table placement set (fillfactor = 75);

alter table application set (fillfactor = 75);

alter table operation_step set (fillfactor = 75);
`);

    // The gateway sends templates to clusters that have an assignment of their application, and sees no others.
    sql(/* sql */ `
grant select (tenant_id, id, application_id, template, template_hash) on revision to selvedge_gateway;

create policy selvedge_gateway on revision for select to selvedge_gateway using (exists (
  select from assignment a
  where a.tenant_id = revision.tenant_id and a.application_id = revision.application_id and a.cluster_id = any ((select app.cluster_ids())::uuid[])));
`);

    // A namespace is its own namespace.
    sql(/* sql */ `
alter table namespace enable row level security;

alter table namespace force row level security;

grant select, insert, update, delete on namespace to selvedge_api;

grant select on namespace to selvedge_worker;

grant select, insert on namespace to selvedge_system;

create policy selvedge_api on namespace to selvedge_api
  using (tenant_id = (select app.tenant_id()) and ((select app.all_namespaces()) or id = any ((select app.namespace_ids())::uuid[])))
  with check (tenant_id = (select app.tenant_id()) and (select app.all_namespaces()));

create policy selvedge_worker on namespace for select to selvedge_worker using (tenant_id = (select app.tenant_id()));

create policy selvedge_system on namespace to selvedge_system using (true) with check (true);
`);

    // ---- narrow functions across tenants
    sql(/* sql */ `
create function app.authenticate(token_hash bytea)
returns table (tenant_id uuid, token_id uuid, token_name text, role text, namespaces text[], namespace_ids uuid[], expires_at timestamptz, revoked_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
  select t.tenant_id, t.id, t.name, t.role, t.namespaces,
         case when t.namespaces is null then null
              else array(select n.id from public.namespace n where n.tenant_id = t.tenant_id and n.name = any (t.namespaces)) end,
         t.expires_at, t.revoked_at
  from public.api_token t where t.hash = token_hash
$$;

create function app.touch_tokens(token_ids uuid[], seen_at timestamptz) returns void
language sql security definer set search_path = pg_catalog, public as $$
  update public.api_token set last_used_at = greatest(coalesce(last_used_at, seen_at), seen_at) where id = any (token_ids)
$$;

create function app.create_tenant(new_tenant_id uuid, tenant_name text, at timestamptz, namespace_id uuid, token_id uuid, token_prefix text, token_hash bytea)
returns void language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  insert into public.tenant (id, name, created_at) values (new_tenant_id, tenant_name, at);
  insert into public.namespace (tenant_id, id, name, description, is_default, created_at) values (new_tenant_id, namespace_id, 'default', '', true, at);
  insert into public.api_token (tenant_id, id, name, role, namespaces, prefix, hash, created_at)
    values (new_tenant_id, token_id, 'owner', 'OWNER', null, token_prefix, token_hash, at);
end $$;

create function app.list_tenants() returns setof public.tenant
language sql stable security definer set search_path = pg_catalog, public as $$
  select * from public.tenant where app.all_namespaces()
$$;

-- Addresses of a subnet that the tenant's pods hold, in all its namespaces: what is left for one is what the others have not taken.
create function app.used_ips(of_subnet_id uuid) returns integer
language sql stable security definer set search_path = pg_catalog, public as $$
  select count(*)::integer from public.pod
  where pod.tenant_id = app.tenant_id() and pod.private_ip is not null
    and pod.placement_id in (select p.id from public.placement p where p.tenant_id = app.tenant_id() and p.subnet_id = of_subnet_id)
$$;

-- What a tenant gives back it must hold: the checks of both tables refuse anything below zero. The cluster's row is locked first, so that its
-- tenants' rows need no lock of their own.
create function app.reserve(at_cluster_id uuid, cpu bigint, memory bigint, pod_count bigint)
returns boolean language plpgsql security definer set search_path = pg_catalog, public as $$
declare tenant uuid := app.tenant_id();
begin
  update public.cluster c set reserved_cpu_millis = c.reserved_cpu_millis + cpu, reserved_memory_mib = c.reserved_memory_mib + memory,
    reserved_pods = c.reserved_pods + pod_count
    where c.id = at_cluster_id
      and (cpu <= 0 or c.reserved_cpu_millis + cpu <= c.cpu_millis)
      and (memory <= 0 or c.reserved_memory_mib + memory <= c.memory_mib)
      and (pod_count <= 0 or c.reserved_pods + pod_count <= c.pods);
  if not found then return false; end if;
  update public.cluster_usage u set cpu_millis = u.cpu_millis + cpu, memory_mib = u.memory_mib + memory, pods = u.pods + pod_count
    where u.tenant_id = tenant and u.cluster_id = at_cluster_id;
  if not found then
    insert into public.cluster_usage (tenant_id, cluster_id, cpu_millis, memory_mib, pods) values (tenant, at_cluster_id, cpu, memory, pod_count);
  end if;
  return true;
end $$;

-- What the pods of all tenants that hold resources of a node ask for: those that have not ended.
create function app.allocated_on_node(of_cluster_id uuid, of_node_id uuid, out cpu_millis bigint, out memory_mib bigint, out pods bigint)
language sql stable security definer set search_path = pg_catalog, public as $$
  select coalesce(sum(held.pods * asked.cpu), 0)::bigint, coalesce(sum(held.pods * asked.memory), 0)::bigint, coalesce(sum(held.pods), 0)::bigint
  from (
    select p.tenant_id, p.revision_id, count(*) as pods from public.pod p
    where p.cluster_id = of_cluster_id and p.node_id = of_node_id and p.phase not in ('SUCCEEDED', 'FAILED') group by 1, 2) held
  cross join lateral (
    select sum((c->>'cpuMillis')::integer) as cpu, sum((c->>'memoryMiB')::integer) as memory
    from public.revision r, jsonb_array_elements(r.template->'containers') c where r.tenant_id = held.tenant_id and r.id = held.revision_id) asked
$$;

create function app.applications_after(after_tenant uuid, after_id uuid, how_many integer)
returns table (tenant_id uuid, application_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
  select a.tenant_id, a.id from public.application a
  where (a.tenant_id, a.id) > (after_tenant, after_id) order by a.tenant_id, a.id limit how_many
$$;

create function app.unfinished_operations(after_tenant uuid, after_id uuid, how_many integer)
returns table (tenant_id uuid, operation_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
  select o.tenant_id, o.id from public.operation o
  where o.finished_at is null and o.target_id is null and (o.tenant_id, o.id) > (after_tenant, after_id) order by o.tenant_id, o.id limit how_many
$$;

-- Whoever asks for more is given a day: no key that may still be replayed is forgotten. A day of the wall clock, seen on the simulation's.
create function app.expire_idempotency(before timestamptz) returns bigint
language sql security definer set search_path = pg_catalog, public as $$
  with gone as (
    delete from public.idempotency using public.simulation_clock c
    where created_at < before
      and created_at < to_timestamp((c.simulated_base + (extract(epoch from clock_timestamp()) * 1000 - c.wall_base - 86400000) * c.speed) / 1000)
    returning 1
  )
  select count(*) from gone
$$;
`);

    // Nobody may call these but who is named here; their owners are roles that nobody can log in as, or that own nothing of ours.
    sql(/* sql */ `
create function app.enqueue_many(task text, payloads json[], keys text[], at timestamptz default null) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare missing text[] := keys;
begin
  -- A job that a worker takes between the two steps of add_jobs is neither replaced nor followed: it is missing from what add_jobs returns.
  while cardinality(missing) > 0 loop
    with added as (
      select j.key from graphile_worker.add_jobs(
        array(
          select row(task, spec.payload, null, coalesce(at, now()), 100, spec.key, null, null)::graphile_worker.job_spec
          from unnest(payloads, keys) as spec (payload, key) where spec.key = any (missing) order by spec.key
        ), true) j
    )
    select array(select unnest(missing) except select key from added) into missing;
  end loop;
end $$;

create function app.enqueue(task text, payload json, key text, at timestamptz default null) returns void
language sql security definer set search_path = pg_catalog as $$ select app.enqueue_many(task, array[payload], array[key], at) $$;

-- Runs as the owner of the tables, because only the owner may make and drop partitions. These are named timeline_<from>_<to>, ranges of
-- transaction ids. Some are always cut ahead; those whose newest row is older than drop_before go. The answer: how many were made and dropped.
create policy selvedge_owner on timeline for select to current_user using (true);

create policy selvedge_owner on timeline_default to current_user using (true) with check (false);

create function app.maintain_timeline(width bigint, drop_before timestamptz, out made integer, out dropped integer)
language plpgsql security definer set search_path = pg_catalog set lock_timeout = '500ms' as $$
declare
  current_xid bigint := pg_current_xact_id()::text::bigint;
  settled bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  edge bigint;
  part record;
begin
  made := 0;
  dropped := 0;
  select greatest(max(split_part(c.relname, '_', 3)::bigint), (current_xid / width + 1) * width) into edge
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.timeline'::regclass and c.relname <> 'timeline_default';
  while edge < (current_xid / width + 4) * width loop
    execute format('create table public.timeline_%s_%s partition of public.timeline for values from (%s) to (%s)', edge, edge + width, edge, edge + width);
    execute format('alter table public.timeline_%s_%s enable row level security', edge, edge + width);
    execute format('alter table public.timeline_%s_%s force row level security', edge, edge + width);
    edge := edge + width;
    made := made + 1;
  end loop;
  for part in
    select c.relname, split_part(c.relname, '_', 2)::bigint as lower, split_part(c.relname, '_', 3)::bigint as upper
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.timeline'::regclass and c.relname <> 'timeline_default'
  loop
    if part.upper <= settled and not exists (select from public.timeline t where t.xid >= part.lower and t.xid < part.upper and t.at >= drop_before) then
      execute format('drop table public.%I', part.relname);
      dropped := dropped + 1;
    end if;
  end loop;
  delete from public.timeline_default t where t.at < drop_before and t.xid < settled;
end $$;

revoke all on all functions in schema app from public;

grant execute on function app.tenant_id(), app.namespace_ids(), app.all_namespaces(), app.cluster_ids()
  to selvedge_api, selvedge_worker, selvedge_gateway, selvedge_tailer, selvedge_system;

grant execute on function app.authenticate(bytea), app.touch_tokens(uuid[], timestamptz), app.reserve(uuid, bigint, bigint, bigint), app.list_tenants(),
  app.used_ips(uuid), app.allocated_on_node(uuid, uuid), app.create_tenant(uuid, text, timestamptz, uuid, uuid, text, bytea) to selvedge_api;

grant execute on function app.applications_after(uuid, uuid, integer),
  app.unfinished_operations(uuid, uuid, integer), app.expire_idempotency(timestamptz) to selvedge_worker;

grant execute on function app.enqueue(text, json, text, timestamptz), app.enqueue_many(text, json[], text[], timestamptz)
  to selvedge_api, selvedge_worker, selvedge_gateway, selvedge_jobs;

grant execute on function app.maintain_timeline(bigint, timestamptz) to selvedge_worker;

-- Whom a function is given to must be able to create in its schema at that moment. Given away, it can't be granted by the owner any more.
grant create on schema app to selvedge_system, selvedge_jobs;
`);
    for (const signature of [
      "app.authenticate(bytea)",
      "app.touch_tokens(uuid[], timestamptz)",
      "app.create_tenant(uuid, text, timestamptz, uuid, uuid, text, bytea)",
      "app.list_tenants()",
      "app.allocated_on_node(uuid, uuid)",
      "app.used_ips(uuid)",
      "app.reserve(uuid, bigint, bigint, bigint)",
      "app.applications_after(uuid, uuid, integer)",
      "app.unfinished_operations(uuid, uuid, integer)",
      "app.expire_idempotency(timestamptz)",
    ]) {
      this.addSql(`alter function ${signature} owner to selvedge_system`);
    }
    sql(/* sql */ `
alter function app.enqueue_many(text, json[], text[], timestamptz) owner to selvedge_jobs;

alter function app.enqueue(text, json, text, timestamptz) owner to selvedge_jobs;

revoke create on schema app from selvedge_system, selvedge_jobs;
`);
  }
}
