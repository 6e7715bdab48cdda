/**
 * What of a plan people are told as events: what an application, its services and its operations turn into, by themselves or because of somebody.
 *
 *   application   ──▶ DEGRADED: ApplicationDegraded, with why    ──▶ FAILED: ApplicationFailed    DEGRADED ──▶ RUNNING: ApplicationRecovered
 *   service       ──▶ ACTIVE: ServiceActive                      ──▶ FAILED: ServiceFailed, with what its cluster says
 *   operation     ──▶ STALLED: OperationStalled                  ──▶ FAILED, PARTIALLY_SUCCEEDED: OperationFailed, with what failed
 *
 * Only what becomes otherwise is told, once: in the transaction that stores it. How a rollout ends is told of the rollout.
 */
import { type EventType, isTerminal, type OperationState } from "../../domain/states.ts";
import type { Plan } from "./plan.ts";
import type { Situation } from "./situation.ts";

export interface PlannedEvent {
  readonly applicationId: string;
  /** It happened to this service; null: to the application itself. */
  readonly serviceId: string | null;
  /** null: on no cluster in particular. */
  readonly clusterId: string | null;
  readonly type: EventType;
  readonly reason: string;
  readonly message: string;
  /** Behind it. */
  readonly operationId: string | null;
}

type Said = Pick<PlannedEvent, "type" | "reason" | "message">;

export function planEvents({ application, services, operations }: Situation, planned: Plan): PlannedEvent[] {
  const of = { applicationId: application.id, serviceId: null, clusterId: null, operationId: null };
  const events: PlannedEvent[] = [];
  if (planned.application !== null && planned.application !== "delete") {
    const said = ofApplication(application.status, planned.application);
    if (said !== null) events.push({ ...of, ...said });
  }
  for (const { id, status } of planned.services) {
    const service = services.find((row) => row.id === id);
    if (!service || service.status === status) continue;
    const ports = service.ports.map(({ port }) => port).join(", ");
    const operationId = operations.find(({ steps }) => steps.some(({ targetId }) => targetId === id))?.id ?? null;
    const about = { ...of, serviceId: id, clusterId: service.clusterId, operationId };
    if (status === "ACTIVE") events.push({ ...about, type: "NORMAL", reason: "ServiceActive", message: `Answers at ${service.clusterIp}, port ${ports}` });
    if (status === "FAILED") events.push({ ...about, type: "WARNING", reason: "ServiceFailed", message: service.problem ?? "Its cluster can't carry it out" });
  }
  for (const settled of planned.operations) {
    const before = operations.find(({ id }) => id === settled.id);
    const said = before ? ofOperation(before.state, settled, before.rolloutId) : null;
    if (said !== null) events.push({ ...of, ...said, operationId: settled.id });
  }
  return events;
}

function ofApplication(before: Situation["application"]["status"], { status, statusReason, ready }: Exclude<Plan["application"], "delete" | null>): Said | null {
  if (status === before) return null;
  if (status === "DEGRADED") return { type: "WARNING", reason: "ApplicationDegraded", message: statusReason ?? "It lacks pods" };
  if (status === "FAILED") return { type: "WARNING", reason: "ApplicationFailed", message: statusReason ?? "It failed" };
  if (status === "RUNNING" && before === "DEGRADED") return { type: "NORMAL", reason: "ApplicationRecovered", message: `All ${ready} pods are ready again` };
  return null;
}

/** What is to be told of an operation that was settled; null: nothing. */
export function ofOperation(before: OperationState, { state, error }: { readonly state: OperationState; readonly error: string | null }, rolloutId: string | null): Said | null {
  if (state === before) return null;
  const message = error ?? "No reason is known";
  if (state === "STALLED") return { type: "WARNING", reason: "OperationStalled", message };
  if (!isTerminal(state) || rolloutId !== null) return null;
  return state === "FAILED" || state === "PARTIALLY_SUCCEEDED" ? { type: "WARNING", reason: "OperationFailed", message } : null;
}
