/**
 * What an agent's store holds, compared with the agent after every commit, under anything that the gateway, the network and the pods may do. A process can
 * be killed at any of these commits: another one that opens the store must find the same cluster. fast-check prints the seed of a failure.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentHash } from "#server/domain/canonical.ts";
import type { ContainerSpec, PodTemplate, Probe } from "#server/domain/pod-template.ts";
import { seal } from "#server/domain/sealing.ts";
import type { ClusterAgent } from "#server/fleet/agent/agent.ts";
import { clusterSealingKey } from "#server/fleet/agent/sealing-seed.ts";
import { FleetStore } from "#server/fleet/agent/store.ts";
import type { AssignedObject, PlacementSpec } from "#server/fleet/link.ts";
import { ack, bigCluster, openAgents, SEALING_SEED, tick, welcome } from "../../unit/fleet/agent-direct.ts";
import { placement, spec, template, uuid } from "../../unit/fleet/scripted-gateway.ts";

const cluster = bigCluster("store-1", 2);
const { publicKey } = clusterSealingKey(SEALING_SEED, cluster.clusterId);

const probe = (periodSeconds: number): Probe => ({
  handler: { type: "TcpSocketProbe", port: 80 }, initialDelaySeconds: 2, periodSeconds, timeoutSeconds: 2, successThreshold: 1, failureThreshold: 2,
});
/** Two containers; the first one has a Secret as files and in a variable. */
function templateOf(image: string, isProbed: boolean): PodTemplate {
  const base = template(image);
  const [plain] = base.containers as [ContainerSpec];
  const main: ContainerSpec = {
    ...plain,
    ...(isProbed ? { readinessProbe: probe(2), livenessProbe: probe(3) } : {}),
    env: [{ name: "PASSWORD", secretKey: { secretId: uuid(50), name: "login", key: "password" } }],
    volumeMounts: [{ volume: "login", mountPath: "/run/login", readOnly: true }],
  };
  return { ...base, volumes: [{ name: "login", source: { type: "SecretVolume", secretId: uuid(50), name: "login" } }], containers: [main, { ...plain, name: "other" }] };
}
const templates = ["1", "hangs", "crashloop", "missing"].flatMap((tag) => [true, false].map((isProbed) => templateOf(`shop/web:${tag}`, isProbed)));

