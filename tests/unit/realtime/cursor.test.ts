import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RequestError } from "#server/domain/request-error.ts";
import { type Cursor, formatCursor, parseCursor, subscriptionKey } from "#server/realtime/cursor.ts";

const whole = fc.maxSafeNat();
const cursors: fc.Arbitrary<Cursor> = fc.record({
  position: fc.record({ term: fc.nat(), xid: whole, seq: whole }),
  incomplete: fc.boolean(),
  issuedAt: whole,
  of: fc.string({ maxLength: 16, unit: fc.constantFrom(..."abcXYZ019-_") }),
});

describe("cursors", () => {
  it("come back as they went out", () => {
    fc.assert(
      fc.property(cursors, (cursor) => {
        expect(parseCursor(formatCursor(cursor))).toEqual(cursor);
      }),
    );
  });

  it("are refused where they never were cursors, without being repeated", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString("base64url"))), (text) => {
        expect(() => parseCursor(text)).toThrow(RequestError);
      }),
    );
    const [head, ...rest] = JSON.parse(Buffer.from(formatCursor({ position: { term: 1, xid: 2, seq: 3 }, incomplete: false, issuedAt: 4, of: "x" }), "base64url").toString()) as unknown[];
    expect(head).toBe(1);
    for (const broken of [[2, ...rest], [1, -1, 2, 3, 0, 4, "x"], [1, 1.5, 2, 3, 0, 4, "x"], [1, 1, 2, 3, 2, 4, "x"], [1, 1, "2; drop table", 3, 0, 4, "x"]]) {
      expect(() => parseCursor(Buffer.from(JSON.stringify(broken)).toString("base64url"))).toThrow(RequestError);
    }
  });
});

describe("what a cursor belongs to", () => {
  it("does not depend on the order in which a filter was written", () => {
    expect(subscriptionKey("Pod", { filter: { ready: true, phases: ["RUNNING"] } })).toBe(subscriptionKey("Pod", { filter: { phases: ["RUNNING"], ready: true } }));
  });
  it("differs by type, tenant and filter", () => {
    const keys = [subscriptionKey("Pod", "a", {}), subscriptionKey("Pod", "b", {}), subscriptionKey("Application", "a", {}), subscriptionKey("Pod", "a", { filter: { ready: true } })];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
