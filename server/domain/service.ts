import type { Protocol } from "./pod-template.ts";

/** A stable address inside a VPC, over the pods of one application on one cluster. */
export const SERVICE_TYPES = ["CLUSTER_IP"] as const;
export type ServiceType = (typeof SERVICE_TYPES)[number];

export interface ServicePort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly containerPort: number;
}

/** As the cluster's agent is to make it. The object's id is the service's; its endpoints are the ready pods, which the agent knows by itself. */
export interface ServiceSpec {
  readonly tenantId: string;
  readonly applicationId: string;
  readonly namespace: string;
  readonly name: string;
  readonly vpcId: string;
  readonly clusterIp: string;
  readonly ports: readonly ServicePort[];
}

/**
 * Where cluster IPs come from: each tenant's services on a cluster have their own addresses of this block. It lies in the shared address space
 * (RFC 6598), which no VPC can have, so that a service's address is never a pod's.
 */
export const SERVICE_RANGE = { cidr: "100.96.0.0/16", first: "100.96.0.1", addresses: 65_534 } as const;
