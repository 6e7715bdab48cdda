import { describe, expect, test } from "vitest";
import { IMPORT_LIMITS, parseManifests } from "#server/services/import/parse.ts";
import { createManifestReader } from "#server/services/import/read.ts";

const values = (yaml: string): unknown[] => {
  const outcome = parseManifests(yaml);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.errors));
  return outcome.value.map((document) => document.value);
};
const faults = (yaml: string): string[] => {
  const outcome = parseManifests(yaml);
  if (outcome.ok) throw new Error("accepted");
  for (const error of outcome.errors) expect(error).toMatchObject({ code: "INVALID_ARGUMENT", path: ["input", "yaml"] });
  return outcome.errors.map((error) => error.message);
};

describe("what is read", () => {
  test("documents that say something, each with its line", () => {
    const outcome = parseManifests("# first\n---\nkind: A\n---\n# empty\n---\nkind: B\n...\n");
    expect(outcome).toEqual({
      ok: true,
      value: [
        { value: { kind: "A" }, line: 3 },
        { value: { kind: "B" }, line: 7 },
      ],
    });
  });
  test("Lists, unfolded", () => expect(values("kind: List\nitems: [{kind: A}, {kind: B}]")).toEqual([{ kind: "A" }, { kind: "B" }]));
  test("anchors, aliases and merge keys", () => {
    expect(values("base: &base {a: 1, b: 2}\nother: {<<: *base, b: 3}\nagain: *base")).toEqual([
      { base: { a: 1, b: 2 }, other: { a: 1, b: 3 }, again: { a: 1, b: 2 } },
    ]);
  });
  test("Windows' line ends, a byte order mark, and JSON", () => {
    expect(values("\ufeffkind: A\r\nmetadata:\r\n  name: a\r\n")).toEqual([{ kind: "A", metadata: { name: "a" } }]);
    expect(values('{"kind": "A"}')).toEqual([{ kind: "A" }]);
  });
  test("a key that means something to JavaScript is a key like others", () => {
    const [value] = values("__proto__: {polluted: true}\nkind: A") as [Record<string, unknown>];
    expect(Object.keys(value)).toContain("__proto__");
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("what can't be read, with its line and column", () => {
  test.each<[string, string, RegExp]>([
    ["an unclosed list", "a: 1\nb: [1, 2", /at line 2, column \d+: /],
    ["bad indentation", "a:\n  b: 1\n c: 2", /at line 3, column \d+: /],
    ["a tab", "a:\n\tb: 1", /at line 2, column 1: /],
    ["two mappings on a line", "a: b: c", /at line 1, column 4: /],
    ["a key given twice", "a: 1\nb:\n  c: 1\n  c: 2", /at line 4, column 3: The key is given twice\./],
    ["a fault in a later document", "a: 1\n---\nb: [", /at line 3, column \d+: /],
    ["an unknown alias", "a: *nowhere", /at line 1, column \d+: .*alias/i],
    ["a cycle", "a: &a [1, *a]", /at line 1, column 1: It is nested too deeply\./],
    ["a merge of what is no map", "a: 1\nb:\n  <<: text", /at line 1, column 1: It merges \(<<\) what is no map/],
    ["a merge of an unknown alias", "a: {<<: *nowhere}", /at line 1, column 1: /],
    ["a map as a key, as templates of Helm have them", "a: 1\nb: {{ .Values.b }}", /at line 2, column 5: A key must be text\./],
    ["a list as a key", "? [a, b]\n: 1", /at line 1, column 3: A key must be text\./],
    ["an alias as a key", "a: &a b\n*a : c", /at line 2, column 1: A key must be text\./],
    ["nesting without end", `${"[".repeat(5_000)}${"]".repeat(5_000)}`, /at line 1, column \d+: It is nested too deeply\./],
  ])("%s", (_, yaml, expected) => expect(faults(yaml)[0]).toMatch(expected));

  test.each([
    ["an alias", "password: *canary-2b2b"],
    ["a block's header", "password: |canary-2b2b\n  x"],
    ["an escape", 'password: "canary\\q2b2b-canary-2b2b"'],
    ["what follows an end of text", 'password: "a" canary-2b2b'],
    ["a directive's version", "%YAML canary-2b2b\n---\na: 1"],
    ["a flow's rest", "{a: 1} canary-2b2b: [\n"],
    ["an anchor without a value", "a: &canary-2b2b *canary-2b2b"],
    ["what stands alone", "a: b\ncanary-2b2b"],
    ["a reserved sign", "a: @canary-2b2b"],
    ["a merge", "a: {<<: canary-2b2b}"],
    ["a map as a key", "data:\n  ? {password: canary-2b2b}\n  : x"],
    ["an alias as a key", "data:\n  password: &a canary-2b2b\n  *a : x"],
  ])("%s is not repeated: it might be a password", (_, yaml) => expect(faults(yaml).join(" ")).not.toContain("2b2b"));

  test("five faults are enough", () => expect(faults("a: b: c\n".repeat(100))).toHaveLength(5));
  test.each([
    ["a key given twice", "a: 1\n"],
    ["what is no YAML", "}\n"],
  ])("five are enough of %s, however many there are", (_, line) => expect(faults(line.repeat(200_000)).length).toBeLessThanOrEqual(5));
  test("aliases that unfold without end", () => {
    const layers = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1} [${Array.from({ length: 9 }, () => `*l${n}`).join(", ")}]`);
    expect(faults(["l0: &l0 [x, x]", ...layers].join("\n"))[0]).toMatch(/[Aa]lias/);
  });
  test("aliases within their number that unfold to too much", () => {
    const list = `[${"x,".repeat(5_000)}x]`;
    expect(faults(`a: &a ${list}\nb: [${Array.from({ length: 60 }, () => "*a").join(", ")}]`)[0]).toMatch(/more than 200000 values/);
  });
  test("nothing, and too many", () => {
    expect(faults("")).toEqual(["The YAML has no objects."]);
    expect(faults("---\nkind: A\n".repeat(IMPORT_LIMITS.documents + 1))).toEqual(["The YAML has more than 200 objects."]);
    expect(values("---\nkind: A\n".repeat(IMPORT_LIMITS.documents))).toHaveLength(200);
  });
  test("messages are short, whatever stands in the text", () => {
    for (const message of faults(`a: *${"n".repeat(10_000)}`)) expect(message.length).toBeLessThan(300);
  });
});

describe("the reader", () => {
  const manifest = (name: string): string => `---\nkind: A\nmetadata: {name: ${name}}\n`;
  test("reads a long text on a thread, as a short one here", { timeout: 30_000 }, async () => {
    const long = Array.from({ length: 150 }, (_, n) => `${manifest(`n${n}`)}note: "${"x".repeat(400)}"\n`).join("");
    expect(Buffer.byteLength(long)).toBeGreaterThan(32_768);
    expect(await createManifestReader()(long)).toEqual(parseManifests(long));
    const bad = `${long}---\na: [`;
    expect(await createManifestReader()(bad)).toEqual(parseManifests(bad));
  });
  test("takes turns when many long texts come at once", { timeout: 60_000 }, async () => {
    const read = createManifestReader();
    const long = manifest("a") + `note: "${"x".repeat(40_000)}"\n`;
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => read(long)));
    expect(outcomes.map((outcome) => outcome.ok)).toEqual(Array.from({ length: 6 }, () => true));
  });
  test("reads a map of very many keys in no more than linear time", async () => {
    let text = "kind: A\n";
    for (let index = 0; text.length < 900_000; index += 1) text += `k${index}: 1\n`;
    const started = performance.now();
    const outcome = await createManifestReader()(text);
    expect(performance.now() - started).toBeLessThan(30_000);
    // Read, or given up in time on a busy machine: never the minutes that comparing every key with every other takes.
    if (!outcome.ok) expect(outcome.errors[0]?.message).toMatch(/too complex/);
  }, 60_000);
});
