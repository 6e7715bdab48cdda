import fc from "fast-check";
import { expect, it } from "vitest";
import { News, Rounds } from "#server/fleet/agent/news.ts";

it("news wait from the first making of reports that leaves them out, wherever they came from", () => {
  const rounds = new Rounds();
  const [changed, gone] = [new News<number>(rounds), new News<string>(rounds)];
  changed.add(1);
  expect(rounds.oldestMs).toBe(Infinity);
  rounds.end(100);
  changed.add(1);
  changed.add(2);
  rounds.end(200);
  expect(rounds.oldestMs).toBe(100);
  gone.add("one", changed.delete(1));
  expect(rounds.oldestMs).toBe(100);
  expect(changed.take(5)).toEqual([2]);
  expect(gone.take(5)).toEqual(["one"]);
  expect(rounds.oldestMs).toBe(Infinity);
});

it("the oldest are found as if each knew its own time, and leave in the order in which they came", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), item: fc.nat(9) }), fc.record({ kind: fc.constant("delete" as const), item: fc.nat(9) }), fc.record({ kind: fc.constant("moves" as const), item: fc.nat(9) }),
    fc.record({ kind: fc.constant("make" as const), item: fc.nat(4) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const rounds = new Rounds();
    const [news, others] = [new News<number>(rounds), new News<number>(rounds)];
    const [model, otherModel] = [new Map<number, number>(), new Map<number, number>()];
    for (const [wallMs, { kind, item }] of steps.entries()) {
      if (kind === "add") {
        news.add(item);
        if (!model.has(item)) model.set(item, Infinity);
      }
      if (kind === "delete") {
        news.delete(item);
        model.delete(item);
      }
      if (kind === "moves" && !otherModel.has(item)) {
        others.add(item, news.delete(item));
        otherModel.set(item, model.get(item) ?? Infinity);
        model.delete(item);
      }
      if (kind === "make") {
        rounds.end(wallMs);
        for (const each of [model, otherModel]) for (const [key, since] of each) each.set(key, Math.min(since, wallMs));
        const first = [...model.keys()].slice(0, item);
        expect(news.take(item)).toEqual(first);
        for (const key of first) model.delete(key);
      }
      expect([...news.keys(), ...others.keys()]).toEqual([...model.keys(), ...otherModel.keys()]);
      expect(rounds.oldestMs).toBe(Math.min(Infinity, ...model.values(), ...otherModel.values()));
    }
  }));
});
