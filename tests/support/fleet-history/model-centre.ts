/** The gateway's half of fleet/link.ts as its words say, in memory. What is sent to an agent goes through the gateway's own session. */
import { contentHash } from "#server/domain/canonical.ts";
import { seal } from "#server/domain/sealing.ts";
import { STALE_AFTER_SECONDS } from "#server/domain/states.ts";
import type { AgentMessage, GatewayConnection, Hello, HeldObject, NodeReport, PlacementReport, PodReport, Report } from "#server/fleet/link.ts";
import type { Sendable } from "#server/gateway/assignments.ts";
import type { Stray } from "#server/gateway/hello.ts";
import type { ClusterSession } from "#server/gateway/session.ts";
import { checkMessage } from "#server/gateway/validate.ts";
import { type Beliefs, type HistoryCentre, podKey } from "./centre.ts";
import type { Parts } from "./parts.ts";
import { entriesOf, nothingWanted, type ObjectChange, templateOf, type Wanted } from "./wanted.ts";

interface Assigned {
  readonly kind: ObjectChange["kind"];
  readonly applicationId: string;
  spec: ObjectChange["spec"];
  hash: string;
  generation: number;
  confirmedTerm: number;
  confirmedGeneration: number;
  counts: Pick<PlacementReport, "created" | "ready" | "updated"> | null;
}

interface Kept {
  epoch: number;
  ackedSeq: number;
  store: string | null;
  termOffset: number;
  lastSeenAt: number | null;
  heardAt: number;
  readonly objects: Map<string, Assigned>;
  readonly pods: Map<string, { readonly epoch: number; readonly placementId: string; readonly key: string }>;
  readonly nodes: Map<string, NodeReport["status"]>;
}

interface Data {
  term: number;
  /** Of applications, also deleted ones while something of them is left. */
  readonly revisions: Map<string, Set<string>>;
  readonly clusters: Map<string, Kept>;
  wanted: Wanted;
}

const STALE_MS = STALE_AFTER_SECONDS * 1_000;

export class ModelCentre implements HistoryCentre {
  readonly #parts: Pick<Parts, "ClusterSession" | "vouchedBy">;
  /** Simulated milliseconds. */
  readonly #now: () => number;
  #data: Data = { term: 1, revisions: new Map(), clusters: new Map(), wanted: nothingWanted() };
  #isUp = false;
  readonly #sessions = new Map<string, ClusterSession>();
  readonly #connections = new Map<GatewayConnection, Set<string>>();
  readonly faults: string[] = [];
  leftOut: HistoryCentre["leftOut"] = null;
  readonly hearsAtOnce = true;

  constructor(parts: Pick<Parts, "ClusterSession" | "vouchedBy">, now: () => number) {
    this.#parts = parts;
    this.#now = now;
  }

  accept(): ((connection: GatewayConnection) => void) | null {
    return this.#isUp ? (connection) => this.#accept(connection) : null;
  }

  start(): void {
    this.#isUp = true;
  }

  kill(): void {
    this.#isUp = false;
    this.#sessions.clear();
    this.#connections.clear();
  }

  settle(): void {}

