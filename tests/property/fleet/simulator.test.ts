/** Laws of the simulated cluster, under any assignments, crashes and node failures. fast-check prints the seed of a failure. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ContainerSpec, PodTemplate, Probe } from "#server/domain/pod-template.ts";
import type { IntOrPercent } from "#server/domain/states.ts";
import type { PlacementSpec } from "#server/fleet/link.ts";
import { AddressPool } from "#server/fleet/simulator/addresses.ts";
import { planReplicas, updateBounds } from "#server/fleet/simulator/rolling-update.ts";
import { spec, template, uuid } from "../../unit/fleet/scripted-gateway.ts";
import { node, restarted, simulatedCluster, type SimulatedCluster } from "../../unit/fleet/simulated-cluster.ts";

const probe = (periodSeconds: number): Probe => ({
  handler: { type: "HttpGetProbe", path: "/", port: 80, headers: [] },
  initialDelaySeconds: 2, periodSeconds, timeoutSeconds: 2, successThreshold: 2, failureThreshold: 2,
});
const withContainers = (of: PodTemplate, changes: Partial<ContainerSpec>, rest: Partial<PodTemplate> = {}): PodTemplate => ({
  ...of, ...rest, containers: of.containers.map((container) => ({ ...container, ...changes })),
});
const templates = [
  template("shop/web:1"),
  template("shop/web:2", { cpuMillis: 700, memoryMiB: 1_000 }),
  template("shop/web:crashloop"),
  template("shop/web:3", { runtime: "SANDBOX", cpuMillis: 1_500, terminationGracePeriodSeconds: 0 }),
  withContainers(template("shop/web:4"), {
    readinessProbe: probe(3), livenessProbe: probe(7), lifecycle: { postStart: ["sleep", "1"], preStop: ["echo", "bye"] },
  }),
  withContainers(template("shop/web:slow"), { readinessProbe: probe(3), livenessProbe: { ...probe(4), timeoutSeconds: 3 } }),
  // From here on they refer to a ConfigMap, and mount it.
  withContainers(template("shop/web:5"), {
    env: [{ name: "WHICH", configMapKey: { configMapId: uuid(50), name: "settings", key: "which" } }],
    volumeMounts: [{ volume: "settings", mountPath: "/etc/settings", readOnly: true }],
  }, { volumes: [{ name: "settings", source: { type: "ConfigMapVolume", configMapId: uuid(50), name: "settings" } }] }),
  withContainers(template("shop/web:6"), {
    livenessProbe: probe(5), volumeMounts: [{ volume: "settings", mountPath: "/etc/settings", readOnly: true }],
  }, { volumes: [{ name: "settings", source: { type: "ConfigMapVolume", configMapId: uuid(50), name: "settings" } }] }),
];
const FIRST_CONFIGURED = 6;
const contents = (): Map<string, Record<string, string>> => new Map([0, 1, 2].map((number) => [`c${number}`, { which: `c${number}` }]));

const intOrPercent: fc.Arbitrary<IntOrPercent> = fc.oneof(
  fc.record({ count: fc.integer({ min: 0, max: 12 }) }),
  fc.record({ percent: fc.integer({ min: 0, max: 100 }) }),
);
const strategies = fc.record({ maxSurge: intOrPercent, maxUnavailable: intOrPercent });

type Step =
  | { readonly kind: "assign"; readonly app: number; readonly replicas: number; readonly revision: number; readonly subnet: number; readonly restarts: number; readonly content: number }
  | { readonly kind: "remove"; readonly app: number }
  | { readonly kind: "crash"; readonly pick: number }
  | { readonly kind: "node"; readonly index: number; readonly isReady: boolean }
  | { readonly kind: "pass"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("assign" as const), app: fc.nat(2), replicas: fc.nat(12), revision: fc.nat(templates.length - 1), subnet: fc.nat(1), restarts: fc.nat(1),
      // One of them is never sent.
      content: fc.nat(3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), app: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("crash" as const), pick: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("node" as const), index: fc.nat(2), isReady: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 20_000 }) }) },
);

const subnets = [
  { id: uuid(21), vpcId: uuid(20), cidr: "10.0.0.0/28", gateway: "10.0.0.1" },
  { id: uuid(22), vpcId: uuid(20), cidr: "10.0.1.0/24", gateway: "10.0.1.1" },
];

const specOf = ({ replicas, revision, subnet, restarts, content }: Extract<Step, { kind: "assign" }>): PlacementSpec =>
  spec(templates[revision] as PodTemplate, {
    replicas, revisionId: uuid(40 + revision), subnet: subnets[subnet] ?? null,
    ...(restarts > 0 ? { restarts } : {}),
    ...(revision >= FIRST_CONFIGURED ? { configs: [{ id: uuid(50), kind: "ConfigMap" as const, name: "settings", content: `c${content}` }] } : {}),
  });

const act = (cluster: SimulatedCluster, now: number, next: Step): number => {
  switch (next.kind) {
    case "assign":
      cluster.assign(uuid(100 + next.app), specOf(next), templates[next.revision]);
      break;
    case "remove":
      cluster.assign(uuid(100 + next.app), null);
      break;
    case "crash": {
      const pods = cluster.pods();
      cluster.simulation.crashPod(pods[next.pick % Math.max(1, pods.length)]?.id ?? "");
      break;
    }
    case "node":
      cluster.simulation.setNodeStatus(next.index, next.isReady ? "READY" : "NOT_READY");
      break;
    case "pass":
      return now + next.ms;
  }
  return now;
};

/** Carries the steps out, advancing time in pieces of at most `piece` milliseconds, and looks after every piece. */
const play = (
  steps: readonly Step[],
  options: { readonly seed?: number; readonly piece?: number } = {},
  look: (cluster: SimulatedCluster) => void = () => undefined,
): SimulatedCluster => {
  const cluster = simulatedCluster({ seed: options.seed ?? 1, contents: contents() });
  const piece = options.piece ?? Infinity;
  let now = 0;
  for (const next of steps) {
    const until = act(cluster, now, next);
    do {
      now = Math.min(until, now + piece);
      cluster.simulation.advanceTo(now);
      look(cluster);
    } while (now < until);
  }
  return cluster;
};

