import { plan, type Plan } from "#server/reconcile/application/plan.ts";
import type { ApplicationRow, AssignmentRow, OperationRow, PlacementRow, RolloutRow, ServiceRow, Situation, StepRow } from "#server/reconcile/application/situation.ts";
import { isTerminal, type OperationEnding, type OperationKind, type OperationState, type RolloutState } from "#server/domain/states.ts";

/**
 * The planner's world in memory: what the database keeps of one application, what the clusters are told, and what a person may do. Carrying a
 * plan out is what apply.ts and roll-back.ts do in SQL, row by row.
 */
export interface Model {
  situation: Situation;
  now: number;
  /** null once the application's row is gone. */
  alive: boolean;
  /** Whether clusters have room for what a rollout comes from. */
  room: boolean;
  /** What replicas the placements come back to; null: it is not stopped. */
  parked: ReadonlyMap<string, number> | null;
  /** Everything that own operations, rollouts, and steps of any, ever were, in order; see `phaseOf`. */
  readonly histories: Map<string, (OperationState | RolloutState)[]>;
  /** Own operations that went back, and what they were to end as. */
  readonly turned: Map<string, OperationEnding>;
  /** All steps of own operations, ended or not, by operation. */
  readonly steps: Map<string, readonly StepRow[]>;
  /** The rollouts of own operations that have any. */
  readonly rollouts: Map<string, string>;
  /** Where cancelling an operation goes back to. */
  readonly before: Map<string, Before>;
  readonly planner: typeof plan;
  next: number;
}

type Before = Pick<Situation, "placements" | "application">;

export const TERM = 3;

export function newModel(clusters: readonly { cluster: string; replicas: number }[], planner = plan): Model {
  const model: Model = {
    alive: true, room: true, parked: null, now: 1_000_000, histories: new Map(), turned: new Map(), steps: new Map(), rollouts: new Map(), before: new Map(), next: 1, planner,
    situation: {
      term: TERM,
      application: {
        tenantId: "tenant", id: "application", namespaceId: "namespace", name: "shop", namespace: "default", capacityType: "ON_DEMAND", revisionId: "revision-1",
        updateStrategy: { maxUnavailable: { percent: 25 }, maxSurge: { percent: 25 } }, rolloutStrategy: null, restarts: 0, stopped: false,
        status: "PENDING", statusReason: null, deleting: false, desired: 0, created: 0, ready: 0, updated: 0, unavailable: 0,
      },
      placements: clusters.map(({ cluster, replicas }) => placementOn(cluster, replicas)),
      services: [], assignments: [], operations: [], rollout: null, troubles: [], configs: configsOf("content-0"),
    },
  };
  startOperation(model, model.situation.placements);
  return model;
}

const placementOn = (cluster: string, desired: number): PlacementRow => ({
  id: `placement-${cluster}`, clusterId: cluster, revisionId: "revision-1", revisionNumber: 1, templateHash: "template-1", networkType: "HOST", subnet: null,
  desired, created: 0, ready: 0, updated: 0, unavailable: desired, generation: 1, deleting: false, configured: 0, problem: null, clusterCode: null,
});

/** Revisions of an even number refer to it. */
const configsOf = (content: string): Situation["configs"] => [2, 4].map((number) => ({ revisionId: `revision-${number}`, id: "config", kind: "ConfigMap", name: "settings", content }));
const refers = ({ revisionNumber }: PlacementRow): boolean => revisionNumber % 2 === 0;

/** A step that its operation made begin anew is another one for whoever follows it. */
export const phaseOf = (model: Model, id: string): string => {
  const of = [...model.steps].find(([, steps]) => steps.some((step) => step.id === id))?.[0] ?? id;
  return model.turned.has(of) && id !== of ? `${id}, back` : id;
};

// ---- what people do, as the services do it

export interface OperationOptions {
  readonly own?: boolean;
  readonly kind?: OperationKind;
  readonly rolloutId?: string;
  readonly deadlineSeconds?: number;
  readonly before?: Before;
}

/** Supersedes what is unfinished of the application itself, and starts an operation with a step for each of these placements. */
export function startOperation(model: Model, placements: readonly PlacementRow[], { own = true, kind = "SCALE_APPLICATION", ...options }: OperationOptions = {}): string {
  const goesOn = ({ kind: other }: OperationRow): boolean => !own || other === "UPDATE_CONFIG" || other === "UPDATE_SERVICE";
  for (const operation of model.situation.operations.filter((one) => !goesOn(one) || (!own && !one.own && one.kind === kind))) {
    if (operation.own) note(model, operation.id, "SUPERSEDED");
    for (const step of operation.steps) note(model, step.id, "SUPERSEDED");
    model.situation = { ...model.situation, operations: model.situation.operations.filter((one) => one !== operation) };
  }
  const steps = placements.map((placement): StepRow => ({ ...newStep(model, placement.clusterId), total: stepWork(placement, options.before) }));
  return addOperation(model, { own, kind, steps, rolloutId: options.rolloutId ?? null, deadlineSeconds: options.deadlineSeconds ?? 600, before: options.before });
}

