/** A Kubernetes Deployment (apps/v1) as the design of an application. Pure: what exists and what fits is not known here. */
import type { ContainerPort, ContainerSpec, EnvVar } from "../../domain/pod-template.ts";
import { cpuMillisOf, memoryMiBOf } from "../../domain/quantity.ts";
import { DEFAULT_UPDATE_STRATEGY, type IntOrPercent, type UpdateStrategy } from "../../domain/states.ts";
import type { Design } from "../application/create.ts";
import { ManifestReader, Notes } from "./reader.ts";

/** What a container gets that asks for nothing: enough for a small service, and said in a warning. */
export const DEFAULT_REQUESTS = { cpuMillis: 100, memoryMiB: 128 } as const;
const DEFAULT_GRACE_PERIOD_SECONDS = 30;
const SERVER_SET = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"];
const MAX_WARNINGS = 50;

export interface Translation {
  readonly design: Design;
  /** Why it can't be one; then the design means nothing. */
  readonly errors: readonly string[];
  /** Fields that could not be honoured, one sentence each. */
  readonly warnings: readonly string[];
}

/** `namespace`: where the import goes. */
export function designOfDeployment(manifest: Readonly<Record<string, unknown>>, namespace: string): Translation {
  const notes = new Notes();
  const top = new ManifestReader(manifest, notes);
  top.pass("apiVersion", "kind", "status");
  const metadata = top.map("metadata");
  const name = metadata?.text("name") ?? "";
  const labels = metadata?.pairs("labels") ?? [];
  const own = metadata?.text("namespace");
  if (own && own !== namespace) metadata?.warn("namespace", `is not honoured: everything goes to the namespace ${namespace}.`);
  metadata?.pass(...SERVER_SET);
  metadata?.finish();
  const spec = top.map("spec");
  const template = spec?.map("template") ?? null;
  if (!spec) top.fail("spec", "is missing.");
  else if (!template) spec.fail("template", "is missing.");
  if (spec?.integer("replicas") !== null && spec)
    spec.warn("replicas", "is not honoured: the distribution says how many pods each cluster runs.");
  // Which pods belong to an application is known without asking their labels.
  spec?.pass("selector");
  const updateStrategy = spec ? strategyOf(spec) : DEFAULT_UPDATE_STRATEGY;
  spec?.finish();
  top.finish();
  return {
    design: {
      name,
      description: "",
      workloadKind: "DEPLOYMENT",
      capacityType: "ON_DEMAND",
      labels,
      updateStrategy,
      deletionProtection: false,
      template: templateOf(template),
    },
    errors: notes.errors,
    warnings: bounded(notes.warnings),
  };
}

function strategyOf(spec: ManifestReader): UpdateStrategy {
  const strategy = spec.map("strategy");
  const type = strategy?.text("type");
  if (type && type !== "RollingUpdate") strategy?.warn("type", "is not honoured: pods are replaced by a rolling update.");
  const rolling = strategy?.map("rollingUpdate") ?? null;
  const result = {
    maxUnavailable: amountOf(rolling, "maxUnavailable") ?? DEFAULT_UPDATE_STRATEGY.maxUnavailable,
    maxSurge: amountOf(rolling, "maxSurge") ?? DEFAULT_UPDATE_STRATEGY.maxSurge,
  };
  rolling?.finish();
  strategy?.finish();
  return result;
}

function amountOf(rolling: ManifestReader | null, key: string): IntOrPercent | null {
  const text = rolling?.scalar(key) ?? null;
  if (text === null) return null;
  if (/^\d{1,6}$/.test(text)) return { count: Number(text) };
  if (/^\d{1,6}%$/.test(text)) return { percent: Number(text.slice(0, -1)) };
  rolling?.fail(key, "must be a whole number or a percentage such as 25%.");
  return null;
}

function templateOf(template: ManifestReader | null): Design["template"] {
  const metadata = template?.map("metadata");
  const labels = metadata?.pairs("labels") ?? [];
  metadata?.pass("name", "creationTimestamp");
  metadata?.finish();
  const spec = template?.map("spec") ?? null;
  if (template && !spec) template.fail("spec", "is missing.");
  const containers = (spec?.maps("containers") ?? []).map(containerOf);
  const grace = spec?.integer("terminationGracePeriodSeconds") ?? DEFAULT_GRACE_PERIOD_SECONDS;
  const restart = spec?.text("restartPolicy");
  if (restart && restart !== "Always") spec?.fail("restartPolicy", "must be Always.");
  spec?.finish();
  template?.finish();
  return { runtime: "RUNC", containers, labels, terminationGracePeriodSeconds: grace };
}

function containerOf(container: ManifestReader): ContainerSpec {
  const spec = {
    name: container.text("name") ?? "",
    image: container.text("image") ?? "",
    ...requestsOf(container),
    command: container.texts("command"),
    args: container.texts("args"),
    stdin: container.flag("stdin") ?? false,
    tty: container.flag("tty") ?? false,
    ports: container.maps("ports").flatMap(portOf),
    env: container.maps("env").flatMap(envOf),
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

function envOf(entry: ManifestReader): EnvVar[] {
  const name = entry.text("name") ?? "";
  const value = entry.text("value");
  if (entry.has("valueFrom")) {
    entry.pass("valueFrom");
    entry.warn("valueFrom", "is not honoured: the variable is left out.");
    return [];
  }
  entry.finish();
  return [{ name, value: value ?? "" }];
}

function bounded(warnings: readonly string[]): string[] {
  if (warnings.length <= MAX_WARNINGS) return [...warnings];
  return [...warnings.slice(0, MAX_WARNINGS - 1), `${warnings.length - MAX_WARNINGS + 1} more fields are not honoured.`];
}
