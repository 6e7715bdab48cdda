import type { ClientBase } from "pg";
import { instant } from "../../domain/clock.ts";
import { enqueueOn } from "../../jobs/enqueue.ts";
import { appendTimelineOn, type TimelineEntry } from "../../realtime/timeline.ts";
import { storePlannedEvents } from "../events.ts";
import { updateOperations } from "../operation/store.ts";
import type { PlannedEvent } from "./plan-events.ts";
import type { RemoveAction } from "./plan-objects.ts";
import type { Plan } from "./plan.ts";
import { tellRollouts } from "./roll-back.ts";
import type { ApplicationRow } from "./situation.ts";

/** Somebody changed a row between the look and the write: nothing is kept, and the whole has to be looked at again. */
export class Overtaken extends Error {
  override readonly name = "Overtaken";
}

/** An application as it was looked at, and what is to be done about it. */
export interface Change {
  readonly application: ApplicationRow;
  readonly plan: Plan;
  readonly events: readonly PlannedEvent[];
}

/**
 * Carries the plans of applications of one tenant out in the transaction of their look: few statements, each for all rows of a kind, and the
 * timeline's rows with them. What is not under the applications' locks, which the caller holds and mutations take too, is compared: an assignment
 * has the generation that its plan saw, or nothing is written. Returns the clusters that have something new to be told.
 */
