/**
 * The same seed and the same inputs give the same run, to the byte: however finely time is advanced, and whether or not the process was stopped or killed in between. An agent with
 * its store and everything that the engine has: configuration, probes, hooks, rolling updates, restarts, services, nodes that take no pods, crashes, load. Runs are compared at
 * each input and at the end by all that the agent would store and show, its random streams included. fast-check prints the seed of a failure.
 *
 * Two things are not stored: images that a node has and no pod on it uses, and for how long addresses that were given back have rested. After a restart the first are pulled again,
 * which is another run, and new pods may get other addresses. So runs with and without restarts are compared where pulls take their time whatever a node has, and without addresses.
 */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentHash } from "#server/domain/canonical.ts";
import type { ContainerSpec, PodTemplate, Probe } from "#server/domain/pod-template.ts";
import { seal } from "#server/domain/sealing.ts";
import { METRIC_NAMES } from "#server/domain/metric.ts";
import { ClusterAgent } from "#server/fleet/agent/agent.ts";
import { clusterSealingKey } from "#server/fleet/agent/sealing-seed.ts";
import { FleetStore } from "#server/fleet/agent/store.ts";
import type { AssignedObject } from "#server/fleet/link.ts";
import { DEFAULT_BEHAVIOURS, type Behaviours, type Stage } from "#server/fleet/simulator/behaviours.ts";
import { LoadColumns } from "#server/fleet/simulator/load/columns.ts";
import { bigCluster, SEALING_SEED, welcome } from "../../unit/fleet/agent-direct.ts";
import { placement, spec, template, uuid } from "../../unit/fleet/scripted-gateway.ts";

const cluster = bigCluster("run-1", 3);
const { publicKey } = clusterSealingKey(SEALING_SEED, cluster.clusterId);
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

const probe = (periodSeconds: number): Probe => ({
  handler: { type: "TcpSocketProbe", port: 80 }, initialDelaySeconds: 1, periodSeconds, timeoutSeconds: 2, successThreshold: 1, failureThreshold: 2,
});
function templateOf(image: string, changes: Partial<ContainerSpec> = {}, isConfigured = false): PodTemplate {
  const base = template(image, { cpuMillis: 600 });
  const [plain] = base.containers as [ContainerSpec];
  if (!isConfigured) return { ...base, containers: [{ ...plain, ...changes }] };
  const env = [{ name: "PASSWORD", secretKey: { secretId: uuid(50), name: "login", key: "password" } }];
  const main = { ...plain, ...changes, env, volumeMounts: [{ volume: "login", mountPath: "/run/login", readOnly: true }] };
  return { ...base, volumes: [{ name: "login", source: { type: "SecretVolume", secretId: uuid(50), name: "login" } }], containers: [main, { ...plain, name: "other" }] };
}
const watched = { readinessProbe: probe(2), livenessProbe: probe(3), lifecycle: { postStart: ["echo", "hello"], preStop: ["echo", "bye"] } };
const templates = [
  templateOf("shop/web:1"), templateOf("shop/web:2", watched), templateOf("shop/web:3", {}, true), templateOf("shop/web:4", watched, true), templateOf("shop/web:hangs", watched),
  templateOf("shop/web:crashloop"), templateOf("shop/web:crashloop", watched), templateOf("shop/web:missing"), templateOf("shop/web:slow", watched, true),
];

const placing = fc.record({
  app: fc.nat(2), template: fc.nat(templates.length - 1), replicas: fc.nat(6), restarts: fc.nat(1), content: fc.nat(2), rps: fc.option(fc.integer({ min: 0, max: 300 })),
});
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("place" as const), placings: fc.uniqueArray(placing, { minLength: 1, maxLength: 3, selector: ({ app }) => app }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), app: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("content" as const), content: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("service" as const), service: fc.nat(1), address: fc.nat(1), isRemoved: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const), pick: fc.nat(20), container: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("node" as const), index: fc.nat(2), isReady: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("stop" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("kill" as const) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 40_000 })) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The pieces in which time is advanced. */
type Pieces = (left: number) => number;
const leap: Pieces = (left) => left;
const millisecond: Pieces = () => 1;
const piecesOf = (seed: number): Pieces => {
  let state = seed >>> 0;
  return () => ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 8) % 2_000 + 1;
};

