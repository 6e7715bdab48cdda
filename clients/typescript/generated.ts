/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type AffinityKind =
  | 'APPLICATION'
  | 'APPLICATION_ANTI'
  | 'NODE'
  | 'NODE_ANTI';

/** Labels of clusters: selvedge.io/cluster, selvedge.io/tier, selvedge.io/isp, selvedge.io/province, selvedge.io/city and selvedge.io/region, which is the one of regions. Pods have those of their template and selvedge.io/application, their application's name. */
export type AffinityRuleInput = {
  readonly kind: AffinityKind;
  /** 1 to 10; all of them have to match. */
  readonly labels: ReadonlyArray<LabelInput>;
  readonly required?: boolean;
  readonly topology: AffinityTopology;
  /** 1 to 100. */
  readonly weight?: number;
};

export type AffinityTopology =
  | 'CLUSTER'
  | 'NODE'
  | 'REGION';

export type ApplicationActionInput = {
  readonly applicationId: string;
  /** The version that the caller saw; refused with CONFLICT when it is not the present one any more. */
  readonly expectedVersion?: number | null | undefined;
  /** The same key and input within 24 hours returns the first answer and does nothing again. */
  readonly idempotencyKey?: string | null | undefined;
};

export type ApplicationFilter = {
  /** Placed on one of these. */
  readonly clusterIds?: ReadonlyArray<string> | null | undefined;
  /** In the name, whatever the case. */
  readonly keyword?: string | null | undefined;
  /** With all of these. */
  readonly labels?: ReadonlyArray<LabelInput> | null | undefined;
  /** Exact. */
  readonly names?: ReadonlyArray<string> | null | undefined;
  readonly namespaces?: ReadonlyArray<string> | null | undefined;
  readonly statuses?: ReadonlyArray<ApplicationStatus> | null | undefined;
  readonly workloadKinds?: ReadonlyArray<WorkloadKind> | null | undefined;
};

export type ApplicationOrder = {
  readonly direction: OrderDirection;
  readonly field: ApplicationOrderField;
};

export type ApplicationOrderField =
  | 'CREATED_AT'
  | 'NAME'
  | 'UPDATED_AT';

export type ApplicationStatus =
  | 'COMPLETED'
  | 'DEGRADED'
  | 'DELETING'
  | 'DEPLOYING'
  | 'FAILED'
  | 'PENDING'
  | 'RUNNING'
  | 'STOPPED'
  | 'UPDATING';

/** SPOT pods are cheaper and can be reclaimed; OFF_PEAK work runs only in its clusters' off-peak hours. */
export type CapacityType =
  | 'OFF_PEAK'
  | 'ON_DEMAND'
  | 'SPOT';

export type ClusterFilter = {
  /** Where these applications have pods. */
  readonly applicationIds?: ReadonlyArray<string> | null | undefined;
  readonly cities?: ReadonlyArray<string> | null | undefined;
  readonly ids?: ReadonlyArray<string> | null | undefined;
  readonly isps?: ReadonlyArray<Isp> | null | undefined;
  /** In the code, the name, the province or the city, whatever the case. */
  readonly keyword?: string | null | undefined;
  readonly provinces?: ReadonlyArray<string> | null | undefined;
  readonly regionCodes?: ReadonlyArray<string> | null | undefined;
  readonly statuses?: ReadonlyArray<ClusterStatus> | null | undefined;
  readonly tiers?: ReadonlyArray<ClusterTier> | null | undefined;
};

export type ClusterNodeStatus =
  | 'NOT_READY'
  | 'READY';

export type ClusterStatus =
  | 'DISCONNECTED'
  | 'ONLINE';

export type ClusterTier =
  | 'CDN'
  | 'CENTER'
  | 'EDGE';

export type ConfigEntryInput = {
  readonly key: string;
  readonly value: string;
};

export type ConfigFilter = {
  /** In the name, whatever the case. */
  readonly keyword?: string | null | undefined;
  /** Exact. */
  readonly names?: ReadonlyArray<string> | null | undefined;
  readonly namespaces?: ReadonlyArray<string> | null | undefined;
};

/** A key that the ConfigMap has, of the application's namespace. */
export type ConfigMapKeyInput = {
  readonly configMapId: string;
  readonly key: string;
};

export type ContainerInput = {
  readonly args?: ReadonlyArray<string> | null | undefined;
  readonly command?: ReadonlyArray<string> | null | undefined;
  readonly cpuMillis: number;
  readonly env?: ReadonlyArray<EnvVarInput> | null | undefined;
  readonly image: string;
  readonly lifecycle?: LifecycleInput | null | undefined;
  readonly livenessProbe?: ProbeInput | null | undefined;
  readonly memoryMiB: number;
  readonly name: string;
  readonly ports?: ReadonlyArray<ContainerPortInput> | null | undefined;
  readonly readinessProbe?: ProbeInput | null | undefined;
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly volumeMounts?: ReadonlyArray<VolumeMountInput> | null | undefined;
};

export type ContainerPortInput = {
  /** 1 to 65535; unique by protocol in the pod. */
  readonly containerPort: number;
  readonly name?: string | null | undefined;
  readonly protocol?: Protocol;
};

export type ContainerRuntime =
  | 'RUNC'
  | 'SANDBOX';

export type ContainerState =
  | 'RUNNING'
  | 'TERMINATED'
  | 'WAITING';

/** A replay by idempotencyKey returns the token without its secret: it is not kept. */
export type CreateApiTokenInput = {
  readonly expiresAt?: string | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
  readonly name: string;
  /** Default: the caller's own, which is the whole tenant for a token that is not limited. */
  readonly namespaces?: ReadonlyArray<string> | null | undefined;
  readonly role: Role;
};

export type CreateApplicationInput = {
  readonly capacityType?: CapacityType;
  readonly deletionProtection?: boolean;
  /** 0 to 256 characters. */
  readonly description?: string | null | undefined;
  readonly distribution: DistributionInput;
  /** The same key and input within 24 hours returns the first answer and does nothing again. */
  readonly idempotencyKey?: string | null | undefined;
  readonly labels?: ReadonlyArray<LabelInput> | null | undefined;
  /** Lower-case letters, digits and '-', starting with a letter, at most 63; unique in its namespace. */
  readonly name: string;
  readonly namespace: string;
  readonly template: PodTemplateInput;
  readonly updateStrategy?: UpdateStrategyInput | null | undefined;
  readonly workloadKind?: WorkloadKind;
};

/** name: lower-case letters, digits, '-' and '.'; at most 253. All values together: at most 1 MiB. */
export type CreateConfigMapInput = {
  readonly data: ReadonlyArray<ConfigEntryInput>;
  readonly description?: string | null | undefined;
  /** The same key with the same input has one effect for 24 hours; repeats get the first answer. */
  readonly idempotencyKey?: string | null | undefined;
  readonly name: string;
  readonly namespace: string;
};

/** Exactly one of clusterCodes and maxClusters. A replay by idempotencyKey answers without the ticket: it is not kept. */
export type CreateEnrolmentTicketInput = {
  /** For these clusters, new ones or such as need another key. */
  readonly clusterCodes?: ReadonlyArray<string> | null | undefined;
  /** Default: in an hour of the wall clock. */
  readonly expiresAt?: string | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
  /** For so many clusters that have no key yet, whichever they are. */
  readonly maxClusters?: number | null | undefined;
};

export type CreateLogDownloadInput = {
  readonly filter?: LogFilter | null | undefined;
  readonly target: LogTargetInput;
};

export type CreateNamespaceInput = {
  readonly description?: string | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
  readonly name: string;
};

/** Names and sizes as for ConfigMaps; at least one key. */
export type CreateSecretInput = {
  readonly data: ReadonlyArray<ConfigEntryInput>;
  readonly description?: string | null | undefined;
  /** The same key with the same input has one effect for 24 hours; repeats get the first answer. */
  readonly idempotencyKey?: string | null | undefined;
  readonly name: string;
  readonly namespace: string;
  readonly type?: SecretType;
};

export type CreateServiceInput = {
  readonly applicationId: string;
  /** Default: every cluster that the application runs on. */
  readonly clusterIds?: ReadonlyArray<string> | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
  readonly name: string;
  /** 1 to 32; names and port+protocol unique. */
  readonly ports: ReadonlyArray<ServicePortInput>;
  readonly type?: ServiceType;
};

export type CreateTenantInput = {
  readonly idempotencyKey?: string | null | undefined;
  readonly name: string;
};

export type DeleteApplicationInput = {
  readonly applicationId: string;
  /** Must be the application's name. */
  readonly confirmName: string;
  /** The version that the caller saw; refused with CONFLICT when it is not the present one any more. */
  readonly expectedVersion?: number | null | undefined;
  /** The same key and input within 24 hours returns the first answer and does nothing again. */
  readonly idempotencyKey?: string | null | undefined;
};

export type DeleteInput = {
  readonly expectedVersion?: number | null | undefined;
  readonly id: string;
  readonly idempotencyKey?: string | null | undefined;
};

export type DeleteManyInput = {
  readonly idempotencyKey?: string | null | undefined;
  /** 1 to 100. */
  readonly ids: ReadonlyArray<string>;
};

/** BOTH_WAYS: everything is lost. TO_CENTRE: what the cluster says. TO_CLUSTER: what it is told. FLAPPING: all of it and nothing of it, by turns. */
export type DisconnectMode =
  | 'BOTH_WAYS'
  | 'FLAPPING'
  | 'TO_CENTRE'
  | 'TO_CLUSTER';

/** Where it runs: clusters named one by one. */
export type DistributionInput =
  {   readonly clusters: ReadonlyArray<PlacementInput>; };

export type EmptyDirVolumeInput = {
  /** 1 to 1,048,576. */
  readonly sizeLimitMiB?: number | null | undefined;
};

/** Ending again what is over changes nothing. */
export type EndFaultInput = {
  readonly faultId: string;
  readonly idempotencyKey?: string | null | undefined;
};

export type EnvSourceInput =
  {   readonly configMapKey: ConfigMapKeyInput; readonly secretKey?: never; readonly value?: never; }
  |  { readonly configMapKey?: never;   readonly secretKey: SecretKeyInput; readonly value?: never; }
  |  { readonly configMapKey?: never; readonly secretKey?: never;   readonly value: string; };

export type EnvVarInput = {
  readonly name: string;
  readonly source: EnvSourceInput;
};

/** since defaults to one hour ago. keyword matches reason, message and object, case-insensitively. */
export type EventFilter = {
  readonly applicationIds?: ReadonlyArray<string> | null | undefined;
  readonly clusterIds?: ReadonlyArray<string> | null | undefined;
  readonly keyword?: string | null | undefined;
  readonly podIds?: ReadonlyArray<string> | null | undefined;
  readonly reasons?: ReadonlyArray<string> | null | undefined;
  readonly since?: string | null | undefined;
  readonly type?: EventType | null | undefined;
  /** Not included. */
  readonly until?: string | null | undefined;
};

export type EventType =
  | 'NORMAL'
  | 'WARNING';

export type ExecProbeInput = {
  readonly command: ReadonlyArray<string>;
};

/** DISCONNECT_CLUSTER: its messages are lost, as in a black hole. FAIL_NODE: a machine stops answering. CRASH_POD: one container of a pod ends. SLOW_IMAGE_PULL: images take several times as long to arrive. RECLAIM_SPOT: pods of the capacity SPOT are taken back, after a short notice. */
export type FaultKind =
  | 'CRASH_POD'
  | 'DISCONNECT_CLUSTER'
  | 'FAIL_NODE'
  | 'RECLAIM_SPOT'
  | 'SLOW_IMAGE_PULL';

export type GrpcProbeInput = {
  readonly port: number;
  readonly service?: string | null | undefined;
};

export type HttpGetProbeInput = {
  /** At most 32. */
  readonly headers?: ReadonlyArray<HttpHeaderInput> | null | undefined;
  /** Begins with '/', at most 1,024 characters. */
  readonly path: string;
  readonly port: number;
};

export type HttpHeaderInput = {
  readonly name: string;
  readonly value: string;
};

export type ImportManifestsInput = {
  readonly distribution: DistributionInput;
  readonly dryRun?: boolean;
  readonly idempotencyKey?: string | null | undefined;
  readonly namespace: string;
  /** Kubernetes YAML, several documents, at most 1 MiB: Deployments, Services, ConfigMaps and Secrets; others are reported, not dropped silently. */
  readonly yaml: string;
};

export type ImportOutcome =
  | 'CREATED'
  | 'FAILED'
  | 'SKIPPED'
  | 'UNCHANGED'
  | 'UPDATED';

/** Exactly one target: DISCONNECT_CLUSTER takes a clusterId, FAIL_NODE a nodeId, CRASH_POD a podId, SLOW_IMAGE_PULL and RECLAIM_SPOT a clusterId or a nodeId. Of a kind, one at a time on a target. */
export type InjectFaultInput = {
  readonly clusterId?: string | null | undefined;
  /** 1 to 86400, on the simulation's clock. */
  readonly durationSeconds: number;
  readonly idempotencyKey?: string | null | undefined;
  readonly kind: FaultKind;
  /** Of DISCONNECT_CLUSTER: default BOTH_WAYS. */
  readonly mode?: DisconnectMode | null | undefined;
  readonly nodeId?: string | null | undefined;
  readonly podId?: string | null | undefined;
  /** What chance decides within it follows from this; default: any. */
  readonly seed?: number | null | undefined;
};

export type IntOrPercentInput =
  {   readonly count: number; readonly percent?: never; }
  |  { readonly count?: never;   readonly percent: number; };

export type Isp =
  | 'MOBILE'
  | 'MULTI_LINE'
  | 'TELECOM'
  | 'UNICOM';

export type LabelInput = {
  readonly key: string;
  readonly value: string;
};

/** Commands, of a program and at most 255 arguments. */
export type LifecycleInput = {
  readonly postStart?: ReadonlyArray<string> | null | undefined;
  readonly preStop?: ReadonlyArray<string> | null | undefined;
};

export type LogCollectionRuleInput = {
  readonly container: string;
  /** Absolute; standard output where it is null. */
  readonly path?: string | null | undefined;
};

/** Kept 14 days. */
export type LogFilter = {
  readonly container?: string | null | undefined;
  /** In the line, whatever the case. */
  readonly keyword?: string | null | undefined;
  /** At most 200; also of pods that are gone. */
  readonly podIds?: ReadonlyArray<string> | null | undefined;
  readonly since?: string | null | undefined;
  readonly stream?: LogStream | null | undefined;
  /** Not included. */
  readonly until?: string | null | undefined;
};

/** SYSTEM: a marker in the platform's words: restarted, replaced, N lines lost. */
export type LogStream =
  | 'FILE'
  | 'STDERR'
  | 'STDOUT'
  | 'SYSTEM';

export type LogTargetInput =
  {   readonly applicationId: string; readonly podId?: never; }
  |  { readonly applicationId?: never;   readonly podId: string; };

export type NetworkFilter = {
  /** That these applications are placed in. */
  readonly applicationIds?: ReadonlyArray<string> | null | undefined;
  readonly clusterIds?: ReadonlyArray<string> | null | undefined;
  /** In the name, whatever the case. */
  readonly keyword?: string | null | undefined;
  /** Exact. */
  readonly names?: ReadonlyArray<string> | null | undefined;
  /** That applications of these namespaces are placed in. */
  readonly namespaces?: ReadonlyArray<string> | null | undefined;
  readonly statuses?: ReadonlyArray<NetworkStatus> | null | undefined;
  readonly vpcIds?: ReadonlyArray<string> | null | undefined;
};

export type NetworkStatus =
  | 'ACTIVE'
  | 'DELETING'
  | 'FAILED'
  | 'PENDING'
  | 'UPDATING';

/** VPC: the pod has an address of its subnet. HOST: it shares its node's address and ports, so two pods with the same port don't share a node. */
export type NetworkType =
  | 'HOST'
  | 'VPC';

export type OperationActionInput = {
  /** The same key and input within 24 hours returns the first answer and does nothing again. */
  readonly idempotencyKey?: string | null | undefined;
  readonly operationId: string;
};

export type OperationFilter = {
  readonly kinds?: ReadonlyArray<OperationKind> | null | undefined;
  readonly states?: ReadonlyArray<OperationState> | null | undefined;
  readonly targetIds?: ReadonlyArray<string> | null | undefined;
};

