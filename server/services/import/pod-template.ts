/** The pod template of a manifest, as any workload has it: what it has no word for here is said in a warning. */
import { ANNOTATIONS } from "../../domain/manifest-annotations.ts";
import type { ContainerPort, ContainerRuntime, ContainerSpec, LogCollectionRule, PodTemplate, SecretRef } from "../../domain/pod-template.ts";
import { cpuMillisOf, memoryMiBOf } from "../../domain/quantity.ts";
import { quoted } from "../../domain/text.ts";
import { some } from "../application/template.ts";
import { affinityOf } from "./affinity.ts";
import { envOf, referred } from "./env.ts";
import { annotationsOf } from "./metadata.ts";
import { lifecycleOf, probeOf } from "./probe.ts";
import { isMap, type ManifestReader } from "./reader.ts";
import type { FindConfig } from "./references.ts";
import { volumeMountsOf, type Volumes, volumesOf } from "./volume.ts";

/** What a container gets that asks for nothing: enough for a small service, and said in a warning. */
export const DEFAULT_REQUESTS = { cpuMillis: 100, memoryMiB: 128 } as const;
const DEFAULT_GRACE_PERIOD_SECONDS = 30;
/** Runtime classes by which clusters call a sandbox. */
const SANDBOX = /^(?:kata|gvisor|runsc|sandbox)(?:[-.]|$)/;

export function templateOf(template: ManifestReader | null, find: FindConfig): PodTemplate {
  const metadata = template?.map("metadata") ?? null;
  const labels = metadata?.pairs("labels") ?? [];
  const [logs = null, rules = null] = annotationsOf(metadata, [ANNOTATIONS.logCollection, ANNOTATIONS.affinity]);
  const logCollection = logCollectionOf(metadata, logs);
  metadata?.pass("name", "creationTimestamp");
  metadata?.finish();
  const spec = template?.map("spec") ?? null;
  if (template && !spec) template.fail("spec", "is missing.");
  const volumes = volumesOf(spec, find);
  const containers = (spec?.maps("containers") ?? []).map((container) => containerOf(container, volumes, find));
  const grace = spec?.integer("terminationGracePeriodSeconds") ?? DEFAULT_GRACE_PERIOD_SECONDS;
  const pullSecrets = pullSecretsOf(spec, find);
  const runtime = runtimeOf(spec);
  const affinity = affinityOf(spec, metadata, rules);
  const restart = spec?.text("restartPolicy");
  if (restart && restart !== "Always") spec?.fail("restartPolicy", "must be Always.");
  spec?.finish();
  template?.finish();
  return {
    runtime,
    containers,
    labels,
    terminationGracePeriodSeconds: grace,
    ...some("volumes", volumes.kept),
    ...some("imagePullSecrets", pullSecrets),
    ...some("affinity", affinity),
    ...some("logCollection", logCollection),
  };
}

function runtimeOf(spec: ManifestReader | null): ContainerRuntime {
  const runtimeClass = spec?.text("runtimeClassName") ?? "runc";
  if (SANDBOX.test(runtimeClass)) return "SANDBOX";
  if (runtimeClass !== "runc") spec?.warn("runtimeClassName", "is not honoured: pods run in ordinary containers.");
  return "RUNC";
}

function pullSecretsOf(spec: ManifestReader | null, find: FindConfig): SecretRef[] {
  const secrets = new Map<string, SecretRef>();
  for (const reference of spec?.maps("imagePullSecrets") ?? []) {
    const found = referred(reference, "Secret", find, "");
    reference.finish();
    if (!found) continue;
    const { name, known } = found;
    if (known.type !== "REGISTRY") reference.fail("name", `Secret ${quoted(name)} is of type ${known.type}; an image pull secret must be of type REGISTRY.`);
    secrets.set(known.id, { secretId: known.id, name });
  }
  return [...secrets.values()];
}

function logCollectionOf(metadata: ManifestReader | null, text: string | null): LogCollectionRule[] {
  if (text === null) return [];
  const rules = parsed(text);
  if (Array.isArray(rules) && rules.every(isRule)) return rules.map(({ container, path = null }) => ({ container, path }));
  metadata?.fail(`annotations.${ANNOTATIONS.logCollection}`, "must be JSON: a list of {container, path}.");
  return [];
}

function isRule(value: unknown): value is { container: string; path?: string | null } {
  if (!isMap(value)) return false;
  const { container, path, ...others } = value;
  return typeof container === "string" && (path === undefined || path === null || typeof path === "string") && Object.keys(others).length === 0;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function containerOf(container: ManifestReader, volumes: Volumes, find: FindConfig): ContainerSpec {
  const ports = container.maps("ports").flatMap(portOf);
  const [livenessProbe, readinessProbe] = [probeOf(container, "livenessProbe", ports), probeOf(container, "readinessProbe", ports)];
  const lifecycle = lifecycleOf(container);
  const spec = {
    name: container.text("name") ?? "",
    image: container.text("image") ?? "",
    ...requestsOf(container),
    command: container.texts("command"),
    args: container.texts("args"),
    stdin: container.flag("stdin") ?? false,
    tty: container.flag("tty") ?? false,
    ports,
    env: envOf(container, find),
    ...(livenessProbe ? { livenessProbe } : {}),
    ...(readinessProbe ? { readinessProbe } : {}),
    ...(lifecycle ? { lifecycle } : {}),
    ...some("volumeMounts", volumeMountsOf(container, volumes)),
  };
  container.finish();
  return spec;
}

/** As the scheduler of Kubernetes does: requests, else limits, else a default. */
function requestsOf(container: ManifestReader): { cpuMillis: number; memoryMiB: number } {
  const resources = container.map("resources");
  const requests = resources?.map("requests") ?? null;
  const limits = resources?.map("limits") ?? null;
  const amount = (key: "cpu" | "memory", parse: (text: string) => number | null, fallback: number, unit: string): number => {
    const requested = requests?.scalar(key) ?? null;
    const limited = limits?.scalar(key) ?? null;
    const text = requested ?? limited;
    if (text === null) {
      container.warn(`resources.requests.${key}`, `is missing: ${fallback} ${unit} are assumed.`);
      return fallback;
    }
    if (requested !== null && limited !== null && limited !== requested)
      limits?.warn(key, "is not honoured: pods are sized by their requests.");
    const value = parse(text);
    if (value !== null) return value;
    (requested === null ? limits : requests)?.fail(key, "is not a quantity such as 100m or 64Mi.");
    return fallback;
  };
  const result = {
    cpuMillis: amount("cpu", cpuMillisOf, DEFAULT_REQUESTS.cpuMillis, "cpuMillis"),
    memoryMiB: amount("memory", memoryMiBOf, DEFAULT_REQUESTS.memoryMiB, "MiB"),
  };
  for (const part of [requests, limits, resources]) part?.finish();
  return result;
}

function portOf(port: ManifestReader): ContainerPort[] {
  const containerPort = port.integer("containerPort");
  const protocol = port.text("protocol") ?? "TCP";
  const name = port.text("name");
  port.finish();
  if (protocol !== "TCP" && protocol !== "UDP") {
    port.warn("protocol", "is not honoured: the port is left out, because only TCP and UDP are offered.");
    return [];
  }
  if (containerPort === null) port.fail("containerPort", "is missing.");
  return [{ name, containerPort: containerPort ?? 0, protocol }];
}