  backup(): Data {
    return structuredClone(this.#data);
  }

  restore(backup: unknown, termRises: boolean): void {
    this.#data = structuredClone(backup as Data);
    if (termRises) this.#data.term += 1;
  }

  serves(clusterId: string, connection: GatewayConnection): boolean {
    return this.#sessions.get(clusterId)?.connection === connection;
  }

  believed(clusterId: string): Beliefs | null {
    const kept = this.#data.clusters.get(clusterId);
    if (kept === undefined) return null;
    const { epoch, ackedSeq, lastSeenAt, objects, pods, nodes } = kept;
    const { term } = this.#data;
    return {
      epoch, ackedSeq, lastSeenAt, nodes, revisions: new Set([...this.#data.revisions.values()].flatMap((revisions) => [...revisions])),
      pods: new Map([...pods].map(([id, { key }]) => [id, key])),
      objects: new Map([...objects].map(([id, { kind, generation, spec, counts, confirmedTerm, confirmedGeneration }]) =>
        [id, { kind, generation, spec, counts, isConfirmed: confirmedTerm === term && confirmedGeneration === generation }])),
    };
  }

  change(changes: readonly ObjectChange[], wanted: Wanted): void {
    this.#data.wanted = wanted;
    for (const { clusterId, objectId, kind, spec, app } of changes) {
      this.#data.revisions.set(app.id, new Set(app.revisions.map(({ id }) => id)));
      const { objects } = this.#cluster(clusterId);
      const before = objects.get(objectId);
      const hash = contentHash(spec);
      if (before?.hash === hash) continue;
      if (before) Object.assign(before, { spec, hash, generation: before.generation + 1 });
      else objects.set(objectId, { kind, applicationId: app.id, spec, hash, generation: 1, confirmedTerm: 0, confirmedGeneration: 0, counts: null });
    }
    for (const { clusterId } of changes) this.#push(clusterId);
  }

  #cluster(clusterId: string): Kept {
    let kept = this.#data.clusters.get(clusterId);
    if (kept === undefined) {
      kept = { epoch: 0, ackedSeq: 0, store: null, termOffset: 0, lastSeenAt: null, heardAt: -Infinity, objects: new Map(), pods: new Map(), nodes: new Map() };
      this.#data.clusters.set(clusterId, kept);
    }
    return kept;
  }

  // -------------------------------------------------------------- connections

  #accept(connection: GatewayConnection): void {
    this.#connections.set(connection, new Set());
    connection.onMessage((message) => this.#take(connection, message));
    connection.onClose(() => {
      this.#connections.delete(connection);
      for (const [id, session] of this.#sessions) if (session.connection === connection) this.#sessions.delete(id);
    });
  }

  #take(connection: GatewayConnection, raw: AgentMessage): void {
    const refused = this.#connections.get(connection);
    if (refused === undefined) return;
    const checked = checkMessage(raw);
    if (!checked.ok) return void this.faults.push(`the agent said what it may not: ${checked.reason}`);
    const { message } = checked;
    if (message.type === "ping") {
      for (const id of message.clusterIds) if (this.serves(id, connection)) this.#vouch(id, Math.min(message.at, this.#now()));
      return connection.send({ type: "pong", at: message.at });
    }
    const { clusterId } = message;
    if (message.type === "hello") {
      refused.delete(clusterId);
      const reason = this.#hello(connection, message);
      return reason === null ? undefined : this.#refuse(connection, clusterId, reason);
    }
    if (refused.has(clusterId)) return;
    const session = this.#sessions.get(clusterId);
    if (session?.connection !== connection) return this.#refuse(connection, clusterId, "say hello first");
    // It takes nothing else.
    if (message.type !== "report") return this.#refuse(connection, clusterId, "unknown message type");
    const reason = this.#report(session, message);
    if (reason === null) return;
    this.#sessions.delete(clusterId);
    this.#refuse(connection, clusterId, reason);
  }

  #refuse(connection: GatewayConnection, clusterId: string, reason: string): void {
    this.#connections.get(connection)?.add(clusterId);
    connection.send({ type: "refuse", clusterId, reason });
  }

  #vouch(clusterId: string, at: number): void {
    const kept = this.#cluster(clusterId);
    kept.lastSeenAt = Math.max(kept.lastSeenAt ?? at, at);
  }

  // -------------------------------------------------------------- hello

  #hello(connection: GatewayConnection, hello: Hello): string | null {
    const { clusterId } = hello;
    const kept = this.#cluster(clusterId);
    const heardAt = Math.max(kept.heardAt, kept.lastSeenAt ?? -Infinity);
    if (kept.store !== null && kept.store !== hello.store && heardAt >= this.#now() - STALE_MS) return "the cluster answers to another agent";
    const known = hello.holds.reduce((highest, { term }) => Math.max(highest, term), hello.term);
    if (known > this.#data.term + kept.termOffset) kept.termOffset = known + 1 - this.#data.term;
    kept.store = hello.store;
    kept.heardAt = this.#now();
    kept.lastSeenAt ??= this.#now();
    const held = new Map(hello.holds.map((object) => [object.objectId, { ...object, term: object.term - kept.termOffset }]));
    for (const [id, object] of kept.objects) this.#compare(object, held.get(id));
    const strays = hello.holds.filter(({ objectId }) => !kept.objects.has(objectId)).map(({ objectId, kind, generation }): Stray => ({ objectId, kind: kind ?? "placement", generation: generation + 1 }));

    const before = this.#sessions.get(clusterId);
    if (before && before.connection !== connection) this.#refuse(before.connection, clusterId, "the cluster connected elsewhere");
    const session = new this.#parts.ClusterSession(connection, hello, this.#data.term, { termOffset: kept.termOffset, strays });
    this.#sessions.set(clusterId, session);
    connection.send({ type: "welcome", clusterId, protocol: 1, term: session.term, epoch: kept.epoch, ackedSeq: kept.ackedSeq });
    this.#push(clusterId);
    return null;
  }

  #compare(object: Assigned, held: HeldObject | undefined): void {
    const { term } = this.#data;
    const isOfTerm = held?.term === term;
    if (held && isOfTerm && (held.generation > object.generation || (held.generation === object.generation && held.hash !== undefined && held.hash !== object.hash))) object.generation = held.generation + 1;
    const isDone = object.spec === null && object.confirmedTerm === term && object.confirmedGeneration === object.generation;
    if (held === undefined && isDone) return;
    object.confirmedGeneration = held && isOfTerm ? Math.min(held.generation, object.confirmedGeneration) : 0;
    object.confirmedTerm = object.confirmedGeneration === 0 ? 0 : term;
  }

