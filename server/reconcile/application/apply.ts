import type { ClientBase } from "pg";
import { enqueueOn } from "../../jobs/enqueue.ts";
import { appendTimelineOn, type TimelineEntry } from "../../realtime/timeline.ts";
import { updateOperations } from "../operation/store.ts";
import { type Plan } from "./plan.ts";
import type { ApplicationRow } from "./situation.ts";

/** Somebody changed a row between the look and the write: nothing is kept, and the whole has to be looked at again. */
export class Overtaken extends Error {
  override readonly name = "Overtaken";
}

/**
 * Carries a plan out in the transaction of its look: few statements, each for all rows of a kind, and the timeline's rows with them.
 * Every write names the generation that the plan saw. Returns the clusters that have something new to be told.
 */
export async function apply(client: ClientBase, application: ApplicationRow, plan: Plan, now: number): Promise<readonly string[]> {
  const placementIds = new Set(plan.placements.map(({ id }) => id));
  const removedPods: string[] = [];
  if (plan.assign.length > 0) await assign(client, application, plan);
  if (plan.placements.length > 0) await run(client, "update-placements", UPDATE_PLACEMENTS, plan.placements);
  if (plan.remove.length > 0) {
    const removed = await run<{ pods: string[] | null; assignments: number }>(client, "remove-placements", REMOVE, plan.remove);
    if (removed[0]?.assignments !== plan.remove.filter(({ tombstone }) => tombstone !== null).length) throw new Overtaken("a tombstone was replaced");
    removedPods.push(...(removed[0]?.pods ?? []));
  }
  if (plan.application === "delete") await client.query("delete from application where tenant_id = $1 and id = $2", [application.tenantId, application.id]);
  else if (plan.application) await run(client, "update-application", UPDATE_APPLICATION, [{ ...plan.application, id: application.id }]);
  if (plan.steps.length > 0) await run(client, "update-steps", UPDATE_STEPS, plan.steps.map((step) => ({ ...step, finishedAt: instant(step.finishedAt) })));
  if (plan.operations.length > 0) await updateOperations(client, plan.operations);
  if (plan.settle.length > 0) {
    await enqueueOn(client, "settle_operation", plan.settle.map((operationId) => ({ tenantId: application.tenantId, operationId })));
  }
  await appendTimelineOn(client, timelineOf(application, plan, [...placementIds], removedPods, now));
  return [...new Set(plan.assign.map(({ clusterId }) => clusterId))];
}

async function assign(client: ClientBase, application: ApplicationRow, plan: Plan): Promise<void> {
  const rows = await run(client, "write-assignments", WRITE_ASSIGNMENTS, plan.assign.map((action) => ({
    ...action, tenantId: application.tenantId, applicationId: application.id, namespaceId: application.namespaceId,
  })));
  if (rows.length !== plan.assign.length) throw new Overtaken("an assignment has another generation than the plan saw");
}

function timelineOf(application: ApplicationRow, plan: Plan, placementIds: readonly string[], removedPods: readonly string[], now: number): TimelineEntry[] {
  const { tenantId } = application;
  const removedPlacements = plan.remove.map(({ placementId }) => placementId);
  const entries: TimelineEntry[] = [];
  const add = (kind: TimelineEntry["kind"], ids: readonly string[], removedIds: readonly string[] = []): void => {
    if (ids.length + removedIds.length > 0) entries.push({ tenantId, kind, ids, removedIds, at: now });
  };
  if (plan.application === "delete") add("application", [], [application.id]);
  else if (plan.application) add("application", [application.id]);
  add("placement", placementIds, removedPlacements);
  add("pod", [], removedPods);
  add("operation", plan.touched);
  return entries;
}

const instant = (milliseconds: number | null): Date | null => (milliseconds === null ? null : new Date(milliseconds));

async function run<Row extends object>(client: ClientBase, name: string, text: string, rows: readonly object[]): Promise<Row[]> {
  const result = await client.query<Row>({ name, text, values: [JSON.stringify(rows)] });
  return result.rows;
}

const WRITE_ASSIGNMENTS = /* sql */ `
with planned as (
  select * from jsonb_to_recordset($1::jsonb) as planned (
    "clusterId" uuid, "objectId" uuid, "tenantId" uuid, "applicationId" uuid, "namespaceId" uuid, generation int, "contentHash" text, spec jsonb,
    "templateHash" text, replaces int)
), replaced as (
  update assignment x set generation = planned.generation, content_hash = planned."contentHash", spec = planned.spec, template_hash = planned."templateHash"
  from planned
  where x.cluster_id = planned."clusterId" and x.object_id = planned."objectId" and x.generation = planned.replaces and x.tenant_id = planned."tenantId"
  returning x.object_id
), inserted as (
  insert into assignment (cluster_id, object_id, tenant_id, application_id, namespace_id, kind, generation, content_hash, spec, template_hash)
  select "clusterId", "objectId", "tenantId", "applicationId", "namespaceId", 'placement', generation, "contentHash", spec, "templateHash"
  from planned where replaces is null
  on conflict do nothing
  returning object_id
)
select object_id from replaced union all select object_id from inserted`;

const UPDATE_PLACEMENTS = /* sql */ `
update placement p set generation = planned.generation, unavailable = planned.unavailable
from jsonb_to_recordset($1::jsonb) as planned (id uuid, generation int, unavailable int)
where p.tenant_id = app.tenant_id() and p.id = planned.id and p.generation <= planned.generation`;

const REMOVE = /* sql */ `
with planned as (
  select * from jsonb_to_recordset($1::jsonb) as planned ("placementId" uuid, "clusterId" uuid, tombstone int)
), assignments as (
  delete from assignment x using planned
  where x.cluster_id = planned."clusterId" and x.object_id = planned."placementId" and x.spec is null
    and x.generation = planned.tombstone and x.confirmed_generation = planned.tombstone
  returning 1
), placements as (
  delete from placement p using planned where p.tenant_id = app.tenant_id() and p.id = planned."placementId" returning 1
), pods as (
  delete from pod using planned where pod.tenant_id = app.tenant_id() and pod.placement_id = planned."placementId" returning pod.id
)
select (select count(*)::int from assignments) as assignments, (select count(*)::int from placements) as placements, (select array_agg(id) from pods) as pods`;

const UPDATE_APPLICATION = /* sql */ `
update application a set
  status = planned.status, status_reason = planned."statusReason", desired = planned.desired, created = planned.created, ready = planned.ready,
  updated = planned.updated, unavailable = planned.unavailable
from jsonb_to_recordset($1::jsonb) as planned (id uuid, status text, "statusReason" text, desired int, created int, ready int, updated int, unavailable int)
where a.tenant_id = app.tenant_id() and a.id = planned.id`;

const UPDATE_STEPS = /* sql */ `
update operation_step s set state = planned.state, message = planned.message, completed = planned.completed, finished_at = planned."finishedAt"
from jsonb_to_recordset($1::jsonb) as planned (id uuid, state text, message text, completed int, "finishedAt" timestamptz)
where s.tenant_id = app.tenant_id() and s.id = planned.id and s.finished_at is null`;
