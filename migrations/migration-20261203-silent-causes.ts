import { Migration } from "@mikro-orm/migrations";

/** A cluster that a fault cut off falls silent because of that: the event names it. */
export class SilentCausesMigration extends Migration {
  override up(): void {
    const sql = (text: string): void => {
      for (const statement of text.split(/;\s*\n\s*\n/)) if (statement.trim()) this.addSql(statement.trim().replace(/;$/, ""));
    };
    sql(/* sql */ `
grant select on fault to selvedge_system;

create policy selvedge_system on fault for select to selvedge_system using (true);

grant create on schema app to selvedge_system;

-- Whoever migrates does not inherit from the function's owner.
set local role selvedge_system;

create or replace function app.mark_silent(before timestamptz, heard uuid[], now timestamptz, reason text, message text) returns setof uuid
language sql security definer set search_path = pg_catalog, public as $$
  with silent as (
    select c.id, c.code from public.cluster c
    where c.status = 'ONLINE' and (c.last_seen_at is null or c.last_seen_at < before) and c.id <> all (heard)
    order by c.id for no key update skip locked
  ), marked as (
    update public.cluster c set status = 'DISCONNECTED' from silent where c.id = silent.id returning c.id, silent.code
  ), told as (
    insert into public.event (cluster_id, id, at, first_at, type, reason, message, count, object_kind, object_id, object, involved_type, involved_id, cause)
    select m.id, gen_random_uuid(), now, coalesce(earlier.first_at, now), 'WARNING', mark_silent.reason, mark_silent.message, coalesce(earlier.count, 0) + 1,
      'cluster', m.id, 'cluster/' || m.code, case when cut.id is null then 'Cluster' else 'Fault' end, coalesce(cut.id, m.id), 'fault ' || cut.id
    from marked m
    left join lateral (
      select e.count, e.first_at from public.event e where e.object_id = m.id and e.cluster_id = m.id and e.reason = mark_silent.reason order by e.at desc, e.id desc limit 1) earlier on true
    left join lateral (
      select f.id from public.fault f
      where f.cluster_id = m.id and f.kind = 'DISCONNECT_CLUSTER' and f.starts_at <= now and coalesce(f.ended_at, f.ends_at) > mark_silent.before order by f.starts_at desc limit 1) cut on true
    returning cluster_id, id
  ), appended as (
    insert into public.timeline (tenant_id, cluster_id, kind, ids, removed_ids, at)
    select null::uuid, id, 'cluster', array[id], '{}'::uuid[], now from marked
    union all select null::uuid, cluster_id, 'event', array[id], '{}'::uuid[], now from told
  )
  select id from marked
$$;

reset role;

revoke create on schema app from selvedge_system;
`);
  }
}
