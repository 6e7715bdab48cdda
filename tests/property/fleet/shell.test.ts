/**
 * The simulated shell before a hostile user, and beside a real one. Random scripts, whole and broken: none takes long at a step, none holds much, none throws, none reaches what runs it. And random
 * scripts without side effects show and answer what dash does.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ContainerSpec } from "#server/domain/pod-template.ts";
import { SimulatedTerminal } from "#server/fleet/simulator/shell/terminal.ts";
import type { ContainerWorld } from "#server/fleet/simulator/shell/world.ts";
import { seededRandom } from "#tests/support/random.ts";
import { testSeed } from "#tests/support/seed.ts";

const seed = testSeed();
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
  const SCRIPTS = 150;
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

describe("before a hostile user", () => {
  const SCRIPTS = 300;
  /** Of the time of one visit, also on a machine that does much else. */
  const VISIT_MS = 1_500;
  const STEPS = 500;
  /** What is shown and not taken: beyond what a terminal holds, one piece of a program. */
  const MOST_SHOWN = 400_000;
  /** Of all heap that one script may take, with what is not collected yet. */
  const MOST_HEAP = 300e6;
  const NASTY = [
    "f() { f; }; f", "f() { f | f & }; f", "x=$(yes)", "while :; do x=$x$x; x=${x:-a}; done", "eval \"$0 $*\"", "sh -c 'sh -c \"sh\"'", "a='f() { eval \"$a\"; }; f'; eval \"$a\"", "yes | yes | yes", "cat /dev/zero", "cat < /proc/self/environ",
    "echo ${x:?$(cat /etc/shadow)}", "x=`yes | head -c 300000`; echo ${x%%*a*b*c*d}", "seq 1 99999999 | sort", "seq 1 999999 | tail -f", "grep '((((a*)*)*)*)*b' /bin/*", "printf '%999d%999d%999d' 1 2 3", "set -- $(seq 1 5000)", "echo $((9223372036854775807 * 9223372036854775807 << 63))",
    "cd ../../../../proc/self/root; ls -la; cat ../../../etc/passwd", "__proto__=1; constructor=2; export __proto__ toString=3; env; echo $__proto__ $hasOwnProperty", "mkdir /tmp/__proto__; echo x > /tmp/__proto__/polluted; ls /tmp", "tr '[:__proto__:]' x", "type __proto__ constructor; __proto__; constructor; toString",
    "read __proto__ polluted", "for __proto__ in 1; do :; done", "__proto__() { echo; }; __proto__", "case aaaaaaaaaaaaaaaaaaaaaaaaaaaaa in *a*a*a*a*a*a*a*a*a*b) ;; esac", "trap '' 2; while :; do sleep 0; done", "curl file:///etc/passwd", "curl -o /etc/passwd http://169.254.169.254/", "exec 2>&1; exec sh", ". /dev/null; . /bin/sh",
    "echo {1..99999999}", "x=1; while [ ${#x} -lt 999999999 ]; do x=$x$x$x; done", "(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1", "$(".repeat(2_000), "`".repeat(1_001), "${a".repeat(500), "{ ".repeat(5_000), "if ".repeat(3_000), "! ".repeat(9_000), "<<E ".repeat(500), "case x in ".repeat(300), "f() ".repeat(2_000), "\"$((".repeat(300), "((".repeat(4_000), "\\".repeat(60_000), "a=".repeat(30_000), "*".repeat(30_000), "['[^".repeat(900), "-".repeat(10).concat("$((", "-".repeat(20_000), "1))"), `echo $((${"(".repeat(400)}1${")".repeat(400)}))`,
  ];
  const changed = (script: string, random: () => number): string => {
    let text = script;
    for (let count = 1 + Math.floor(random() * 4); count > 0; count -= 1) {
      const at = Math.floor(random() * text.length);
      const sign = "'\"`$(){}[]|&;<>*?#!\\\n\0\u0003\u0004 =%:/\ud800é"[Math.floor(random() * 39)] ?? "";
      text = random() < 0.5 ? `${text.slice(0, at)}${sign}${text.slice(at)}` : `${text.slice(0, at)}${text.slice(at + 1 + Math.floor(random() * 5))}`;
    }
    return text;
  };

  test(`${SCRIPTS} random scripts and those that mean harm are held, visit for visit, and change nothing that is not theirs (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const before = Object.getOwnPropertyNames(Object.prototype).toSorted();
    const scripts = [...NASTY, ...Array.from({ length: SCRIPTS }, () => changed(random() < 0.3 ? (NASTY[Math.floor(random() * NASTY.length)] as string).slice(0, 500) : scriptOf(random), random))];
    const slow: unknown[] = [];
    const heap = process.memoryUsage().heapUsed;
    for (const [index, script] of scripts.entries()) {
      const isTyped = index % 2 === 1;
      const start = performance.now();
      const terminal = isTyped ? new SimulatedTerminal(world, ["sh"], { columns: 80, rows: 24 }) : new SimulatedTerminal(world, ["sh", "-c", script], { columns: 0, rows: 0 });
      if (isTyped) for (let at = 0; at < script.length && terminal.room > 4_096; at += 4_096) terminal.type(script.slice(at, at + 4_096));
      if (isTyped) terminal.type("\r");
      let visitStart = start;
      for (let visit = 0; visit < 12; visit += 1) {
        terminal.run(1_000_000 + visit, STEPS);
        const took = performance.now() - visitStart;
        if (took > VISIT_MS) slow.push({ script: script.slice(0, 200), visit, took });
        // Taken now and then only.
        const shown = visit % 3 === 2 ? terminal.take(Infinity) : "";
        expect(shown.length).toBeLessThan(MOST_SHOWN);
        expect(shown).not.toMatch(/root:\*|node_modules|SELVEDGE_/);
        visitStart = performance.now();
      }
      expect(process.memoryUsage().heapUsed - heap, script.slice(0, 200)).toBeLessThan(MOST_HEAP);
      terminal.type("\u0003exit\r");
    }
    expect(slow).toEqual([]);
    expect(Object.getOwnPropertyNames(Object.prototype).toSorted()).toEqual(before);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  }, 180_000);

  test("has no way to what runs it", () => {
    const folder = path.resolve(import.meta.dirname, "../../../server/fleet/simulator/shell");
    for (const file of readdirSync(folder)) {
      const source = readFileSync(path.join(folder, file), "utf8");
      expect(source, file).not.toMatch(/from "(?!\.\.?\/)|\bimport\(|\bprocess\.|globalThis|\bFunction\(|\brequire\(/);
    }
  });
});
