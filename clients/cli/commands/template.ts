import type { ProbePartsFragment, TemplatePartsFragment } from "../../typescript/index.ts";
import { age, cores, duration, memory } from "../format.ts";
import type { Session } from "../session.ts";
import { type Cell, formatFacts } from "../table.ts";
import { plain } from "../text.ts";

/** A template for people: what each container runs, how its health is asked, where its variables and files come from. */

type Container = TemplatePartsFragment["containers"][number];
type Volume = TemplatePartsFragment["volumes"][number];

interface Revision {
  readonly message: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly template: TemplatePartsFragment;
}

export function revisionLines({ style }: Session, { message, createdBy, createdAt, template }: Revision, now: string): string[] {
  const { containers, volumes, imagePullSecrets, affinity, logCollection } = template;
  return [
    ...formatFacts(
      [
        ["Made", `${age(createdAt, now)} ago by ${createdBy}`],
        ["Message", message],
        ["Runtime", template.runtime],
        ["Grace period", duration(template.terminationGracePeriodSeconds * 1_000)],
        ...(imagePullSecrets.length === 0 ? [] : [["Pull secrets", imagePullSecrets.map(({ name }) => name).join(", ")] as const]),
        ...affinity.map((rule): readonly [string, Cell] => ["Affinity", affinityText(rule)]),
        ...(logCollection.length === 0 ? [] : [["Logs", logCollection.map(({ container, path }) => `${container}: ${path ?? "standard output"}`).join(", ")] as const]),
      ],
      style,
    ),
    ...containers.flatMap((container) => [`Container ${plain(container.name)}`, ...formatFacts(containerFacts(container, volumes), style)]),
  ];
}

/** "required, no node with disk=slow", "preferred (20), node with pods of app=cache". */
function affinityText({ kind, required, weight, topology, labels }: TemplatePartsFragment["affinity"][number]): string {
  const place = `${kind.endsWith("_ANTI") ? "no " : ""}${topology.toLowerCase()} with ${kind.startsWith("APPLICATION") ? "pods of " : ""}`;
  return `${required ? "required" : `preferred (${weight})`}, ${place}${labels.map(({ key, value }) => `${key}=${value}`).join(", ")}`;
}

function containerFacts(container: Container, volumes: readonly Volume[]): (readonly [string, Cell])[] {
  const sources = new Map(volumes.map(({ name, source }) => [name, source]));
  return [
    ["  Image", container.image],
    ["  Requests", `${cores(container.cpuMillis)} cpu, ${memory(container.memoryMiB)} memory`],
    ["  Ports", container.ports.map(({ containerPort, protocol, name }) => `${name === null ? "" : `${name} `}${containerPort}/${protocol}`).join(", ")],
    ["  Command", [...container.command, ...container.args].join(" ")],
    ...(container.readinessProbe === null ? [] : [["  Readiness", probeText(container.readinessProbe)] as const]),
    ...(container.livenessProbe === null ? [] : [["  Liveness", probeText(container.livenessProbe)] as const]),
    ...hookFacts(container),
    ...container.volumeMounts.map(({ volume, mountPath, readOnly }): readonly [string, Cell] => [`  ${plain(mountPath)}`, `${sourceText(sources.get(volume), volume)}${readOnly ? ", read-only" : ""}`]),
    ...container.env.map((variable): readonly [string, Cell] => [`  ${plain(variable.name)}`, variableText(variable)]),
  ];
}

/** "GET :8080/readyz every 5s after 10s, timeout 1s, 3 failures". */
export function probeText({ handler, initialDelaySeconds, periodSeconds, timeoutSeconds, successThreshold, failureThreshold }: ProbePartsFragment): string {
  const seconds = (number: number): string => duration(number * 1_000);
  return [
    `${handlerText(handler)} every ${seconds(periodSeconds)}${initialDelaySeconds > 0 ? ` after ${seconds(initialDelaySeconds)}` : ""}`,
    `timeout ${seconds(timeoutSeconds)}`,
    ...(successThreshold > 1 ? [`${successThreshold} successes`] : []),
    `${failureThreshold} ${failureThreshold === 1 ? "failure" : "failures"}`,
  ].join(", ");
}

function handlerText(handler: ProbePartsFragment["handler"]): string {
  switch (handler.__typename) {
    case "HttpGetProbe":
      return `GET :${handler.port}${handler.path}`;
    case "TcpSocketProbe":
      return `connect :${handler.port}`;
    case "ExecProbe":
      return `run ${handler.command.join(" ")}`;
    case "GrpcProbe":
      return `gRPC :${handler.port}${handler.service === null ? "" : ` ${handler.service}`}`;
  }
}

function hookFacts({ lifecycle }: Container): (readonly [string, Cell])[] {
  const hook = (label: string, command: readonly string[] | null | undefined): (readonly [string, Cell])[] => (command === null || command === undefined ? [] : [[label, command.join(" ")]]);
  return [...hook("  After start", lifecycle?.postStart), ...hook("  Before stop", lifecycle?.preStop)];
}

function sourceText(source: Volume["source"] | undefined, volume: string): string {
  switch (source?.__typename) {
    case "EmptyDirVolume":
      return `empty directory ${volume}${source.sizeLimitMiB === null ? "" : `, at most ${memory(source.sizeLimitMiB)}`}`;
    case "ConfigMapVolume":
      return `files of ConfigMap ${source.name}${source.configMap === null ? " (gone)" : ""}`;
    case "SecretVolume":
      return `files of Secret ${source.name}${source.secret === null ? " (gone)" : ""}`;
    case undefined:
      return volume;
  }
}

function variableText({ value, configMapKey, secretKey }: Container["env"][number]): Cell {
  if (configMapKey !== null) return `from ConfigMap ${configMapKey.name}, ${configMapKey.key}${configMapKey.configMap === null ? " (gone)" : ""}`;
  if (secretKey !== null) return `from Secret ${secretKey.name}, ${secretKey.key}${secretKey.secret === null ? " (gone)" : ""}`;
  return value ?? "";
}
