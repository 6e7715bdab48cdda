import { ASSIGN_WINDOW, BATCH_LIMIT, type Assign, type GatewayConnection, type Hello, type Report } from "../fleet/link.ts";
import type { Pending, Sendable } from "./assignments.ts";
import type { Welcomed } from "./hello.ts";

/** Templates in one message, in characters of JSON, beyond which it is sent: a message has to stay small enough for any transport. */
const TEMPLATE_BUDGET = 512 * 1_024;

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
  readonly #unconfirmed = new Map<string, { readonly generation: number; readonly tombstone: boolean }>();
  /** Objects that the agent holds and the centre does not know, and the generation of the tombstone that is to take them back. */
  readonly #strays: Map<string, number>;
  /** Hashes of the templates that the agent has. */
  readonly #templates: Set<string>;
  /** Reports received and not stored yet. */
  pendingReports = 0;

  /** `term` is the database's own. */
  constructor(connection: GatewayConnection, hello: Hello, term: number, { termOffset, strays }: Pick<Welcomed, "termOffset" | "strays">) {
    this.clusterId = hello.clusterId;
    this.connection = connection;
    this.term = term + termOffset;
    this.termOffset = termOffset;
    this.#strays = new Map(strays);
    this.#templates = new Set(hello.templates);
  }

  get window(): number {
    return ASSIGN_WINDOW - this.#unconfirmed.size;
  }

  /** Which of these are still to be sent, as many as the window has room for. */
  unsent(pending: readonly Pending[]): string[] {
    const unsent = pending.filter(({ objectId, generation }) => (this.#unconfirmed.get(objectId)?.generation ?? 0) < generation).map(({ objectId }) => objectId);
    const fresh = unsent.filter((objectId) => !this.#unconfirmed.has(objectId)).slice(0, Math.max(0, this.window));
    return [...unsent.filter((objectId) => this.#unconfirmed.has(objectId)), ...fresh];
  }

  sendStrays(): void {
    const objects = [...this.#strays].slice(0, Math.max(0, this.window)).map(([objectId, generation]) => ({ objectId, kind: "placement" as const, generation, spec: null, template: null }));
    for (const { objectId } of objects) this.#strays.delete(objectId);
    this.send(objects);
  }

  /** In messages of at most BATCH_LIMIT objects, each with the templates that the agent lacks. */
  send(objects: readonly Sendable[]): void {
    let batch: Sendable[] = [];
    let templates: Record<string, NonNullable<Sendable["template"]>["body"]> = {};
    let size = 0;
    const flush = (): void => {
      if (batch.length === 0) return;
      const message: Assign = { type: "assign", clusterId: this.clusterId, term: this.term, templates, objects: batch.map(({ template: _, ...object }) => object) };
      this.connection.send(message);
      batch = [];
      templates = {};
      size = 0;
    };
    for (const object of objects) {
      const { template } = object;
      if (template && !this.#templates.has(template.hash)) {
        size += JSON.stringify(template.body).length;
        templates[template.hash] = template.body;
        this.#templates.add(template.hash);
      }
      batch.push(object);
      this.#unconfirmed.set(object.objectId, { generation: object.generation, tombstone: object.spec === null });
      if (batch.length >= BATCH_LIMIT || size >= TEMPLATE_BUDGET) flush();
    }
    flush();
  }

  /** Makes room in the window. Returns whether it was full. */
  confirm(report: Report): boolean {
    const full = this.window <= 0;
    for (const { placementId, term, generation, removed } of report.placements) {
      const sent = this.#unconfirmed.get(placementId);
      if (sent && term === this.term && (generation > sent.generation || (generation === sent.generation && (!sent.tombstone || removed === true)))) {
        this.#unconfirmed.delete(placementId);
      }
    }
    return full && this.window > 0;
  }
}
