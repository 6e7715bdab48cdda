import fc from "fast-check";
import { expect, test } from "vitest";
import type { PodTemplate, Probe } from "#server/domain/pod-template.ts";
import { checkTemplate } from "#server/domain/template-rules.ts";
import { type Referable, templates } from "#tests/support/templates.ts";

const REFERABLE: readonly Referable[] = [
  { kind: "ConfigMap", id: "c1", name: "settings", keys: ["a.conf", "b"], type: null },
  { kind: "Secret", id: "s1", name: "login", keys: ["password"], type: "OPAQUE" },
  { kind: "Secret", id: "s2", name: "registry", keys: ["password", "server", "username"], type: "REGISTRY" },
];
const paths = (template: PodTemplate): string[] => checkTemplate(["t"], template).map(({ path }) => path?.join(".") ?? "");
const first = (template: PodTemplate, changes: object): PodTemplate => ({
  ...template,
  containers: template.containers.map((container, index) => (index === 0 ? { ...container, ...changes } : container)),
});

test("no rule is in the way of a template that keeps them all", () => {
  fc.assert(fc.property(templates(REFERABLE), (template) => {
      expect(checkTemplate(["t"], template)).toEqual([]);
    }), { numRuns: 200 });
}, 60_000);

test("a probe's numbers are exactly those of the contract, and each that is not is told at its place", () => {
  const RANGES = { initialDelaySeconds: [0, 3_600], periodSeconds: [1, 3_600], timeoutSeconds: [1, 3_600], successThreshold: [1, 10], failureThreshold: [1, 100] } as const;
  type Numbers = { [Name in keyof typeof RANGES]: number };
  const number = fc.oneof(fc.constantFrom(-1, 0, 1, 2, 10, 11, 100, 101, 3_600, 3_601, 1.5), fc.integer());
  const numbers = fc.record<Numbers>({ initialDelaySeconds: number, periodSeconds: number, timeoutSeconds: number, successThreshold: number, failureThreshold: number });
  fc.assert(
    fc.property(templates(), numbers, fc.constantFrom("livenessProbe", "readinessProbe"), (template, given, kind) => {
      const probe: Probe = { handler: { type: "TcpSocketProbe", port: 80 }, ...given };
      const limits = { ...RANGES, ...(kind === "livenessProbe" ? { successThreshold: [1, 1] } : {}) };
      const wrong = Object.entries(limits).filter(([name, [low = 0, high = 0]]) => {
        const value = given[name as keyof Numbers];
        return !Number.isInteger(value) || value < low || value > high;
      });
      expect(paths(first(template, { [kind]: probe })).toSorted()).toEqual(wrong.map(([name]) => `t.containers.0.${kind}.${name}`).toSorted());
    }),
  );
});

test("whatever stands for a path is absolute and stays below where it says", () => {
  const path = fc.string({ unit: fc.constantFrom(..."/.a:\n"), maxLength: 10 });
  fc.assert(
    fc.property(path, (mountPath) => {
      const parts = mountPath.split("/").filter((part) => part !== "" && part !== ".");
      const good = mountPath.startsWith("/") && parts.length > 0 && !parts.includes("..") && !/[:\n]/.test(mountPath);
      const template: PodTemplate = {
        runtime: "RUNC",
        labels: [],
        terminationGracePeriodSeconds: 0,
        containers: [{ name: "a", image: "b", cpuMillis: 1, memoryMiB: 1, command: [], args: [], stdin: false, tty: false, ports: [], env: [], volumeMounts: [{ volume: "v", mountPath, readOnly: false }] }],
        volumes: [{ name: "v", source: { type: "EmptyDirVolume", sizeLimitMiB: null } }],
      };
      expect(paths(template)).toEqual(good ? [] : ["t.containers.0.volumeMounts.0.mountPath"]);
    }),
  );
});
