/**
 * Rolling updates in a running cluster, under anything that may happen meanwhile: crashes, images that are missing, crash, hang or never get ready,
 * nodes that take no pods, restarts, other revisions and other sizes. fast-check prints the seed of a failure.
 *
 * Laws: the update itself never takes a ready pod below what must be available, never makes more pods than the surge allows, and ends with nothing but
 * pods of what is wanted.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PodTemplate, Probe } from "#server/domain/pod-template.ts";
import type { IntOrPercent, UpdateStrategy } from "#server/domain/states.ts";
import type { PlacementSpec } from "#server/fleet/link.ts";
import { planReplicas, updateBounds } from "#server/fleet/simulator/rolling-update.ts";
import { spec, template, uuid } from "../../unit/fleet/scripted-gateway.ts";
import { node, simulatedCluster, type SimulatedCluster } from "../../unit/fleet/simulated-cluster.ts";

const app = uuid(100);

const probe = (periodSeconds: number): Probe => ({
  handler: { type: "TcpSocketProbe", port: 80 }, initialDelaySeconds: 1, periodSeconds, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 2,
});
const probed = (image: string): PodTemplate => {
  const made = template(image);
  return { ...made, containers: made.containers.map((each) => ({ ...each, readinessProbe: probe(3), livenessProbe: probe(5) })) };
};
const GOOD = template("shop/web:1");
const templates = [
  GOOD, probed("shop/web:2"), template("shop/web:crashloop"), template("shop/web:missing"), probed("shop/web:unready"), probed("shop/web:hangs"), probed("shop/web:slow"),
];

const intOrPercent: fc.Arbitrary<IntOrPercent> = fc.oneof(
  fc.record({ count: fc.integer({ min: 0, max: 8 }) }),
  fc.record({ percent: fc.integer({ min: 0, max: 100 }) }),
);
const strategies: fc.Arbitrary<UpdateStrategy> = fc.record({ maxSurge: intOrPercent, maxUnavailable: intOrPercent });

type Step =
  | { readonly kind: "revise"; readonly revision: number }
  | { readonly kind: "scale"; readonly replicas: number }
  | { readonly kind: "strategy"; readonly strategy: UpdateStrategy }
  | { readonly kind: "restart" }
  | { readonly kind: "crash"; readonly pick: number }
  | { readonly kind: "node"; readonly index: number; readonly isReady: boolean }
  | { readonly kind: "pass"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("revise" as const), revision: fc.nat(templates.length - 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("scale" as const), replicas: fc.nat(10) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("strategy" as const), strategy: strategies }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("crash" as const), pick: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("node" as const), index: fc.nat(2), isReady: fc.boolean() }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 40_000 }) }) },
);

/** What a listener knows who checks each step of the update against what is wanted then. */
class Watch {
  readonly #cluster: SimulatedCluster;
  /** By id of the pods that are not terminating: whether it is ready. */
  readonly #pods = new Map<string, boolean>();
  #looked = 0;

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
  }

  /** Looks at all that was said since; `wanted` was in force all the while. */
  look({ replicas, updateStrategy }: PlacementSpec): void {
    const { maxSurge, maxUnavailable } = updateBounds(replicas, updateStrategy);
    for (; this.#looked < this.#cluster.history.length; this.#looked++) {
      const { pod, gone } = this.#cluster.history[this.#looked] as SimulatedCluster["history"][number];
      if (gone !== undefined) this.#pods.delete(gone);
      if (pod === undefined) continue;
      if (pod.phase === "TERMINATING") {
        const wasReady = this.#pods.get(pod.id) === true;
        this.#pods.delete(pod.id);
        const ready = [...this.#pods.values()].filter(Boolean).length;
        if (wasReady && ready < replicas - maxUnavailable) {
          throw new Error(`a ready pod was taken, ${ready} are left of ${replicas} - ${maxUnavailable}`);
        }
        continue;
      }
      const isNew = !this.#pods.has(pod.id);
      this.#pods.set(pod.id, pod.ready);
      if (isNew && this.#pods.size > replicas + maxSurge) throw new Error(`a pod was made, ${this.#pods.size} are there for ${replicas} + ${maxSurge}`);
    }
  }
}

const play = (steps: readonly Step[], seed: number, strategy: UpdateStrategy, plan = planReplicas): void => {
  const cluster = simulatedCluster({ seed, plan, nodes: [node(0), node(1), node(2)] });
  const watch = new Watch(cluster);
  let wanted = spec(GOOD, { replicas: 6, updateStrategy: strategy, revisionId: uuid(40) });
  let revisions = 0;
  let now = 0;
  const assign = (changes: Partial<PlacementSpec>, of?: PodTemplate): void => {
    wanted = { ...wanted, ...changes };
    cluster.assign(app, wanted, of);
  };
  const pass = (ms: number): void => {
    now += ms;
    cluster.simulation.advanceTo(now);
    watch.look(wanted);
  };
  const revise = (of: PodTemplate): void => assign({ ...spec(of, wanted), revisionId: uuid(40 + ++revisions), templateHash: spec(of).templateHash }, of);
  assign({}, GOOD);
  pass(30_000);
  for (const next of steps) {
    if (next.kind === "revise") revise(templates[next.revision] as PodTemplate);
    if (next.kind === "scale") assign({ replicas: next.replicas });
    if (next.kind === "strategy") assign({ updateStrategy: next.strategy });
    if (next.kind === "restart") assign({ restarts: (wanted.restarts ?? 0) + 1 });
    if (next.kind === "node") cluster.simulation.setNodeStatus(next.index, next.isReady ? "READY" : "NOT_READY");
    if (next.kind === "crash") {
      const pods = cluster.pods();
      cluster.simulation.crashPod(pods[next.pick % Math.max(1, pods.length)]?.id ?? "");
    }
    pass(next.kind === "pass" ? next.ms : 0);
  }
  for (const index of [0, 1, 2]) cluster.simulation.setNodeStatus(index, "READY");
  revise(GOOD);
  pass(2 * 3_600_000);
  const { replicas } = wanted;
  expect(cluster.simulation.counts(app)).toEqual({ created: replicas, ready: replicas, updated: replicas, all: replicas });
  expect(cluster.pods().every(({ revisionId }) => revisionId === wanted.revisionId)).toBe(true);
};

const cases = [fc.array(step, { maxLength: 30 }), fc.integer(), strategies] as const;

describe("rolling updates", () => {
  it("keep their laws whatever happens meanwhile", () => {
    fc.assert(fc.property(...cases, (steps, seed, strategy) => play(steps, seed, strategy)), { numRuns: 250 });
  });

  it.each<[string, RegExp, typeof planReplicas]>([
    ["takes one ready pod more", /a ready pod was taken/, (desired, strategy, current, old) => {
      const plan = planReplicas(desired, strategy, current, old);
      return { ...plan, removeOldReady: Math.min(old.ready, plan.removeOldReady + 1) };
    }],
    ["makes one pod more", /a pod was made/, (desired, strategy, current, old) => {
      const plan = planReplicas(desired, strategy, current, old);
      return { ...plan, create: plan.create + (old.pods > 0 && current.pods < desired ? 1 : 0) };
    }],
    ["leaves the last old pod", /deeply equal/, (desired, strategy, current, old) => {
      const plan = planReplicas(desired, strategy, current, old);
      return old.pods === 1 && desired > 0 ? { ...plan, removeOldReady: 0, removeOldUnready: 0 } : plan;
    }],
  ])("are found out where the plan %s", (_name, message, plan) => {
    const found = fc.check(fc.property(...cases, (steps, seed, strategy) => play(steps, seed, strategy, plan)), { numRuns: 250, seed: 1, endOnFailure: true });
    expect(found.failed).toBe(true);
    expect((found.errorInstance as Error).message).toMatch(message);
  });

  it("replace the pods of a restart that was asked for, under the strategy, and count only new ones as updated", () => {
    const cluster = simulatedCluster();
    cluster.assign(app, spec(GOOD, { replicas: 4 }), GOOD);
    cluster.simulation.advanceTo(60_000);
    const before = new Set(cluster.pods().map(({ id }) => id));
    cluster.assign(app, spec(GOOD, { replicas: 4, restarts: 1 }));
    expect(cluster.simulation.counts(app)).toMatchObject({ created: 4, ready: 4, updated: 0 });
    cluster.simulation.advanceTo(180_000);
    expect(cluster.simulation.counts(app)).toEqual({ created: 4, ready: 4, updated: 4, all: 4 });
    expect(cluster.pods().filter(({ id }) => before.has(id))).toEqual([]);
    expect(new Set(cluster.pods().map(({ revisionId }) => revisionId))).toEqual(new Set([uuid(11)]));
  });
});
