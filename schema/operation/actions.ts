import { CANCELLABLE_OPERATIONS, RETRYABLE_OPERATIONS, RETRYABLE_STATES } from "../../server/domain/operation-actions.ts";
import { isTerminal, OPERATION_STATES } from "../../server/domain/states.ts";
import type { Operation as OperationRow } from "../../server/entities/operation.ts";
import type { Service as ServiceRow } from "../../server/entities/service.ts";
import { Application, Placement } from "../application/ref.ts";
import { Rollout } from "../rollout/ref.ts";
import { type Columns, type EntityToken, isOneOf, rows, type Sql, sql } from "../shared/mapping/sql.ts";
import { Operation, OperationStep } from "./ref.ts";

const Service: EntityToken<ServiceRow> = { entity: "Service" };

/** `cancellable` of server/domain/operation-actions.ts, in SQL: a test compares them for all that an operation can be. A document may be JSON's null. */
export const cancellableSql = ({ kind, state, endsAs, before }: Columns<OperationRow>): Sql => {
  const unfinished = OPERATION_STATES.filter((one) => !isTerminal(one));
  return sql`(${isOneOf(kind, CANCELLABLE_OPERATIONS, "text[]")} and ${isOneOf(state, unfinished, "text[]")} and ${endsAs} is null and coalesce(${before}, 'null') <> 'null')`;
};

/**
 * `retryable` of server/domain/operation-actions.ts, asked of the database with what it depends on: nothing newer came for the same object, nobody has
 * retried it, and some step that failed, or is not done, is about something that is there still, and stays unless the operation deletes it.
 */
export const retryableSql = (operation: Columns<OperationRow>): Sql => {
  const newer = rows(
    Operation,
    (other) =>
      sql`select from ${other} where ${other.targetType} = ${operation.targetType} and ${other.targetId} = ${operation.targetId} and ${other.id} > ${operation.id}`,
  );
  const retries = rows(Operation, (other) => sql`select from ${other} where ${other.retryOf} = ${operation.id}`);
  // A rollout that turned back by itself: its application is on another revision than it brought.
  const turnedBack = rows(Rollout, (rollout) => {
    const there = rows(Application, (one) => sql`select from ${one} where ${one.id} = ${rollout.applicationId} and ${one.revisionId} = ${rollout.toRevisionId}`);
    return sql`select from ${rollout} where ${rollout.id} = ${operation.rolloutId} and not exists (${there})`;
  });
  const unfinished = OPERATION_STATES.filter((state) => state === "FAILED" || !isTerminal(state));
  const stepsToRetry = rows(OperationStep, (step) => {
    const placement = rows(Placement, (one) => sql`select from ${one} where ${one.applicationId} = ${step.targetId} and ${one.clusterId} = ${step.clusterId}`);
    const going = rows(Application, (one) => sql`select from ${one} where ${one.id} = ${step.targetId} and ${one.deleting}`);
    const service = rows(Service, (one) => sql`select from ${one} where ${one.id} = ${step.targetId} and (not ${one.deleting} or ${operation.kind} = 'DELETE_SERVICE')`);
    const beside = rows(Service, (one) => {
      const placed = rows(Placement, (other) => sql`select from ${other} where ${other.applicationId} = ${one.applicationId} and ${other.clusterId} = ${one.clusterId}`);
      return sql`select from ${one} where ${one.applicationId} = ${step.targetId} and (${one.clusterId} = ${step.clusterId} or not exists (${placed}))`;
    });
    return sql`select from ${step} where ${step.operationId} = ${operation.id} and ${isOneOf(step.state, unfinished, "text[]")} and case
      when ${step.targetType} = 'Service' then exists (${service})
      when ${operation.kind} = 'DELETE_APPLICATION' then exists (${placement}) or exists (${beside})
      else exists (${placement}) and not exists (${going}) end`;
  });
  const state = isOneOf(operation.state, RETRYABLE_STATES, "text[]");
  const kind = isOneOf(operation.kind, RETRYABLE_OPERATIONS, "text[]");
  return sql`(${state} and ${kind} and ${operation.endsAs} is null and not exists (${newer}) and not exists (${retries}) and not exists (${turnedBack}) and exists (${stepsToRetry}))`;
};
