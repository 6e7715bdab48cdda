import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import { textOfBase64 } from "#server/services/import/base64.ts";
import { configMapOfManifest } from "#server/services/import/config-map.ts";
import { boundedFaults } from "#server/services/import/reader.ts";
import { secretOfManifest } from "#server/services/import/secret.ts";
import { resolvePorts, selects, serviceOfManifest } from "#server/services/import/service.ts";

/** Services, ConfigMaps and Secrets as they are written for Kubernetes, each by itself. */
const manifest = (yaml: string): Record<string, unknown> => parse(yaml) as Record<string, unknown>;
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const NOT_TEXT = Buffer.from([0xff, 0xfe, 0x00]).toString("base64");

describe("a ConfigMap", () => {
  const configMap = (fields: string) => configMapOfManifest(manifest(`{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, ${fields}}`), "default");

  test("is its data, and binary data that is text", () => {
    expect(configMap(`data: {a.conf: "x: 1\\n", b: ""}, binaryData: {c: ${base64("é\n")}}`)).toEqual({
      name: "settings",
      description: null,
      data: [{ key: "a.conf", value: "x: 1\n" }, { key: "b", value: "" }, { key: "c", value: "é\n" }],
      errors: [],
      warnings: [],
    });
  });
  test("says what of it is not honoured", () => {
    expect(configMap(`binaryData: {c: ${NOT_TEXT}}, immutable: true, whatever: 1`)).toMatchObject({
      data: [],
      errors: [],
      warnings: ["binaryData.c is not honoured: it is not text, and is left out.", "immutable is not honoured: it can be changed.", "whatever is not honoured."],
    });
  });
  test("has a description of ours, which is for nobody else", () => {
    const given = manifest("{kind: ConfigMap, metadata: {name: a, labels: {x: y}, annotations: {selvedge.io/description: Settings, other: b}}}");
    expect(configMapOfManifest(given, "default")).toMatchObject({ description: "Settings", warnings: ["metadata.annotations is not honoured.", "metadata.labels is not honoured."] });
  });
  test.each([
    ["a value that is a number", "data: {a: 1}", "data.a must be a string; YAML takes it for something else where it has no quotes."],
    ["a list", "data: [a]", "data must be a map of strings."],
    ["binary data that is no base64", "binaryData: {a: '*'}", "binaryData.a must be base64."],
    ["a key in both", `data: {a: x}, binaryData: {a: ${base64("y")}}`, "binaryData.a must not stand in data, too."],
  ])("with %s is a fault", (_, fields, error) => expect(configMap(fields).errors).toEqual([error]));
});