const newStep = (model: Model, clusterId: string): StepRow => ({
  id: `step-${model.next++}`, clusterId, targetType: "Application", targetId: "application", state: "PENDING", message: null, completed: 0, total: 1,
});

function addOperation(model: Model, { before, ...facts }: Pick<OperationRow, "own" | "kind" | "steps" | "rolloutId" | "deadlineSeconds"> & { before?: Before | undefined }): string {
  const operation: OperationRow = {
    ...facts, id: `operation-${model.next++}`, state: "PENDING", completed: 0, total: facts.steps.reduce((sum, step) => sum + step.total, 0), error: null, startedAt: null,
    finishedAt: null, progressedAt: model.now, endsAs: null, ended: { completed: 0, total: 0, states: {} },
  };
  if (facts.own) {
    note(model, operation.id, "PENDING");
    model.steps.set(operation.id, facts.steps);
    if (facts.rolloutId) model.rollouts.set(operation.id, facts.rolloutId);
    if (before) model.before.set(operation.id, before);
  }
  for (const step of facts.steps) note(model, step.id, "PENDING");
  if (facts.own || facts.steps.length > 0) model.situation = { ...model.situation, operations: [...model.situation.operations, operation] };
  return operation.id;
}

/** One change of any of the placements, cluster by cluster; it may take the application off some, whatever else it does. */
export function change(model: Model, updates: ReadonlyMap<string, Partial<PlacementRow>>, options: OperationOptions & { application?: Partial<ApplicationRow> } = {}): void {
  if (model.situation.application.deleting) return;
  const { placements: before, application } = model.situation;
  const added = [...updates].filter(([cluster, { deleting }]) => !deleting && !before.some((placement) => placement.clusterId === cluster));
  const changed = before.map((placement): PlacementRow => {
    const update = updates.get(placement.clusterId);
    return update && !(placement.deleting && update.deleting) ? { ...placement, ...update, generation: placement.generation + 1 } : placement;
  });
  const revision = before.find(({ deleting }) => !deleting);
  const present = revision ? { revisionId: revision.revisionId, revisionNumber: revision.revisionNumber, templateHash: revision.templateHash } : revisionOf(numberOf(application.revisionId));
  const placements = [...changed, ...added.map(([cluster, update]) => ({ ...placementOn(cluster, update.desired ?? 1), ...present, ...update }))];
  model.situation = { ...model.situation, placements, application: { ...application, ...options.application } };
  startOperation(model, placements.filter((placement) => !placement.deleting || !before.find(({ id }) => id === placement.id)?.deleting), { ...options, before: { placements: before, application } });
}

/** As many pods as are to be brought about, or where there are to be fewer, to be removed. */
function stepWork(placement: PlacementRow, before: Before | undefined): number {
  const was = before?.placements.find(({ id }) => id === placement.id)?.desired ?? 0;
  const fewer = placement.deleting || placement.desired < was || (placement.desired === 0 && placement.created > 0);
  return fewer ? Math.max(placement.created, was) - placement.desired : placement.desired;
}

const numberOf = (revisionId: string): number => Number(revisionId.split("-")[1]);
const revisionOf = (number: number): Pick<PlacementRow, "revisionId" | "revisionNumber" | "templateHash"> => ({ revisionId: `revision-${number}`, revisionNumber: number, templateHash: `template-${number}` });
const staying = ({ situation }: Model): PlacementRow[] => situation.placements.filter(({ deleting }) => !deleting);
const forEach = (model: Model, update: (placement: PlacementRow) => Partial<PlacementRow>): Map<string, Partial<PlacementRow>> =>
  new Map(staying(model).map((placement) => [placement.clusterId, update(placement)]));

export function scale(model: Model, cluster: string, replicas: number): void {
  if (model.situation.application.stopped) return;
  change(model, new Map([[cluster, { desired: replicas, deleting: false, ...revisionOf(numberOf(model.situation.application.revisionId)) }]]));
}

