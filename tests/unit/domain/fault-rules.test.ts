import fc from "fast-check";
import { expect, test } from "vitest";
import { checkFault, FAULT_TARGETS, type FaultInput, MAX_FAULT_SECONDS, modeOf, TARGETS_OF } from "#server/domain/fault-rules.ts";
import { DISCONNECT_MODES, FAULT_KINDS } from "#server/domain/states.ts";

const target = fc.constantFrom(null, undefined, "some id");
const inputs: fc.Arbitrary<FaultInput> = fc.record({
  kind: fc.constantFrom(...FAULT_KINDS), clusterId: target, nodeId: target, podId: target,
  durationSeconds: fc.oneof(fc.integer({ min: -2, max: 3 }), fc.integer({ min: MAX_FAULT_SECONDS - 1, max: MAX_FAULT_SECONDS + 2 })),
  mode: fc.constantFrom(null, undefined, ...DISCONNECT_MODES), seed: fc.option(fc.integer()),
});

test("an input is accepted exactly where it names one target that its kind takes, for one second to a day, and a mode only where there is one", () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const named = FAULT_TARGETS.filter((one) => typeof input[one] === "string");
      const fits = named.length === 1 && TARGETS_OF[input.kind].includes(named[0] ?? "podId");
      const lasts = input.durationSeconds >= 1 && input.durationSeconds <= 86_400;
      const moded = typeof input.mode !== "string" || input.kind === "DISCONNECT_CLUSTER";
      const errors = checkFault(input);
      expect(errors.length === 0).toBe(fits && lasts && moded);
      for (const { path, kind } of errors) {
        expect(kind).toBe("InvalidArgumentError");
        expect(["clusterId", "nodeId", "podId", "durationSeconds", "mode"]).toContain(path?.[1]);
      }
      expect(modeOf(input) === null).toBe(input.kind !== "DISCONNECT_CLUSTER");
    }),
    { numRuns: 2_000 },
  );
});

test("every reason is said at once, in words that name what is wanted", () => {
  const said = checkFault({ kind: "SLOW_IMAGE_PULL", clusterId: "a", nodeId: "b", podId: "c", durationSeconds: 0, mode: "FLAPPING" });
  expect(said.map(({ path, message }) => [path?.join("."), message])).toEqual([
    ["input.podId", "SLOW_IMAGE_PULL takes a clusterId or a nodeId, not a podId."],
    ["input.nodeId", "SLOW_IMAGE_PULL strikes one target: a clusterId or a nodeId, not both."],
    ["input.durationSeconds", "A fault lasts 1 to 86400 seconds, not 0."],
    ["input.mode", "Only DISCONNECT_CLUSTER has a mode (BOTH_WAYS, TO_CENTRE, TO_CLUSTER, FLAPPING); SLOW_IMAGE_PULL has none."],
  ]);
  expect(checkFault({ kind: "FAIL_NODE", durationSeconds: 5 })).toMatchObject([{ path: ["input", "nodeId"], message: "FAIL_NODE needs a nodeId." }]);
});