describe("a Secret", () => {
  const secret = (fields: string) => secretOfManifest(manifest(`{apiVersion: v1, kind: Secret, metadata: {name: login}, ${fields}}`), "default");
  const docker = (config: unknown): string => `type: kubernetes.io/dockerconfigjson, data: {.dockerconfigjson: ${base64(JSON.stringify(config))}}`;

  test("is its data, decoded, and stringData over it", () => {
    expect(secret(`data: {user: ${base64("admin")}, password: "not base64"}, stringData: {password: "s3cret"}`)).toEqual({
      name: "login",
      description: null,
      type: "OPAQUE",
      data: [{ key: "user", value: "admin" }, { key: "password", value: "s3cret" }],
      skipped: null,
      errors: [],
      warnings: [],
    });
  });
  test("of a registry is its login, however it is written", () => {
    const data = [{ key: "server", value: "https://registry.example" }, { key: "username", value: "robot" }, { key: "password", value: "a:b" }];
    expect(secret(docker({ auths: { "https://registry.example": { username: "robot", password: "a:b" } } }))).toMatchObject({ type: "REGISTRY", data, errors: [], warnings: [] });
    expect(secret(docker({ auths: { "https://registry.example": { auth: base64("robot:a:b"), email: "x" } } }))).toMatchObject({ type: "REGISTRY", data, errors: [], warnings: [] });
    const several = secret(docker({ auths: { "https://registry.example": { username: "robot", password: "a:b" }, other: {} } }));
    expect(several).toMatchObject({ data, errors: [], warnings: ["data..dockerconfigjson has 2 registries: the first is taken, and the others are left out."] });
  });
  test.each([
    ["is no JSON", base64("{")],
    ["has no registry", base64('{"auths": {}}')],
    ["has no password", base64('{"auths": {"a": {"username": "u"}}}')],
    ["has a login that can't be read", base64('{"auths": {"a": {"auth": "x"}}}')],
  ])("of a registry that %s is a fault", (_, data) => {
    expect(secret(`type: kubernetes.io/dockerconfigjson, data: {.dockerconfigjson: ${data}}`).errors).toHaveLength(1);
  });
  test("of TLS is a certificate and a key", () => {
    const { type, data, warnings } = secret(`type: kubernetes.io/tls, data: {tls.crt: ${base64("C")}, tls.key: ${base64("K")}, ca.crt: ${base64("A")}}`);
    expect({ type, data, warnings }).toEqual({
      type: "TLS",
      data: [{ key: "tls.crt", value: "C" }, { key: "tls.key", value: "K" }],
      warnings: ["data.ca.crt is not honoured: a Secret of type TLS holds tls.crt and tls.key alone."],
    });
  });
  test("of another type is kept as an Opaque one, except what belongs to a cluster", () => {
    expect(secret(`type: kubernetes.io/basic-auth, stringData: {username: u}`)).toMatchObject({
      type: "OPAQUE",
      data: [{ key: "username", value: "u" }],
      warnings: ["type is not honoured: its keys are kept as those of an Opaque one."],
    });
    expect(secret("type: kubernetes.io/service-account-token").skipped).toBe("A token of a service account belongs to the cluster that it comes from.");
  });
  test("tells no value, whatever is wrong with it", () => {
    const canary = "canary-7f7f";
    const wrong = [
      secret(`data: {a: "${canary}!"}, type: [${canary}], immutable: ${canary}, stringData: {b: {c: ${canary}}}`),
      secret(`data: {a: ${canary}}`),
      secret(`data: {a: ${Buffer.from(`${canary}\xff`, "latin1").toString("base64")}}`),
      secret(docker({ auths: { [canary]: { username: canary }, [`${canary}2`]: canary } })),
      secret(`type: kubernetes.io/dockerconfigjson, stringData: {.dockerconfigjson: "{${canary}"}`),
      secret(docker({ auths: canary })),
    ];
    for (const { errors, warnings } of wrong) {
      expect([...errors, ...warnings]).not.toEqual([]);
      expect(JSON.stringify([errors, warnings])).not.toContain(canary);
    }
  });
});

test("base64 is read as it is defined, white space aside, and text is UTF-8", () => {
  for (const text of ["", "a", "ab", "abc", "é😀", "\ufeffx"]) expect(textOfBase64(base64(text))).toEqual({ ok: true, text });
  expect(textOfBase64("YW\nJj\n")).toEqual({ ok: true, text: "abc" });
  for (const wrong of ["Y", "YQ", "YQ=", "Y===", "YQ==YQ==", "a-_b"]) expect(textOfBase64(wrong)).toEqual({ ok: false });
  expect(textOfBase64(NOT_TEXT)).toEqual({ ok: true, text: null });
  expect(textOfBase64(base64("a\0b"))).toEqual({ ok: true, text: null });
});

