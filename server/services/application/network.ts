/** Which VPC and subnet placements use: the named ones, or the tenant's default ones on that cluster, made here on first use. */
import { randomUUIDv7 } from "node:crypto";
import { DEFAULT_SUBNET, DEFAULT_VPC } from "../../domain/default-network.ts";
import type { PlacementInput } from "../../domain/distribution.ts";
import { type DomainError, invalid, notFound, refusal } from "../../domain/errors.ts";
import { uuidOf } from "../../domain/ids.ts";
import { Subnet } from "../../entities/subnet.ts";
import { Vpc } from "../../entities/vpc.ts";
import type { Transaction } from "../transaction.ts";

export interface Network {
  readonly vpcId: string;
  /** null with HOST. */
  readonly subnetId: string | null;
}

export interface NetworkRequest {
  readonly path: readonly string[];
  readonly clusterId: string;
  readonly input: Pick<PlacementInput, "vpcId" | "subnetId" | "networkType">;
}

/** Networks in the order of the requests. `clusterId` is a uuid here. Errors instead, when a request names what it may not. */
export async function findNetworks(
  tx: Transaction,
  requests: readonly NetworkRequest[],
): Promise<{ networks: Network[]; errors: DomainError[] }> {
  const named = await loadNamed(tx, requests);
  const defaults = await ensureDefaults(
    tx,
    requests.filter(({ input }) => !input.vpcId && !input.subnetId).map(({ clusterId }) => clusterId),
  );
  const networks: Network[] = [];
  const errors: DomainError[] = [];
  for (const request of requests) {
    const found = defaultFor(request, defaults) ?? choose(request, named);
    if ("kind" in found) errors.push(found);
    else networks.push({ vpcId: found.vpcId, subnetId: request.input.networkType === "HOST" ? null : found.subnetId });
  }
  return { networks, errors };
}

const defaultFor = ({ clusterId, input }: NetworkRequest, defaults: ReadonlyMap<string, Network>): Network | null =>
  input.vpcId || input.subnetId ? null : (defaults.get(clusterId) ?? null);

interface Named {
  readonly vpcs: ReadonlyMap<string, Vpc>;
  readonly subnets: ReadonlyMap<string, Subnet>;
  /** Oldest first. */
  readonly subnetsOfVpc: ReadonlyMap<string, readonly Subnet[]>;
}

async function loadNamed(tx: Transaction, requests: readonly NetworkRequest[]): Promise<Named> {
  const ids = (type: string, texts: readonly (string | null | undefined)[]): string[] =>
    texts.flatMap((text) => (text ? (uuidOf(type, text) ?? []) : []));
  const { tenantId } = tx.actor;
  const namedSubnets = ids(
    "Subnet",
    requests.map(({ input }) => input.subnetId),
  );
  const subnets = namedSubnets.length === 0 ? [] : await tx.em.find(Subnet, { tenantId, id: { $in: namedSubnets } });
  const vpcIds = [
    ...ids(
      "Vpc",
      requests.map(({ input }) => input.vpcId),
    ),
    ...subnets.map((subnet) => subnet.vpcId),
  ];
  if (vpcIds.length === 0) return { vpcs: new Map(), subnets: new Map(), subnetsOfVpc: new Map() };
  const vpcs = await tx.em.find(Vpc, { tenantId, id: { $in: vpcIds } });
  const all = await tx.em.find(Subnet, { tenantId, vpcId: { $in: vpcIds } }, { orderBy: { createdAt: "asc", id: "asc" } });
  return {
    vpcs: new Map(vpcs.map((vpc) => [vpc.id, vpc])),
    subnets: new Map(subnets.map((subnet) => [subnet.id, subnet])),
    subnetsOfVpc: Map.groupBy(all, (subnet) => subnet.vpcId),
  };
}

function choose({ path, clusterId, input }: NetworkRequest, named: Named): DomainError | Network {
  const subnet = input.subnetId ? named.subnets.get(uuidOf("Subnet", input.subnetId) ?? "") : undefined;
  if (input.subnetId && !subnet) return notFound([...path, "subnetId"], "There is no such subnet.");
  const vpc = input.vpcId ? named.vpcs.get(uuidOf("Vpc", input.vpcId) ?? "") : named.vpcs.get(subnet?.vpcId ?? "");
  if (!vpc) return notFound([...path, "vpcId"], "There is no such VPC.");
  if (vpc.clusterId !== clusterId) {
    return refusal(
      "VPC_MISMATCH",
      [...path, input.vpcId ? "vpcId" : "subnetId"],
      `VPC ${vpc.name} is on another cluster than this placement.`,
    );
  }
  if (subnet && subnet.vpcId !== vpc.id)
    return refusal("VPC_MISMATCH", [...path, "subnetId"], `Subnet ${subnet.name} is not in VPC ${vpc.name}.`);
  const chosen = subnet ?? named.subnetsOfVpc.get(vpc.id)?.[0];
  if (!chosen) return invalid([...path, "vpcId"], `VPC ${vpc.name} has no subnet.`);
  return { vpcId: vpc.id, subnetId: chosen.id };
}

/** Several transactions may be the first at once: one inserts, the others wait and find its rows. In one order, so that none deadlock. */
async function ensureDefaults(tx: Transaction, clusterIds: readonly string[]): Promise<Map<string, Network>> {
  const wanted = [...new Set(clusterIds)].toSorted();
  const known = await loadDefaults(tx, wanted);
  const missing = wanted.filter((clusterId) => !known.has(clusterId));
  if (missing.length === 0) return known;
  const { tenantId } = tx.actor;
  const vpcs = await tx.em.execute<{ id: string }[]>(
    `insert into vpc (tenant_id, id, cluster_id, name, cidr, is_default, status, version, created_at)
     values ${missing.map(() => "(?, ?, ?, ?, ?, true, 'ACTIVE', 1, ?)").join(", ")}
     on conflict (tenant_id, cluster_id, name) do nothing returning id`,
    missing.flatMap((clusterId) => [tenantId, randomUUIDv7(), clusterId, DEFAULT_VPC.name, DEFAULT_VPC.cidr, tx.at]),
  );
  tx.changed("vpc", ...vpcs.map((vpc) => vpc.id));
  const owners = await tx.em.find(Vpc, { tenantId, clusterId: { $in: missing }, isDefault: true }, { orderBy: { clusterId: "asc" } });
  const subnets = await tx.em.execute<{ id: string }[]>(
    `insert into subnet (tenant_id, id, vpc_id, cluster_id, name, cidr, gateway, is_default, status, created_at)
     values ${owners.map(() => "(?, ?, ?, ?, ?, ?, ?, true, 'ACTIVE', ?)").join(", ")}
     on conflict (tenant_id, vpc_id, name) do nothing returning id`,
    owners.flatMap((vpc) => [
      tenantId,
      randomUUIDv7(),
      vpc.id,
      vpc.clusterId,
      DEFAULT_SUBNET.name,
      DEFAULT_SUBNET.cidr,
      DEFAULT_SUBNET.gateway,
      tx.at,
    ]),
  );
  tx.changed("subnet", ...subnets.map((subnet) => subnet.id));
  return loadDefaults(tx, wanted);
}

async function loadDefaults(tx: Transaction, clusterIds: readonly string[]): Promise<Map<string, Network>> {
  if (clusterIds.length === 0) return new Map();
  const subnets = await tx.em.find(Subnet, { tenantId: tx.actor.tenantId, clusterId: { $in: [...clusterIds] }, isDefault: true });
  return new Map(subnets.map((subnet) => [subnet.clusterId, { vpcId: subnet.vpcId, subnetId: subnet.id }]));
}
