import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuMillisOf, memoryMiBOf } from "#server/domain/quantity.ts";

const MIB = 2 ** 20;

describe("quantities of Kubernetes", () => {
  test.each<[string, number | null]>([
    ["1", 1_000],
    ["0.5", 500],
    [".5", 500],
    ["1.", 1_000],
    ["100m", 100],
    ["0.1m", 1],
    ["1500u", 2],
    ["2e-1", 200],
    ["1E1", 10_000],
    ["1k", 1_000_000],
    ["+2", 2_000],
    ["0", 0],
    ["-1", -1_000],
    ["", null],
    [".", null],
    ["m", null],
    ["1 ", null],
    ["1mm", null],
    ["1Mb", null],
    ["0x10", null],
    ["1e", null],
    ["1e100", null],
    ["NaN", null],
    ["Infinity", null],
    ["1,5", null],
    ["１", null],
    ["9".repeat(33), null],
    ["9".repeat(30), null],
    ["1E", null],
  ])("%j cores are %j millis", (text, millis) => expect(cpuMillisOf(text)).toBe(millis));

  test.each<[string, number | null]>([
    ["64Mi", 64],
    ["1Gi", 1_024],
    ["64M", 62],
    ["1", 1],
    ["1048576", 1],
    ["1048577", 2],
    ["1500Ki", 2],
    ["0.5Gi", 512],
    ["1e6", 1],
    ["1Ti", 1_048_576],
    ["128974848", 123],
    ["0", 0],
    ["64mi", null],
    ["64MiB", null],
  ])("%j of memory is %j MiB", (text, mib) => expect(memoryMiBOf(text)).toBe(mib));

  test("millicores mean themselves", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (millis) => {
        expect(cpuMillisOf(`${millis}m`)).toBe(millis);
        expect(cpuMillisOf(`${Math.floor(millis / 1000)}.${String(millis % 1000).padStart(3, "0")}`)).toBe(millis);
      }),
    );
  });

  test("memory is rounded up to whole MiB: never less than asked, never a MiB more", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 40 }), (bytes) => {
        const mib = memoryMiBOf(String(bytes)) ?? -1;
        expect(mib * MIB).toBeGreaterThanOrEqual(bytes);
        expect((mib - 1) * MIB).toBeLessThan(Math.max(bytes, 1));
      }),
    );
  });

  test("a larger quantity is never a smaller amount, whatever its notation", () => {
    const notation = fc.tuple(fc.nat({ max: 10_000 }), fc.constantFrom("", "k", "M", "G", "Ki", "Mi", "Gi", "e3"));
    const bytes = { "": 1, k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, e3: 1e3 };
    fc.assert(
      fc.property(notation, notation, (one, other) => {
        const [small, large] = [one, other].toSorted((a, b) => a[0] * bytes[a[1]] - b[0] * bytes[b[1]]);
        const read = (given: typeof one | undefined): number => memoryMiBOf(`${given?.[0]}${given?.[1]}`) ?? Number.NaN;
        expect(read(small)).toBeLessThanOrEqual(read(large));
      }),
    );
  });

  test("any text is answered with a whole number or null", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[+-]?[0-9.]{0,8}[eE]?[+-]?[0-9]{0,3}[a-zA-Z]{0,3}$/)), (text) => {
        for (const value of [cpuMillisOf(text), memoryMiBOf(text)]) expect(value === null || Number.isSafeInteger(value)).toBe(true);
      }),
    );
  });
});
