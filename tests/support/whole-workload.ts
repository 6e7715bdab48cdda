import { randomUUID } from "node:crypto";
import type { MikroORM } from "@mikro-orm/postgresql";
import { globalId } from "#server/domain/ids.ts";
import type { PodReport, Report } from "#server/fleet/link.ts";
import type { Actor } from "#server/identity/viewer.ts";
import type { Bus } from "#server/realtime/bus.ts";
import type { PodTemplateInput } from "#server/services/application/input.ts";
import { createServices } from "#server/services/index.ts";
import { testKeyRing, wallClock } from "./centre.ts";
import type { ScriptedAgent } from "./scripted-agent.ts";

/** Everything that changes rows, at random: all of a tenant's mutations, and what clusters say to them and by themselves. Refusals are part of it. */
export interface Workload {
  /** One mutation of something or other. */
  mutate(): Promise<void>;
  /** One agent says something or other. */
  speak(): Promise<void>;
}

export interface WorkloadOptions {
  readonly orm: MikroORM;
  readonly bus: Bus;
  readonly actor: Actor;
  readonly random: () => number;
  /** They have said hello. */
  readonly agents: readonly ScriptedAgent[];
  /** Told of each mutation that was accepted. */
  readonly onCommitted?: (tenantId: string) => void;
}