export function upgrade(model: Model, number: number, { autoRollback, leaving }: { autoRollback: boolean; leaving: string | null }): void {
  const { rollout, application } = model.situation;
  if (rollout || application.deleting || application.revisionId === `revision-${number}`) return;
  const id = `rollout-${model.next++}`;
  const deadlineSeconds = 60;
  const options = { kind: "UPGRADE_APPLICATION" as const, rolloutId: id, deadlineSeconds, application: { revisionId: `revision-${number}` } };
  change(model, forEach(model, ({ clusterId }) => (clusterId === leaving ? LEAVE : revisionOf(number))), options);
  const online = ["a", "b", "c"].map((clusterId) => ({ clusterId, since: 0 }));
  note(model, id, "PROGRESSING");
  model.situation = {
    ...model.situation,
    rollout: {
      id, state: "PROGRESSING", operationId: null, fromRevisionId: application.revisionId, fromNumber: numberOf(application.revisionId), toRevisionId: `revision-${number}`,
      toNumber: number, updated: 0, total: 0, reason: null, progressDeadlineSeconds: deadlineSeconds, autoRollback, progressedAt: model.now, online,
    },
  };
}

export const LEAVE = { desired: 0, deleting: true };

/** To a revision that there was: takes over whatever is under way, and leaves it to the worker to notice. */
export function rollBackByHand(model: Model, number: number): void {
  if (model.situation.rollout?.state === "ABORTING" && model.situation.rollout.fromRevisionId === `revision-${number}`) return;
  change(model, forEach(model, () => revisionOf(number)), { kind: "ROLL_BACK_APPLICATION", application: { revisionId: `revision-${number}`, rolloutStrategy: null } });
}

export function restart(model: Model): void {
  change(model, forEach(model, () => ({})), { kind: "RESTART_APPLICATION", application: { restarts: model.situation.application.restarts + 1 } });
}

export function stop(model: Model): void {
  if (model.parked || model.situation.application.deleting) return;
  model.parked = new Map(staying(model).map(({ clusterId, desired }) => [clusterId, desired]));
  change(model, forEach(model, () => ({ desired: 0 })), { kind: "STOP_APPLICATION", application: { stopped: true } });
}

export function begin(model: Model): void {
  const { parked } = model;
  if (!parked || model.situation.application.deleting) return;
  model.parked = null;
  change(model, forEach(model, ({ clusterId }) => ({ desired: parked.get(clusterId) ?? 1 })), { kind: "START_APPLICATION", application: { stopped: false } });
}

/** Takes what an unfinished operation did back: its placements, and the revision with its rollout. */
export function cancel(model: Model): void {
  const operation = model.situation.operations.find(({ id, own, endsAs }) => own && endsAs === null && model.before.has(id));
  const before = operation && model.before.get(operation.id);
  if (!operation || !before || model.situation.application.deleting || ["STOP_APPLICATION", "START_APPLICATION"].includes(operation.kind)) return;
  const placements = model.situation.placements.map((placement): PlacementRow => {
    const was = before.placements.find(({ id }) => id === placement.id);
    const goes = was && !was.deleting ? { desired: was.desired, deleting: false, revisionId: was.revisionId, revisionNumber: was.revisionNumber, templateHash: was.templateHash } : LEAVE;
    return { ...placement, ...goes, generation: placement.generation + 1 };
  });
  const { revisionId, restarts } = before.application;
  const { rollout } = model.situation;
  const aborting = rollout && operation.rolloutId === rollout.id;
  if (aborting) note(model, rollout.id, "ABORTING");
  model.situation = {
    ...model.situation, placements, application: { ...model.situation.application, revisionId, restarts }, rollout: aborting ? { ...rollout, state: "ABORTING", reason: "It was cancelled." } : rollout,
  };
  turn(model, operation, "CANCELLED", "It was cancelled.");
}

/** The operation goes back: its steps begin anew, one for each cluster that it was about. */
function turn(model: Model, operation: OperationRow, endsAs: OperationEnding, error: string): void {
  const steps = (model.steps.get(operation.id) ?? []).map((step): StepRow => {
    const placement = model.situation.placements.find(({ clusterId, deleting }) => clusterId === step.clusterId && !deleting);
    return { ...step, state: "PENDING", message: null, completed: 0, total: placement?.desired ?? 0 };
  });
  model.turned.set(operation.id, endsAs);
  for (const step of steps) note(model, step.id, "PENDING");
  const total = steps.reduce((sum, step) => sum + step.total, 0);
  const turned: OperationRow = { ...operation, endsAs, error, state: "RUNNING", startedAt: operation.startedAt ?? model.now, completed: 0, total, progressedAt: model.now, steps, ended: { completed: 0, total: 0, states: {} } };
  note(model, operation.id, "RUNNING");
  model.situation = { ...model.situation, operations: model.situation.operations.map((row) => (row.id === operation.id ? turned : row)) };
}

