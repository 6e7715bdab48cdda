/** Each kind of fault on a simulated cluster, what follows from it, and what it leaves behind. */
import { describe, expect, it } from "vitest";
import { BlackHoles } from "#server/fleet/faults.ts";
import type { FaultOrder, PlacementSpec } from "#server/fleet/link.ts";
import { DEFAULT_BEHAVIOURS } from "#server/fleet/simulator/behaviours.ts";
import { type Cut, WHOLE } from "#server/fleet/simulator/cuts.ts";
import { spec, template, uuid } from "./scripted-gateway.ts";
import { restarted, simulatedCluster, type SimulatedCluster } from "./simulated-cluster.ts";

const MINUTE = 60_000;
const { nodeGraceMs, spotNoticeMs } = DEFAULT_BEHAVIOURS.faults;
const app = uuid(100);
const web = template("shop/web:1");
const FAULT = uuid(900);

const order = (changes: Partial<FaultOrder> & Pick<FaultOrder, "kind">): FaultOrder => ({ id: FAULT, seed: 1, startsAt: MINUTE, endsAt: 10 * MINUTE, ...changes });
const running = (replicas: number, changes: Partial<PlacementSpec> = {}, of = web): SimulatedCluster => {
  const cluster = simulatedCluster();
  cluster.assign(app, spec(of, { replicas, ...changes }), of);
  cluster.simulation.advanceTo(MINUTE);
  return cluster;
};
const orderAt = ({ simulation }: SimulatedCluster, now: number, ...orders: FaultOrder[]): void => {
  simulation.advanceTo(now);
  simulation.orderFaults(orders);
  simulation.advanceTo(now);
};
/** Of what happened because of a fault. */
const reasons = ({ happenings }: SimulatedCluster): string[] => happenings.filter(({ faultId }) => faultId === FAULT).map(({ reason }) => reason);

