import { readFileSync } from "node:fs";
import fc from "fast-check";
import { buildSchema, getNamedType, type GraphQLInputObjectType, isInputObjectType } from "graphql";
import { describe, expect, it } from "vitest";
import { FailedError, UsageError } from "#clients/cli/exit.ts";
import { changed, templateInputOf } from "#clients/cli/template-input.ts";
import type { PodTemplateInput, ProbePartsFragment, TemplatePartsFragment } from "#clients/typescript/index.ts";

type Container = TemplatePartsFragment["containers"][number];

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
const port = fc.integer({ min: 1, max: 65_535 });
const handler: fc.Arbitrary<ProbePartsFragment["handler"]> = fc.oneof(
  fc.record({ __typename: fc.constant("HttpGetProbe" as const), path: fc.constant("/readyz"), port, headers: fc.array(fc.record({ name: word, value: fc.string() }), { maxLength: 2 }) }),
  fc.record({ __typename: fc.constant("TcpSocketProbe" as const), port }),
  fc.record({ __typename: fc.constant("ExecProbe" as const), command: fc.array(fc.string(), { minLength: 1, maxLength: 3 }) }),
  fc.record({ __typename: fc.constant("GrpcProbe" as const), port, service: fc.option(word) }),
);
const seconds = fc.integer({ min: 0, max: 300 });
const probe = fc.record({ handler, initialDelaySeconds: seconds, periodSeconds: seconds, timeoutSeconds: seconds, successThreshold: seconds, failureThreshold: seconds });
const object = word.map((name) => ({ id: `Object.${name}` }));
const variable: fc.Arbitrary<Container["env"][number]> = fc.oneof(
  fc.record({ name: word, value: fc.string(), configMapKey: fc.constant(null), secretKey: fc.constant(null) }),
  fc.record({ name: word, value: fc.constant(null), configMapKey: fc.record({ name: word, key: word, configMap: object }), secretKey: fc.constant(null) }),
  fc.record({ name: word, value: fc.constant(null), configMapKey: fc.constant(null), secretKey: fc.record({ name: word, key: word, secret: object }) }),
);
const container: fc.Arbitrary<Container> = fc.record({
  name: word,
  image: word,
  cpuMillis: fc.nat(4_000),
  memoryMiB: fc.nat(4_000),
  command: fc.array(fc.string(), { maxLength: 2 }),
  args: fc.array(fc.string(), { maxLength: 2 }),
  stdin: fc.boolean(),
  tty: fc.boolean(),
  ports: fc.array(fc.record({ name: fc.option(word), containerPort: port, protocol: fc.constantFrom("TCP" as const, "UDP" as const) }), { maxLength: 3 }),
  env: fc.array(variable, { maxLength: 4 }),
  livenessProbe: fc.option(probe),
  readinessProbe: fc.option(probe),
  lifecycle: fc.option(fc.record({ postStart: fc.option(fc.array(fc.string())), preStop: fc.option(fc.array(fc.string())) })),
  volumeMounts: fc.array(fc.record({ volume: word, mountPath: word, readOnly: fc.boolean() }), { maxLength: 2 }),
});
const volume: fc.Arbitrary<TemplatePartsFragment["volumes"][number]> = fc.record({
  name: word,
  source: fc.oneof(
    fc.record({ __typename: fc.constant("EmptyDirVolume" as const), sizeLimitMiB: fc.option(fc.nat(1_000)) }),
    fc.record({ __typename: fc.constant("ConfigMapVolume" as const), name: word, configMap: object }),
    fc.record({ __typename: fc.constant("SecretVolume" as const), name: word, secret: object }),
  ),
});
const template: fc.Arbitrary<TemplatePartsFragment> = fc.record({
  runtime: fc.constantFrom("RUNC" as const, "SANDBOX" as const),
  terminationGracePeriodSeconds: seconds,
  labels: fc.array(fc.record({ key: word, value: word }), { maxLength: 3 }),
  imagePullSecrets: fc.array(fc.record({ name: word, secret: object }), { maxLength: 2 }),
  affinity: fc.array(fc.record({
    kind: fc.constantFrom("NODE" as const, "APPLICATION_ANTI" as const), required: fc.boolean(), weight: fc.nat(100), topology: fc.constantFrom("NODE" as const, "REGION" as const),
    labels: fc.array(fc.record({ key: word, value: word }), { maxLength: 2 }),
  }), { maxLength: 2 }),
  logCollection: fc.array(fc.record({ container: word, path: fc.option(word) }), { maxLength: 2 }),
  volumes: fc.array(volume, { maxLength: 3 }),
  containers: fc.array(container, { minLength: 1, maxLength: 3 }),
});

