/**
 * An application as a Kubernetes Deployment (apps/v1), in YAML that an import turns into the same application: where Kubernetes has no field for
 * something, an annotation says it. What a distribution decides (replicas and where they are) and deletion protection are not in it.
 * ConfigMaps and Secrets stand in it by their names, never by a value.
 *
 * Law: imported where these names mean the same objects, it gives the same template, strategy, labels and description, without a warning.
 */
import { stringify } from "yaml";
import { affinityFields, isSaidByFields } from "./manifest-affinity.ts";
import { ANNOTATIONS, SANDBOX_CLASS } from "./manifest-annotations.ts";
import type { ContainerSpec, EnvVar, Label, PodTemplate, Probe, ProbeHandler, Volume, VolumeMount } from "./pod-template.ts";
import type { CapacityType, IntOrPercent, UpdateStrategy } from "./states.ts";

export interface ManifestSource {
  readonly name: string;
  readonly namespace: string;
  readonly description: string;
  readonly labels: readonly Label[];
  readonly capacityType: CapacityType;
  readonly updateStrategy: UpdateStrategy;
  readonly template: PodTemplate;
}

type Fields = Readonly<Record<string, unknown>>;

export function deploymentManifest({ name, namespace, description, labels, capacityType, updateStrategy, template }: ManifestSource): string {
  const { maxUnavailable, maxSurge } = updateStrategy;
  const manifest = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name,
      namespace,
      ...some("labels", pairs(labels)),
      ...annotated({ [ANNOTATIONS.description]: description === "" ? null : description, [ANNOTATIONS.capacityType]: capacityType === "ON_DEMAND" ? null : capacityType }),
    },
    spec: {
      selector: { matchLabels: pairs(template.labels) },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: intOrPercent(maxUnavailable), maxSurge: intOrPercent(maxSurge) } },
      template: podTemplate(template),
    },
  };
  // Quoted also where only older readers of YAML would take a text for something else; one line a text, however long.
  return stringify(manifest, { compat: "yaml-1.1", lineWidth: 0, aliasDuplicateObjects: false });
}

const intOrPercent = ({ count, percent }: IntOrPercent): number | string => (typeof count === "number" ? count : `${percent}%`);

function podTemplate({ runtime, containers, labels, terminationGracePeriodSeconds, volumes = [], imagePullSecrets = [], affinity = [], logCollection = [] }: PodTemplate): Fields {
  const rules = logCollection.map(({ container, path }) => ({ container, path }));
  return {
    metadata: {
      ...some("labels", pairs(labels)),
      ...annotated({
        [ANNOTATIONS.logCollection]: rules.length === 0 ? null : JSON.stringify(rules),
        [ANNOTATIONS.affinity]: isSaidByFields(affinity) ? null : JSON.stringify(affinity.map(({ kind, required, weight, topology, labels: wanted }) => ({ kind, required, weight, topology, labels: wanted }))),
      }),
    },
    spec: {
      ...(runtime === "SANDBOX" ? { runtimeClassName: SANDBOX_CLASS } : {}),
      terminationGracePeriodSeconds,
      ...affinityFields(affinity),
      ...some("imagePullSecrets", imagePullSecrets.map(({ name }) => ({ name }))),
      containers: containers.map(containerOf),
      ...some("volumes", volumes.map(volumeOf)),
    },
  };
}

function containerOf(container: ContainerSpec): Fields {
  const { name, image, cpuMillis, memoryMiB, command, args, stdin, tty, ports, env, livenessProbe, readinessProbe, lifecycle, volumeMounts = [] } = container;
  return {
    name,
    image,
    ...some("command", command),
    ...some("args", args),
    ...(stdin ? { stdin } : {}),
    ...(tty ? { tty } : {}),
    ...some("ports", ports.map((port) => ({ ...(port.name === null ? {} : { name: port.name }), containerPort: port.containerPort, protocol: port.protocol }))),
    ...some("env", env.map(variableOf)),
    resources: { requests: { cpu: `${cpuMillis}m`, memory: `${memoryMiB}Mi` } },
    ...(livenessProbe ? { livenessProbe: probeOf(livenessProbe) } : {}),
    ...(readinessProbe ? { readinessProbe: probeOf(readinessProbe) } : {}),
    ...(lifecycle ? { lifecycle: { ...hook("postStart", lifecycle.postStart), ...hook("preStop", lifecycle.preStop) } } : {}),
    ...some("volumeMounts", volumeMounts.map(mountOf)),
  };
}

function variableOf({ name, value, configMapKey, secretKey }: EnvVar): Fields {
  if (configMapKey) return { name, valueFrom: { configMapKeyRef: { name: configMapKey.name, key: configMapKey.key } } };
  if (secretKey) return { name, valueFrom: { secretKeyRef: { name: secretKey.name, key: secretKey.key } } };
  return { name, value: value ?? "" };
}

function probeOf({ handler, initialDelaySeconds, periodSeconds, timeoutSeconds, successThreshold, failureThreshold }: Probe): Fields {
  return { ...handlerOf(handler), initialDelaySeconds, periodSeconds, timeoutSeconds, successThreshold, failureThreshold };
}

function handlerOf(handler: ProbeHandler): Fields {
  switch (handler.type) {
    case "HttpGetProbe":
      return { httpGet: { path: handler.path, port: handler.port, ...some("httpHeaders", handler.headers.map(({ name, value }) => ({ name, value }))) } };
    case "TcpSocketProbe":
      return { tcpSocket: { port: handler.port } };
    case "ExecProbe":
      return { exec: { command: handler.command } };
    case "GrpcProbe":
      return { grpc: { port: handler.port, ...(handler.service === null ? {} : { service: handler.service }) } };
  }
}

const hook = (name: string, command: readonly string[] | null): Fields => (command === null ? {} : { [name]: { exec: { command } } });

function volumeOf({ name, source }: Volume): Fields {
  switch (source.type) {
    case "EmptyDirVolume":
      return { name, emptyDir: source.sizeLimitMiB === null ? {} : { sizeLimit: `${source.sizeLimitMiB}Mi` } };
    case "ConfigMapVolume":
      return { name, configMap: { name: source.name } };
    case "SecretVolume":
      return { name, secret: { secretName: source.name } };
  }
}

const mountOf = ({ volume, mountPath, readOnly }: VolumeMount): Fields => ({ name: volume, mountPath, ...(readOnly ? { readOnly } : {}) });

/** A map whose order is that of the labels, also where keys are numbers. */
const pairs = (labels: readonly Label[]): ReadonlyMap<string, string> => new Map(labels.map(({ key, value }) => [key, value]));

/** Those that have a value. */
function annotated(annotations: Readonly<Record<string, string | null>>): Fields {
  const said = Object.entries(annotations).filter(([, value]) => value !== null);
  return said.length === 0 ? {} : { annotations: Object.fromEntries(said) };
}

/** The field, where it says anything. */
const some = (name: string, value: readonly unknown[] | ReadonlyMap<string, string>): Fields => (("size" in value ? value.size : value.length) > 0 ? { [name]: value } : {});
