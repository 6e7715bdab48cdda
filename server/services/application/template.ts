/** A template as callers give it, turned into what revisions keep: everything that it names is looked up, nothing is left out. */
import { LockMode } from "@mikro-orm/postgresql";
import { type DomainError, invalid, notFound, type PlanCheckResult } from "../../domain/errors.ts";
import { uuidOf } from "../../domain/ids.ts";
import type { ConfigKind } from "../../domain/placement.ts";
import { type ContainerSpec, type EnvVar, type PodTemplate, type Probe, referencesOf, type SecretRef, type Volume, type VolumeSource } from "../../domain/pod-template.ts";
import type { SecretType } from "../../domain/states.ts";
import { quoted } from "../../domain/text.ts";
import { ConfigMap } from "../../entities/config-map.ts";
import { Secret } from "../../entities/secret.ts";
import type { Transaction } from "../transaction.ts";
import { type ContainerInput, labelsOf, type PodTemplateInput, type ProbeInput } from "./input.ts";

type Path = readonly string[];

/** A ConfigMap or Secret, as far as templates need to know it. */
interface Known {
  readonly id: string;
  readonly namespaceId: string;
  readonly name: string;
  readonly keys: readonly string[];
  /** null for a ConfigMap. */
  readonly type: SecretType | null;
}
type Configs = Readonly<Record<ConfigKind, ReadonlyMap<string, Known>>>;

export interface ResolvedTemplate {
  /** With errors: as far as it could be resolved, fit for the other rules to be checked. */
  readonly template: PodTemplate;
  /** References to what is not there. */
  readonly errors: readonly DomainError[];
}

/** What it refers to is held until the transaction ends, so that nobody deletes it, or a key of it, meanwhile. */
export async function resolveTemplate(tx: Transaction, path: Path, namespaceId: string, input: PodTemplateInput): Promise<ResolvedTemplate> {
  const configs = await loadConfigs(tx, namespaceId, idsIn(input));
  const errors: DomainError[] = [];
  const find = (kind: ConfigKind, globalId: string, at: Path, key?: string): Known => {
    const known = configs[kind].get(uuidOf(kind, globalId) ?? "");
    if (!known) {
      errors.push(notFound(at, `There is no ${kind} ${quoted(globalId)} in this namespace.`));
      return { id: "", namespaceId, name: "", keys: [], type: null };
    }
    if (key !== undefined && !known.keys.includes(key)) errors.push(notFound([...at.slice(0, -1), "key"], `${kind} ${known.name} has no key ${quoted(key)}.`));
    return known;
  };
  const envOf = ({ name, source }: NonNullable<ContainerInput["env"]>[number], at: Path): EnvVar => {
    if (source.configMapKey) {
      const { configMapId, key } = source.configMapKey;
      const known = find("ConfigMap", configMapId, [...at, "source", "configMapKey", "configMapId"], key);
      return { name, configMapKey: { configMapId: known.id, name: known.name, key } };
    }
    if (source.secretKey) {
      const { secretId, key } = source.secretKey;
      const known = find("Secret", secretId, [...at, "source", "secretKey", "secretId"], key);
      return { name, secretKey: { secretId: known.id, name: known.name, key } };
    }
    return { name, value: source.value ?? "" };
  };
  const containers = input.containers.map((container, index): ContainerSpec => {
    const at = [...path, "containers", String(index), "env"];
    const { livenessProbe, readinessProbe, lifecycle, volumeMounts } = container;
    return {
      name: container.name,
      image: container.image,
      cpuMillis: container.cpuMillis,
      memoryMiB: container.memoryMiB,
      command: container.command ?? [],
      args: container.args ?? [],
      stdin: container.stdin,
      tty: container.tty,
      ports: (container.ports ?? []).map(({ name, containerPort, protocol }) => ({ name: name ?? null, containerPort, protocol })),
      env: (container.env ?? []).map((variable, number) => envOf(variable, [...at, String(number)])),
      ...(livenessProbe ? { livenessProbe: probeOf(livenessProbe) } : {}),
      ...(readinessProbe ? { readinessProbe: probeOf(readinessProbe) } : {}),
      ...(lifecycle?.postStart || lifecycle?.preStop ? { lifecycle: { postStart: lifecycle.postStart ?? null, preStop: lifecycle.preStop ?? null } } : {}),
      ...some("volumeMounts", (volumeMounts ?? []).map(({ volume, mountPath, readOnly }) => ({ volume, mountPath, readOnly }))),
    };
  });
  const sourceOf = ({ source }: NonNullable<PodTemplateInput["volumes"]>[number], at: Path): VolumeSource => {
    if (source.configMapId) {
      const known = find("ConfigMap", source.configMapId, [...at, "source", "configMapId"]);
      return { type: "ConfigMapVolume", configMapId: known.id, name: known.name };
    }
    if (source.secretId) {
      const known = find("Secret", source.secretId, [...at, "source", "secretId"]);
      return { type: "SecretVolume", secretId: known.id, name: known.name };
    }
    return { type: "EmptyDirVolume", sizeLimitMiB: source.emptyDir?.sizeLimitMiB ?? null };
  };
  const volumes = (input.volumes ?? []).map((volume, index): Volume => ({ name: volume.name, source: sourceOf(volume, [...path, "volumes", String(index)]) }));
  const pullSecrets = (input.imagePullSecretIds ?? []).map((id, index): SecretRef => {
    const at = [...path, "imagePullSecretIds", String(index)];
    const known = find("Secret", id, at);
    if (known.type !== null && known.type !== "REGISTRY")
      errors.push(invalid(at, `Secret ${known.name} is of type ${known.type}; an image pull secret must be of type REGISTRY.`));
    return { secretId: known.id, name: known.name };
  });
  return {
    template: {
      runtime: input.runtime,
      containers,
      labels: labelsOf(input.labels),
      terminationGracePeriodSeconds: input.terminationGracePeriodSeconds,
      ...some("volumes", volumes),
      ...some("imagePullSecrets", pullSecrets),
      ...some("affinity", (input.affinity ?? []).map(({ kind, required, weight, topology, labels }) => ({ kind, required, weight, topology, labels: labelsOf(labels) }))),
      ...some("logCollection", (input.logCollection ?? []).map(({ container, path: file }) => ({ container, path: file ?? null }))),
    },
    errors,
  };
}

