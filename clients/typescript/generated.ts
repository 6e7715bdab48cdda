/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
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

export type CreateNamespaceInput = {
  readonly description?: string | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
  readonly name: string;
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

/** Where it runs: clusters named one by one. */
export type DistributionInput =
  {   readonly clusters: ReadonlyArray<PlacementInput>; };

export type EmptyDirVolumeInput = {
  /** 1 to 1,048,576. */
  readonly sizeLimitMiB?: number | null | undefined;
};

export type EnvSourceInput =
  {   readonly configMapKey: ConfigMapKeyInput; readonly secretKey?: never; readonly value?: never; }
  |  { readonly configMapKey?: never;   readonly secretKey: SecretKeyInput; readonly value?: never; }
  |  { readonly configMapKey?: never; readonly secretKey?: never;   readonly value: string; };

export type EnvVarInput = {
  readonly name: string;
  readonly source: EnvSourceInput;
};

export type ExecProbeInput = {
  readonly command: ReadonlyArray<string>;
};

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

/** VPC: the pod has an address of its subnet. HOST: it shares its node's address and ports, so two pods with the same port don't share a node. */
export type NetworkType =
  | 'HOST'
  | 'VPC';

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

/** VIEWER reads (no secret values, no terminal); OPERATOR also changes; OWNER also manages tokens; PLATFORM_ADMIN also runs the fleet. */
export type Role =
  | 'OPERATOR'
  | 'OWNER'
  | 'PLATFORM_ADMIN'
  | 'VIEWER';

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

export type UpdateDistributionInput = {
  readonly applicationId: string;
  /** The whole new one: clusters that it does not name lose their pods. */
  readonly distribution: DistributionInput;
  /** The version that the caller saw; refused with CONFLICT when it is not the present one any more. */
  readonly expectedVersion?: number | null | undefined;
  /** The same key and input within 24 hours returns the first answer and does nothing again. */
  readonly idempotencyKey?: string | null | undefined;
};

/** What is left out is 25 % for a new application, and stays as it is for an existing one. */
export type UpdateStrategyInput = {
  readonly maxSurge?: IntOrPercentInput | null | undefined;
  readonly maxUnavailable?: IntOrPercentInput | null | undefined;
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

export type ApplicationQueryVariables = Exact<{
  namespace: string;
  name: string;
  pods?: number | null | undefined;
  operations?: number | null | undefined;
}>;


export type ApplicationQuery = { readonly server: { readonly now: string }, readonly application: { readonly description: string, readonly capacityType: CapacityType, readonly deletionProtection: boolean, readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly labels: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly updateStrategy: { readonly maxUnavailable: { readonly count: number | null, readonly percent: number | null }, readonly maxSurge: { readonly count: number | null, readonly percent: number | null } }, readonly currentRevision: { readonly id: string, readonly number: number, readonly message: string, readonly createdBy: string, readonly createdAt: string, readonly template: { readonly runtime: ContainerRuntime, readonly terminationGracePeriodSeconds: number, readonly labels: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly containers: ReadonlyArray<{ readonly name: string, readonly image: string, readonly cpuMillis: number, readonly memoryMiB: number, readonly command: ReadonlyArray<string>, readonly args: ReadonlyArray<string>, readonly ports: ReadonlyArray<{ readonly name: string | null, readonly containerPort: number, readonly protocol: Protocol }>, readonly env: ReadonlyArray<{ readonly name: string, readonly value: string | null }> }> } }, readonly allPlacements: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly networkType: NetworkType, readonly generation: number, readonly observedGeneration: number, readonly observedAt: string | null, readonly stale: boolean, readonly reason: string, readonly cluster: { readonly id: string, readonly code: string, readonly status: ClusterStatus }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly vpc: { readonly id: string, readonly name: string }, readonly subnet: { readonly id: string, readonly name: string, readonly cidr: string } | null, readonly revision: { readonly id: string, readonly number: number } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } }, readonly pods: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly phase: PodPhase, readonly ready: boolean, readonly reason: string | null, readonly privateIp: string | null, readonly restartCount: number, readonly createdAt: string, readonly startedAt: string | null, readonly observedAt: string | null, readonly stale: boolean, readonly application: { readonly id: string, readonly name: string, readonly namespace: { readonly id: string, readonly name: string } }, readonly cluster: { readonly id: string, readonly code: string }, readonly node: { readonly id: string, readonly name: string } | null, readonly revision: { readonly id: string, readonly number: number } }> }, readonly operations: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } }> }, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } } | null };

export type ApplicationsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: ApplicationFilter | null | undefined;
  orderBy?: ApplicationOrder | null | undefined;
}>;