describe("FAIL_NODE", () => {
  const fail = order({ kind: "FAIL_NODE", nodeId: "node-0" });

  it("loses the node's pods at once, and finds the same ones again within the grace", () => {
    const cluster = running(6);
    const before = cluster.pods();
    orderAt(cluster, MINUTE, fail);
    expect(cluster.simulation.nodes.status(0)).toBe("NOT_READY");
    expect(cluster.pods().filter(({ phase }) => phase === "UNKNOWN")).toHaveLength(2);
    for (const pod of cluster.pods()) expect([pod.ready, pod.reason]).toEqual(pod.nodeId === "node-0" ? [false, "NodeLost"] : [true, null]);
    expect(cluster.simulation.counts(app)).toEqual({ created: 6, ready: 4, updated: 6, all: 6 });
    orderAt(cluster, MINUTE + nodeGraceMs - 1);
    cluster.simulation.advanceTo(2 * MINUTE);
    expect(cluster.pods()).toEqual(before);
    expect(reasons(cluster)).toEqual(["FaultBegan", "NodeNotReady", "FaultEnded", "NodeReady"]);
  });

  it("gives them up after the grace: others take their place, and the old ones are gone once the node is back", () => {
    const cluster = running(6);
    const lost = cluster.pods().filter(({ nodeId }) => nodeId === "node-0").map(({ id }) => id);
    orderAt(cluster, MINUTE, fail);
    cluster.simulation.advanceTo(MINUTE + nodeGraceMs);
    expect(cluster.simulation.counts(app)).toMatchObject({ created: 6, all: 8 });
    cluster.simulation.advanceTo(9 * MINUTE);
    expect(cluster.simulation.counts(app)).toEqual({ created: 6, ready: 6, updated: 6, all: 8 });
    expect(cluster.pods().filter(({ phase }) => phase === "TERMINATING").map(({ id }) => id)).toEqual(lost);
    expect(cluster.happenings.filter(({ reason }) => reason === "Evicted").map(({ object }) => object.kind === "pod" && object.id)).toEqual(lost);
    cluster.simulation.advanceTo(11 * MINUTE);
    expect(cluster.simulation.nodes.status(0)).toBe("READY");
    expect(cluster.simulation.counts(app)).toEqual({ created: 6, ready: 6, updated: 6, all: 6 });
    expect(cluster.pods().map(({ nodeId }) => nodeId)).not.toContain("node-0");
  });

  it("goes on after a restart in the middle, before the grace is over and after", () => {
    for (const at of [MINUTE + 1_000, 5 * MINUTE]) {
      const before = running(6);
      orderAt(before, MINUTE, fail);
      before.simulation.advanceTo(at);
      const after = restarted(before, [{ id: app, spec: spec(web, { replicas: 6 }) }], [web]);
      for (const cluster of [before, after]) cluster.simulation.advanceTo(12 * MINUTE);
      expect(after.pods()).toEqual(before.pods());
      expect(after.simulation.counts(app)).toEqual({ created: 6, ready: 6, updated: 6, all: 6 });
      expect(after.simulation.state.faults).toBeUndefined();
    }
  });

  it("begins anew what had not started, and keeps a back-off", () => {
    const crashing = template("shop/web:crashloop");
    const cluster = simulatedCluster();
    cluster.assign(app, spec(crashing, { replicas: 3 }), crashing);
    cluster.simulation.advanceTo(500);
    orderAt(cluster, 500, { ...fail, startsAt: 500, endsAt: 5_000 });
    cluster.simulation.advanceTo(4_999);
    expect(cluster.pods().find(({ nodeId }) => nodeId === "node-0")).toMatchObject({ phase: "UNKNOWN", startedAt: null });
    cluster.simulation.advanceTo(MINUTE);
    const pod = cluster.pods().find(({ nodeId }) => nodeId === "node-0");
    expect(pod).toMatchObject({ phase: "RUNNING", reason: "CrashLoopBackOff" });
    const { restartCount } = pod ?? { restartCount: -1 };
    cluster.simulation.setNodeStatus(0, "NOT_READY");
    cluster.simulation.setNodeStatus(0, "READY");
    cluster.simulation.advanceTo(MINUTE);
    expect(cluster.pods().find(({ nodeId }) => nodeId === "node-0")).toMatchObject({ reason: "CrashLoopBackOff", restartCount });
  });
});

describe("CRASH_POD", () => {
  it("ends one container, once, however often it is ordered, also after a restart", () => {
    const cluster = running(2);
    const [pod] = cluster.pods();
    const crash = order({ kind: "CRASH_POD", podId: pod?.id ?? "" });
    for (const at of [MINUTE, MINUTE + 5_000]) orderAt(cluster, at, crash);
    expect(cluster.pods().map(({ reason }) => reason)).toEqual(["CrashLoopBackOff", null]);
    const after = restarted(cluster, [{ id: app, spec: spec(web, { replicas: 2 }) }], [web]);
    orderAt(after, 5 * MINUTE, crash);
    orderAt(after, 6 * MINUTE);
    // What has ended does not begin again, whoever still believes in it.
    orderAt(after, 7 * MINUTE, crash);
    after.simulation.advanceTo(11 * MINUTE);
    expect(after.pods().map(({ restartCount, ready }) => [restartCount, ready])).toEqual([[1, true], [0, true]]);
    expect([...reasons(cluster), ...reasons(after)]).toEqual(["FaultBegan", "Crashed", "FaultEnded"]);
  });

  it("waits for a pod that has not started, and says so of one that is gone", () => {
    const cluster = simulatedCluster();
    cluster.assign(app, spec(web, { replicas: 1 }), web);
    cluster.simulation.advanceTo(1);
    const crash = order({ kind: "CRASH_POD", podId: cluster.pods()[0]?.id ?? "", startsAt: 1 });
    orderAt(cluster, 1, crash, { ...crash, id: uuid(901), podId: uuid(5) });
    expect(cluster.happenings.at(-1)).toMatchObject({ reason: "FaultWithoutEffect", message: "The pod is gone: nothing crashed", object: { kind: "cluster" }, faultId: uuid(901) });
    cluster.simulation.advanceTo(2 * MINUTE);
    expect(cluster.pods()).toMatchObject([{ restartCount: 1, ready: true }]);
  });

  it("strikes a container that follows from its seed", () => {
    const two = { ...web, containers: [...web.containers, { ...(web.containers[0] as (typeof web.containers)[0]), name: "side" }] };
    const struck = (seed: number): unknown => {
      const cluster = running(1, {}, two);
      orderAt(cluster, MINUTE, order({ kind: "CRASH_POD", podId: cluster.pods()[0]?.id ?? "", seed }));
      return cluster.pods()[0]?.containers.find(({ state }) => state === "WAITING")?.name;
    };
    const all = Array.from({ length: 12 }, (_, seed) => struck(seed));
    expect(new Set(all)).toEqual(new Set(["main", "side"]));
    expect(Array.from({ length: 12 }, (_, seed) => struck(seed))).toEqual(all);
  });
});

