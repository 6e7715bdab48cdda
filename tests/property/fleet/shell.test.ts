/**
 * The simulated shell before a hostile user, and beside a real one. Random scripts, whole and broken: none takes long at a step, none holds much, none throws, none reaches what runs it. And random
 * scripts without side effects show and answer what dash does.
 */
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ContainerSpec } from "#server/domain/pod-template.ts";
import { SimulatedTerminal } from "#server/fleet/simulator/shell/terminal.ts";
import type { ContainerWorld } from "#server/fleet/simulator/shell/world.ts";
import { seededRandom } from "#tests/support/random.ts";

const seed = Number(process.env["SELVEDGE_TEST_SEED"] ?? randomInt(2 ** 31));
const SPEC: ContainerSpec = { name: "main", image: "shop/web:1", cpuMillis: 100, memoryMiB: 64, command: ["/web"], args: [], stdin: false, tty: false, ports: [], env: [] };
const world: ContainerWorld = {
  view: { podName: "web-1", namespace: "default", nodeName: "n-1", address: "10.0.0.5", startedAt: 0, environment: { GREETING: "hello" }, spec: SPEC },
  now: () => 1_000_000, mounted: () => ({ "/etc/app/app.conf": "a=1\nb=2\n" }), service: () => null,
};

interface Outcome {
  readonly out: string;
  readonly code: number | null;
}
function runs(script: string, visits = 4_000): Outcome {
  // There is nothing in /tmp that a pattern could match.
  const terminal = new SimulatedTerminal(world, ["sh", "-c", `cd /tmp; ${script}`], { columns: 0, rows: 0 });
  let out = "";
  for (let visit = 0; visit < visits && terminal.exitCode === null; visit += 1) {
    const until = terminal.run(1_000_000, 500);
    out += terminal.take(Infinity);
    if (until === Infinity && !terminal.hasShown && terminal.exitCode === null) break;
  }
  return { out, code: terminal.exitCode };
}

