import { plan, type Plan } from "#server/reconcile/application/plan.ts";
import type { AssignmentRow, OperationRow, PlacementRow, Situation, StepRow } from "#server/reconcile/application/situation.ts";
import { isTerminal, type OperationState } from "#server/domain/states.ts";

/**
 * The planner's world in memory: what the database keeps of one application, what the clusters are told, and what a person may do. Carrying a
 * plan out is what apply.ts does in SQL, row by row.
 */
export interface Model {
  situation: Situation;
  now: number;
  /** null once the application's row is gone. */
  alive: boolean;
  /** Everything that own operations, and steps of any, ever were, in order. */
  readonly operations: Map<string, OperationState[]>;
  readonly generations: Map<string, number>;
  next: number;
}

export const TERM = 3;

export function newModel(clusters: readonly { cluster: string; replicas: number }[]): Model {
  const model: Model = {
    alive: true, now: 1_000_000, operations: new Map(), generations: new Map(), next: 1,
    situation: {
      term: TERM,
      application: {
        tenantId: "tenant", id: "application", namespaceId: "namespace", name: "shop", namespace: "default", capacityType: "ON_DEMAND",
        updateStrategy: { maxUnavailable: { percent: 25 }, maxSurge: { percent: 25 } }, status: "PENDING", statusReason: null, deleting: false,
        desired: 0, created: 0, ready: 0, updated: 0, unavailable: 0,
      },
      placements: clusters.map(({ cluster, replicas }) => placementOn(cluster, replicas)),
      assignments: [],
      operations: [],
    },
  };
  startOperation(model, model.situation.placements);
  return model;
}

const placementOn = (cluster: string, desired: number): PlacementRow => ({
  id: `placement-${cluster}`, clusterId: cluster, revisionId: "revision-1", revisionNumber: 1, templateHash: "template-1", networkType: "HOST", subnet: null,
  desired, created: 0, ready: 0, updated: 0, unavailable: desired, generation: 1, deleting: false,
});

// ---- what people do, as the services do it

/** Supersedes what is unfinished, and starts an operation with a step for each of these placements. */
export function startOperation(model: Model, placements: readonly PlacementRow[], own = true): void {
  for (const operation of model.situation.operations) {
    if (operation.own) note(model, operation.id, "SUPERSEDED");
    for (const step of operation.steps) note(model, step.id, "SUPERSEDED");
  }
  const id = `operation-${model.next++}`;
  const steps = placements.map((placement): StepRow => ({
    id: `step-${model.next++}`, clusterId: placement.clusterId, state: "PENDING", message: null, completed: 0,
    total: placement.deleting ? placement.created : placement.desired,
  }));
  const operation: OperationRow = {
    id, own, state: "PENDING", completed: 0, total: steps.reduce((sum, step) => sum + step.total, 0), error: null, startedAt: null, finishedAt: null,
    progressedAt: model.now, steps, ended: { completed: 0, total: 0, states: {} },
  };
  if (own) note(model, id, "PENDING");
  for (const step of steps) note(model, step.id, "PENDING");
  model.situation = { ...model.situation, operations: own || steps.length > 0 ? [operation] : [] };
}

/** One change of any of the placements, cluster by cluster; it may take the application off some, whatever else it does. */
export function change(model: Model, updates: ReadonlyMap<string, Partial<PlacementRow>>): void {
  if (model.situation.application.deleting) return;
  const before = model.situation.placements;
  const added = [...updates].filter(([cluster, { deleting }]) => !deleting && !before.some((placement) => placement.clusterId === cluster));
  const changed = before.map((placement): PlacementRow => {
    const update = updates.get(placement.clusterId);
    return update && !(placement.deleting && update.deleting) ? { ...placement, ...update, generation: placement.generation + 1 } : placement;
  });
  const placements = [...changed, ...added.map(([cluster, update]) => ({ ...placementOn(cluster, update.desired ?? 1), ...update }))];
  model.situation = { ...model.situation, placements };
  startOperation(model, placements.filter((placement) => !placement.deleting || !before.find(({ id }) => id === placement.id)?.deleting));
}

export function remove(model: Model): void {
  if (model.situation.application.deleting) return;
  const placements = model.situation.placements.map((placement) => ({ ...placement, deleting: true, desired: 0, generation: placement.generation + 1 }));
  model.situation = { ...model.situation, application: { ...model.situation.application, deleting: true, status: "DELETING" }, placements };
  startOperation(model, placements);
}

// ---- what clusters do, as the gateway stores it

