import { Migration } from "@mikro-orm/migrations";
import { IN_NAMESPACES } from "./policies.ts";

/** Streams tell events in the order of commits, a tenant's and the platform's each by one index. And what becomes of rollouts is told as events of their applications. */
export class RecordStreamsMigration extends Migration {
  override up(): void {
    const sql = (text: string): void => {
      for (const statement of text.split(/;\s*\n\s*\n/)) if (statement.trim()) this.addSql(statement.trim().replace(/;$/, ""));
    };

    sql(/* sql */ `
create index event_commits on event (tenant_id, xid, at, id);

grant insert on event to selvedge_api, selvedge_worker;

create policy selvedge_api_tells on event for insert to selvedge_api with check (tenant_id = (select app.tenant_id()) and ${IN_NAMESPACES});

create policy selvedge_worker_tells on event for insert to selvedge_worker with check (tenant_id = (select app.tenant_id()));

-- Says what the rows of these rollouts say now, each state of a rollout once however often it is asked for. The event is the application's; behind it is the operation. Under the rights and the
-- tenant of who calls.
create function app.tell_rollouts(rollout_ids uuid[], told_at timestamptz) returns table (event_id uuid, application_id uuid)
language sql as $$
  with told as (
    select r.*, p.name, n.number, b.number as before,
      overlay(overlay(md5('rollout ' || r.id || ' ' || r.state) placing '8' from 13) placing '8' from 17)::uuid as event_id
    from public.rollout r
    join public.application p on p.tenant_id = r.tenant_id and p.id = r.application_id
    join public.revision n on n.tenant_id = r.tenant_id and n.id = r.to_revision_id
    left join public.revision b on b.tenant_id = r.tenant_id and b.id = r.from_revision_id
    where r.tenant_id = app.tenant_id() and r.id = any (rollout_ids) and r.state <> 'PAUSED'
  ), stored as (
    insert into public.event (cluster_id, id, tenant_id, application_id, namespace_id, at, first_at, type, reason, message, count, object_kind, object_id, object, involved_type, involved_id, cause)
    select '00000000-0000-0000-0000-000000000000', t.event_id, t.tenant_id, t.application_id, t.namespace_id, told_at, told_at,
      case when t.state in ('ABORTING', 'ROLLED_BACK', 'FAILED') then 'WARNING' else 'NORMAL' end,
      case t.state when 'PROGRESSING' then 'RolloutStarted' when 'SUCCEEDED' then 'RolloutCompleted' when 'ABORTING' then 'RollingBack' when 'ROLLED_BACK' then 'RolledBack'
        when 'ABORTED' then 'RolloutAborted' else 'RolloutFailed' end,
      case t.state
        when 'PROGRESSING' then 'Rollout to revision ' || t.number || coalesce(' from revision ' || t.before, '') || ' began'
        when 'SUCCEEDED' then 'All ' || t.total || ' replicas run revision ' || t.number
        when 'ROLLED_BACK' then 'All replicas run revision ' || coalesce(t.before::text, '?') || ' again. ' || coalesce(t.reason, '')
        else 'Rollout to revision ' || t.number || ': ' || coalesce(t.reason, lower(t.state))
      end,
      1, 'placement', t.application_id, 'application/' || t.name,
      case when t.operation_id is null then 'Application' else 'Operation' end, coalesce(t.operation_id, t.application_id), 'operation ' || t.operation_id
    from told t
    on conflict do nothing
  )
  select t.event_id, t.application_id from told t
$$;

revoke all on function app.tell_rollouts(uuid[], timestamptz) from public;

grant execute on function app.tell_rollouts(uuid[], timestamptz) to selvedge_api, selvedge_worker;
`);
  }
}
