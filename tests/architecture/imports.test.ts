import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { type Layer, layerOf, readLayers, resolve, violations } from "./layers.ts";
import { importsOf, linesWith, moduleState, tokenize } from "./scan.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const layers = readLayers(readFileSync(path.join(ROOT, "ARCHITECTURE.md"), "utf8"));
const sources = (patterns: readonly string[]): { file: string; text: string }[] =>
  globSync([...patterns], { cwd: ROOT }).toSorted().map((file) => ({ file, text: readFileSync(path.join(ROOT, file), "utf8") }));
const places = (file: string, lines: readonly number[]): string[] => lines.map((line) => `${file}:${line}`);

const product = sources(["{server,schema,clients,migrations}/**/*.{ts,mjs}"]);

describe("the product", () => {
  test("every file belongs to a row of the table, and every row to a file", () => {
    expect(product.map(({ file }) => file).filter((file) => !layerOf(file, layers))).toEqual([]);
    const used = new Set(product.map(({ file }) => layerOf(file, layers)));
    expect(layers.filter((layer) => !used.has(layer)).map(({ places: [place] }) => place)).toEqual([]);
  });

  test("nobody imports whom the table does not allow", () => {
    expect(product.flatMap(({ file, text }) => violations(file, importsOf(text), layers))).toEqual([]);
  });

  test("inside a layer imports are relative, and every relative one names its file with its ending", () => {
    const wrong = product.flatMap(({ file, text }) =>
      importsOf(text).filter(({ specifier }) => {
        const target = resolve(file, specifier);
        return target !== null && (!/\.(ts|mjs|json)$/.test(target) || (specifier.startsWith("#") && layerOf(target, layers) === layerOf(file, layers)));
      }).map(({ specifier }) => `${file}: ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test("only the configuration and the command line read the environment", () => {
    const allowed = (file: string): boolean => file.startsWith("server/config/") || file.startsWith("clients/cli/");
    expect(product.filter(({ file }) => !allowed(file)).flatMap(({ file, text }) => places(file, linesWith(tokenize(text), ["process", ".", "env"])))).toEqual([]);
  });

  test("time and chance are arguments: none in the rules, the planners and the simulator", () => {
    // Keys and nonces are chance that nobody may choose.
    const encrypts = "server/domain/envelope.ts";
    const pure = product.filter(({ file }) => (file.startsWith("server/domain/") && file !== encrypts) || file.startsWith("server/fleet/simulator/") || path.basename(file) === "plan.ts");
    expect(pure.length).toBeGreaterThan(20);
    pure.push(...product.filter(({ file }) => /^plan-[a-z]+\.ts$/.test(path.basename(file))));
    const impure = [["Date", ".", "now"], ["new", "Date", "(", ")"], ["Math", ".", "random"], ["performance", ".", "now"], ["randomUUID"], ["randomUUIDv7"], ["randomBytes"]];
    expect(pure.flatMap(({ file, text }) => impure.flatMap((run) => places(file, linesWith(tokenize(text), run))))).toEqual([]);
  });

  test("no module keeps state", () => {
    const server = product.filter(({ file }) => /^(server|schema)\//.test(file));
    expect(server.flatMap(({ file, text }) => places(file, moduleState(tokenize(text))))).toEqual([]);
  });
});

test("scenarios and conformance tests see the product as its users do", () => {
  const outside = sources(["tests/{scenarios,conformance}/**/*.ts"]);
  const wrong = outside.flatMap(({ file, text }) =>
    importsOf(text).flatMap(({ specifier, line }) => {
      const target = resolve(file, specifier);
      return target === null || /^(clients|tests)\//.test(target) ? [] : [`${file}:${line}: ${target}`];
    }),
  );
  expect(wrong).toEqual([]);
});

describe("the checks themselves", () => {
  const table = (rows: readonly string[]): Layer[] => readLayers(["| folder | what it is | may import |", "|---|---|---|", ...rows, ""].join("\n"));
  const small = table(["| server/domain | rules | nothing of ours |", "| server/read | reads | domain, config (by type), schema/shared/mapping |", "| server/config | settings | domain |", "| server/gateway | link | realtime (append only), fleet/link |", "| server/realtime | timeline | domain |", "| server/fleet | agents | fleet/link |", "| server/fleet/link.ts | protocol | domain |", "| schema | types | server/domain; everything else by type |"]);
  const judge = (file: string, text: string): string[] => violations(file, importsOf(text), small).map(({ imports, reason }) => `${imports}: ${reason}`);

  test.each([
    ["server/domain/a.ts", 'import { b } from "../read/b.ts";', ["server/read/b.ts: server/domain may not import it"]],
    ["server/domain/a.ts", 'import type { B } from "../read/b.ts";', ["server/read/b.ts: server/domain may not import it"]],
    ["server/domain/a.ts", 'import { c } from "./c.ts"; import fs from "node:fs"; import { z } from "zod";', []],
    ["server/read/a.ts", 'import { c } from "../config/c.ts";', ["server/config/c.ts: only by type"]],
    ["server/read/a.ts", 'import type { C } from "../config/c.ts";', []],
    ["server/read/a.ts", 'import { type C } from "../config/c.ts";', ["server/config/c.ts: only by type"]],
    ["server/read/a.ts", 'export * from "#schema/pod/type.ts";', ["schema/pod/type.ts: server/read may not import it"]],
    ["server/read/a.ts", 'export { sql } from "#schema/shared/mapping/sql.ts";', []],
    ["server/read/a.ts", 'const late = await import("../gateway/g.ts");', ["server/gateway/g.ts: server/read may not import it"]],
    ["server/read/a.ts", 'import "../gateway/g.ts";', ["server/gateway/g.ts: server/read may not import it"]],
    ["server/gateway/a.ts", 'import { appendTimeline } from "../realtime/timeline.ts"; import type { Bus } from "../realtime/bus.ts";', []],
    ["server/gateway/a.ts", 'import { bus } from "../realtime/bus.ts";', ["server/realtime/bus.ts: only by type"]],
    ["server/gateway/a.ts", 'import { LIMIT } from "../fleet/link.ts"; import { createFleet } from "../fleet/fleet.ts";', ["server/fleet/fleet.ts: server/gateway may not import it"]],
    ["server/fleet/simulator/a.ts", 'import type { P } from "../../domain/p.ts";', ["server/domain/p.ts: server/fleet may not import it"]],
    ["schema/pod/type.ts", 'import { states } from "../../server/domain/states.ts"; import type { Pod } from "../../server/read/pod.ts";', []],
    ["schema/pod/type.ts", 'import { run } from "../../server/read/run.ts";', ["server/read/run.ts: only by type"]],
    ["server/unknown/a.ts", "", [": its folder has no row in ARCHITECTURE.md"]],
  ])("a planted import is judged: %s, %s", (file, text, expected) => {
    expect(judge(file, text)).toEqual(expected);
  });

  test("imports are found among everything that looks like one", () => {
    const text = [
      "#!/usr/bin/env node",
      '// import { a } from "./commented.ts"',
      '/* import "./also.ts" */',
      'const text = "import x from \'./string.ts\'"; const slash = a / b; const re = /import "\\.\\/[/"]regex.ts"/g;',
      "const t = `import './template.ts' ${ await import(\"./dynamic.ts\") } ${ { a: `${1}` } } import './tail.ts'`;",
      "import a, { b as c } from './one.ts';",
      'import type from "./default-named-type.ts";',
      "import type D from './two.ts'; import * as all from './three.ts';",
      'import data from "./four.json" with { type: "json" };',
      "export { e } from './five.ts'; export type { F } from './six.ts'; export * as g from './seven.ts';",
      'export const h = "from"; const from = "./not.ts"; export { h as i };',
      "import.meta.url; thing.import('./method.ts');",
    ].join("\n");
    expect(importsOf(text).map(({ specifier, typeOnly }) => (typeOnly ? `type ${specifier}` : specifier))).toEqual([
      "./dynamic.ts", "./one.ts", "./default-named-type.ts", "type ./two.ts", "./three.ts", "./four.json", "./five.ts", "type ./six.ts", "./seven.ts",
    ]);
  });

  test("what is forbidden is found where it is, and nowhere else", () => {
    const tokens = tokenize('// process.env\nconst a = "process.env"; b.process.env;\nprocess\n  .env.HOME; let inner = `${process.env.X}`;');
    expect(linesWith(tokens, ["process", ".", "env"])).toEqual([3, 4]);
    expect(linesWith(tokenize("new Date(); new Date(5); new Date ( ) ;"), ["new", "Date", "(", ")"])).toHaveLength(2);
    expect(moduleState(tokenize("const a = () => { let b = 1; };\nlet c = 2;\nexport let d;\nfor (let e of f) { var g; }\nconst h = `${'x'}`; var i;"))).toEqual([2, 3, 5]);
  });

  test("a table that says what nobody understands is refused", () => {
    expect(() => table(["| server/x | x | whoever asks nicely |"])).toThrow(/does not understand/);
    expect(() => readLayers("no table")).toThrow(/has no table/);
  });
});