export function remove(model: Model): void {
  if (model.situation.application.deleting) return;
  const placements = model.situation.placements.map((placement) => ({ ...placement, deleting: true, desired: 0, generation: placement.generation + 1 }));
  const services = model.situation.services.map((service) => ({ ...service, deleting: true }));
  model.situation = { ...model.situation, application: { ...model.situation.application, deleting: true, status: "DELETING" }, placements, services };
  startOperation(model, placements, { kind: "DELETE_APPLICATION" });
}

/** Another content, and an operation over the placements that use it. */
export function reconfigure(model: Model): void {
  model.situation = { ...model.situation, configs: configsOf(`content-${model.next++}`) };
  if (!model.situation.application.deleting) startOperation(model, staying(model).filter(refers), { own: false, kind: "UPDATE_CONFIG" });
}

/** Makes, changes or deletes the service on a cluster, with an operation that has a step of it. */
export function serve(model: Model, cluster: string, what: "put" | "delete"): void {
  const { application, services } = model.situation;
  const present = services.find(({ clusterId }) => clusterId === cluster);
  if (application.deleting || (what === "delete" && (!present || present.deleting)) || present?.deleting) return;
  const next: ServiceRow = present
    ? { ...present, ...(what === "delete" ? { deleting: true } : { ports: [port(model.next++)], status: present.status === "PENDING" ? "PENDING" : "UPDATING" }), generation: present.generation + 1 }
    : { id: `service-${model.next++}`, clusterId: cluster, name: "web", vpcId: "vpc", clusterIp: "100.96.0.1", ports: [port(80)], status: "PENDING", generation: 1, problem: null, deleting: false };
  model.situation = { ...model.situation, services: [...services.filter((service) => service !== present), next] };
  addOperation(model, { own: false, kind: "UPDATE_SERVICE", rolloutId: null, deadlineSeconds: 600, steps: [{ ...newStep(model, cluster), targetType: "Service", targetId: next.id }] });
}

const port = (number: number): ServiceRow["ports"][number] => ({ name: "http", protocol: "TCP", port: number, containerPort: 8080 });

// ---- what clusters do, as the gateway stores it

export interface Said {
  /** Generations that it is behind. */
  readonly lag: number;
  /** A share of one, of what it was told. */
  readonly progress: number;
  readonly crashed: number;
  /** It can't carry out what it holds. */
  readonly problem: boolean;
}

