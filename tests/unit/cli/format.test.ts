import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { age, cores, duration, memory, phaseCell, stateCell } from "#clients/cli/format.ts";
import { closest, didYouMean, distance } from "#clients/cli/suggest.ts";

describe("duration", () => {
  it.each([
    [-5_000, "0s"],
    [0, "0s"],
    [999, "0s"],
    [42_000, "42s"],
    [60_000, "1m"],
    [192_000, "3m12s"],
    [3_600_000, "1h"],
    [18_420_000, "5h7m"],
    [183_600_000, "2d3h"],
  ])("%i ms is %s", (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });

  it("says an age by the server's clock", () => {
    expect(age("2026-11-23T06:00:00.000Z", "2026-11-23T06:03:12.900Z")).toBe("3m12s");
    expect(age(null, "2026-11-23T06:03:12.900Z")).toBe("-");
  });
});

describe("quantities", () => {
  it("shows cores and memory as manifests write them", () => {
    expect([cores(50), cores(1000), cores(1500), memory(64), memory(1024), memory(1536)]).toEqual(["50m", "1", "1.5", "64Mi", "1Gi", "1.5Gi"]);
  });
});

describe("states", () => {
  it("marks what a silent cluster said last", () => {
    expect(stateCell("RUNNING", true)).toEqual({ text: "RUNNING (stale)", color: "yellow" });
    expect(stateCell("RUNNING")).toEqual({ text: "RUNNING", color: "green" });
  });

  it("shows why a pod waits", () => {
    expect(phaseCell({ phase: "PENDING", reason: "ImagePullBackOff", stale: false })).toEqual({ text: "PENDING: ImagePullBackOff", color: "yellow" });
  });
});

describe("suggestions", () => {
  const known = ["hangzhou-1", "hangzhou-2", "ningbo-1", "shaoxing-1", "shaoxing-2"];

  it("completes a beginning and forgives a slip", () => {
    expect(closest("hangzhou", known)).toEqual(["hangzhou-1", "hangzhou-2"]);
    expect(closest("hangzou-1", known)[0]).toBe("hangzhou-1");
    expect(didYouMean("hangzhou-3", known)).toBe(" Did you mean hangzhou-1 or hangzhou-2?");
    expect(didYouMean("atlantis", known)).toBe("");
  });

  it("measures a distance: symmetric, zero only for equals, no longer than the longer text", () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(distance(a, b)).toBe(distance(b, a));
        expect(distance(a, b) === 0).toBe(a === b);
        expect(distance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});
