/**
 * Windows of metrics into the database. A transaction holds whole windows of some clusters, each with all its rows, so a window is there or it is not. It is known by
 * (cluster, time): one that is there already changes nothing, whoever brings it again. An answer leaves after the commit.
 *
 * Whose a placement is follows from our own assignment on the cluster that the window came from; what was not assigned there is dropped. What a node or cluster has is
 * what its hello said of it.
 */
import type { PoolClient } from "pg";
import { addLost, addRecords, addTotals, emptyTotals, RECORD_BYTES, recordsFault, setCapacity, TOTAL_BYTES, type Totals, uuidBytes, writeTotals } from "../domain/metric-values.ts";
import { AHEAD_MS, LATEST_MS } from "../domain/metric-times.ts";
import type { Samples } from "../fleet/link.ts";

/** Stands for everybody. */
export const ALL_TENANTS = "00000000-0000-0000-0000-000000000000";
/** Of a node, or a tenant's share of it: its id and totals. */
export const NODE_BYTES = 16 + TOTAL_BYTES;

export interface Capacity {
  readonly cpuMillis: number;
  readonly memoryMiB: number;
}

/** Of a cluster in a window; of a cluster's windows at most one is stored for each SAMPLE_MS. So there is a bound to what one agent can fill. */
const MOST_PODS = 100_000;

/** A window that can be stored: it was looked through. */
export interface Window {
  readonly clusterId: string;
  readonly at: number;
  readonly nodeIds: readonly string[];
  /** By the index of the node. */
  readonly capacities: readonly Capacity[];
  readonly placements: readonly { readonly placementId: string; readonly lostRps: number; readonly pods: Buffer }[];
}

/** @param nodes what the cluster said to have, by id. @returns words for the agent where it may not say so */
export function windowOf({ clusterId, at, nodes: nodeIds, placements }: Samples, nodes: ReadonlyMap<string, Capacity>): Window | string {
  const capacities = nodeIds.map((id) => nodes.get(id));
  if (capacities.includes(undefined)) return "samples name a node that is not the cluster's";
  const decoded = placements.map(({ placementId, lostRps, pods }) => ({ placementId, lostRps, pods: Buffer.from(pods, "base64") }));
  for (const { pods } of decoded) {
    const fault = recordsFault(pods, nodeIds.length);
    if (fault !== null) return `samples ${fault}`;
  }
  const pods = decoded.reduce((sum, one) => sum + one.pods.length / RECORD_BYTES, 0);
  if (pods > MOST_PODS) return `samples have ${pods} pods; a window has at most ${MOST_PODS}`;
  return { clusterId, at, nodeIds, capacities: capacities as Capacity[], placements: decoded };
}

/** Whether it is neither too late nor ahead of the clock. */
export const isInTime = (at: number, now: number): boolean => at >= now - LATEST_MS && at <= now + AHEAD_MS;

export interface PlacementOwner {
  readonly tenantId: string;
  readonly applicationId: string;
  readonly namespaceId: string;
}

/** Whose these placements on these clusters are, by `cluster placement`. The clusters are those of the transaction's scope. */
export async function placementOwners(client: PoolClient, windows: readonly Window[]): Promise<Map<string, PlacementOwner>> {
  const asked = windows.flatMap(({ clusterId, placements }) => placements.map(({ placementId }) => [clusterId, placementId] as const));
  if (asked.length === 0) return new Map();
  const { rows } = await client.query<{ cluster_id: string; object_id: string; tenant_id: string; application_id: string; namespace_id: string }>({
    name: "metric-owners",
    text: `select a.cluster_id, a.object_id, a.tenant_id, a.application_id, a.namespace_id
      from unnest($1::uuid[], $2::uuid[]) asked (cluster_id, object_id)
      cross join lateral (select * from assignment a where a.cluster_id = asked.cluster_id and a.object_id = asked.object_id and a.kind = 'placement' offset 0) a`,
    values: [asked.map(([clusterId]) => clusterId), asked.map(([, placementId]) => placementId)],
  });
  return new Map(rows.map((row) => [`${row.cluster_id} ${row.object_id}`, { tenantId: row.tenant_id, applicationId: row.application_id, namespaceId: row.namespace_id }]));
}

/** Stores windows of clusters of the transaction's scope. @returns how many pods were measured */
export async function storeWindows(client: PoolClient, windows: readonly Window[]): Promise<number> {
  const owners = await placementOwners(client, windows);
  const rows = new Rows();
  for (const window of windows) addWindow(rows, window, owners);
  const bytes = rows.bytes();
  // Never more than is there: rows of a window are all stored, or all there.
  await client.query({ name: "metric-windows", text: STORE_WINDOWS, values: [...rows.windows.values(), bytes] });
  await client.query({ name: "metric-shares", text: STORE_SHARES, values: [...rows.shares.values(), bytes] });
  return rows.pods;
}