  // -------------------------------------------------------------- reports

  #report(session: ClusterSession, report: Report): string | null {
    const { clusterId, epoch, seq } = report;
    const kept = this.#cluster(clusterId);
    const ack = (): void => session.connection.send({ type: "ack", clusterId, epoch, seq });
    if (epoch < kept.epoch) return "the epoch is over";
    if (epoch === kept.epoch && seq <= kept.ackedSeq) {
      ack();
      return null;
    }
    if (seq !== (epoch === kept.epoch ? kept.ackedSeq + 1 : 1)) return "a report is missing";
    this.#checkReport(kept, report);
    for (const pod of report.pods) this.#storePod(kept, epoch, pod);
    for (const id of report.gone) kept.pods.delete(id);
    if (report.fullEnds) for (const [id, pod] of kept.pods) if (pod.epoch < epoch && kept.pods.delete(id)) this.leftOut?.(clusterId, id);
    for (const { placementId, term, generation, removed, created, ready, updated } of report.placements) {
      const object = kept.objects.get(placementId);
      if (object?.kind !== "placement") continue;
      object.counts = { created, ready, updated };
      this.#confirm(kept, object, { term, generation, removed });
      if (object.spec === null && object.confirmedTerm === this.#data.term && object.confirmedGeneration === object.generation) kept.objects.delete(placementId);
    }
    for (const { serviceId, ...said } of report.services ?? []) {
      const object = kept.objects.get(serviceId);
      if (object?.kind !== "service") continue;
      this.#confirm(kept, object, said);
      if (object.spec === null && object.confirmedTerm === this.#data.term && object.confirmedGeneration === object.generation) kept.objects.delete(serviceId);
    }
    if (report.fullEnds) {
      const withPods = new Set([...kept.pods.values()].map(({ placementId }) => placementId));
      for (const [id, object] of kept.objects) if (object.counts && object.confirmedGeneration === 0 && !withPods.has(id)) object.counts = { created: 0, ready: 0, updated: 0 };
    }
    for (const { nodeId, status } of report.nodes) kept.nodes.set(nodeId, status);
    Object.assign(kept, { epoch, ackedSeq: seq, heardAt: this.#now() });
    const vouchedAt = this.#parts.vouchedBy(report, this.#now());
    if (vouchedAt !== null) this.#vouch(clusterId, vouchedAt);
    ack();
    session.confirm(report);
    this.#push(clusterId);
    return null;
  }

  /** What no agent says that keeps to the protocol. */
  #checkReport(kept: Kept, report: Report): void {
    const { clusterId, epoch } = report;
    if (epoch > kept.epoch && report.full !== true) this.faults.push(`${clusterId}: epoch ${epoch} does not begin with the whole state`);
  }

  #storePod(kept: Kept, epoch: number, pod: PodReport): void {
    const object = kept.objects.get(pod.placementId);
    if (object?.kind !== "placement" || !this.#data.revisions.get(object.applicationId)?.has(pod.revisionId)) return;
    kept.pods.set(pod.id, { epoch, placementId: pod.placementId, key: podKey(pod) });
  }

  #confirm(kept: Kept, object: Assigned, said: { readonly term: number; readonly generation: number; readonly removed?: boolean | undefined }): void {
    const { term } = this.#data;
    if (said.term - kept.termOffset !== term || said.generation > object.generation) return;
    if (object.spec === null && said.generation === object.generation && said.removed !== true) return;
    if (object.confirmedTerm === term && object.confirmedGeneration >= said.generation) return;
    Object.assign(object, { confirmedTerm: term, confirmedGeneration: said.generation });
  }

  // -------------------------------------------------------------- assignments

  #push(clusterId: string): void {
    const session = this.#sessions.get(clusterId);
    if (session === undefined) return;
    const { objects } = this.#cluster(clusterId);
    session.sendStrays();
    const pending = [...objects].filter(([, { generation, confirmedGeneration }]) => confirmedGeneration < generation).map(([objectId, { generation }]) => ({ clusterId, objectId, generation }));
    const contents = new Map<string, string | null>();
    const sendable = session.unsent(pending).flatMap((objectId): Sendable[] => {
      const object = objects.get(objectId);
      if (object === undefined) return [];
      const { generation, kind, spec } = object;
      if (kind === "service" || spec === null || !("templateHash" in spec)) return [{ objectId, generation, kind, spec, template: null } as Sendable];
      for (const { content } of spec.configs ?? []) {
        if (content === this.#data.wanted.content && session.sealingKey !== null && !session.holds(content)) contents.set(content, seal(session.sealingKey, JSON.stringify({ entries: entriesOf(content) }), content));
      }
      const body = templateOf(spec.templateHash);
      return body ? [{ objectId, generation, kind: "placement", spec, template: { hash: spec.templateHash, body } }] : [];
    });
    session.send(sendable, contents);
  }
}
