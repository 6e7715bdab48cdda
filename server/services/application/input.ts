import type { DistributionInput } from "../../domain/distribution.ts";
import type { AffinityRule } from "../../domain/affinity.ts";
import type { ContainerRuntime, Label, Protocol } from "../../domain/pod-template.ts";
import type { CapacityType, RolloutStrategy, WorkloadKind } from "../../domain/states.ts";
import type { UpdateStrategyInput } from "../../domain/update-strategy.ts";

/**
 * What callers give, field by field as the schema's inputs of the same names; null means left out. Ids are global ids, exactly as they
 * came: what is no id of the right type is answered like an object that does not exist.
 */
type Optional<T> = T | null | undefined;

export interface Change {
  readonly expectedVersion?: Optional<number>;
  readonly idempotencyKey?: Optional<string>;
}

export interface ContainerInput {
  readonly name: string;
  readonly image: string;
  readonly cpuMillis: number;
  readonly memoryMiB: number;
  readonly command?: Optional<readonly string[]>;
  readonly args?: Optional<readonly string[]>;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly ports?: Optional<readonly { readonly name?: Optional<string>; readonly containerPort: number; readonly protocol: Protocol }[]>;
  readonly env?: Optional<readonly { readonly name: string; readonly source: EnvSourceInput }[]>;
  readonly livenessProbe?: Optional<ProbeInput>;
  readonly readinessProbe?: Optional<ProbeInput>;
  readonly lifecycle?: Optional<{ readonly postStart?: Optional<readonly string[]>; readonly preStop?: Optional<readonly string[]> }>;
  readonly volumeMounts?: Optional<readonly { readonly volume: string; readonly mountPath: string; readonly readOnly: boolean }[]>;
}

export interface EnvSourceInput {
  readonly value?: Optional<string>;
  readonly configMapKey?: Optional<{ readonly configMapId: string; readonly key: string }>;
  readonly secretKey?: Optional<{ readonly secretId: string; readonly key: string }>;
}

export interface ProbeInput {
  readonly handler: ProbeHandlerInput;
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** Exactly one is given. */
export interface ProbeHandlerInput {
  readonly httpGet?: Optional<{ readonly path: string; readonly port: number; readonly headers?: Optional<readonly { readonly name: string; readonly value: string }[]> }>;
  readonly tcpSocket?: Optional<{ readonly port: number }>;
  readonly exec?: Optional<{ readonly command: readonly string[] }>;
  readonly grpc?: Optional<{ readonly port: number; readonly service?: Optional<string> }>;
}

export interface VolumeSourceInput {
  readonly emptyDir?: Optional<{ readonly sizeLimitMiB?: Optional<number> }>;
  readonly configMapId?: Optional<string>;
  readonly secretId?: Optional<string>;
}

export interface PodTemplateInput {
  readonly runtime: ContainerRuntime;
  readonly containers: readonly ContainerInput[];
  readonly labels?: Optional<readonly Label[]>;
  readonly terminationGracePeriodSeconds: number;
  readonly volumes?: Optional<readonly { readonly name: string; readonly source: VolumeSourceInput }[]>;
  readonly imagePullSecretIds?: Optional<readonly string[]>;
  readonly affinity?: Optional<readonly AffinityRule[]>;
  readonly logCollection?: Optional<readonly { readonly container: string; readonly path?: Optional<string> }[]>;
}

export interface CreateApplicationInput {
  readonly name: string;
  readonly namespace: string;
  readonly description?: Optional<string>;
  readonly workloadKind: WorkloadKind;
  readonly capacityType: CapacityType;
  readonly labels?: Optional<readonly Label[]>;
  readonly template: PodTemplateInput;
  readonly distribution: DistributionInput;
  readonly updateStrategy?: Optional<UpdateStrategyInput>;
  readonly deletionProtection: boolean;
  readonly idempotencyKey?: Optional<string>;
}

export interface UpdateApplicationInput extends Change {
  readonly applicationId: string;
  readonly description?: Optional<string>;
  readonly labels?: Optional<readonly Label[]>;
  readonly deletionProtection?: Optional<boolean>;
  readonly updateStrategy?: Optional<UpdateStrategyInput>;
}

export interface ScaleApplicationInput extends Change {
  readonly applicationId: string;
  readonly clusterId?: Optional<string>;
  readonly replicas: number;
}

export interface UpdateDistributionInput extends Change {
  readonly applicationId: string;
  readonly distribution: DistributionInput;
}

export interface UpgradeApplicationInput extends Change {
  readonly applicationId: string;
  readonly template: PodTemplateInput;
  readonly message?: Optional<string>;
  readonly strategy?: Optional<UpgradeStrategyInput>;
}

export interface UpgradeStrategyInput {
  readonly kind: RolloutStrategy;
  readonly updateStrategy?: Optional<UpdateStrategyInput>;
  readonly progressDeadlineSeconds: number;
  readonly autoRollback: boolean;
}

export interface RollBackApplicationInput extends Change {
  readonly applicationId: string;
  readonly toRevision?: Optional<number>;
}

/** Of mutations that need nothing but the application: stop, start, restart. */
export interface ApplicationActionInput extends Change {
  readonly applicationId: string;
}

export interface DeleteApplicationInput extends Change {
  readonly applicationId: string;
  readonly confirmName: string;
}

export const labelsOf = (labels: Optional<readonly Label[]>): Label[] => (labels ?? []).map(({ key, value }) => ({ key, value }));
