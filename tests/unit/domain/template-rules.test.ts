import { describe, expect, test } from "vitest";
import type { ContainerSpec, PodTemplate } from "#server/domain/pod-template.ts";
import { checkTemplate, TEMPLATE_LIMITS } from "#server/domain/template-rules.ts";

const container = (changes: Partial<ContainerSpec> = {}): ContainerSpec => ({
  name: "server",
  image: "registry.example/shop/web:1.0",
  cpuMillis: 100,
  memoryMiB: 64,
  command: [],
  args: [],
  stdin: false,
  tty: false,
  ports: [],
  env: [],
  ...changes,
});
const template = (changes: Partial<PodTemplate> = {}): PodTemplate => ({
  runtime: "RUNC",
  containers: [container()],
  labels: [],
  terminationGracePeriodSeconds: 30,
  ...changes,
});
const faults = (value: PodTemplate): string[] => checkTemplate(["t"], value).map((error) => `${error.code} ${error.path?.join(".")}`);
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));

test("a plain template passes, and so does one at every limit", () => {
  expect(faults(template())).toEqual([]);
  expect(
    faults(
      template({
        terminationGracePeriodSeconds: 3_600,
        containers: many(TEMPLATE_LIMITS.containers, (index) =>
          container({
            name: `c${index}`,
            cpuMillis: index === 0 ? TEMPLATE_LIMITS.cpuMillis : 1,
            memoryMiB: index === 0 ? TEMPLATE_LIMITS.memoryMiB : 1,
          }),
        ),
      }),
    ),
  ).toEqual([]);
  expect(
    faults(
      template({
        terminationGracePeriodSeconds: 0,
        containers: [
          container({
            ports: [
              { name: "http", containerPort: 1, protocol: "TCP" },
              { name: "dns", containerPort: 65_535, protocol: "UDP" },
            ],
          }),
        ],
      }),
    ),
  ).toEqual([]);
});

