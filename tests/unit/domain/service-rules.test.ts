import { describe, expect, test } from "vitest";
import type { ServicePort } from "#server/domain/service.ts";
import { checkServiceName, checkServicePorts, checkServiceTargets, samePorts } from "#server/domain/service-rules.ts";
import { templateOf } from "#tests/support/world.ts";

const port = (changes: Partial<ServicePort> = {}): ServicePort => ({ name: "http", protocol: "TCP", port: 80, containerPort: 8080, ...changes });

describe("a service's name", () => {
  test.each(["a", "web", "web-2", "a".repeat(63)])("%s is one", (name) => expect(checkServiceName([], name)).toEqual([]));
  test.each(["", "1a", "-a", "a-", "A", "a.b", "a_b", "a b", "a".repeat(64), "wéb", "a\n"])("%j is none", (name) => {
    expect(checkServiceName(["input", "name"], name)).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "name"] }]);
  });
});

describe("a service's ports", () => {
  const paths = (ports: readonly ServicePort[]): (readonly string[] | null)[] => checkServicePorts(["ports"], ports).map(({ path }) => path);
  test("are 1 to 32", () => {
    const many = (count: number): ServicePort[] => Array.from({ length: count }, (_, n) => port({ name: `p${n}`, port: n + 1 }));
    expect(paths(many(1))).toEqual([]);
    expect(paths(many(32))).toEqual([]);
    for (const count of [0, 33]) expect(paths(many(count))).toEqual([["ports"]]);
  });
  test.each([
    ["the same port of the other protocol", [port(), port({ name: "dns", protocol: "UDP" })], []],
    ["the same containerPort", [port(), port({ name: "b", port: 81 })], []],
    ["the bounds", [port({ port: 1, containerPort: 65_535 }), port({ name: "b", port: 65_535, containerPort: 1 })], []],
    ["a port below", [port({ port: 0 })], [["ports", "0", "port"]]],
    ["a port above", [port(), port({ name: "b", port: 65_536 })], [["ports", "1", "port"]]],
    ["a containerPort below", [port({ containerPort: 0 })], [["ports", "0", "containerPort"]]],
    ["a name twice", [port(), port({ port: 81 })], [["ports", "1", "name"]]],
    ["a port and protocol twice", [port(), port({ name: "b" })], [["ports", "1", "port"]]],
    ["a bad name, once only", [port({ name: "Http" }), port({ name: "Http", port: 81 })], [["ports", "0", "name"], ["ports", "1", "name"]]],
    ["a name of 16", [port({ name: "a".repeat(16) })], [["ports", "0", "name"]]],
  ] satisfies [string, ServicePort[], string[][]][])("with %s", (_, ports, expected) => expect(paths(ports)).toEqual(expected));
});

describe("where a service sends to", () => {
  const declaring = (...ports: readonly { containerPort: number; protocol: "TCP" | "UDP" }[]) => {
    const template = templateOf("a:1");
    return { ...template, containers: template.containers.flatMap((container) => ports.map((one, n) => ({ ...container, name: `c${n}`, ports: [{ name: null, ...one }] }))) };
  };
  test("is anywhere where no container declares a port", () => expect(checkServiceTargets([], [port({ containerPort: 7 })], templateOf("a:1"))).toEqual([]));
  test("is what any container declares, of the same protocol", () => {
    const template = declaring({ containerPort: 8080, protocol: "TCP" }, { containerPort: 53, protocol: "UDP" });
    expect(checkServiceTargets([], [port(), port({ containerPort: 53, protocol: "UDP" })], template)).toEqual([]);
    const errors = checkServiceTargets(["ports"], [port(), port({ name: "dns", containerPort: 53 }), port({ containerPort: 81 })], template);
    expect(errors.map(({ path }) => path)).toEqual([["ports", "1", "containerPort"], ["ports", "2", "containerPort"]]);
    expect(errors[0]?.message).toContain('"dns" leads to 53/TCP, which no container of the application declares: 8080/TCP, 53/UDP');
  });
});

test("ports are the same by what they say, in their order", () => {
  expect(samePorts([port()], [{ containerPort: 8080, port: 80, protocol: "TCP", name: "http" }])).toBe(true);
  expect(samePorts([port()], [port({ containerPort: 81 })])).toBe(false);
  expect(samePorts([port(), port({ name: "b" })], [port({ name: "b" }), port()])).toBe(false);
});