describe("SLOW_IMAGE_PULL", () => {
  const startedOn = (...orders: FaultOrder[]): Map<string, number> => {
    const cluster = simulatedCluster();
    orderAt(cluster, 0, ...orders);
    cluster.assign(app, spec(web, { replicas: 3 }), web);
    cluster.simulation.advanceTo(5 * MINUTE);
    return new Map(cluster.pods().map(({ nodeId, startedAt }) => [nodeId ?? "", startedAt ?? Infinity]));
  };

  it("makes pulls take a factor longer, on the cluster or on one node", () => {
    const usual = startedOn();
    const slow = startedOn(order({ kind: "SLOW_IMAGE_PULL", startsAt: 0 }));
    const onOne = startedOn(order({ kind: "SLOW_IMAGE_PULL", startsAt: 0, nodeId: "node-1" }));
    for (const [node, startedAt] of usual) {
      expect(slow.get(node)).toBeGreaterThan(2 * startedAt);
      // What comes after the pull is drawn in the order in which pods get there.
      if (node === "node-1") expect(onOne.get(node)).toBeGreaterThan(2 * startedAt);
      else expect(Math.abs((onOne.get(node) ?? 0) - startedAt)).toBeLessThan(500);
    }
  });

  it("is over when it is over", () => {
    const cluster = simulatedCluster();
    orderAt(cluster, 0, order({ kind: "SLOW_IMAGE_PULL", startsAt: 0, endsAt: 1_000 }));
    cluster.simulation.advanceTo(2_000);
    const plain = simulatedCluster();
    for (const one of [cluster, plain]) {
      one.simulation.advanceTo(2_000);
      one.assign(app, spec(web, { replicas: 3 }), web);
      one.simulation.advanceTo(MINUTE);
    }
    expect(cluster.pods()).toEqual(plain.pods());
  });
});