/** What the server keeps of an input, as far as a reader sees it: the other way round, written apart from what is tested. */
function readBack(input: PodTemplateInput): unknown {
  const probeOf = (given: PodTemplateInput["containers"][number]["livenessProbe"]): unknown => {
    if (given === null || given === undefined) return null;
    const { httpGet, tcpSocket, exec, grpc } = given.handler;
    const one = httpGet ? { __typename: "HttpGetProbe", ...httpGet } : tcpSocket ? { __typename: "TcpSocketProbe", ...tcpSocket } : exec ? { __typename: "ExecProbe", ...exec } : { __typename: "GrpcProbe", ...grpc };
    return { ...given, handler: one };
  };
  return {
    runtime: input.runtime,
    terminationGracePeriodSeconds: input.terminationGracePeriodSeconds,
    labels: input.labels,
    imagePullSecrets: input.imagePullSecretIds?.map((id) => ({ id })),
    affinity: input.affinity,
    logCollection: input.logCollection,
    volumes: input.volumes?.map(({ name, source: { emptyDir, configMapId, secretId } }) => ({
      name,
      source: emptyDir ? { __typename: "EmptyDirVolume", ...emptyDir } : configMapId ? { __typename: "ConfigMapVolume", configMap: { id: configMapId } } : { __typename: "SecretVolume", secret: { id: secretId } },
    })),
    containers: input.containers.map(({ env, livenessProbe, readinessProbe, ...rest }) => ({
      ...rest,
      env: env?.map(({ name, source: { value, configMapKey, secretKey } }) => ({
        name,
        value: value ?? null,
        configMapKey: configMapKey ? { key: configMapKey.key, configMap: { id: configMapKey.configMapId } } : null,
        secretKey: secretKey ? { key: secretKey.key, secret: { id: secretKey.secretId } } : null,
      })),
      livenessProbe: probeOf(livenessProbe),
      readinessProbe: probeOf(readinessProbe),
    })),
  };
}

/** Names of ConfigMaps and Secrets are for people: inputs have ids. */
const unnamed = ({ imagePullSecrets, volumes, containers, ...rest }: TemplatePartsFragment): unknown => ({
  ...rest,
  imagePullSecrets: imagePullSecrets.map(({ secret }) => secret),
  volumes: volumes.map(({ name, source }) => {
    if (source.__typename === "EmptyDirVolume") return { name, source };
    const { name: _name, ...ids } = source;
    return { name, source: ids };
  }),
  containers: containers.map(({ env, ...one }) => ({
    ...one,
    env: env.map(({ configMapKey, secretKey, ...variableRest }) => ({
      ...variableRest,
      configMapKey: configMapKey && { key: configMapKey.key, configMap: configMapKey.configMap },
      secretKey: secretKey && { key: secretKey.key, secret: secretKey.secret },
    })),
  })),
});

