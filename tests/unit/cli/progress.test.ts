import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bar, createProgress, pictureLines } from "#clients/cli/progress.ts";
import { widthOf } from "#clients/cli/text.ts";
import { eventually } from "#tests/support/eventually.ts";
import { recordedTerminal } from "#tests/support/terminal.ts";

const uncolored = (_color: string, text: string): string => text;
const part = fc.record({ name: fc.string({ unit: "grapheme", maxLength: 30 }).filter((text) => !/[\u0000-\u001f\u007f-\u009f]/.test(text)), completed: fc.nat(50), total: fc.nat(50), note: fc.constant("DEPLOYING") });

describe("the picture", () => {
  it("is never wider or higher than the terminal, else it could not be redrawn", () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), fc.integer({ min: 24, max: 160 }), fc.integer({ min: 6, max: 60 }), fc.boolean(), (parts, columns, rows, trouble) => {
        const picture = { title: "12 applications on 5 clusters", completed: 3, total: 60, percent: 5, unit: "pods", remark: null, parts };
        const lines = pictureLines(picture, trouble ? "connection lost" : null, "12s", { columns, rows, write: () => {} }, uncolored, "⠋");
        expect(lines.length).toBeLessThan(rows);
        for (const line of lines) expect(widthOf(line)).toBeLessThan(columns);
      }),
    );
  });

  it("shows the percent, the pods, the time, and what is not ready yet first", () => {
    const parts = [{ name: "basket", completed: 5, total: 5, note: "RUNNING" }, { name: "storefront", completed: 2, total: 5, note: "DEPLOYING" }];
    const picture = { title: "shop", completed: 7, total: 10, percent: 70, unit: "pods", remark: null, parts };
    const lines = pictureLines(picture, null, "41s", { columns: 100, rows: 30, write: () => {} }, uncolored, "⠋");
    expect(lines[0]).toMatch(/shop .*70% .*7\/10 pods .*41s/);
    expect(lines[1]).toMatch(/storefront +2\/5 +DEPLOYING/);
    expect(lines[2]).toMatch(/basket +5\/5 +RUNNING/);
  });

  it("fills the bar with the percent", () => {
    expect([bar(0, 4), bar(50, 4), bar(99.9, 4), bar(100, 4)]).toEqual(["[░░░░]", "[██░░]", "[███░]", "[████]"]);
  });
});

describe("on a terminal", () => {
  it("redraws in place and leaves nothing behind", async () => {
    const terminal = recordedTerminal({ isTTY: true });
    const progress = createProgress(terminal, "shop");
    progress.update({ completed: 5, total: 10, percent: 50 });
    await eventually(() => expect(terminal.written.err).toContain("5/10 pods"));
    progress.connection("connection lost");
    await eventually(() => expect(terminal.written.err).toContain("reconnecting… (connection lost)"));
    progress.stop();
    // From the first column: an echoed ^C has moved the cursor.
    expect(terminal.written.err).toMatch(/\r\u001b\[\d+A\u001b\[0J$/);
  });
});

describe("in a log", () => {
  it("writes plain lines: the start, a lost and a regained connection, the end", () => {
    const terminal = recordedTerminal();
    const progress = createProgress(terminal, "shop");
    progress.update({ completed: 0, total: 10 });
    progress.connection("connection lost");
    progress.connection("still lost");
    progress.connection(null);
    progress.update({ completed: 10, total: 10, percent: 100 });
    progress.stop();
    expect(terminal.written.err).not.toContain("\u001b");
    expect(terminal.written.err.trim().split("\n").map((line) => line.trim().replace(/^\S+ +/, ""))).toEqual([
      "shop: 0%, 0/10 pods",
      "reconnecting… (connection lost)",
      "connected again",
      "shop: 100%, 10/10 pods",
    ]);
  });
});
