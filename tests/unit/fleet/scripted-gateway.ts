/**
 * The centre's end of the link for tests of the fleet: it remembers every message, keeps what it was told as a gateway would (newest state
 * of each pod and placement, the last stored report), and says what a test tells it to. It notes as faults where reports break the order.
 */
import type {
  AssignedPlacement, GatewayConnection, GatewayMessage, Hello, LinkListener, PlacementReport, PlacementSpec, PodReport, Report,
} from "#server/fleet/link.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import { contentHash } from "#server/domain/canonical.ts";

export class ScriptedGateway {
  readonly hellos: Hello[] = [];
  /** Every report that came, also those that came again. */
  readonly received: Report[] = [];
  /** Those that counted. */
  readonly stored: Report[] = [];
  readonly pods = new Map<string, PodReport>();
  readonly placements = new Map<string, PlacementReport>();
  /** By cluster. */
  readonly position = new Map<string, { epoch: number; seq: number }>();
  readonly faults: string[] = [];
  term = 1;
  welcomes = true;
  acks = true;
  connections = 0;
  #connection: GatewayConnection | null = null;
  readonly #listeners: LinkListener[] = [];
  #named = new Set<string>();

  listen(listener: LinkListener): this {
    this.#listeners.push(listener);
    listener.onConnection((connection) => {
      this.connections += 1;
      this.#connection = connection;
      connection.onMessage((message) => {
        if (message.type === "hello") this.#onHello(message);
        else if (message.type === "report") this.#onReport(message);
        else if (message.type === "ping") connection.send({ type: "pong", at: message.at });
      });
      connection.onClose(() => {
        if (this.#connection === connection) this.#connection = null;
      });
    });
    return this;
  }

  get isConnected(): boolean {
    return this.#connection !== null;
  }

  send(message: GatewayMessage): void {
    this.#connection?.send(message);
  }

  /** Drops the connection; the fleet dials again. */
  hangUp(): void {
    this.#connection?.close("the test hung up");
  }

  async close(): Promise<void> {
    for (const listener of this.#listeners) await listener.close();
  }

  assign(
    clusterId: string, objects: readonly AssignedPlacement[], templates: readonly PodTemplate[] = [], contents: Readonly<Record<string, string>> = {},
  ): void {
    const byHash = Object.fromEntries(templates.map((each) => [contentHash(each), each]));
    this.send({ type: "assign", clusterId, term: this.term, objects, templates: byHash, contents });
  }

  welcome(clusterId: string): void {
    const { epoch, seq } = this.position.get(clusterId) ?? { epoch: 0, seq: 0 };
    this.send({ type: "welcome", clusterId, protocol: 1, term: this.term, epoch, ackedSeq: seq });
  }

  podsOf(placementId: string): PodReport[] {
    return [...this.pods.values()].filter((pod) => pod.placementId === placementId);
  }

  readyPodsOf(placementId: string): PodReport[] {
    return this.podsOf(placementId).filter((pod) => pod.ready);
  }

  #onHello(hello: Hello): void {
    this.hellos.push(hello);
    if (this.welcomes) this.welcome(hello.clusterId);
  }

  #onReport(report: Report): void {
    this.received.push(report);
    if (!this.acks) return;
    const { epoch, seq } = this.position.get(report.clusterId) ?? { epoch: 0, seq: 0 };
    const isNext = report.epoch > epoch ? report.seq === 1 : report.epoch === epoch && report.seq === seq + 1;
    if (!isNext && (report.epoch < epoch || report.seq > seq)) {
      this.faults.push(`report (${report.epoch}, ${report.seq}) came after (${epoch}, ${seq})`);
    }
    if (isNext) this.#store(report);
    this.send({ type: "ack", clusterId: report.clusterId, epoch: report.epoch, seq: report.seq });
  }

  #store(report: Report): void {
    this.position.set(report.clusterId, { epoch: report.epoch, seq: report.seq });
    this.stored.push(report);
    if (report.full === true && report.seq === 1) this.#named = new Set();
    for (const pod of report.pods) {
      this.pods.set(pod.id, pod);
      this.#named.add(pod.id);
    }
    for (const id of report.gone) if (!this.pods.delete(id)) this.faults.push(`pod ${id} is gone, but no report named it`);
    for (const placement of report.placements) this.placements.set(placement.placementId, placement);
    if (report.fullEnds === true) for (const id of this.pods.keys()) if (!this.#named.has(id)) this.pods.delete(id);
  }
}

export const uuid = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

export function template(image: string, overrides: Partial<PodTemplate> & { cpuMillis?: number; memoryMiB?: number } = {}): PodTemplate {
  const { cpuMillis = 100, memoryMiB = 128, ...rest } = overrides;
  return {
    runtime: "RUNC",
    containers: [{ name: "main", image, cpuMillis, memoryMiB, command: [], args: [], stdin: false, tty: false, ports: [], env: [] }],
    labels: [],
    terminationGracePeriodSeconds: 5,
    ...rest,
  };
}

export function spec(of: PodTemplate, overrides: Partial<PlacementSpec> = {}): PlacementSpec {
  return {
    tenantId: uuid(1),
    applicationId: uuid(2),
    applicationName: "web",
    namespace: "default",
    replicas: 3,
    revisionId: uuid(11),
    revisionNumber: 1,
    templateHash: contentHash(of),
    updateStrategy: { maxUnavailable: { percent: 25 }, maxSurge: { percent: 25 } },
    capacityType: "ON_DEMAND",
    networkType: "VPC",
    subnet: { id: uuid(21), vpcId: uuid(20), cidr: "10.0.0.0/20", gateway: "10.0.0.1" },
    ...overrides,
  };
}

export const placement = (objectId: string, generation: number, of: PlacementSpec | null): AssignedPlacement => ({
  objectId,
  kind: "placement",
  generation,
  spec: of,
});