export function createWorkload({ orm, bus, actor, random, agents, onCommitted }: WorkloadOptions): Workload {
  const services = createServices({ orm, bus, clock: wallClock, speed: 1, fingerprintKey: new Uint8Array(32), keyRing: testKeyRing, ...(onCommitted ? { onCommitted } : {}) });
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  const take = <T>(items: T[]): T | undefined => items.splice(below(items.length), 1)[0];
  const word = (): string => `x-${randomUUID().slice(0, 8)}`;

  // ---- mutations
  const applications: { readonly id: string; readonly name: string }[] = [];
  const operations: string[] = [];
  const ids = { services: [] as string[], configMaps: [] as string[], secrets: [] as string[], namespaces: [] as string[], tokens: [] as string[] };
  const ports = () => [{ name: "http", port: 1 + below(60_000), containerPort: 8080, protocol: "TCP" as const }];
  const data = () => [{ key: "level", value: word() }];
  const template = (): PodTemplateInput => {
    const [configMapId, secretId] = [random() < 0.5 ? pick(ids.configMaps) : undefined, random() < 0.3 ? pick(ids.secrets) : undefined];
    return {
      runtime: "RUNC",
      terminationGracePeriodSeconds: 30,
      volumes: configMapId === undefined ? [] : [{ name: "settings", source: { configMapId } }],
      containers: [{
        name: "main", image: `registry.example/shop/web:${word()}`, cpuMillis: 50 + below(100), memoryMiB: 32, stdin: false, tty: false, ports: [{ containerPort: 8080, protocol: "TCP" }],
        env: secretId === undefined ? [] : [{ name: "LEVEL", source: { secretKey: { secretId, key: "level" } } }],
        volumeMounts: configMapId === undefined ? [] : [{ volume: "settings", mountPath: "/etc/settings", readOnly: true }],
      }],
    };
  };
  const placements = () => {
    const some = agents.filter(() => random() < 0.6);
    return { clusters: (some.length > 0 ? some : [pick(agents)]).map(({ clusterId }) => ({ clusterId: globalId("Cluster", clusterId), replicas: 1 + below(3), networkType: "VPC" as const })) };
  };
  const create = async () => {
    const name = word();
    const made = await services.applications.create(actor, {
      name, namespace: "default", workloadKind: "DEPLOYMENT", capacityType: "ON_DEMAND", template: template(), distribution: placements(), deletionProtection: false,
    });
    if (made.ok) applications.push({ id: globalId("Application", made.value.applicationId), name });
    return made;
  };
  type Made = { readonly ok: boolean; readonly value?: unknown };
  const kept = (into: string[], type: string, key: string, made: Made): Made => {
    if (made.ok) into.push(globalId(type, (made.value as Record<string, string>)[key] ?? ""));
    return made;
  };
  const of = (act: (applicationId: string) => Promise<Made>) => async (): Promise<Made> => (applications.length === 0 ? create() : act(pick(applications).id));
  const ACTS: readonly (readonly [weight: number, act: () => Promise<Made>])[] = [
    [4, create],
    [3, of((applicationId) => services.applications.scale(actor, { applicationId, replicas: below(4) }))],
    [2, of((applicationId) => services.applications.updateDistribution(actor, { applicationId, distribution: placements() }))],
    [2, of((applicationId) => services.applications.update(actor, { applicationId, description: word(), labels: [{ key: "level", value: word() }] }))],
    [1, of((applicationId) => services.applications.update(actor, { applicationId, updateStrategy: { maxSurge: { count: 1 + below(3) } } }))],
    // A second without progress, and it goes back.
    [5, of((applicationId) => services.applications.upgrade(actor, {
      applicationId, template: template(), strategy: { kind: "FULL", progressDeadlineSeconds: random() < 0.5 ? 1 : 600, autoRollback: true },
    }))],
    [1, of((applicationId) => services.applications.rollBack(actor, { applicationId }))],
    [1, of((applicationId) => services.applications.stop(actor, { applicationId }))],
    [2, of((applicationId) => services.applications.start(actor, { applicationId }))],
    [1, of((applicationId) => services.applications.restart(actor, { applicationId }))],
    [2, async () => {
      const application = take(applications);
      return application ? services.applications.delete(actor, { applicationId: application.id, confirmName: application.name }) : create();
    }],
    [2, of(async (applicationId) => {
      const made = await services.services.create(actor, { applicationId, name: word(), ports: ports(), type: "CLUSTER_IP" });
      if (made.ok) ids.services.push(...made.value.serviceIds.map((id) => globalId("Service", id)));
      return made;
    })],
    [1, async () => services.services.update(actor, { serviceId: pick(ids.services) ?? "", ports: ports() })],
    [1, async () => services.services.delete(actor, { ids: [take(ids.services) ?? ""] })],
    [1, async () => kept(ids.configMaps, "ConfigMap", "configMapId", await services.configMaps.create(actor, { name: word(), namespace: "default", data: data() }))],
    [2, async () => services.configMaps.update(actor, { configMapId: pick(ids.configMaps) ?? "", data: data() })],
    [1, async () => services.configMaps.delete(actor, { id: pick(ids.configMaps) ?? "" })],
    [1, async () => kept(ids.secrets, "Secret", "secretId", await services.secrets.create(actor, { name: word(), namespace: "default", type: "OPAQUE", data: data() }))],
    [1, async () => services.secrets.update(actor, { secretId: pick(ids.secrets) ?? "", data: data() })],
    [1, async () => services.secrets.delete(actor, { id: pick(ids.secrets) ?? "" })],
    [1, async () => kept(ids.namespaces, "Namespace", "namespaceId", await services.namespaces.create(actor, { name: word() }))],
    [1, async () => services.namespaces.delete(actor, { id: take(ids.namespaces) ?? "" })],
    [1, async () => kept(ids.tokens, "ApiToken", "tokenId", await services.tokens.create(actor, { name: word(), role: "VIEWER" }))],
    [1, async () => services.tokens.revoke(actor, { id: take(ids.tokens) ?? "" })],
    [2, async () => services.operations.cancel(actor, { operationId: pick(operations.slice(-3)) ?? "" })],
    [2, async () => services.operations.retry(actor, { operationId: pick(operations.slice(-6)) ?? "" })],
  ];
  const total = ACTS.reduce((sum, [weight]) => sum + weight, 0);

  // ---- clusters
  const brokenPod = (agent: ScriptedAgent): Pick<Report, "pods" | "placements"> => {
    const objects = [...agent.objects.values()].filter(({ spec }) => (spec?.replicas ?? 0) > 0);
    if (objects.length === 0) return { pods: [], placements: [] };
    const object = pick(objects);
    const replicas = object.spec?.replicas ?? 0;
    const pod: PodReport = agent.pod(object, 0, { ready: false, reason: "CrashLoopBackOff", restartCount: below(9) });
    return { pods: [pod], placements: [{ placementId: object.objectId, term: agent.term, generation: object.generation, created: replicas, ready: replicas - 1, updated: replicas }] };
  };
  const troubled = (agent: ScriptedAgent): Pick<Report, "placements" | "services"> => {
    const problem = "It can't be carried out here.";
    return {
      placements: [...agent.objects.values()].filter(({ spec }) => spec).slice(0, 1).map(({ objectId, generation }) => ({ placementId: objectId, term: agent.term, generation, created: 0, ready: 0, updated: 0, problem })),
      services: [...agent.services.values()].filter(({ spec }) => spec).slice(0, 1).map(({ objectId, generation }) => ({ serviceId: objectId, term: agent.term, generation, problem })),
    };
  };
  const described = (agent: ScriptedAgent) => {
    const { description } = agent.helloMessage();
    const [node] = description.nodes;
    if (!node) throw new Error("a scripted agent has a node");
    const second = { ...node, id: `${node.id.slice(0, -1)}f`, name: `${agent.code}-2` };
    return { ...description, city: word(), region: { ...description.region, name: random() < 0.5 ? "East" : word() }, nodes: random() < 0.5 ? [{ ...node, labels: { zone: word() } }] : [node, second] };
  };
  const SAYINGS: readonly (readonly [weight: number, say: (agent: ScriptedAgent) => Promise<unknown>])[] = [
    [8, (agent) => agent.comply()],
    [2, (agent) => agent.report(brokenPod(agent))],
    [1, (agent) => agent.report(troubled(agent))],
    [1, (agent) => agent.report({ nodes: [{ nodeId: agent.helloMessage().description.nodes[0]?.id ?? "", status: random() < 0.5 ? "READY" : "NOT_READY" }] })],
    [1, (agent) => agent.hello({ description: described(agent) })],
    // Its store was lost: it holds nothing, and has to be told everything again.
    [0.5, async (agent) => {
      agent.objects.clear();
      agent.services.clear();
      await agent.hello();
    }],
    // A whole state, of another epoch: what it does not name is gone.
    [0.5, async (agent) => {
      agent.epoch += 1;
      agent.seq = 0;
      await agent.report({ fullEnds: true });
    }],
  ];
  const told = SAYINGS.reduce((sum, [weight]) => sum + weight, 0);
  /** One thing after the other: reports are numbered. */
  const speaking = new Map<ScriptedAgent, Promise<unknown>>();

  return {
    async mutate() {
      let dice = random() * total;
      const [, act] = ACTS.find(([weight]) => (dice -= weight) < 0) as (typeof ACTS)[number];
      const made = await act();
      const operationId = made.ok ? (made.value as { operationId?: string | null }).operationId : null;
      if (operationId) operations.push(globalId("Operation", operationId));
    },
    async speak() {
      const agent = pick(agents);
      let dice = random() * told;
      const [, say] = SAYINGS.find(([weight]) => (dice -= weight) < 0) as (typeof SAYINGS)[number];
      const said = (speaking.get(agent) ?? Promise.resolve()).then(() => say(agent));
      speaking.set(agent, said.catch(() => undefined));
      await said;
    },
  };
}
