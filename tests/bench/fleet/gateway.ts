/** A gateway without a database: it welcomes, assigns and acknowledges at once, and keeps count. */
import { contentHash } from "#server/domain/canonical.ts";
import { RECORD_BYTES } from "#server/domain/metric-values.ts";
import type { PlacementSpec } from "#server/domain/placement.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import type { AssignedPlacement, GatewayConnection, Hello, Report } from "#server/fleet/link.ts";

const APPLICATION_PODS = 10;
/** Simulated milliseconds that the order of a crash stands. */
const FAULT_MS = 10_000;
const uuid = (high: number, low: number): string => `00000000-0000-4000-8000-${String(high).padStart(6, "0")}${String(low).padStart(6, "0")}`;
const probe = { initialDelaySeconds: 1, periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };
/** With both probes: each of its containers is followed by itself. */
const template: PodTemplate = {
  runtime: "RUNC",
  containers: [{
    name: "web", image: "example.org/shop/web:1", cpuMillis: 100, memoryMiB: 128, command: [], args: [], stdin: false, tty: false, env: [],
    ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
    readinessProbe: { ...probe, handler: { type: "HttpGetProbe", path: "/ready", port: 8080, headers: [] } },
    livenessProbe: { ...probe, initialDelaySeconds: 5, handler: { type: "TcpSocketProbe", port: 8080 } },
  }],
  labels: [],
  terminationGracePeriodSeconds: 30,
};
const HASH = contentHash(template);

interface Cluster {
  readonly id: string;
  readonly number: number;
  /** Of each placement: its generation, and how often it was restarted. */
  readonly restarts: number[];
  /** The youngest pod that became ready here: one to crash. */
  podId: string | null;
}

export class BareGateway {
  readonly #podsACluster: number;
  /** The fleet's clock. */
  readonly #now: () => number;
  #faults = 0;
  readonly #clusters = new Map<string, Cluster>();
  readonly #order: Cluster[] = [];
  #connection: GatewayConnection | null = null;
  #next = 0;
  readonly #takes: readonly string[];
  reports = 0;
  podsReported = 0;
  podsMeasured = 0;
  linesLogged = 0;

  /** @param takes what it asks of agents beyond reports: samples, logs. */
  constructor(podsACluster: number, now: () => number, takes: readonly string[]) {
    this.#podsACluster = podsACluster;
    this.#now = now;
    this.#takes = takes;
  }

  connect(connection: GatewayConnection): void {
    this.#connection = connection;
    connection.onMessage((message) => {
      if (message.type === "ping") return connection.send({ type: "pong", at: message.at });
      if (message.type === "hello") return this.#welcome(connection, message);
      if (message.type === "report") return this.#acknowledge(connection, message);
      if (message.type === "samples") {
        const { clusterId, at, placements } = message;
        for (const { pods } of placements) this.podsMeasured += Math.floor((pods.length * 3) / 4 / RECORD_BYTES);
        connection.send({ type: "sampled", clusterId, at });
      }
      if (message.type === "logs") {
        const { clusterId, epoch, to, chunks } = message;
        for (const { lines } of chunks) this.linesLogged += lines.length;
        connection.send({ type: "logsAck", clusterId, epoch, position: to });
      }
    });
  }

  /** Lets a pod of each of so many clusters crash, each time of the next ones; says how many that are. */
  crash(count: number): number {
    let crashed = 0;
    for (let tried = 0; tried < this.#order.length && crashed < count; tried += 1) {
      const { id: clusterId, podId } = this.#turn();
      if (podId === null) continue;
      const [now, id] = [this.#now(), uuid(6, ++this.#faults)];
      this.#connection?.send({ type: "faults", clusterId, faults: [{ id, kind: "CRASH_POD", podId, seed: 1, startsAt: now, endsAt: now + FAULT_MS }] });
      crashed += 1;
    }
    return crashed;
  }

  /** Restarts applications of so many pods together, each time on the next clusters: their pods are replaced one after another. */
  replace(pods: number): void {
    for (let replaced = 0; replaced < pods; replaced += APPLICATION_PODS) {
      const cluster = this.#turn();
      const index = cluster.number % cluster.restarts.length;
      cluster.restarts[index] = (cluster.restarts[index] ?? 0) + 1;
      this.#connection?.send({ type: "assign", clusterId: cluster.id, term: 1, templates: {}, objects: [placementOf(cluster, index)] });
    }
  }

  #turn(): Cluster {
    this.#next = (this.#next + 1) % this.#order.length;
    return this.#order[this.#next] as Cluster;
  }

  #welcome(connection: GatewayConnection, { clusterId }: Hello): void {
    const cluster: Cluster = { id: clusterId, number: this.#order.length, restarts: Array.from({ length: Math.ceil(this.#podsACluster / APPLICATION_PODS) }, () => 0), podId: null };
    this.#clusters.set(clusterId, cluster);
    this.#order.push(cluster);
    connection.send({ type: "welcome", clusterId, protocol: 1, term: 1, epoch: 0, ackedSeq: 0, takes: this.#takes });
    connection.send({ type: "assign", clusterId, term: 1, templates: { [HASH]: template }, objects: cluster.restarts.map((_, index) => placementOf(cluster, index)) });
  }

  #acknowledge(connection: GatewayConnection, { clusterId, epoch, seq, pods }: Report): void {
    this.reports += 1;
    this.podsReported += pods.length;
    const cluster = this.#clusters.get(clusterId);
    const ready = pods.findLast((pod) => pod.ready);
    if (cluster !== undefined && ready !== undefined) cluster.podId = ready.id;
    connection.send({ type: "ack", clusterId, epoch, seq });
  }
}

function placementOf(cluster: Cluster, index: number): AssignedPlacement {
  const restarts = cluster.restarts[index] ?? 0;
  const spec: PlacementSpec = {
    tenantId: uuid(1, 0), applicationId: uuid(2, index), applicationName: `shop-${index}`, namespace: "default", replicas: APPLICATION_PODS, revisionId: uuid(3, index), revisionNumber: 1,
    templateHash: HASH, updateStrategy: { maxUnavailable: { percent: 25 }, maxSurge: { percent: 25 } }, capacityType: "ON_DEMAND", networkType: "VPC",
    subnet: { id: uuid(4, 0), vpcId: uuid(5, 0), cidr: "10.0.0.0/16", gateway: "10.0.0.1" }, restarts,
  };
  return { objectId: uuid(cluster.number + 100, index), kind: "placement", generation: restarts + 1, spec };
}
