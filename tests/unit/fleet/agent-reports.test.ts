/** What an agent reports, when, and what its store makes of it; without loop and transport. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contentHash } from "#server/domain/canonical.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import type { ClusterAgent } from "#server/fleet/agent/agent.ts";
import { LinkFault, UNUSED_TEMPLATE_LIMIT } from "#server/fleet/agent/assignments.ts";
import { FleetStore } from "#server/fleet/agent/store.ts";
import { BATCH_LIMIT, REPORT_WINDOW, type AssignedPlacement, type PlacementSpec, type Report } from "#server/fleet/link.ts";
import { ack, bigCluster, openAgents, reportsIn, tick, welcome } from "./agent-direct.ts";
import { placement, spec, template, uuid } from "./scripted-gateway.ts";

const web = template("shop/web:1", { cpuMillis: 10, memoryMiB: 10 });
const cluster = bigCluster("big-1");

describe("an agent's reports", () => {
  let store: FleetStore;
  let agent: ClusterAgent;
  let now: number;

  const receive = (objects: readonly AssignedPlacement[], of: PodTemplate): void =>
    agent.receive({ type: "assign", clusterId: agent.clusterId, term: 1, objects, templates: { [contentHash(of)]: of } }, 0);

  const assign = (id: string, generation: number, of: PlacementSpec | null): void => receive([placement(id, generation, of)], web);

  /** Ticks and acknowledges until nothing more is said. */
  const drain = (): Report[] => {
    const all: Report[] = [];
    for (;;) {
      const reports = reportsIn(tick(store, [agent], now));
      if (reports.length === 0) return all;
      for (const report of reports) ack(agent, report);
      all.push(...reports);
    }
  };

  const runPods = (replicas: number): void => {
    agent.connected();
    tick(store, [agent], now);
    welcome(agent);
    assign(uuid(1), 1, spec(web, { replicas }));
    now += 60_000;
    drain();
  };

  /** As after a kill: what is not in the store is gone. */
  const reopen = (): void => {
    agent = openAgents(store, [cluster], now)[0] as ClusterAgent;
  };

  beforeEach(() => {
    store = new FleetStore(":memory:");
    now = 1_000_000;
    reopen();
  });

  afterEach(() => store.close());

  it("name at most a batch of pods each, and no more reports leave than the window has room for", () => {
    agent.connected();
    tick(store, [agent], now);
    welcome(agent);
    assign(uuid(1), 1, spec(web, { replicas: 2_200 }));
    now += 60_000;
    const sent = reportsIn(tick(store, [agent], now));
    expect(sent.map((report) => report.pods.length)).toEqual(Array.from({ length: REPORT_WINDOW }, () => BATCH_LIMIT));
    expect(reportsIn(tick(store, [agent], now))).toEqual([]);
    ack(agent, sent[0] as Report);
    expect(reportsIn(tick(store, [agent], now)).map((report) => [report.seq, report.pods.length])).toEqual([[5, 200]]);
    expect(store.load(1).reports.map((report) => report.seq)).toEqual([2, 3, 4, 5]);
  });

  it("wait for the ack of a small one under way, and then say of each pod its newest state, once", () => {
    runPods(100);
    const [first = 0, second = 1] = [...agent.simulation.slots()];
    const [one, other] = [agent.simulation.report(first).id, agent.simulation.report(second).id];
    agent.simulation.crashPod(one);
    const [alone] = reportsIn(tick(store, [agent], now));
    expect(alone?.pods).toMatchObject([{ id: one, ready: false }]);
    // Back again, and crashed once more, and another one beside it.
    now += 60_000;
    expect(tick(store, [agent], now)).toEqual([]);
    agent.simulation.crashPod(one);
    agent.simulation.crashPod(other);
    expect(tick(store, [agent], now)).toEqual([]);
    ack(agent, alone as Report);
    const said = reportsIn(tick(store, [agent], now));
    expect(said).toHaveLength(1);
    expect(said[0]?.pods.map(({ id, ready, restartCount }) => [id, ready, restartCount])).toEqual([[one, false, 1], [other, false, 0]]);
  });

  it("coalesce to each pod's newest state while the centre does not listen", () => {
    runPods(100);
    agent.disconnected();
    const [victim] = [...agent.simulation.slots()];
    const id = agent.simulation.report(victim ?? 0).id;
    for (let crash = 0; crash < 5; crash++) {
      agent.simulation.crashPod(id);
      now += 400_000;
      expect(tick(store, [agent], now)).toEqual([]);
    }
    agent.connected();
    expect(tick(store, [agent], now)).toMatchObject([{ type: "hello", epoch: 1 }]);
    const { lastSeq } = store.load(1);
    welcome(agent, 1, lastSeq);
    const said = reportsIn(tick(store, [agent], now));
    expect(said).toHaveLength(1);
    expect(said[0]?.seq).toBe(lastSeq + 1);
    expect(said[0]?.pods).toMatchObject([{ id, restartCount: 5, ready: true }]);
  });

  it("say after a restart what nobody had heard before it", () => {
    runPods(10);
    agent.disconnected();
    const [changed = ""] = [...agent.simulation.slots()].map((slot) => agent.simulation.report(slot).id);
    agent.simulation.crashPod(changed);
    now += 60_000;
    tick(store, [agent], now);
    reopen();
    agent.connected();
    tick(store, [agent], now);
    welcome(agent, 1, store.load(1).lastSeq);
    expect(drain().flatMap((report) => report.pods)).toMatchObject([{ id: changed, restartCount: 1, ready: true }]);
  });

  it("give pods made after a restart names and ids of their own, within the same instant, too", () => {
    agent.connected();
    tick(store, [agent], now);
    welcome(agent);
    assign(uuid(1), 1, spec(web, { replicas: 500 }));
    drain();
    reopen();
    agent.connected();
    tick(store, [agent], now);
    welcome(agent, 1, store.load(1).lastSeq);
    assign(uuid(1), 2, spec(web, { replicas: 1_000 }));
    drain();
    const pods = [...agent.simulation.slots()].map((slot) => agent.simulation.report(slot));
    for (const member of ["name", "id", "privateIp"] as const) expect(new Set(pods.map((pod) => pod[member])).size).toBe(1_000);
  });

  it("name gone pods only where a report had named them", () => {
    runPods(50);
    agent.disconnected();
    const known = [...agent.simulation.slots()].map((slot) => agent.simulation.report(slot).id);
    agent.connected();
    tick(store, [agent], now);
    welcome(agent, 1, store.load(1).lastSeq);
    assign(uuid(1), 2, spec(web, { replicas: 60 }));
    assign(uuid(1), 3, null);
    now += 60_000;
    const gone = drain().flatMap((report) => report.gone);
    expect(gone.toSorted()).toEqual(known.toSorted());
    expect(store.load(1)).toMatchObject({ pods: [], variants: [], placements: [], gone: [] });
  });

  it("send the whole state of a new epoch in parts, of which the last one says so, also across a restart", () => {
    runPods(2_500);
    for (const slot of [...agent.simulation.slots()].slice(0, 3)) agent.simulation.crashPod(agent.simulation.report(slot).id);
    agent.disconnected();
    agent.connected();
    tick(store, [agent], now);
    welcome(agent, 4, 17);
    const first = reportsIn(tick(store, [agent], now));
    expect(first.map(({ epoch, seq, full, fullEnds }) => ({ epoch, seq, full, fullEnds }))).toEqual(
      [1, 2, 3, 4].map((seq) => ({ epoch: 5, seq, full: true, fullEnds: undefined })),
    );
    reopen();
    agent.connected();
    expect(tick(store, [agent], now)).toMatchObject([{ type: "hello", term: 1, epoch: 5, lastSeq: 4 }]);
    welcome(agent, 5, 2);
    const resent = reportsIn(tick(store, [agent], now));
    expect(resent).toEqual(first.slice(2, 4).concat(resent.slice(2)));
    for (const report of resent) ack(agent, report);
    const rest = [...resent.slice(2), ...drain()];
    const ends = rest.findIndex((report) => report.fullEnds === true);
    expect(ends).toBeGreaterThan(0);
    const named = new Set([...first, ...rest.slice(0, ends + 1)].flatMap((report) => report.pods.map((pod) => pod.id)));
    expect(named.size).toBe(2_500);
    expect(rest.every((report, index) => (report.full === true) === index <= ends)).toBe(true);
  });

  it("confirm a tombstone of something unknown at once", () => {
    runPods(1);
    assign(uuid(77), 3, null);
    expect(drain().flatMap((report) => report.placements)).toEqual([
      { placementId: uuid(77), term: 1, generation: 3, created: 0, ready: 0, updated: 0, removed: true },
    ]);
    expect(store.load(1).placements.map(({ id }) => id)).toEqual([uuid(1)]);
  });

  it("keep a placement that was assigned anew while its removal was being acknowledged", () => {
    runPods(1);
    assign(uuid(77), 3, null);
    const removal = reportsIn(tick(store, [agent], now));
    assign(uuid(77), 4, spec(web, { replicas: 2 }));
    for (const report of removal) ack(agent, report);
    now += 60_000;
    const last = drain().flatMap((report) => report.placements).at(-1);
    expect(last).toMatchObject({ placementId: uuid(77), generation: 4, created: 2, ready: 2 });
  });

  it("say a node's status when it changes, which a restart remembers", () => {
    runPods(1);
    agent.simulation.setNodeStatus(3, "NOT_READY");
    expect(drain().flatMap((report) => report.nodes)).toEqual([{ nodeId: uuid(9_003), status: "NOT_READY" }]);
    reopen();
    expect(agent.simulation.nodes.status(3)).toBe("NOT_READY");
  });

  it("replace pods of nodes that left the fleet's description", () => {
    runPods(40);
    const smaller = bigCluster("big-1", 19);
    const lost = [...agent.simulation.slots()].map((slot) => agent.simulation.report(slot)).filter((pod) => pod.nodeId === uuid(9_019));
    expect(lost).toHaveLength(2);
    const { lastSeq } = store.load(1);
    agent = openAgents(store, [smaller], now)[0] as ClusterAgent;
    agent.connected();
    tick(store, [agent], now);
    welcome(agent, 1, lastSeq);
    now += 60_000;
    const said = drain();
    expect(said.flatMap((report) => report.gone).toSorted()).toEqual(lost.map((pod) => pod.id).toSorted());
    expect(said.flatMap((report) => report.placements).at(-1)).toMatchObject({ created: 40, ready: 40 });
    expect(new Set(said.flatMap((report) => report.pods.map((pod) => pod.id))).size).toBe(2);
  });

  it("keep pods on their nodes when the description lists these otherwise, also after another restart", () => {
    runPods(40);
    const placesOf = (): Map<string, string | null> =>
      new Map([...agent.simulation.slots()].map((slot) => agent.simulation.report(slot)).map((pod) => [pod.id, pod.nodeId]));
    const before = placesOf();
    const reversed = { ...cluster, description: { ...cluster.description, nodes: cluster.description.nodes.toReversed() } };
    for (let restart = 0; restart < 3; restart++) {
      agent = openAgents(store, [reversed], now)[0] as ClusterAgent;
      tick(store, [agent], now);
      expect(placesOf()).toEqual(before);
    }
  });

  it("are made by nobody whom the gateway refused, until it is asked again", () => {
    agent.connected();
    tick(store, [agent], now);
    const refusedFor = (wallMs: number): number => {
      // What was under way is refused, too; that is one refusal.
      for (let message = 0; message < 3; message++) agent.receive({ type: "refuse", clusterId: agent.clusterId, reason: "not now" }, wallMs);
      for (let waited = 0; ; waited += 100) {
        if (agent.isRetryDue(wallMs + waited)) agent.connected();
        const said = tick(store, [agent], now);
        if (said.length === 0) continue;
        expect(said).toMatchObject([{ type: "hello" }]);
        return waited;
      }
    };
    expect([1, 2, 3, 4, 5, 6].map((time) => refusedFor(time * 100_000))).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000]);
    welcome(agent);
    const reports = reportsIn(tick(store, [agent], now));
    expect(reports).toMatchObject([{ seq: 1, full: true, fullEnds: true }]);
    ack(agent, reports[0] as Report);
    expect(refusedFor(1_000_000)).toBe(500);
  });

  it("say of the object that can't be carried out why, and nothing of others, until a later generation works", () => {
    runPods(1);
    assign(uuid(50), 1, spec(web, { subnet: { id: uuid(60), vpcId: uuid(20), cidr: "not a block", gateway: "10.0.0.1" } }));
    assign(uuid(51), 1, spec(web, { replicas: 1 }));
    now += 60_000;
    const told = new Map(drain().flatMap((report) => report.placements).map((each) => [each.placementId, each]));
    expect([...told.keys()].toSorted()).toEqual([uuid(50), uuid(51)]);
    expect(told.get(uuid(50))).toMatchObject({ term: 1, generation: 1, created: 0, problem: '"not a block" is no IPv4 block.' });
    expect(told.get(uuid(51))).not.toHaveProperty("problem");
    reopen();
    agent.connected();
    expect(tick(store, [agent], now)).toMatchObject([{ holds: expect.arrayContaining([expect.objectContaining({ objectId: uuid(50), term: 1, generation: 1 })]) }]);
    welcome(agent, 1, store.load(1).lastSeq);
    const again = drain().flatMap((report) => report.placements).find((each) => each.placementId === uuid(50));
    expect(again).toMatchObject({ generation: 1, problem: '"not a block" is no IPv4 block.' });
    assign(uuid(50), 2, spec(web, { replicas: 2 }));
    now += 60_000;
    const last = drain().flatMap((report) => report.placements).findLast((each) => each.placementId === uuid(50));
    expect(last).toEqual({ placementId: uuid(50), term: 1, generation: 2, created: 2, ready: 2, updated: 2, configured: 2 });
  });

  it("go on with what worked of an object before it could not be carried out, across a restart, too", () => {
    runPods(3);
    assign(uuid(1), 2, spec(web, { replicas: 5, subnet: { id: uuid(21), vpcId: uuid(20), cidr: "10.1.0.0/20", gateway: "10.1.0.1" } }));
    now += 60_000;
    const problem = "Subnet 00000000-0000-4000-8000-000000000021 is 10.0.0.0/20 here, not 10.1.0.0/20.";
    expect(drain().flatMap((report) => report.placements)).toMatchObject([{ generation: 2, created: 3, ready: 3, problem }]);
    reopen();
    now += 60_000;
    tick(store, [agent], now);
    expect(agent.simulation.counts(uuid(1))).toMatchObject({ created: 3, ready: 3 });
  });

  it("are not made for a gateway that breaks the protocol", () => {
    runPods(1);
    const unknown = template("never/sent:1");
    expect(() => assign(uuid(50), 1, spec(unknown))).toThrow(LinkFault);
    agent.disconnected();
    agent.connected();
    const { clusterId } = agent;
    expect(() => agent.receive({ type: "welcome", clusterId, protocol: 2, term: 1, epoch: 1, ackedSeq: 1 }, 0)).toThrow(/protocol 2/);
  });

  it("give way to a new hello of this cluster alone, rather than keep templates without end", () => {
    runPods(1);
    const flood = (): void => {
      for (let index = 0; index <= UNUSED_TEMPLATE_LIMIT + 2; index++) {
        receive([], template(`shop/unused:${index}`));
      }
    };
    // No fault: that would end the connection, and with it the link of all other clusters.
    expect(flood).not.toThrow();
    const said = tick(store, [agent], now);
    expect(said).toMatchObject([{ type: "hello", templates: [contentHash(web)], holds: [{ objectId: uuid(1), term: 1, generation: 1 }] }]);
    expect(store.load(1).templates.map(([hash]) => hash)).toEqual([contentHash(web)]);
    // What was on its way to the session before is sent again to the one that the welcome begins.
    assign(uuid(2), 1, spec(web));
    expect(agent.simulation.counts(uuid(2)).all).toBe(0);
    welcome(agent, 1, 1);
    assign(uuid(2), 1, spec(web));
    now += 60_000;
    drain();
    expect(agent.simulation.counts(uuid(2)).ready).toBe(3);
  });
});
