import { Migration } from "@mikro-orm/migrations";
import { tenantTable } from "./policies.ts";

const oneOf = (column: string, values: string): string => `check (${column} in (${values.split(" ").map((value) => `'${value}'`).join(", ")}))`;

/**
 * An application's life (rollouts, stop and start, restarts, operations that end as something else than they began) and its configuration
 * (ConfigMaps, Secrets and who refers to them), and Services.
 */
export class LifeAndConfigurationMigration extends Migration {
  override up(): void {
    const sql = (text: string): void => {
      for (const statement of text.split(/;\s*\n\s*\n/)) if (statement.trim()) this.addSql(statement.trim().replace(/;$/, ""));
    };

    // ---- an application's life
    sql(/* sql */ `
alter table application
  add column stopped boolean not null default false,
  add column restarts integer not null default 0,
  add column rollout_id uuid,
  add column rollout_strategy jsonb;

alter table placement
  add column parked integer check (parked >= 0),
  add column configured integer not null default 0,
  add column problem text;

alter table operation
  add column deadline_seconds integer not null default 600 check (deadline_seconds > 0),
  add column ends_as text ${oneOf("ends_as", "ROLLED_BACK CANCELLED")},
  add column before jsonb,
  add column retry_of uuid,
  add column rollout_id uuid;

create index operation_retry_of on operation (tenant_id, retry_of) where retry_of is not null;

create table rollout (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  application_id uuid not null,
  namespace_id uuid not null,
  from_revision_id uuid,
  to_revision_id uuid not null,
  strategy text not null ${oneOf("strategy", "FULL CANARY")},
  update_strategy jsonb not null,
  cluster_ids text[] not null default '{}',
  progress_deadline_seconds integer not null check (progress_deadline_seconds > 0),
  auto_rollback boolean not null,
  operation_id uuid,
  state text not null ${oneOf("state", "PROGRESSING PAUSED SUCCEEDED ABORTING ABORTED ROLLED_BACK FAILED")},
  updated integer not null default 0,
  total integer not null default 0,
  reason text,
  started_at timestamptz(3) not null,
  progressed_at timestamptz(3) not null,
  finished_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, application_id) references application (tenant_id, id) on delete cascade,
  foreign key (tenant_id, from_revision_id) references revision (tenant_id, id) on delete cascade,
  foreign key (tenant_id, to_revision_id) references revision (tenant_id, id) on delete cascade
);

create index rollout_application on rollout (tenant_id, application_id, started_at desc, id desc);

create unique index rollout_under_way on rollout (tenant_id, application_id) where finished_at is null;
`);

    // ---- configuration. The content of a version has a name of its own, drawn at random: it tells nothing of the values.
    sql(/* sql */ `
create table config_map (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  namespace_id uuid not null,
  name text collate "C" not null,
  description text not null,
  keys text[] not null,
  data jsonb not null,
  content text not null,
  version integer not null,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  primary key (tenant_id, id),
  unique (tenant_id, namespace_id, name),
  foreign key (tenant_id, namespace_id) references namespace (tenant_id, id)
);

create index config_map_name on config_map (tenant_id, name, id);

create table secret (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  namespace_id uuid not null,
  name text collate "C" not null,
  description text not null,
  type text not null ${oneOf("type", "OPAQUE REGISTRY TLS")},
  keys text[] not null,
  key_id text not null,
  wrapped_key bytea not null,
  ciphertext bytea not null,
  content text not null,
  version integer not null,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  primary key (tenant_id, id),
  unique (tenant_id, namespace_id, name),
  foreign key (tenant_id, namespace_id) references namespace (tenant_id, id)
);

create index secret_name on secret (tenant_id, name, id);

create index secret_key_id on secret (key_id);

create table config_reference (
  tenant_id uuid not null references tenant (id),
  revision_id uuid not null,
  kind text not null ${oneOf("kind", "ConfigMap Secret")},
  config_id uuid not null,
  application_id uuid not null,
  namespace_id uuid not null,
  keys text[] not null,
  primary key (tenant_id, revision_id, config_id),
  foreign key (tenant_id, revision_id) references revision (tenant_id, id) on delete cascade
);

create index config_reference_config on config_reference (tenant_id, config_id);

create index config_reference_application on config_reference (tenant_id, application_id);

alter table cluster
  add column sealing_key text,
  add column online_since timestamptz(3);
`);

    // ---- services
    sql(/* sql */ `
create table service (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  namespace_id uuid not null,
  application_id uuid not null,
  cluster_id uuid not null references cluster (id),
  vpc_id uuid not null,
  name text collate "C" not null,
  type text not null ${oneOf("type", "CLUSTER_IP")},
  cluster_ip inet,
  ports jsonb not null,
  status text not null ${oneOf("status", "PENDING ACTIVE UPDATING FAILED DELETING")},
  version integer not null,
  generation integer not null check (generation > 0),
  observed_generation integer not null default 0,
  problem text,
  deleting boolean not null default false,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  primary key (tenant_id, id),
  unique (tenant_id, cluster_id, namespace_id, name),
  unique (tenant_id, cluster_id, cluster_ip),
  foreign key (tenant_id, application_id) references application (tenant_id, id),
  foreign key (tenant_id, vpc_id) references vpc (tenant_id, id)
);

create index service_name on service (tenant_id, name, id);

create index service_application on service (tenant_id, application_id, name, id);

create index service_vpc on service (tenant_id, vpc_id);

alter table assignment drop constraint assignment_kind_check, add constraint assignment_kind_check ${oneOf("kind", "placement service")};
`);

    for (const rights of [
      { table: "rollout", namespaced: true, api: "select, insert, update", worker: "select, update, delete" },
      { table: "config_map", namespaced: true, api: "select, insert, update, delete", worker: "select" },
      { table: "secret", namespaced: true, api: "select, insert, update, delete", worker: "select, update (key_id, wrapped_key)", system: "select" },
      { table: "config_reference", namespaced: true, api: "select, insert", worker: "select, delete" },
      { table: "service", namespaced: true, api: "select, insert, update", worker: "select, update, delete", gateway: "select, update (observed_generation, problem)", system: "select" },
    ]) {
      for (const statement of tenantTable(rights)) this.addSql(statement);
    }

    // The gateway sends configuration to clusters that have an assignment of an application which refers to it, and sees none other.
    sql(/* sql */ `
grant select (tenant_id, id, data, content) on config_map to selvedge_gateway;

grant select (tenant_id, id, key_id, wrapped_key, ciphertext, content) on secret to selvedge_gateway;

grant select on config_reference to selvedge_gateway;

create policy selvedge_gateway on config_reference for select to selvedge_gateway using (exists (
  select from assignment a
  where a.tenant_id = config_reference.tenant_id and a.application_id = config_reference.application_id and a.cluster_id = any ((select app.cluster_ids())::uuid[])));

create policy selvedge_gateway on config_map for select to selvedge_gateway using (exists (
  select from config_reference r where r.tenant_id = config_map.tenant_id and r.config_id = config_map.id));

create policy selvedge_gateway on secret for select to selvedge_gateway using (exists (
  select from config_reference r where r.tenant_id = secret.tenant_id and r.config_id = secret.id));

grant update (problem, configured) on placement to selvedge_gateway;

set role selvedge_system;

grant execute on function app.reserve(uuid, bigint, bigint, bigint) to selvedge_worker;

reset role;
`);

    // ---- narrow functions across tenants
    sql(/* sql */ `
-- Operations whose end no application's reconciliation decides: those that are not of one application.
create function app.unsettled_operations(after_tenant uuid, after_id uuid, how_many integer)
returns table (tenant_id uuid, operation_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
  select o.tenant_id, o.id from public.operation o
  where o.finished_at is null and (o.target_id is null or o.target_type <> 'Application') and (o.tenant_id, o.id) > (after_tenant, after_id)
  order by o.tenant_id, o.id limit how_many
$$;

-- Secrets whose data keys are wrapped by another key than the current one. Two ranges, because an index knows none for "another".
create function app.secrets_to_rewrap(current_key text, after_tenant uuid, after_id uuid, how_many integer)
returns table (tenant_id uuid, secret_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
  select s.tenant_id, s.id from public.secret s
  where (s.key_id < current_key or s.key_id > current_key) and (s.tenant_id, s.id) > (after_tenant, after_id)
  order by s.tenant_id, s.id limit how_many
$$;

-- An address of the block that no service of the session's tenant has on this cluster, or null: one of those tried, else the lowest. A token that is
-- limited to namespaces does not see all services, but none of them may get another's address.
create function app.free_cluster_ip(at_cluster_id uuid, first_address inet, addresses integer, tried integer[]) returns inet
language plpgsql stable security definer set search_path = pg_catalog, public as $$
declare
  tenant uuid := app.tenant_id();
  last_address inet := first_address + (addresses - 1);
  n integer;
begin
  foreach n in array tried loop
    perform from public.service s where s.tenant_id = tenant and s.cluster_id = at_cluster_id and s.cluster_ip = first_address + n;
    if not found then return first_address + n; end if;
  end loop;
  perform from public.service s where s.tenant_id = tenant and s.cluster_id = at_cluster_id and s.cluster_ip = first_address;
  if not found then return first_address; end if;
  return (
    select taken.ip + 1
    from (
      select s.cluster_ip as ip, lead(s.cluster_ip) over (order by s.cluster_ip) as next from public.service s
      where s.tenant_id = tenant and s.cluster_id = at_cluster_id and s.cluster_ip between first_address and last_address) taken
    where taken.ip < last_address and taken.next is distinct from taken.ip + 1
    order by taken.ip limit 1);
end $$;

revoke all on function app.unsettled_operations(uuid, uuid, integer), app.secrets_to_rewrap(text, uuid, uuid, integer), app.free_cluster_ip(uuid, inet, integer, integer[]) from public;

grant execute on function app.unsettled_operations(uuid, uuid, integer), app.secrets_to_rewrap(text, uuid, uuid, integer) to selvedge_worker;

grant execute on function app.free_cluster_ip(uuid, inet, integer, integer[]) to selvedge_api;

grant create on schema app to selvedge_system;

alter function app.unsettled_operations(uuid, uuid, integer) owner to selvedge_system;

alter function app.secrets_to_rewrap(text, uuid, uuid, integer) owner to selvedge_system;

alter function app.free_cluster_ip(uuid, inet, integer, integer[]) owner to selvedge_system;

revoke create on schema app from selvedge_system;

set role selvedge_system;

drop function app.unfinished_operations(uuid, uuid, integer);

reset role;
`);
  }
}