/** A report of one cluster: it holds a generation that it was sent, and has some of the pods; services it has at once. */
export function report(model: Model, cluster: string, { lag, progress, crashed, problem }: Said): void {
  for (const assignment of model.situation.assignments.filter((row) => row.clusterId === cluster && row.kind === "service")) {
    if (lag === 0) confirm(model, assignment, assignment.generation);
    const says = problem ? "no free address" : null;
    model.situation = { ...model.situation, services: model.situation.services.map((row) => (row.id === assignment.objectId ? { ...row, problem: says } : row)) };
  }
  const assignment = model.situation.assignments.find((row) => row.clusterId === cluster && row.kind === "placement");
  if (!assignment) return;
  const generation = Math.max(assignment.confirmedTerm === TERM ? assignment.confirmedGeneration : 0, assignment.generation - lag);
  if (generation < 1) return;
  const held = generation === assignment.generation;
  const placement = model.situation.placements.find((row) => row.id === assignment.objectId);
  const removed = assignment.tombstone && held && progress === 1;
  const wanted = assignment.tombstone && held ? 0 : (placement?.desired ?? 0);
  const created = removed ? 0 : Math.round((placement?.created ?? 0) + (wanted - (placement?.created ?? 0)) * progress);
  const ready = removed ? 0 : Math.max(0, Math.min(created, Math.round(created * progress)) - crashed);
  confirm(model, assignment, assignment.tombstone && held && !removed ? assignment.confirmedGeneration : generation);
  const counts = {
    created, ready, updated: held ? Math.round(created * (progress === 1 ? 1 : 0.5)) : 0, configured: held ? Math.round(created * progress) : 0,
    problem: problem ? "an image pull secret is missing" : null, clusterCode: problem ? cluster : null,
  };
  model.situation = {
    ...model.situation,
    placements: model.situation.placements.map((row) => (row.id === assignment.objectId ? { ...row, ...counts, unavailable: Math.max(0, row.desired - ready) } : row)),
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

/** A cluster falls silent, or comes back. */
export function connect(model: Model, cluster: string, connected: boolean): void {
  const { rollout } = model.situation;
  if (!rollout || rollout.online.some(({ clusterId }) => clusterId === cluster) === connected) return;
  const online = connected ? [...rollout.online, { clusterId: cluster, since: model.now }] : rollout.online.filter(({ clusterId }) => clusterId !== cluster);
  model.situation = { ...model.situation, rollout: { ...rollout, online } };
}

// ---- carrying a plan out

/** Plans and carries out; returns the plan, the second one where the first took a rollout back. */
export function reconcile(model: Model): Plan {
  let planned = model.planner(model.situation, model.now);
  if (!model.alive) return planned;
  if (planned.rollBack) {
    carryOutRollBack(model, planned.rollBack);
    planned = model.planner(model.situation, model.now);
  }
  carryOut(model, planned);
  return planned;
}

function carryOutRollBack(model: Model, { rolloutId, operationId, fromRevisionId, toRevisionId, reason }: NonNullable<Plan["rollBack"]>): void {
  const rollout = model.situation.rollout as RolloutRow;
  if (!model.room) {
    note(model, rolloutId, "FAILED");
    model.situation = { ...model.situation, rollout: null };
    return;
  }
  note(model, rolloutId, "ABORTING");
  model.situation = {
    ...model.situation,
    rollout: { ...rollout, state: "ABORTING", reason },
    application: { ...model.situation.application, revisionId: fromRevisionId, rolloutStrategy: null },
    placements: model.situation.placements.map((placement) =>
      placement.revisionId === toRevisionId && !placement.deleting ? { ...placement, ...revisionOf(numberOf(fromRevisionId)), generation: placement.generation + 1 } : placement),
  };
  for (const operation of model.situation.operations) if (operation.id === operationId || operation.rolloutId === rolloutId) turn(model, operation, "ROLLED_BACK", reason);
}

function carryOut(model: Model, planned: Plan): void {
  const { situation } = model;
  const assigned = new Map(planned.assign.map((action) => [action.objectId, action]));
  const removed = new Set(planned.remove.map((action) => action.objectId));
  const updates = new Map(planned.placements.map((update) => [update.id, update]));
  const services = new Map(planned.services.map((update) => [update.id, update]));
  const steps = new Map(planned.steps.map((step) => [step.id, step]));
  const operations = new Map(planned.operations.map((operation) => [operation.id, operation]));

  const kept = situation.assignments.filter((row) => !removed.has(row.objectId)).map((row): AssignmentRow => {
    const action = assigned.get(row.objectId);
    return action ? { ...row, generation: action.generation, contentHash: action.contentHash, tombstone: action.spec === null } : row;
  });
  const added = planned.assign.filter((action) => action.replaces === null).map((action): AssignmentRow => ({
    clusterId: action.clusterId, kind: action.kind, objectId: action.objectId, generation: action.generation, contentHash: action.contentHash,
    tombstone: action.spec === null, confirmedTerm: 0, confirmedGeneration: 0,
  }));
  for (const step of planned.steps) note(model, step.id, step.state);
  for (const operation of planned.operations) note(model, operation.id, operation.state);
  if (planned.rollout) note(model, planned.rollout.id, planned.rollout.state);
  if (planned.application === "delete") model.alive = false;

  model.situation = {
    ...situation,
    application: planned.application && planned.application !== "delete" ? { ...situation.application, ...planned.application } : situation.application,
    assignments: [...kept, ...added],
    placements: situation.placements.filter((row) => !removed.has(row.id)).map((row) => ({ ...row, ...updates.get(row.id) })),
    services: situation.services.filter((row) => !removed.has(row.id)).map((row) => ({ ...row, ...services.get(row.id) })),
    rollout: rolloutAfter(situation.rollout, planned.rollout),
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
        ended: {
          states, completed: done.reduce((sum, step) => sum + step.completed, row.ended.completed), total: done.reduce((sum, step) => sum + step.total, row.ended.total),
          failure: row.ended.failure ?? done.find(({ state }) => state === "FAILED")?.message ?? null,
        },
      }];
    }),
  };
}

function rolloutAfter(rollout: RolloutRow | null, update: Plan["rollout"]): RolloutRow | null {
  if (!rollout || !update) return rollout;
  const { finishedAt, ...rest } = update;
  return finishedAt === null ? { ...rollout, ...rest } : null;
}

function note(model: Model, id: string, state: OperationState | RolloutState): void {
  const key = phaseOf(model, id);
  const history = model.histories.get(key) ?? [];
  if (history.at(-1) !== state) history.push(state);
  model.histories.set(key, history);
}
