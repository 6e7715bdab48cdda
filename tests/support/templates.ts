/** Templates that may become revisions, drawn at random: every member that there is, and text that is awkward to write down. */
import fc from "fast-check";
import { type AffinityRule, CLUSTER_LABELS, REGION_LABEL } from "#server/domain/affinity.ts";
import { AFFINITY_KINDS, AFFINITY_TOPOLOGIES } from "#server/domain/states.ts";
import type { FindConfig } from "#server/services/import/references.ts";
import type { ContainerSpec, EnvVar, PodTemplate, Probe, Volume, VolumeMount } from "#server/domain/pod-template.ts";
import { anyCharacter } from "./any-character.ts";

/** What templates refer to: a ConfigMap or Secret by its name. */
export interface Referable {
  readonly kind: "ConfigMap" | "Secret";
  readonly id: string;
  readonly name: string;
  readonly keys: readonly string[];
  readonly type: "OPAQUE" | "REGISTRY" | "TLS" | null;
}

/** By name, as an import finds them. */
export const finding = (referable: readonly Referable[]): FindConfig => (kind, name) => referable.find((one) => one.kind === kind && one.name === name) ?? null;

const AWKWARD = [
  "", " ", "yes", "null", "~", "1e3", "0x10", "08", "- a", "a: b", "#", "\n", "a\n\n b\n", "\n\n", " lead", "trail ", "\r\n", "a\rb", "|", "> x", "<<", "2001-01-01",
  "\u2028", "\u0085", "\ufeff", "'\"\\", "%", "@", "`", "!", "&a", "*a", "{}", "[]", "---", "...", "--- a\n...\n", "\t", "a\tb: c", "long ".repeat(45), "😀", "\u007f", "\u001b[0m", "$(A)",
];
export const text = fc.oneof(
  fc.constantFrom(...AWKWARD),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({ unit: anyCharacter, maxLength: 40 }).map((value) => value.toWellFormed().replaceAll("\0", "\n")),
);
const plain = fc.string({ unit: "grapheme", maxLength: 20 }).map((value) => value.replaceAll(/\p{Cc}/gu, " "));

const edge = fc.constantFrom(..."abcxyz019");
const dnsLabel = fc.tuple(edge, fc.string({ unit: fc.constantFrom(..."ab-09"), maxLength: 12 }), edge).map((parts) => parts.join(""));
const path = fc
  .array(fc.string({ unit: fc.constantFrom(..."ab.-_ é0"), minLength: 1, maxLength: 6 }).filter((part) => part !== ".." && part !== "."), { minLength: 1, maxLength: 4 })
  .map((parts) => `/${parts.join("/")}`);
const command = fc.tuple(text.filter((word) => word !== ""), fc.array(text, { maxLength: 3 })).map(([first, rest]) => [first, ...rest]);
const seconds = fc.integer({ min: 1, max: 3_600 });
const port = fc.integer({ min: 1, max: 65_535 });

export const labels = fc
  .dictionary(
    fc.oneof(fc.constantFrom("app", "7", "12", "selvedge.example/tier", "constructor", "yes", "a.b_c-d"), fc.string({ unit: edge, minLength: 1, maxLength: 6 })),
    fc.oneof(fc.constantFrom("", "true", "1.0", "null"), fc.string({ unit: edge, maxLength: 6 })),
    { maxKeys: 6 },
  )
  .chain((map) => fc.shuffledSubarray(Object.entries(map), { minLength: Object.keys(map).length }))
  .map((pairs) => pairs.map(([key, value]) => ({ key, value })));

/** What a rule may compare with: all but NODE rules of clusters and regions may ask for any label. */
const ruleLabels = (known: readonly string[] | null): fc.Arbitrary<AffinityRule["labels"]> =>
  (known === null ? labels.filter(({ length }) => length > 0) : fc.subarray([...known], { minLength: 1 }).map((keys) => keys.map((key, index) => ({ key, value: `v${index}` }))));
const rule: fc.Arbitrary<AffinityRule> = fc
  .record({ kind: fc.constantFrom(...AFFINITY_KINDS), required: fc.boolean(), weight: fc.constantFrom(1, 1, 2, 100), topology: fc.constantFrom(...AFFINITY_TOPOLOGIES) })
  .chain((base) => {
    const known = base.kind.startsWith("APPLICATION") || base.topology === "NODE" ? null : base.topology === "REGION" ? [REGION_LABEL] : [...Object.values(CLUSTER_LABELS), REGION_LABEL];
    return ruleLabels(known).map((some) => ({ ...base, labels: some }));
  });
const affinity = fc.uniqueArray(rule, { selector: (one) => JSON.stringify(one), maxLength: 5 });

const handler: fc.Arbitrary<Probe["handler"]> = fc.oneof(
  fc.record({
    type: fc.constant("HttpGetProbe" as const),
    path: fc.tuple(path, plain).map((parts) => parts.join("?")),
    port,
    headers: fc.array(fc.record({ name: fc.constantFrom("Cookie", "X-Probe", "x_y"), value: plain }), { maxLength: 3 }),
  }),
  fc.record({ type: fc.constant("TcpSocketProbe" as const), port }),
  fc.record({ type: fc.constant("ExecProbe" as const), command }),
  fc.record({ type: fc.constant("GrpcProbe" as const), port, service: fc.option(text) }),
);
const probe = (kind: "liveness" | "readiness"): fc.Arbitrary<Probe> =>
  fc.record({
    handler,
    initialDelaySeconds: fc.integer({ min: 0, max: 3_600 }),
    periodSeconds: seconds,
    timeoutSeconds: seconds,
    successThreshold: kind === "liveness" ? fc.constant(1) : fc.integer({ min: 1, max: 10 }),
    failureThreshold: fc.integer({ min: 1, max: 100 }),
  });