export async function apply(client: ClientBase, tenantId: string, changes: readonly Change[], now: number): Promise<ReadonlySet<string>> {
  const all = <Row>(rowsOf: (plan: Plan, application: ApplicationRow) => readonly Row[]): Row[] => changes.flatMap(({ application, plan }) => rowsOf(plan, application));
  const assign = all((plan, { id, namespaceId }) => plan.assign.map((action) => ({ ...action, tenantId, applicationId: id, namespaceId })));
  const placements = all((plan) => plan.placements);
  const services = all((plan) => plan.services);
  const remove = all((plan, { id }) => plan.remove.map((action) => ({ ...action, applicationId: id })));
  const deleted = all((plan, { id }) => (plan.application === "delete" ? [id] : []));
  const updated = all((plan, { id }) => (plan.application === null || plan.application === "delete" ? [] : [{ ...plan.application, id }]));
  const steps = all((plan) => plan.steps.map((step) => ({ ...step, finishedAt: instant(step.finishedAt) })));
  const operations = all((plan) => plan.operations);
  const rollouts = all(({ rollout, application }) =>
    rollout && application !== "delete" ? [{ ...rollout, progressedAt: instant(rollout.progressedAt), finishedAt: instant(rollout.finishedAt) }] : []);
  const settle = all((plan) => plan.settle.map((operationId) => ({ tenantId, operationId })));
  const told = changes.flatMap(({ events }) => events);
  const removedPods: Gone[] = [];

  if (assign.length > 0) {
    const written = await run(client, "write-assignments", WRITE_ASSIGNMENTS, assign);
    if (written.length !== assign.length) throw new Overtaken("an assignment has another generation than the plan saw");
  }
  if (placements.length > 0) await run(client, "update-placements", UPDATE_PLACEMENTS, placements);
  if (services.length > 0) await run(client, "update-services", UPDATE_SERVICES, services);
  if (remove.length > 0) {
    const removed = await run<{ pods: Gone[] | null; assignments: number }>(client, "remove-objects", REMOVE, remove);
    if (removed[0]?.assignments !== remove.filter(({ tombstone }) => tombstone !== null).length) throw new Overtaken("a tombstone was replaced");
    removedPods.push(...(removed[0]?.pods ?? []));
  }
  // Before the applications are gone that they name.
  const toldEvents = await storePlannedEvents(client, tenantId, told, now);
  const removedRollouts = deleted.length > 0 ? (await client.query<{ id: string }>(DELETE_APPLICATIONS, [tenantId, deleted])).rows.map(({ id }) => id) : [];
  if (updated.length > 0) await run(client, "update-application", UPDATE_APPLICATION, updated);
  if (rollouts.length > 0) await run(client, "update-rollouts", UPDATE_ROLLOUTS, rollouts);
  if (steps.length > 0) await run(client, "update-steps", UPDATE_STEPS, steps);
  if (operations.length > 0) await updateOperations(client, operations);
  if (settle.length > 0) await enqueueOn(client, "settle_operation", settle);

  const entries: TimelineEntry[] = [];
  const add = (entry: Pick<TimelineEntry, "kind" | "ids" | "removedIds" | "ownerIds" | "clusterId">): void => {
    if (entry.ids.length + (entry.removedIds?.length ?? 0) > 0) entries.push({ ...entry, tenantId, at: now });
  };
  // Where it is placed is shown with an application, and filtered by.
  const left = all((plan, { id }) => (plan.application !== "delete" && plan.remove.some(({ kind }) => kind === "placement") ? [id] : []));
  add({ kind: "application", ids: [...new Set([...updated.map(({ id }) => id), ...left])], removedIds: deleted });
  /** What belongs to the applications, and to which of them. */
  const addOwned = (kind: TimelineEntry["kind"], idsOf: (plan: Plan) => readonly string[], removedIds: readonly string[] = [], owners: readonly string[] = []): void => {
    const concerned = changes.filter(({ plan }) => idsOf(plan).length > 0);
    add({ kind, ids: [...new Set(concerned.flatMap(({ plan }) => idsOf(plan)))], removedIds, ownerIds: [...new Set([...owners, ...concerned.map(({ application }) => application.id)])] });
  };
  // Of what is gone nothing can be looked up any more: its cluster is said with it.
  const addGone = (kind: TimelineEntry["kind"], gone: readonly Gone[]): void => {
    for (const [clusterId, some] of Map.groupBy(gone, (one) => one.clusterId)) {
      add({ kind, clusterId, ids: [], removedIds: some.map(({ objectId }) => objectId), ownerIds: [...new Set(some.map(({ applicationId }) => applicationId))] });
    }
  };
  addOwned("placement", (plan) => plan.placements.map(({ id }) => id));
  addOwned("service", (plan) => plan.services.map(({ id }) => id));
  for (const kind of ["placement", "service"] as const) addGone(kind, remove.filter((action) => action.kind === kind));
  const toldRollouts = await tellRollouts(client, rollouts.filter(({ finishedAt }) => finishedAt !== null).map(({ id }) => id), now);
  add({ kind: "event", ids: toldRollouts.map(({ event_id }) => event_id), ownerIds: [...new Set(toldRollouts.map(({ application_id }) => application_id))] });
  addOwned("rollout", ({ rollout, application }) => (rollout && application !== "delete" ? [rollout.id] : []), removedRollouts, deleted);
  addGone("pod", removedPods);
  // Those whose end is decided elsewhere are not an application's own.
  addOwned("operation", (plan) => plan.touched.filter((id) => !plan.settle.includes(id)));
  add({ kind: "operation", ids: [...new Set(all((plan) => plan.settle))] });
  await appendTimelineOn(client, [...entries, ...toldEvents]);
  return new Set(assign.map(({ clusterId }) => clusterId));
}

/** An object, and where it belonged. */
interface Gone extends Pick<RemoveAction, "objectId" | "clusterId"> {
  readonly applicationId: string;
}

async function run<Row extends object>(client: ClientBase, name: string, text: string, rows: readonly object[]): Promise<Row[]> {
  const result = await client.query<Row>({ name, text, values: [JSON.stringify(rows)] });
  return result.rows;
}

const WRITE_ASSIGNMENTS = /* sql */ `
with planned as (
  select * from jsonb_to_recordset($1::jsonb) as planned (
    "clusterId" uuid, "objectId" uuid, "tenantId" uuid, "applicationId" uuid, "namespaceId" uuid, kind text, generation int, "contentHash" text, spec jsonb,
    "templateHash" text, replaces int)
), replaced as (
  update assignment x set generation = planned.generation, content_hash = planned."contentHash", spec = planned.spec, template_hash = planned."templateHash"
  from planned
  where x.cluster_id = planned."clusterId" and x.object_id = planned."objectId" and x.generation = planned.replaces and x.tenant_id = planned."tenantId"
  returning x.object_id
), inserted as (
  insert into assignment (cluster_id, object_id, tenant_id, application_id, namespace_id, kind, generation, content_hash, spec, template_hash)
  select "clusterId", "objectId", "tenantId", "applicationId", "namespaceId", kind, generation, "contentHash", spec, "templateHash"
  from planned where replaces is null
  on conflict do nothing
  returning object_id
)
select object_id from replaced union all select object_id from inserted`;

