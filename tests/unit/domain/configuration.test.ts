import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkConfigName, checkEntries, checkSecretContent, checkSize, mergeEntries, sameEntries, sortedEntries } from "#server/domain/configuration.ts";
import type { SecretType } from "#server/domain/states.ts";
import { selfSigned } from "#tests/support/certificate.ts";

const DATA = ["input", "data"];
const entries = (values: Readonly<Record<string, string>>) => Object.entries(values).map(([key, value]) => ({ key, value }));
const content = (type: SecretType, values: Readonly<Record<string, string>>): string[] => checkSecretContent(DATA, type, entries(values)).map(({ message }) => message);

describe("names", () => {
  test.each(["a", "0", "app.config", "a-b.c-d", "x".repeat(253)])("%s is one", (name) => expect(checkConfigName(["name"], "The name", name)).toEqual([]));
  test.each(["", "A", "a_b", "a b", "-a", "a-", ".a", "a.", "a..b", "a.-b", "é", "x".repeat(254), "a\n"])("%j is none", (name) => {
    expect(checkConfigName(["name"], "The name", name)).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["name"] }]);
  });
});

describe("keys", () => {
  test.each(["a", "A_b-c.9", ".bashrc", "-", "_", "x".repeat(253), "a..b"])("%s is one", (key) => expect(checkEntries(DATA, [{ key, value: "" }])).toEqual([]));
  test.each(["", ".", "..", "../etc/passwd", "..data", "a/b", "a b", "é", "x".repeat(254), "a\n"])("%j is none", (key) => {
    expect(checkEntries(DATA, [{ key, value: "canary" }])).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "data", "0", "key"] }]);
  });
  test("are unique", () => {
    expect(checkEntries(DATA, [{ key: "a", value: "1" }, { key: "b", value: "" }, { key: "a", value: "1" }])).toMatchObject([{ path: ["input", "data", "2", "key"], message: 'The key "a" is given twice.' }]);
  });
  test("that are wrong by the thousand don't make an answer of thousands", () => {
    expect(checkEntries(DATA, Array.from({ length: 5_000 }, () => ({ key: "/", value: "" })))).toHaveLength(20);
  });
});

test("all values together have at most 1 MiB, in bytes and not in characters", () => {
  expect(checkSize(DATA, [{ key: "a", value: "x".repeat(1024 * 1024 - 3) }, { key: "b", value: "€" }])).toEqual([]);
  expect(checkSize(DATA, [{ key: "a", value: "x".repeat(1024 * 1024 - 2) }, { key: "b", value: "€" }])).toMatchObject([{ message: expect.stringContaining("1048577 bytes") as string }]);
  expect(checkSize(DATA, Array.from({ length: 4_097 }, (_, n) => ({ key: `${n}`, value: "" })))).toMatchObject([{ message: expect.stringContaining("4097 keys") as string }]);
  expect(checkSize(DATA, [])).toEqual([]);
});

describe("a Secret's type", () => {
  const login = { server: "registry.example", username: "me", password: "canary" };
  test("OPAQUE holds anything, but something", () => {
    expect(content("OPAQUE", { any: "" })).toEqual([]);
    expect(content("OPAQUE", {})).toEqual(["A Secret needs at least one key."]);
  });
  test("REGISTRY holds a login, whole, and nothing else", () => {
    expect(content("REGISTRY", login)).toEqual([]);
    for (const missing of Object.keys(login)) {
      expect(content("REGISTRY", Object.fromEntries(Object.entries(login).filter(([key]) => key !== missing)))).toEqual([expect.stringContaining(`${missing} is missing`)]);
      expect(content("REGISTRY", { ...login, [missing]: " " })).toEqual([`The value of ${missing} is empty.`]);
    }
    expect(content("REGISTRY", { ...login, email: "x" })).toEqual([expect.stringContaining('"email" is none of them')]);
  });

  describe("TLS", () => {
    const [one, other, rsa] = [selfSigned("one.example"), selfSigned("other.example"), selfSigned("rsa.example", "rsa")];
    const tls = (crt: string, key: string): string[] => content("TLS", { "tls.crt": crt, "tls.key": key });

    test("holds a certificate, or a chain, and its own key", () => {
      expect(tls(one.crt, one.key)).toEqual([]);
      expect(tls(rsa.crt, rsa.key)).toEqual([]);
      expect(tls(one.crt + other.crt, one.key)).toEqual([]);
      expect(tls(`subject=one\n${one.crt}`, one.key)).toEqual([]);
    });
    test("is refused where they don't belong together, also in the wrong order", () => {
      for (const [crt, key] of [[one.crt, other.key], [other.crt + one.crt, one.key], [rsa.crt, one.key]] as const) expect(tls(crt, key)).toEqual([expect.stringContaining("don't belong together")]);
    });
    test("is refused where one of them is none, and the message shows nothing of it", () => {
      const broken = one.crt.replace(/\n.{10}/, "\ncanarycana");
      for (const crt of ["", "canary", one.key, broken, one.crt + broken]) expect(tls(crt, one.key)).toEqual([expect.stringContaining("The value of tls.crt must be")]);
      for (const key of ["", "canary", one.crt, one.encryptedKey, one.key.slice(0, -40)]) expect(tls(one.crt, key)).toEqual([expect.stringContaining("The value of tls.key must be")]);
      for (const message of [...tls(broken, one.key), ...tls(one.crt, "canary")]) expect(message).not.toContain("canary");
      expect(content("TLS", { "tls.crt": one.crt })).toEqual([expect.stringContaining("tls.key is missing")]);
      expect(content("TLS", { "tls.crt": one.crt, "tls.key": one.key, "ca.crt": one.crt })).toEqual([expect.stringContaining('"ca.crt" is none of them')]);
    });
  });
});

const some = fc.uniqueArray(fc.record({ key: fc.string({ minLength: 1, maxLength: 4 }), value: fc.string({ maxLength: 4 }) }), { selector: ({ key }) => key, maxLength: 6 });

test("merging sets what is given, takes away what is named, keeps the rest, and is the same a second time", () => {
  fc.assert(
    fc.property(some, some, fc.array(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 4 }), (before, set, remove) => {
      const merged = mergeEntries(before, set, remove);
      const value = (list: typeof before, key: string): string | undefined => list.find((one) => one.key === key)?.value;
      for (const key of new Set([...before, ...set, ...merged].map((one) => one.key))) {
        expect(value(merged, key)).toBe(value(set, key) ?? (remove.includes(key) ? undefined : value(before, key)));
      }
      expect(sortedEntries(merged)).toEqual(merged);
      expect(sameEntries(mergeEntries(merged, set, []), merged)).toBe(true);
      expect(sameEntries(merged, sortedEntries(before))).toBe(JSON.stringify(merged) === JSON.stringify(sortedEntries(before)));
    }),
  );
});
