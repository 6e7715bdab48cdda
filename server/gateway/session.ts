import { ASSIGN_WINDOW, BATCH_LIMIT, type Assign, type GatewayConnection, type Hello, type NodeDescription, type Report } from "../fleet/link.ts";
import type { Pending, Sendable } from "./assignments.ts";
import type { Stray, Welcomed } from "./hello.ts";

/** Templates and configuration in one message, in characters, beyond which it is sent: a message has to stay small enough for any transport. */
const BUDGET = 512 * 1_024;

/**
 * One cluster on one connection, from its hello until the connection or the cluster's part of it ends. Knows what was sent to the agent and not
 * confirmed yet: never more than ASSIGN_WINDOW objects, and no object twice in the same generation.
 */
export class ClusterSession {
  readonly clusterId: string;
  readonly connection: GatewayConnection;
  /** As the agent is told. */
  readonly term: number;
  readonly termOffset: number;
  /** What configuration is sealed to; null: the agent can take none, and gets its assignments without. */
  readonly sealingKey: string | null;
  readonly #unconfirmed = new Map<string, { readonly generation: number; readonly tombstone: boolean }>();
  /** Objects that the agent holds and the centre does not know. */
  #strays: readonly Stray[];
  /** Hashes of the templates that the agent has. */
  readonly #templates: Set<string>;
  /** Names of the contents that it has, or was sent. */
  readonly #contents: Set<string>;
  /** What its agent takes, beyond the messages of the first version. */
  readonly takes: ReadonlySet<string>;
  /** Its nodes, by id, as it said hello with them. */
  readonly nodes: ReadonlyMap<string, NodeDescription>;
  /** Reports, and windows of samples, received and not stored yet. */
  pendingReports = 0;
  /** Batches of lines, likewise. */
  pendingLogs = 0;
  pendingSamples = 0;
  /** The same of what terminals have shown. */
  pendingTerminals = 0;

  /** `term` is the database's own. */
  constructor(connection: GatewayConnection, hello: Hello, term: number, { termOffset, strays }: Pick<Welcomed, "termOffset" | "strays">) {
    this.clusterId = hello.clusterId;
    this.connection = connection;
    this.term = term + termOffset;
    this.termOffset = termOffset;
    this.sealingKey = hello.sealingKey ?? null;
    this.#strays = strays;
    this.#templates = new Set(hello.templates);
    this.#contents = new Set(hello.contents);
    this.takes = new Set(hello.takes);
    this.nodes = new Map(hello.description.nodes.map((node) => [node.id, node]));
  }

  get window(): number {
    return ASSIGN_WINDOW - this.#unconfirmed.size;
  }

  holds(content: string): boolean {
    return this.#contents.has(content);
  }

  /** Which of these are still to be sent, as many as the window has room for. */
  unsent(pending: readonly Pending[]): string[] {
    const unsent = pending.filter(({ objectId, generation }) => (this.#unconfirmed.get(objectId)?.generation ?? 0) < generation).map(({ objectId }) => objectId);
    const fresh = unsent.filter((objectId) => !this.#unconfirmed.has(objectId)).slice(0, Math.max(0, this.window));
    return [...unsent.filter((objectId) => this.#unconfirmed.has(objectId)), ...fresh];
  }

  sendStrays(): void {
    const room = Math.max(0, this.window);
    this.send(this.#strays.slice(0, room).map((stray): Sendable => ({ ...stray, spec: null, template: null })));
    this.#strays = this.#strays.slice(room);
  }

  /**
   * In messages of at most BATCH_LIMIT objects, each with the templates and, of `sealed`, the contents that the agent lacks. What is null there can't
   * be sent to anybody.
   */
  send(objects: readonly Sendable[], sealed: ReadonlyMap<string, string | null> = new Map()): void {
    let batch: Sendable[] = [];
    let templates: Record<string, NonNullable<Sendable["template"]>["body"]> = {};
    let contents: Record<string, string> = {};
    let size = 0;
    const flush = (): void => {
      if (batch.length === 0) return;
      const message: Assign = {
        type: "assign", clusterId: this.clusterId, term: this.term, templates, objects: batch.map(({ template: _, ...object }) => object),
        ...(Object.keys(contents).length > 0 ? { contents } : {}),
      };
      this.connection.send(message);
      batch = [];
      templates = {};
      contents = {};
      size = 0;
    };
    for (const object of objects) {
      const { template } = object;
      if (template && !this.#templates.has(template.hash)) {
        size += JSON.stringify(template.body).length;
        templates[template.hash] = template.body;
        this.#templates.add(template.hash);
      }
      for (const { content } of (object.kind === "placement" && object.spec?.configs) || []) {
        const text = this.#contents.has(content) ? null : sealed.get(content);
        if (text === null || text === undefined) continue;
        size += text.length;
        contents[content] = text;
        this.#contents.add(content);
      }
      batch.push(object);
      this.#unconfirmed.set(object.objectId, { generation: object.generation, tombstone: object.spec === null });
      if (batch.length >= BATCH_LIMIT || size >= BUDGET) flush();
    }
    flush();
  }

  /** Makes room in the window. Returns whether it was full. */
  confirm({ placements, services = [] }: Report): boolean {
    const full = this.window <= 0;
    for (const { placementId, ...said } of placements) this.#confirm(placementId, said);
    for (const { serviceId, ...said } of services) this.#confirm(serviceId, said);
    return full && this.window > 0;
  }

  #confirm(objectId: string, { term, generation, removed }: { readonly term: number; readonly generation: number; readonly removed?: boolean }): void {
    const sent = this.#unconfirmed.get(objectId);
    if (sent && term === this.term && (generation > sent.generation || (generation === sent.generation && (!sent.tombstone || removed === true)))) {
      this.#unconfirmed.delete(objectId);
    }
  }
}
