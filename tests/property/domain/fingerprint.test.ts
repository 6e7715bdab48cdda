import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "#server/domain/canonical.ts";
import { fingerprintOf } from "#server/services/idempotency.ts";
import { auditInput } from "#server/services/audit.ts";

const KEY = Buffer.alloc(32, 1);
const input = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 8 }).filter((key) => key !== "__proto__"),
  fc.jsonValue({ maxDepth: 3 }),
  { maxKeys: 6 },
);
const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, shuffled(member)]),
  );
};

test("the order of members makes no difference", () => {
  fc.assert(
    fc.property(input, (value) => {
      expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
      expect(fingerprintOf(KEY, shuffled(value) as object)).toBe(fingerprintOf(KEY, value));
    }),
  );
});

test("different inputs have different fingerprints, equal ones the same under any idempotencyKey", () => {
  fc.assert(
    fc.property(input, input, fc.string(), (one, other, key) => {
      const same = canonicalJson(JSON.parse(JSON.stringify(one))) === canonicalJson(JSON.parse(JSON.stringify(other)));
      const { idempotencyKey: _one, ...first } = one;
      const { idempotencyKey: _other, ...second } = other;
      if (same) expect(fingerprintOf(KEY, first)).toBe(fingerprintOf(KEY, second));
      else if (canonicalJson(JSON.parse(JSON.stringify(first))) !== canonicalJson(JSON.parse(JSON.stringify(second))))
        expect(fingerprintOf(KEY, first)).not.toBe(fingerprintOf(KEY, second));
      expect(fingerprintOf(KEY, { ...first, idempotencyKey: key })).toBe(fingerprintOf(KEY, first));
    }),
  );
});

test("a fingerprint depends on its key, and on moments", () => {
  expect(fingerprintOf(Buffer.alloc(32, 2), { a: 1 })).not.toBe(fingerprintOf(KEY, { a: 1 }));
  expect(fingerprintOf(KEY, { at: new Date(1) })).not.toBe(fingerprintOf(KEY, { at: new Date(2) }));
});

test("an audit entry's input is storable and bounded, whatever was asked for, and tells no environment value, entry of a ConfigMap or Secret, or document", () => {
  const secret = "canary-c0de";
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string({ maxLength: 8 }).filter((key) => key !== "__proto__"),
        fc.anything({ withBigInt: false, maxDepth: 4, withDate: true }),
        { maxKeys: 8 },
      ),
      (value) => {
        const given = {
          ...value,
          yaml: secret,
          data: [{ key: "a", value: secret }, { value: secret, key: { deep: secret } }, secret],
          template: { containers: [{ env: [{ name: "A", source: { value: secret } }, { value: secret }], livenessProbe: { handler: { httpGet: { headers: [{ name: "Authorization", value: secret }] } } } }] },
        };
        const text = JSON.stringify(auditInput(given));
        expect(text.length).toBeLessThan(17_000);
        expect(text).not.toContain(secret);
        expect(text).not.toContain("\\u0000");
        expect(text.isWellFormed()).toBe(true);
      },
    ),
  );
});