export type OperationKind =
  | 'CREATE_APPLICATION'
  | 'CREATE_LOAD_BALANCER'
  | 'CREATE_NAT_GATEWAY'
  | 'CREATE_NETWORK_ACL'
  | 'CREATE_SERVICE'
  | 'CREATE_SUBNET'
  | 'CREATE_VPC'
  | 'DELETE_APPLICATION'
  | 'DELETE_LOAD_BALANCER'
  | 'DELETE_NAT_GATEWAY'
  | 'DELETE_NETWORK_ACL'
  | 'DELETE_SERVICE'
  | 'DELETE_SUBNET'
  | 'DELETE_VPC'
  | 'IMPORT_MANIFESTS'
  | 'RESTART_APPLICATION'
  | 'ROLL_BACK_APPLICATION'
  | 'SCALE_APPLICATION'
  | 'START_APPLICATION'
  | 'STOP_APPLICATION'
  | 'UPDATE_CONFIG'
  | 'UPDATE_DISTRIBUTION'
  | 'UPDATE_LOAD_BALANCER'
  | 'UPDATE_NAT_GATEWAY'
  | 'UPDATE_NETWORK_ACL'
  | 'UPDATE_SERVICE'
  | 'UPGRADE_APPLICATION'
  | 'WARM_IMAGE';

/** Terminal: SUCCEEDED, PARTIALLY_SUCCEEDED (some clusters did it, some did not), FAILED, ROLLED_BACK (failed and is back where it was: never called success), CANCELLED, SUPERSEDED (a newer change of the same object took over). STALLED: no progress for its deadline, still trying. */
export type OperationState =
  | 'CANCELLED'
  | 'FAILED'
  | 'PARTIALLY_SUCCEEDED'
  | 'PAUSED'
  | 'PENDING'
  | 'ROLLED_BACK'
  | 'RUNNING'
  | 'STALLED'
  | 'SUCCEEDED'
  | 'SUPERSEDED';

export type OrderDirection =
  | 'ASC'
  | 'DESC';

export type PlacementInput = {
  readonly clusterId: string;
  readonly networkType?: NetworkType;
  /** 0 to 1,000. */
  readonly replicas: number;
  readonly subnetId?: string | null | undefined;
  /** Default: the cluster's default VPC and subnet. */
  readonly vpcId?: string | null | undefined;
};

export type PlanCheckName =
  | 'CAPACITY'
  | 'CLUSTER_ONLINE'
  | 'CONFIG_REFERENCES'
  | 'IMAGE'
  | 'NETWORK'
  | 'PROBES'
  | 'QUOTA'
  | 'SCHEDULING';

export type PodFilter = {
  readonly applicationIds?: ReadonlyArray<string> | null | undefined;
  readonly clusterIds?: ReadonlyArray<string> | null | undefined;
  /** In the name, whatever the case. */
  readonly keyword?: string | null | undefined;
  readonly phases?: ReadonlyArray<PodPhase> | null | undefined;
  readonly ready?: boolean | null | undefined;
  readonly revisionNumber?: number | null | undefined;
};

export type PodPhase =
  | 'FAILED'
  | 'PENDING'
  | 'RUNNING'
  | 'STARTING'
  | 'SUCCEEDED'
  | 'TERMINATING'
  | 'UNKNOWN';

export type PodTemplateInput = {
  /** At most 20, each once. */
  readonly affinity?: ReadonlyArray<AffinityRuleInput> | null | undefined;
  /** 1 to 10; names unique. */
  readonly containers: ReadonlyArray<ContainerInput>;
  /** Of type REGISTRY; at most 10. */
  readonly imagePullSecretIds?: ReadonlyArray<string> | null | undefined;
  readonly labels?: ReadonlyArray<LabelInput> | null | undefined;
  /** At most 20. */
  readonly logCollection?: ReadonlyArray<LogCollectionRuleInput> | null | undefined;
  readonly runtime?: ContainerRuntime;
  /** 0 to 3,600. */
  readonly terminationGracePeriodSeconds?: number;
  /** At most 32; names unique. */
  readonly volumes?: ReadonlyArray<VolumeInput> | null | undefined;
};

export type ProbeHandlerInput =
  {   readonly exec: ExecProbeInput; readonly grpc?: never; readonly httpGet?: never; readonly tcpSocket?: never; }
  |  { readonly exec?: never;   readonly grpc: GrpcProbeInput; readonly httpGet?: never; readonly tcpSocket?: never; }
  |  { readonly exec?: never; readonly grpc?: never;   readonly httpGet: HttpGetProbeInput; readonly tcpSocket?: never; }
  |  { readonly exec?: never; readonly grpc?: never; readonly httpGet?: never;   readonly tcpSocket: TcpSocketProbeInput; };

/** As in Kubernetes: thresholds count results in a row. */
export type ProbeInput = {
  /** 1 to 100. */
  readonly failureThreshold?: number;
  readonly handler: ProbeHandlerInput;
  /** 0 to 3,600. */
  readonly initialDelaySeconds?: number;
  /** 1 to 3,600. */
  readonly periodSeconds?: number;
  /** 1 to 10; a liveness probe's is 1. */
  readonly successThreshold?: number;
  /** 1 to 3,600. */
  readonly timeoutSeconds?: number;
};

export type Protocol =
  | 'TCP'
  | 'UDP';

export type RevealSecretInput = {
  readonly id: string;
  /** Default: all. */
  readonly keys?: ReadonlyArray<string> | null | undefined;
};

export type RevokeClusterKeyInput = {
  readonly clusterCode: string;
  readonly idempotencyKey?: string | null | undefined;
};

/** VIEWER reads (no secret values, no terminal); OPERATOR also changes; OWNER also manages tokens; PLATFORM_ADMIN also runs the fleet. */
export type Role =
  | 'OPERATOR'
  | 'OWNER'
  | 'PLATFORM_ADMIN'
  | 'VIEWER';

export type RollBackApplicationInput = {
  readonly applicationId: string;
  /** The version that the caller saw; refused with CONFLICT when it is not the present one any more. */
  readonly expectedVersion?: number | null | undefined;
  /** The same key and input within 24 hours returns the first answer and does nothing again. */
  readonly idempotencyKey?: string | null | undefined;
  /** Default: the revision before the present one. */
  readonly toRevision?: number | null | undefined;
};

/** ABORTED: stopped, old and new stand side by side. ROLLED_BACK: all on the old one again. */
export type RolloutState =
  | 'ABORTED'
  | 'ABORTING'
  | 'FAILED'
  | 'PAUSED'
  | 'PROGRESSING'
  | 'ROLLED_BACK'
  | 'SUCCEEDED';

export type RolloutStrategy =
  | 'CANARY'
  | 'FULL';

export type ScaleApplicationInput = {
  readonly applicationId: string;
  /** One cluster, or with null every placement. */
  readonly clusterId?: string | null | undefined;
  /** The version that the caller saw; refused with CONFLICT when it is not the present one any more. */
  readonly expectedVersion?: number | null | undefined;
  /** The same key and input within 24 hours returns the first answer and does nothing again. */
  readonly idempotencyKey?: string | null | undefined;
  readonly replicas: number;
};

/** A key that the Secret has, of the application's namespace. */
export type SecretKeyInput = {
  readonly key: string;
  readonly secretId: string;
};

/** REGISTRY holds server, username and password; TLS holds tls.crt and tls.key (PEM, checked that they belong together). */
export type SecretType =
  | 'OPAQUE'
  | 'REGISTRY'
  | 'TLS';

export type ServicePortInput = {
  readonly containerPort: number;
  readonly name: string;
  readonly port: number;
  readonly protocol?: Protocol;
};

export type ServiceType =
  | 'CLUSTER_IP';

export type TcpSocketProbeInput = {
  readonly port: number;
};

/** What is left out stays. */
export type UpdateApplicationInput = {
  readonly applicationId: string;
  readonly deletionProtection?: boolean | null | undefined;
  readonly description?: string | null | undefined;
  /** The version that the caller saw; refused with CONFLICT when it is not the present one any more. */
  readonly expectedVersion?: number | null | undefined;
  /** The same key and input within 24 hours returns the first answer and does nothing again. */
  readonly idempotencyKey?: string | null | undefined;
  readonly labels?: ReadonlyArray<LabelInput> | null | undefined;
  readonly updateStrategy?: UpdateStrategyInput | null | undefined;
};

export type UpdateConfigMapInput = {
  readonly configMapId: string;
  /** The whole new data; left out, it stays as it is. */
  readonly data?: ReadonlyArray<ConfigEntryInput> | null | undefined;
  readonly description?: string | null | undefined;
  /** Refused with CONFLICT when the object has another version. */
  readonly expectedVersion?: number | null | undefined;
  /** The same key with the same input has one effect for 24 hours; repeats get the first answer. */
  readonly idempotencyKey?: string | null | undefined;
};

export type UpdateDistributionInput = {
  readonly applicationId: string;
  /** The whole new one: clusters that it does not name lose their pods. */
  readonly distribution: DistributionInput;
  /** The version that the caller saw; refused with CONFLICT when it is not the present one any more. */
  readonly expectedVersion?: number | null | undefined;
  /** The same key and input within 24 hours returns the first answer and does nothing again. */
  readonly idempotencyKey?: string | null | undefined;
};

/** Sets these keys and keeps the others. */
export type UpdateSecretInput = {
  readonly data?: ReadonlyArray<ConfigEntryInput> | null | undefined;
  readonly description?: string | null | undefined;
  /** Refused with CONFLICT when the object has another version. */
  readonly expectedVersion?: number | null | undefined;
  /** The same key with the same input has one effect for 24 hours; repeats get the first answer. */
  readonly idempotencyKey?: string | null | undefined;
  readonly removeKeys?: ReadonlyArray<string> | null | undefined;
  readonly secretId: string;
};

export type UpdateServiceInput = {
  readonly expectedVersion?: number | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
  /** 1 to 32; names and port+protocol unique. */
  readonly ports: ReadonlyArray<ServicePortInput>;
  readonly serviceId: string;
};

/** What is left out is 25 % for a new application, and stays as it is for an existing one. */
export type UpdateStrategyInput = {
  readonly maxSurge?: IntOrPercentInput | null | undefined;
  readonly maxUnavailable?: IntOrPercentInput | null | undefined;
};

export type UpgradeApplicationInput = {
  readonly applicationId: string;
  /** The version that the caller saw; refused with CONFLICT when it is not the present one any more. */
  readonly expectedVersion?: number | null | undefined;
  /** The same key and input within 24 hours returns the first answer and does nothing again. */
  readonly idempotencyKey?: string | null | undefined;
  /** What the revision is for: 0 to 256 characters. */
  readonly message?: string | null | undefined;
  readonly strategy?: UpgradeStrategyInput | null | undefined;
  /** The whole new template; what is left out is gone. */
  readonly template: PodTemplateInput;
};

/** FULL by default: all at once, under the update strategy. CANARY is not offered yet. */
export type UpgradeStrategyInput = {
  /** One that failed goes back by itself; else it is stalled, and still tries. */
  readonly autoRollback?: boolean;
  readonly kind?: RolloutStrategy;
  /** 1 to 86,400. Without progress for so long, while a cluster is there to make it, the rollout has failed. */
  readonly progressDeadlineSeconds?: number;
  /** For this rollout; what is left out is the application's. */
  readonly updateStrategy?: UpdateStrategyInput | null | undefined;
};

export type UserErrorCode =
  | 'ALREADY_EXISTS'
  | 'CIDR_OUT_OF_RANGE'
  | 'CIDR_OVERLAP'
  /** expectedVersion is not the object's version any more. */
  | 'CONFLICT'
  /** SNAT and an all-ports DNAT rule on one EIP. */
  | 'EIP_CONFLICT'
  /** The same idempotencyKey came with another input. */
  | 'IDEMPOTENCY_MISMATCH'
  | 'INSUFFICIENT_CAPACITY'
  | 'INVALID_ARGUMENT'
  /** The object's state does not allow this now (promoting a finished rollout, upgrading while one runs, …). */
  | 'INVALID_STATE'
  /** Others still refer to the object. */
  | 'IN_USE'
  | 'NOT_FOUND'
  /** Outside min..max of an enabled scaling policy. */
  | 'OUTSIDE_SCALING_RANGE'
  /** One of the plan's checks failed: capacity, image, scheduling, … */
  | 'PLAN_REFUSED'
  /** Ports 80, 443, 8080 and 8443 need a filed (ICP) load balancer. */
  | 'PORT_FILING_REQUIRED'
  /** A platform-owned object (default VPC, default subnet, default namespace) or one with deletionProtection. */
  | 'PROTECTED'
  | 'QUOTA_EXCEEDED'
  /** Load balancer, service, subnet or pod of another VPC. */
  | 'VPC_MISMATCH';

export type VolumeInput = {
  readonly name: string;
  readonly source: VolumeSourceInput;
};

export type VolumeMountInput = {
  /** Absolute; unique in the container. */
  readonly mountPath: string;
  /** ConfigMaps and Secrets can be mounted read-only alone. */
  readonly readOnly?: boolean;
  readonly volume: string;
};

export type VolumeSourceInput =
  {   readonly configMapId: string; readonly emptyDir?: never; readonly secretId?: never; }
  |  { readonly configMapId?: never;   readonly emptyDir: EmptyDirVolumeInput; readonly secretId?: never; }
  |  { readonly configMapId?: never; readonly emptyDir?: never;   readonly secretId: string; };

export type WorkloadKind =
  | 'CRON_JOB'
  | 'DEPLOYMENT'
  | 'JOB'
  | 'STATEFUL_SET';

export type ApplicationIdQueryVariables = Exact<{
  namespace: string;
  name: string;
}>;


export type ApplicationIdQuery = { readonly application: { readonly id: string, readonly name: string, readonly version: number, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number } } | null };

export type ApplicationLogsQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: LogFilter | null | undefined;
}>;