describe("RECLAIM_SPOT", () => {
  const reclaim = order({ kind: "RECLAIM_SPOT" });

  it("tells the pods of SPOT capacity, terminates them after the notice, and lets them be replaced once", () => {
    const cluster = running(3, { capacityType: "SPOT" });
    cluster.assign(uuid(101), spec(web, { replicas: 3 }));
    cluster.simulation.advanceTo(MINUTE - 1);
    cluster.simulation.advanceTo(2 * MINUTE);
    const [spot, other] = [app, uuid(101)].map((id) => cluster.podsOf(id).map((pod) => pod.id).toSorted());
    orderAt(cluster, 2 * MINUTE, reclaim);
    expect(reasons(cluster)).toEqual(["FaultBegan", "SpotReclaimNotice", "SpotReclaimNotice", "SpotReclaimNotice"]);
    expect(cluster.simulation.counts(app).ready).toBe(3);
    cluster.simulation.advanceTo(2 * MINUTE + spotNoticeMs);
    expect(cluster.podsOf(app).filter(({ phase }) => phase === "TERMINATING").map(({ id }) => id).toSorted()).toEqual(spot);
    cluster.simulation.advanceTo(11 * MINUTE);
    expect(cluster.simulation.counts(app)).toEqual({ created: 3, ready: 3, updated: 3, all: 3 });
    expect(cluster.podsOf(app).map(({ id }) => id)).not.toEqual(expect.arrayContaining([spot?.[0]]));
    expect(cluster.podsOf(uuid(101)).map(({ id }) => id).toSorted()).toEqual(other);
    expect(reasons(cluster).filter((reason) => reason === "SpotReclaimed")).toHaveLength(3);
  });

  it("strikes one node where it names one; ended before the notice is over, it spares them; and it says where there is nothing", () => {
    const cluster = running(6, { capacityType: "SPOT" });
    const before = cluster.pods().map(({ id }) => id);
    orderAt(cluster, MINUTE, { ...reclaim, nodeId: "node-2" });
    expect(reasons(cluster).filter((reason) => reason === "SpotReclaimNotice")).toHaveLength(2);
    orderAt(cluster, MINUTE + spotNoticeMs - 1);
    cluster.simulation.advanceTo(3 * MINUTE);
    expect(cluster.pods().map(({ id }) => id)).toEqual(before);
    // By itself it takes them even where it is shorter than the notice.
    orderAt(cluster, 3 * MINUTE, { ...reclaim, id: uuid(902), startsAt: 3 * MINUTE, endsAt: 3 * MINUTE + 1_000 });
    cluster.simulation.advanceTo(3 * MINUTE + 1_000);
    expect(cluster.pods().filter(({ phase }) => phase === "TERMINATING")).toHaveLength(6);

    const plain = running(2);
    orderAt(plain, MINUTE, reclaim);
    expect(plain.happenings.filter(({ faultId }) => faultId === FAULT).map(({ reason, type }) => [reason, type])).toEqual([["FaultBegan", "WARNING"], ["FaultWithoutEffect", "NORMAL"]]);
  });
});

describe("DISCONNECT_CLUSTER", () => {
  const cutBy = (mode: FaultOrder["mode"], at = MINUTE): Cut => {
    const cluster = running(1);
    orderAt(cluster, MINUTE, order({ kind: "DISCONNECT_CLUSTER", ...(mode === undefined ? {} : { mode }) }));
    cluster.simulation.advanceTo(at);
    return cluster.simulation.cut;
  };

  it("cuts what its mode says, and ends by itself", () => {
    expect(cutBy("BOTH_WAYS")).toEqual({ toCentre: true, toCluster: true });
    expect(cutBy("TO_CENTRE")).toEqual({ toCentre: true, toCluster: false });
    expect(cutBy("TO_CLUSTER")).toEqual({ toCentre: false, toCluster: true });
    expect(cutBy(undefined)).toEqual(cutBy("BOTH_WAYS"));
    for (const mode of ["BOTH_WAYS", "FLAPPING"] as const) expect(cutBy(mode, 10 * MINUTE)).toEqual(WHOLE);
  });

  it("says hello once all gets through again, and only if there is a connection", () => {
    let hellos = 0;
    const agent = { clusterId: "a", simulation: { cut: WHOLE }, connected: () => void (hellos += 1) };
    const holes = new BlackHoles();
    holes.look(agent, true);
    agent.simulation.cut = { toCentre: false, toCluster: true };
    holes.look(agent, true);
    expect([holes.of("a"), holes.of("b"), holes.audible(["a", "b"])]).toEqual([agent.simulation.cut, WHOLE, ["a", "b"]]);
    agent.simulation.cut = { toCentre: true, toCluster: true };
    holes.look(agent, true);
    expect(holes.audible(["a", "b"])).toEqual(["b"]);
    expect(hellos).toBe(0);
    agent.simulation.cut = WHOLE;
    for (const isConnected of [true, true]) holes.look(agent, isConnected);
    expect([hellos, holes.of("a")]).toEqual([1, WHOLE]);
    agent.simulation.cut = { toCentre: true, toCluster: true };
    holes.look(agent, false);
    agent.simulation.cut = WHOLE;
    holes.look(agent, false);
    expect(hellos).toBe(1);
  });
});
