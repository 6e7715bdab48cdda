/**
 * What a pod is made of: the template of a revision, as it is stored, hashed and sent to clusters.
 * A template is immutable once a revision holds it. Units are in the names: cpuMillis (1000 = one core), memoryMiB.
 */
export interface PodTemplate {
  readonly runtime: ContainerRuntime;
  readonly containers: readonly ContainerSpec[];
  readonly labels: readonly Label[];
  readonly terminationGracePeriodSeconds: number;
}

export type ContainerRuntime = "RUNC" | "SANDBOX";
export type Protocol = "TCP" | "UDP";

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly cpuMillis: number;
  readonly memoryMiB: number;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly ports: readonly ContainerPort[];
  readonly env: readonly EnvVar[];
}

export interface ContainerPort {
  readonly name: string | null;
  readonly containerPort: number;
  readonly protocol: Protocol;
}

export interface EnvVar {
  readonly name: string;
  readonly value: string;
}

export interface Label {
  readonly key: string;
  readonly value: string;
}

/** What one pod of this template asks of a node: the sums over its containers. */
export function podRequests(template: PodTemplate): { cpuMillis: number; memoryMiB: number } {
  let cpuMillis = 0;
  let memoryMiB = 0;
  for (const container of template.containers) {
    cpuMillis += container.cpuMillis;
    memoryMiB += container.memoryMiB;
  }
  return { cpuMillis, memoryMiB };
}