describe("a template that was read", () => {
  it("comes back as it was, whatever it holds", () => {
    fc.assert(
      fc.property(template, (given) => {
        expect(readBack(templateInputOf(given))).toEqual(unnamed(given));
      }),
    );
  });

  /** An upgrade sends the whole template: a field that the schema gains and the mapping does not know would be lost. */
  it("comes back with every field that the schema has", () => {
    const full: TemplatePartsFragment = {
      runtime: "SANDBOX",
      terminationGracePeriodSeconds: 5,
      labels: [{ key: "a", value: "b" }],
      imagePullSecrets: [{ name: "pull", secret: { id: "Secret.1" } }],
      affinity: [{ kind: "NODE", required: true, weight: 1, topology: "NODE", labels: [{ key: "a", value: "b" }] }],
      logCollection: [{ container: "web", path: "/log" }],
      volumes: [{ name: "tmp", source: { __typename: "EmptyDirVolume", sizeLimitMiB: 5 } }],
      containers: [
        {
          name: "web", image: "nginx", cpuMillis: 1, memoryMiB: 1, command: ["a"], args: ["b"], stdin: true, tty: true,
          ports: [{ name: "http", containerPort: 80, protocol: "TCP" }],
          env: [{ name: "A", value: "b", configMapKey: null, secretKey: null }],
          livenessProbe: { handler: { __typename: "HttpGetProbe", path: "/", port: 80, headers: [{ name: "a", value: "b" }] }, initialDelaySeconds: 1, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 1 },
          readinessProbe: { handler: { __typename: "GrpcProbe", port: 80, service: "s" }, initialDelaySeconds: 1, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 1 },
          lifecycle: { postStart: ["a"], preStop: ["b"] },
          volumeMounts: [{ volume: "tmp", mountPath: "/tmp", readOnly: false }],
        },
      ],
    };
    const schema = buildSchema(readFileSync(new URL("../../../schema/schema.graphql", import.meta.url), "utf8"));
    const missing: string[] = [];
    const compare = (type: GraphQLInputObjectType, value: Record<string, unknown>, at: string): void => {
      for (const field of Object.values(type.getFields())) {
        const given = value[field.name];
        const inner = getNamedType(field.type);
        const [one] = Array.isArray(given) ? (given as unknown[]) : [given];
        if (!type.isOneOf && (one === undefined || one === null)) missing.push(`${at}.${field.name}`);
        else if (isInputObjectType(inner) && one !== undefined) compare(inner, one as Record<string, unknown>, `${at}.${field.name}`);
      }
    };
    compare(schema.getType("PodTemplateInput") as GraphQLInputObjectType, templateInputOf(full), "template");
    expect(missing).toEqual([]);
  });

  it("can't be sent back once what it refers to is gone", () => {
    const [given] = fc.sample(template, { numRuns: 1, seed: 1 });
    const broken = { ...(given as TemplatePartsFragment), volumes: [{ name: "config", source: { __typename: "ConfigMapVolume" as const, name: "settings", configMap: null } }], imagePullSecrets: [{ name: "login", secret: null }] };
    expect(() => templateInputOf(broken)).toThrow(FailedError);
    expect(() => templateInputOf(broken)).toThrow("ConfigMap settings, Secret login");
  });
});

describe("changes", () => {
  const before: PodTemplateInput = {
    containers: [
      { name: "web", image: "web:1", cpuMillis: 100, memoryMiB: 64, env: [{ name: "A", source: { value: "1" } }, { name: "B", source: { secretKey: { secretId: "Secret.1", key: "b" } } }] },
      { name: "side", image: "side:1", cpuMillis: 50, memoryMiB: 32 },
    ],
    terminationGracePeriodSeconds: 7,
  };

  it("reach their container and leave the rest", () => {
    const after = changed(before, { image: [{ container: "side", value: "side:2" }], cpu: [{ container: "web", value: "1.5" }], memory: [{ container: "web", value: "1.5Gi" }] });
    expect(after).toEqual({ ...before, containers: [{ ...before.containers[0], cpuMillis: 1_500, memoryMiB: 1_536 }, { ...before.containers[1], image: "side:2" }] });
    expect(before.containers[1]?.image).toBe("side:1");
  });

  it("keep the place of a variable, add others at the end, and take them away", () => {
    const after = changed(before, { env: [{ container: "web", name: "B", value: "2" }, { container: "web", name: "C", value: "3" }, { container: "side", name: "D", value: "4" }], unsetEnv: [{ container: "web", value: "A" }] });
    expect(after.containers.map(({ env }) => env)).toEqual([
      [{ name: "B", source: { value: "2" } }, { name: "C", source: { value: "3" } }],
      [{ name: "D", source: { value: "4" } }],
    ]);
  });

  it.each([
    [{ image: [{ container: null, value: "x" }] }, "must say which container it means: web, side"],
    [{ image: [{ container: "wbe", value: "x" }] }, "There is no container wbe; there is web, side"],
    [{ unsetEnv: [{ container: "side", value: "A" }] }, "has no variable A"],
    [{ cpu: [{ container: "web", value: "fast" }] }, "250m or 1.5"],
    [{ cpu: [{ container: "web", value: "0.5m" }] }, "250m or 1.5"],
    [{ memory: [{ container: "web", value: "64M" }] }, "256Mi"],
    [{ memory: [{ container: "web", value: "0.3Mi" }] }, "256Mi"],
  ])("that mean nothing are refused: %j", (changes, complaint) => {
    expect(() => changed(before, changes)).toThrow(UsageError);
    expect(() => changed(before, changes)).toThrow(complaint);
  });
});
