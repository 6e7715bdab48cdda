import { randomUUIDv7 } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentConnection, AssignedPlacement, AssignedService, GatewayMessage, Hello, HeldObject, PlacementReport, PodReport, Report, ServiceReport } from "#server/fleet/link.ts";

/** An agent whose every message a test decides: what it was told is kept, what it says is said on command. */
export class ScriptedAgent {
  readonly clusterId: string;
  readonly code: string;
  epoch = 1;
  seq = 0;
  term = 1;
  store = "kept";
  /** The highest term that it was told. */
  told = 0;
  /** What it was last told of each placement, and of each service. */
  readonly objects = new Map<string, AssignedPlacement>();
  readonly services = new Map<string, AssignedService>();
  /** Sealed contents by name. */
  readonly contents = new Map<string, string>();
  readonly templates = new Set<string>();
  readonly received: GatewayMessage[] = [];
  closed: string | null = null;
  #connection: AgentConnection | null = null;
  /** How many pods of each object it has said to have. */
  readonly #pods = new Map<string, number>();

  constructor(code: string, clusterId: string = randomUUIDv7()) {
    this.code = code;
    this.clusterId = clusterId;
  }

  connect(connection: AgentConnection): this {
    this.#connection = connection;
    this.closed = null;
    connection.onMessage((message) => this.#take(message));
    connection.onClose((reason) => (this.closed = reason));
    return this;
  }

  drop(): void {
    this.#connection?.close("dropped by the test");
  }

  /** Sends anything at all. */
  say(message: unknown): void {
    this.#connection?.send(message as Hello);
  }

  async hello(changes: Partial<Hello> = {}): Promise<Extract<GatewayMessage, { type: "welcome" }>> {
    const from = this.received.length;
    this.say(this.helloMessage(changes));
    return this.next("welcome", from);
  }

  helloMessage(changes: Partial<Hello> = {}): Hello {
    return {
      type: "hello", clusterId: this.clusterId, protocols: [1], store: this.store, term: this.told, epoch: this.epoch, lastSeq: this.seq,
      holds: [...this.objects.values(), ...this.services.values()].map((object): HeldObject => ({ kind: object.kind, objectId: object.objectId, term: this.term, generation: object.generation })),
      templates: [...this.templates],
      contents: [...this.contents.keys()],
      description: {
        code: this.code, name: `Cluster ${this.code}`, region: { code: "east", name: "East" }, province: "Zhejiang", city: "Shaoxing", tier: "EDGE", isp: "TELECOM",
        latitude: 30, longitude: 120.5,
        prices: { currency: "CNY", cpuCoreHour: "0.1", memoryGiBHour: "0.05", publicGiB: "0.5", eipHour: "0.02", spotDiscount: 0.5, offPeakDiscount: 0.5 },
        nodes: [{ id: nodeIdOf(this.clusterId), name: `${this.code}-1`, labels: { zone: "a" }, cpuMillis: 64_000, memoryMiB: 128_000, pods: 500 }],
      },
      ...changes,
    };
  }

  /** The next number, unless one is given. */
  reportMessage(changes: Partial<Report> = {}): Report {
    if (changes.seq === undefined) this.seq += 1;
    return { type: "report", clusterId: this.clusterId, epoch: this.epoch, seq: this.seq, at: Date.now(), pods: [], gone: [], placements: [], nodes: [], ...changes };
  }

  async report(changes: Partial<Report> = {}): Promise<void> {
    const from = this.received.length;
    const message = this.reportMessage(changes);
    this.say(message);
    const ack = await this.next("ack", from);
    if (ack.seq !== message.seq) throw new Error(`report ${message.seq} was answered by ack ${ack.seq}`);
  }

  /** Says that the objects which it was told of are as they should be: all pods ready, or nothing left. */
  async comply(only: (object: AssignedPlacement) => boolean = () => true): Promise<void> {
    const objects = [...this.objects.values()].filter(only);
    const pods = objects.flatMap((object) => Array.from({ length: object.spec?.replicas ?? 0 }, (_, index) => this.pod(object, index)));
    const placements = objects.map((object): PlacementReport => ({
      placementId: object.objectId, term: this.term, generation: object.generation,
      created: object.spec?.replicas ?? 0, ready: object.spec?.replicas ?? 0, updated: object.spec?.replicas ?? 0, configured: object.spec?.replicas ?? 0, ...(object.spec ? {} : { removed: true }),
    }));
    const gone = objects.flatMap((object) => {
      const [had, has] = [this.#pods.get(object.objectId) ?? 0, object.spec?.replicas ?? 0];
      this.#pods.set(object.objectId, has);
      return Array.from({ length: Math.max(0, had - has) }, (_, index) => podId(object.objectId, has + index));
    });
    const told = [...this.services.values()];
    const services = told.map(({ objectId, generation, spec }): ServiceReport => ({
      serviceId: objectId, term: this.term, generation, ...(spec ? {} : { removed: true }),
    }));
    await this.report({ pods, placements, gone, services });
    for (const service of told) if (!service.spec && this.services.get(service.objectId) === service) this.services.delete(service.objectId);
    for (const object of objects) if (!object.spec && this.objects.get(object.objectId) === object) this.objects.delete(object.objectId);
  }

  pod(object: AssignedPlacement, index: number, changes: Partial<PodReport> = {}): PodReport {
    return {
      id: podId(object.objectId, index), placementId: object.objectId, revisionId: object.spec?.revisionId ?? randomUUIDv7(), name: `${object.spec?.applicationName}-${index}`,
      nodeId: nodeIdOf(this.clusterId), phase: "RUNNING", ready: true, reason: null, message: null, privateIp: `10.0.0.${(index % 250) + 2}`, restartCount: 0,
      containers: [{ name: "main", image: "shop/frontend:1", state: "RUNNING", ready: true, restartCount: 0, reason: null, exitCode: null, startedAt: 1_000 }],
      createdAt: 1_000, startedAt: 2_000, ...changes,
    };
  }

  /** The next message of this type since `from`, waited for with a deadline. */
  async next<T extends GatewayMessage["type"]>(type: T, from = 0, deadlineMs = 5_000): Promise<Extract<GatewayMessage, { type: T }>> {
    const start = performance.now();
    for (;;) {
      const found = this.received.slice(from).find((message) => message.type === type);
      if (found) return found as Extract<GatewayMessage, { type: T }>;
      const refused = this.received.slice(from).find((message) => message.type === "refuse");
      if (refused && type !== "pong") throw new Error(`refused instead of ${type}: ${JSON.stringify(refused)}`);
      if (performance.now() - start > deadlineMs) throw new Error(`no ${type} within ${deadlineMs} ms; received ${JSON.stringify(this.received.slice(from))}`);
      await sleep(5);
    }
  }

  #take(message: GatewayMessage): void {
    this.received.push(message);
    if (message.type === "welcome") {
      this.term = message.term;
      this.told = Math.max(this.told, message.term);
    }
    if (message.type !== "assign") return;
    for (const hash of Object.keys(message.templates)) this.templates.add(hash);
    for (const [name, sealed] of Object.entries(message.contents ?? {})) this.contents.set(name, sealed);
    for (const object of message.objects) {
      if (object.kind === "placement") this.objects.set(object.objectId, object);
      else this.services.set(object.objectId, object);
    }
  }
}

export const nodeIdOf = (clusterId: string): string => `${clusterId.slice(0, -1)}${clusterId.endsWith("0") ? "1" : "0"}`;
const podId = (placementId: string, index: number): string => `${placementId.slice(0, -4)}${(0x1000 + index).toString(16)}`;
