import type { ClientBase } from "pg";
import { instant } from "../../domain/clock.ts";
import type { OperationStanding, StepSummary } from "../../domain/operation-progress.ts";

export interface StoredOperation extends OperationStanding {
  readonly id: string;
}

/** Writes where operations stand. One that has ended is never touched again. */
export async function updateOperations(client: ClientBase, operations: readonly Omit<StoredOperation, "deadlineSeconds" | "endsAs">[]): Promise<void> {
  const rows = operations.map(({ id, state, completed, total, error, startedAt, finishedAt, progressedAt }) => ({
    id, state, completed, total, error, startedAt: instant(startedAt), finishedAt: instant(finishedAt), progressedAt: new Date(progressedAt),
  }));
  await client.query({ name: "update-operations", text: UPDATE, values: [JSON.stringify(rows)] });
}

/** An unfinished operation and the sum over all its steps, or null. With `lock` (the default) it is held until the transaction ends. */
export async function loadOperation(client: ClientBase, operationId: string, { lock = true }: { lock?: boolean } = {}): Promise<{ operation: StoredOperation; steps: StepSummary } | null> {
  // Locked first and alone: the steps must be read by a statement that began when the lock was held.
  const locked = await client.query<StoredOperation>(lock ? { name: "lock-operation", text: `${LOAD} for no key update`, values: [operationId] } : { name: "load-operation", text: LOAD, values: [operationId] });
  const operation = locked.rows[0];
  if (!operation) return null;
  const summed = await client.query<StepSummary>({ name: "sum-steps", text: SUM_STEPS, values: [operationId] });
  return { operation, steps: summed.rows[0] ?? { completed: 0, total: 0, states: {} } };
}

/**
 * Ends the steps of an unfinished operation whose application is gone: reconciliations move steps, and of that one there is none any more. It went
 * after the operation's transaction had looked who is concerned, and before that committed. The operation is locked by the caller. Returns how many.
 */
export async function endOrphans(client: ClientBase, operationId: string, now: number): Promise<number> {
  const { rowCount } = await client.query({ name: "end-orphans", text: END_ORPHANS, values: [operationId, new Date(now)] });
  return rowCount ?? 0;
}

export async function hasOrphans(client: ClientBase, operationId: string): Promise<boolean> {
  const { rowCount } = await client.query({ name: "find-orphans", text: FIND_ORPHANS, values: [operationId] });
  return (rowCount ?? 0) > 0;
}

const ORPHAN = /* sql */ `t.tenant_id = app.tenant_id() and t.operation_id = $1 and t.finished_at is null and t.target_type = 'Application'
  and not exists (select from application a where a.tenant_id = t.tenant_id and a.id = t.target_id)`;

const FIND_ORPHANS = `select from operation_step t where ${ORPHAN} limit 1`;

const END_ORPHANS = `update operation_step t set state = 'SUPERSEDED', finished_at = $2 where ${ORPHAN}`;

const UPDATE = /* sql */ `
update operation o set
  state = planned.state, completed = planned.completed, total = planned.total, error = planned.error, started_at = planned."startedAt",
  finished_at = planned."finishedAt", progressed_at = planned."progressedAt"
from jsonb_to_recordset($1::jsonb) as planned (
  id uuid, state text, completed int, total int, error text, "startedAt" timestamptz, "finishedAt" timestamptz, "progressedAt" timestamptz)
where o.tenant_id = app.tenant_id() and o.id = planned.id and o.finished_at is null`;

const LOAD = /* sql */ `
select o.id, o.state, o.completed, o.total, o.error, null as "finishedAt", floor(extract(epoch from o.started_at) * 1000)::bigint as "startedAt",
  floor(extract(epoch from o.progressed_at) * 1000)::bigint as "progressedAt", o.deadline_seconds as "deadlineSeconds", o.ends_as as "endsAs"
from operation o where o.tenant_id = app.tenant_id() and o.id = $1 and o.finished_at is null`;

const SUM_STEPS = /* sql */ `
select coalesce(sum(completed), 0)::int as completed, coalesce(sum(total), 0)::int as total, coalesce(json_object_agg(state, steps), '{}') as states,
  min(failure) as failure
from (
  select state, count(*) as steps, sum(completed) as completed, sum(total) as total, min(message) filter (where state = 'FAILED') as failure
  from operation_step where tenant_id = app.tenant_id() and operation_id = $1 group by state) by_state`;
