import type { DistributionInput } from "../../domain/distribution.ts";
import type { ContainerRuntime, Label, PodTemplate, Protocol } from "../../domain/pod-template.ts";
import type { CapacityType, WorkloadKind } from "../../domain/states.ts";
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
  readonly env?: Optional<readonly { readonly name: string; readonly source: { readonly value?: Optional<string> } }[]>;
}

export interface PodTemplateInput {
  readonly runtime: ContainerRuntime;
  readonly containers: readonly ContainerInput[];
  readonly labels?: Optional<readonly Label[]>;
  readonly terminationGracePeriodSeconds: number;
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

export interface DeleteApplicationInput extends Change {
  readonly applicationId: string;
  readonly confirmName: string;
}

/** The template as revisions keep it: nothing is left out, and in one order of members. */
export function templateOf(input: PodTemplateInput): PodTemplate {
  return {
    runtime: input.runtime,
    containers: input.containers.map((container) => ({
      name: container.name,
      image: container.image,
      cpuMillis: container.cpuMillis,
      memoryMiB: container.memoryMiB,
      command: container.command ?? [],
      args: container.args ?? [],
      stdin: container.stdin,
      tty: container.tty,
      ports: (container.ports ?? []).map(({ name, containerPort, protocol }) => ({ name: name ?? null, containerPort, protocol })),
      env: (container.env ?? []).map(({ name, source }) => ({ name, value: source.value ?? "" })),
    })),
    labels: labelsOf(input.labels),
    terminationGracePeriodSeconds: input.terminationGracePeriodSeconds,
  };
}

export const labelsOf = (labels: Optional<readonly Label[]>): Label[] => (labels ?? []).map(({ key, value }) => ({ key, value }));
