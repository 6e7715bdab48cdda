/**
 * A service on its cluster.
 *
 *   PENDING ──confirmed──▶ ACTIVE ◀──confirmed── UPDATING ◀──changed, or lost by its cluster── ACTIVE, FAILED
 *      └──────────confirmed, with a problem──────▶ FAILED        any ──to be removed──▶ DELETING ──tombstone confirmed──▶ (gone)
 */
import type { ServiceSpec } from "../../domain/service.ts";
import type { NetworkStatus } from "../../domain/states.ts";
import { type AssignAction, lookAtObjects, type ObjectLook, type RemoveAction, removalOf } from "./plan-objects.ts";
import type { ApplicationRow, ServiceRow, Situation } from "./situation.ts";

export interface ServiceUpdate {
  readonly id: string;
  readonly generation: number;
  readonly status: NetworkStatus;
}

/** A service, or what is left of one, that is not gone yet. */
export interface ServiceLook {
  readonly id: string;
  readonly clusterId: string;
  readonly removing: boolean;
  readonly inSync: boolean;
  readonly problem: string | null;
}

export interface ServicesPlan {
  readonly assign: readonly AssignAction[];
  readonly update: readonly ServiceUpdate[];
  readonly remove: readonly RemoveAction[];
  readonly left: readonly ServiceLook[];
}

export function planServices({ application, services, assignments, term }: Situation): ServicesPlan {
  const all = lookAtObjects({
    kind: "service", rows: services, assignments, term, deleting: application.deleting, specOf: (row) => serviceSpecOf(application, row),
  });
  const left = all.filter(({ gone }) => !gone);
  const update = left.flatMap((look): ServiceUpdate[] => {
    const { row, objectId: id, generation } = look;
    if (!row) return [];
    const status = statusOf(row, look);
    return row.generation === generation && row.status === status ? [] : [{ id, generation, status }];
  });
  return {
    assign: all.flatMap(({ action }) => (action ? [action] : [])),
    update,
    remove: all.filter(({ gone }) => gone).map((look) => removalOf("service", look)),
    left: left.map(({ objectId, clusterId, removing, inSync, row }) => ({ id: objectId, clusterId, removing, inSync, problem: inSync && !removing ? (row?.problem ?? null) : null })),
  };
}

function statusOf(row: ServiceRow, { removing, inSync, everConfirmed }: ObjectLook<ServiceRow>): NetworkStatus {
  if (removing) return "DELETING";
  if (inSync) return row.problem === null ? "ACTIVE" : "FAILED";
  return row.status === "PENDING" && !everConfirmed ? "PENDING" : "UPDATING";
}

const serviceSpecOf = (application: ApplicationRow, { name, vpcId, clusterIp, ports }: ServiceRow): ServiceSpec => ({
  tenantId: application.tenantId,
  applicationId: application.id,
  namespace: application.namespace,
  name,
  vpcId,
  clusterIp: clusterIp ?? "",
  ports,
});