describe("a Service", () => {
  const service = (spec: string) => serviceOfManifest(manifest(`{apiVersion: v1, kind: Service, metadata: {name: web}, spec: ${spec}}`), "default");
  const ok = "selector: {app: web}, ports: [{port: 80}]";

  test("is its selector and its ports", () => {
    expect(service("{type: ClusterIP, sessionAffinity: None, selector: {app: web, tier: front}, ports: [{port: 80}, {name: grpc, port: 9000, targetPort: api}, {port: 53, protocol: UDP, targetPort: 5353}, {port: 8080, targetPort: 0}]}")).toEqual({
      name: "web",
      selector: [{ key: "app", value: "web" }, { key: "tier", value: "front" }],
      ports: [
        { name: "tcp-80", protocol: "TCP", port: 80, target: 80 },
        { name: "grpc", protocol: "TCP", port: 9_000, target: "api" },
        { name: "udp-53", protocol: "UDP", port: 53, target: 5_353 },
        { name: "tcp-8080", protocol: "TCP", port: 8_080, target: 8_080 },
      ],
      skipped: null,
      errors: [],
      warnings: [],
    });
  });
  test.each([
    ["a load balancer", `{type: LoadBalancer, ${ok}}`, ["spec.type is not honoured: it gets an address inside its VPC; from outside it is reached through a load balancer."]],
    ["a node's port", `{type: NodePort, selector: {app: web}, ports: [{port: 80, nodePort: 30080}]}`, ["spec.ports.0.nodePort is not honoured.", "spec.type is not honoured: it gets an address inside its VPC; from outside it is reached through a load balancer."]],
    ["no head", `{clusterIP: None, ${ok}}`, ["spec.clusterIP is not honoured: it gets an address of its own, so its name leads there and not to each pod."]],
    ["an address of its own", `{clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], ${ok}}`, ["spec.clusterIP is not honoured: the address is chosen on each cluster."]],
    ["a long name of a port", "{selector: {app: web}, ports: [{port: 80, name: a-name-that-is-too-long}]}", ["spec.ports.0.name is not honoured: the port is called tcp-80, because a name has at most 15 characters and a letter."]],
    ["sticky sessions", `{sessionAffinity: ClientIP, ${ok}}`, ["spec.sessionAffinity is not honoured."]],
    ["a protocol that is not offered", "{selector: {app: web}, ports: [{port: 80}, {port: 81, protocol: SCTP}]}", ["spec.ports.1.protocol is not honoured: the port is left out, because only TCP and UDP are offered."]],
  ])("with %s says so", (_, spec, warnings) => {
    const result = service(spec);
    expect(result.errors).toEqual([]);
    expect(result.warnings.toSorted()).toEqual(warnings);
    expect(result.ports[0]?.port).toBe(80);
  });
  test.each([
    ["no selector", "{ports: [{port: 80}]}", "spec.selector is missing: a service leads to the pods of an application."],
    ["no port", "{selector: {app: web}}", "spec.ports has no port that is offered."],
    ["a port without a number", "{selector: {app: web}, ports: [{name: a}]}", "spec.ports.0.port is missing."],
    ["an unknown type", `{type: Magic, ${ok}}`, "spec.type must be ClusterIP, NodePort, LoadBalancer or ExternalName."],
  ])("with %s is a fault", (_, spec, error) => expect(service(spec).errors).toContain(error));
  test("that is an alias is passed over", () => expect(service("{type: ExternalName, externalName: example.com}").skipped).toContain("ExternalName"));

  test("finds pods that have all of its labels, and containers' ports by their names", () => {
    const labels = [{ key: "app", value: "web" }, { key: "tier", value: "front" }];
    expect(selects([{ key: "app", value: "web" }], labels)).toBe(true);
    expect(selects([{ key: "app", value: "web" }, { key: "tier", value: "back" }], labels)).toBe(false);
    const container = { name: "a", image: "b", cpuMillis: 1, memoryMiB: 1, command: [], args: [], stdin: false, tty: false, env: [] };
    const template: PodTemplate = {
      runtime: "RUNC", labels, terminationGracePeriodSeconds: 0,
      containers: [{ ...container, ports: [] }, { ...container, ports: [{ name: "api", containerPort: 9_090, protocol: "TCP" }, { name: "dns", containerPort: 53, protocol: "UDP" }] }],
    };
    const port = { name: "p", protocol: "TCP", port: 80 } as const;
    expect(resolvePorts([{ ...port, target: "api" }, { ...port, target: 81 }], template)).toEqual({ ports: [{ ...port, containerPort: 9_090 }, { ...port, containerPort: 81 }], errors: [] });
    expect(resolvePorts([{ ...port, target: "dns" }], template).errors).toEqual(['spec.ports.0.targetPort "dns" is no TCP port of the application\'s containers.']);
  });
});

describe("faults of an object", () => {
  test("are as many, and as long, as an answer shows", () => {
    const few = Array.from({ length: 20 }, (_, index) => `data.${index} must be base64.`);
    expect(boundedFaults(few)).toEqual(few);
    const many = Array.from({ length: 30_000 }, (_, index) => `data.${"k".repeat(1_000)}${index} must be base64.`);
    const shown = boundedFaults(many);
    expect(shown).toHaveLength(21);
    expect(shown.at(-1)).toBe("There are 29980 faults more.");
    expect(shown.join(" ").length).toBeLessThan(11_000);
  });
});
