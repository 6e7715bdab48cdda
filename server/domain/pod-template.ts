/**
 * What a pod is made of: the template of a revision, as it is stored, hashed and sent to clusters.
 * A template is immutable once a revision holds it. Units are in the names: cpuMillis (1000 = one core), memoryMiB.
 *
 * Members that came later are optional, and are left out where they say nothing (`null`, no elements): so a template that does not use them
 * has the hash that it always had.
 */
import type { AffinityRule } from "./affinity.ts";
import type { ConfigKind } from "./placement.ts";

export interface PodTemplate {
  readonly runtime: ContainerRuntime;
  readonly containers: readonly ContainerSpec[];
  readonly labels: readonly Label[];
  readonly terminationGracePeriodSeconds: number;
  readonly volumes?: readonly Volume[];
  readonly imagePullSecrets?: readonly SecretRef[];
  readonly affinity?: readonly AffinityRule[];
  readonly logCollection?: readonly LogCollectionRule[];
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
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly lifecycle?: Lifecycle;
  readonly volumeMounts?: readonly VolumeMount[];
}

export interface ContainerPort {
  readonly name: string | null;
  readonly containerPort: number;
  readonly protocol: Protocol;
}

/** Exactly one of value, configMapKey and secretKey is there. */
export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly configMapKey?: ConfigMapKey;
  readonly secretKey?: SecretKey;
}

/** The id says which object is meant, the name is for people: it stays when the object is gone. */
export interface ConfigMapKey {
  readonly configMapId: string;
  readonly name: string;
  readonly key: string;
}
export interface SecretKey {
  readonly secretId: string;
  readonly name: string;
  readonly key: string;
}
export interface SecretRef {
  readonly secretId: string;
  readonly name: string;
}

/** Kubernetes' probes: thresholds count results in a row. */
export interface Probe {
  readonly handler: ProbeHandler;
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** `type` is the name in the public schema. */
export type ProbeHandler =
  | { readonly type: "HttpGetProbe"; readonly path: string; readonly port: number; readonly headers: readonly HttpHeader[] }
  | { readonly type: "TcpSocketProbe"; readonly port: number }
  | { readonly type: "ExecProbe"; readonly command: readonly string[] }
  | { readonly type: "GrpcProbe"; readonly port: number; readonly service: string | null };

export interface HttpHeader {
  readonly name: string;
  readonly value: string;
}

/** Commands; null for none. */
export interface Lifecycle {
  readonly postStart: readonly string[] | null;
  readonly preStop: readonly string[] | null;
}

export interface Volume {
  readonly name: string;
  readonly source: VolumeSource;
}

export type VolumeSource =
  | { readonly type: "EmptyDirVolume"; readonly sizeLimitMiB: number | null }
  | { readonly type: "ConfigMapVolume"; readonly configMapId: string; readonly name: string }
  | { readonly type: "SecretVolume"; readonly secretId: string; readonly name: string };

export interface VolumeMount {
  readonly volume: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
}

/** Standard output where path is null. */
export interface LogCollectionRule {
  readonly container: string;
  readonly path: string | null;
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

/** A ConfigMap or Secret that a template refers to, once each. */
export interface TemplateReference {
  readonly kind: ConfigKind;
  readonly id: string;
  readonly name: string;
  /** Those that environment variables name, sorted. */
  readonly keys: readonly string[];
  /** Its keys are files in the container. */
  readonly mounted: boolean;
}

/** All that a template refers to, by id. */
export function referencesOf(template: PodTemplate): TemplateReference[] {
  const found = new Map<string, { kind: ConfigKind; id: string; name: string; keys: Set<string>; mounted: boolean }>();
  const add = (kind: ConfigKind, id: string, name: string): { keys: Set<string>; mounted: boolean } => {
    const known = found.get(id) ?? { kind, id, name, keys: new Set<string>(), mounted: false };
    found.set(id, known);
    return known;
  };
  for (const { env } of template.containers) {
    for (const { configMapKey, secretKey } of env) {
      if (configMapKey) add("ConfigMap", configMapKey.configMapId, configMapKey.name).keys.add(configMapKey.key);
      if (secretKey) add("Secret", secretKey.secretId, secretKey.name).keys.add(secretKey.key);
    }
  }
  for (const { source } of template.volumes ?? []) {
    if (source.type === "ConfigMapVolume") add("ConfigMap", source.configMapId, source.name).mounted = true;
    if (source.type === "SecretVolume") add("Secret", source.secretId, source.name).mounted = true;
  }
  for (const { secretId, name } of template.imagePullSecrets ?? []) add("Secret", secretId, name);
  return [...found.values()].map((one) => ({ ...one, keys: [...one.keys].toSorted() })).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
