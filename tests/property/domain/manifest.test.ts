import fc from "fast-check";
import { expect, test } from "vitest";
import { contentHash } from "#server/domain/canonical.ts";
import { deploymentManifest, type ManifestSource } from "#server/domain/manifest.ts";
import type { Label } from "#server/domain/pod-template.ts";
import type { IntOrPercent } from "#server/domain/states.ts";
import { checkTemplate } from "#server/domain/template-rules.ts";
import { checkDesign, type Design } from "#server/services/application/create.ts";
import { designOfDeployment } from "#server/services/import/deployment.ts";
import { parseManifests } from "#server/services/import/parse.ts";
import { finding, labels, type Referable, templates, text } from "#tests/support/templates.ts";

const REFERABLE: readonly Referable[] = [
  { kind: "ConfigMap", id: "c1", name: "settings", keys: ["a.conf", "yes"], type: null },
  { kind: "ConfigMap", id: "c2", name: "1e3", keys: ["null"], type: null },
  { kind: "Secret", id: "s1", name: "settings", keys: ["password"], type: "OPAQUE" },
  { kind: "Secret", id: "s2", name: "registry", keys: ["password", "server", "username"], type: "REGISTRY" },
];
const amount = (max: number): fc.Arbitrary<IntOrPercent> => fc.oneof(fc.record({ count: fc.integer({ min: 1, max: max * 10 }) }), fc.record({ percent: fc.integer({ min: 0, max }) }));
const sources: fc.Arbitrary<ManifestSource> = fc.record({
  name: fc.constantFrom("web", "on", "e1", "a-1"),
  namespace: fc.constantFrom("default", "no"),
  capacityType: fc.constantFrom("ON_DEMAND", "SPOT"),
  description: text.filter((description) => [...description].length <= 256),
  labels,
  updateStrategy: fc.record({ maxUnavailable: amount(100), maxSurge: amount(100) }).filter(({ maxUnavailable, maxSurge }) => maxUnavailable.percent !== 0 || maxSurge.percent !== 0),
  template: templates(REFERABLE),
});

/** Labels are a set: the order in which a map has them is nobody's choice. */
const sorted = (some: readonly Label[]): Label[] => some.toSorted((a, b) => (a.key < b.key ? -1 : 1));
const imported = (yaml: string, namespace: string): { design: Design; errors: readonly string[]; warnings: readonly string[] } => {
  const parsed = parseManifests(yaml);
  if (!parsed.ok) throw new Error(`${JSON.stringify(parsed.errors)}\n${yaml}`);
  expect(parsed.value).toHaveLength(1);
  return designOfDeployment(parsed.value[0]?.value as Record<string, unknown>, namespace, finding(REFERABLE));
};

test("what is exported is imported as the same, without a warning", () => {
  fc.assert(
    fc.property(sources, (source) => {
      // Only then does the law say anything.
      expect(checkTemplate([], source.template)).toEqual([]);
      const { design, errors, warnings } = imported(deploymentManifest(source), source.namespace);
      expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
      expect(checkDesign(design)).toEqual([]);
      const { name, description, updateStrategy, capacityType, template } = source;
      expect({ ...design, labels: sorted(design.labels), template: { ...design.template, labels: sorted(design.template.labels) } }).toEqual({
        name, description, updateStrategy, workloadKind: "DEPLOYMENT", capacityType, deletionProtection: false,
        labels: sorted(source.labels),
        template: { ...template, labels: sorted(template.labels) },
      });
      const hash = (labelled: ManifestSource["template"]): string => contentHash({ ...labelled, labels: sorted(labelled.labels) });
      expect(hash(design.template)).toBe(hash(template));
    }),
    { numRuns: 150 },
  );
}, 60_000);

test("what is exported is the same each time, also after a way through JSON as databases keep it", () => {
  fc.assert(
    fc.property(sources, (source) => {
      expect(deploymentManifest(JSON.parse(JSON.stringify(source)) as ManifestSource)).toBe(deploymentManifest(source));
    }),
  );
}, 60_000);

test("an older reader of YAML finds texts where texts are", () => {
  const env = ["yes", "off", "0777", "1_000", "1:30", "~", "2001-01-01", ".5", "0b1", "y"].map((value, index) => ({ name: `A${index}`, value }));
  const yaml = deploymentManifest({
    name: "web", namespace: "default", description: "", labels: [], capacityType: "ON_DEMAND", updateStrategy: { maxUnavailable: { percent: 25 }, maxSurge: { count: 1 } },
    template: {
      runtime: "RUNC", labels: [], terminationGracePeriodSeconds: 1,
      containers: [{ name: "a", image: "b", cpuMillis: 1, memoryMiB: 1, command: [], args: [], stdin: false, tty: false, ports: [], env }],
    },
  });
  // "0777" and ".5" are numbers to newer readers, too.
  for (const { value } of env.filter(({ value: one }) => !/^(?:y|1:30|2001)/.test(one))) expect(yaml).toContain(`value: "${value}"`);
});