export type ApplicationLogsQuery = { readonly server: { readonly now: string }, readonly application: { readonly id: string, readonly logs: { readonly nodes: ReadonlyArray<{ readonly at: string, readonly podName: string, readonly container: string, readonly stream: LogStream, readonly line: string }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type ApplicationManifestQueryVariables = Exact<{
  namespace: string;
  name: string;
  placements?: number | null | undefined;
}>;


export type ApplicationManifestQuery = { readonly application: { readonly id: string, readonly name: string, readonly version: number, readonly manifest: string, readonly placements: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly cluster: { readonly id: string, readonly code: string }, readonly replicas: { readonly desired: number } }> } } | null };

export type ApplicationTemplateQueryVariables = Exact<{
  namespace: string;
  name: string;
}>;


export type ApplicationTemplateQuery = { readonly application: { readonly id: string, readonly name: string, readonly version: number, readonly revision: { readonly id: string, readonly number: number, readonly template: { readonly runtime: ContainerRuntime, readonly terminationGracePeriodSeconds: number, readonly labels: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly imagePullSecrets: ReadonlyArray<{ readonly name: string, readonly secret: { readonly id: string } | null }>, readonly affinity: ReadonlyArray<{ readonly kind: AffinityKind, readonly required: boolean, readonly weight: number, readonly topology: AffinityTopology, readonly labels: ReadonlyArray<{ readonly key: string, readonly value: string }> }>, readonly logCollection: ReadonlyArray<{ readonly container: string, readonly path: string | null }>, readonly volumes: ReadonlyArray<{ readonly name: string, readonly source:
            | { readonly __typename: 'ConfigMapVolume', readonly name: string, readonly configMap: { readonly id: string } | null }
            | { readonly __typename: 'EmptyDirVolume', readonly sizeLimitMiB: number | null }
            | { readonly __typename: 'SecretVolume', readonly name: string, readonly secret: { readonly id: string } | null }
           }>, readonly containers: ReadonlyArray<{ readonly name: string, readonly image: string, readonly cpuMillis: number, readonly memoryMiB: number, readonly command: ReadonlyArray<string>, readonly args: ReadonlyArray<string>, readonly stdin: boolean, readonly tty: boolean, readonly ports: ReadonlyArray<{ readonly name: string | null, readonly containerPort: number, readonly protocol: Protocol }>, readonly env: ReadonlyArray<{ readonly name: string, readonly value: string | null, readonly configMapKey: { readonly name: string, readonly key: string, readonly configMap: { readonly id: string } | null } | null, readonly secretKey: { readonly name: string, readonly key: string, readonly secret: { readonly id: string } | null } | null }>, readonly livenessProbe: { readonly initialDelaySeconds: number, readonly periodSeconds: number, readonly timeoutSeconds: number, readonly successThreshold: number, readonly failureThreshold: number, readonly handler:
              | { readonly __typename: 'ExecProbe', readonly command: ReadonlyArray<string> }
              | { readonly __typename: 'GrpcProbe', readonly port: number, readonly service: string | null }
              | { readonly __typename: 'HttpGetProbe', readonly path: string, readonly port: number, readonly headers: ReadonlyArray<{ readonly name: string, readonly value: string }> }
              | { readonly __typename: 'TcpSocketProbe', readonly port: number }
             } | null, readonly readinessProbe: { readonly initialDelaySeconds: number, readonly periodSeconds: number, readonly timeoutSeconds: number, readonly successThreshold: number, readonly failureThreshold: number, readonly handler:
              | { readonly __typename: 'ExecProbe', readonly command: ReadonlyArray<string> }
              | { readonly __typename: 'GrpcProbe', readonly port: number, readonly service: string | null }
              | { readonly __typename: 'HttpGetProbe', readonly path: string, readonly port: number, readonly headers: ReadonlyArray<{ readonly name: string, readonly value: string }> }
              | { readonly __typename: 'TcpSocketProbe', readonly port: number }
             } | null, readonly lifecycle: { readonly postStart: ReadonlyArray<string> | null, readonly preStop: ReadonlyArray<string> | null } | null, readonly volumeMounts: ReadonlyArray<{ readonly volume: string, readonly mountPath: string, readonly readOnly: boolean }> }> } } } | null };

export type ApplicationQueryVariables = Exact<{
  namespace: string;
  name: string;
  pods?: number | null | undefined;
  operations?: number | null | undefined;
  events?: number | null | undefined;
}>;


export type ApplicationQuery = { readonly server: { readonly now: string }, readonly application: { readonly description: string, readonly capacityType: CapacityType, readonly deletionProtection: boolean, readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly labels: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly updateStrategy: { readonly maxUnavailable: { readonly count: number | null, readonly percent: number | null }, readonly maxSurge: { readonly count: number | null, readonly percent: number | null } }, readonly currentRevision: { readonly id: string, readonly number: number, readonly message: string, readonly createdBy: string, readonly createdAt: string, readonly template: { readonly runtime: ContainerRuntime, readonly terminationGracePeriodSeconds: number, readonly labels: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly imagePullSecrets: ReadonlyArray<{ readonly name: string, readonly secret: { readonly id: string } | null }>, readonly affinity: ReadonlyArray<{ readonly kind: AffinityKind, readonly required: boolean, readonly weight: number, readonly topology: AffinityTopology, readonly labels: ReadonlyArray<{ readonly key: string, readonly value: string }> }>, readonly logCollection: ReadonlyArray<{ readonly container: string, readonly path: string | null }>, readonly volumes: ReadonlyArray<{ readonly name: string, readonly source:
            | { readonly __typename: 'ConfigMapVolume', readonly name: string, readonly configMap: { readonly id: string } | null }
            | { readonly __typename: 'EmptyDirVolume', readonly sizeLimitMiB: number | null }
            | { readonly __typename: 'SecretVolume', readonly name: string, readonly secret: { readonly id: string } | null }
           }>, readonly containers: ReadonlyArray<{ readonly name: string, readonly image: string, readonly cpuMillis: number, readonly memoryMiB: number, readonly command: ReadonlyArray<string>, readonly args: ReadonlyArray<string>, readonly stdin: boolean, readonly tty: boolean, readonly ports: ReadonlyArray<{ readonly name: string | null, readonly containerPort: number, readonly protocol: Protocol }>, readonly env: ReadonlyArray<{ readonly name: string, readonly value: string | null, readonly configMapKey: { readonly name: string, readonly key: string, readonly configMap: { readonly id: string } | null } | null, readonly secretKey: { readonly name: string, readonly key: string, readonly secret: { readonly id: string } | null } | null }>, readonly livenessProbe: { readonly initialDelaySeconds: number, readonly periodSeconds: number, readonly timeoutSeconds: number, readonly successThreshold: number, readonly failureThreshold: number, readonly handler:
              | { readonly __typename: 'ExecProbe', readonly command: ReadonlyArray<string> }
              | { readonly __typename: 'GrpcProbe', readonly port: number, readonly service: string | null }
              | { readonly __typename: 'HttpGetProbe', readonly path: string, readonly port: number, readonly headers: ReadonlyArray<{ readonly name: string, readonly value: string }> }
              | { readonly __typename: 'TcpSocketProbe', readonly port: number }
             } | null, readonly readinessProbe: { readonly initialDelaySeconds: number, readonly periodSeconds: number, readonly timeoutSeconds: number, readonly successThreshold: number, readonly failureThreshold: number, readonly handler:
              | { readonly __typename: 'ExecProbe', readonly command: ReadonlyArray<string> }
              | { readonly __typename: 'GrpcProbe', readonly port: number, readonly service: string | null }
              | { readonly __typename: 'HttpGetProbe', readonly path: string, readonly port: number, readonly headers: ReadonlyArray<{ readonly name: string, readonly value: string }> }
              | { readonly __typename: 'TcpSocketProbe', readonly port: number }
             } | null, readonly lifecycle: { readonly postStart: ReadonlyArray<string> | null, readonly preStop: ReadonlyArray<string> | null } | null, readonly volumeMounts: ReadonlyArray<{ readonly volume: string, readonly mountPath: string, readonly readOnly: boolean }> }> } }, readonly allPlacements: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly networkType: NetworkType, readonly generation: number, readonly observedGeneration: number, readonly observedAt: string | null, readonly stale: boolean, readonly reason: string, readonly cluster: { readonly id: string, readonly code: string, readonly status: ClusterStatus }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly vpc: { readonly id: string, readonly name: string }, readonly subnet: { readonly id: string, readonly name: string, readonly cidr: string } | null, readonly revision: { readonly id: string, readonly number: number } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } }, readonly services: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly type: ServiceType, readonly clusterIp: string | null, readonly status: NetworkStatus, readonly version: number, readonly createdAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly application: { readonly id: string, readonly name: string }, readonly cluster: { readonly id: string, readonly code: string }, readonly ports: ReadonlyArray<{ readonly name: string, readonly protocol: Protocol, readonly port: number, readonly containerPort: number }> }> }, readonly rollout: { readonly id: string, readonly state: RolloutState, readonly updated: number, readonly total: number, readonly reason: string | null, readonly autoRollback: boolean, readonly progressDeadlineSeconds: number, readonly startedAt: string, readonly finishedAt: string | null, readonly from: { readonly id: string, readonly number: number } | null, readonly to: { readonly id: string, readonly number: number, readonly message: string } } | null, readonly pods: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly phase: PodPhase, readonly ready: boolean, readonly reason: string | null, readonly privateIp: string | null, readonly restartCount: number, readonly createdAt: string, readonly startedAt: string | null, readonly observedAt: string | null, readonly stale: boolean, readonly application: { readonly id: string, readonly name: string, readonly namespace: { readonly id: string, readonly name: string } }, readonly cluster: { readonly id: string, readonly code: string }, readonly node: { readonly id: string, readonly name: string } | null, readonly revision: { readonly id: string, readonly number: number } }> }, readonly operations: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } }> }, readonly events: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly at: string, readonly type: EventType, readonly reason: string, readonly message: string, readonly count: number, readonly firstAt: string, readonly object: string, readonly cause: string | null, readonly application: { readonly id: string, readonly name: string, readonly namespace: { readonly id: string, readonly name: string } } | null, readonly cluster: { readonly id: string, readonly code: string } | null }> }, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } } | null };

export type ApplicationsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: ApplicationFilter | null | undefined;
  orderBy?: ApplicationOrder | null | undefined;
}>;


export type ApplicationsQuery = { readonly server: { readonly now: string }, readonly applications: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type CancelOperationMutationVariables = Exact<{
  input: OperationActionInput;
}>;


export type CancelOperationMutation = { readonly cancelOperation: { readonly operation: { readonly cancellable: boolean, readonly retryable: boolean, readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type ClusterIdQueryVariables = Exact<{
  code: string;
}>;


export type ClusterIdQuery = { readonly cluster: { readonly id: string, readonly code: string } | null };

export type ClusterQueryVariables = Exact<{
  code: string;
  nodes?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ClusterQuery = { readonly server: { readonly now: string }, readonly cluster: { readonly id: string, readonly code: string, readonly name: string, readonly province: string, readonly city: string, readonly tier: ClusterTier, readonly isp: Isp, readonly status: ClusterStatus, readonly lastSeenAt: string | null, readonly cordoned: boolean, readonly podCount: number, readonly location: { readonly latitude: number, readonly longitude: number }, readonly prices: { readonly currency: string, readonly cpuCoreHour: string, readonly memoryGiBHour: string }, readonly nodes: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly status: ClusterNodeStatus, readonly cordoned: boolean, readonly labels: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly capacity: { readonly cpuMillis: number, readonly memoryMiB: number, readonly pods: number }, readonly allocated: { readonly cpuMillis: number, readonly memoryMiB: number, readonly pods: number } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } }, readonly region: { readonly id: string, readonly code: string }, readonly capacity: { readonly cpuMillis: number, readonly memoryMiB: number, readonly pods: number }, readonly allocated: { readonly cpuMillis: number, readonly memoryMiB: number, readonly pods: number } } | null };

export type ClustersQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: ClusterFilter | null | undefined;
}>;


export type ClustersQuery = { readonly server: { readonly now: string }, readonly clusters: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly code: string, readonly name: string, readonly province: string, readonly city: string, readonly tier: ClusterTier, readonly isp: Isp, readonly status: ClusterStatus, readonly lastSeenAt: string | null, readonly cordoned: boolean, readonly podCount: number, readonly region: { readonly id: string, readonly code: string }, readonly capacity: { readonly cpuMillis: number, readonly memoryMiB: number, readonly pods: number }, readonly allocated: { readonly cpuMillis: number, readonly memoryMiB: number, readonly pods: number } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type ConfigMapQueryVariables = Exact<{
  namespace: string;
  name: string;
  usedBy?: number | null | undefined;
}>;


export type ConfigMapQuery = { readonly server: { readonly now: string }, readonly configMaps: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly description: string, readonly keys: ReadonlyArray<string>, readonly version: number, readonly createdAt: string, readonly updatedAt: string, readonly data: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly users: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly status: ApplicationStatus }> }, readonly namespace: { readonly id: string, readonly name: string }, readonly usedBy: { readonly totalCount: number } }> } };

export type ConfigMapsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: ConfigFilter | null | undefined;
}>;


