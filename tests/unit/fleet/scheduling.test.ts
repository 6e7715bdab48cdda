import { describe, expect, it } from "vitest";
import type { AffinityRule } from "#server/domain/affinity.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import type { Happening } from "#server/fleet/simulator/cluster-options.ts";
import { spec, template, uuid } from "./scripted-gateway.ts";
import { node, restarted, simulatedCluster, type SimulatedCluster } from "./simulated-cluster.ts";

const MINUTE = 60_000;
const [first, second, third] = [uuid(100), uuid(101), uuid(102)];
const rule = (kind: AffinityRule["kind"], app: string, changes: Partial<AffinityRule> = {}): AffinityRule => ({ kind, required: true, weight: 1, topology: "NODE", labels: [{ key: "app", value: app }], ...changes });
const labelled = (app: string, affinity: readonly AffinityRule[] = [], size: { cpuMillis?: number; terminationGracePeriodSeconds?: number } = {}): PodTemplate =>
  template("shop/web:1", { labels: [{ key: "app", value: app }], ...(affinity.length > 0 ? { affinity } : {}), ...size });

const preemptionsOf = ({ happenings }: SimulatedCluster): Happening[] => happenings.filter(({ reason }) => reason === "Preempted");

describe("affinity", () => {
  it("brings a pod to those it needs, as soon as one is there, and keeps others away from who keeps to itself", () => {
    const cluster = simulatedCluster();
    const [web, cache, shy] = [labelled("web", [rule("APPLICATION", "cache")]), labelled("cache"), labelled("shy", [rule("APPLICATION_ANTI", "web")])];
    cluster.assign(first, spec(web, { replicas: 2 }), web);
    cluster.simulation.advanceTo(MINUTE);
    expect(cluster.podsOf(first)).toMatchObject([0, 1].map(() => ({ nodeId: null, reason: "Unschedulable", message: "0/3 nodes are available: 3 node(s) didn't match pod affinity rules." })));
    cluster.assign(second, spec(cache, { replicas: 1 }), cache);
    cluster.simulation.advanceTo(2 * MINUTE);
    const at = cluster.podsOf(second)[0]?.nodeId;
    expect(cluster.podsOf(first)).toMatchObject([0, 1].map(() => ({ nodeId: at, ready: true })));
    cluster.assign(third, spec(shy, { replicas: 2 }), shy);
    cluster.simulation.advanceTo(3 * MINUTE);
    expect(cluster.podsOf(third).map(({ nodeId }) => nodeId)).not.toContain(at);
    // Where the shy ones are, no other of those that they shun comes any more.
    cluster.assign(first, spec(cache, { replicas: 3 }), cache);
    const plain = labelled("web");
    cluster.assign(uuid(103), spec(plain, { replicas: 4 }), plain);
    cluster.simulation.advanceTo(4 * MINUTE);
    const shyNodes = new Set(cluster.podsOf(third).map(({ nodeId }) => nodeId));
    for (const { nodeId } of cluster.podsOf(uuid(103))) expect(shyNodes.has(nodeId)).toBe(false);
  });

  it("prefers by weight, and still spreads", () => {
    const nodes = [node(0, { labels: { disk: "ssd" } }), node(1), node(2, { labels: { disk: "ssd" } })];
    const cluster = simulatedCluster({ nodes });
    const wanting = labelled("web", [{ kind: "NODE", required: false, weight: 50, topology: "NODE", labels: [{ key: "disk", value: "ssd" }] }]);
    cluster.assign(first, spec(wanting, { replicas: 4 }), wanting);
    cluster.simulation.advanceTo(MINUTE);
    const count = (id: string): number => cluster.podsOf(first).filter(({ nodeId }) => nodeId === id).length;
    // The preferred nodes get theirs first; then one more there is no better than one on the empty node.
    expect([count("node-0") + count("node-2"), count("node-1")]).toEqual([3, 1]);
  });

  it("counts again what is there after a restart", () => {
    const cluster = simulatedCluster();
    const alone = labelled("web", [rule("APPLICATION_ANTI", "web")]);
    cluster.assign(first, spec(alone, { replicas: 4 }), alone);
    cluster.simulation.advanceTo(MINUTE);
    const after = restarted(cluster, [{ id: first, spec: spec(alone, { replicas: 4 }) }], [alone]);
    after.simulation.advanceTo(2 * MINUTE);
    expect(after.podsOf(first).map(({ nodeId }) => nodeId).toSorted()).toEqual(["node-0", "node-1", "node-2", null]);
    expect(after.podsOf(first).find(({ nodeId }) => nodeId === null)?.message).toBe("0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.");
  });
});