/** A script of what both shells know, that ends by itself. Names of variables are few, so that they meet. */
function scriptOf(random: () => number): string {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  const name = (): string => pick(["a", "b", "c"]);
  const number = (): string => pick(["0", "1", "2", "7", "-3", "010", "0x1f"]);
  const arithmetic = (depth: number): string => {
    if (depth <= 0) return pick([number, name, () => `$${name()}`, () => `(${number()})`])();
    const [left, right] = [arithmetic(depth - 1), arithmetic(depth - 1)];
    return pick([`${left} ${pick(["+", "-", "*", "&", "|", "^", "<", "<=", ">", ">=", "==", "!=", "&&", "||", "<<", "/", "%"])} ${right}`, `(${left})`, `${pick(["-", "!", "~"])} (${left})`, `${name()} = ${right}`, `(${left}) ? (${right}) : ${number()}`]);
  };
  const pattern = (): string => pick(["*", "a*", "*b", "?", "x.*", "[a-c]*", "[!a]*", "'*'", "\\*", "*.*", "\"$a\""]);
  const expansion = (depth: number): string =>
    pick([
      () => `$${name()}`, () => `\${${name()}}`, () => `\${#${name()}}`, () => `\${${name()}${pick([":-", "-", ":+", "+", ":=", "="])}${word(depth - 1)}}`, () => `\${${name()}${pick(["%", "%%", "#", "##"])}${pattern()}}`,
      () => `$((${arithmetic(depth > 1 ? 2 : 1)}))`, () => `$( ${depth > 0 ? command(depth - 1) : "echo x"})`, () => "`echo y z`", () => pick(["$#", "$1", "$2", "$@", "$*", "$?"]),
    ])();
  const plain = (): string => pick(["x", "a.b.c", "one", "-", "=", "a/b", ",", "x:y"]);
  const word = (depth: number): string =>
    Array.from({ length: 1 + below(2) }, () =>
      pick([plain, plain, () => `'${pick(["a  b", "$x", "*", "", "\"", "\\"])}'`, () => `"${pick(["a  b", "*", "", "'", "\\$x", "\\\\"])}"`, () => pick(["\\*", "\\ ", "\\$", "\\'"]), () => (depth > 0 ? expansion(depth) : "z"), () => (depth > 0 ? `"${expansion(depth).replaceAll('"', "")}"` : "w")])(),
    ).join("");
  const words = (depth: number): string => Array.from({ length: below(3) }, () => word(depth)).join(" ");
  const shows = (depth: number): string => pick([`printf '[%s]' x ${words(depth)}`, `printf '%s\\n' ${word(depth)}`, `for i in ${words(depth)}; do printf '<%s>' "$i"; done`]);
  const command = (depth: number): string => {
    if (depth <= 0) return pick([shows(0), "true", "false", `${name()}=${word(0)}`]);
    const inner = (): string => list(depth - 1);
    return pick([
      () => shows(depth), () => shows(depth), () => `${name()}=${word(depth)}`, () => `set -- ${words(depth)}`, () => `if ${inner()}; then ${inner()}; else ${inner()}; fi`,
      () => `for ${name()} in ${words(depth)}; do ${inner()}; ${pick(["", "break; ", "continue; "])}done`, () => `case ${word(depth)} in ${pattern()}) ${inner()};; ${pattern()}|${pattern()}) ${inner()};; esac`,
      () => `(${inner()})`, () => `{ ${inner()}; }`, () => `f() { ${list(0)}; ${pick(["return 3", "local a; a=1", ":"])}; }; f ${words(depth)}`, () => `${command(depth - 1)} | cat`, () => `! ${command(0)}`,
      () => `IFS=${pick([":", "' '", "', '", "''"])}`, () => `unset ${name()}`, () => `[ "${word(0).replaceAll('"', "")}" ${pick(["=", "!="])} ${word(0)} ]`, () => `echo "${pick(["one two", "x:y:z", " a  b "])}" | { read a b; printf '%s|%s' "$a" "$b"; }`,
      () => `cat <<E\n${pick(["$a", "x $b y", "\\$c", "\"q\" $((1 + 1))", "$( echo in)"])}\nE\n`, () => `eval "${name()}=${plain()}"`,
    ])();
  };
  const list = (depth: number): string => {
    const commands = Array.from({ length: 1 + below(2) }, () => command(depth));
    return commands.reduce((before, next) => `${before}${before.endsWith("\n") ? "" : pick(["; ", "; ", " && ", " || "])}${next}`).replace(/\n$/, "\n:");
  };
  return `a=${pick(["1", "'x y'", "x.y.z", "''"])}; ${Array.from({ length: 3 }, () => list(2)).join("\n")}\nprintf '%s' "end $?"`;
}

describe("beside dash", () => {
  const hasDash = spawnSync("dash", ["-c", ":"]).status === 0;
  const SCRIPTS = 400;
  test.skipIf(!hasDash)(`${SCRIPTS} random scripts show the same, where dash has nothing to complain of (seed ${seed}; skipped where there is no dash)`, () => {
    const random = seededRandom(seed);
    const folder = mkdtempSync(path.join(tmpdir(), "selvedge-shell-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const scripts = Array.from({ length: SCRIPTS }, () => scriptOf(random));
    let compared = 0;
    // One process for all of them: each in a subshell, with what it shows and says framed.
    const frame = "\u0001";
    const differences: unknown[] = [];
    for (let from = 0; from < scripts.length; from += 50) {
      const some = scripts.slice(from, from + 50);
      const quoted = some.map((script) => `dash -c '${script.replaceAll("'", "'\\''")}' 2>&1 </dev/null; printf '${frame}%s${frame}' $?`).join("\n");
      const { stdout } = spawnSync("dash", ["-c", quoted], { cwd: folder, env: { PATH: process.env["PATH"] ?? "", HOME: "/root", GREETING: "hello" }, encoding: "utf8", timeout: 60_000 });
      const parts = stdout.split(frame);
      for (const [index, script] of some.entries()) {
        const theirs = { out: parts[2 * index], code: Number(parts[2 * index + 1]) };
        // What it complains of, each says in words of its own; a name is looked for among other files.
        if (/dash: \d+: |cat: |eval: /.test(theirs.out ?? "")) continue;
        compared += 1;
        const ours = runs(script);
        if (ours.out !== theirs.out || ours.code !== theirs.code) differences.push({ script, ours, theirs });
      }
    }
    expect(differences.slice(0, 5)).toEqual([]);
    expect(compared).toBeGreaterThan(SCRIPTS / 4);
  }, 120_000);
});
