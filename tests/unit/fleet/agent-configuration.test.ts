/** Contents on their way: sealed to the cluster's key, kept sealed, opened for what runs, asked for where they lack; without loop and transport. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contentHash } from "#server/domain/canonical.ts";
import type { ConfigUse } from "#server/domain/placement.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import { seal } from "#server/domain/sealing.ts";
import type { ClusterAgent } from "#server/fleet/agent/agent.ts";
import { clusterSealingKey, loadSealingSeed } from "#server/fleet/agent/sealing-seed.ts";
import { FleetStore } from "#server/fleet/agent/store.ts";
import type { AgentMessage, AssignedObject, AssignedService, Hello, PlacementReport, PlacementSpec, Report, ServiceReport } from "#server/fleet/link.ts";
import { ack, bigCluster, openAgents, reportsIn, SEALING_SEED, tick, welcome } from "./agent-direct.ts";
import { placement, spec, template, uuid } from "./scripted-gateway.ts";

const MINUTE = 60_000;
const PASSWORD = "correct horse battery staple";
const cluster = bigCluster("sealed-1");
const login = (content: string): ConfigUse => ({ id: uuid(51), kind: "Secret", name: "login", content });

const base = template("shop/web:1");
const web: PodTemplate = {
  ...base,
  volumes: [{ name: "login", source: { type: "SecretVolume", secretId: uuid(51), name: "login" } }],
  containers: base.containers.map((container) => ({
    ...container,
    env: [{ name: "PASSWORD", secretKey: { secretId: uuid(51), name: "login", key: "password" } }],
    volumeMounts: [{ volume: "login", mountPath: "/run/login", readOnly: true }],
  })),
};
const wants = (content: string, overrides: Partial<PlacementSpec> = {}): PlacementSpec => spec(web, { replicas: 2, configs: [login(content)], ...overrides });

describe("an agent's configuration", () => {
  let folder: string;
  let store: FleetStore;
  let agent: ClusterAgent;
  let now: number;

  const sealed = (name: string, password = PASSWORD, seed: Uint8Array = SEALING_SEED): Record<string, string> => ({
    [name]: seal(clusterSealingKey(seed, cluster.clusterId).publicKey, JSON.stringify({ entries: [{ key: "password", value: password }] }), name),
  });
  const assign = (objects: readonly AssignedObject[], contents: Readonly<Record<string, string>> = {}): void =>
    agent.receive({ type: "assign", clusterId: agent.clusterId, term: 1, objects, templates: { [contentHash(web)]: web }, contents }, 0);

  /** Ticks and acknowledges until nothing more is said; what was said. */
  const drain = (): AgentMessage[] => {
    const all: AgentMessage[] = [];
    for (;;) {
      const messages = tick(store, [agent], now);
      if (messages.length === 0) return all;
      for (const report of reportsIn(messages)) ack(agent, report);
      all.push(...messages);
    }
  };
  const lastPlacement = (messages: readonly AgentMessage[], id = uuid(1)): PlacementReport | undefined =>
    reportsIn(messages).flatMap((report) => report.placements).findLast(({ placementId }) => placementId === id);
  const servicesIn = (reports: readonly Report[]): ServiceReport[] => reports.flatMap(({ services }) => services ?? []);

  /** Says hello, and is welcomed behind what it has reported. */
  const meet = (): Hello => {
    agent.connected();
    const hello = tick(store, [agent], now).find((message) => message.type === "hello");
    welcome(agent, 1, store.load(1).lastSeq);
    if (hello === undefined) throw new Error("it said no hello");
    return hello;
  };
  const reopen = (seed = SEALING_SEED): void => {
    agent = openAgents(store, [cluster], now, seed)[0] as ClusterAgent;
  };
  const passwords = (): unknown[] =>
    [...agent.simulation.slots()].map((slot) => agent.simulation.environmentOf(agent.simulation.report(slot).id, "main")?.["PASSWORD"]);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fleet-config-"));
    store = new FleetStore(join(folder, "fleet.db"));
    now = 1_000_000;
    reopen();
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is opened with the cluster's own key, which its hello tells, and is kept nowhere in the clear", () => {
    const hello = meet();
    expect(hello).toMatchObject({ sealingKey: clusterSealingKey(SEALING_SEED, cluster.clusterId).publicKey, contents: [] });
    assign([placement(uuid(1), 1, wants("l1"))], sealed("l1"));
    now += MINUTE;
    const said = drain();
    expect(lastPlacement(said)).toEqual({ placementId: uuid(1), term: 1, generation: 1, created: 2, ready: 2, updated: 2, configured: 2 });
    expect(passwords()).toEqual([PASSWORD, PASSWORD]);
    expect(agent.simulation.filesOf(agent.simulation.report(0).id, "main")).toEqual({ "/run/login/password": PASSWORD });
    expect(JSON.stringify(said)).not.toContain(PASSWORD);
    for (const suffix of ["", "-wal"]) {
      const bytes = readFileSync(join(folder, `fleet.db${suffix}`));
      expect(bytes.includes(PASSWORD)).toBe(false);
      expect(bytes.includes(Buffer.from(PASSWORD).toString("base64"))).toBe(false);
    }
    expect(store.load(1).contents).toMatchObject([{ name: "l1", keys: ["password"] }]);
  });

  it("is there after a restart, and goes when nothing uses it any more", () => {
    meet();
    assign([placement(uuid(1), 1, wants("l1"))], sealed("l1"));
    now += MINUTE;
    drain();
    reopen();
    expect(meet()).toMatchObject({ contents: ["l1"], holds: [{ objectId: uuid(1), generation: 1 }] });
    expect(passwords()).toEqual([PASSWORD, PASSWORD]);
    assign([placement(uuid(1), 2, wants("l2"))], sealed("l2", "another"));
    now += MINUTE;
    drain();
    // The environments of what runs came from the old one.
    expect(passwords()).toEqual([PASSWORD, PASSWORD]);
    expect(store.load(1).contents.map(({ name }) => name)).toEqual(["l1", "l2"]);
    assign([placement(uuid(1), 3, wants("l2", { restarts: 1 }))]);
    now += 5 * MINUTE;
    drain();
    expect(passwords()).toEqual(["another", "another"]);
    expect(store.load(1).contents.map(({ name }) => name)).toEqual(["l2"]);
    assign([placement(uuid(1), 4, null)]);
    now += MINUTE;
    drain();
    expect(store.load(1)).toMatchObject({ contents: [], configSets: [], placements: [], pods: [] });
    expect(meet().contents).toEqual([]);
  });

  it("counts pods as configured once their files show it, and reports that as it happens", () => {
    meet();
    assign([placement(uuid(1), 1, wants("l1", { replicas: 20 }))], sealed("l1"));
    now += MINUTE;
    drain();
    assign([placement(uuid(1), 2, wants("l2", { replicas: 20 }))], sealed("l2", "another"));
    const counts: number[] = [];
    for (const end = now + MINUTE; now <= end; now += 1_000) counts.push(lastPlacement(drain())?.configured ?? counts.at(-1) ?? NaN);
    expect(counts[0]).toBe(0);
    expect(counts.at(-1)).toBe(20);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(new Set(counts).size).toBeGreaterThan(5);
    // No pod is news for it.
    expect(store.load(1).pods.every(({ isDirty }) => !isDirty)).toBe(true);
  });

  it("that did not come is asked for by another hello, and taken with the object that comes again", () => {
    meet();
    drain();
    assign([placement(uuid(1), 1, wants("l1")), placement(uuid(2), 1, spec(web, { replicas: 0 }))]);
    const [hello] = tick(store, [agent], now);
    expect(hello).toMatchObject({ type: "hello", holds: [{ objectId: uuid(2), generation: 1 }], contents: [] });
    welcome(agent, 1, store.load(1).lastSeq);
    assign([placement(uuid(1), 1, wants("l1"))], sealed("l1"));
    now += MINUTE;
    expect(lastPlacement(drain())).toEqual({ placementId: uuid(1), term: 1, generation: 1, created: 2, ready: 2, updated: 2, configured: 2 });
  });

  it("that is not sent when it is asked for is the object's problem, until it comes", () => {
    meet();
    drain();
    assign([placement(uuid(1), 1, wants("l1"))]);
    expect(tick(store, [agent], now)).toMatchObject([{ type: "hello", holds: [] }]);
    welcome(agent, 1, store.load(1).lastSeq);
    assign([placement(uuid(1), 1, wants("l1"))]);
    now += MINUTE;
    const problem = 'The content of Secret "login" was not sent to this cluster.';
    const said = drain();
    expect(said.filter(({ type }) => type === "hello")).toEqual([]);
    expect(lastPlacement(said)).toMatchObject({ generation: 1, created: 2, ready: 0, problem });
    expect(reportsIn(said).flatMap(({ pods }) => pods)).toContainEqual(expect.objectContaining({ reason: "CreateContainerConfigError" }));
    // A later generation asks again, once.
    assign([placement(uuid(1), 2, wants("l1"))]);
    expect(tick(store, [agent], now)).toMatchObject([{ type: "hello", holds: [] }]);
    welcome(agent, 1, store.load(1).lastSeq);
    assign([placement(uuid(1), 2, wants("l1"))]);
    expect(lastPlacement(drain())).toMatchObject({ generation: 2, problem });
    assign([], sealed("l1"));
    now += MINUTE;
    expect(lastPlacement(drain())).toEqual({ placementId: uuid(1), term: 1, generation: 2, created: 2, ready: 2, updated: 2, configured: 2 });
  });

  it("that can't be opened is a problem at once, and is not kept", () => {
    meet();
    const other = new Uint8Array(32).fill(9);
    for (const [generation, contents] of [sealed("l1", PASSWORD, other), { l1: sealed("l2")["l2"] as string }, { l1: "AAAA" }].entries()) {
      assign([placement(uuid(1), generation + 1, wants("l1"))], contents);
      now += MINUTE;
      const problem = "The content of Secret \"login\" can't be opened with this cluster's key.";
      expect(lastPlacement(drain())).toMatchObject({ generation: generation + 1, ready: 0, problem });
      expect(store.load(1).contents).toEqual([]);
    }
    // Tried again, it is asked for again.
    assign([placement(uuid(1), 9, wants("l1"))]);
    expect(tick(store, [agent], now)).toMatchObject([{ type: "hello", contents: [] }]);
    welcome(agent, 1, store.load(1).lastSeq);
    assign([placement(uuid(1), 9, wants("l1"))], sealed("l1"));
    now += MINUTE;
    expect(lastPlacement(drain())).not.toHaveProperty("problem");
    expect(passwords()).toEqual([PASSWORD, PASSWORD]);
  });

  it("that was sealed to a key which is lost is asked for again, sealed to the new one; what runs goes on", () => {
    meet();
    assign([placement(uuid(1), 1, wants("l1"))], sealed("l1"));
    now += MINUTE;
    drain();
    const seed = new Uint8Array(32).fill(8);
    reopen(seed);
    const before = [...agent.simulation.slots()].map((slot) => agent.simulation.report(slot));
    expect(meet()).toMatchObject({ sealingKey: clusterSealingKey(seed, cluster.clusterId).publicKey, contents: [], holds: [] });
    // A report would confirm what was left out of the hello, and the gateway would not send it.
    agent.simulation.crashPod(before[0]?.id ?? "");
    expect(lastPlacement(drain())).toBeUndefined();
    assign([placement(uuid(1), 1, wants("l1"))], sealed("l1", PASSWORD, seed));
    expect(lastPlacement(drain())).toEqual({ placementId: uuid(1), term: 1, generation: 1, created: 2, ready: 1, updated: 2, configured: 2 });
    now += MINUTE;
    drain();
    expect([...agent.simulation.slots()].map((slot) => agent.simulation.report(slot).restartCount)).toEqual([1, 0]);
    expect(passwords()).toEqual([PASSWORD, PASSWORD]);
    expect(store.load(1)).toMatchObject({ sealingKey: clusterSealingKey(seed, cluster.clusterId).publicKey, contents: [{ name: "l1" }] });
  });

  it("is asked for again where a report from before the hello confirmed what lacks it", () => {
    meet();
    assign([placement(uuid(1), 1, wants("l1"))], sealed("l1"));
    now += MINUTE;
    // Its reports are under way when the fleet's process ends, and its seed is lost.
    tick(store, [agent], now);
    reopen(new Uint8Array(32).fill(8));
    agent.connected();
    tick(store, [agent], now);
    welcome(agent, 0, 0);
    const reports = reportsIn(tick(store, [agent], now));
    expect(reports.flatMap(({ placements }) => placements)).toContainEqual(expect.objectContaining({ placementId: uuid(1), generation: 1 }));
    for (const report of reports) ack(agent, report);
    expect(tick(store, [agent], now)).toMatchObject([{ type: "hello", holds: [], contents: [] }]);
    welcome(agent, 1, store.load(1).lastSeq);
    expect(drain().filter(({ type }) => type === "hello")).toEqual([]);
  });

  it("keeps services like placements: confirmed, told in the hello, removed, with their problems", () => {
    const of = (id: string, generation: number, clusterIp: string | null): AssignedService => ({
      objectId: id, kind: "service", generation,
      spec: clusterIp === null ? null : { tenantId: uuid(1), applicationId: uuid(2), namespace: "default", name: `s-${id.slice(-2)}`, vpcId: uuid(20), clusterIp, ports: [] },
    });
    meet();
    drain();
    assign([placement(uuid(1), 1, spec(web, { replicas: 2, configs: [login("l1")] })), of(uuid(61), 1, "100.96.0.1"), of(uuid(62), 1, "100.96.0.1")], sealed("l1"));
    now += MINUTE;
    const problem = 'The address 100.96.0.1 belongs to the service "s-61" here.';
    expect(servicesIn(reportsIn(drain()))).toEqual([
      { serviceId: uuid(61), term: 1, generation: 1 },
      { serviceId: uuid(62), term: 1, generation: 1, problem },
    ]);
    reopen();
    const hello = meet();
    expect(hello.holds).toEqual([
      expect.objectContaining({ objectId: uuid(1), term: 1, generation: 1 }),
      expect.objectContaining({ kind: "service", objectId: uuid(61), term: 1, generation: 1 }),
      expect.objectContaining({ kind: "service", objectId: uuid(62), term: 1, generation: 1 }),
    ]);
    expect(servicesIn(reportsIn(drain())).map((service) => service.problem)).toEqual([undefined, problem]);
    expect(agent.simulation.endpointsOf(uuid(61))).toHaveLength(2);
    assign([of(uuid(61), 2, null)]);
    expect(servicesIn(reportsIn(drain()))).toEqual([
      { serviceId: uuid(61), term: 1, generation: 2, removed: true },
      { serviceId: uuid(62), term: 1, generation: 1 },
    ]);
    expect(store.load(1).services.map(({ id }) => id)).toEqual([uuid(62)]);
    expect(agent.simulation.endpointsOf(uuid(61))).toBeNull();
    expect(agent.simulation.endpointsOf(uuid(62))).toHaveLength(2);
    // An older pair changes nothing, and is answered with what is held.
    assign([of(uuid(62), 1, "100.96.0.9")]);
    expect(servicesIn(reportsIn(drain()))).toEqual([{ serviceId: uuid(62), term: 1, generation: 1 }]);
    expect(store.load(1).services[0]?.spec?.clusterIp).toBe("100.96.0.1");
  });

  it("has its seed in a file for the owner's eyes, made once", async () => {
    const file = join(folder, "sealing-key");
    // What a start that was killed left of it.
    writeFileSync(`${file}.new`, "aGFsZg");
    const seed = await loadSealingSeed(file);
    expect(seed).toHaveLength(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Buffer.from(await loadSealingSeed(file)).equals(seed)).toBe(true);
    expect(clusterSealingKey(seed, uuid(1)).publicKey).not.toBe(clusterSealingKey(seed, uuid(2)).publicKey);
    writeFileSync(file, "short");
    await expect(loadSealingSeed(file)).rejects.toThrow(/is damaged/);
  });
});
