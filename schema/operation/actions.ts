import { RETRYABLE_OPERATIONS, RETRYABLE_STATES } from "../../server/domain/operation-actions.ts";
import { isTerminal, OPERATION_STATES } from "../../server/domain/states.ts";
import type { Operation as OperationRow } from "../../server/entities/operation.ts";
import type { Service as ServiceRow } from "../../server/entities/service.ts";
import { Application, Placement } from "../application/ref.ts";
import { Rollout } from "../rollout/ref.ts";
import { type Columns, type EntityToken, isOneOf, rows, type Sql, sql } from "../shared/mapping/sql.ts";
import { Operation, OperationStep } from "./ref.ts";

const Service: EntityToken<ServiceRow> = { entity: "Service" };

/**
 * `retryable` of server/domain/operation-actions.ts, asked of the database with what it depends on: nothing newer came for the same object, and some
 * step that failed, or is not done, is about something that is there still.
 */
export const retryableSql = (operation: Columns<OperationRow>): Sql => {
  const newer = rows(
    Operation,
    (other) =>
      sql`select from ${other} where ${other.targetType} = ${operation.targetType} and ${other.targetId} = ${operation.targetId} and ${other.id} > ${operation.id}`,
  );
  // A rollout that turned back by itself: its application is on another revision than it brought.
  const turnedBack = rows(Rollout, (rollout) => {
    const there = rows(Application, (one) => sql`select from ${one} where ${one.id} = ${rollout.applicationId} and ${one.revisionId} = ${rollout.toRevisionId}`);
    return sql`select from ${rollout} where ${rollout.id} = ${operation.rolloutId} and not exists (${there})`;
  });
  const unfinished = OPERATION_STATES.filter((state) => state === "FAILED" || !isTerminal(state));
  const stepsToRetry = rows(OperationStep, (step) => {
    const placement = rows(Placement, (one) => sql`select from ${one} where ${one.applicationId} = ${step.targetId} and ${one.clusterId} = ${step.clusterId}`);
    const service = rows(Service, (one) => sql`select from ${one} where ${one.id} = ${step.targetId}`);
    return sql`select from ${step} where ${step.operationId} = ${operation.id} and ${isOneOf(step.state, unfinished, "text[]")}
      and case ${step.targetType} when 'Service' then exists (${service}) else exists (${placement}) end`;
  });
  const state = isOneOf(operation.state, RETRYABLE_STATES, "text[]");
  const kind = isOneOf(operation.kind, RETRYABLE_OPERATIONS, "text[]");
  return sql`(${state} and ${kind} and ${operation.endsAs} is null and not exists (${newer}) and not exists (${turnedBack}) and exists (${stepsToRetry}))`;
};
