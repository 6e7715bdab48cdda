/** The stored words of every enumeration: each equals the name in the public schema, letter for letter. */
export const ROLES = ["VIEWER", "OPERATOR", "OWNER", "PLATFORM_ADMIN"] as const;
export type Role = (typeof ROLES)[number];

export const APPLICATION_STATUSES = ["PENDING", "DEPLOYING", "RUNNING", "UPDATING", "DEGRADED", "STOPPED", "COMPLETED", "FAILED", "DELETING"] as const;
export type ApplicationStatus = (typeof APPLICATION_STATUSES)[number];

export const POD_PHASES = ["PENDING", "STARTING", "RUNNING", "SUCCEEDED", "FAILED", "TERMINATING", "UNKNOWN"] as const;
export type PodPhase = (typeof POD_PHASES)[number];

export const CONTAINER_STATES = ["WAITING", "RUNNING", "TERMINATED"] as const;
export type ContainerState = (typeof CONTAINER_STATES)[number];

export const OPERATION_STATES = ["PENDING", "RUNNING", "PAUSED", "STALLED", "SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "ROLLED_BACK", "CANCELLED", "SUPERSEDED"] as const;
export type OperationState = (typeof OPERATION_STATES)[number];
const TERMINAL_OPERATION_STATES: ReadonlySet<OperationState> = new Set(["SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "ROLLED_BACK", "CANCELLED", "SUPERSEDED"]);
export const isTerminal = (state: OperationState): boolean => TERMINAL_OPERATION_STATES.has(state);

/** What an operation that works its way back ends as. */
export type OperationEnding = "ROLLED_BACK" | "CANCELLED";

export const ROLLOUT_STRATEGIES = ["FULL", "CANARY"] as const;
export type RolloutStrategy = (typeof ROLLOUT_STRATEGIES)[number];
/** ABORTED: stopped, old and new stand side by side. ROLLED_BACK: all on the old one again. */
export const ROLLOUT_STATES = ["PROGRESSING", "PAUSED", "SUCCEEDED", "ABORTING", "ABORTED", "ROLLED_BACK", "FAILED"] as const;
export type RolloutState = (typeof ROLLOUT_STATES)[number];

export const SECRET_TYPES = ["OPAQUE", "REGISTRY", "TLS"] as const;
export type SecretType = (typeof SECRET_TYPES)[number];

export const OPERATION_KINDS = [
  "CREATE_APPLICATION", "UPGRADE_APPLICATION", "UPDATE_DISTRIBUTION", "SCALE_APPLICATION", "RESTART_APPLICATION", "STOP_APPLICATION",
  "START_APPLICATION", "ROLL_BACK_APPLICATION", "DELETE_APPLICATION", "CREATE_VPC", "DELETE_VPC", "CREATE_SUBNET", "DELETE_SUBNET", "CREATE_SERVICE",
  "UPDATE_SERVICE", "DELETE_SERVICE", "CREATE_NAT_GATEWAY", "UPDATE_NAT_GATEWAY", "DELETE_NAT_GATEWAY", "CREATE_LOAD_BALANCER",
  "UPDATE_LOAD_BALANCER", "DELETE_LOAD_BALANCER", "CREATE_NETWORK_ACL", "UPDATE_NETWORK_ACL", "DELETE_NETWORK_ACL", "UPDATE_CONFIG", "WARM_IMAGE", "IMPORT_MANIFESTS",
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

export const WORKLOAD_KINDS = ["DEPLOYMENT", "STATEFUL_SET", "JOB", "CRON_JOB"] as const;
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];
export const CAPACITY_TYPES = ["ON_DEMAND", "SPOT", "OFF_PEAK"] as const;
export type CapacityType = (typeof CAPACITY_TYPES)[number];
export const AFFINITY_KINDS = ["NODE", "NODE_ANTI", "APPLICATION", "APPLICATION_ANTI"] as const;
export type AffinityKind = (typeof AFFINITY_KINDS)[number];
export const AFFINITY_TOPOLOGIES = ["NODE", "CLUSTER", "REGION"] as const;
export type AffinityTopology = (typeof AFFINITY_TOPOLOGIES)[number];
export const CLUSTER_TIERS = ["CENTER", "EDGE", "CDN"] as const;
export type ClusterTier = (typeof CLUSTER_TIERS)[number];
export const ISPS = ["TELECOM", "UNICOM", "MOBILE", "MULTI_LINE"] as const;
export type Isp = (typeof ISPS)[number];
export const CLUSTER_STATUSES = ["ONLINE", "DISCONNECTED"] as const;
export type ClusterStatus = (typeof CLUSTER_STATUSES)[number];
export const CLUSTER_NODE_STATUSES = ["READY", "NOT_READY"] as const;
export type ClusterNodeStatus = (typeof CLUSTER_NODE_STATUSES)[number];
export const EVENT_TYPES = ["NORMAL", "WARNING"] as const;
export type EventType = (typeof EVENT_TYPES)[number];
export const FAULT_KINDS = ["DISCONNECT_CLUSTER", "FAIL_NODE", "CRASH_POD", "SLOW_IMAGE_PULL", "RECLAIM_SPOT"] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];
/** What of a cluster's messages is lost: all, what it says, what it is told, or now all and now none. */
export const DISCONNECT_MODES = ["BOTH_WAYS", "TO_CENTRE", "TO_CLUSTER", "FLAPPING"] as const;
export type DisconnectMode = (typeof DISCONNECT_MODES)[number];
export const NETWORK_TYPES = ["VPC", "HOST"] as const;
export type NetworkType = (typeof NETWORK_TYPES)[number];
export const NETWORK_STATUSES = ["PENDING", "ACTIVE", "UPDATING", "FAILED", "DELETING"] as const;
export type NetworkStatus = (typeof NETWORK_STATUSES)[number];
export const AUDIT_OUTCOMES = ["ACCEPTED", "REFUSED"] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** A number of replicas, or a share of the desired ones in percent: exactly one is set. */
export type IntOrPercent = { readonly count: number; readonly percent?: null } | { readonly count?: null; readonly percent: number };
export interface UpdateStrategy {
  readonly maxUnavailable: IntOrPercent;
  readonly maxSurge: IntOrPercent;
}
export const DEFAULT_UPDATE_STRATEGY: UpdateStrategy = { maxUnavailable: { percent: 25 }, maxSurge: { percent: 25 } };

/** A cluster that has been silent for so long (seconds) is stale: what it last said is shown with its age. */
export const STALE_AFTER_SECONDS = 30;
