import { describe, expect, test } from "vitest";
import { changesOf } from "#server/domain/changes.ts";
import type { ContainerSpec, PodTemplate } from "#server/domain/pod-template.ts";

const web: ContainerSpec = {
  name: "web",
  image: "shop/web:1",
  cpuMillis: 100,
  memoryMiB: 64,
  command: ["run"],
  args: [],
  stdin: false,
  tty: false,
  ports: [
    { name: "http", containerPort: 80, protocol: "TCP" },
    { name: null, containerPort: 53, protocol: "UDP" },
  ],
  env: [
    { name: "MODE", value: "on" },
    { name: "PATH_PREFIX", value: "/" },
  ],
};
const template: PodTemplate = { runtime: "RUNC", containers: [web], labels: [{ key: "app", value: "web" }], terminationGracePeriodSeconds: 30 };
const withWeb = (changes: Partial<ContainerSpec>): PodTemplate => ({ ...template, containers: [{ ...web, ...changes }] });
const [uuid, other] = ["01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002"];

describe("what changed from one template to another", () => {
  test.each<[string, PodTemplate, object[]]>([
    ["nothing", structuredClone(template), []],
    ["an image", withWeb({ image: "shop/web:2" }), [{ path: "containers.web.image", before: "shop/web:1", after: "shop/web:2" }]],
    ["a command, as a whole", withWeb({ command: ["run", "-v"] }), [{ path: "containers.web.command", before: ["run"], after: ["run", "-v"] }]],
    ["what is outside the containers", { ...template, runtime: "SANDBOX", terminationGracePeriodSeconds: 5, labels: [{ key: "app", value: "shop" }, { key: "tier", value: "edge" }] }, [
      { path: "runtime", before: "RUNC", after: "SANDBOX" },
      { path: "labels.app", before: "web", after: "shop" },
      { path: "labels.tier", before: null, after: "edge" },
      { path: "terminationGracePeriodSeconds", before: 30, after: 5 },
    ]],
    ["environment variables, by their names: one other, one new, one gone",
      withWeb({ env: [{ name: "MODE", value: "off" }, { name: "LEVEL", configMapKey: { configMapId: uuid, name: "settings", key: "level" } }] }), [
        { path: "containers.web.env.MODE", before: "on", after: "off" },
        { path: "containers.web.env.LEVEL", before: null, after: { configMapKey: { configMapId: `ConfigMap.${uuid}`, name: "settings", key: "level" } } },
        { path: "containers.web.env.PATH_PREFIX", before: "/", after: null },
      ]],
    ["an empty value is a value", withWeb({ env: [{ name: "MODE", value: "" }, { name: "PATH_PREFIX", value: "/" }] }), [
      { path: "containers.web.env.MODE", before: "on", after: "" },
    ]],
    ["nothing but an order", withWeb({ env: web.env.toReversed() }), [
      { path: "containers.web.env", before: ["MODE", "PATH_PREFIX"], after: ["PATH_PREFIX", "MODE"] },
    ]],
    ["ports, by name or by number and protocol",
      withWeb({ ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }, { name: null, containerPort: 54, protocol: "UDP" }] }), [
        { path: "containers.web.ports.http.containerPort", before: 80, after: 8080 },
        { path: "containers.web.ports.54/UDP", before: null, after: { name: null, containerPort: 54, protocol: "UDP" } },
        { path: "containers.web.ports.53/UDP", before: { name: null, containerPort: 53, protocol: "UDP" }, after: null },
      ]],
    ["a container in another's place", { ...template, containers: [{ ...web, name: "api" }] }, [
      { path: "containers.api", before: null, after: { ...web, name: "api" } },
      { path: "containers.web", before: web, after: null },
    ]],
    ["volumes where there were none", { ...withWeb({ volumeMounts: [{ volume: "data", mountPath: "/data", readOnly: true }] }), volumes: [{ name: "data", source: { type: "SecretVolume", secretId: uuid, name: "keys" } }] }, [
      { path: "containers.web.volumeMounts./data", before: null, after: { volume: "data", mountPath: "/data", readOnly: true } },
      { path: "volumes.data", before: null, after: { name: "data", source: { type: "SecretVolume", secretId: `Secret.${uuid}`, name: "keys" } } },
    ]],
  ])("%s", (_, after, changes) => {
    const byPath = (one: { path?: string }, two: { path?: string }): number => ((one.path ?? "") < (two.path ?? "") ? -1 : 1);
    expect(changesOf(template, after).toSorted(byPath)).toEqual(changes.toSorted(byPath));
  });

  test("a probe's part; another handler as a whole; the same name for another object", () => {
    const probe = { initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };
    const before = withWeb({ livenessProbe: { ...probe, handler: { type: "TcpSocketProbe", port: 80 } } });
    expect(changesOf(before, withWeb({ livenessProbe: { ...probe, periodSeconds: 5, handler: { type: "ExecProbe", command: ["true"] } } }))).toEqual([
      { path: "containers.web.livenessProbe.handler", before: { type: "TcpSocketProbe", port: 80 }, after: { type: "ExecProbe", command: ["true"] } },
      { path: "containers.web.livenessProbe.periodSeconds", before: 10, after: 5 },
    ]);
    const mounted = (secretId: string): PodTemplate => ({ ...template, volumes: [{ name: "data", source: { type: "SecretVolume", secretId, name: "keys" } }] });
    expect(changesOf(mounted(uuid), mounted(other))).toEqual([
      { path: "volumes.data.source.secretId", before: `Secret.${uuid}`, after: `Secret.${other}` },
    ]);
  });
});