export type ApplicationsQuery = { readonly server: { readonly now: string }, readonly applications: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly workloadKind: WorkloadKind, readonly status: ApplicationStatus, readonly statusReason: string | null, readonly version: number, readonly stale: boolean, readonly createdAt: string, readonly updatedAt: string, readonly namespace: { readonly id: string, readonly name: string }, readonly replicas: { readonly desired: number, readonly created: number, readonly ready: number, readonly updated: number, readonly unavailable: number }, readonly revision: { readonly id: string, readonly number: number }, readonly placements: { readonly totalCount: number } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

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
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

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


export type OverviewQuery = { readonly overview: { readonly id: string, readonly applications: { readonly total: number, readonly byStatus: ReadonlyArray<{ readonly status: ApplicationStatus, readonly count: number }> }, readonly pods: { readonly total: number, readonly running: number, readonly other: number, readonly stale: number, readonly byPhase: ReadonlyArray<{ readonly phase: PodPhase, readonly count: number }> }, readonly resources: { readonly cpuMillis: number, readonly memoryMiB: number, readonly vpcs: number }, readonly distribution: ReadonlyArray<{ readonly clusters: number, readonly applications: number, readonly pods: number, readonly region: { readonly id: string, readonly code: string, readonly name: string } }> } };

export type PodQueryVariables = Exact<{
  id: string;
}>;


export type PodQuery = { readonly server: { readonly now: string }, readonly pod: { readonly message: string | null, readonly id: string, readonly name: string, readonly phase: PodPhase, readonly ready: boolean, readonly reason: string | null, readonly privateIp: string | null, readonly restartCount: number, readonly createdAt: string, readonly startedAt: string | null, readonly observedAt: string | null, readonly stale: boolean, readonly placement: { readonly id: string, readonly networkType: NetworkType } | null, readonly containers: ReadonlyArray<{ readonly name: string, readonly image: string, readonly state: ContainerState, readonly ready: boolean, readonly restartCount: number, readonly reason: string | null, readonly exitCode: number | null, readonly startedAt: string | null }>, readonly application: { readonly id: string, readonly name: string, readonly namespace: { readonly id: string, readonly name: string } }, readonly cluster: { readonly id: string, readonly code: string }, readonly node: { readonly id: string, readonly name: string } | null, readonly revision: { readonly id: string, readonly number: number } } | null };

export type PodsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: PodFilter | null | undefined;
}>;


export type PodsQuery = { readonly server: { readonly now: string }, readonly pods: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly phase: PodPhase, readonly ready: boolean, readonly reason: string | null, readonly privateIp: string | null, readonly restartCount: number, readonly createdAt: string, readonly startedAt: string | null, readonly observedAt: string | null, readonly stale: boolean, readonly application: { readonly id: string, readonly name: string, readonly namespace: { readonly id: string, readonly name: string } }, readonly cluster: { readonly id: string, readonly code: string }, readonly node: { readonly id: string, readonly name: string } | null, readonly revision: { readonly id: string, readonly number: number } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type RegionsQueryVariables = Exact<{ [key: string]: never; }>;


export type RegionsQuery = { readonly regions: ReadonlyArray<{ readonly id: string, readonly code: string, readonly name: string, readonly clusters: { readonly totalCount: number } }> };

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
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

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
         | null }
      | { readonly __typename: 'ConflictError', readonly currentVersion: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InUseError', readonly usedByCount: number, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidArgumentError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'InvalidStateError', readonly state: string, readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'NotFoundError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
      | { readonly __typename: 'PlanRefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null, readonly failedChecks: ReadonlyArray<{ readonly name: PlanCheckName, readonly message: string, readonly cluster: { readonly id: string, readonly code: string } | null }> }
      | { readonly __typename: 'RefusedError', readonly code: UserErrorCode, readonly message: string, readonly path: ReadonlyArray<string> | null }
    > } };

export type ServerQueryVariables = Exact<{ [key: string]: never; }>;


export type ServerQuery = { readonly server: { readonly version: string, readonly now: string, readonly simulated: boolean, readonly speed: number, readonly maxPageSize: number } };

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

export type WatchOperationSubscriptionVariables = Exact<{
  id: string;
}>;


export type WatchOperationSubscription = { readonly operation: { readonly id: string, readonly kind: OperationKind, readonly state: OperationState, readonly targetName: string, readonly error: string | null, readonly actor: string, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly failedSteps: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly name: string, readonly state: OperationState, readonly message: string | null, readonly cluster: { readonly id: string, readonly code: string } | null }> }, readonly progress: { readonly completed: number, readonly total: number, readonly percent: number } } };

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
export const ApplicationDocument = new TypedDocumentString(`
    query Application($namespace: String!, $name: String!, $pods: Int = 50, $operations: Int = 5) {
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
        runtime
        terminationGracePeriodSeconds
        labels {
          key
          value
        }
        containers {
          name
          image
          cpuMillis
          memoryMiB
          command
          args
          ports {
            name
            containerPort
            protocol
          }
          env {
            name
            value
          }
        }
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
export const PodDocument = new TypedDocumentString(`
    query Pod($id: ID!) {
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