/**
 * What clusters are told: an *assignment* tells one cluster about one object (a placement or a service), under a rising generation; a
 * *tombstone* is one that says "remove it". An object is *in sync* when its cluster has confirmed the newest generation in this term.
 */
import { contentHash } from "../../domain/canonical.ts";
import type { AssignmentKind, PlacementSpec } from "../../domain/placement.ts";
import type { ServiceSpec } from "../../domain/service.ts";
import type { AssignmentRow } from "./situation.ts";

export interface AssignAction {
  readonly kind: AssignmentKind;
  readonly clusterId: string;
  readonly objectId: string;
  readonly generation: number;
  readonly contentHash: string;
  readonly spec: PlacementSpec | ServiceSpec | null;
  readonly templateHash: string | null;
  /** The generation that this replaces: another one in the row means that somebody else was faster. null: there is no row. */
  readonly replaces: number | null;
}

export interface RemoveAction {
  readonly kind: AssignmentKind;
  readonly objectId: string;
  readonly clusterId: string;
  /** The confirmed tombstone; null where the cluster was never told. */
  readonly tombstone: number | null;
}

/** One object with its row, its assignment, or both. */
export interface ObjectLook<Row> {
  readonly objectId: string;
  readonly clusterId: string;
  readonly row: Row | undefined;
  readonly stored: AssignmentRow | undefined;
  readonly removing: boolean;
  /** It may be forgotten: its cluster confirmed that nothing is left, or was never told. */
  readonly gone: boolean;
  /** What the cluster is to be told, where that is new. */
  readonly action: AssignAction | null;
  /** The newest one, after the action. */
  readonly generation: number;
  readonly inSync: boolean;
  readonly everConfirmed: boolean;
}

interface ObjectRow {
  readonly id: string;
  readonly clusterId: string;
  readonly generation: number;
  readonly deleting: boolean;
}

export interface Objects<Row extends ObjectRow> {
  readonly kind: AssignmentKind;
  readonly rows: readonly Row[];
  readonly assignments: readonly AssignmentRow[];
  readonly term: number;
  /** All of them are to go. */
  readonly deleting: boolean;
  readonly specOf: (row: Row) => PlacementSpec | ServiceSpec;
}

/** Looks at every object of a kind, also those of which only an assignment is left; by id. */
export function lookAtObjects<Row extends ObjectRow>({ kind, rows, assignments, term, deleting, specOf }: Objects<Row>): ObjectLook<Row>[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const stored = new Map(assignments.filter((assignment) => assignment.kind === kind).map((assignment) => [assignment.objectId, assignment]));
  return [...new Set([...byId.keys(), ...stored.keys()])].toSorted().map((objectId): ObjectLook<Row> => {
    const [row, assignment] = [byId.get(objectId), stored.get(objectId)];
    const clusterId = row?.clusterId ?? assignment?.clusterId ?? "";
    const removing = !row || row.deleting || deleting;
    const gone = removing && (!assignment || (assignment.tombstone && confirms(assignment, assignment.generation, term)));
    const action = gone ? null : assignmentOf(kind, { objectId, clusterId, generation: row?.generation ?? 1, spec: row && !removing ? specOf(row) : null }, assignment);
    const generation = action?.generation ?? assignment?.generation ?? 1;
    return {
      objectId, clusterId, row, stored: assignment, removing, gone, action, generation,
      inSync: assignment !== undefined && confirms(assignment, generation, term),
      everConfirmed: assignment !== undefined && assignment.confirmedGeneration > 0,
    };
  });
}

export const removalOf = (kind: AssignmentKind, { objectId, clusterId, stored }: ObjectLook<unknown>): RemoveAction => ({
  kind, objectId, clusterId, tombstone: stored?.generation ?? null,
});

const confirms = (assignment: AssignmentRow, generation: number, term: number): boolean =>
  assignment.confirmedTerm === term && assignment.confirmedGeneration === generation;

interface WantedObject {
  readonly objectId: string;
  readonly clusterId: string;
  /** The row's: it was raised where something is asked for that the content does not show. */
  readonly generation: number;
  readonly spec: PlacementSpec | ServiceSpec | null;
}

/** The assignment that the cluster should have, where it is not the stored one. */
function assignmentOf(kind: AssignmentKind, { objectId, clusterId, generation: least, spec }: WantedObject, stored: AssignmentRow | undefined): AssignAction | null {
  const hash = contentHash(spec);
  const same = stored !== undefined && stored.contentHash === hash;
  const generation = Math.max(least, stored ? stored.generation + (same ? 0 : 1) : 1);
  if (same && stored.generation === generation) return null;
  return {
    kind, clusterId, objectId, generation, contentHash: hash, spec, templateHash: spec && "templateHash" in spec ? spec.templateHash : null,
    replaces: stored?.generation ?? null,
  };
}