const app = fc.nat(2);
/** How a content comes: sealed to the cluster, not at all, or as something that can't be opened. */
const coming = fc.constantFrom("sealed" as const, "sealed" as const, "not" as const, "broken" as const);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("assign" as const), app, template: fc.nat(templates.length - 1), replicas: fc.nat(5), restarts: fc.nat(1), content: fc.nat(3), coming }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("configure" as const), app, content: fc.nat(3), coming }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), app }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("send" as const), content: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("service" as const), service: fc.nat(2), address: fc.nat(1), isRemoved: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const), pick: fc.nat(20), container: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("network" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("kill" as const) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 30_000 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const numbers = [0, 1, 2];
const appOf = (number: number): string => uuid(100 + number);
const serviceOf = (number: number): string => uuid(300 + number);
const contentsOf = (number: number, how: "sealed" | "not" | "broken"): Record<string, string> => {
  const name = `login-${number}`;
  if (how === "not") return {};
  if (how === "broken") return { [name]: Buffer.alloc(80, 1).toString("base64") };
  return { [name]: seal(publicKey, JSON.stringify({ entries: [{ key: "password", value: name }] }), name) };
};

/** One agent, its store and a gateway that acknowledges all, while it is there. */
class World {
  readonly #store: FleetStore;
  readonly #specs = new Map<number, PlacementSpec>();
  #agent: ClusterAgent;
  #now = 0;
  #generation = 0;
  #isConnected = true;

  constructor(store: FleetStore) {
    this.#store = store;
    this.#agent = this.#opened();
    this.#agent.connected();
    this.settle();
  }

  act(next: Step): void {
    switch (next.kind) {
      case "assign":
        this.#specs.set(next.app, spec(templates[next.template] as PodTemplate, {
          replicas: next.replicas, revisionId: uuid(40 + next.template), applicationId: uuid(700 + next.app), ...(next.restarts > 0 ? { restarts: 1 } : {}),
        }));
        return this.#place(next);
      case "configure":
        return this.#place(next);
      case "remove":
        return this.#assign([placement(appOf(next.app), ++this.#generation, null)]);
      case "send":
        return this.#assign([], contentsOf(next.content, "sealed"));
      case "service": {
        const { service, address, isRemoved } = next;
        const wanted = { tenantId: uuid(1), applicationId: uuid(700), namespace: "default", name: `s${service}`, vpcId: uuid(20), clusterIp: `100.96.0.${address}`, ports: [] };
        return this.#assign([{ kind: "service", objectId: serviceOf(service), generation: ++this.#generation, spec: isRemoved ? null : wanted }]);
      }
      case "crash": {
        const pods = this.#pods();
        this.#agent.simulation.crashPod(pods[next.pick % Math.max(1, pods.length)]?.id ?? "", next.container);
        return;
      }
      case "network":
        this.#isConnected = !this.#isConnected;
        return this.#isConnected ? this.#agent.connected() : this.#agent.disconnected();
      case "kill": {
        const before = this.#seen();
        this.#agent = this.#opened();
        expect(this.#seen()).toEqual(before);
        return this.#isConnected ? this.#agent.connected() : undefined;
      }
      case "pass":
        this.#now += next.ms;
    }
  }

  /** Ticks until nothing more is said. */
  settle(): void {
    for (let round = 0; round < 100; round++) {
      const messages = tick(this.#store, [this.#agent], this.#now);
      if (messages.length === 0) return;
      if (!this.#isConnected) continue;
      for (const message of messages) {
        const { epoch, lastSeq } = this.#store.load(1);
        if (message.type === "hello") welcome(this.#agent, epoch, lastSeq);
        if (message.type === "report") ack(this.#agent, message);
      }
    }
    throw new Error("it never comes to rest");
  }

  compare(): void {
    const { simulation } = this.#agent;
    const { pods, configSets, contents, placements, engine } = this.#store.load(1);
    expect(pods.map(({ record }) => record).toSorted((a, b) => a.slot - b.slot)).toEqual([...simulation.slots()].map((slot) => simulation.podRecord(slot)));
    for (const set of configSets) expect(simulation.configSetRecord(set.number)).toEqual(set);
    // A retry that found no room is not worth a commit: whoever goes on from the store makes it again.
    const { retryAt: _stored, ...stored } = engine;
    const { retryAt: _known, ...known } = simulation.state;
    expect({ ...stored, now: simulation.now }).toEqual(known);
    const named = new Set(placements.flatMap(({ spec: held }) => held?.configs?.map(({ content }) => content) ?? []));
    expect(new Set(contents.map(({ name }) => name)).difference(simulation.contentsInUse().union(named))).toEqual(new Set());
  }

  #opened(): ClusterAgent {
    return openAgents(this.#store, [cluster], this.#now)[0] as ClusterAgent;
  }

  #pods() {
    return [...this.#agent.simulation.slots()].map((slot) => this.#agent.simulation.report(slot));
  }

  #seen(): unknown {
    const { simulation } = this.#agent;
    const pods = this.#pods();
    return {
      pods,
      inside: pods.map(({ id }) => [simulation.environmentOf(id, "main"), simulation.filesOf(id, "main")]),
      placements: numbers.map((number) => [simulation.counts(appOf(number)), simulation.configured(appOf(number))]),
      services: numbers.map((number) => [simulation.endpointsOf(serviceOf(number)), simulation.serviceProblem(serviceOf(number))]),
    };
  }

  #place({ app: number, content, coming: how }: { readonly app: number; readonly content: number; readonly coming: "sealed" | "not" | "broken" }): void {
    const wanted = this.#specs.get(number);
    if (wanted === undefined) return;
    const configs = [{ id: uuid(50), kind: "Secret" as const, name: "login", content: `login-${content}` }];
    this.#assign([placement(appOf(number), ++this.#generation, { ...wanted, configs })], contentsOf(content, how));
  }

  #assign(objects: readonly AssignedObject[], contents: Readonly<Record<string, string>> = {}): void {
    if (!this.#isConnected) return;
    const hashes = Object.fromEntries(templates.map((each) => [contentHash(each), each]));
    this.#agent.receive({ type: "assign", clusterId: this.#agent.clusterId, term: 1, objects, templates: hashes, contents }, 0);
  }
}

function play(steps: readonly Step[], Store: typeof FleetStore = FleetStore): void {
  const folder = mkdtempSync(join(tmpdir(), "fleet-law-"));
  const store = new Store(join(folder, "fleet.db"));
  try {
    const world = new World(store);
    for (const next of steps) {
      world.act(next);
      world.settle();
      world.compare();
    }
  } finally {
    store.close();
    rmSync(folder, { recursive: true });
  }
}

const stories = fc.array(step, { minLength: 3, maxLength: 40 });

describe("an agent's store", () => {
  it("holds, after every commit, what the agent knows, and whoever opens it goes on with the same cluster", { timeout: 120_000 }, () => {
    fc.assert(fc.property(stories, (steps) => play(steps)), { numRuns: 150 });
  });

  class WithoutSets extends FleetStore {
    override saveConfigSet(): void {}
  }
  class WithoutFiles extends FleetStore {
    override savePod(...[number, pod]: Parameters<FleetStore["savePod"]>): void {
      super.savePod(number, { ...pod, record: { ...pod.record, files: Math.min(pod.record.files, 0) } });
    }
  }
  class WithoutProblems extends FleetStore {
    override saveService(...[number, id, service]: Parameters<FleetStore["saveService"]>): void {
      super.saveService(number, id, service && { ...service, problem: null });
    }
  }
  it.each([["sets", WithoutSets], ["files", WithoutFiles], ["services' problems", WithoutProblems]])("is found out where it forgets %s", { timeout: 120_000 }, (_what, Store) => {
    expect(() => fc.assert(fc.property(stories, (steps) => play(steps, Store)), { numRuns: 500, seed: 1, endOnFailure: true })).toThrow();
  });
});
