import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTerminal } from "#server/domain/states.ts";
import { isEmpty, plan } from "#server/reconcile/application/plan.ts";
import { change, forget, type Model, newModel, reconcile, remove, report, startOperation } from "./model.ts";

const CLUSTERS = ["a", "b", "c"] as const;
const cluster = fc.constantFrom(...CLUSTERS);
const replicas = fc.integer({ min: 0, max: 4 });

/** Anything that can happen between two looks; `look` is a job that runs. */
const happening = fc.oneof(
  { weight: 8, arbitrary: fc.record({ what: fc.constant("look" as const) }) },
  { weight: 8, arbitrary: fc.record({ what: fc.constant("report" as const), cluster, lag: fc.integer({ min: 0, max: 2 }), progress: fc.constantFrom(0, 0.3, 0.7, 1), crashed: fc.integer({ min: 0, max: 2 }) }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("scale" as const), cluster, replicas }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("upgrade" as const), revision: fc.integer({ min: 2, max: 5 }), leaving: fc.option(cluster) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("leave" as const), cluster }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("forget" as const), cluster }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("import" as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("wait" as const), milliseconds: fc.integer({ min: 0, max: 900_000 }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("delete" as const) }) },
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

const LEAVE = { desired: 0, deleting: true };

function happen(model: Model, event: Happening): void {
  switch (event.what) {
    case "look": reconcile(model); break;
    case "report": report(model, event.cluster, event.lag, event.progress, event.crashed); break;
    case "scale": change(model, new Map([[event.cluster, { desired: event.replicas, deleting: false }]])); break;
    case "upgrade": {
      const revision = { revisionId: `revision-${event.revision}`, revisionNumber: event.revision, templateHash: `template-${event.revision}` };
      const present = model.situation.placements.filter(({ deleting }) => !deleting);
      change(model, new Map(present.map(({ clusterId }) => [clusterId, clusterId === event.leaving ? LEAVE : revision])));
      break;
    }
    case "leave": change(model, new Map([[event.cluster, LEAVE]])); break;
    case "forget": forget(model, event.cluster); break;
    case "import":
      if (!model.situation.application.deleting) startOperation(model, model.situation.placements.filter(({ deleting }) => !deleting), false);
      break;
    case "wait": model.now += event.milliseconds; break;
    case "delete": remove(model); break;
  }
}

const start = fc.array(fc.record({ cluster, replicas }), { minLength: 0, maxLength: 3 }).map((all) => [...new Map(all.map((one) => [one.cluster, one])).values()]);
const history = fc.array(happening, { maxLength: 40 });

/** Runs a history, with a check after each step. */
function run(clusters: { cluster: string; replicas: number }[], events: Happening[], check: (model: Model, event: Happening) => void): Model {
  const model = newModel(clusters);
  for (const event of events) {
    if (!model.alive) break;
    happen(model, event);
    check(model, event);
  }
  return model;
}

describe("laws of the planner", () => {
  test("planning again after carrying a plan out plans nothing", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      run(clusters, events, (model) => {
        reconcile(model);
        if (model.alive) expect(plan(model.situation, model.now)).toSatisfy(isEmpty);
      });
    }), { numRuns: 300 });
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

  test("generations never fall; they rise when the content changes and only then or when asked to; a placement's is its assignment's", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      run(clusters, events, (model) => {
        const { assignments, placements } = model.situation;
        for (const action of plan(model.situation, model.now).assign) {
          const stored = assignments.find((row) => row.objectId === action.objectId);
          const placement = placements.find((row) => row.id === action.objectId);
          expect(action.replaces).toBe(stored?.generation ?? null);
          expect(action.generation).toBeGreaterThanOrEqual(placement?.generation ?? 1);
          if (stored) expect(action.generation).toBeGreaterThan(stored.generation);
        }
        reconcile(model);
        for (const assignment of model.alive ? model.situation.assignments : []) {
          const placement = model.situation.placements.find((row) => row.id === assignment.objectId);
          expect(placement?.generation).toBe(assignment.generation);
        }
      });
    }), { numRuns: 200 });
  });

  test("a placement goes only when its cluster confirmed the tombstone or was never told; the application only after all of them", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      run(clusters, events, (model) => {
        const planned = plan(model.situation, model.now);
        for (const { placementId, tombstone } of planned.remove) {
          const stored = model.situation.assignments.find((row) => row.objectId === placementId);
          expect(tombstone).toBe(stored?.generation ?? null);
          if (stored) expect(stored).toMatchObject({ tombstone: true, confirmedTerm: model.situation.term, confirmedGeneration: stored.generation });
        }
        if (planned.application === "delete") {
          expect(model.situation.application.deleting).toBe(true);
          expect(planned.remove.length).toBe(model.situation.placements.length);
        }
      });
    }), { numRuns: 200 });
  });

  test("progress is never above its total and never falls; steps and operations end once", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      const completed = new Map<string, number>();
      const model = run(clusters, events, (current) => {
        const planned = reconcile(current);
        for (const { id, completed: done, total } of [...planned.steps, ...planned.operations]) {
          expect(done).toBeLessThanOrEqual(total);
          expect(done).toBeGreaterThanOrEqual(completed.get(id) ?? 0);
          completed.set(id, done);
        }
        for (const { state, finishedAt } of [...planned.steps, ...planned.operations]) expect(finishedAt !== null).toBe(isTerminal(state));
      });
      for (const states of model.operations.values()) expect(states.slice(0, -1).filter(isTerminal)).toEqual([]);
    }), { numRuns: 300 });
  });

  test("what takes the application off a cluster ends as any other work: nothing but a newer change supersedes", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      run(clusters, events, (model) => {
        const { steps, operations } = reconcile(model);
        for (const { id, state } of [...steps, ...operations]) expect([id, isTerminal(state) ? state : "SUCCEEDED"]).toEqual([id, "SUCCEEDED"]);
      });
    }), { numRuns: 300 });
  });

  test("RUNNING means that every cluster confirmed the newest generation and has exactly the desired pods, ready and of the revision", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      run(clusters, events, (model) => {
        reconcile(model);
        if (!model.alive) return;
        const { application, placements, assignments } = model.situation;
        const complete = placements.every((placement) => {
          const assignment = assignments.find((row) => row.objectId === placement.id);
          return !placement.deleting && assignment?.confirmedGeneration === assignment?.generation && placement.created === placement.desired &&
            placement.ready === placement.desired && placement.updated === placement.desired;
        });
        expect(application.status === "RUNNING" || application.status === "STOPPED").toBe(complete && !application.deleting);
        expect(application.statusReason === null).toBe(application.status === "RUNNING");
        if (application.status === "STOPPED") expect(application.desired).toBe(0);
      });
    }), { numRuns: 200 });
  });

  test("whatever happened, clusters that comply bring it to an end: running, stopped or gone, every operation ended", () => {
    fc.assert(fc.property(start, history, (clusters, events) => {
      const model = run(clusters, events, () => undefined);
      for (let round = 0; round < 4 && model.alive; round += 1) {
        reconcile(model);
        for (const name of CLUSTERS) report(model, name, 0, 1, 0);
      }
      const rest = model.alive ? reconcile(model) : null;
      if (rest) expect(plan(model.situation, model.now)).toSatisfy(isEmpty);
      if (model.situation.application.deleting) expect(model.alive).toBe(false);
      else expect(["RUNNING", "STOPPED"]).toContain(model.situation.application.status);
      for (const [id, states] of model.operations) expect([id, isTerminal(states.at(-1) ?? "PENDING")]).toEqual([id, true]);
    }), { numRuns: 400 });
  });
});
