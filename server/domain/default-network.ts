/**
 * The network that placements use when none is named: each tenant has one on each cluster, made on first use, owned by the platform.
 * The subnet has 4,096 addresses; without its network, gateway and broadcast address 4,093 are for pods.
 */
export const DEFAULT_VPC = { name: "default-vpc", cidr: "10.0.0.0/16" } as const;
export const DEFAULT_SUBNET = { name: "default-subnet", cidr: "10.0.0.0/20", gateway: "10.0.0.1" } as const;