function addWindow(rows: Rows, { clusterId, at, nodeIds, capacities, placements }: Window, owners: ReadonlyMap<string, PlacementOwner>): void {
  const shares = new Map([[ALL_TENANTS, new Share(nodeIds, capacities)]]);
  const all = shares.get(ALL_TENANTS) as Share;
  for (const { placementId, lostRps, pods } of placements) {
    const owner = owners.get(`${clusterId} ${placementId}`);
    if (owner === undefined) continue;
    let share = shares.get(owner.tenantId);
    if (share === undefined) shares.set(owner.tenantId, (share = new Share(nodeIds, capacities)));
    const totals = emptyTotals();
    const own = share;
    // Of the nodes that it is on: there may be many more of both.
    const belongsTo = new Map<number, readonly Totals[]>();
    addRecords(pods, (node) => {
      let to = belongsTo.get(node);
      if (to === undefined) belongsTo.set(node, (to = [totals, all.node(node), own.node(node)]));
      return to;
    });
    // Requests that are lost reach no node.
    addLost(totals, lostRps);
    for (const each of [all, share]) addLost(each.lost, lostRps);
    rows.addWindow({ ...owner, clusterId, placementId, at, totals, pods });
  }
  for (const [tenantId, share] of shares) rows.addShare({ tenantId, clusterId, at, ...share.written() });
}

/** What a tenant's pods use of a cluster and its nodes. */
class Share {
  readonly #nodeIds: readonly string[];
  readonly #capacities: readonly Capacity[];
  readonly #nodes: Totals[];
  readonly lost = emptyTotals();
  readonly node = (index: number): Totals => this.#nodes[index] as Totals;

  constructor(nodeIds: readonly string[], capacities: readonly Capacity[]) {
    this.#nodeIds = nodeIds;
    this.#capacities = capacities;
    this.#nodes = nodeIds.map(() => emptyTotals());
  }

  written(): { readonly totals: Totals; readonly nodes: Buffer } {
    const totals = this.lost;
    const nodes = Buffer.alloc(this.#nodes.length * NODE_BYTES);
    for (const [index, node] of this.#nodes.entries()) {
      addTotals(totals, node);
      setCapacity(node, this.#capacities[index] as Capacity);
      uuidBytes(this.#nodeIds[index] as string).copy(nodes, index * NODE_BYTES);
      writeTotals(node, nodes, index * NODE_BYTES + 16);
    }
    setCapacity(totals, {
      cpuMillis: this.#capacities.reduce((sum, { cpuMillis }) => sum + cpuMillis, 0),
      memoryMiB: this.#capacities.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
    });
    return { totals, nodes };
  }
}

/** All bytes go as one parameter, in binary, and rows say where theirs are. */
class Rows {
  readonly windows = new Columns(["tenantId", "applicationId", "namespaceId", "clusterId", "placementId", "at", "totalsAt", "restAt", "restLength"]);
  readonly shares = new Columns(["tenantId", "clusterId", "at", "totalsAt", "restAt", "restLength"]);
  pods = 0;
  readonly #parts: Buffer[] = [];
  #length = 0;

  addWindow({ totals, pods, at, ...ids }: PlacementOwner & { readonly clusterId: string; readonly placementId: string; readonly at: number; readonly totals: Totals; readonly pods: Buffer }): void {
    this.pods += totals[0] as number;
    this.windows.add({ ...ids, at: new Date(at), ...this.#written(totals, pods) });
  }

  addShare({ totals, nodes, at, ...ids }: { readonly tenantId: string; readonly clusterId: string; readonly at: number; readonly totals: Totals; readonly nodes: Buffer }): void {
    this.shares.add({ ...ids, at: new Date(at), ...this.#written(totals, nodes) });
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts, this.#length);
  }

  #written(totals: Totals, rest: Buffer): Record<"totalsAt" | "restAt" | "restLength", number> {
    const written = Buffer.alloc(TOTAL_BYTES);
    writeTotals(totals, written, 0);
    return { totalsAt: this.#put(written), restAt: this.#put(rest), restLength: rest.length };
  }

  /** Where it stands, counted from 1. */
  #put(bytes: Buffer): number {
    const at = this.#length + 1;
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return at;
  }
}

class Columns<Name extends string> {
  readonly #columns: Readonly<Record<string, unknown[]>>;
  readonly #names: readonly Name[];

  constructor(names: readonly Name[]) {
    this.#names = names;
    this.#columns = Object.fromEntries(names.map((name) => [name, []]));
  }

  add(row: Readonly<Record<Name, unknown>>): void {
    for (const name of this.#names) this.#columns[name]?.push(row[name]);
  }

  values(): unknown[][] {
    return this.#names.map((name) => this.#columns[name] ?? []);
  }
}

const STORE_WINDOWS = `
insert into metric_window (tenant_id, application_id, namespace_id, cluster_id, placement_id, at, totals, pods)
select r.tenant_id, r.application_id, r.namespace_id, r.cluster_id, r.placement_id, r.at, substring($10::bytea from r.totals_at for ${TOTAL_BYTES}), substring($10 from r.rest_at for r.rest_length)
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::int[], $8::int[], $9::int[])
  r (tenant_id, application_id, namespace_id, cluster_id, placement_id, at, totals_at, rest_at, rest_length)
on conflict do nothing`;

const STORE_SHARES = `
insert into metric_share (tenant_id, cluster_id, at, totals, nodes)
select r.tenant_id, r.cluster_id, r.at, substring($7::bytea from r.totals_at for ${TOTAL_BYTES}), substring($7 from r.rest_at for r.rest_length)
from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::int[], $5::int[], $6::int[]) r (tenant_id, cluster_id, at, totals_at, rest_at, rest_length)
on conflict do nothing`;
