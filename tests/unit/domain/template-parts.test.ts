import { describe, expect, test } from "vitest";
import { type AffinityRule, CLUSTER_LABELS, REGION_LABEL } from "#server/domain/affinity.ts";
import type { ContainerSpec, PodTemplate, Probe, Volume, VolumeMount } from "#server/domain/pod-template.ts";
import { checkTemplate, TEMPLATE_LIMITS } from "#server/domain/template-rules.ts";

/** Probes, hooks, volumes, pull secrets and log collection: each rule, broken once. */
const container = (changes: Partial<ContainerSpec> = {}): ContainerSpec => ({
  name: "server", image: "nginx", cpuMillis: 1, memoryMiB: 1, command: [], args: [], stdin: false, tty: false, ports: [], env: [], ...changes,
});
const template = (changes: Partial<PodTemplate> = {}): PodTemplate => ({ runtime: "RUNC", containers: [container()], labels: [], terminationGracePeriodSeconds: 30, ...changes });
const faults = (value: PodTemplate): string[] => checkTemplate(["t"], value).map((error) => `${error.code} ${error.path?.join(".")}`);
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));

const probe = (changes: Partial<Probe> = {}): Probe => ({
  handler: { type: "TcpSocketProbe", port: 80 }, initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3, ...changes,
});
const http = (changes: object = {}): Probe => probe({ handler: { type: "HttpGetProbe", path: "/", port: 80, headers: [], ...changes } });
const exec = (command: readonly string[]): Probe => probe({ handler: { type: "ExecProbe", command } });
const live = (livenessProbe: Probe): PodTemplate => template({ containers: [container({ livenessProbe })] });
const ready = (readinessProbe: Probe): PodTemplate => template({ containers: [container({ readinessProbe })] });
const LIVE = "t.containers.0.livenessProbe";

const emptyDir = (name: string, sizeLimitMiB: number | null = null): Volume => ({ name, source: { type: "EmptyDirVolume", sizeLimitMiB } });
const settings: Volume = { name: "settings", source: { type: "ConfigMapVolume", configMapId: "c", name: "settings" } };
const login: Volume = { name: "login", source: { type: "SecretVolume", secretId: "s", name: "login" } };
const mounted = (volumes: readonly Volume[], ...volumeMounts: readonly VolumeMount[]): PodTemplate => template({ volumes, containers: [container({ volumeMounts })] });
const mount = (volume: string, mountPath: string, readOnly = true): VolumeMount => ({ volume, mountPath, readOnly });
const rule = (changes: Partial<AffinityRule> = {}): AffinityRule => ({ kind: "NODE", required: true, weight: 1, topology: "NODE", labels: [{ key: "disk", value: "ssd" }], ...changes });
const labelled = (...keys: readonly string[]): Pick<AffinityRule, "labels"> => ({ labels: keys.map((key) => ({ key, value: "v" })) });
const MOUNTS = "t.containers.0.volumeMounts";

test("at every limit a template passes", () => {
  expect(faults(live(probe({ initialDelaySeconds: 3_600, periodSeconds: 3_600, timeoutSeconds: 3_600, failureThreshold: 100 })))).toEqual([]);
  expect(faults(ready(probe({ initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 10, failureThreshold: 1 })))).toEqual([]);
  // A probe may take longer than its period, as in Kubernetes.
  expect(faults(live(probe({ periodSeconds: 1, timeoutSeconds: 60 })))).toEqual([]);
  expect(faults(live(http({ path: `/${"x".repeat(1_023)}`, port: 65_535, headers: many(32, () => ({ name: "X-Probe", value: "v".repeat(4_096) })) })))).toEqual([]);
  expect(faults(live(exec(many(256, () => "x"))))).toEqual([]);
  expect(faults(live(probe({ handler: { type: "GrpcProbe", port: 1, service: "s".repeat(256) } })))).toEqual([]);
  expect(faults(template({ volumes: many(32, (index) => emptyDir(`v${index}`, index === 0 ? 1 : 1_048_576)) }))).toEqual([]);
  expect(faults(mounted([emptyDir("data"), settings, login], mount("data", "/data", false), mount("data", "/more/", true), mount("settings", "/etc/app"), mount("login", "/login")))).toEqual([]);
  expect(faults(template({ containers: [container({ lifecycle: { postStart: ["a"], preStop: many(256, () => "x") } })] }))).toEqual([]);
  expect(faults(template({ imagePullSecrets: many(10, (index) => ({ secretId: `s${index}`, name: `s${index}` })) }))).toEqual([]);
  expect(faults(template({ affinity: many(20, (index) => rule({ kind: "APPLICATION", weight: 5 * index + 5, ...labelled(...many(10, (number) => `a${number}`)) })) }))).toEqual([]);
  expect(faults(template({ affinity: [rule({ topology: "CLUSTER", ...labelled(...Object.values(CLUSTER_LABELS), REGION_LABEL) }), rule({ topology: "REGION", ...labelled(REGION_LABEL) })] }))).toEqual([]);
  expect(faults(template({ logCollection: [{ container: "server", path: null }, ...many(19, (index) => ({ container: "server", path: `/var/log/${index}/*.log` }))] }))).toEqual([]);
});

