import { Migration } from "@mikro-orm/migrations";

/** Whoever looks may say that clusters are silent: the gateway, and the worker where no gateway runs. */
export class SilentClustersMigration extends Migration {
  override up(): void {
    const sql = (text: string): void => {
      for (const statement of text.split(/;\s*\n\s*\n/)) if (statement.trim()) this.addSql(statement.trim().replace(/;$/, ""));
    };
    sql(/* sql */ `
grant update (status) on cluster to selvedge_system;

grant insert on event to selvedge_system;

-- Marks clusters that nobody vouched for since then, and tells of each what happened; of those of heard there is news that is not stored yet. What somebody else
-- holds at the moment is left for the next look.
create function app.mark_silent(before timestamptz, heard uuid[], now timestamptz, reason text, message text) returns setof uuid
language sql security definer set search_path = pg_catalog, public as $$
  with silent as (
    select c.id, c.code from public.cluster c
    where c.status = 'ONLINE' and (c.last_seen_at is null or c.last_seen_at < before) and c.id <> all (heard)
    order by c.id for no key update skip locked
  ), marked as (
    update public.cluster c set status = 'DISCONNECTED' from silent where c.id = silent.id returning c.id, silent.code
  ), told as (
    insert into public.event (cluster_id, id, at, first_at, type, reason, message, count, object_kind, object_id, object, involved_type, involved_id)
    select m.id, gen_random_uuid(), now, coalesce(earlier.first_at, now), 'WARNING', mark_silent.reason, mark_silent.message, coalesce(earlier.count, 0) + 1,
      'cluster', m.id, 'cluster/' || m.code, 'Cluster', m.id
    from marked m
    left join lateral (
      select e.count, e.first_at from public.event e where e.object_id = m.id and e.cluster_id = m.id and e.reason = mark_silent.reason order by e.at desc, e.id desc limit 1) earlier on true
    returning cluster_id, id
  ), appended as (
    insert into public.timeline (tenant_id, cluster_id, kind, ids, removed_ids, at)
    select null::uuid, id, 'cluster', array[id], '{}'::uuid[], now from marked
    union all select null::uuid, cluster_id, 'event', array[id], '{}'::uuid[], now from told
  )
  select id from marked
$$;

revoke all on function app.mark_silent(timestamptz, uuid[], timestamptz, text, text) from public;

grant execute on function app.mark_silent(timestamptz, uuid[], timestamptz, text, text) to selvedge_gateway, selvedge_worker;

grant create on schema app to selvedge_system;

alter function app.mark_silent(timestamptz, uuid[], timestamptz, text, text) owner to selvedge_system;

revoke create on schema app from selvedge_system;
`);
  }
}
