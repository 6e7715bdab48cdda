import type { Pool, PoolClient } from "pg";
import { inPoolScope } from "../database/scope.ts";
import type { PlacementSpec } from "../domain/placement.ts";
import type { PodTemplate } from "../domain/pod-template.ts";
import type { ServiceSpec } from "../domain/service.ts";
import { type AssignedObject, ASSIGN_WINDOW } from "../fleet/link.ts";

/** An assignment that its cluster has not confirmed. */
export interface Pending {
  readonly clusterId: string;
  readonly objectId: string;
  readonly generation: number;
}

/** An assignment as it is sent, with the template that its spec names. */
export type Sendable = AssignedObject & {
  readonly template: { readonly hash: string; readonly body: PodTemplate } | null;
};

/** What clusters have not confirmed, at most ASSIGN_WINDOW objects each, in a fixed order: the window moves on as they confirm. */
export async function findPending(pool: Pool, clusterIds: readonly string[]): Promise<Pending[]> {
  if (clusterIds.length === 0) return [];
  return inPoolScope(pool, { clusterIds }, async (client) => {
    const { rows } = await client.query<Pending>({ name: "find-pending", text: PENDING, values: [clusterIds, ASSIGN_WINDOW] });
    return rows;
  });
}

/**
 * The newest of these objects, by cluster, each with the ids of its own. Templates come from a cache that is shared by all clusters: a hash says what
 * is in it.
 */
export async function loadSendable(pool: Pool, wanted: ReadonlyMap<string, readonly string[]>, templates: TemplateCache): Promise<Map<string, Sendable[]>> {
  const pairs = [...wanted].flatMap(([clusterId, objectIds]) => objectIds.map((objectId) => ({ clusterId, objectId })));
  return inPoolScope(pool, { clusterIds: [...wanted.keys()] }, async (client) => {
    const values = [pairs.map(({ clusterId }) => clusterId), pairs.map(({ objectId }) => objectId)];
    const { rows } = await client.query<Row>({ name: "load-assignments", text: LOAD, values });
    await templates.load(client, rows);
    const loaded = new Map<string, Sendable[]>();
    for (const row of rows) {
      const sendable = sendableOf(row, templates);
      if (sendable === null) continue;
      const some = loaded.get(row.cluster_id);
      if (some) some.push(sendable);
      else loaded.set(row.cluster_id, [sendable]);
    }
    return loaded;
  });
}

function sendableOf(row: Row, templates: TemplateCache): Sendable | null {
  const { object_id: objectId, generation } = row;
  if (row.kind === "service") return { objectId, generation, kind: row.kind, spec: row.spec, template: null };
  if (!row.spec) return { objectId, generation, kind: row.kind, spec: null, template: null };
  const body = templates.get(row.spec.templateHash);
  // Its revision went between the two statements: so did the assignment, and a tombstone follows.
  return body ? { objectId, generation, kind: row.kind, spec: row.spec, template: { hash: row.spec.templateHash, body } } : null;
}

type Row = { readonly cluster_id: string; readonly tenant_id: string; readonly object_id: string; readonly generation: number } & (
  | { readonly kind: "placement"; readonly spec: PlacementSpec | null }
  | { readonly kind: "service"; readonly spec: ServiceSpec | null }
);

/** Whose revision holds a template. */
interface TemplateOwner {
  readonly tenantId: string;
  readonly revisionId: string;
}

/** Templates by hash, the most recently used ones. */
export class TemplateCache {
  readonly #limit: number;
  readonly #bodies = new Map<string, PodTemplate>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(hash: string): PodTemplate | undefined {
    const body = this.#bodies.get(hash);
    if (body) {
      this.#bodies.delete(hash);
      this.#bodies.set(hash, body);
    }
    return body;
  }

  /** Makes what these rows name available until the next load, even if that is more than the limit. */
  async load(client: PoolClient, rows: readonly Row[]): Promise<void> {
    const wanted = new Map(rows.flatMap((row): [string, TemplateOwner][] =>
      row.kind === "placement" && row.spec ? [[row.spec.templateHash, { tenantId: row.tenant_id, revisionId: row.spec.revisionId }]] : []));
    // Asking makes those that are here the most recently used, so that others make room.
    const missing = [...wanted].flatMap(([hash, owner]) => (this.get(hash) ? [] : [owner]));
    if (missing.length === 0) return;
    const found = await client.query<{ hash: string; template: PodTemplate }>({
      name: "load-templates", text: TEMPLATES, values: [missing.map(({ tenantId }) => tenantId), missing.map(({ revisionId }) => revisionId)],
    });
    for (const { hash, template } of found.rows) this.#bodies.set(hash, template);
    const surplus = this.#bodies.size - Math.max(this.#limit, wanted.size);
    for (const hash of [...this.#bodies.keys()].slice(0, Math.max(0, surplus))) this.#bodies.delete(hash);
  }
}

/**
 * One walk through the index of what is unconfirmed. A look for each cluster would cost its square: row-level security compares with the whole list of clusters, which
 * Postgres sorts anew at each look.
 */
const PENDING = /* sql */ `
select pending.cluster_id as "clusterId", pending.object_id as "objectId", pending.generation
from (
  select a.cluster_id, a.object_id, a.generation, row_number() over (partition by a.cluster_id order by a.object_id) as place
  from assignment a where a.cluster_id = any ($1::uuid[]) and a.confirmed_generation < a.generation) pending
where pending.place <= $2
order by pending.cluster_id, pending.object_id`;

const LOAD = /* sql */ `
select a.cluster_id, a.tenant_id, a.object_id, a.kind, a.generation, a.spec
from unnest($1::uuid[], $2::uuid[]) as wanted (cluster_id, object_id) join assignment a on a.cluster_id = wanted.cluster_id and a.object_id = wanted.object_id`;

const TEMPLATES = /* sql */ `
select r.template_hash as hash, r.template
from unnest($1::uuid[], $2::uuid[]) as wanted (tenant_id, id) join revision r on r.tenant_id = wanted.tenant_id and r.id = wanted.id`;
