import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "#server/domain/canonical.ts";
import { type Change, changesOf } from "#server/domain/changes.ts";
import type { ContainerSpec, EnvVar, PodTemplate, Volume } from "#server/domain/pod-template.ts";

/** Few words, so that two templates often have something in common. */
const word = fc.constantFrom("a", "b", "c");
const number = fc.integer({ min: 1, max: 3 });
const uuid = fc.constantFrom("01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002");
const unique = <T>(of: fc.Arbitrary<T>, by: (value: T) => unknown): fc.Arbitrary<T[]> => fc.uniqueArray(of, { maxLength: 3, selector: by });
/** Members that a template leaves out where they are empty. */
const some = <Name extends string, T>(name: Name, of: fc.Arbitrary<readonly T[]>): fc.Arbitrary<Partial<Record<Name, readonly T[]>>> =>
  of.map((values): Partial<Record<Name, readonly T[]>> => (values.length > 0 ? ({ [name]: values } as Record<Name, readonly T[]>) : {}));

const env: fc.Arbitrary<EnvVar> = fc.oneof(
  fc.record({ name: word, value: fc.constantFrom("", "x", "y") }),
  fc.record({ name: word, configMapKey: fc.record({ configMapId: uuid, name: word, key: word }) }),
  fc.record({ name: word, secretKey: fc.record({ secretId: uuid, name: word, key: word }) }),
);
const probe = fc.record({
  handler: fc.oneof(
    fc.record({ type: fc.constant("TcpSocketProbe" as const), port: number }),
    fc.record({ type: fc.constant("ExecProbe" as const), command: fc.array(word, { maxLength: 2 }) }),
  ),
  initialDelaySeconds: number, periodSeconds: number, timeoutSeconds: number, successThreshold: number, failureThreshold: number,
});
const container: fc.Arbitrary<ContainerSpec> = fc
  .tuple(
    fc.record({
      name: word, image: word, cpuMillis: number, memoryMiB: number, command: fc.array(word, { maxLength: 2 }), args: fc.constant([]), stdin: fc.boolean(), tty: fc.constant(false),
      ports: unique(fc.record({ name: fc.option(word), containerPort: number, protocol: fc.constantFrom("TCP" as const, "UDP" as const) }), ({ containerPort, protocol }) => `${containerPort}/${protocol}`)
        .filter((ports) => new Set(ports.flatMap(({ name }) => name ?? [])).size === ports.filter(({ name }) => name !== null).length),
      env: unique(env, ({ name }) => name),
    }),
    fc.option(probe, { nil: undefined }),
    some("volumeMounts", unique(fc.record({ volume: word, mountPath: word, readOnly: fc.boolean() }), ({ mountPath }) => mountPath)),
  )
  .map(([base, readinessProbe, mounts]) => ({ ...base, ...(readinessProbe ? { readinessProbe } : {}), ...mounts }));
const volume: fc.Arbitrary<Volume> = fc.record({
  name: word,
  source: fc.oneof(
    fc.record({ type: fc.constant("EmptyDirVolume" as const), sizeLimitMiB: fc.option(number) }),
    fc.record({ type: fc.constant("ConfigMapVolume" as const), configMapId: uuid, name: word }),
  ),
});
const template: fc.Arbitrary<PodTemplate> = fc
  .tuple(
    fc.record({
      runtime: fc.constantFrom("RUNC" as const, "SANDBOX" as const),
      containers: unique(container, ({ name }) => name),
      labels: unique(fc.record({ key: word, value: word }), ({ key }) => key),
      terminationGracePeriodSeconds: number,
    }),
    some("volumes", unique(volume, ({ name }) => name)),
    some("affinity", unique(
      fc.record({
        kind: fc.constantFrom("NODE" as const, "APPLICATION" as const), required: fc.boolean(), weight: number, topology: fc.constant("NODE" as const),
        labels: unique(fc.record({ key: word, value: word }), ({ key }) => key),
      }), ({ kind, labels }) => canonicalJson([kind, labels]))),
    some("logCollection", unique(fc.record({ container: word, path: fc.option(word) }), canonicalJson)),
  )
  .map(([base, ...more]) => Object.assign({}, base, ...more) as PodTemplate);

/** Every leaf with the path that leads to it, written a second time: lists of objects by what they are known by, other lists as they are. */
function leavesOf(value: unknown, path: string, into: Map<string, string>): Map<string, string> {
  if (value === null || typeof value !== "object" || (Array.isArray(value) && value.every((item) => typeof item !== "object"))) {
    if (value !== undefined && canonicalJson(value) !== "[]") into.set(path, canonicalJson(value));
    return into;
  }
  const entries: [string, unknown][] = Array.isArray(value)
    ? value.map((item: Record<string, unknown>) => {
        const labels = Array.isArray(item["labels"]) ? item["labels"].map(({ key, value: of }: Record<string, unknown>) => `${String(key)}=${String(of)}`) : [];
        const id = "topology" in item ? [item["kind"], item["topology"], ...labels].join(" ") : item["mountPath"] ?? item["key"] ?? ("container" in item ? `${String(item["container"])}:${String(item["path"] ?? "stdout")}` : item["name"]);
        return [String(id ?? `${String(item["containerPort"])}/${String(item["protocol"])}`), item];
      })
    : Object.entries(value);
  for (const [name, member] of entries) leavesOf(member, path === "" ? name : `${path}.${name}`, into);
  return into;
}

const covers = ({ path }: Change, leaf: string): boolean => leaf === path || leaf.startsWith(`${path}.`);

describe("changes between templates", () => {
  test("there are none exactly when the templates are equal", () => {
    fc.assert(
      fc.property(template, template, (one, other) => {
        expect(changesOf(one, structuredClone(one))).toEqual([]);
        expect(changesOf(one, other).length === 0).toBe(canonicalJson(one) === canonicalJson(other));
      }),
      { numRuns: 500 },
    );
  });

  test("every leaf that is other, new or gone is under a path that is told, and nothing is told twice or without a difference", () => {
    fc.assert(
      fc.property(template, template, (before, after) => {
        const changes = changesOf(before, after);
        const [old, present] = [leavesOf(before, "", new Map()), leavesOf(after, "", new Map())];
        for (const leaf of new Set([...old.keys(), ...present.keys()])) {
          if (old.get(leaf) === present.get(leaf)) continue;
          expect(changes.filter((change) => covers(change, leaf)).length, `${leaf} among ${changes.map(({ path }) => path).join(", ")}`).toBeGreaterThan(0);
        }
        expect(new Set(changes.map(({ path }) => path)).size).toBe(changes.length);
        for (const change of changes) expect(canonicalJson(change.before), change.path).not.toBe(canonicalJson(change.after));
      }),
      { numRuns: 500 },
    );
  });

  test("the way back tells the same, the other way round", () => {
    const byPath = (changes: readonly Change[]): Change[] => changes.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    fc.assert(
      fc.property(template, template, (before, after) => {
        const back = changesOf(after, before).map((change) => ({ path: change.path, before: change.after, after: change.before }));
        expect(byPath(back)).toEqual(byPath(changesOf(before, after)));
      }),
      { numRuns: 500 },
    );
  });
});
