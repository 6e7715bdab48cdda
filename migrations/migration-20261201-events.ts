import { Migration } from "@mikro-orm/migrations";
import { IN_NAMESPACES, tenantTable } from "./policies.ts";

/**
 * Events: what happened on clusters, and to them. A row never changes; what happens again is another row with a raised count, and a list shows the newest
 * of each object and reason. A row without a tenant is the platform's (a node, a cluster, the centre), which every tenant sees.
 *
 * `cluster_id` is the nil uuid where it is the centre itself that something happened to; so is then `object_id`. `xid` says, with the timeline, where in
 * the order of commits a row stands: rows that a cluster tells late come in between others by their time.
 */
export class EventsMigration extends Migration {
  override up(): void {
    const sql = (text: string): void => {
      for (const statement of text.split(/;\s*\n\s*\n/)) if (statement.trim()) this.addSql(statement.trim().replace(/;$/, ""));
    };

    sql(/* sql */ `
create table event (
  cluster_id uuid not null,
  id uuid not null,
  tenant_id uuid,
  application_id uuid,
  namespace_id uuid,
  pod_id uuid,
  at timestamptz(3) not null,
  first_at timestamptz(3) not null,
  type text not null check (type in ('NORMAL', 'WARNING')),
  reason text collate "C" not null,
  message text not null,
  count integer not null check (count > 0),
  object_kind text not null check (object_kind in ('pod', 'placement', 'service', 'node', 'cluster', 'centre')),
  object_id uuid not null,
  object text not null,
  involved_type text,
  involved_id uuid,
  cause text,
  xid bigint not null default pg_current_xact_id()::text::bigint,
  primary key (cluster_id, id),
  check ((tenant_id is null) = (application_id is null)),
  check ((tenant_id is null) = (namespace_id is null))
);

create index event_id on event (id);

create index event_newest on event (tenant_id, at desc, id desc) where tenant_id is not null;

create index event_platform on event (at desc, id desc) where tenant_id is null;

create index event_application on event (application_id, at desc, id desc) where application_id is not null;

create index event_pod on event (pod_id, at desc, id desc) where pod_id is not null;

create index event_cluster on event (cluster_id, at desc, id desc);

-- Whether there is a newer one of the same object and reason.
create index event_series on event (object_id, reason, at, id);

-- For those that are too old.
create index event_at on event (at);
`);

    for (const statement of tenantTable({ table: "event", gateway: "select, insert", system: "select, delete" })) this.addSql(statement);

    sql(/* sql */ `
grant select on event to selvedge_api;

create policy selvedge_api on event for select to selvedge_api
  using (tenant_id is null or (tenant_id = (select app.tenant_id()) and ${IN_NAMESPACES}));

create policy selvedge_owner on event for insert to current_user with check (tenant_id is null);

-- Names of what events are about come from here, not from the agents.
grant select (tenant_id, id, name) on application to selvedge_gateway;

create policy selvedge_gateway on application for select to selvedge_gateway using (exists (
  select from assignment a
  where a.tenant_id = application.tenant_id and a.application_id = application.id and a.cluster_id = any ((select app.cluster_ids())::uuid[])));

grant select (tenant_id, id, name) on service to selvedge_gateway;

-- A tenant's events and the platform's, each by an index in the order in which they are listed: one condition for both would sort them all. Not with
-- its owner's rights, so that it becomes part of the statement that names it.
create function app.events_in_sight() returns setof public.event
language sql stable parallel safe as $$
  (select * from public.event e where e.tenant_id = (select app.tenant_id()) order by e.at desc, e.id desc)
  union all
  (select * from public.event e where e.tenant_id is null order by e.at desc, e.id desc)
$$;

-- Removes so many of those that are older, and says how many there were.
create function app.expire_events(before timestamptz, how_many integer) returns integer
language sql security definer set search_path = pg_catalog, public as $$
  with gone as (
    delete from public.event e using (select o.cluster_id, o.id from public.event o where o.at < before order by o.at limit how_many) old
    where e.cluster_id = old.cluster_id and e.id = old.id
    returning 1
  )
  select count(*)::integer from gone
$$;

revoke all on function app.events_in_sight(), app.expire_events(timestamptz, integer) from public;

grant execute on function app.events_in_sight() to selvedge_api;

grant execute on function app.expire_events(timestamptz, integer) to selvedge_worker;

grant create on schema app to selvedge_system;

alter function app.expire_events(timestamptz, integer) owner to selvedge_system;

revoke create on schema app from selvedge_system;
`);
  }
}
