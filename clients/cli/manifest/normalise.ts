import { isMap, type Manifest } from "./read.ts";

/**
 * A Deployment in the form in which two that mean the same look the same: defaults written out, quantities in one unit, ports by number, and
 * without what says nothing (identity, what the server sets, what it said that it does not honour). Other fields stay as they are, so that
 * what an import learns to honour later is compared too.
 */
export function normalisedDeployment(manifest: Manifest, warnings: readonly string[] = []): Manifest {
  const copy = structuredClone(manifest) as Record<string, unknown>;
  for (const path of notHonoured(warnings)) remove(copy, path.split("."));
  const metadata = mapOf(copy["metadata"]);
  const spec = mapOf(copy["spec"]);
  const template = mapOf(spec["template"]);
  return pruned({
    metadata: { labels: metadata["labels"], annotations: ownAnnotations(metadata) },
    spec: {
      ...without(spec, "selector", "replicas", "template", "strategy"),
      strategy: { rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%", ...mapOf(mapOf(spec["strategy"])["rollingUpdate"]) } },
      template: {
        metadata: { labels: mapOf(template["metadata"])["labels"], annotations: ownAnnotations(mapOf(template["metadata"])) },
        spec: podSpec(mapOf(template["spec"])),
      },
    },
  }) as Manifest;
}

/** The paths of fields that an import's warnings name: each sentence begins with one. */
const notHonoured = (warnings: readonly string[]): string[] => warnings.flatMap((warning) => /^(\S+) is not honoured/.exec(warning)?.[1] ?? []);

function remove(root: unknown, path: readonly string[]): void {
  const [key, ...rest] = path;
  if (key === undefined || root === null || typeof root !== "object") return;
  if (rest.length > 0) return remove((root as Record<string, unknown>)[key], rest);
  // A list keeps its places: other warnings name them. The hole is taken out when the list is pruned.
  if (Array.isArray(root)) root[Number(key)] = undefined;
  else if (key !== "annotations") delete (root as Record<string, unknown>)[key];
}

const OWN = "selvedge.io/";
/** Other annotations have no meaning to an import. The description is compared by itself: left out it stays as it is. */
const ownAnnotations = (metadata: Manifest): Manifest =>
  Object.fromEntries(Object.entries(mapOf(metadata["annotations"])).filter(([key]) => key.startsWith(OWN) && key !== `${OWN}description`));

function podSpec(spec: Manifest): Manifest {
  const volumes = mapsOf(spec["volumes"]).map(volume);
  const files = new Set(volumes.filter((one) => one["configMap"] !== undefined || one["secret"] !== undefined).map(({ name }) => name));
  return {
    ...without(spec, "restartPolicy"),
    terminationGracePeriodSeconds: spec["terminationGracePeriodSeconds"] ?? 30,
    runtimeClassName: spec["runtimeClassName"] === "runc" ? undefined : spec["runtimeClassName"],
    containers: mapsOf(spec["containers"]).map((one) => container(one, files)),
    volumes,
  };
}

function volume(given: Manifest): Record<string, unknown> {
  const source = (key: string): unknown => (isMap(given[key]) ? without(given[key], "defaultMode", "items", "optional") : given[key]);
  return { ...given, configMap: source("configMap"), secret: source("secret"), ...("emptyDir" in given ? { emptyDir: mapOf(given["emptyDir"]) } : {}) };
}

function container(given: Manifest, files: ReadonlySet<unknown>): Manifest {
  const ports = mapsOf(given["ports"]).map((port) => ({ protocol: "TCP", ...port }));
  const resources = mapOf(given["resources"]);
  const [requests, limits] = [mapOf(resources["requests"]), mapOf(resources["limits"])];
  return {
    ...given,
    stdin: given["stdin"] === true ? true : undefined,
    tty: given["tty"] === true ? true : undefined,
    ports,
    env: mapsOf(given["env"]).map(variable),
    resources: {
      requests: {
        cpu: cpu(requests["cpu"] ?? limits["cpu"] ?? "100m"),
        memory: memory(requests["memory"] ?? limits["memory"] ?? "128Mi"),
      },
    },
    livenessProbe: probe(given["livenessProbe"], ports),
    readinessProbe: probe(given["readinessProbe"], ports),
    volumeMounts: mapsOf(given["volumeMounts"]).map((mount) => ({ ...without(mount, "subPath", "subPathExpr"), readOnly: mount["readOnly"] === true || files.has(mount["name"]) })),
  };
}

function variable(given: Manifest): Manifest {
  if (!isMap(given["valueFrom"])) return { name: given["name"], value: given["value"] ?? "" };
  const from = Object.entries(given["valueFrom"]).map(([key, reference]) => [key, isMap(reference) ? without(reference, "optional") : reference] as const);
  return { name: given["name"], valueFrom: Object.fromEntries(from) };
}

const PROBE_DEFAULTS = { initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };

function probe(given: unknown, ports: readonly Manifest[]): unknown {
  if (!isMap(given)) return given;
  const numbers = Object.entries(PROBE_DEFAULTS).map(([key, otherwise]) => [key, given[key] || otherwise] as const);
  const handler = (key: string, more: Manifest = {}): Manifest => {
    const value = given[key];
    if (!isMap(value)) return {};
    const named = ports.find(({ name }) => name === value["port"]);
    return { [key]: { ...more, ...without(value, "host", "scheme"), ...(named === undefined ? {} : { port: named["containerPort"] }) } };
  };
  return { ...given, ...Object.fromEntries(numbers), ...handler("httpGet", { path: "/" }), ...handler("tcpSocket"), ...handler("grpc") };
}

/** 0.25, "250m" and 250m are the same. What is no quantity stays as it is. */
function cpu(given: unknown): unknown {
  const [, number, milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(String(given)) ?? [];
  return number === undefined ? given : `${Math.ceil(Number(number) * (milli === "m" ? 1 : 1_000) - 1e-9)}m`;
}

const BYTES: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 };

function memory(given: unknown): unknown {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(|k|M|G|T|Ki|Mi|Gi|Ti)$/.exec(String(given)) ?? [];
  return number === undefined || unit === undefined ? given : `${Math.ceil((Number(number) * (BYTES[unit] ?? 1)) / 1024 ** 2)}Mi`;
}

const mapOf = (value: unknown): Manifest => (isMap(value) ? value : {});
const mapsOf = (value: unknown): Manifest[] => (Array.isArray(value) ? value.filter(isMap) : []);
const without = (map: Manifest, ...keys: readonly string[]): Record<string, unknown> => Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));

/** Without what is not there: nulls, empty lists, and maps that hold nothing but such. An empty directory is something. */
function pruned(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.filter((one) => one !== null && one !== undefined).map((one) => pruned(one));
  if (!isMap(value)) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, pruned(one, name)] as const);
  const kept = entries.filter(([name, one]) => one !== null && one !== undefined && !(Array.isArray(one) && one.length === 0) && !(isMap(one) && Object.keys(one).length === 0 && name !== "emptyDir"));
  return kept.length === 0 && key !== "emptyDir" ? {} : Object.fromEntries(kept);
}