export type ConfigMapsQuery = { readonly server: { readonly now: string }, readonly configMaps: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly description: string, readonly keys: ReadonlyArray<string>, readonly version: number, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly usedBy: { readonly totalCount: number } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type CreateApiTokenMutationVariables = Exact<{
  input: CreateApiTokenInput;
}>;


export type CreateApiTokenMutation = { readonly createApiToken: { readonly secret: string | null, readonly apiToken: { readonly id: string, readonly name: string, readonly role: Role, readonly namespaces: ReadonlyArray<string> | null, readonly prefix: string, readonly expiresAt: string | null } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type CreateApplicationMutationVariables = Exact<{
  input: CreateApplicationInput;
}>;


export type CreateApplicationMutation = { readonly createApplication: { readonly application: { readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } } | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type CreateConfigMapMutationVariables = Exact<{
  input: CreateConfigMapInput;
}>;


export type CreateConfigMapMutation = { readonly createConfigMap: { readonly configMap: { readonly id: string, readonly name: string, readonly description: string, readonly keys: ReadonlyArray<string>, readonly version: number, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly usedBy: { readonly totalCount: number } } | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type CreateEnrolmentTicketMutationVariables = Exact<{
  input: CreateEnrolmentTicketInput;
}>;


export type CreateEnrolmentTicketMutation = { readonly createEnrolmentTicket: { readonly ticket: string | null, readonly clusterCodes: ReadonlyArray<string> | null, readonly maxClusters: number | null, readonly expiresAt: string | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type CreateLogDownloadMutationVariables = Exact<{
  input: CreateLogDownloadInput;
}>;


export type CreateLogDownloadMutation = { readonly createLogDownload: { readonly download: { readonly url: string, readonly expiresAt: string } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type CreateNamespaceMutationVariables = Exact<{
  input: CreateNamespaceInput;
}>;


export type CreateNamespaceMutation = { readonly createNamespace: { readonly namespace: { readonly id: string, readonly name: string, readonly description: string, readonly isDefault: boolean, readonly createdAt: string } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type CreateSecretMutationVariables = Exact<{
  input: CreateSecretInput;
}>;


export type CreateSecretMutation = { readonly createSecret: { readonly secret: { readonly id: string, readonly name: string, readonly description: string, readonly type: SecretType, readonly keys: ReadonlyArray<string>, readonly version: number, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly usedBy: { readonly totalCount: number } } | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type CreateServicesMutationVariables = Exact<{
  input: CreateServiceInput;
}>;


export type CreateServicesMutation = { readonly createServices: { readonly services: ReadonlyArray<{ readonly id: string, readonly name: string, readonly type: ServiceType, readonly clusterIp: string | null, readonly status: NetworkStatus, readonly version: number, readonly createdAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly application: { readonly id: string, readonly name: string }, readonly cluster: { readonly id: string, readonly code: string }, readonly ports: ReadonlyArray<{ readonly name: string, readonly protocol: Protocol, readonly port: number, readonly containerPort: number }> }>, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type CreateTenantMutationVariables = Exact<{
  input: CreateTenantInput;
}>;


export type CreateTenantMutation = { readonly createTenant: { readonly ownerToken: string | null, readonly tenant: { readonly id: string, readonly name: string, readonly createdAt: string } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type DeleteApplicationMutationVariables = Exact<{
  input: DeleteApplicationInput;
}>;


export type DeleteApplicationMutation = { readonly deleteApplication: { readonly deletedId: string | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type DeleteConfigMapMutationVariables = Exact<{
  input: DeleteInput;
}>;


export type DeleteConfigMapMutation = { readonly deleteConfigMap: { readonly deletedId: string | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type DeleteNamespaceMutationVariables = Exact<{
  input: DeleteInput;
}>;


export type DeleteNamespaceMutation = { readonly deleteNamespace: { readonly deletedId: string | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type DeleteSecretMutationVariables = Exact<{
  input: DeleteInput;
}>;


export type DeleteSecretMutation = { readonly deleteSecret: { readonly deletedId: string | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type DeleteServicesMutationVariables = Exact<{
  input: DeleteManyInput;
}>;


export type DeleteServicesMutation = { readonly deleteServices: { readonly results: ReadonlyArray<{ readonly id: string, readonly ok: boolean, readonly deletedId: string | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
        | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
            | { readonly id: string }
           | null }
        | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
        | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
        | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
        | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
        | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
        | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
        | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      > }> } };

export type EndFaultMutationVariables = Exact<{
  input: EndFaultInput;
}>;


export type EndFaultMutation = { readonly endFault: { readonly fault: { readonly id: string, readonly kind: FaultKind, readonly mode: DisconnectMode | null, readonly seed: number, readonly startedAt: string, readonly endsAt: string, readonly target:
        | { readonly __typename: 'ApiToken', readonly id: string }
        | { readonly __typename: 'Application', readonly id: string }
        | { readonly __typename: 'AuditEntry', readonly id: string }
        | { readonly __typename: 'Cluster', readonly code: string, readonly id: string }
        | { readonly __typename: 'ClusterNode', readonly name: string, readonly id: string }
        | { readonly __typename: 'ConfigMap', readonly id: string }
        | { readonly __typename: 'Event', readonly id: string }
        | { readonly __typename: 'Fault', readonly id: string }
        | { readonly __typename: 'Namespace', readonly id: string }
        | { readonly __typename: 'Operation', readonly id: string }
        | { readonly __typename: 'Overview', readonly id: string }
        | { readonly __typename: 'Placement', readonly id: string }
        | { readonly __typename: 'Pod', readonly name: string, readonly id: string }
        | { readonly __typename: 'Region', readonly id: string }
        | { readonly __typename: 'Revision', readonly id: string }
        | { readonly __typename: 'Rollout', readonly id: string }
        | { readonly __typename: 'Secret', readonly id: string }
        | { readonly __typename: 'Service', readonly id: string }
        | { readonly __typename: 'Subnet', readonly id: string }
        | { readonly __typename: 'Tenant', readonly id: string }
        | { readonly __typename: 'Viewer', readonly id: string }
        | { readonly __typename: 'Vpc', readonly id: string }
      , readonly cluster: { readonly id: string, readonly code: string } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type EventsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: EventFilter | null | undefined;
}>;


export type EventsQuery = { readonly server: { readonly now: string }, readonly events: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly at: string, readonly type: EventType, readonly reason: string, readonly message: string, readonly count: number, readonly firstAt: string, readonly object: string, readonly cause: string | null, readonly application: { readonly id: string, readonly name: string, readonly namespace: { readonly id: string, readonly name: string } } | null, readonly cluster: { readonly id: string, readonly code: string } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type FaultsQueryVariables = Exact<{ [key: string]: never; }>;


export type FaultsQuery = { readonly server: { readonly now: string }, readonly faults: ReadonlyArray<{ readonly id: string, readonly kind: FaultKind, readonly mode: DisconnectMode | null, readonly seed: number, readonly startedAt: string, readonly endsAt: string, readonly target:
      | { readonly __typename: 'ApiToken', readonly id: string }
      | { readonly __typename: 'Application', readonly id: string }
      | { readonly __typename: 'AuditEntry', readonly id: string }
      | { readonly __typename: 'Cluster', readonly code: string, readonly id: string }
      | { readonly __typename: 'ClusterNode', readonly name: string, readonly id: string }
      | { readonly __typename: 'ConfigMap', readonly id: string }
      | { readonly __typename: 'Event', readonly id: string }
      | { readonly __typename: 'Fault', readonly id: string }
      | { readonly __typename: 'Namespace', readonly id: string }
      | { readonly __typename: 'Operation', readonly id: string }
      | { readonly __typename: 'Overview', readonly id: string }
      | { readonly __typename: 'Placement', readonly id: string }
      | { readonly __typename: 'Pod', readonly name: string, readonly id: string }
      | { readonly __typename: 'Region', readonly id: string }
      | { readonly __typename: 'Revision', readonly id: string }
      | { readonly __typename: 'Rollout', readonly id: string }
      | { readonly __typename: 'Secret', readonly id: string }
      | { readonly __typename: 'Service', readonly id: string }
      | { readonly __typename: 'Subnet', readonly id: string }
      | { readonly __typename: 'Tenant', readonly id: string }
      | { readonly __typename: 'Viewer', readonly id: string }
      | { readonly __typename: 'Vpc', readonly id: string }
    , readonly cluster: { readonly id: string, readonly code: string } }> };

export type FollowLogsSubscriptionVariables = Exact<{
  target: LogTargetInput;
  filter?: LogFilter | null | undefined;
  after?: string | null | undefined;
  tail?: number | null | undefined;
}>;


export type FollowLogsSubscription = { readonly logs: { readonly cursor: string, readonly lines: ReadonlyArray<{ readonly at: string, readonly podName: string, readonly container: string, readonly stream: LogStream, readonly line: string }> } };

type UserErrorParts_AlreadyExistsError_Fragment = { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
    | { readonly id: string }
   | null };

type UserErrorParts_ConflictError_Fragment = { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorParts_InUseError_Fragment = { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorParts_InvalidArgumentError_Fragment = { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorParts_InvalidStateError_Fragment = { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorParts_NotFoundError_Fragment = { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

type UserErrorParts_PlanRefusedError_Fragment = { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> };

type UserErrorParts_RefusedError_Fragment = { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null };

export type UserErrorPartsFragment =
  | UserErrorParts_AlreadyExistsError_Fragment
  | UserErrorParts_ConflictError_Fragment
  | UserErrorParts_InUseError_Fragment
  | UserErrorParts_InvalidArgumentError_Fragment
  | UserErrorParts_InvalidStateError_Fragment
  | UserErrorParts_NotFoundError_Fragment
  | UserErrorParts_PlanRefusedError_Fragment
  | UserErrorParts_RefusedError_Fragment
;

export type PagePartsFragment = { readonly hasNextPage: boolean, readonly endCursor: string | null };

export type ReplicaPartsFragment = { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number };

export type ApplicationRowFragment = { readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } };

export type PodRowFragment = { readonly id: string, readonly name: string, readonly phase: PodPhase, readonly ready: boolean, readonly reason: string | null, readonly privateIp: string | null, readonly restartCount: number, readonly createdAt: string, readonly startedAt: string | null, readonly observedAt: string | null, readonly stale: boolean, readonly application: { readonly id: string, readonly name: string, readonly namespace: { readonly id: string, readonly name: string } }, readonly cluster: { readonly id: string, readonly code: string }, readonly node: { readonly id: string, readonly name: string } | null, readonly revision: { readonly id: string, readonly number: number } };

export type ClusterRowFragment = { readonly id: string, readonly code: string, readonly name: string, readonly province: string, readonly city: string, readonly tier: ClusterTier, readonly isp: Isp, readonly status: ClusterStatus, readonly lastSeenAt: string | null, readonly cordoned: boolean, readonly podCount: number, readonly region: { readonly id: string, readonly code: string }, readonly capacity: { readonly cpuMillis: number, readonly memoryMiB: number, readonly pods: number }, readonly allocated: { readonly cpuMillis: number, readonly memoryMiB: number, readonly pods: number } };

export type OperationRowFragment = { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } };

export type TemplatePartsFragment = { readonly runtime: ContainerRuntime, readonly terminationGracePeriodSeconds: number, readonly labels: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly imagePullSecrets: ReadonlyArray<{ readonly name: string, readonly secret: { readonly id: string } | null }>, readonly affinity: ReadonlyArray<{ readonly kind: AffinityKind, readonly required: boolean, readonly weight: number, readonly topology: AffinityTopology, readonly labels: ReadonlyArray<{ readonly key: string, readonly value: string }> }>, readonly logCollection: ReadonlyArray<{ readonly container: string, readonly path: string | null }>, readonly volumes: ReadonlyArray<{ readonly name: string, readonly source:
      | { readonly __typename: 'ConfigMapVolume', readonly name: string, readonly configMap: { readonly id: string } | null }
      | { readonly __typename: 'EmptyDirVolume', readonly sizeLimitMiB: number | null }
      | { readonly __typename: 'SecretVolume', readonly name: string, readonly secret: { readonly id: string } | null }
     }>, readonly containers: ReadonlyArray<{ readonly name: string, readonly image: string, readonly cpuMillis: number, readonly memoryMiB: number, readonly command: ReadonlyArray<string>, readonly args: ReadonlyArray<string>, readonly stdin: boolean, readonly tty: boolean, readonly ports: ReadonlyArray<{ readonly name: string | null, readonly containerPort: number, readonly protocol: Protocol }>, readonly env: ReadonlyArray<{ readonly name: string, readonly value: string | null, readonly configMapKey: { readonly name: string, readonly key: string, readonly configMap: { readonly id: string } | null } | null, readonly secretKey: { readonly name: string, readonly key: string, readonly secret: { readonly id: string } | null } | null }>, readonly livenessProbe: { readonly initialDelaySeconds: number, readonly periodSeconds: number, readonly timeoutSeconds: number, readonly successThreshold: number, readonly failureThreshold: number, readonly handler:
        | { readonly __typename: 'ExecProbe', readonly command: ReadonlyArray<string> }
        | { readonly __typename: 'GrpcProbe', readonly port: number, readonly service: string | null }
        | { readonly __typename: 'HttpGetProbe', readonly path: string, readonly port: number, readonly headers: ReadonlyArray<{ readonly name: string, readonly value: string }> }
        | { readonly __typename: 'TcpSocketProbe', readonly port: number }
       } | null, readonly readinessProbe: { readonly initialDelaySeconds: number, readonly periodSeconds: number, readonly timeoutSeconds: number, readonly successThreshold: number, readonly failureThreshold: number, readonly handler:
        | { readonly __typename: 'ExecProbe', readonly command: ReadonlyArray<string> }
        | { readonly __typename: 'GrpcProbe', readonly port: number, readonly service: string | null }
        | { readonly __typename: 'HttpGetProbe', readonly path: string, readonly port: number, readonly headers: ReadonlyArray<{ readonly name: string, readonly value: string }> }
        | { readonly __typename: 'TcpSocketProbe', readonly port: number }
       } | null, readonly lifecycle: { readonly postStart: ReadonlyArray<string> | null, readonly preStop: ReadonlyArray<string> | null } | null, readonly volumeMounts: ReadonlyArray<{ readonly volume: string, readonly mountPath: string, readonly readOnly: boolean }> }> };

export type ProbePartsFragment = { readonly initialDelaySeconds: number, readonly periodSeconds: number, readonly timeoutSeconds: number, readonly successThreshold: number, readonly failureThreshold: number, readonly handler:
    | { readonly __typename: 'ExecProbe', readonly command: ReadonlyArray<string> }
    | { readonly __typename: 'GrpcProbe', readonly port: number, readonly service: string | null }
    | { readonly __typename: 'HttpGetProbe', readonly path: string, readonly port: number, readonly headers: ReadonlyArray<{ readonly name: string, readonly value: string }> }
    | { readonly __typename: 'TcpSocketProbe', readonly port: number }
   };

export type RolloutRowFragment = { readonly id: string, readonly state: RolloutState, readonly updated: number, readonly total: number, readonly reason: string | null, readonly autoRollback: boolean, readonly progressDeadlineSeconds: number, readonly startedAt: string, readonly finishedAt: string | null, readonly from: { readonly id: string, readonly number: number } | null, readonly to: { readonly id: string, readonly number: number, readonly message: string } };

export type ConfigMapRowFragment = { readonly id: string, readonly name: string, readonly description: string, readonly keys: ReadonlyArray<string>, readonly version: number, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly usedBy: { readonly totalCount: number } };

export type SecretRowFragment = { readonly id: string, readonly name: string, readonly description: string, readonly type: SecretType, readonly keys: ReadonlyArray<string>, readonly version: number, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly usedBy: { readonly totalCount: number } };

export type ServiceRowFragment = { readonly id: string, readonly name: string, readonly type: ServiceType, readonly clusterIp: string | null, readonly status: NetworkStatus, readonly version: number, readonly createdAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly application: { readonly id: string, readonly name: string }, readonly cluster: { readonly id: string, readonly code: string }, readonly ports: ReadonlyArray<{ readonly name: string, readonly protocol: Protocol, readonly port: number, readonly containerPort: number }> };

export type EventRowFragment = { readonly id: string, readonly at: string, readonly type: EventType, readonly reason: string, readonly message: string, readonly count: number, readonly firstAt: string, readonly object: string, readonly cause: string | null, readonly application: { readonly id: string, readonly name: string, readonly namespace: { readonly id: string, readonly name: string } } | null, readonly cluster: { readonly id: string, readonly code: string } | null };

export type LogRowFragment = { readonly at: string, readonly podName: string, readonly container: string, readonly stream: LogStream, readonly line: string };

export type FaultRowFragment = { readonly id: string, readonly kind: FaultKind, readonly mode: DisconnectMode | null, readonly seed: number, readonly startedAt: string, readonly endsAt: string, readonly target:
    | { readonly __typename: 'ApiToken', readonly id: string }
    | { readonly __typename: 'Application', readonly id: string }
    | { readonly __typename: 'AuditEntry', readonly id: string }
    | { readonly __typename: 'Cluster', readonly code: string, readonly id: string }
    | { readonly __typename: 'ClusterNode', readonly name: string, readonly id: string }
    | { readonly __typename: 'ConfigMap', readonly id: string }
    | { readonly __typename: 'Event', readonly id: string }
    | { readonly __typename: 'Fault', readonly id: string }
    | { readonly __typename: 'Namespace', readonly id: string }
    | { readonly __typename: 'Operation', readonly id: string }
    | { readonly __typename: 'Overview', readonly id: string }
    | { readonly __typename: 'Placement', readonly id: string }
    | { readonly __typename: 'Pod', readonly name: string, readonly id: string }
    | { readonly __typename: 'Region', readonly id: string }
    | { readonly __typename: 'Revision', readonly id: string }
    | { readonly __typename: 'Rollout', readonly id: string }
    | { readonly __typename: 'Secret', readonly id: string }
    | { readonly __typename: 'Service', readonly id: string }
    | { readonly __typename: 'Subnet', readonly id: string }
    | { readonly __typename: 'Tenant', readonly id: string }
    | { readonly __typename: 'Viewer', readonly id: string }
    | { readonly __typename: 'Vpc', readonly id: string }
  , readonly cluster: { readonly id: string, readonly code: string } };

export type ImportManifestsMutationVariables = Exact<{
  input: ImportManifestsInput;
}>;


export type ImportManifestsMutation = { readonly importManifests: { readonly objects: ReadonlyArray<{ readonly kind: string, readonly name: string, readonly outcome: ImportOutcome, readonly message: string | null, readonly warnings: ReadonlyArray<string>, readonly object:
        | { readonly __typename: 'ApiToken', readonly id: string }
        | { readonly __typename: 'Application', readonly id: string }
        | { readonly __typename: 'AuditEntry', readonly id: string }
        | { readonly __typename: 'Cluster', readonly id: string }
        | { readonly __typename: 'ClusterNode', readonly id: string }
        | { readonly __typename: 'ConfigMap', readonly id: string }
        | { readonly __typename: 'Event', readonly id: string }
        | { readonly __typename: 'Fault', readonly id: string }
        | { readonly __typename: 'Namespace', readonly id: string }
        | { readonly __typename: 'Operation', readonly id: string }
        | { readonly __typename: 'Overview', readonly id: string }
        | { readonly __typename: 'Placement', readonly id: string }
        | { readonly __typename: 'Pod', readonly id: string }
        | { readonly __typename: 'Region', readonly id: string }
        | { readonly __typename: 'Revision', readonly id: string }
        | { readonly __typename: 'Rollout', readonly id: string }
        | { readonly __typename: 'Secret', readonly id: string }
        | { readonly __typename: 'Service', readonly id: string }
        | { readonly __typename: 'Subnet', readonly id: string }
        | { readonly __typename: 'Tenant', readonly id: string }
        | { readonly __typename: 'Viewer', readonly id: string }
        | { readonly __typename: 'Vpc', readonly id: string }
       | null }>, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type InjectFaultMutationVariables = Exact<{
  input: InjectFaultInput;
}>;


export type InjectFaultMutation = { readonly injectFault: { readonly fault: { readonly id: string, readonly kind: FaultKind, readonly mode: DisconnectMode | null, readonly seed: number, readonly startedAt: string, readonly endsAt: string, readonly target:
        | { readonly __typename: 'ApiToken', readonly id: string }
        | { readonly __typename: 'Application', readonly id: string }
        | { readonly __typename: 'AuditEntry', readonly id: string }
        | { readonly __typename: 'Cluster', readonly code: string, readonly id: string }
        | { readonly __typename: 'ClusterNode', readonly name: string, readonly id: string }
        | { readonly __typename: 'ConfigMap', readonly id: string }
        | { readonly __typename: 'Event', readonly id: string }
        | { readonly __typename: 'Fault', readonly id: string }
        | { readonly __typename: 'Namespace', readonly id: string }
        | { readonly __typename: 'Operation', readonly id: string }
        | { readonly __typename: 'Overview', readonly id: string }
        | { readonly __typename: 'Placement', readonly id: string }
        | { readonly __typename: 'Pod', readonly name: string, readonly id: string }
        | { readonly __typename: 'Region', readonly id: string }
        | { readonly __typename: 'Revision', readonly id: string }
        | { readonly __typename: 'Rollout', readonly id: string }
        | { readonly __typename: 'Secret', readonly id: string }
        | { readonly __typename: 'Service', readonly id: string }
        | { readonly __typename: 'Subnet', readonly id: string }
        | { readonly __typename: 'Tenant', readonly id: string }
        | { readonly __typename: 'Viewer', readonly id: string }
        | { readonly __typename: 'Vpc', readonly id: string }
      , readonly cluster: { readonly id: string, readonly code: string } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type NamespacesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type NamespacesQuery = { readonly server: { readonly now: string }, readonly namespaces: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly description: string, readonly isDefault: boolean, readonly createdAt: string, readonly applications: { readonly totalCount: number } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type OperationQueryVariables = Exact<{
  id: string;
  steps?: number | null | undefined;
  after?: string | null | undefined;
  states?: ReadonlyArray<OperationState> | OperationState | null | undefined;
}>;


export type OperationQuery = { readonly server: { readonly now: string }, readonly operation: { readonly cancellable: boolean, readonly retryable: boolean, readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly target:
      | { readonly __typename: 'ApiToken', readonly id: string }
      | { readonly __typename: 'Application', readonly id: string }
      | { readonly __typename: 'AuditEntry', readonly id: string }
      | { readonly __typename: 'Cluster', readonly id: string }
      | { readonly __typename: 'ClusterNode', readonly id: string }
      | { readonly __typename: 'ConfigMap', readonly id: string }
      | { readonly __typename: 'Event', readonly id: string }
      | { readonly __typename: 'Fault', readonly id: string }
      | { readonly __typename: 'Namespace', readonly id: string }
      | { readonly __typename: 'Operation', readonly id: string }
      | { readonly __typename: 'Overview', readonly id: string }
      | { readonly __typename: 'Placement', readonly id: string }
      | { readonly __typename: 'Pod', readonly id: string }
      | { readonly __typename: 'Region', readonly id: string }
      | { readonly __typename: 'Revision', readonly id: string }
      | { readonly __typename: 'Rollout', readonly id: string }
      | { readonly __typename: 'Secret', readonly id: string }
      | { readonly __typename: 'Service', readonly id: string }
      | { readonly __typename: 'Subnet', readonly id: string }
      | { readonly __typename: 'Tenant', readonly id: string }
      | { readonly __typename: 'Viewer', readonly id: string }
      | { readonly __typename: 'Vpc', readonly id: string }
     | null, readonly steps: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly name: string, readonly state: OperationState, readonly message: string | null, readonly finishedAt: string | null, readonly cluster: { readonly id: string, readonly code: string } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } }, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null };

export type OperationsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: OperationFilter | null | undefined;
}>;


export type OperationsQuery = { readonly server: { readonly now: string }, readonly operations: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type OverviewQueryVariables = Exact<{ [key: string]: never; }>;


export type OverviewQuery = { readonly overview: { readonly id: string, readonly applications: { readonly total: number, readonly byStatus: ReadonlyArray<{ readonly status: ApplicationStatus, readonly count: number }> }, readonly pods: { readonly total: number, readonly running: number, readonly other: number, readonly stale: number, readonly byPhase: ReadonlyArray<{ readonly phase: PodPhase, readonly count: number }> }, readonly resources: { readonly cpuMillis: number, readonly memoryMiB: number, readonly vpcs: number, readonly services: number, readonly configMaps: number, readonly secrets: number }, readonly distribution: ReadonlyArray<{ readonly clusters: number, readonly applications: number, readonly pods: number, readonly region: { readonly id: string, readonly code: string, readonly name: string } }> } };

export type PodLogsQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: LogFilter | null | undefined;
}>;


export type PodLogsQuery = { readonly server: { readonly now: string }, readonly pod: { readonly id: string, readonly logs: { readonly nodes: ReadonlyArray<{ readonly at: string, readonly podName: string, readonly container: string, readonly stream: LogStream, readonly line: string }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type PodQueryVariables = Exact<{
  id: string;
  events?: number | null | undefined;
}>;


export type PodQuery = { readonly server: { readonly now: string }, readonly pod: { readonly message: string | null, readonly id: string, readonly name: string, readonly phase: PodPhase, readonly ready: boolean, readonly reason: string | null, readonly privateIp: string | null, readonly restartCount: number, readonly createdAt: string, readonly startedAt: string | null, readonly observedAt: string | null, readonly stale: boolean, readonly placement: { readonly id: string, readonly networkType: NetworkType } | null, readonly containers: ReadonlyArray<{ readonly name: string, readonly image: string, readonly state: ContainerState, readonly ready: boolean, readonly restartCount: number, readonly reason: string | null, readonly exitCode: number | null, readonly startedAt: string | null }>, readonly events: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly at: string, readonly type: EventType, readonly reason: string, readonly message: string, readonly count: number, readonly firstAt: string, readonly object: string, readonly cause: string | null, readonly application: { readonly id: string, readonly name: string, readonly namespace: { readonly id: string, readonly name: string } } | null, readonly cluster: { readonly id: string, readonly code: string } | null }> }, readonly application: { readonly id: string, readonly name: string, readonly namespace: { readonly id: string, readonly name: string } }, readonly cluster: { readonly id: string, readonly code: string }, readonly node: { readonly id: string, readonly name: string } | null, readonly revision: { readonly id: string, readonly number: number } } | null };

export type PodsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: PodFilter | null | undefined;
}>;


export type PodsQuery = { readonly server: { readonly now: string }, readonly pods: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly phase: PodPhase, readonly ready: boolean, readonly reason: string | null, readonly privateIp: string | null, readonly restartCount: number, readonly createdAt: string, readonly startedAt: string | null, readonly observedAt: string | null, readonly stale: boolean, readonly application: { readonly id: string, readonly name: string, readonly namespace: { readonly id: string, readonly name: string } }, readonly cluster: { readonly id: string, readonly code: string }, readonly node: { readonly id: string, readonly name: string } | null, readonly revision: { readonly id: string, readonly number: number } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type RegionsQueryVariables = Exact<{ [key: string]: never; }>;


export type RegionsQuery = { readonly regions: ReadonlyArray<{ readonly id: string, readonly code: string, readonly name: string, readonly clusters: { readonly totalCount: number } }> };

export type RestartApplicationMutationVariables = Exact<{
  input: ApplicationActionInput;
}>;


export type RestartApplicationMutation = { readonly restartApplication: { readonly application: { readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } } | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type RetryOperationMutationVariables = Exact<{
  input: OperationActionInput;
}>;


export type RetryOperationMutation = { readonly retryOperation: { readonly operation: { readonly cancellable: boolean, readonly retryable: boolean, readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type RevealSecretMutationVariables = Exact<{
  input: RevealSecretInput;
}>;


export type RevealSecretMutation = { readonly revealSecret: { readonly data: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type RevisionsQueryVariables = Exact<{
  namespace: string;
  name: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type RevisionsQuery = { readonly server: { readonly now: string }, readonly application: { readonly id: string, readonly currentRevision: { readonly id: string, readonly number: number }, readonly revisions: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly number: number, readonly message: string, readonly createdBy: string, readonly createdAt: string, readonly changes: ReadonlyArray<{ readonly path: string, readonly before: unknown, readonly after: unknown }> }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type RevokeApiTokenMutationVariables = Exact<{
  input: DeleteInput;
}>;


export type RevokeApiTokenMutation = { readonly revokeApiToken: { readonly apiToken: { readonly id: string, readonly name: string, readonly revokedAt: string | null } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type RevokeClusterKeyMutationVariables = Exact<{
  input: RevokeClusterKeyInput;
}>;


export type RevokeClusterKeyMutation = { readonly revokeClusterKey: { readonly cluster: { readonly id: string, readonly code: string } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type RollBackApplicationMutationVariables = Exact<{
  input: RollBackApplicationInput;
}>;


export type RollBackApplicationMutation = { readonly rollBackApplication: { readonly application: { readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } } | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type RolloutQueryVariables = Exact<{
  namespace: string;
  name: string;
  placements?: number | null | undefined;
  steps?: number | null | undefined;
}>;


export type RolloutQuery = { readonly server: { readonly now: string }, readonly application: { readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly rollout: { readonly id: string, readonly state: RolloutState, readonly updated: number, readonly total: number, readonly reason: string | null, readonly autoRollback: boolean, readonly progressDeadlineSeconds: number, readonly startedAt: string, readonly finishedAt: string | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly steps: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly name: string, readonly state: OperationState, readonly message: string | null, readonly cluster: { readonly id: string, readonly code: string } | null }> }, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly from: { readonly id: string, readonly number: number } | null, readonly to: { readonly id: string, readonly number: number, readonly message: string } } | null, readonly allPlacements: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly stale: boolean, readonly cluster: { readonly id: string, readonly code: string, readonly status: ClusterStatus }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number } }> }, readonly operations: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } }> }, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } } | null };

export type ScaleApplicationMutationVariables = Exact<{
  input: ScaleApplicationInput;
}>;


export type ScaleApplicationMutation = { readonly scaleApplication: { readonly application: { readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } } | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type SecretQueryVariables = Exact<{
  namespace: string;
  name: string;
  usedBy?: number | null | undefined;
}>;


export type SecretQuery = { readonly server: { readonly now: string }, readonly secrets: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly description: string, readonly type: SecretType, readonly keys: ReadonlyArray<string>, readonly version: number, readonly createdAt: string, readonly updatedAt: string, readonly users: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly status: ApplicationStatus }> }, readonly namespace: { readonly id: string, readonly name: string }, readonly usedBy: { readonly totalCount: number } }> } };

export type SecretsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: ConfigFilter | null | undefined;
}>;


export type SecretsQuery = { readonly server: { readonly now: string }, readonly secrets: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly description: string, readonly type: SecretType, readonly keys: ReadonlyArray<string>, readonly version: number, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly usedBy: { readonly totalCount: number } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type ServerQueryVariables = Exact<{ [key: string]: never; }>;


export type ServerQuery = { readonly server: { readonly version: string, readonly now: string, readonly simulated: boolean, readonly speed: number, readonly maxPageSize: number } };

export type ServiceQueryVariables = Exact<{
  namespace: string;
  name: string;
  clusterIds?: ReadonlyArray<string> | string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  endpoints?: number | null | undefined;
}>;


export type ServiceQuery = { readonly server: { readonly now: string }, readonly services: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly type: ServiceType, readonly clusterIp: string | null, readonly status: NetworkStatus, readonly version: number, readonly createdAt: string, readonly vpc: { readonly id: string, readonly name: string }, readonly endpoints: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly address: string, readonly ready: boolean, readonly pod: { readonly id: string, readonly name: string } }> }, readonly namespace: { readonly id: string, readonly name: string }, readonly application: { readonly id: string, readonly name: string }, readonly cluster: { readonly id: string, readonly code: string }, readonly ports: ReadonlyArray<{ readonly name: string, readonly protocol: Protocol, readonly port: number, readonly containerPort: number }> }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type ServicesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: NetworkFilter | null | undefined;
}>;


export type ServicesQuery = { readonly server: { readonly now: string }, readonly services: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly type: ServiceType, readonly clusterIp: string | null, readonly status: NetworkStatus, readonly version: number, readonly createdAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly application: { readonly id: string, readonly name: string }, readonly cluster: { readonly id: string, readonly code: string }, readonly ports: ReadonlyArray<{ readonly name: string, readonly protocol: Protocol, readonly port: number, readonly containerPort: number }> }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type StartApplicationMutationVariables = Exact<{
  input: ApplicationActionInput;
}>;


export type StartApplicationMutation = { readonly startApplication: { readonly application: { readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } } | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type StopApplicationMutationVariables = Exact<{
  input: ApplicationActionInput;
}>;


export type StopApplicationMutation = { readonly stopApplication: { readonly application: { readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } } | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type TokensQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type TokensQuery = { readonly server: { readonly now: string }, readonly viewer: { readonly id: string, readonly tenant: { readonly id: string, readonly apiTokens: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly role: Role, readonly namespaces: ReadonlyArray<string> | null, readonly prefix: string, readonly createdAt: string, readonly lastUsedAt: string | null, readonly expiresAt: string | null, readonly revokedAt: string | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } } };

export type UpdateApplicationMutationVariables = Exact<{
  input: UpdateApplicationInput;
}>;


export type UpdateApplicationMutation = { readonly updateApplication: { readonly application: { readonly description: string, readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } } | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type UpdateConfigMapMutationVariables = Exact<{
  input: UpdateConfigMapInput;
}>;


export type UpdateConfigMapMutation = { readonly updateConfigMap: { readonly configMap: { readonly id: string, readonly name: string, readonly description: string, readonly keys: ReadonlyArray<string>, readonly version: number, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly usedBy: { readonly totalCount: number } } | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type UpdateDistributionMutationVariables = Exact<{
  input: UpdateDistributionInput;
}>;


export type UpdateDistributionMutation = { readonly updateDistribution: { readonly application: { readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } } | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type UpdateSecretMutationVariables = Exact<{
  input: UpdateSecretInput;
}>;


export type UpdateSecretMutation = { readonly updateSecret: { readonly secret: { readonly id: string, readonly name: string, readonly description: string, readonly type: SecretType, readonly keys: ReadonlyArray<string>, readonly version: number, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly usedBy: { readonly totalCount: number } } | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type UpdateServiceMutationVariables = Exact<{
  input: UpdateServiceInput;
}>;


export type UpdateServiceMutation = { readonly updateService: { readonly services: ReadonlyArray<{ readonly id: string, readonly name: string, readonly type: ServiceType, readonly clusterIp: string | null, readonly status: NetworkStatus, readonly version: number, readonly createdAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly application: { readonly id: string, readonly name: string }, readonly cluster: { readonly id: string, readonly code: string }, readonly ports: ReadonlyArray<{ readonly name: string, readonly protocol: Protocol, readonly port: number, readonly containerPort: number }> }>, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type UpgradeApplicationMutationVariables = Exact<{
  input: UpgradeApplicationInput;
}>;


export type UpgradeApplicationMutation = { readonly upgradeApplication: { readonly application: { readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } } | null, readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } | null, readonly userErrors: ReadonlyArray<
      | { readonly __typename: 'AlreadyExistsError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly existing:
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
          | { readonly id: string }
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { readonly viewer: { readonly id: string, readonly name: string, readonly role: Role, readonly namespaces: ReadonlyArray<string> | null, readonly tenant: { readonly id: string, readonly name: string } } };

export type WatchApplicationSubscriptionVariables = Exact<{
  id: string;
}>;


export type WatchApplicationSubscription = { readonly application: { readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } } | null };

export type WatchApplicationsSubscriptionVariables = Exact<{
  filter?: ApplicationFilter | null | undefined;
  after?: string | null | undefined;
}>;


export type WatchApplicationsSubscription = { readonly applications: { readonly cursor: string, readonly snapshot: boolean, readonly complete: boolean, readonly removedIds: ReadonlyArray<string>, readonly at: string, readonly upserted: ReadonlyArray<{ readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } }> } };

export type WatchClustersSubscriptionVariables = Exact<{
  filter?: ClusterFilter | null | undefined;
  after?: string | null | undefined;
}>;


export type WatchClustersSubscription = { readonly clusters: { readonly cursor: string, readonly snapshot: boolean, readonly complete: boolean, readonly removedIds: ReadonlyArray<string>, readonly at: string, readonly upserted: ReadonlyArray<{ readonly id: string, readonly code: string, readonly name: string, readonly province: string, readonly city: string, readonly tier: ClusterTier, readonly isp: Isp, readonly status: ClusterStatus, readonly lastSeenAt: string | null, readonly cordoned: boolean, readonly podCount: number, readonly region: { readonly id: string, readonly code: string }, readonly capacity: { readonly cpuMillis: number, readonly memoryMiB: number, readonly pods: number }, readonly allocated: { readonly cpuMillis: number, readonly memoryMiB: number, readonly pods: number } }> } };

export type WatchEventsSubscriptionVariables = Exact<{
  filter?: EventFilter | null | undefined;
  after?: string | null | undefined;
}>;


export type WatchEventsSubscription = { readonly events: { readonly cursor: string, readonly events: ReadonlyArray<{ readonly id: string, readonly at: string, readonly type: EventType, readonly reason: string, readonly message: string, readonly count: number, readonly firstAt: string, readonly object: string, readonly cause: string | null, readonly application: { readonly id: string, readonly name: string, readonly namespace: { readonly id: string, readonly name: string } } | null, readonly cluster: { readonly id: string, readonly code: string } | null }> } };

export type WatchObjectsSubscriptionVariables = Exact<{
  ids: ReadonlyArray<string> | string;
  after?: string | null | undefined;
}>;


export type WatchObjectsSubscription = { readonly watch: { readonly cursor: string, readonly snapshot: boolean, readonly complete: boolean, readonly removedIds: ReadonlyArray<string>, readonly at: string, readonly upserted: ReadonlyArray<
      | { readonly __typename: 'ApiToken', readonly id: string }
      | { readonly __typename: 'Application', readonly name: string, readonly version: number, readonly id: string, readonly applicationStatus: ApplicationStatus }
      | { readonly __typename: 'AuditEntry', readonly id: string }
      | { readonly __typename: 'Cluster', readonly id: string }
      | { readonly __typename: 'ClusterNode', readonly id: string }
      | { readonly __typename: 'ConfigMap', readonly name: string, readonly version: number, readonly keys: ReadonlyArray<string>, readonly id: string }
      | { readonly __typename: 'Event', readonly id: string }
      | { readonly __typename: 'Fault', readonly id: string }
      | { readonly __typename: 'Namespace', readonly id: string }
      | { readonly __typename: 'Operation', readonly id: string }
      | { readonly __typename: 'Overview', readonly id: string }
      | { readonly __typename: 'Placement', readonly id: string }
      | { readonly __typename: 'Pod', readonly id: string }
      | { readonly __typename: 'Region', readonly id: string }
      | { readonly __typename: 'Revision', readonly id: string }
      | { readonly __typename: 'Rollout', readonly id: string, readonly state: RolloutState, readonly updated: number, readonly total: number, readonly reason: string | null, readonly autoRollback: boolean, readonly progressDeadlineSeconds: number, readonly startedAt: string, readonly finishedAt: string | null, readonly from: { readonly id: string, readonly number: number } | null, readonly to: { readonly id: string, readonly number: number, readonly message: string } }
      | { readonly __typename: 'Secret', readonly name: string, readonly version: number, readonly keys: ReadonlyArray<string>, readonly id: string }
      | { readonly __typename: 'Service', readonly name: string, readonly version: number, readonly clusterIp: string | null, readonly id: string, readonly networkStatus: NetworkStatus }
      | { readonly __typename: 'Subnet', readonly id: string }
      | { readonly __typename: 'Tenant', readonly id: string }
      | { readonly __typename: 'Viewer', readonly id: string }
      | { readonly __typename: 'Vpc', readonly id: string }
    > } };

export type WatchOperationSubscriptionVariables = Exact<{
  id: string;
}>;


export type WatchOperationSubscription = { readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly failedSteps: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly name: string, readonly state: OperationState, readonly message: string | null, readonly cluster: { readonly id: string, readonly code: string } | null }> }, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } };

export type WatchOperationsSubscriptionVariables = Exact<{
  filter?: OperationFilter | null | undefined;
  after?: string | null | undefined;
}>;


export type WatchOperationsSubscription = { readonly operations: { readonly cursor: string, readonly snapshot: boolean, readonly complete: boolean, readonly removedIds: ReadonlyArray<string>, readonly at: string, readonly upserted: ReadonlyArray<{ readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } }> } };

export type WatchPodsSubscriptionVariables = Exact<{
  filter: PodFilter;
  after?: string | null | undefined;
}>;


export type WatchPodsSubscription = { readonly pods: { readonly cursor: string, readonly snapshot: boolean, readonly complete: boolean, readonly removedIds: ReadonlyArray<string>, readonly at: string, readonly upserted: ReadonlyArray<{ readonly id: string, readonly name: string, readonly phase: PodPhase, readonly ready: boolean, readonly reason: string | null, readonly privateIp: string | null, readonly restartCount: number, readonly createdAt: string, readonly startedAt: string | null, readonly observedAt: string | null, readonly stale: boolean, readonly application: { readonly id: string, readonly name: string, readonly namespace: { readonly id: string, readonly name: string } }, readonly cluster: { readonly id: string, readonly code: string }, readonly node: { readonly id: string, readonly name: string } | null, readonly revision: { readonly id: string, readonly number: number } }> } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const UserErrorPartsFragmentDoc = new TypedDocumentString(`
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
    `, {"fragmentName":"UserErrorParts"}) as unknown as TypedDocumentString<UserErrorPartsFragment, unknown>;
export const PagePartsFragmentDoc = new TypedDocumentString(`
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
    `, {"fragmentName":"PageParts"}) as unknown as TypedDocumentString<PagePartsFragment, unknown>;
export const ReplicaPartsFragmentDoc = new TypedDocumentString(`
    fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
    `, {"fragmentName":"ReplicaParts"}) as unknown as TypedDocumentString<ReplicaPartsFragment, unknown>;
export const ApplicationRowFragmentDoc = new TypedDocumentString(`
    fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}
    fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}`, {"fragmentName":"ApplicationRow"}) as unknown as TypedDocumentString<ApplicationRowFragment, unknown>;
export const PodRowFragmentDoc = new TypedDocumentString(`
    fragment PodRow on Pod {
  id
  name
  application {
    id
    name
    namespace {
      id
      name
    }
  }
  cluster {
    id
    code
  }
  node {
    id
    name
  }
  revision {
    id
    number
  }
  phase
  ready
  reason
  privateIp
  restartCount
  createdAt
  startedAt
  observedAt
  stale
}
    `, {"fragmentName":"PodRow"}) as unknown as TypedDocumentString<PodRowFragment, unknown>;
export const ClusterRowFragmentDoc = new TypedDocumentString(`
    fragment ClusterRow on Cluster {
  id
  code
  name
  region {
    id
    code
  }
  province
  city
  tier
  isp
  status
  lastSeenAt
  cordoned
  capacity {
    cpuMillis
    memoryMiB
    pods
  }
  allocated {
    cpuMillis
    memoryMiB
    pods
  }
  podCount
}
    `, {"fragmentName":"ClusterRow"}) as unknown as TypedDocumentString<ClusterRowFragment, unknown>;
export const OperationRowFragmentDoc = new TypedDocumentString(`
    fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}
    `, {"fragmentName":"OperationRow"}) as unknown as TypedDocumentString<OperationRowFragment, unknown>;
export const ProbePartsFragmentDoc = new TypedDocumentString(`
    fragment ProbeParts on Probe {
  handler {
    __typename
    ... on HttpGetProbe {
      path
      port
      headers {
        name
        value
      }
    }
    ... on TcpSocketProbe {
      port
    }
    ... on ExecProbe {
      command
    }
    ... on GrpcProbe {
      port
      service
    }
  }
  initialDelaySeconds
  periodSeconds
  timeoutSeconds
  successThreshold
  failureThreshold
}
    `, {"fragmentName":"ProbeParts"}) as unknown as TypedDocumentString<ProbePartsFragment, unknown>;
export const TemplatePartsFragmentDoc = new TypedDocumentString(`
    fragment TemplateParts on PodTemplate {
  runtime
  terminationGracePeriodSeconds
  labels {
    key
    value
  }
  imagePullSecrets {
    name
    secret {
      id
    }
  }
  affinity {
    kind
    required
    weight
    topology
    labels {
      key
      value
    }
  }
  logCollection {
    container
    path
  }
  volumes {
    name
    source {
      __typename
      ... on EmptyDirVolume {
        sizeLimitMiB
      }
      ... on ConfigMapVolume {
        name
        configMap {
          id
        }
      }
      ... on SecretVolume {
        name
        secret {
          id
        }
      }
    }
  }
  containers {
    name
    image
    cpuMillis
    memoryMiB
    command
    args
    stdin
    tty
    ports {
      name
      containerPort
      protocol
    }
    env {
      name
      value
      configMapKey {
        name
        key
        configMap {
          id
        }
      }
      secretKey {
        name
        key
        secret {
          id
        }
      }
    }
    livenessProbe {
      ...ProbeParts
    }
    readinessProbe {
      ...ProbeParts
    }
    lifecycle {
      postStart
      preStop
    }
    volumeMounts {
      volume
      mountPath
      readOnly
    }
  }
}
    fragment ProbeParts on Probe {
  handler {
    __typename
    ... on HttpGetProbe {
      path
      port
      headers {
        name
        value
      }
    }
    ... on TcpSocketProbe {
      port
    }
    ... on ExecProbe {
      command
    }
    ... on GrpcProbe {
      port
      service
    }
  }
  initialDelaySeconds
  periodSeconds
  timeoutSeconds
  successThreshold
  failureThreshold
}`, {"fragmentName":"TemplateParts"}) as unknown as TypedDocumentString<TemplatePartsFragment, unknown>;
export const RolloutRowFragmentDoc = new TypedDocumentString(`
    fragment RolloutRow on Rollout {
  id
  from {
    id
    number
  }
  to {
    id
    number
    message
  }
  state
  updated
  total
  reason
  autoRollback
  progressDeadlineSeconds
  startedAt
  finishedAt
}
    `, {"fragmentName":"RolloutRow"}) as unknown as TypedDocumentString<RolloutRowFragment, unknown>;
export const ConfigMapRowFragmentDoc = new TypedDocumentString(`
    fragment ConfigMapRow on ConfigMap {
  id
  name
  namespace {
    id
    name
  }
  description
  keys
  version
  usedBy(first: 1) {
    totalCount
  }
  createdAt
  updatedAt
}
    `, {"fragmentName":"ConfigMapRow"}) as unknown as TypedDocumentString<ConfigMapRowFragment, unknown>;
export const SecretRowFragmentDoc = new TypedDocumentString(`
    fragment SecretRow on Secret {
  id
  name
  namespace {
    id
    name
  }
  description
  type
  keys
  version
  usedBy(first: 1) {
    totalCount
  }
  createdAt
  updatedAt
}
    `, {"fragmentName":"SecretRow"}) as unknown as TypedDocumentString<SecretRowFragment, unknown>;
export const ServiceRowFragmentDoc = new TypedDocumentString(`
    fragment ServiceRow on Service {
  id
  name
  namespace {
    id
    name
  }
  application {
    id
    name
  }
  cluster {
    id
    code
  }
  type
  clusterIp
  ports {
    name
    protocol
    port
    containerPort
  }
  status
  version
  createdAt
}
    `, {"fragmentName":"ServiceRow"}) as unknown as TypedDocumentString<ServiceRowFragment, unknown>;
export const EventRowFragmentDoc = new TypedDocumentString(`
    fragment EventRow on Event {
  id
  at
  type
  reason
  message
  count
  firstAt
  object
  cause
  application {
    id
    name
    namespace {
      id
      name
    }
  }
  cluster {
    id
    code
  }
}
    `, {"fragmentName":"EventRow"}) as unknown as TypedDocumentString<EventRowFragment, unknown>;
export const LogRowFragmentDoc = new TypedDocumentString(`
    fragment LogRow on LogLine {
  at
  podName
  container
  stream
  line
}
    `, {"fragmentName":"LogRow"}) as unknown as TypedDocumentString<LogRowFragment, unknown>;
export const FaultRowFragmentDoc = new TypedDocumentString(`
    fragment FaultRow on Fault {
  id
  kind
  target {
    __typename
    id
    ... on Cluster {
      code
    }
    ... on ClusterNode {
      name
    }
    ... on Pod {
      name
    }
  }
  cluster {
    id
    code
  }
  mode
  seed
  startedAt
  endsAt
}
    `, {"fragmentName":"FaultRow"}) as unknown as TypedDocumentString<FaultRowFragment, unknown>;
export const ApplicationIdDocument = new TypedDocumentString(`
    query ApplicationId($namespace: String!, $name: String!) {
  application(namespace: $namespace, name: $name) {
    id
    name
    version
    replicas {
      ...ReplicaParts
    }
  }
}
    fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}`) as unknown as TypedDocumentString<ApplicationIdQuery, ApplicationIdQueryVariables>;
export const ApplicationLogsDocument = new TypedDocumentString(`
    query ApplicationLogs($id: ID!, $first: Int = 100, $after: String, $filter: LogFilter) {
  server {
    now
  }
  application(id: $id) {
    id
    logs(first: $first, after: $after, filter: $filter) {
      nodes {
        ...LogRow
      }
      pageInfo {
        ...PageParts
      }
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
fragment LogRow on LogLine {
  at
  podName
  container
  stream
  line
}`) as unknown as TypedDocumentString<ApplicationLogsQuery, ApplicationLogsQueryVariables>;
export const ApplicationManifestDocument = new TypedDocumentString(`
    query ApplicationManifest($namespace: String!, $name: String!, $placements: Int = 200) {
  application(namespace: $namespace, name: $name) {
    id
    name
    version
    manifest
    placements(first: $placements) {
      totalCount
      nodes {
        id
        cluster {
          id
          code
        }
        replicas {
          desired
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ApplicationManifestQuery, ApplicationManifestQueryVariables>;
export const ApplicationTemplateDocument = new TypedDocumentString(`
    query ApplicationTemplate($namespace: String!, $name: String!) {
  application(namespace: $namespace, name: $name) {
    id
    name
    version
    revision {
      id
      number
      template {
        ...TemplateParts
      }
    }
  }
}
    fragment TemplateParts on PodTemplate {
  runtime
  terminationGracePeriodSeconds
  labels {
    key
    value
  }
  imagePullSecrets {
    name
    secret {
      id
    }
  }
  affinity {
    kind
    required
    weight
    topology
    labels {
      key
      value
    }
  }
  logCollection {
    container
    path
  }
  volumes {
    name
    source {
      __typename
      ... on EmptyDirVolume {
        sizeLimitMiB
      }
      ... on ConfigMapVolume {
        name
        configMap {
          id
        }
      }
      ... on SecretVolume {
        name
        secret {
          id
        }
      }
    }
  }
  containers {
    name
    image
    cpuMillis
    memoryMiB
    command
    args
    stdin
    tty
    ports {
      name
      containerPort
      protocol
    }
    env {
      name
      value
      configMapKey {
        name
        key
        configMap {
          id
        }
      }
      secretKey {
        name
        key
        secret {
          id
        }
      }
    }
    livenessProbe {
      ...ProbeParts
    }
    readinessProbe {
      ...ProbeParts
    }
    lifecycle {
      postStart
      preStop
    }
    volumeMounts {
      volume
      mountPath
      readOnly
    }
  }
}
fragment ProbeParts on Probe {
  handler {
    __typename
    ... on HttpGetProbe {
      path
      port
      headers {
        name
        value
      }
    }
    ... on TcpSocketProbe {
      port
    }
    ... on ExecProbe {
      command
    }
    ... on GrpcProbe {
      port
      service
    }
  }
  initialDelaySeconds
  periodSeconds
  timeoutSeconds
  successThreshold
  failureThreshold
}`) as unknown as TypedDocumentString<ApplicationTemplateQuery, ApplicationTemplateQueryVariables>;
export const ApplicationDocument = new TypedDocumentString(`
    query Application($namespace: String!, $name: String!, $pods: Int = 50, $operations: Int = 5, $events: Int = 10) {
  server {
    now
  }
  application(namespace: $namespace, name: $name) {
    ...ApplicationRow
    description
    capacityType
    deletionProtection
    labels {
      key
      value
    }
    updateStrategy {
      maxUnavailable {
        count
        percent
      }
      maxSurge {
        count
        percent
      }
    }
    currentRevision: revision {
      id
      number
      message
      createdBy
      createdAt
      template {
        ...TemplateParts
      }
    }
    allPlacements: placements(first: 100) {
      totalCount
      nodes {
        id
        cluster {
          id
          code
          status
        }
        replicas {
          ...ReplicaParts
        }
        networkType
        vpc {
          id
          name
        }
        subnet {
          id
          name
          cidr
        }
        revision {
          id
          number
        }
        generation
        observedGeneration
        observedAt
        stale
        reason
      }
      pageInfo {
        ...PageParts
      }
    }
    services(first: 20) {
      totalCount
      nodes {
        ...ServiceRow
      }
    }
    rollout {
      ...RolloutRow
    }
    pods(first: $pods) {
      totalCount
      nodes {
        ...PodRow
      }
    }
    operations(first: $operations) {
      totalCount
      nodes {
        ...OperationRow
      }
    }
    events(first: $events) {
      nodes {
        ...EventRow
      }
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}
fragment PodRow on Pod {
  id
  name
  application {
    id
    name
    namespace {
      id
      name
    }
  }
  cluster {
    id
    code
  }
  node {
    id
    name
  }
  revision {
    id
    number
  }
  phase
  ready
  reason
  privateIp
  restartCount
  createdAt
  startedAt
  observedAt
  stale
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}
fragment TemplateParts on PodTemplate {
  runtime
  terminationGracePeriodSeconds
  labels {
    key
    value
  }
  imagePullSecrets {
    name
    secret {
      id
    }
  }
  affinity {
    kind
    required
    weight
    topology
    labels {
      key
      value
    }
  }
  logCollection {
    container
    path
  }
  volumes {
    name
    source {
      __typename
      ... on EmptyDirVolume {
        sizeLimitMiB
      }
      ... on ConfigMapVolume {
        name
        configMap {
          id
        }
      }
      ... on SecretVolume {
        name
        secret {
          id
        }
      }
    }
  }
  containers {
    name
    image
    cpuMillis
    memoryMiB
    command
    args
    stdin
    tty
    ports {
      name
      containerPort
      protocol
    }
    env {
      name
      value
      configMapKey {
        name
        key
        configMap {
          id
        }
      }
      secretKey {
        name
        key
        secret {
          id
        }
      }
    }
    livenessProbe {
      ...ProbeParts
    }
    readinessProbe {
      ...ProbeParts
    }
    lifecycle {
      postStart
      preStop
    }
    volumeMounts {
      volume
      mountPath
      readOnly
    }
  }
}
fragment ProbeParts on Probe {
  handler {
    __typename
    ... on HttpGetProbe {
      path
      port
      headers {
        name
        value
      }
    }
    ... on TcpSocketProbe {
      port
    }
    ... on ExecProbe {
      command
    }
    ... on GrpcProbe {
      port
      service
    }
  }
  initialDelaySeconds
  periodSeconds
  timeoutSeconds
  successThreshold
  failureThreshold
}
fragment RolloutRow on Rollout {
  id
  from {
    id
    number
  }
  to {
    id
    number
    message
  }
  state
  updated
  total
  reason
  autoRollback
  progressDeadlineSeconds
  startedAt
  finishedAt
}
fragment ServiceRow on Service {
  id
  name
  namespace {
    id
    name
  }
  application {
    id
    name
  }
  cluster {
    id
    code
  }
  type
  clusterIp
  ports {
    name
    protocol
    port
    containerPort
  }
  status
  version
  createdAt
}
fragment EventRow on Event {
  id
  at
  type
  reason
  message
  count
  firstAt
  object
  cause
  application {
    id
    name
    namespace {
      id
      name
    }
  }
  cluster {
    id
    code
  }
}`) as unknown as TypedDocumentString<ApplicationQuery, ApplicationQueryVariables>;
export const ApplicationsDocument = new TypedDocumentString(`
    query Applications($first: Int = 50, $after: String, $filter: ApplicationFilter, $orderBy: ApplicationOrder) {
  server {
    now
  }
  applications(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    totalCount
    nodes {
      ...ApplicationRow
    }
    pageInfo {
      ...PageParts
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<ApplicationsQuery, ApplicationsQueryVariables>;
export const CancelOperationDocument = new TypedDocumentString(`
    mutation CancelOperation($input: OperationActionInput!) {
  cancelOperation(input: $input) {
    operation {
      ...OperationRow
      cancellable
      retryable
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<CancelOperationMutation, CancelOperationMutationVariables>;
export const ClusterIdDocument = new TypedDocumentString(`
    query ClusterId($code: String!) {
  cluster(code: $code) {
    id
    code
  }
}
    `) as unknown as TypedDocumentString<ClusterIdQuery, ClusterIdQueryVariables>;
export const ClusterDocument = new TypedDocumentString(`
    query Cluster($code: String!, $nodes: Int = 50, $after: String) {
  server {
    now
  }
  cluster(code: $code) {
    ...ClusterRow
    location {
      latitude
      longitude
    }
    prices {
      currency
      cpuCoreHour
      memoryGiBHour
    }
    nodes(first: $nodes, after: $after) {
      totalCount
      nodes {
        id
        name
        status
        cordoned
        labels {
          key
          value
        }
        capacity {
          cpuMillis
          memoryMiB
          pods
        }
        allocated {
          cpuMillis
          memoryMiB
          pods
        }
      }
      pageInfo {
        ...PageParts
      }
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
fragment ClusterRow on Cluster {
  id
  code
  name
  region {
    id
    code
  }
  province
  city
  tier
  isp
  status
  lastSeenAt
  cordoned
  capacity {
    cpuMillis
    memoryMiB
    pods
  }
  allocated {
    cpuMillis
    memoryMiB
    pods
  }
  podCount
}`) as unknown as TypedDocumentString<ClusterQuery, ClusterQueryVariables>;
export const ClustersDocument = new TypedDocumentString(`
    query Clusters($first: Int = 50, $after: String, $filter: ClusterFilter) {
  server {
    now
  }
  clusters(first: $first, after: $after, filter: $filter) {
    totalCount
    nodes {
      ...ClusterRow
    }
    pageInfo {
      ...PageParts
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
fragment ClusterRow on Cluster {
  id
  code
  name
  region {
    id
    code
  }
  province
  city
  tier
  isp
  status
  lastSeenAt
  cordoned
  capacity {
    cpuMillis
    memoryMiB
    pods
  }
  allocated {
    cpuMillis
    memoryMiB
    pods
  }
  podCount
}`) as unknown as TypedDocumentString<ClustersQuery, ClustersQueryVariables>;
export const ConfigMapDocument = new TypedDocumentString(`
    query ConfigMap($namespace: String!, $name: String!, $usedBy: Int = 50) {
  server {
    now
  }
  configMaps(first: 1, filter: { namespaces: [$namespace], names: [$name] }) {
    nodes {
      ...ConfigMapRow
      data {
        key
        value
      }
      users: usedBy(first: $usedBy) {
        totalCount
        nodes {
          id
          name
          status
        }
      }
    }
  }
}
    fragment ConfigMapRow on ConfigMap {
  id
  name
  namespace {
    id
    name
  }
  description
  keys
  version
  usedBy(first: 1) {
    totalCount
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<ConfigMapQuery, ConfigMapQueryVariables>;
export const ConfigMapsDocument = new TypedDocumentString(`
    query ConfigMaps($first: Int = 50, $after: String, $filter: ConfigFilter) {
  server {
    now
  }
  configMaps(first: $first, after: $after, filter: $filter) {
    totalCount
    nodes {
      ...ConfigMapRow
    }
    pageInfo {
      ...PageParts
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
fragment ConfigMapRow on ConfigMap {
  id
  name
  namespace {
    id
    name
  }
  description
  keys
  version
  usedBy(first: 1) {
    totalCount
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<ConfigMapsQuery, ConfigMapsQueryVariables>;
export const CreateApiTokenDocument = new TypedDocumentString(`
    mutation CreateApiToken($input: CreateApiTokenInput!) {
  createApiToken(input: $input) {
    apiToken {
      id
      name
      role
      namespaces
      prefix
      expiresAt
    }
    secret
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}`) as unknown as TypedDocumentString<CreateApiTokenMutation, CreateApiTokenMutationVariables>;
export const CreateApplicationDocument = new TypedDocumentString(`
    mutation CreateApplication($input: CreateApplicationInput!) {
  createApplication(input: $input) {
    application {
      ...ApplicationRow
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<CreateApplicationMutation, CreateApplicationMutationVariables>;
export const CreateConfigMapDocument = new TypedDocumentString(`
    mutation CreateConfigMap($input: CreateConfigMapInput!) {
  createConfigMap(input: $input) {
    configMap {
      ...ConfigMapRow
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}
fragment ConfigMapRow on ConfigMap {
  id
  name
  namespace {
    id
    name
  }
  description
  keys
  version
  usedBy(first: 1) {
    totalCount
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<CreateConfigMapMutation, CreateConfigMapMutationVariables>;
export const CreateEnrolmentTicketDocument = new TypedDocumentString(`
    mutation CreateEnrolmentTicket($input: CreateEnrolmentTicketInput!) {
  createEnrolmentTicket(input: $input) {
    ticket
    clusterCodes
    maxClusters
    expiresAt
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}`) as unknown as TypedDocumentString<CreateEnrolmentTicketMutation, CreateEnrolmentTicketMutationVariables>;
export const CreateLogDownloadDocument = new TypedDocumentString(`
    mutation CreateLogDownload($input: CreateLogDownloadInput!) {
  createLogDownload(input: $input) {
    download {
      url
      expiresAt
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}`) as unknown as TypedDocumentString<CreateLogDownloadMutation, CreateLogDownloadMutationVariables>;
export const CreateNamespaceDocument = new TypedDocumentString(`
    mutation CreateNamespace($input: CreateNamespaceInput!) {
  createNamespace(input: $input) {
    namespace {
      id
      name
      description
      isDefault
      createdAt
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}`) as unknown as TypedDocumentString<CreateNamespaceMutation, CreateNamespaceMutationVariables>;
export const CreateSecretDocument = new TypedDocumentString(`
    mutation CreateSecret($input: CreateSecretInput!) {
  createSecret(input: $input) {
    secret {
      ...SecretRow
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}
fragment SecretRow on Secret {
  id
  name
  namespace {
    id
    name
  }
  description
  type
  keys
  version
  usedBy(first: 1) {
    totalCount
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<CreateSecretMutation, CreateSecretMutationVariables>;
export const CreateServicesDocument = new TypedDocumentString(`
    mutation CreateServices($input: CreateServiceInput!) {
  createServices(input: $input) {
    services {
      ...ServiceRow
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}
fragment ServiceRow on Service {
  id
  name
  namespace {
    id
    name
  }
  application {
    id
    name
  }
  cluster {
    id
    code
  }
  type
  clusterIp
  ports {
    name
    protocol
    port
    containerPort
  }
  status
  version
  createdAt
}`) as unknown as TypedDocumentString<CreateServicesMutation, CreateServicesMutationVariables>;
export const CreateTenantDocument = new TypedDocumentString(`
    mutation CreateTenant($input: CreateTenantInput!) {
  createTenant(input: $input) {
    tenant {
      id
      name
      createdAt
    }
    ownerToken
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}`) as unknown as TypedDocumentString<CreateTenantMutation, CreateTenantMutationVariables>;
export const DeleteApplicationDocument = new TypedDocumentString(`
    mutation DeleteApplication($input: DeleteApplicationInput!) {
  deleteApplication(input: $input) {
    deletedId
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<DeleteApplicationMutation, DeleteApplicationMutationVariables>;
export const DeleteConfigMapDocument = new TypedDocumentString(`
    mutation DeleteConfigMap($input: DeleteInput!) {
  deleteConfigMap(input: $input) {
    deletedId
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<DeleteConfigMapMutation, DeleteConfigMapMutationVariables>;
export const DeleteNamespaceDocument = new TypedDocumentString(`
    mutation DeleteNamespace($input: DeleteInput!) {
  deleteNamespace(input: $input) {
    deletedId
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}`) as unknown as TypedDocumentString<DeleteNamespaceMutation, DeleteNamespaceMutationVariables>;
export const DeleteSecretDocument = new TypedDocumentString(`
    mutation DeleteSecret($input: DeleteInput!) {
  deleteSecret(input: $input) {
    deletedId
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<DeleteSecretMutation, DeleteSecretMutationVariables>;
export const DeleteServicesDocument = new TypedDocumentString(`
    mutation DeleteServices($input: DeleteManyInput!) {
  deleteServices(input: $input) {
    results {
      id
      ok
      deletedId
      operation {
        ...OperationRow
      }
      userErrors {
        ...UserErrorParts
      }
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<DeleteServicesMutation, DeleteServicesMutationVariables>;
export const EndFaultDocument = new TypedDocumentString(`
    mutation EndFault($input: EndFaultInput!) {
  endFault(input: $input) {
    fault {
      ...FaultRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment FaultRow on Fault {
  id
  kind
  target {
    __typename
    id
    ... on Cluster {
      code
    }
    ... on ClusterNode {
      name
    }
    ... on Pod {
      name
    }
  }
  cluster {
    id
    code
  }
  mode
  seed
  startedAt
  endsAt
}`) as unknown as TypedDocumentString<EndFaultMutation, EndFaultMutationVariables>;
export const EventsDocument = new TypedDocumentString(`
    query Events($first: Int = 50, $after: String, $filter: EventFilter) {
  server {
    now
  }
  events(first: $first, after: $after, filter: $filter) {
    nodes {
      ...EventRow
    }
    pageInfo {
      ...PageParts
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
fragment EventRow on Event {
  id
  at
  type
  reason
  message
  count
  firstAt
  object
  cause
  application {
    id
    name
    namespace {
      id
      name
    }
  }
  cluster {
    id
    code
  }
}`) as unknown as TypedDocumentString<EventsQuery, EventsQueryVariables>;
export const FaultsDocument = new TypedDocumentString(`
    query Faults {
  server {
    now
  }
  faults {
    ...FaultRow
  }
}
    fragment FaultRow on Fault {
  id
  kind
  target {
    __typename
    id
    ... on Cluster {
      code
    }
    ... on ClusterNode {
      name
    }
    ... on Pod {
      name
    }
  }
  cluster {
    id
    code
  }
  mode
  seed
  startedAt
  endsAt
}`) as unknown as TypedDocumentString<FaultsQuery, FaultsQueryVariables>;
export const FollowLogsDocument = new TypedDocumentString(`
    subscription FollowLogs($target: LogTargetInput!, $filter: LogFilter, $after: String, $tail: Int) {
  logs(target: $target, filter: $filter, after: $after, tail: $tail) {
    cursor
    lines {
      ...LogRow
    }
  }
}
    fragment LogRow on LogLine {
  at
  podName
  container
  stream
  line
}`) as unknown as TypedDocumentString<FollowLogsSubscription, FollowLogsSubscriptionVariables>;
export const ImportManifestsDocument = new TypedDocumentString(`
    mutation ImportManifests($input: ImportManifestsInput!) {
  importManifests(input: $input) {
    objects {
      kind
      name
      outcome
      message
      warnings
      object {
        __typename
        id
      }
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<ImportManifestsMutation, ImportManifestsMutationVariables>;
export const InjectFaultDocument = new TypedDocumentString(`
    mutation InjectFault($input: InjectFaultInput!) {
  injectFault(input: $input) {
    fault {
      ...FaultRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment FaultRow on Fault {
  id
  kind
  target {
    __typename
    id
    ... on Cluster {
      code
    }
    ... on ClusterNode {
      name
    }
    ... on Pod {
      name
    }
  }
  cluster {
    id
    code
  }
  mode
  seed
  startedAt
  endsAt
}`) as unknown as TypedDocumentString<InjectFaultMutation, InjectFaultMutationVariables>;
export const NamespacesDocument = new TypedDocumentString(`
    query Namespaces($first: Int = 50, $after: String) {
  server {
    now
  }
  namespaces(first: $first, after: $after) {
    totalCount
    nodes {
      id
      name
      description
      isDefault
      createdAt
      applications(first: 1) {
        totalCount
      }
    }
    pageInfo {
      ...PageParts
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}`) as unknown as TypedDocumentString<NamespacesQuery, NamespacesQueryVariables>;
export const OperationDocument = new TypedDocumentString(`
    query Operation($id: ID!, $steps: Int = 100, $after: String, $states: [OperationState!]) {
  server {
    now
  }
  operation(id: $id) {
    ...OperationRow
    cancellable
    retryable
    target {
      __typename
      id
    }
    steps(first: $steps, after: $after, states: $states) {
      totalCount
      nodes {
        name
        state
        message
        finishedAt
        cluster {
          id
          code
        }
      }
      pageInfo {
        ...PageParts
      }
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<OperationQuery, OperationQueryVariables>;
export const OperationsDocument = new TypedDocumentString(`
    query Operations($first: Int = 50, $after: String, $filter: OperationFilter) {
  server {
    now
  }
  operations(first: $first, after: $after, filter: $filter) {
    totalCount
    nodes {
      ...OperationRow
    }
    pageInfo {
      ...PageParts
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<OperationsQuery, OperationsQueryVariables>;
export const OverviewDocument = new TypedDocumentString(`
    query Overview {
  overview {
    id
    applications {
      total
      byStatus {
        status
        count
      }
    }
    pods {
      total
      running
      other
      stale
      byPhase {
        phase
        count
      }
    }
    resources {
      cpuMillis
      memoryMiB
      vpcs
      services
      configMaps
      secrets
    }
    distribution {
      region {
        id
        code
        name
      }
      clusters
      applications
      pods
    }
  }
}
    `) as unknown as TypedDocumentString<OverviewQuery, OverviewQueryVariables>;
export const PodLogsDocument = new TypedDocumentString(`
    query PodLogs($id: ID!, $first: Int = 100, $after: String, $filter: LogFilter) {
  server {
    now
  }
  pod(id: $id) {
    id
    logs(first: $first, after: $after, filter: $filter) {
      nodes {
        ...LogRow
      }
      pageInfo {
        ...PageParts
      }
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
fragment LogRow on LogLine {
  at
  podName
  container
  stream
  line
}`) as unknown as TypedDocumentString<PodLogsQuery, PodLogsQueryVariables>;
export const PodDocument = new TypedDocumentString(`
    query Pod($id: ID!, $events: Int = 20) {
  server {
    now
  }
  pod(id: $id) {
    ...PodRow
    message
    placement {
      id
      networkType
    }
    containers {
      name
      image
      state
      ready
      restartCount
      reason
      exitCode
      startedAt
    }
    events(first: $events) {
      nodes {
        ...EventRow
      }
    }
  }
}
    fragment PodRow on Pod {
  id
  name
  application {
    id
    name
    namespace {
      id
      name
    }
  }
  cluster {
    id
    code
  }
  node {
    id
    name
  }
  revision {
    id
    number
  }
  phase
  ready
  reason
  privateIp
  restartCount
  createdAt
  startedAt
  observedAt
  stale
}
fragment EventRow on Event {
  id
  at
  type
  reason
  message
  count
  firstAt
  object
  cause
  application {
    id
    name
    namespace {
      id
      name
    }
  }
  cluster {
    id
    code
  }
}`) as unknown as TypedDocumentString<PodQuery, PodQueryVariables>;
export const PodsDocument = new TypedDocumentString(`
    query Pods($first: Int = 50, $after: String, $filter: PodFilter) {
  server {
    now
  }
  pods(first: $first, after: $after, filter: $filter) {
    totalCount
    nodes {
      ...PodRow
    }
    pageInfo {
      ...PageParts
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
fragment PodRow on Pod {
  id
  name
  application {
    id
    name
    namespace {
      id
      name
    }
  }
  cluster {
    id
    code
  }
  node {
    id
    name
  }
  revision {
    id
    number
  }
  phase
  ready
  reason
  privateIp
  restartCount
  createdAt
  startedAt
  observedAt
  stale
}`) as unknown as TypedDocumentString<PodsQuery, PodsQueryVariables>;
export const RegionsDocument = new TypedDocumentString(`
    query Regions {
  regions {
    id
    code
    name
    clusters(first: 1) {
      totalCount
    }
  }
}
    `) as unknown as TypedDocumentString<RegionsQuery, RegionsQueryVariables>;
export const RestartApplicationDocument = new TypedDocumentString(`
    mutation RestartApplication($input: ApplicationActionInput!) {
  restartApplication(input: $input) {
    application {
      ...ApplicationRow
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<RestartApplicationMutation, RestartApplicationMutationVariables>;
export const RetryOperationDocument = new TypedDocumentString(`
    mutation RetryOperation($input: OperationActionInput!) {
  retryOperation(input: $input) {
    operation {
      ...OperationRow
      cancellable
      retryable
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<RetryOperationMutation, RetryOperationMutationVariables>;
export const RevealSecretDocument = new TypedDocumentString(`
    mutation RevealSecret($input: RevealSecretInput!) {
  revealSecret(input: $input) {
    data {
      key
      value
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}`) as unknown as TypedDocumentString<RevealSecretMutation, RevealSecretMutationVariables>;
export const RevisionsDocument = new TypedDocumentString(`
    query Revisions($namespace: String!, $name: String!, $first: Int = 20, $after: String) {
  server {
    now
  }
  application(namespace: $namespace, name: $name) {
    id
    currentRevision: revision {
      id
      number
    }
    revisions(first: $first, after: $after) {
      totalCount
      nodes {
        id
        number
        message
        createdBy
        createdAt
        changes {
          path
          before
          after
        }
      }
      pageInfo {
        ...PageParts
      }
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}`) as unknown as TypedDocumentString<RevisionsQuery, RevisionsQueryVariables>;
export const RevokeApiTokenDocument = new TypedDocumentString(`
    mutation RevokeApiToken($input: DeleteInput!) {
  revokeApiToken(input: $input) {
    apiToken {
      id
      name
      revokedAt
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}`) as unknown as TypedDocumentString<RevokeApiTokenMutation, RevokeApiTokenMutationVariables>;
export const RevokeClusterKeyDocument = new TypedDocumentString(`
    mutation RevokeClusterKey($input: RevokeClusterKeyInput!) {
  revokeClusterKey(input: $input) {
    cluster {
      id
      code
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}`) as unknown as TypedDocumentString<RevokeClusterKeyMutation, RevokeClusterKeyMutationVariables>;
export const RollBackApplicationDocument = new TypedDocumentString(`
    mutation RollBackApplication($input: RollBackApplicationInput!) {
  rollBackApplication(input: $input) {
    application {
      ...ApplicationRow
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<RollBackApplicationMutation, RollBackApplicationMutationVariables>;
export const RolloutDocument = new TypedDocumentString(`
    query Rollout($namespace: String!, $name: String!, $placements: Int = 100, $steps: Int = 100) {
  server {
    now
  }
  application(namespace: $namespace, name: $name) {
    ...ApplicationRow
    rollout {
      ...RolloutRow
      operation {
        ...OperationRow
        steps(first: $steps) {
          totalCount
          nodes {
            name
            state
            message
            cluster {
              id
              code
            }
          }
        }
      }
    }
    allPlacements: placements(first: $placements) {
      totalCount
      nodes {
        id
        cluster {
          id
          code
          status
        }
        replicas {
          ...ReplicaParts
        }
        revision {
          id
          number
        }
        stale
      }
    }
    operations(first: 1) {
      nodes {
        ...OperationRow
      }
    }
  }
}
    fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}
fragment RolloutRow on Rollout {
  id
  from {
    id
    number
  }
  to {
    id
    number
    message
  }
  state
  updated
  total
  reason
  autoRollback
  progressDeadlineSeconds
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<RolloutQuery, RolloutQueryVariables>;
export const ScaleApplicationDocument = new TypedDocumentString(`
    mutation ScaleApplication($input: ScaleApplicationInput!) {
  scaleApplication(input: $input) {
    application {
      ...ApplicationRow
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<ScaleApplicationMutation, ScaleApplicationMutationVariables>;
export const SecretDocument = new TypedDocumentString(`
    query Secret($namespace: String!, $name: String!, $usedBy: Int = 50) {
  server {
    now
  }
  secrets(first: 1, filter: { namespaces: [$namespace], names: [$name] }) {
    nodes {
      ...SecretRow
      users: usedBy(first: $usedBy) {
        totalCount
        nodes {
          id
          name
          status
        }
      }
    }
  }
}
    fragment SecretRow on Secret {
  id
  name
  namespace {
    id
    name
  }
  description
  type
  keys
  version
  usedBy(first: 1) {
    totalCount
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<SecretQuery, SecretQueryVariables>;
export const SecretsDocument = new TypedDocumentString(`
    query Secrets($first: Int = 50, $after: String, $filter: ConfigFilter) {
  server {
    now
  }
  secrets(first: $first, after: $after, filter: $filter) {
    totalCount
    nodes {
      ...SecretRow
    }
    pageInfo {
      ...PageParts
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
fragment SecretRow on Secret {
  id
  name
  namespace {
    id
    name
  }
  description
  type
  keys
  version
  usedBy(first: 1) {
    totalCount
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<SecretsQuery, SecretsQueryVariables>;
export const ServerDocument = new TypedDocumentString(`
    query Server {
  server {
    version
    now
    simulated
    speed
    maxPageSize
  }
}
    `) as unknown as TypedDocumentString<ServerQuery, ServerQueryVariables>;
export const ServiceDocument = new TypedDocumentString(`
    query Service($namespace: String!, $name: String!, $clusterIds: [ID!], $first: Int = 20, $after: String, $endpoints: Int = 20) {
  server {
    now
  }
  services(
    first: $first
    after: $after
    filter: { namespaces: [$namespace], names: [$name], clusterIds: $clusterIds }
  ) {
    totalCount
    nodes {
      ...ServiceRow
      vpc {
        id
        name
      }
      endpoints(first: $endpoints) {
        totalCount
        nodes {
          address
          ready
          pod {
            id
            name
          }
        }
      }
    }
    pageInfo {
      ...PageParts
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
fragment ServiceRow on Service {
  id
  name
  namespace {
    id
    name
  }
  application {
    id
    name
  }
  cluster {
    id
    code
  }
  type
  clusterIp
  ports {
    name
    protocol
    port
    containerPort
  }
  status
  version
  createdAt
}`) as unknown as TypedDocumentString<ServiceQuery, ServiceQueryVariables>;
export const ServicesDocument = new TypedDocumentString(`
    query Services($first: Int = 50, $after: String, $filter: NetworkFilter) {
  server {
    now
  }
  services(first: $first, after: $after, filter: $filter) {
    totalCount
    nodes {
      ...ServiceRow
    }
    pageInfo {
      ...PageParts
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}
fragment ServiceRow on Service {
  id
  name
  namespace {
    id
    name
  }
  application {
    id
    name
  }
  cluster {
    id
    code
  }
  type
  clusterIp
  ports {
    name
    protocol
    port
    containerPort
  }
  status
  version
  createdAt
}`) as unknown as TypedDocumentString<ServicesQuery, ServicesQueryVariables>;
export const StartApplicationDocument = new TypedDocumentString(`
    mutation StartApplication($input: ApplicationActionInput!) {
  startApplication(input: $input) {
    application {
      ...ApplicationRow
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<StartApplicationMutation, StartApplicationMutationVariables>;
export const StopApplicationDocument = new TypedDocumentString(`
    mutation StopApplication($input: ApplicationActionInput!) {
  stopApplication(input: $input) {
    application {
      ...ApplicationRow
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<StopApplicationMutation, StopApplicationMutationVariables>;
export const TokensDocument = new TypedDocumentString(`
    query Tokens($first: Int = 50, $after: String) {
  server {
    now
  }
  viewer {
    id
    tenant {
      id
      apiTokens(first: $first, after: $after) {
        totalCount
        nodes {
          id
          name
          role
          namespaces
          prefix
          createdAt
          lastUsedAt
          expiresAt
          revokedAt
        }
        pageInfo {
          ...PageParts
        }
      }
    }
  }
}
    fragment PageParts on PageInfo {
  hasNextPage
  endCursor
}`) as unknown as TypedDocumentString<TokensQuery, TokensQueryVariables>;
export const UpdateApplicationDocument = new TypedDocumentString(`
    mutation UpdateApplication($input: UpdateApplicationInput!) {
  updateApplication(input: $input) {
    application {
      ...ApplicationRow
      description
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<UpdateApplicationMutation, UpdateApplicationMutationVariables>;
export const UpdateConfigMapDocument = new TypedDocumentString(`
    mutation UpdateConfigMap($input: UpdateConfigMapInput!) {
  updateConfigMap(input: $input) {
    configMap {
      ...ConfigMapRow
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}
fragment ConfigMapRow on ConfigMap {
  id
  name
  namespace {
    id
    name
  }
  description
  keys
  version
  usedBy(first: 1) {
    totalCount
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<UpdateConfigMapMutation, UpdateConfigMapMutationVariables>;
export const UpdateDistributionDocument = new TypedDocumentString(`
    mutation UpdateDistribution($input: UpdateDistributionInput!) {
  updateDistribution(input: $input) {
    application {
      ...ApplicationRow
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<UpdateDistributionMutation, UpdateDistributionMutationVariables>;
export const UpdateSecretDocument = new TypedDocumentString(`
    mutation UpdateSecret($input: UpdateSecretInput!) {
  updateSecret(input: $input) {
    secret {
      ...SecretRow
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}
fragment SecretRow on Secret {
  id
  name
  namespace {
    id
    name
  }
  description
  type
  keys
  version
  usedBy(first: 1) {
    totalCount
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<UpdateSecretMutation, UpdateSecretMutationVariables>;
export const UpdateServiceDocument = new TypedDocumentString(`
    mutation UpdateService($input: UpdateServiceInput!) {
  updateService(input: $input) {
    services {
      ...ServiceRow
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}
fragment ServiceRow on Service {
  id
  name
  namespace {
    id
    name
  }
  application {
    id
    name
  }
  cluster {
    id
    code
  }
  type
  clusterIp
  ports {
    name
    protocol
    port
    containerPort
  }
  status
  version
  createdAt
}`) as unknown as TypedDocumentString<UpdateServiceMutation, UpdateServiceMutationVariables>;
export const UpgradeApplicationDocument = new TypedDocumentString(`
    mutation UpgradeApplication($input: UpgradeApplicationInput!) {
  upgradeApplication(input: $input) {
    application {
      ...ApplicationRow
    }
    operation {
      ...OperationRow
    }
    userErrors {
      ...UserErrorParts
    }
  }
}
    fragment UserErrorParts on UserError {
  __typename
  code
  message
  path
  ... on AlreadyExistsError {
    existing {
      id
    }
  }
  ... on ConflictError {
    currentVersion
  }
  ... on InUseError {
    usedByCount
  }
  ... on InvalidStateError {
    state
  }
  ... on PlanRefusedError {
    failedChecks {
      name
      message
      cluster {
        id
        code
      }
    }
  }
}
fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}
fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<UpgradeApplicationMutation, UpgradeApplicationMutationVariables>;
export const ViewerDocument = new TypedDocumentString(`
    query Viewer {
  viewer {
    id
    name
    role
    namespaces
    tenant {
      id
      name
    }
  }
}
    `) as unknown as TypedDocumentString<ViewerQuery, ViewerQueryVariables>;
export const WatchApplicationDocument = new TypedDocumentString(`
    subscription WatchApplication($id: ID!) {
  application(id: $id) {
    ...ApplicationRow
  }
}
    fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<WatchApplicationSubscription, WatchApplicationSubscriptionVariables>;
export const WatchApplicationsDocument = new TypedDocumentString(`
    subscription WatchApplications($filter: ApplicationFilter, $after: String) {
  applications(filter: $filter, after: $after) {
    cursor
    snapshot
    complete
    upserted {
      ...ApplicationRow
    }
    removedIds
    at
  }
}
    fragment ReplicaParts on ReplicaCounts {
  desired
  created
  ready
  updated
  unavailable
}
fragment ApplicationRow on Application {
  id
  name
  namespace {
    id
    name
  }
  workloadKind
  status
  statusReason
  version
  replicas {
    ...ReplicaParts
  }
  revision {
    id
    number
  }
  placements(first: 1) {
    totalCount
  }
  stale
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<WatchApplicationsSubscription, WatchApplicationsSubscriptionVariables>;
export const WatchClustersDocument = new TypedDocumentString(`
    subscription WatchClusters($filter: ClusterFilter, $after: String) {
  clusters(filter: $filter, after: $after) {
    cursor
    snapshot
    complete
    upserted {
      ...ClusterRow
    }
    removedIds
    at
  }
}
    fragment ClusterRow on Cluster {
  id
  code
  name
  region {
    id
    code
  }
  province
  city
  tier
  isp
  status
  lastSeenAt
  cordoned
  capacity {
    cpuMillis
    memoryMiB
    pods
  }
  allocated {
    cpuMillis
    memoryMiB
    pods
  }
  podCount
}`) as unknown as TypedDocumentString<WatchClustersSubscription, WatchClustersSubscriptionVariables>;
export const WatchEventsDocument = new TypedDocumentString(`
    subscription WatchEvents($filter: EventFilter, $after: String) {
  events(filter: $filter, after: $after) {
    cursor
    events {
      ...EventRow
    }
  }
}
    fragment EventRow on Event {
  id
  at
  type
  reason
  message
  count
  firstAt
  object
  cause
  application {
    id
    name
    namespace {
      id
      name
    }
  }
  cluster {
    id
    code
  }
}`) as unknown as TypedDocumentString<WatchEventsSubscription, WatchEventsSubscriptionVariables>;
export const WatchObjectsDocument = new TypedDocumentString(`
    subscription WatchObjects($ids: [ID!]!, $after: String) {
  watch(ids: $ids, after: $after) {
    cursor
    snapshot
    complete
    upserted {
      __typename
      id
      ... on Application {
        name
        applicationStatus: status
        version
      }
      ... on Service {
        name
        networkStatus: status
        version
        clusterIp
      }
      ... on ConfigMap {
        name
        version
        keys
      }
      ... on Secret {
        name
        version
        keys
      }
      ... on Rollout {
        ...RolloutRow
      }
    }
    removedIds
    at
  }
}
    fragment RolloutRow on Rollout {
  id
  from {
    id
    number
  }
  to {
    id
    number
    message
  }
  state
  updated
  total
  reason
  autoRollback
  progressDeadlineSeconds
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<WatchObjectsSubscription, WatchObjectsSubscriptionVariables>;
export const WatchOperationDocument = new TypedDocumentString(`
    subscription WatchOperation($id: ID!) {
  operation(id: $id) {
    ...OperationRow
    failedSteps: steps(first: 20, states: [FAILED, STALLED]) {
      totalCount
      nodes {
        name
        state
        message
        cluster {
          id
          code
        }
      }
    }
  }
}
    fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<WatchOperationSubscription, WatchOperationSubscriptionVariables>;
export const WatchOperationsDocument = new TypedDocumentString(`
    subscription WatchOperations($filter: OperationFilter, $after: String) {
  operations(filter: $filter, after: $after) {
    cursor
    snapshot
    complete
    upserted {
      ...OperationRow
    }
    removedIds
    at
  }
}
    fragment OperationRow on Operation {
  id
  kind
  state
  targetName
  progress {
    completed
    total
    percent
  }
  error
  actor
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<WatchOperationsSubscription, WatchOperationsSubscriptionVariables>;
export const WatchPodsDocument = new TypedDocumentString(`
    subscription WatchPods($filter: PodFilter!, $after: String) {
  pods(filter: $filter, after: $after) {
    cursor
    snapshot
    complete
    upserted {
      ...PodRow
    }
    removedIds
    at
  }
}
    fragment PodRow on Pod {
  id
  name
  application {
    id
    name
    namespace {
      id
      name
    }
  }
  cluster {
    id
    code
  }
  node {
    id
    name
  }
  revision {
    id
    number
  }
  phase
  ready
  reason
  privateIp
  restartCount
  createdAt
  startedAt
  observedAt
  stale
}`) as unknown as TypedDocumentString<WatchPodsSubscription, WatchPodsSubscriptionVariables>;