const UPDATE_PLACEMENTS = /* sql */ `
update placement p set generation = planned.generation, unavailable = planned.unavailable
from jsonb_to_recordset($1::jsonb) as planned (id uuid, generation int, unavailable int)
where p.tenant_id = app.tenant_id() and p.id = planned.id and p.generation <= planned.generation`;

const UPDATE_SERVICES = /* sql */ `
update service s set generation = planned.generation, status = planned.status
from jsonb_to_recordset($1::jsonb) as planned (id uuid, generation int, status text)
where s.tenant_id = app.tenant_id() and s.id = planned.id and s.generation <= planned.generation`;

/** What is removed is what its kind says: an id of one kind never removes a row of another. */
const REMOVE = /* sql */ `
with planned as (
  select * from jsonb_to_recordset($1::jsonb) as planned (kind text, "objectId" uuid, "clusterId" uuid, tombstone int)
), assignments as (
  delete from assignment x using planned
  where x.cluster_id = planned."clusterId" and x.object_id = planned."objectId" and x.spec is null
    and x.generation = planned.tombstone and x.confirmed_generation = planned.tombstone
  returning 1
), placements as (
  delete from placement p using planned where planned.kind = 'placement' and p.tenant_id = app.tenant_id() and p.id = planned."objectId"
), services as (
  delete from service s using planned where planned.kind = 'service' and s.tenant_id = app.tenant_id() and s.id = planned."objectId"
), pods as (
  delete from pod using planned where planned.kind = 'placement' and pod.tenant_id = app.tenant_id() and pod.placement_id = planned."objectId" returning pod.id, pod.cluster_id, pod.application_id
)
select (select count(*)::int from assignments) as assignments,
  (select jsonb_agg(jsonb_build_object('objectId', id, 'clusterId', cluster_id, 'applicationId', application_id)) from pods) as pods`;

/** Their rollouts go with them, as all that is theirs: these were shown, and so are told of. */
const DELETE_APPLICATIONS = /* sql */ `
with gone as (delete from application where tenant_id = $1 and id = any ($2::uuid[]) returning id)
select r.id from rollout r join gone on r.application_id = gone.id where r.tenant_id = $1`;

const UPDATE_APPLICATION = /* sql */ `
update application a set
  status = planned.status, status_reason = planned."statusReason", desired = planned.desired, created = planned.created, ready = planned.ready,
  updated = planned.updated, unavailable = planned.unavailable
from jsonb_to_recordset($1::jsonb) as planned (id uuid, status text, "statusReason" text, desired int, created int, ready int, updated int, unavailable int)
where a.tenant_id = app.tenant_id() and a.id = planned.id`;

const UPDATE_ROLLOUTS = /* sql */ `
update rollout r set
  state = planned.state, updated = planned.updated, total = planned.total, reason = planned.reason, progressed_at = planned."progressedAt", finished_at = planned."finishedAt"
from jsonb_to_recordset($1::jsonb) as planned (id uuid, state text, updated int, total int, reason text, "progressedAt" timestamptz, "finishedAt" timestamptz)
where r.tenant_id = app.tenant_id() and r.id = planned.id and r.finished_at is null`;

const UPDATE_STEPS = /* sql */ `
update operation_step s set state = planned.state, message = planned.message, completed = planned.completed, finished_at = planned."finishedAt"
from jsonb_to_recordset($1::jsonb) as planned (id uuid, state text, message text, completed int, "finishedAt" timestamptz)
where s.tenant_id = app.tenant_id() and s.id = planned.id and s.finished_at is null`;
