import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTerminal } from "#server/domain/states.ts";
import { isEmpty, type Plan, plan } from "#server/reconcile/application/plan.ts";
import type { Situation } from "#server/reconcile/application/situation.ts";
import {
  begin, cancel, change, connect, forget, LEAVE, type Model, newModel, phaseOf, reconcile, reconfigure, remove, report, restart, rollBackByHand, scale, serve, startOperation, stop, upgrade,
} from "./model.ts";

const CLUSTERS = ["a", "b", "c"] as const;
const cluster = fc.constantFrom(...CLUSTERS);
const replicas = fc.integer({ min: 0, max: 4 });
const only = <T extends string>(what: T) => fc.record({ what: fc.constant(what) });

/** Anything that can happen between two looks; `look` is a job that runs. */
const happening = fc.oneof(
  { weight: 10, arbitrary: only("look") },
  {
    weight: 10,
    arbitrary: fc.record({
      what: fc.constant("report" as const), cluster, lag: fc.integer({ min: 0, max: 2 }), progress: fc.constantFrom(0, 0.3, 0.7, 1), crashed: fc.integer({ min: 0, max: 2 }),
      problem: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
  },
  { weight: 10, arbitrary: fc.record({ what: fc.constant("comply" as const), cluster }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("scale" as const), cluster, replicas }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("upgrade" as const), revision: fc.integer({ min: 2, max: 5 }), autoRollback: fc.boolean(), room: fc.boolean(), leaving: fc.option(cluster) }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("wait" as const), milliseconds: fc.constantFrom(0, 1_000, 60_000, 700_000) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("serve" as const), cluster, put: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("roll back" as const), revision: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("leave" as const), cluster }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("forget" as const), cluster }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("connect" as const), cluster, connected: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constantFrom("cancel" as const, "stop" as const, "start" as const, "restart" as const, "reconfigure" as const, "import" as const, "delete" as const).map((what) => ({ what })) },
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** What a cluster says that has done all it was told. */
const WELL = { lag: 0, progress: 1, crashed: 0, problem: false };

function happen(model: Model, event: Happening): void {
  switch (event.what) {
    case "look": reconcile(model); break;
    case "report": report(model, event.cluster, event); break;
    case "comply": report(model, event.cluster, WELL); break;
    case "scale": scale(model, event.cluster, event.replicas); break;
    case "upgrade":
      model.room = event.room;
      upgrade(model, event.revision, event);
      break;
    case "roll back": rollBackByHand(model, event.revision); break;
    case "leave": change(model, new Map([[event.cluster, LEAVE]])); break;
    case "serve": serve(model, event.cluster, event.put ? "put" : "delete"); break;
    case "forget": forget(model, event.cluster); break;
    case "connect": connect(model, event.cluster, event.connected); break;
    case "cancel": cancel(model); break;
    case "stop": stop(model); break;
    case "start": begin(model); break;
    case "restart": restart(model); break;
    case "reconfigure": reconfigure(model); break;
    case "import":
      if (!model.situation.application.deleting) startOperation(model, model.situation.placements.filter(({ deleting }) => !deleting), { own: false, kind: "IMPORT_MANIFESTS" });
      break;
    case "wait": model.now += event.milliseconds; break;
    case "delete": remove(model); break;
  }
}

const start = fc.array(fc.record({ cluster, replicas }), { minLength: 0, maxLength: 3 }).map((all) => [...new Map(all.map((one) => [one.cluster, one])).values()]);
const history = fc.array(happening, { maxLength: 60, size: "+1" });
type Start = { cluster: string; replicas: number }[];

/** Runs a history, with a check after each step. */
function run(clusters: Start, events: Happening[], check: (model: Model, event: Happening) => void, planner: typeof plan = plan): Model {
  const model = newModel(clusters, planner);
  for (const event of events) {
    if (!model.alive) break;
    happen(model, event);
    check(model, event);
  }
  return model;
}