/** What runs in each pod. */
const inside = ({ simulation, pods }: SimulatedCluster): unknown[] =>
  pods().map(({ id }) => [id, simulation.environmentOf(id, "main"), simulation.filesOf(id, "main")]);

/** What each application was assigned last. */
const lastOf = (steps: readonly Step[]): Map<string, PlacementSpec | null> => {
  const last = new Map<string, PlacementSpec | null>();
  for (const next of steps) {
    if (next.kind === "assign") last.set(uuid(100 + next.app), specOf(next));
    if (next.kind === "remove") last.set(uuid(100 + next.app), null);
  }
  return last;
};

describe("the simulated cluster", () => {
  it("never gives one address to two pods, nor a node more than it has", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        play(steps, { piece: 3_000 }, (cluster) => {
          const pods = cluster.pods();
          const addresses = pods.flatMap((pod) => pod.privateIp ?? []);
          expect(new Set(addresses).size).toBe(addresses.length);
          expect(new Set(pods.map((pod) => pod.name)).size).toBe(pods.length);
          cluster.simulation.nodes.descriptions.forEach((description, index) => {
            const here = pods.filter((pod) => pod.nodeId === description.id);
            const containers = templates.flatMap((each) => each.containers);
            const asked = here.map((pod) => containers.find((container) => pod.containers[0]?.image === container.image));
            const cpu = asked.reduce((sum, container) => sum + (container?.cpuMillis ?? 0), 0);
            const memory = asked.reduce((sum, container) => sum + (container?.memoryMiB ?? 0), 0);
            expect(cpu).toBeLessThanOrEqual(description.cpuMillis);
            expect(cluster.simulation.nodes.free(index)).toEqual({
              cpuMillis: description.cpuMillis - cpu, memoryMiB: description.memoryMiB - memory, pods: description.pods - here.length,
            });
          });
        });
      }),
      { numRuns: 150 },
    );
  });

  it("counts what is there", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const cluster = play(steps);
        for (const app of [0, 1, 2]) {
          const pods = cluster.podsOf(uuid(100 + app));
          const counts = cluster.simulation.counts(uuid(100 + app));
          expect(counts).toMatchObject({
            created: pods.filter((pod) => pod.phase !== "TERMINATING").length,
            ready: pods.filter((pod) => pod.ready).length,
            all: pods.length,
          });
        }
        expect(cluster.simulation.readyCount).toBe(cluster.pods().filter((pod) => pod.ready).length);
        expect(cluster.simulation.podCount).toBe(cluster.pods().length);
      }),
      { numRuns: 150 },
    );
  });

  it("tells the same history for the same seed, however finely time advances, and another for another seed", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.integer(), fc.integer({ min: 50, max: 5_000 }), (steps, seed, piece) => {
        const first = play(steps, { seed });
        const again = play(steps, { seed, piece });
        const told = first.history;
        expect(again.history).toEqual(told);
        expect(inside(again)).toEqual(inside(first));
        expect([...again.simulation.slots()].map((slot) => again.simulation.podRecord(slot))).toEqual(
          [...first.simulation.slots()].map((slot) => first.simulation.podRecord(slot)),
        );
        if (told.length > 0) expect(play(steps, { seed: seed + 1 }).history).not.toEqual(told);
      }),
      { numRuns: 60 },
    );
  });

  it("says every change of a pod: whoever only listens knows what is there", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const cluster = play(steps);
        const known = new Map<string, unknown>();
        for (const { pod, gone } of cluster.history) {
          if (pod !== undefined) known.set(pod.id, pod);
          if (gone !== undefined) expect(known.delete(gone)).toBe(true);
        }
        expect([...known.values()]).toEqual(expect.arrayContaining(cluster.pods()));
        expect(known.size).toBe(cluster.pods().length);
      }),
      { numRuns: 100 },
    );
  });

  it("counts as configured whose files show what is assigned, and keeps the contents that something uses and no others", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const cluster = play(steps);
        for (const [id, wanted] of lastOf(steps)) {
          const assigned = wanted?.configs?.[0]?.content;
          if (assigned !== undefined) expect(cluster.simulation.contentsInUse()).toContain(assigned);
          let configured = 0;
          for (const pod of cluster.podsOf(id)) {
            const shown = cluster.simulation.filesOf(pod.id, "main")?.["/etc/settings/which"];
            if (pod.phase !== "TERMINATING" && (shown === undefined || assigned === undefined || shown === assigned)) configured += 1;
          }
          expect(cluster.simulation.configured(id)).toBe(configured);
        }
        for (const { id } of cluster.pods()) {
          const shown = cluster.simulation.filesOf(id, "main")?.["/etc/settings/which"];
          const started = cluster.simulation.environmentOf(id, "main")?.["WHICH"];
          for (const content of [shown, started]) if (content !== undefined) expect(cluster.simulation.contentsInUse()).toContain(content);
        }
        // At rest, nothing else is kept; what terminates on a node that does not answer is gone when it is back.
        for (const index of [0, 1, 2]) cluster.simulation.setNodeStatus(index, "READY");
        for (const id of lastOf(steps).keys()) cluster.assign(id, null);
        cluster.simulation.advanceTo(cluster.simulation.now + 3_600_000);
        expect(cluster.simulation.contentsInUse()).toEqual(new Set());
        expect([...Array(200).keys()].flatMap((number) => cluster.simulation.configSetRecord(number) ?? [])).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("goes on from its records as if nothing had happened, with the same pods", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 30 }), (steps) => {
        const before = play(steps);
        const { simulation } = before;
        const last = lastOf(steps);
        const after = restarted(before, [...last].map(([id, of]) => ({ id, spec: of })), templates);
        expect(after.pods()).toEqual(before.pods());
        expect(inside(after)).toEqual(inside(before));
        expect(after.simulation.contentsInUse()).toEqual(before.simulation.contentsInUse());
        const ready = before.pods().filter((pod) => pod.ready);
        const end = simulation.now + 3_600_000;
        before.simulation.advanceTo(end);
        after.simulation.advanceTo(end);
        for (const pod of after.pods()) {
          const old = ready.find((each) => each.id === pod.id);
          if (old === undefined) continue;
          expect(pod).toMatchObject({ restartCount: old.restartCount, startedAt: old.startedAt, privateIp: old.privateIp });
        }
        expect(after.simulation.contentsInUse()).toEqual(before.simulation.contentsInUse());
        for (const id of last.keys()) expect(after.simulation.counts(id).created).toBe(before.simulation.counts(id).created);
      }),
      { numRuns: 100 },
    );
  });
});