describe("pre-emption", () => {
  const small = labelled("batch", [], { cpuMillis: 1_000, terminationGracePeriodSeconds: 5 });
  const large = labelled("web", [], { cpuMillis: 2_500 });
  const full = () => {
    const cluster = simulatedCluster({ nodes: [node(0), node(1)] });
    cluster.assign(first, spec(small, { replicas: 8, capacityType: "SPOT" }), small);
    cluster.simulation.advanceTo(MINUTE);
    return cluster;
  };

  it("ends the fewest SPOT pods with their grace, says so, and lets them wait for room", () => {
    const cluster = full();
    cluster.assign(second, spec(large, { replicas: 1 }), large);
    cluster.simulation.advanceTo(MINUTE);
    const ending = cluster.podsOf(first).filter(({ phase }) => phase === "TERMINATING");
    expect(ending).toHaveLength(3);
    expect(new Set(ending.map(({ nodeId }) => nodeId)).size).toBe(1);
    for (const pod of ending) expect(pod).toMatchObject({ reason: "Preempted", message: expect.stringMatching(/^it was SPOT, and made room for an ON_DEMAND pod on node n\d$/) });
    const told = preemptionsOf(cluster).toSorted((a, b) => (JSON.stringify(a.object) < JSON.stringify(b.object) ? -1 : 1));
    expect(told).toMatchObject(ending.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ id, name }) => ({ at: MINUTE, type: "NORMAL", reason: "Preempted", object: { kind: "pod", id, name, placementId: first } })));
    cluster.simulation.advanceTo(2 * MINUTE);
    expect(cluster.podsOf(second)).toMatchObject([{ nodeId: ending[0]?.nodeId, ready: true }]);
    // Half a place is left: they wait.
    expect(cluster.podsOf(first).map(({ nodeId }) => nodeId).filter((nodeId) => nodeId === null)).toHaveLength(3);
    expect(preemptionsOf(cluster)).toHaveLength(3);
  });

  it("evicts nobody more after a restart in the middle of it", () => {
    const cluster = full();
    cluster.assign(second, spec(large, { replicas: 1 }), large);
    cluster.simulation.advanceTo(MINUTE);
    const placements = [{ id: first, spec: spec(small, { replicas: 8, capacityType: "SPOT" }) }, { id: second, spec: spec(large, { replicas: 1 }) }];
    const after = restarted(cluster, placements, [small, large]);
    expect(after.podsOf(first).filter(({ reason }) => reason === "Preempted")).toHaveLength(3);
    after.simulation.advanceTo(2 * MINUTE);
    expect(after.podsOf(second)).toMatchObject([{ ready: true }]);
    expect(preemptionsOf(after)).toEqual([]);
  });

  it("evicts nobody for a pod whose subnet has no address, nor for SPOT", () => {
    const cluster = full();
    const subnet = { id: uuid(22), vpcId: uuid(20), cidr: "10.9.0.0/30", gateway: "10.9.0.1" };
    const tiny = labelled("tiny", [], { cpuMillis: 1 });
    cluster.assign(third, spec(tiny, { replicas: 1, subnet }), tiny);
    cluster.assign(second, spec(large, { replicas: 1, capacityType: "SPOT" }), large);
    cluster.simulation.advanceTo(2 * MINUTE);
    expect(preemptionsOf(cluster)).toHaveLength(1);
    cluster.assign(uuid(104), spec(large, { replicas: 1, subnet }), large);
    cluster.simulation.advanceTo(3 * MINUTE);
    expect(preemptionsOf(cluster)).toHaveLength(1);
  });
});