/**
 * Whether all that a stored template refers to is still there, for a return to an old revision: the checks that fail. What it refers to is held
 * until the transaction ends.
 */
export async function checkReferences(tx: Transaction, namespaceId: string, template: PodTemplate): Promise<PlanCheckResult[]> {
  const references = referencesOf(template);
  const configs = await loadConfigs(tx, namespaceId, references);
  const failed = (message: string): PlanCheckResult => ({ name: "CONFIG_REFERENCES", clusterId: null, ok: false, message });
  return references.flatMap(({ kind, id, name, keys }) => {
    const known = configs[kind].get(id);
    if (!known) return [failed(`${kind} ${name} is gone.`)];
    return keys.filter((key) => !known.keys.includes(key)).map((key) => failed(`${kind} ${name} has no key ${quoted(key)} any more.`));
  });
}

/** The member, where it says anything: templates keep no empty ones of these. */
export const some = <Name extends string, T>(name: Name, values: readonly T[]): Partial<Record<Name, readonly T[]>> =>
  values.length > 0 ? ({ [name]: values } as Record<Name, readonly T[]>) : {};

function probeOf(input: ProbeInput): Probe {
  const { initialDelaySeconds, periodSeconds, timeoutSeconds, successThreshold, failureThreshold } = input;
  return { handler: handlerOf(input.handler), initialDelaySeconds, periodSeconds, timeoutSeconds, successThreshold, failureThreshold };
}

function handlerOf({ httpGet, tcpSocket, exec, grpc }: ProbeInput["handler"]): Probe["handler"] {
  if (httpGet) {
    const headers = (httpGet.headers ?? []).map(({ name, value }) => ({ name, value }));
    return { type: "HttpGetProbe", path: httpGet.path, port: httpGet.port, headers };
  }
  if (tcpSocket) return { type: "TcpSocketProbe", port: tcpSocket.port };
  if (grpc) return { type: "GrpcProbe", port: grpc.port, service: grpc.service ?? null };
  return { type: "ExecProbe", command: exec?.command ?? [] };
}

type Wanted = Pick<Known, "id"> & { readonly kind: ConfigKind };

function idsIn(input: PodTemplateInput): Wanted[] {
  const named: [ConfigKind, string | null | undefined][] = [
    ...input.containers.flatMap(({ env }) => (env ?? []).flatMap(({ source }): [ConfigKind, string | null | undefined][] => [
      ["ConfigMap", source.configMapKey?.configMapId], ["Secret", source.secretKey?.secretId],
    ])),
    ...(input.volumes ?? []).flatMap(({ source }): [ConfigKind, string | null | undefined][] => [["ConfigMap", source.configMapId], ["Secret", source.secretId]]),
    ...(input.imagePullSecretIds ?? []).map((id): [ConfigKind, string] => ["Secret", id]),
  ];
  return named.flatMap(([kind, globalId]) => {
    const id = globalId ? uuidOf(kind, globalId) : null;
    return id === null ? [] : [{ kind, id }];
  });
}

/** Those of the namespace, locked in the order of their ids. */
async function loadConfigs(tx: Transaction, namespaceId: string, wanted: readonly Wanted[]): Promise<Configs> {
  const load = async (kind: ConfigKind): Promise<Map<string, Known>> => {
    const ids = [...new Set(wanted.filter((one) => one.kind === kind).map(({ id }) => id))];
    if (ids.length === 0) return new Map();
    const where = { tenantId: tx.actor.tenantId, namespaceId, id: { $in: ids } };
    const options = { lockMode: LockMode.PESSIMISTIC_READ, orderBy: { id: "asc" } } as const;
    const found: readonly Known[] =
      kind === "ConfigMap"
        ? (await tx.em.find(ConfigMap, where, { ...options, fields: ["id", "namespaceId", "name", "keys"] })).map(({ id, name, keys }) => ({ id, namespaceId, name, keys, type: null }))
        : await tx.em.find(Secret, where, { ...options, fields: ["id", "namespaceId", "name", "keys", "type"] });
    return new Map(found.map((one) => [one.id, one]));
  };
  return { ConfigMap: await load("ConfigMap"), Secret: await load("Secret") };
}