/** The newest one that carries the rollout out, ended or not. */
const operationOf = (model: Model, rolloutId: string): string | undefined => [...model.rollouts].findLast(([, of]) => of === rolloutId)?.[0];

/** All that is unfinished comes to its end: clusters comply, and say that all is well. */
function settle(model: Model): void {
  for (let round = 0; round < 6 && model.alive; round += 1) {
    reconcile(model);
    for (const name of CLUSTERS) report(model, name, WELL);
  }
  if (model.alive) reconcile(model);
}

/** Laws that are checked after each step of a history, or at its end; as functions, so that planted bugs can show that they find any. */
const laws = {
  "a row goes only when its cluster confirmed the tombstone or was never told; the application only after all of them": (clusters: Start, events: Happening[], planner = plan) => {
    run(clusters, events, (model) => {
      const planned = model.planner(model.situation, model.now);
      for (const { kind, objectId, tombstone } of planned.remove) {
        const stored = model.situation.assignments.find((row) => row.objectId === objectId);
        expect(tombstone).toBe(stored?.generation ?? null);
        if (stored) expect(stored).toMatchObject({ kind, tombstone: true, confirmedTerm: model.situation.term, confirmedGeneration: stored.generation });
      }
      if (planned.application === "delete") {
        expect(model.situation.application.deleting).toBe(true);
        expect(planned.remove.length).toBe(model.situation.placements.length + model.situation.services.length);
      }
    }, planner);
  },
  "steps, operations and rollouts end once": (clusters: Start, events: Happening[], planner = plan) => {
    const model = run(clusters, events, () => undefined, planner);
    settle(model);
    const ended = (state: string): boolean => (state === "ABORTED" || isTerminal(state as Parameters<typeof isTerminal>[0]));
    for (const [id, states] of model.histories) expect([id, states.slice(0, -1).filter(ended)]).toEqual([id, []]);
  },
  "an operation that goes back ends as it was to, or says that it failed; it is never called done": (clusters: Start, events: Happening[], planner = plan) => {
    const model = run(clusters, events, () => undefined, planner);
    settle(model);
    for (const [id, endsAs] of model.turned) expect([endsAs, "FAILED", "SUPERSEDED", "RUNNING", "STALLED"]).toContain(model.histories.get(id)?.at(-1));
  },
  "a rollout goes back only when it may, and its time has passed while a cluster was connected": (clusters: Start, events: Happening[], planner = plan) => {
    run(clusters, events, (model) => {
      const { rollBack } = model.planner(model.situation, model.now);
      const { rollout } = model.situation;
      if (!rollBack) return;
      expect(rollout).toMatchObject({ id: rollBack.rolloutId, state: "PROGRESSING", autoRollback: true, fromRevisionId: rollBack.fromRevisionId });
      const connected = rollout?.online.filter(({ since }) => since + 60_000 <= model.now) ?? [];
      expect(connected.length).toBeGreaterThan(0);
      expect(model.now - (rollout?.progressedAt ?? 0)).toBeGreaterThanOrEqual(60_000);
    }, planner);
  },
  "a step fails with what its cluster says of the newest generation, and only so": (clusters: Start, events: Happening[], planner = plan) => {
    run(clusters, events, (model) => {
      const { situation } = model;
      const inSync = (objectId: string, generation: number): boolean => situation.assignments.some((row) =>
        row.objectId === objectId && row.generation === generation && row.confirmedTerm === situation.term && row.confirmedGeneration === generation);
      for (const step of reconcile(model).steps) {
        if (step.state !== "FAILED") continue;
        const rows = step.targetType === "Service" ? situation.services.filter(({ id }) => id === step.targetId) : situation.placements.filter(({ clusterId }) => clusterId === step.clusterId);
        expect(rows.some(({ id, generation, problem }) => problem === step.message && inSync(id, generation))).toBe(true);
      }
    }, planner);
  },
  "what a rollout may yet take back by itself is not called over": (clusters: Start, events: Happening[], planner = plan) => {
    run(clusters, events, (model) => {
      const planned = reconcile(model);
      const { rollout } = model.situation;
      if (rollout?.state !== "PROGRESSING" || !rollout.autoRollback || rollout.fromRevisionId === rollout.toRevisionId) return;
      for (const { id, state, finishedAt } of planned.operations) if (id === operationOf(model, rollout.id)) expect([id, state, finishedAt]).toEqual([id, state, null]);
    }, planner);
  },
} satisfies Record<string, (clusters: Start, events: Happening[], planner?: typeof plan) => void>;

