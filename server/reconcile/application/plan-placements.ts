import type { PlacementProgress } from "../../domain/application-status.ts";
import type { ConfigUse, PlacementSpec } from "../../domain/placement.ts";
import { type AssignAction, lookAtObjects, type RemoveAction, removalOf } from "./plan-objects.ts";
import type { ApplicationRow, ConfigRow, PlacementRow, Situation } from "./situation.ts";

export interface PlacementUpdate {
  readonly id: string;
  readonly generation: number;
  readonly unavailable: number;
}

/** A placement, or what is left of one, that is not gone yet. */
export interface PlacementLook {
  readonly clusterId: string;
  /** null where only its tombstone is left. */
  readonly revisionId: string | null;
  readonly configured: number;
  readonly clusterCode: string | null;
  readonly progress: PlacementProgress;
}

export interface PlacementsPlan {
  readonly assign: readonly AssignAction[];
  readonly update: readonly PlacementUpdate[];
  readonly remove: readonly RemoveAction[];
  readonly left: readonly PlacementLook[];
}

export function planPlacements({ application, placements, assignments, configs, term }: Situation): PlacementsPlan {
  const byRevision = Map.groupBy(configs, ({ revisionId }) => revisionId);
  const all = lookAtObjects({
    kind: "placement", rows: placements, assignments, term, deleting: application.deleting,
    specOf: (row) => specOf(application, row, byRevision.get(row.revisionId)),
  });
  const update: PlacementUpdate[] = [];
  const left: PlacementLook[] = [];
  for (const { row, objectId, clusterId, removing, gone, generation, inSync, everConfirmed } of all) {
    if (gone) continue;
    const desired = row && !removing ? row.desired : 0;
    const unavailable = row ? Math.max(0, desired - row.ready) : 0;
    if (row && (row.generation !== generation || row.unavailable !== unavailable)) update.push({ id: objectId, generation, unavailable });
    left.push({
      clusterId, revisionId: row?.revisionId ?? null, configured: row?.configured ?? 0, clusterCode: row?.clusterCode ?? null,
      progress: {
        desired, created: row?.created ?? 0, ready: row?.ready ?? 0, updated: row?.updated ?? 0, removing, inSync, everConfirmed,
        // What it says of a generation that is no longer the newest one, or of a removal that goes on, is about something else.
        problem: inSync && !removing ? (row?.problem ?? null) : null,
      },
    });
  }
  return {
    assign: all.flatMap(({ action }) => (action ? [action] : [])),
    update,
    remove: all.filter(({ gone }) => gone).map((look) => removalOf("placement", look)),
    left,
  };
}

export const specOf = (application: ApplicationRow, placement: PlacementRow, configs: readonly ConfigRow[] = []): PlacementSpec => ({
  tenantId: application.tenantId,
  applicationId: application.id,
  applicationName: application.name,
  namespace: application.namespace,
  replicas: placement.desired,
  revisionId: placement.revisionId,
  revisionNumber: placement.revisionNumber,
  templateHash: placement.templateHash,
  updateStrategy: application.rolloutStrategy ?? application.updateStrategy,
  capacityType: application.capacityType,
  networkType: placement.networkType,
  subnet: placement.subnet,
  ...(application.restarts > 0 ? { restarts: application.restarts } : {}),
  ...(configs.length > 0 ? { configs: configs.map(useOf).toSorted((a, b) => (a.id < b.id ? -1 : 1)) } : {}),
});

const useOf = ({ id, kind, name, content }: ConfigRow): ConfigUse => ({ id, kind, name, content });