function source(referable: readonly Referable[]): fc.Arbitrary<Volume["source"]> {
  const emptyDir = fc.record({ type: fc.constant("EmptyDirVolume" as const), sizeLimitMiB: fc.option(fc.integer({ min: 1, max: 1_048_576 })) });
  if (referable.length === 0) return emptyDir;
  const configured = fc.constantFrom(...referable).map(
    ({ kind, id, name }): Volume["source"] => (kind === "ConfigMap" ? { type: "ConfigMapVolume", configMapId: id, name } : { type: "SecretVolume", secretId: id, name }),
  );
  return fc.oneof(emptyDir, configured);
}

function variable(referable: readonly Referable[]): fc.Arbitrary<EnvVar> {
  const name = fc.string({ unit: fc.constantFrom(..."AB_.-z"), minLength: 1, maxLength: 8 });
  const value: fc.Arbitrary<EnvVar> = fc.record({ name, value: text });
  const keyed = referable.flatMap((one) => one.keys.map((key) => ({ ...one, key })));
  if (keyed.length === 0) return value;
  const referring = fc.tuple(name, fc.constantFrom(...keyed)).map(
    ([variableName, { kind, id, name: of, key }]): EnvVar =>
      kind === "ConfigMap" ? { name: variableName, configMapKey: { configMapId: id, name: of, key } } : { name: variableName, secretKey: { secretId: id, name: of, key } },
  );
  return fc.oneof(value, referring);
}

function mounts(volumes: readonly Volume[]): fc.Arbitrary<VolumeMount[]> {
  if (volumes.length === 0) return fc.constant([]);
  const mount = fc
    .tuple(fc.constantFrom(...volumes), path, fc.boolean())
    .map(([{ name, source: of }, mountPath, readOnly]) => ({ volume: name, mountPath, readOnly: of.type !== "EmptyDirVolume" || readOnly }));
  return fc.uniqueArray(mount, { selector: ({ mountPath }) => mountPath, maxLength: 4 });
}

function container(index: number, volumes: readonly Volume[], referable: readonly Referable[]): fc.Arbitrary<ContainerSpec> {
  const portName = fc.tuple(fc.constantFrom("http", "grpc", "m-1"), fc.nat({ max: 99 })).map(([word, number]) => `${word}-${number}`);
  // Containers of a pod share its ports: each has a range of its own.
  const containerPort = fc.integer({ min: index * 5_000 + 1, max: index * 5_000 + 5_000 });
  const required = {
    name: dnsLabel.map((name) => `c${index}${name}`),
    image: fc.constantFrom("nginx", "registry.example:5000/team/app:1.2", "docker.io/library/redis@sha256:" + "0a".repeat(32)),
    cpuMillis: fc.integer({ min: 1, max: 256_000 }),
    memoryMiB: fc.integer({ min: 1, max: 1_048_576 }),
    command: fc.array(text, { maxLength: 3 }),
    args: fc.array(text, { maxLength: 3 }),
    stdin: fc.boolean(),
    tty: fc.boolean(),
    ports: fc
      .uniqueArray(fc.record({ name: fc.option(portName), containerPort, protocol: fc.constantFrom("TCP" as const, "UDP" as const) }), {
        selector: (one) => one.containerPort,
        maxLength: 4,
      })
      .map((ports) => ports.map((one, at) => ({ ...one, name: ports.findIndex(({ name }) => name === one.name) === at ? one.name : null }))),
    env: fc.uniqueArray(variable(referable), { selector: ({ name }) => name, maxLength: 5 }),
  };
  const optional = {
    livenessProbe: probe("liveness"),
    readinessProbe: probe("readiness"),
    lifecycle: fc.record({ postStart: fc.option(command), preStop: fc.option(command) }).filter(({ postStart, preStop }) => postStart !== null || preStop !== null),
    volumeMounts: mounts(volumes).filter(({ length }) => length > 0),
  };
  return fc.record({ ...required, ...(volumes.length === 0 ? { ...optional, volumeMounts: fc.constant(undefined as never) } : optional) }, { requiredKeys: Object.keys(required) as (keyof typeof required)[] }).map(withoutUndefined);
}

const withoutUndefined = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;

/** Templates that refer to some of these. */
export function templates(referable: readonly Referable[] = []): fc.Arbitrary<PodTemplate> {
  const registries = referable.filter(({ type }) => type === "REGISTRY");
  const volumes = fc.uniqueArray(fc.record({ name: dnsLabel, source: source(referable) }), { selector: ({ name }) => name, maxLength: 4 });
  return volumes
    .chain((some) => fc.tuple(fc.constant(some), fc.integer({ min: 1, max: 3 }).chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => container(index, some, referable))))))
    .chain(([some, containers]) => {
      const rule = fc.record({ container: fc.constantFrom(...containers.map(({ name }) => name)), path: fc.option(path) });
      return fc.record({
        runtime: fc.constantFrom("RUNC" as const, "SANDBOX" as const),
        containers: fc.constant(containers),
        labels,
        terminationGracePeriodSeconds: fc.integer({ min: 0, max: 3_600 }),
        volumes: fc.constant(some),
        imagePullSecrets: fc.subarray(registries.map(({ id, name }) => ({ secretId: id, name }))),
        affinity,
        logCollection: fc.uniqueArray(rule, { selector: (one) => JSON.stringify(one), maxLength: 3 }),
      });
    })
    .map((template) => Object.fromEntries(Object.entries(template).filter(([name, value]) => !(LATER.has(name) && (value as unknown[]).length === 0))) as unknown as PodTemplate);
}

/** Left out where they say nothing. */
const LATER: ReadonlySet<string> = new Set(["volumes", "imagePullSecrets", "affinity", "logCollection"]);