describe("laws of the planner", () => {
  test.each(Object.entries(laws))("%s", (_, law) => {
    fc.assert(fc.property(start, history, (clusters, events) => law(clusters, events)), { numRuns: 400 });
  });

  test("planning again after carrying a plan out plans nothing", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      run(clusters, events, (model) => {
        reconcile(model);
        if (model.alive) expect(plan(model.situation, model.now)).toSatisfy(isEmpty);
      });
    }), { numRuns: 120 });
  });

  test("the same situation gives the same plan, and is not changed by it", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      run(clusters, events, (model) => {
        const before = structuredClone(model.situation);
        expect(plan(model.situation, model.now)).toEqual(plan(structuredClone(before), model.now));
        expect(model.situation).toEqual(before);
      });
    }), { numRuns: 100 });
  });

  test("generations never fall; they rise when the content changes and only then or when asked to; an object's is its assignment's", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      run(clusters, events, (model) => {
        const { assignments, placements, services } = model.situation;
        for (const action of plan(model.situation, model.now).assign) {
          const stored = assignments.find((row) => row.objectId === action.objectId);
          const object = [...placements, ...services].find((row) => row.id === action.objectId);
          expect(action.replaces).toBe(stored?.generation ?? null);
          expect(action.generation).toBeGreaterThanOrEqual(object?.generation ?? 1);
          if (stored) expect(action.generation).toBeGreaterThan(stored.generation);
        }
        reconcile(model);
        for (const assignment of model.alive ? model.situation.assignments : []) {
          const object = [...model.situation.placements, ...model.situation.services].find((row) => row.id === assignment.objectId);
          expect(object?.generation).toBe(assignment.generation);
        }
      });
    }), { numRuns: 120 });
  });

  test("clusters are told of every configuration that the revision refers to, in its newest version, and of no other", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      const told = new Map<string, unknown>();
      run(clusters, events, (model) => {
        for (const { objectId, kind, spec } of reconcile(model).assign) if (kind === "placement") told.set(objectId, spec && "configs" in spec ? spec.configs : undefined);
        for (const { id, revisionId, deleting } of model.alive ? model.situation.placements : []) {
          const uses = model.situation.configs.filter((config) => config.revisionId === revisionId).map(({ revisionId: _, ...use }) => use);
          if (!deleting && !model.situation.application.deleting) expect(told.get(id)).toEqual(uses.length > 0 ? uses : undefined);
        }
      });
    }), { numRuns: 120 });
  });

  test("progress is never above its total and never falls, but where an operation goes back", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      const completed = new Map<string, number>();
      run(clusters, events, (model) => {
        const planned = reconcile(model);
        for (const { id, completed: done, total } of [...planned.steps, ...planned.operations]) {
          const key = model.turned.has(id) ? `${id}, back` : phaseOf(model, id);
          expect(done).toBeLessThanOrEqual(total);
          expect(done).toBeGreaterThanOrEqual(completed.get(key) ?? 0);
          completed.set(key, done);
        }
        for (const { state, finishedAt } of [...planned.steps, ...planned.operations]) expect(finishedAt !== null).toBe(isTerminal(state));
        if (planned.rollout) expect(planned.rollout.updated).toBeLessThanOrEqual(planned.rollout.total);
      });
    }), { numRuns: 150 });
  });

  test("what takes the application off a cluster ends as any other work: nothing but a newer change supersedes", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      run(clusters, events, (model) => {
        const { steps, operations } = reconcile(model);
        for (const { id, state } of [...steps, ...operations]) expect([id, state]).not.toEqual([id, "SUPERSEDED"]);
      });
    }), { numRuns: 150 });
  });

  test("RUNNING means that every cluster confirmed the newest generation without a problem and has exactly the desired pods, ready and of the revision", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      run(clusters, events, (model) => {
        reconcile(model);
        if (!model.alive) return;
        const { application, placements, assignments } = model.situation;
        const complete = placements.every((placement) => {
          const assignment = assignments.find((row) => row.objectId === placement.id);
          return !placement.deleting && assignment?.confirmedGeneration === assignment?.generation && placement.created === placement.desired &&
            placement.ready === placement.desired && placement.updated === placement.desired && placement.problem === null;
        });
        expect(application.status === "RUNNING" || application.status === "STOPPED").toBe(complete && !application.deleting);
        expect(application.statusReason === null).toBe(application.status === "RUNNING");
        if (application.status === "STOPPED") expect(application.desired).toBe(0);
        if (application.status === "STOPPED") expect(application.statusReason).toBe(application.stopped ? "It was stopped." : "No pods are wanted.");
      });
    }), { numRuns: 120 });
  });

  test("a service is ACTIVE when its cluster confirmed the newest generation without a problem, and PENDING only before it confirmed any", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      const confirmed = new Set<string>();
      run(clusters, events, (model) => {
        reconcile(model);
        for (const service of model.alive ? model.situation.services : []) {
          const assignment = model.situation.assignments.find((row) => row.objectId === service.id);
          const inSync = assignment !== undefined && assignment.confirmedGeneration === assignment.generation;
          if (assignment && assignment.confirmedGeneration > 0) confirmed.add(service.id);
          const removing = service.deleting || model.situation.application.deleting;
          expect(service.status).toBe(removing ? "DELETING" : inSync ? (service.problem === null ? "ACTIVE" : "FAILED") : confirmed.has(service.id) ? "UPDATING" : "PENDING");
        }
      });
    }), { numRuns: 120 });
  });

  test("whatever happened, clusters that comply bring it to an end: running, stopped or gone; every operation and rollout ended", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      const model = run(clusters, events, () => undefined);
      settle(model);
      if (model.alive) expect(plan(model.situation, model.now)).toSatisfy(isEmpty);
      if (model.situation.application.deleting) expect(model.alive).toBe(false);
      else expect(["RUNNING", "STOPPED"]).toContain(model.situation.application.status);
      for (const status of model.situation.services.map((service) => service.status)) if (model.alive) expect(status).toBe("ACTIVE");
      if (model.alive) expect(model.situation.rollout).toBeNull();
      for (const [id, states] of model.histories) {
        // What was still to come when an operation turned back never came.
        const turnedAway = !id.includes("back") && model.histories.has(`${id}, back`);
        const last = states.at(-1) ?? "PENDING";
        if (!turnedAway && !(id.startsWith("rollout") && !model.alive)) expect([id, last === "ABORTED" || isTerminal(last as Parameters<typeof isTerminal>[0])]).toEqual([id, true]);
      }
    }), { numRuns: 250 });
  });
});

