import type { ContainerInput, EnvVarInput, PodTemplateInput, ProbeInput, ProbePartsFragment, TemplatePartsFragment, VolumeInput } from "../typescript/index.ts";
import type { ContainerChange, VariableChange } from "./arguments.ts";
import { FailedError, UsageError } from "./exit.ts";

/**
 * A template as it was read, made into the input that says the same; and changes of such an input. An upgrade sends the whole template, so
 * every field that can be read has to come back: what this leaves out would be gone.
 */
export function templateInputOf(template: TemplatePartsFragment): PodTemplateInput {
  const gone: string[] = [];
  const idOf = (kind: string, name: string, object: { readonly id: string } | null): string => {
    if (object === null) gone.push(`${kind} ${name}`);
    return object?.id ?? "";
  };
  const env = ({ name, value, configMapKey, secretKey }: TemplatePartsFragment["containers"][number]["env"][number]): EnvVarInput => {
    if (configMapKey !== null) return { name, source: { configMapKey: { configMapId: idOf("ConfigMap", configMapKey.name, configMapKey.configMap), key: configMapKey.key } } };
    if (secretKey !== null) return { name, source: { secretKey: { secretId: idOf("Secret", secretKey.name, secretKey.secret), key: secretKey.key } } };
    return { name, source: { value: value ?? "" } };
  };
  const container = (given: TemplatePartsFragment["containers"][number]): ContainerInput => ({
    name: given.name,
    image: given.image,
    cpuMillis: given.cpuMillis,
    memoryMiB: given.memoryMiB,
    command: given.command,
    args: given.args,
    stdin: given.stdin,
    tty: given.tty,
    ports: given.ports.map(({ name, containerPort, protocol }) => ({ name, containerPort, protocol })),
    env: given.env.map(env),
    livenessProbe: probeInputOf(given.livenessProbe),
    readinessProbe: probeInputOf(given.readinessProbe),
    lifecycle: given.lifecycle === null ? null : { postStart: given.lifecycle.postStart, preStop: given.lifecycle.preStop },
    volumeMounts: given.volumeMounts.map(({ volume, mountPath, readOnly }) => ({ volume, mountPath, readOnly })),
  });
  const volume = ({ name, source }: TemplatePartsFragment["volumes"][number]): VolumeInput => {
    switch (source.__typename) {
      case "EmptyDirVolume":
        return { name, source: { emptyDir: { sizeLimitMiB: source.sizeLimitMiB } } };
      case "ConfigMapVolume":
        return { name, source: { configMapId: idOf("ConfigMap", source.name, source.configMap) } };
      case "SecretVolume":
        return { name, source: { secretId: idOf("Secret", source.name, source.secret) } };
    }
  };
  const input: PodTemplateInput = {
    runtime: template.runtime,
    containers: template.containers.map(container),
    volumes: template.volumes.map(volume),
    labels: template.labels.map(({ key, value }) => ({ key, value })),
    terminationGracePeriodSeconds: template.terminationGracePeriodSeconds,
    imagePullSecretIds: template.imagePullSecrets.map(({ name, secret }) => idOf("Secret", name, secret)),
    affinity: template.affinity.map(({ kind, required, weight, topology, labels }) => ({ kind, required, weight, topology, labels: labels.map(({ key, value }) => ({ key, value })) })),
    logCollection: template.logCollection.map(({ container: from, path }) => ({ container: from, path })),
  };
  if (gone.length > 0) throw new FailedError(`The present revision refers to what is gone: ${[...new Set(gone)].join(", ")}. Apply a manifest that does not.`);
  return input;
}

function probeInputOf(probe: ProbePartsFragment | null): ProbeInput | null {
  if (probe === null) return null;
  const { handler, initialDelaySeconds, periodSeconds, timeoutSeconds, successThreshold, failureThreshold } = probe;
  return { handler: handlerInputOf(handler), initialDelaySeconds, periodSeconds, timeoutSeconds, successThreshold, failureThreshold };
}

