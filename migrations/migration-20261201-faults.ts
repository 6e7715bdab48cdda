import { Migration } from "@mikro-orm/migrations";
import { WHOLE_TENANT } from "./policies.ts";

const oneOf = (column: string, values: string): string => `check (${column} in (${values.split(" ").map((value) => `'${value}'`).join(", ")}))`;

/**
 * Faults that an operator injects. They are the platform's, no tenant's: a token that is limited to namespaces sees none, and the API shows them to
 * PLATFORM_ADMIN alone. `ended_at` is null until the fault was ended, or was found to be over.
 */
export class FaultsMigration extends Migration {
  override up(): void {
    const sql = (text: string): void => {
      for (const statement of text.split(/;\s*\n\s*\n/)) if (statement.trim()) this.addSql(statement.trim().replace(/;$/, ""));
    };
    sql(/* sql */ `
create table fault (
  id uuid primary key,
  kind text not null ${oneOf("kind", "DISCONNECT_CLUSTER FAIL_NODE CRASH_POD SLOW_IMAGE_PULL RECLAIM_SPOT")},
  cluster_id uuid not null references cluster (id),
  target_type text not null ${oneOf("target_type", "Cluster ClusterNode Pod")},
  target_id uuid not null,
  mode text ${oneOf("mode", "BOTH_WAYS TO_CENTRE TO_CLUSTER FLAPPING")},
  seed integer not null,
  starts_at timestamptz(3) not null,
  ends_at timestamptz(3) not null check (ends_at > starts_at),
  ended_at timestamptz(3),
  check ((mode is not null) = (kind = 'DISCONNECT_CLUSTER'))
);

-- One of a kind on a target, whoever asks first.
create unique index fault_in_force on fault (kind, target_id) where ended_at is null;

create index fault_ends_at on fault (ends_at);

alter table fault enable row level security;

alter table fault force row level security;

grant select, insert, update (ended_at) on fault to selvedge_api;

grant select, update (ended_at), delete on fault to selvedge_worker;

grant select on fault to selvedge_gateway;

create policy selvedge_api on fault to selvedge_api using (${WHOLE_TENANT}) with check (${WHOLE_TENANT});

create policy selvedge_worker on fault to selvedge_worker using (true) with check (true);

create policy selvedge_gateway on fault for select to selvedge_gateway using (true);

create policy selvedge_api_faults on timeline for insert to selvedge_api with check (tenant_id is null and kind = 'fault' and ${WHOLE_TENANT});

-- Faults as they are shown to whoever asks: the target while it is there for them, and the cluster that it was on from then on. A pod may be gone, or
-- another tenant's; a node may have left its cluster.
create function app.faults() returns table (
  id uuid, kind text, cluster_id uuid, subject_id uuid, target_type text, target_id uuid, mode text, seed integer,
  starts_at timestamptz(3), ends_at timestamptz(3), ended_at timestamptz(3)
)
language sql stable as $$
  select f.id, f.kind, f.cluster_id, f.target_id, case when shown.there then f.target_type else 'Cluster' end, case when shown.there then f.target_id else f.cluster_id end,
    f.mode, f.seed, f.starts_at, f.ends_at, f.ended_at
  from public.fault f cross join lateral (
    select case f.target_type
      when 'Pod' then exists (select from public.pod p where p.cluster_id = f.cluster_id and p.id = f.target_id)
      when 'ClusterNode' then exists (select from public.cluster_node n where n.id = f.target_id)
      else true end as there) shown
$$;

revoke all on function app.faults() from public;

grant execute on function app.faults() to selvedge_api;
`);
  }
}
