import { SERVICE_TYPES } from "../../server/domain/service.ts";
import {
  AFFINITY_KINDS,
  AFFINITY_TOPOLOGIES,
  APPLICATION_STATUSES,
  AUDIT_OUTCOMES,
  CAPACITY_TYPES,
  CLUSTER_NODE_STATUSES,
  CLUSTER_STATUSES,
  CLUSTER_TIERS,
  CONTAINER_STATES,
  DISCONNECT_MODES,
  FAULT_KINDS,
  EVENT_TYPES,
  ISPS,
  NETWORK_STATUSES,
  NETWORK_TYPES,
  OPERATION_KINDS,
  OPERATION_STATES,
  POD_PHASES,
  ROLES,
  ROLLOUT_STATES,
  ROLLOUT_STRATEGIES,
  SECRET_TYPES,
  WORKLOAD_KINDS,
} from "../../server/domain/states.ts";
import { builder } from "../builder.ts";

/** The words of the domain as the API shows them: each is the stored text, letter for letter. */
export const Role = builder.enumType("Role", {
  description: "VIEWER reads (no secret values, no terminal); OPERATOR also changes; OWNER also manages tokens; PLATFORM_ADMIN also runs the fleet.",
  values: ROLES,
});
export const ApplicationStatus = builder.enumType("ApplicationStatus", { values: APPLICATION_STATUSES });
export const WorkloadKind = builder.enumType("WorkloadKind", { values: WORKLOAD_KINDS });
export const CapacityType = builder.enumType("CapacityType", {
  description: "SPOT pods are cheaper and can be reclaimed; OFF_PEAK work runs only in its clusters' off-peak hours.",
  values: CAPACITY_TYPES,
});
export const NetworkType = builder.enumType("NetworkType", {
  description: "VPC: the pod has an address of its subnet. HOST: it shares its node's address and ports, so two pods with the same port don't share a node.",
  values: NETWORK_TYPES,
});
export const PodPhase = builder.enumType("PodPhase", { values: POD_PHASES });
export const ContainerState = builder.enumType("ContainerState", { values: CONTAINER_STATES });
export const ContainerRuntime = builder.enumType("ContainerRuntime", { values: ["RUNC", "SANDBOX"] as const });
export const AffinityKind = builder.enumType("AffinityKind", { values: AFFINITY_KINDS });
export const AffinityTopology = builder.enumType("AffinityTopology", { values: AFFINITY_TOPOLOGIES });
export const Protocol = builder.enumType("Protocol", { values: ["TCP", "UDP"] as const });
export const ClusterTier = builder.enumType("ClusterTier", { values: CLUSTER_TIERS });
export const Isp = builder.enumType("Isp", { values: ISPS });
export const ClusterStatus = builder.enumType("ClusterStatus", { values: CLUSTER_STATUSES });
export const ClusterNodeStatus = builder.enumType("ClusterNodeStatus", { values: CLUSTER_NODE_STATUSES });
export const NetworkStatus = builder.enumType("NetworkStatus", { values: NETWORK_STATUSES });
export const ServiceType = builder.enumType("ServiceType", { values: SERVICE_TYPES });
export const EventType = builder.enumType("EventType", { values: EVENT_TYPES });
export const OperationKind = builder.enumType("OperationKind", { values: OPERATION_KINDS });
export const OperationState = builder.enumType("OperationState", {
  description:
    "Terminal: SUCCEEDED, PARTIALLY_SUCCEEDED (some clusters did it, some did not), FAILED, ROLLED_BACK (failed and is back where it was: never " +
    "called success), CANCELLED, SUPERSEDED (a newer change of the same object took over). STALLED: no progress for its deadline, still trying.",
  values: OPERATION_STATES,
});
export const RolloutStrategy = builder.enumType("RolloutStrategy", { values: ROLLOUT_STRATEGIES });
export const RolloutState = builder.enumType("RolloutState", {
  description: "ABORTED: stopped, old and new stand side by side. ROLLED_BACK: all on the old one again.",
  values: ROLLOUT_STATES,
});
export const SecretType = builder.enumType("SecretType", {
  description: "REGISTRY holds server, username and password; TLS holds tls.crt and tls.key (PEM, checked that they belong together).",
  values: SECRET_TYPES,
});
export const FaultKind = builder.enumType("FaultKind", {
  description:
    "DISCONNECT_CLUSTER: its messages are lost, as in a black hole. FAIL_NODE: a machine stops answering. CRASH_POD: one container of a pod ends. SLOW_IMAGE_PULL: images " +
    "take several times as long to arrive. RECLAIM_SPOT: pods of the capacity SPOT are taken back, after a short notice.",
  values: FAULT_KINDS,
});
export const DisconnectMode = builder.enumType("DisconnectMode", {
  description: "BOTH_WAYS: everything is lost. TO_CENTRE: what the cluster says. TO_CLUSTER: what it is told. FLAPPING: all of it and nothing of it, by turns.",
  values: DISCONNECT_MODES,
});
export const AuditOutcome = builder.enumType("AuditOutcome", { values: AUDIT_OUTCOMES });
export const OrderDirection = builder.enumType("OrderDirection", { values: ["ASC", "DESC"] as const });