interface Conditions {
  readonly pieces: Pieces;
  readonly behaviours: Behaviours;
  /** The process is never stopped or killed. */
  readonly isSpared: boolean;
  readonly comparesAddresses: boolean;
  /** In which order an agent takes what came together. */
  readonly order: (objects: readonly AssignedObject[]) => readonly AssignedObject[];
  readonly Store: typeof FleetStore;
}
const CONDITIONS: Conditions = { pieces: leap, behaviours: DEFAULT_BEHAVIOURS, isSpared: false, comparesAddresses: true, order: (objects) => objects, Store: FleetStore };

class Run {
  /** What was there at each input. */
  readonly seen: string[] = [];
  readonly #conditions: Conditions;
  readonly #store: FleetStore;
  readonly #columns = new LoadColumns();
  #agent: ClusterAgent;
  #now = 0;
  #generation = 0;

  constructor(conditions: Conditions) {
    this.#conditions = conditions;
    this.#store = new conditions.Store(":memory:");
    this.#agent = this.#opened();
  }

  play(steps: readonly Step[]): readonly string[] {
    for (const next of steps) {
      this.#act(next);
      this.#agent.simulation.advanceTo(this.#now);
      // What was taken in is committed before anything else happens, as a tick does it; what happens by itself until the next input is not.
      if (next.kind !== "pass") this.#save();
      this.seen.push(this.#look());
    }
    this.#store.close();
    return this.seen;
  }

  #act(next: Step): void {
    const { simulation } = this.#agent;
    switch (next.kind) {
      case "place":
        return this.#assign(next.placings.map(({ app, template: number, replicas, restarts, content, rps }) =>
          placement(uuid(100 + app), ++this.#generation, spec(templates[number] as PodTemplate, {
            replicas, applicationId: uuid(700 + app), revisionId: uuid(40 + number), ...(restarts > 0 ? { restarts } : {}),
            configs: [{ id: uuid(50), kind: "Secret", name: "login", content: `login-${content}` }],
            ...(rps === null ? {} : { traffic: { profile: { constantRps: rps }, totalReplicas: replicas } }),
          })),
        ));
      case "remove":
        return this.#assign([placement(uuid(100 + next.app), ++this.#generation, null)]);
      case "content": {
        const name = `login-${next.content}`;
        return this.#assign([], { [name]: seal(publicKey, JSON.stringify({ entries: [{ key: "password", value: name }] }), name) });
      }
      case "service": {
        const { service, address, isRemoved } = next;
        const wanted = { tenantId: uuid(1), applicationId: uuid(700), namespace: "default", name: `s${service}`, vpcId: uuid(20), clusterIp: `100.96.0.${address}`, ports: [] };
        return this.#assign([{ kind: "service", objectId: uuid(300 + service), generation: ++this.#generation, spec: isRemoved ? null : wanted }]);
      }
      case "crash": {
        const ids = this.#records().map(({ id }) => id);
        simulation.crashPod(ids[next.pick % Math.max(1, ids.length)] ?? "", next.container);
        return;
      }
      case "node":
        simulation.setNodeStatus(next.index, next.isReady ? "READY" : "NOT_READY");
        return;
      case "stop":
        if (this.#conditions.isSpared) return;
        this.#save();
        this.#agent = this.#opened();
        return;
      case "kill":
        if (!this.#conditions.isSpared) this.#agent = this.#opened();
        return;
      case "pass":
        for (const until = this.#now + next.ms; this.#now < until;) {
          this.#now = Math.min(until, this.#now + this.#conditions.pieces(until - this.#now));
          simulation.advanceTo(this.#now);
        }
    }
  }

  #assign(objects: readonly AssignedObject[], contents: Readonly<Record<string, string>> = {}): void {
    const templatesByHash = Object.fromEntries(templates.map((each) => [contentHash(each), each]));
    // The first time, it says hello again for contents that it lacks.
    for (let round = 0; round < 2; round++) {
      if (this.#agent.session !== "WELCOMED") this.#connect();
      this.#agent.receive({ type: "assign", clusterId: cluster.clusterId, term: 1, objects: this.#conditions.order(objects), templates: templatesByHash, contents }, 0);
    }
  }

  #connect(): void {
    if (this.#agent.session === "DETACHED") this.#agent.connected();
    welcome(this.#agent, 1, 0);
  }

  #opened(): ClusterAgent {
    let agent: ClusterAgent | undefined;
    this.#store.transaction(() => {
      agent = new ClusterAgent({
        cluster, seed: 1, behaviours: this.#conditions.behaviours, store: this.#store, now: this.#now, nonce: "n", sealingSeed: SEALING_SEED, logger,
      });
    });
    if (agent === undefined) throw new Error("the agent was not opened");
    agent.simulation.advanceTo(this.#now);
    return agent;
  }

  #save(): void {
    if (this.#agent.hasUnsaved) this.#store.transaction(() => this.#agent.save());
    this.#agent.saved();
  }

  /** By age. Slots, and the numbers of variants and configuration sets, name nothing outside: those that became free are used again in another order after a restart. */
  #records() {
    const { simulation } = this.#agent;
    return [...simulation.slots()].map((slot) => simulation.podRecord(slot)).toSorted((a, b) => a.serial - b.serial);
  }

  #look(): string {
    const { comparesAddresses } = this.#conditions;
    const { simulation } = this.#agent;
    const records = this.#records();
    simulation.load.fill(this.#columns, { from: this.#now - 15_000, to: this.#now });
    const rowOf = new Map(Array.from(this.#columns.slots.subarray(0, this.#columns.length), (slot, row) => [slot, row]));
    const configsOf = (number: number): unknown => ({ ...simulation.configSetRecord(number), number: null });
    return JSON.stringify({
      at: this.#now,
      engine: simulation.state,
      pods: records.map(({ slot, variant, files, environment, histories, address, ...record }) => ({
        ...record,
        address: comparesAddresses ? address : address !== 0,
        variant: { ...simulation.variantRecord(variant), number: null },
        files: configsOf(files),
        environment: configsOf(environment),
        histories: histories?.map((history) => history && { ...history, environment: history.environment === undefined ? null : configsOf(history.environment) }) ?? null,
        report: { ...simulation.report(slot), privateIp: null },
        inside: [simulation.environmentOf(record.id, "main"), simulation.filesOf(record.id, "main")],
        load: METRIC_NAMES.map((name) => String(this.#columns.column(name)[rowOf.get(slot) ?? -1])),
      })),
      placements: [0, 1, 2].map((app) => [simulation.counts(uuid(100 + app)), simulation.configured(uuid(100 + app))]),
      services: [0, 1].map((service) => [
        comparesAddresses ? simulation.endpointsOf(uuid(300 + service)) : simulation.endpointsOf(uuid(300 + service))?.map(({ podId }) => podId).toSorted(),
        simulation.serviceProblem(uuid(300 + service)),
      ]),
      nodes: cluster.description.nodes.map((_, index) => [simulation.nodes.status(index), simulation.nodes.free(index)]),
    });
  }
}

/** Where two runs part: the first thing that differs. */
function compare(steps: readonly Step[], one: Partial<Conditions>, other: Partial<Conditions>): void {
  const [first, second] = [one, other].map((changes) => new Run({ ...CONDITIONS, ...changes }).play(steps)) as [readonly string[], readonly string[]];
  const at = first.findIndex((seen, index) => seen !== second[index]);
  if (at < 0 && createHash("sha256").update(first.join()).digest("hex") === createHash("sha256").update(second.join()).digest("hex")) return;
  expect(JSON.parse(second[at] ?? "null"), `after step ${at}`).toEqual(JSON.parse(first[at] ?? "null"));
  throw new Error(`the runs differ after step ${at}`);
}

const stories = fc.array(step, { minLength: 3, maxLength: 25, size: "max" });

/** A pull takes its time, whatever the node has. */
const PULLS_ANEW: Behaviours = {
  ...DEFAULT_BEHAVIOURS,
  stages: DEFAULT_BEHAVIOURS.stages.map((stage): Stage => (stage.delay.kind === "imagePull" ? { ...stage, delay: { kind: "range", minMs: 400, maxMs: 2_500 } } : stage)),
};

const SPARED = { behaviours: PULLS_ANEW, comparesAddresses: false, isSpared: true } as const;
const RESTARTED = { ...SPARED, isSpared: false } as const;

describe("a run", { timeout: 120_000 }, () => {
  it("is the same whenever it is played", () => {
    fc.assert(fc.property(stories, (steps) => compare(steps, {}, {})), { numRuns: 20 });
  });

  it("is the same in one leap and in pieces", () => {
    fc.assert(fc.property(stories, fc.integer(), (steps, seed) => compare(steps, { pieces: leap }, { pieces: piecesOf(seed) })), { numRuns: 30 });
  });

  it("is the same in steps of a millisecond", () => {
    fc.assert(fc.property(fc.array(step, { minLength: 3, maxLength: 12, size: "max" }), (steps) => compare(steps, { pieces: leap }, { pieces: millisecond })), { numRuns: 6 });
  });

  it("is the same where the process is stopped, or killed, and goes on from its store", () => {
    fc.assert(fc.property(stories, (steps) => compare(steps, SPARED, RESTARTED)), { numRuns: 60 });
  });
});

describe("a run that is not the same is found out where", { timeout: 120_000 }, () => {
  const careless = (draw: () => number): Partial<Conditions> => ({
    behaviours: {
      ...DEFAULT_BEHAVIOURS,
      stages: DEFAULT_BEHAVIOURS.stages.map((stage): Stage => {
        if (stage.from !== "RUNNING" || stage.delay.kind !== "range") return stage;
        return { ...stage, delay: { kind: "range", maxMs: 1_000, get minMs() { return draw(); } } };
      }),
    },
  });
  const shuffled = (objects: readonly AssignedObject[]): readonly AssignedObject[] =>
    [...new Map(objects.map((object) => [Math.random(), object]))].toSorted(([one], [other]) => one - other).map(([, object]) => object);
  class WithoutRetry extends FleetStore {
    override load(...[number]: Parameters<FleetStore["load"]>): ReturnType<FleetStore["load"]> {
      const { engine: { retryAt: _, ...engine }, ...stored } = super.load(number);
      return { ...stored, engine };
    }
  }
  class WithoutChance extends FleetStore {
    override load(...[number]: Parameters<FleetStore["load"]>): ReturnType<FleetStore["load"]> {
      const stored = super.load(number);
      return { ...stored, engine: { ...stored.engine, behaviour: [1, 2, 3, 4] } };
    }
  }
  const planted: Record<string, readonly [Partial<Conditions>, Partial<Conditions>]> = {
    "a behaviour draws from elsewhere": [careless(() => Math.floor(Math.random() * 1_000)), careless(() => Math.floor(Math.random() * 1_000))],
    "a behaviour looks at the clock on the wall": [careless(() => Math.floor(performance.now() * 1_000) % 997), careless(() => Math.floor(performance.now() * 1_000) % 997)],
    "what came together is taken in the order of a map that differs each time": [{}, { order: shuffled }],
    "the store forgets when pods try again": [SPARED, { ...RESTARTED, Store: WithoutRetry }],
    "the store forgets the random streams": [SPARED, { ...RESTARTED, Store: WithoutChance }],
  };
  it.each(Object.entries(planted))("%s", (_what, [one, other]) => {
    expect(() => fc.assert(fc.property(stories, (steps) => compare(steps, one, other)), { numRuns: 500, seed: 1, endOnFailure: true })).toThrow();
  });
});