test("the histories reach what the laws are about", () => {
  const reached = new Set<string>();
  for (const [clusters, events] of fc.sample(fc.tuple(start, history), { numRuns: 1_000, seed: 7 })) {
    const model = run(clusters, events, ({ situation }) => {
      for (const { status } of situation.services) reached.add(`service ${status}`);
      for (const { targetType, state } of situation.operations.flatMap(({ steps }) => steps)) reached.add(`step of ${targetType} ${state}`);
    });
    settle(model);
    for (const [id, states] of model.histories) for (const state of states) reached.add(`${id.split("-")[0]} ${state}`);
  }
  for (const state of ["SUCCEEDED", "ABORTING", "ABORTED", "ROLLED_BACK", "FAILED"]) expect(reached).toContain(`rollout ${state}`);
  for (const state of ["SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "ROLLED_BACK", "CANCELLED", "SUPERSEDED", "STALLED"]) expect(reached).toContain(`operation ${state}`);
  for (const state of ["SUCCEEDED", "FAILED", "ROLLED_BACK", "CANCELLED", "SUPERSEDED"]) expect(reached).toContain(`step ${state}`);
  for (const state of ["PENDING", "ACTIVE", "UPDATING", "FAILED", "DELETING"]) expect(reached).toContain(`service ${state}`);
});

describe("the laws find what breaks them", () => {
  const confirmedOnly = ({ situation, planned }: { situation: Situation; planned: Plan }): Plan => ({
    ...planned, remove: [...planned.remove, ...situation.services.filter(({ id, deleting }) => deleting && !planned.remove.some(({ objectId }) => objectId === id))
      .map(({ id: objectId, clusterId }) => ({ kind: "service" as const, objectId, clusterId, tombstone: situation.assignments.find((row) => row.objectId === objectId)?.generation ?? null }))],
  });
  const bugs: readonly [string, keyof typeof laws, (situation: Situation, planned: Plan, now: number) => Plan][] = [
    [
      "a service's row that goes at once", "a row goes only when its cluster confirmed the tombstone or was never told; the application only after all of them",
      (situation, planned) => confirmedOnly({ situation, planned }),
    ],
    [
      "an operation that is back, and called done", "an operation that goes back ends as it was to, or says that it failed; it is never called done",
      (_, planned) => ({ ...planned, operations: planned.operations.map((operation) => (["ROLLED_BACK", "CANCELLED"].includes(operation.state) ? { ...operation, state: "SUCCEEDED" } : operation)) }),
    ],
    [
      "a rollout that ends and goes on", "steps, operations and rollouts end once",
      (_, planned) => ({ ...planned, rollout: planned.rollout?.state === "SUCCEEDED" ? { ...planned.rollout, finishedAt: null } : planned.rollout }),
    ],
    [
      "a way back before its time", "a rollout goes back only when it may, and its time has passed while a cluster was connected",
      ({ rollout }, planned, now) => ({
        ...planned, rollBack: planned.rollBack ?? (rollout?.state === "PROGRESSING" && rollout.fromRevisionId && now > rollout.progressedAt
          ? { rolloutId: rollout.id, operationId: null, fromRevisionId: rollout.fromRevisionId, toRevisionId: rollout.toRevisionId, reason: "" } : null),
      }),
    ],
    [
      "a step that fails for an older generation", "a step fails with what its cluster says of the newest generation, and only so",
      (situation, planned, now) => ({
        ...planned, steps: [...planned.steps, ...situation.operations.flatMap(({ steps }) => steps).filter((step) => !planned.steps.some(({ id }) => id === step.id))
          .flatMap((step) => situation.placements.filter(({ clusterId, problem }) => clusterId === step.clusterId && problem !== null)
            .map(({ problem }) => ({ ...step, state: "FAILED" as const, message: problem, finishedAt: now })))],
      }),
    ],
    [
      "a failed upgrade that does not wait for its rollout", "what a rollout may yet take back by itself is not called over",
      (situation, planned, now) => ({
        ...planned, operations: [
          ...planned.operations, ...situation.operations.filter(({ id, rolloutId, ended }) => rolloutId !== null && ended.states.FAILED && !planned.operations.some((one) => one.id === id))
            .map((operation) => ({ ...operation, state: "PARTIALLY_SUCCEEDED" as const, finishedAt: now })),
        ],
      }),
    ],
  ];
  test.each(bugs)("%s", (_, law, bug) => {
    const broken: typeof plan = (situation, now) => bug(situation, plan(situation, now), now);
    const found = fc.check(fc.property(start, history, (clusters, events) => laws[law](clusters, events, broken)), { numRuns: 3_000 });
    expect(found.failed).toBe(true);
  });
});