function handlerInputOf(handler: ProbePartsFragment["handler"]): ProbeInput["handler"] {
  switch (handler.__typename) {
    case "HttpGetProbe":
      return { httpGet: { path: handler.path, port: handler.port, headers: handler.headers.map(({ name, value }) => ({ name, value })) } };
    case "TcpSocketProbe":
      return { tcpSocket: { port: handler.port } };
    case "ExecProbe":
      return { exec: { command: handler.command } };
    case "GrpcProbe":
      return { grpc: { port: handler.port, service: handler.service } };
  }
}

/** What an upgrade on the command line may change; all of it may be left out. */
export interface TemplateChanges {
  readonly image?: readonly ContainerChange[] | undefined;
  readonly env?: readonly VariableChange[] | undefined;
  readonly unsetEnv?: readonly ContainerChange[] | undefined;
  /** 250m, 1.5. */
  readonly cpu?: readonly ContainerChange[] | undefined;
  /** 256Mi, 1Gi. */
  readonly memory?: readonly ContainerChange[] | undefined;
}

/** The template with the changes in it, in the order of their kinds; UsageError where one names no container. */
export function changed(template: PodTemplateInput, changes: TemplateChanges): PodTemplateInput {
  let containers: readonly ContainerInput[] = template.containers;
  const change = (name: string | null, option: string, edit: (container: ContainerInput) => ContainerInput): void => {
    const wanted = containerNamed(containers, name, option);
    containers = containers.map((container) => (container.name === wanted ? edit(container) : container));
  };
  for (const { container, value } of changes.image ?? []) change(container, "--image", (before) => ({ ...before, image: value }));
  for (const { container, value } of changes.cpu ?? []) change(container, "--cpu", (before) => ({ ...before, cpuMillis: millisOf(value) }));
  for (const { container, value } of changes.memory ?? []) change(container, "--memory", (before) => ({ ...before, memoryMiB: mebibytesOf(value) }));
  for (const { container, name, value } of changes.env ?? []) change(container, "--env", (before) => ({ ...before, env: withVariable(before.env ?? [], { name, source: { value } }) }));
  for (const { container, value: name } of changes.unsetEnv ?? []) change(container, "--unset-env", (before) => ({ ...before, env: withoutVariable(before, name) }));
  return { ...template, containers };
}

function containerNamed(containers: readonly ContainerInput[], name: string | null, option: string): string {
  const names = containers.map((container) => container.name);
  if (name === null && names.length > 1) throw new UsageError(`${option} must say which container it means: ${names.join(", ")}`);
  const found = name ?? names[0];
  if (found === undefined || !names.includes(found)) throw new UsageError(`There is no container ${found ?? ""}; there is ${names.join(", ")}`);
  return found;
}

/** In its place where it was there before: the order of variables is part of a template. */
function withVariable(env: readonly EnvVarInput[], variable: EnvVarInput): readonly EnvVarInput[] {
  return env.some(({ name }) => name === variable.name) ? env.map((before) => (before.name === variable.name ? variable : before)) : [...env, variable];
}

function withoutVariable({ name: container, env }: ContainerInput, wanted: string): readonly EnvVarInput[] {
  const rest = (env ?? []).filter(({ name }) => name !== wanted);
  if (rest.length === (env ?? []).length) throw new UsageError(`Container ${container} has no variable ${wanted}`);
  return rest;
}

function millisOf(text: string): number {
  const [, number, milli] = /^(\d{1,6}(?:\.\d{1,3})?)(m?)$/.exec(text) ?? [];
  const millis = Number(number) * (milli === "m" ? 1 : 1_000);
  if (number === undefined || !Number.isInteger(Math.round(millis * 1e6) / 1e6)) throw new UsageError(`${text} is no amount of processor time: 250m or 1.5`);
  return Math.round(millis);
}

function mebibytesOf(text: string): number {
  const [, number, unit] = /^(\d{1,7}(?:\.\d{1,3})?)(Mi|Gi)$/.exec(text) ?? [];
  const mebibytes = Number(number) * (unit === "Gi" ? 1_024 : 1);
  if (number === undefined || !Number.isInteger(mebibytes)) throw new UsageError(`${text} is no amount of memory: 256Mi or 1.5Gi`);
  return mebibytes;
}
