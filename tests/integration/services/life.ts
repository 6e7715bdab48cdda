/** An application whose life tests change, and looks at what that leaves behind. */
import type pg from "pg";
import { globalId } from "#server/domain/ids.ts";
import type { CreateApplicationInput, PodTemplateInput } from "#server/services/application/input.ts";
import { applicationInput, type Fixture, must, type TestCluster, type TestTenant } from "./fixture.ts";

export interface Living {
  readonly tenant: TestTenant;
  /** In the order of their ids. */
  readonly clusters: readonly TestCluster[];
  readonly id: string;
  readonly applicationId: string;
  readonly firstOperation: string;
}

export type Row = Record<string, unknown>;

/** Two pods of 100 millis on each of `clusterCount` clusters, all of them ready, as far as the database says; its operation has succeeded. */
export async function living(fixture: Fixture, clusterCount = 2, changes: Partial<CreateApplicationInput> = {}): Promise<Living> {
  const { admin, services } = fixture;
  const tenant = await fixture.tenant();
  const clusters = (await Promise.all(Array.from({ length: clusterCount }, () => fixture.cluster()))).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const made = must(await services.applications.create(tenant.actor, applicationInput(clusters, changes)));
  const id = made.applicationId;
  await settle(admin, id);
  return { tenant, clusters, id, applicationId: globalId("Application", id), firstOperation: made.operationId ?? "" };
}

/** As if the fleet had carried everything out: the worker's part, for tests of what mutations find. */
export async function settle(admin: pg.Pool, applicationId: string): Promise<void> {
  await admin.query(
    "update placement set created = desired, ready = desired, updated = desired, unavailable = 0, observed_generation = generation where application_id = $1",
    [applicationId],
  );
  await admin.query("update application set status = case when stopped then 'STOPPED' else 'RUNNING' end, status_reason = null where id = $1", [applicationId]);
  await admin.query("update operation_step set state = 'SUCCEEDED', finished_at = now() where target_id = $1 and finished_at is null", [applicationId]);
  await admin.query("update operation set state = coalesce(ends_as, 'SUCCEEDED'), finished_at = now() where target_id = $1 and finished_at is null", [applicationId]);
  await admin.query(
    "update rollout set state = case state when 'ABORTING' then 'ROLLED_BACK' else 'SUCCEEDED' end, finished_at = now() where application_id = $1 and finished_at is null",
    [applicationId],
  );
}

export interface Look {
  application(id: string): Promise<Row>;
  operation(id: string | null): Promise<Row>;
  /** By cluster. */
  placements(applicationId: string): Promise<Row[]>;
  /** By cluster. */
  steps(operationId: string | null): Promise<Row[]>;
  /** Oldest first. */
  operations(applicationId: string): Promise<Row[]>;
  rollouts(applicationId: string): Promise<Row[]>;
  revisions(applicationId: string): Promise<Row[]>;
}

export function look(admin: pg.Pool): Look {
  const rows = async (text: string, id: string | null): Promise<Row[]> => (await admin.query<Row>(text, [id])).rows;
  const one = async (text: string, id: string | null): Promise<Row> => (await rows(text, id))[0] ?? {};
  return {
    application: (id) => one("select * from application where id = $1", id),
    operation: (id) => one("select * from operation where id = $1", id),
    placements: (id) => rows("select * from placement where application_id = $1 order by cluster_id", id),
    steps: (id) => rows("select * from operation_step where operation_id = $1 order by cluster_id", id),
    operations: (id) => rows("select * from operation where target_id = $1 order by id", id),
    rollouts: (id) => rows("select * from rollout where application_id = $1 order by id", id),
    revisions: (id) => rows("select * from revision where application_id = $1 order by number", id),
  };
}

/** The template of `applicationInput`, with another image or size. */
export function templateWith(changes: { readonly image?: string; readonly cpuMillis?: number; readonly memoryMiB?: number } = {}): PodTemplateInput {
  const { template } = applicationInput([]);
  return { ...template, containers: template.containers.map((container) => ({ ...container, ...changes })) };
}

export const VERSION_2 = templateWith({ image: "registry.example/shop/web:2.0" });
export const VERSION_3 = templateWith({ image: "registry.example/shop/web:3.0" });

/** What clusters have reserved, and what their placements of all tenants come to: the same, always. */
export async function reservedAndWanted(admin: pg.Pool, clusterIds: readonly string[]): Promise<{ reserved: Row[]; wanted: Row[]; usage: Row[] }> {
  const query = async (text: string): Promise<Row[]> => (await admin.query<Row>(text, [clusterIds])).rows;
  return {
    reserved: await query(
      `select id, reserved_cpu_millis::int as cpu, reserved_memory_mib::int as memory, reserved_pods::int as pods from cluster where id = any ($1) order by id`,
    ),
    wanted: await query(
      `select c.id, coalesce(sum(p.desired * pod.cpu), 0)::int as cpu, coalesce(sum(p.desired * pod.memory), 0)::int as memory, coalesce(sum(p.desired), 0)::int as pods
       from cluster c left join placement p on p.cluster_id = c.id and not exists (select from application a where a.id = p.application_id and a.capacity_type = 'SPOT')
       left join revision r on r.id = p.revision_id
       left join lateral (
         select sum((k->>'cpuMillis')::int) as cpu, sum((k->>'memoryMiB')::int) as memory from jsonb_array_elements(r.template->'containers') k) pod on true
       where c.id = any ($1) group by c.id order by c.id`,
    ),
    usage: await query(
      `select c.id, coalesce(sum(u.cpu_millis), 0)::int as cpu, coalesce(sum(u.memory_mib), 0)::int as memory, coalesce(sum(u.pods), 0)::int as pods
       from cluster c left join cluster_usage u on u.cluster_id = c.id where c.id = any ($1) group by c.id order by c.id`,
    ),
  };
}