describe("each rule, broken once", () => {
  const at = "t.containers.0";
  const port = (containerPort: number, name: string | null = null, protocol: "TCP" | "UDP" = "TCP") => ({ name, containerPort, protocol });
  const cases: [string, PodTemplate, string[]][] = [
    ["no container", template({ containers: [] }), ["t.containers"]],
    ["eleven containers", template({ containers: many(11, (index) => container({ name: `c${index}` })) }), ["t.containers"]],
    ["a container name given twice", template({ containers: [container(), container()] }), ["t.containers.1.name"]],
    ["an upper-case container name", template({ containers: [container({ name: "Server" })] }), [`${at}.name`]],
    ["a container name that ends in '-'", template({ containers: [container({ name: "server-" })] }), [`${at}.name`]],
    ["a container name of 64 characters", template({ containers: [container({ name: "a".repeat(64) })] }), [`${at}.name`]],
    ["no image", template({ containers: [container({ image: "" })] }), [`${at}.image`]],
    ["an image with a space", template({ containers: [container({ image: "nginx latest" })] }), [`${at}.image`]],
    ["cpu of 0", template({ containers: [container({ cpuMillis: 0 })] }), [`${at}.cpuMillis`]],
    ["negative cpu", template({ containers: [container({ cpuMillis: -100 })] }), [`${at}.cpuMillis`]],
    ["absurd cpu", template({ containers: [container({ cpuMillis: 2_147_483_647 })] }), [`${at}.cpuMillis`]],
    ["memory of 0", template({ containers: [container({ memoryMiB: 0 })] }), [`${at}.memoryMiB`]],
    ["absurd memory", template({ containers: [container({ memoryMiB: 2_147_483_647 })] }), [`${at}.memoryMiB`]],
    ["too many arguments", template({ containers: [container({ args: many(257, () => "x") })] }), [`${at}.args`]],
    ["port 0", template({ containers: [container({ ports: [port(0)] })] }), [`${at}.ports.0.containerPort`]],
    ["port 65536", template({ containers: [container({ ports: [port(65_536)] })] }), [`${at}.ports.0.containerPort`]],
    ["a port taken twice", template({ containers: [container({ ports: [port(80), port(80)] })] }), [`${at}.ports.1.containerPort`]],
    [
      "a port that another container has",
      template({ containers: [container({ ports: [port(80)] }), container({ name: "b", ports: [port(80)] })] }),
      ["t.containers.1.ports.0.containerPort"],
    ],
    ["a port name without a letter", template({ containers: [container({ ports: [port(80, "80")] })] }), [`${at}.ports.0.name`]],
    ["a port name of 16 characters", template({ containers: [container({ ports: [port(80, "a".repeat(16))] })] }), [`${at}.ports.0.name`]],
    [
      "a port name given twice",
      template({ containers: [container({ ports: [port(80, "http"), port(81, "http")] })] }),
      [`${at}.ports.1.name`],
    ],
    ["too many ports", template({ containers: [container({ ports: many(65, (index) => port(index + 1)) })] }), [`${at}.ports`]],
    [
      "an environment name that starts with a digit",
      template({ containers: [container({ env: [{ name: "1A", value: "" }] })] }),
      [`${at}.env.0.name`],
    ],
    ["an environment name with '='", template({ containers: [container({ env: [{ name: "A=B", value: "" }] })] }), [`${at}.env.0.name`]],
    [
      "an environment name given twice",
      template({
        containers: [
          container({
            env: [
              { name: "A", value: "1" },
              { name: "A", value: "2" },
            ],
          }),
        ],
      }),
      [`${at}.env.1.name`],
    ],
    [
      "an environment value above 32 KiB",
      template({ containers: [container({ env: [{ name: "A", value: "x".repeat(32_769) }] })] }),
      [`${at}.env.0.source.value`],
    ],
    [
      "too many environment variables",
      template({ containers: [container({ env: many(257, (index) => ({ name: `A${index}`, value: "" })) })] }),
      [`${at}.env`],
    ],
    ["a grace period below 0", template({ terminationGracePeriodSeconds: -1 }), ["t.terminationGracePeriodSeconds"]],
    ["a grace period above an hour", template({ terminationGracePeriodSeconds: 3_601 }), ["t.terminationGracePeriodSeconds"]],
    ["a bad label key", template({ labels: [{ key: "-a", value: "" }] }), ["t.labels.0.key"]],
    ["a bad label value", template({ labels: [{ key: "a", value: "b c" }] }), ["t.labels.0.value"]],
    [
      "a label given twice",
      template({
        labels: [
          { key: "a", value: "1" },
          { key: "a", value: "2" },
        ],
      }),
      ["t.labels.1.key"],
    ],
    ["more than 64 labels", template({ labels: many(65, (index) => ({ key: `k${index}`, value: "" })) }), ["t.labels"]],
    ["more than 256 KiB in all", template({ containers: [container({ args: many(10, () => "x".repeat(30_000)) })] }), ["t"]],
  ];
  test.each(cases)("%s", (_, value, paths) => {
    expect(faults(value)).toEqual(paths.map((path) => `INVALID_ARGUMENT ${path}`));
  });
});

test("the same port may be TCP and UDP", () => {
  expect(
    faults(
      template({
        containers: [
          container({
            ports: [
              { name: null, containerPort: 53, protocol: "TCP" },
              { name: null, containerPort: 53, protocol: "UDP" },
            ],
          }),
        ],
      }),
    ),
  ).toEqual([]);
});

test("no message tells the value of an environment variable, and there are at most 20", () => {
  const secret = "canary-77aa";
  const errors = checkTemplate(
    [],
    template({ containers: [container({ env: many(200, () => ({ name: "=", value: secret.repeat(4_000) })) })] }),
  );
  expect(errors).toHaveLength(20);
  expect(JSON.stringify(errors)).not.toContain(secret);
});
