import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createDeadlines } from "#server/transport/deadlines.ts";

const never = <T>(): Promise<T> => new Promise(() => {});

describe("the time that work may take", () => {
  it("is told to what is too late, each at its own time, and to nothing else", async () => {
    const deadlines = createDeadlines(100);
    const late: number[] = [];
    const waits = [0, 40, 80].map(async (after) => {
      await sleep(after);
      const started = performance.now();
      expect(await deadlines.within(never<string>(), () => "late")).toBe("late");
      late.push(performance.now() - started);
    });
    expect(await deadlines.within(sleep(1).then(() => "done"), () => "late")).toBe("done");
    await expect(deadlines.within(Promise.reject<string>(new Error("no")), () => "late")).rejects.toThrow("no");
    await Promise.all(waits);
    for (const ms of late) expect(ms).toBeGreaterThanOrEqual(99);
  });

  it("begins anew for what comes after all else is done", async () => {
    const deadlines = createDeadlines(60);
    expect(await deadlines.within(Promise.resolve("done"), () => "late")).toBe("done");
    await sleep(40);
    const started = performance.now();
    expect(await deadlines.within(never<string>(), () => "late")).toBe("late");
    expect(performance.now() - started).toBeGreaterThanOrEqual(59);
    expect(await deadlines.within(never<string>(), () => "late again")).toBe("late again");
  });

  it("leaves what the work comes to afterwards to nobody", async () => {
    const deadlines = createDeadlines(10);
    const work = Promise.withResolvers<string>();
    expect(await deadlines.within(work.promise, () => "late")).toBe("late");
    work.reject(new Error("nobody hears of it"));
    await sleep(1);
  });
});
