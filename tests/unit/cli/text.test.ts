import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatFacts, formatTable } from "#clients/cli/table.ts";
import { clip, padEnd, padStart, plain, widthOf } from "#clients/cli/text.ts";

const uncolored = (_color: string, text: string): string => text;

describe("widthOf", () => {
  it.each([
    ["", 0],
    ["storefront", 10],
    ["杭州", 4],
    ["杭州-1", 6],
    ["ｆｕｌｌ", 8],
    ["한국", 4],
    ["e\u0301te\u0301", 3],
    ["👩‍🚀", 2],
    ["\u001b[32mok\u001b[39m", 2],
  ])("%j takes %i columns", (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

describe("clip and pad", () => {
  it("never exceeds the width, and pads to exactly the width", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), fc.integer({ min: 1, max: 50 }), (raw, width) => {
        const text = plain(raw);
        expect(widthOf(clip(text, width))).toBeLessThanOrEqual(width);
        if (widthOf(text) <= width) {
          expect(clip(text, width)).toBe(text);
          expect(widthOf(padEnd(text, width))).toBe(width);
          expect(widthOf(padStart(text, width))).toBe(width);
        }
      }),
    );
  });

  it("shows that something was cut", () => {
    expect(clip("storefront", 5)).toBe("stor…");
    expect(clip("杭州绍兴", 5)).toBe("杭州…");
  });
});

describe("plain", () => {
  it("takes away what would move the cursor or set the title", () => {
    expect(plain("a\u001b[2Jb\u001b]0;title\u0007c\r\nd")).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(plain("one\ntwo")).toBe("one two");
  });
});

describe("formatTable", () => {
  const columns = [
    { header: "NAME", cell: (row: { name: string; pods: number }) => row.name },
    { header: "PODS", right: true, cell: (row: { name: string; pods: number }) => row.pods },
    { header: "NOTE", cell: () => "" },
  ];

  it("lines up, Chinese included, and leaves no trailing spaces", () => {
    expect(formatTable(columns, [{ name: "杭州", pods: 5 }, { name: "shaoxing-1", pods: 120 }], uncolored)).toEqual([
      "NAME        PODS  NOTE",
      "杭州           5  -",
      "shaoxing-1   120  -",
    ]);
  });

  it("starts every column at the same place in every line", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).map(plain).filter((text) => text.trim() === text && text !== "");
    fc.assert(
      fc.property(fc.array(fc.record({ name, pods: fc.nat(100_000) }), { minLength: 1, maxLength: 8 }), (rows) => {
        const lines = formatTable(columns, rows, uncolored);
        const widths = lines.map((line) => widthOf(line.slice(0, line.lastIndexOf("  "))));
        expect(new Set(widths).size).toBe(1);
      }),
    );
  });

  it("cuts the widest cells, and only those, until a row fits", () => {
    const wide = [{ header: "NAME", cell: (row: { name: string; why: string }) => row.name }, { header: "WHY", cell: (row: { name: string; why: string }) => row.why }];
    const rows = [{ name: "storefront", why: "the image is not there" }, { name: "basket", why: "" }];
    expect(formatTable(wide, rows, uncolored, 24)).toEqual(["NAME        WHY", "storefront  the image i…", "basket      -"]);
    expect(formatTable(wide, rows, uncolored, 34)).toEqual(formatTable(wide, rows, uncolored));
    expect(formatTable(wide, rows, uncolored, null)[1]).toBe("storefront  the image is not there");
  });

  it("leaves out what can be spared, and cuts no name, where not everything fits", () => {
    const cells = ["shop", "storefront-98c63f9d-2lkzq", "guangzhou-1-n09", "RUNNING: CrashLoopBackOff"];
    const pods = [{ header: "NAMESPACE", spare: 1 }, { header: "NAME", whole: true }, { header: "NODE", spare: 2 }, { header: "PHASE" }].map((column, index) => ({ ...column, cell: () => cells[index] ?? "" }));
    const shown = (limit: number): (string | undefined)[] => [formatTable(pods, [null], uncolored, limit)[1]];
    expect(shown(80)).toEqual(["shop       storefront-98c63f9d-2lkzq  guangzhou-1-n09  RUNNING: CrashLoopBackOff"]);
    expect(shown(79)).toEqual(["shop       storefront-98c63f9d-2lkzq  RUNNING: CrashLoopBackOff"]);
    expect(shown(60)).toEqual(["storefront-98c63f9d-2lkzq  RUNNING: CrashLoopBackOff"]);
    expect(shown(40)).toEqual(["storefront-98c63f9d-2lkzq  RUNNING: Cra…"]);
    expect(shown(10)).toEqual(["storefront-98c63f9d-2lkzq  RUNNI…"]);
  });

  it("never makes a line wider than the limit, as long as a few columns are left for each cell", () => {
    const cell = fc.string({ unit: "grapheme", maxLength: 60 }).map(plain);
    const wide = [0, 1, 2].map((index) => ({ header: `C${index}`, cell: (row: readonly string[]) => row[index] ?? "" }));
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { maxLength: 5 }), fc.integer({ min: 22, max: 120 }), (rows, limit) => {
        for (const line of formatTable(wide, rows, uncolored, limit)) expect(widthOf(line)).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it("makes the server's text safe", () => {
    const lines = formatTable(columns, [{ name: "bad\u001b[2J\nname", pods: 1 }], uncolored);
    expect(lines).toHaveLength(2);
    expect(lines.join("")).not.toContain("\u001b");
  });
});

describe("formatFacts", () => {
  it("puts the values in one column", () => {
    expect(formatFacts([["Name", "storefront"], ["Namespace", "shop"], ["Labels", ""]], uncolored)).toEqual(["Name:      storefront", "Namespace: shop", "Labels:    -"]);
  });
});