describe("rolling updates", () => {
  const counts = fc
    .record({ pods: fc.nat(30), unready: fc.nat(30) })
    .map(({ pods, unready }) => ({ pods, ready: Math.max(0, pods - unready) }));

  it("never makes more than the surge allows, and never takes a ready pod that is needed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), strategies, counts, counts, (desired, strategy, current, old) => {
        const plan = planReplicas(desired, strategy, current, old);
        const { maxSurge, maxUnavailable } = updateBounds(desired, strategy);
        const total = current.pods + old.pods;
        if (plan.create > 0) expect(total + plan.create).toBeLessThanOrEqual(desired + maxSurge);
        expect(plan.removeCurrent).toBe(Math.max(0, current.pods - desired));
        expect(plan.removeOldUnready).toBeLessThanOrEqual(old.pods - old.ready);
        const readyAfter = Math.min(current.ready, current.pods - plan.removeCurrent) + old.ready - plan.removeOldReady;
        expect(readyAfter).toBeGreaterThanOrEqual(Math.min(current.ready + old.ready, desired - maxUnavailable));
      }),
      { numRuns: 3_000 },
    );
  });

  it("ends with the new revision alone when its pods get ready", () => {
    fc.assert(
      fc.property(fc.nat(30), strategies, counts, counts, (desired, strategy, current, old) => {
        let now = { current, old };
        for (let round = 0; round < 200; round++) {
          const plan = planReplicas(desired, strategy, now.current, now.old);
          const removedReady = Math.max(0, plan.removeCurrent - (now.current.pods - now.current.ready));
          const currentPods = now.current.pods - plan.removeCurrent + plan.create;
          now = {
            // All that is made gets ready before the next look.
            current: { pods: currentPods, ready: Math.max(currentPods, now.current.ready - removedReady) },
            old: { pods: now.old.pods - plan.removeOldUnready - plan.removeOldReady, ready: now.old.ready - plan.removeOldReady },
          };
        }
        expect(now).toEqual({ current: { pods: desired, ready: desired }, old: { pods: 0, ready: 0 } });
      }),
      { numRuns: 1_000 },
    );
  });

  it("keeps the strategy's bounds in a running cluster while pods crash", () => {
    const crashes = fc.array(fc.record({ afterMs: fc.integer({ min: 50, max: 4_000 }), pick: fc.nat(50) }), { maxLength: 25 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), strategies, crashes, fc.integer(), (replicas, strategy, faults, seed) => {
        const cluster = simulatedCluster({ seed, nodes: [node(0), node(1), node(2), node(3)] });
        const [first, second] = templates as [PodTemplate, PodTemplate];
        cluster.assign(uuid(100), spec(first, { replicas, updateStrategy: strategy, revisionId: uuid(41) }), first);
        cluster.simulation.advanceTo(60_000);
        const { maxSurge, maxUnavailable } = updateBounds(replicas, strategy);
        cluster.assign(uuid(100), spec(second, { replicas, updateStrategy: strategy, revisionId: uuid(42) }), second);
        let now = 60_000;
        const seen = cluster.history.length;
        const advance = (until: number): void => {
          for (; now < until; now += 50) {
            cluster.simulation.advanceTo(now);
            expect(cluster.simulation.counts(uuid(100)).created).toBeLessThanOrEqual(replicas + maxSurge);
          }
        };
        for (const { afterMs, pick } of faults) {
          advance(now + afterMs);
          const ready = cluster.pods().filter((pod) => pod.ready);
          cluster.simulation.crashPod(ready[pick % Math.max(1, ready.length)]?.id ?? "");
        }
        cluster.simulation.advanceTo(now + 24 * 3_600_000);
        // Crashes take ready pods below the bound; the update itself never takes one that is needed.
        const readyIds = new Set<string>();
        cluster.history.forEach(({ pod }, index) => {
          if (pod === undefined) return;
          if (pod.ready) readyIds.add(pod.id);
          else if (readyIds.delete(pod.id) && pod.phase === "TERMINATING" && index >= seen) {
            expect(readyIds.size).toBeGreaterThanOrEqual(replicas - maxUnavailable);
          }
        });
        expect(cluster.simulation.counts(uuid(100))).toEqual({ created: replicas, ready: replicas, updated: replicas, all: replicas });
      }),
      { numRuns: 60 },
    );
  });
});

describe("an address pool", () => {
  it("never hands out what is taken, and everything before it gives up", () => {
    const actions = fc.array(fc.oneof(fc.constant("take" as const), fc.nat(50)), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 24, max: 32 }), actions, (prefix, list) => {
        const pool = new AddressPool(`10.4.0.0/${prefix}`, "10.4.0.1");
        const usable = Math.max(0, 2 ** (32 - prefix) - 3);
        const taken: number[] = [];
        for (const action of list) {
          if (action !== "take") {
            const [address] = taken.splice(action % Math.max(1, taken.length), 1);
            if (address !== undefined) pool.giveBack(address);
            continue;
          }
          const address = pool.take();
          if (address === null) expect(taken.length).toBe(usable);
          else {
            expect(taken).not.toContain(address);
            taken.push(address);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