/** A report of one cluster: it holds a generation that it was sent, and has some of the pods. `progress` is a share of one. */
export function report(model: Model, cluster: string, lag: number, progress: number, crashed: number): void {
  const assignment = model.situation.assignments.find((row) => row.clusterId === cluster);
  if (!assignment) return;
  const generation = Math.max(assignment.confirmedTerm === TERM ? assignment.confirmedGeneration : 0, assignment.generation - lag);
  if (generation < 1) return;
  const held = generation === assignment.generation;
  const placement = model.situation.placements.find((row) => row.id === assignment.objectId);
  const removed = assignment.tombstone && held && progress === 1;
  const wanted = assignment.tombstone && held ? 0 : (placement?.desired ?? 0);
  const created = Math.round((placement?.created ?? 0) + (wanted - (placement?.created ?? 0)) * progress);
  const ready = removed ? 0 : Math.max(0, Math.min(created, Math.round(created * progress)) - crashed);
  confirm(model, assignment, assignment.tombstone && held && !removed ? assignment.confirmedGeneration : generation);
  model.situation = {
    ...model.situation,
    placements: model.situation.placements.map((row) =>
      row.id === assignment.objectId ? { ...row, created: removed ? 0 : created, ready, updated: held ? created : 0, unavailable: Math.max(0, row.desired - ready) } : row),
  };
}

function confirm(model: Model, assignment: AssignmentRow, generation: number): void {
  model.situation = {
    ...model.situation,
    assignments: model.situation.assignments.map((row) => (row === assignment ? { ...row, confirmedTerm: TERM, confirmedGeneration: Math.max(generation, row.confirmedGeneration) } : row)),
  };
}

/** A cluster lost its store and said hello: it holds nothing. */
export function forget(model: Model, cluster: string): void {
  model.situation = {
    ...model.situation,
    assignments: model.situation.assignments.map((row) => (row.clusterId === cluster ? { ...row, confirmedTerm: 0, confirmedGeneration: 0 } : row)),
  };
}

// ---- carrying a plan out

/** Plans and carries out; returns the plan. */
export function reconcile(model: Model): Plan {
  const planned = plan(model.situation, model.now);
  if (model.alive) carryOut(model, planned);
  return planned;
}

function carryOut(model: Model, planned: Plan): void {
  const { situation } = model;
  const assigned = new Map(planned.assign.map((action) => [action.objectId, action]));
  const removed = new Set(planned.remove.map((action) => action.placementId));
  const updates = new Map(planned.placements.map((update) => [update.id, update]));
  const steps = new Map(planned.steps.map((step) => [step.id, step]));
  const operations = new Map(planned.operations.map((operation) => [operation.id, operation]));

  const kept = situation.assignments.filter((row) => !removed.has(row.objectId)).map((row): AssignmentRow => {
    const action = assigned.get(row.objectId);
    return action ? { ...row, generation: action.generation, contentHash: action.contentHash, tombstone: action.spec === null } : row;
  });
  const added = planned.assign.filter((action) => action.replaces === null).map((action): AssignmentRow => ({
    clusterId: action.clusterId, objectId: action.objectId, generation: action.generation, contentHash: action.contentHash, tombstone: action.spec === null,
    confirmedTerm: 0, confirmedGeneration: 0,
  }));
  for (const step of planned.steps) note(model, step.id, step.state);
  for (const operation of planned.operations) note(model, operation.id, operation.state);
  if (planned.application === "delete") model.alive = false;

  model.situation = {
    ...situation,
    application: planned.application && planned.application !== "delete" ? { ...situation.application, ...planned.application } : situation.application,
    assignments: [...kept, ...added],
    placements: situation.placements.filter((row) => !removed.has(row.id)).map((row) => ({ ...row, ...updates.get(row.id) })),
    operations: situation.operations.flatMap((row): OperationRow[] => {
      const after = { ...row, ...operations.get(row.id) };
      const all = row.steps.map((step) => ({ ...step, ...steps.get(step.id) }));
      const done = all.filter((step) => isTerminal(step.state));
      const states: Record<string, number> = { ...row.ended.states };
      for (const step of done) states[step.state] = (states[step.state] ?? 0) + 1;
      const open = all.filter((step) => !isTerminal(step.state));
      if (isTerminal(after.state) || (!row.own && open.length === 0)) return [];
      return [{
        ...after, steps: open,
        ended: { states, completed: done.reduce((sum, step) => sum + step.completed, row.ended.completed), total: done.reduce((sum, step) => sum + step.total, row.ended.total) },
      }];
    }),
  };
}

function note(model: Model, id: string, state: OperationState): void {
  const history = model.operations.get(id) ?? [];
  if (history.at(-1) !== state) history.push(state);
  model.operations.set(id, history);
}
