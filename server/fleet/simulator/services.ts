/**
 * A cluster's services: stable addresses over the ready pods of an application. A service's endpoints are those pods' addresses, at any moment.
 * Pods on their nodes' network have no address of their own and are none: the nodes of a fleet's description have no addresses.
 * An address belongs to the service of a tenant that had it first; another one that is assigned it has none, and no endpoints, until it is free.
 */
import type { ServiceSpec } from "../link.ts";
import { formatIpv4, parseIpv4 } from "./addresses.ts";
import type { ClusterParts } from "./parts.ts";
import { slotsOf } from "./placements.ts";
import { READY } from "./pods.ts";
import type { FoundService } from "./shell/world.ts";

export interface Endpoint {
  readonly podId: string;
  readonly address: string;
}

export class Services {
  readonly #parts: ClusterParts;
  readonly #serviceChanged: (serviceId: string) => void;
  readonly #services = new Map<string, ServiceSpec>();
  /** Ids of the services that were assigned a tenant's address, first come first. */
  readonly #claims = new Map<string, string[]>();

  /** @param serviceChanged is told of a service that has got its address, or lost it. */
  constructor(parts: ClusterParts, serviceChanged: (serviceId: string) => void) {
    this.#parts = parts;
    this.#serviceChanged = serviceChanged;
  }

  /** Sets what a service should be; null removes it. */
  assign(serviceId: string, spec: ServiceSpec | null): void {
    const before = this.#services.get(serviceId);
    if (spec === null) this.#services.delete(serviceId);
    else this.#services.set(serviceId, spec);
    const from = before === undefined ? null : claimOf(before);
    const to = spec === null ? null : claimOf(spec);
    if (from === to) return;
    if (from !== null) this.#giveUp(from, serviceId);
    if (to === null) return;
    const claims = this.#claims.get(to) ?? [];
    this.#claims.set(to, [...claims, serviceId]);
  }

  /** Why it can't be carried out; null when it is, or when there is no such service. */
  problem(serviceId: string): string | null {
    const spec = this.#services.get(serviceId);
    if (spec === undefined) return null;
    try {
      parseIpv4(spec.clusterIp);
    } catch (error) {
      return (error as Error).message;
    }
    const [owner] = this.#claims.get(claimOf(spec)) ?? [];
    if (owner === undefined || owner === serviceId) return null;
    return `The address ${spec.clusterIp} belongs to the service "${this.#services.get(owner)?.name}" here.`;
  }

  /** The ready pods behind a service, by their addresses; null when there is no such service. */
  endpointsOf(serviceId: string): readonly Endpoint[] | null {
    const spec = this.#services.get(serviceId);
    if (spec === undefined) return null;
    if (this.problem(serviceId) !== null) return [];
    const { placements, pods } = this.#parts;
    const found: { podId: string; address: number }[] = [];
    for (const placement of placements.all()) {
      if (placement.spec?.applicationId !== spec.applicationId) continue;
      for (const slot of slotsOf(placement, pods)) {
        const address = pods.address[slot] as number;
        if (pods.state[slot] === READY && address !== 0) found.push({ podId: pods.ids[slot] as string, address });
      }
    }
    return found.toSorted((a, b) => a.address - b.address).map(({ podId, address }) => ({ podId, address: formatIpv4(address) }));
  }

  /** A service that a pod of this namespace reaches, by its name, `name.namespace` or its address; null for none. `vpcId` null: the pod is on its node's network. */
  reachable({ tenantId, namespace, vpcId }: { readonly tenantId: string; readonly namespace: string; readonly vpcId: string | null }, host: string): FoundService | null {
    const [name, of = namespace] = host.replace(/\.svc(\.cluster\.local)?\.?$/, "").split(".");
    for (const [id, spec] of this.#services) {
      if (spec.tenantId !== tenantId || spec.vpcId !== vpcId) continue;
      if (spec.clusterIp !== host && (spec.name !== name || spec.namespace !== of)) continue;
      return { name: spec.name, address: spec.clusterIp, ports: spec.ports.map(({ port }) => port), endpoints: (this.endpointsOf(id) ?? []).map(({ address }) => address) };
    }
    return null;
  }

  #giveUp(claim: string, serviceId: string): void {
    const claims = this.#claims.get(claim) ?? [];
    const left = claims.filter((id) => id !== serviceId);
    if (left.length === 0) this.#claims.delete(claim);
    else this.#claims.set(claim, left);
    if (claims[0] === serviceId && left[0] !== undefined) this.#serviceChanged(left[0]);
  }
}

const claimOf = ({ tenantId, clusterIp }: ServiceSpec): string => `${tenantId} ${clusterIp}`;