describe("each rule, broken once", () => {
  const cases: [string, PodTemplate, string[]][] = [
    ["an initial delay below 0", live(probe({ initialDelaySeconds: -1 })), [`${LIVE}.initialDelaySeconds`]],
    ["an initial delay above an hour", live(probe({ initialDelaySeconds: 3_601 })), [`${LIVE}.initialDelaySeconds`]],
    ["a period of 0", live(probe({ periodSeconds: 0 })), [`${LIVE}.periodSeconds`]],
    ["a timeout of 0", live(probe({ timeoutSeconds: 0 })), [`${LIVE}.timeoutSeconds`]],
    ["two successes of a liveness probe", live(probe({ successThreshold: 2 })), [`${LIVE}.successThreshold`]],
    ["eleven successes", ready(probe({ successThreshold: 11 })), ["t.containers.0.readinessProbe.successThreshold"]],
    ["no failure", live(probe({ failureThreshold: 0 })), [`${LIVE}.failureThreshold`]],
    ["101 failures", live(probe({ failureThreshold: 101 })), [`${LIVE}.failureThreshold`]],
    ["an HTTP port of 0", live(http({ port: 0 })), [`${LIVE}.handler.httpGet.port`]],
    ["a TCP port of 65536", live(probe({ handler: { type: "TcpSocketProbe", port: 65_536 } })), [`${LIVE}.handler.tcpSocket.port`]],
    ["a gRPC port of -1", live(probe({ handler: { type: "GrpcProbe", port: -1, service: null } })), [`${LIVE}.handler.grpc.port`]],
    ["a gRPC service of 257 characters", live(probe({ handler: { type: "GrpcProbe", port: 1, service: "s".repeat(257) } })), [`${LIVE}.handler.grpc.service`]],
    ["a relative path", live(http({ path: "healthz" })), [`${LIVE}.handler.httpGet.path`]],
    ["a path with a line break", live(http({ path: "/ HTTP/1.1\r\nHost: x" })), [`${LIVE}.handler.httpGet.path`]],
    ["a path of 1025 characters", live(http({ path: `/${"x".repeat(1_024)}` })), [`${LIVE}.handler.httpGet.path`]],
    ["a header name with a space", live(http({ headers: [{ name: "X Probe", value: "" }] })), [`${LIVE}.handler.httpGet.headers.0.name`]],
    ["a header without a name", live(http({ headers: [{ name: "", value: "" }] })), [`${LIVE}.handler.httpGet.headers.0.name`]],
    ["a header value with a line break", live(http({ headers: [{ name: "X-Probe", value: "a\r\nb: c" }] })), [`${LIVE}.handler.httpGet.headers.0.value`]],
    ["33 headers", live(http({ headers: many(33, () => ({ name: "X-Probe", value: "" })) })), [`${LIVE}.handler.httpGet.headers`]],
    ["an empty command", live(exec([])), [`${LIVE}.handler.exec.command`]],
    ["a command without a program", live(exec(["", "-x"])), [`${LIVE}.handler.exec.command`]],
    ["a command of 257 words", live(exec(many(257, () => "x"))), [`${LIVE}.handler.exec.command`]],
    ["an empty hook", template({ containers: [container({ lifecycle: { postStart: [], preStop: null } })] }), ["t.containers.0.lifecycle.postStart"]],
    ["a hook of 257 words", template({ containers: [container({ lifecycle: { postStart: null, preStop: many(257, () => "x") } })] }), ["t.containers.0.lifecycle.preStop"]],
    ["33 volumes", template({ volumes: many(33, (index) => emptyDir(`v${index}`)) }), ["t.volumes"]],
    ["an upper-case volume name", template({ volumes: [emptyDir("Data")] }), ["t.volumes.0.name"]],
    ["a volume name given twice", template({ volumes: [emptyDir("data"), settings, emptyDir("data")] }), ["t.volumes.2.name"]],
    ["an empty directory of 0 MiB", template({ volumes: [emptyDir("data", 0)] }), ["t.volumes.0.source.emptyDir.sizeLimitMiB"]],
    ["an empty directory above 1 TiB", template({ volumes: [emptyDir("data", 1_048_577)] }), ["t.volumes.0.source.emptyDir.sizeLimitMiB"]],
    ["a mount of a volume that is not there", mounted([emptyDir("data")], mount("date", "/data")), [`${MOUNTS}.0.volume`]],
    ["a relative mount path", mounted([emptyDir("data")], mount("data", "data")), [`${MOUNTS}.0.mountPath`]],
    ["a mount path that leads upwards", mounted([emptyDir("data")], mount("data", "/var/../etc")), [`${MOUNTS}.0.mountPath`]],
    ["a mount path with ':'", mounted([emptyDir("data")], mount("data", "/a:b")), [`${MOUNTS}.0.mountPath`]],
    ["a mount over everything", mounted([emptyDir("data")], mount("data", "/./")), [`${MOUNTS}.0.mountPath`]],
    ["a mount path of 1025 characters", mounted([emptyDir("data")], mount("data", `/${"x".repeat(1_024)}`)), [`${MOUNTS}.0.mountPath`]],
    ["two mounts at one place", mounted([emptyDir("data"), settings], mount("data", "/etc/app"), mount("settings", "/etc//app/")), [`${MOUNTS}.1.mountPath`]],
    ["a ConfigMap to write to", mounted([settings], mount("settings", "/etc/app", false)), [`${MOUNTS}.0.readOnly`]],
    ["a Secret to write to", mounted([login], mount("login", "/login", false)), [`${MOUNTS}.0.readOnly`]],
    ["65 mounts", mounted([emptyDir("data")], ...many(65, (index) => mount("data", `/data/${index}`))), [MOUNTS]],
    ["eleven pull secrets", template({ imagePullSecrets: many(11, (index) => ({ secretId: `s${index}`, name: `s${index}` })) }), ["t.imagePullSecretIds"]],
    ["a pull secret given twice", template({ imagePullSecrets: [{ secretId: "s", name: "s" }, { secretId: "s", name: "s" }] }), ["t.imagePullSecretIds.1"]],
    ["21 rules of affinity", template({ affinity: many(21, (index) => rule({ labels: [{ key: `a${index}`, value: "" }] })) }), ["t.affinity"]],
    ["a rule without labels", template({ affinity: [rule({ labels: [] })] }), ["t.affinity.0.labels"]],
    ["a rule of eleven labels", template({ affinity: [rule(labelled(...many(11, (index) => `a${index}`)))] }), ["t.affinity.0.labels"]],
    ["a weight of 0", template({ affinity: [rule({ required: false, weight: 0 })] }), ["t.affinity.0.weight"]],
    ["a weight of 101", template({ affinity: [rule({ required: false, weight: 101 })] }), ["t.affinity.0.weight"]],
    ["a label that can't be one", template({ affinity: [rule({ labels: [{ key: "a b", value: "c d" }] })] }), ["t.affinity.0.labels.0.key", "t.affinity.0.labels.0.value"]],
    ["a rule given twice", template({ affinity: [rule(), rule({ weight: 2 }), rule()] }), ["t.affinity.2"]],
    ["a cluster's label asked of nodes", template({ affinity: [rule(labelled("disk", CLUSTER_LABELS.tier))] }), ["t.affinity.0.labels.1.key"]],
    ["a node's label asked of clusters", template({ affinity: [rule({ kind: "NODE_ANTI", topology: "CLUSTER" })] }), ["t.affinity.0.labels.0.key"]],
    ["a cluster's label asked of regions", template({ affinity: [rule({ topology: "REGION", ...labelled(REGION_LABEL, CLUSTER_LABELS.code) })] }), ["t.affinity.0.labels.1.key"]],
    ["logs of a container that is not there", template({ logCollection: [{ container: "sidecar", path: null }] }), ["t.logCollection.0.container"]],
    ["a relative path of logs", template({ logCollection: [{ container: "server", path: "*.log" }] }), ["t.logCollection.0.path"]],
    ["the same logs twice", template({ logCollection: [{ container: "server", path: null }, { container: "server", path: null }] }), ["t.logCollection.1"]],
    ["21 rules of log collection", template({ logCollection: many(21, (index) => ({ container: "server", path: `/${index}` })) }), ["t.logCollection"]],
  ];
  test.each(cases)("%s", (_, value, paths) => expect(faults(value)).toEqual(paths.map((path) => `INVALID_ARGUMENT ${path}`)));
});

test("references that were not found are told once, by who looked them up", () => {
  expect(faults(template({ imagePullSecrets: [{ secretId: "", name: "" }, { secretId: "", name: "" }] }))).toEqual([]);
});

test("no message tells a word of a command or the value of a header", () => {
  const secret = "canary-4d4d";
  const errors = [
    ...checkTemplate([], live(exec(["", ...many(300, () => secret)]))),
    ...checkTemplate([], live(http({ headers: [{ name: "Authorization", value: `${secret}\n` }] }))),
    ...checkTemplate([], template({ containers: [container({ lifecycle: { postStart: many(TEMPLATE_LIMITS.arguments + 1, () => secret), preStop: ["", secret] } })] })),
  ];
  expect(errors).toHaveLength(4);
  expect(JSON.stringify(errors)).not.toContain(secret);
});
