import type { OperationStep as OperationStepRow } from "../../server/entities/operation-step.ts";
import type { Operation as OperationRow } from "../../server/entities/operation.ts";
import { builder } from "../builder.ts";

export const Operation = builder.entity<OperationRow>("Operation", { access: "VIEWER", told: { kind: "operation", owner: "targetId" } });
export const OperationStep = builder.entity<OperationStepRow>("OperationStep", { access: "VIEWER", told: { kind: "operation", by: "operationId" } });
/** An operation, seen as how far it is. */
export const OperationProgress = builder.entity<OperationRow>("OperationProgress", { access: "VIEWER", entity: "Operation" });
