import { describe, expect, test } from "vitest";
import type { ContainerSpec } from "#server/domain/pod-template.ts";
import { Pattern } from "#server/fleet/simulator/shell/pattern.ts";
import { SimulatedTerminal } from "#server/fleet/simulator/shell/terminal.ts";
import type { ContainerWorld } from "#server/fleet/simulator/shell/world.ts";

const SPEC: ContainerSpec = {
  name: "main", image: "shop/web:1", cpuMillis: 1_500, memoryMiB: 64, command: ["/web"], args: ["--port", "8080"], stdin: false, tty: false,
  ports: [{ name: null, containerPort: 8080, protocol: "TCP" }], env: [],
};

class World implements ContainerWorld {
  at = 1_000_000;
  readonly files: Record<string, string> = { "/etc/app/app.conf": "a=1\nb=2\nc=3\n", "/run/secret/token": "s3cret" };
  endpoints = ["10.0.0.7"];
  readonly view = {
    podName: "web-1", namespace: "default", nodeName: "n-1", address: "10.0.0.5", startedAt: 0, environment: { GREETING: "héllo wörld" },
    spec: { ...SPEC, volumeMounts: [{ volume: "conf", mountPath: "/etc/app", readOnly: true, subPath: null }, { volume: "token", mountPath: "/run/secret", readOnly: true, subPath: null }] } as unknown as ContainerSpec,
  };
  now = (): number => this.at;
  mounted = (): Record<string, string> => this.files;
  service = (host: string) => (host === "api" || host === "100.96.0.9" ? { name: "api", address: "100.96.0.9", ports: [80], endpoints: this.endpoints } : null);
}

/** Without a terminal: what it shows and how it ends. */
function runs(script: string, world = new World(), typed?: string): { readonly out: string; readonly code: number | null } {
  const terminal = new SimulatedTerminal(world, ["sh", "-c", script], { columns: 0, rows: 0 });
  if (typed !== undefined) terminal.type(`${typed}\u0004`);
  return untilQuiet(terminal, world);
}
function untilQuiet(terminal: SimulatedTerminal, world: World, rounds = 2_000): { readonly out: string; readonly code: number | null } {
  let out = "";
  for (let round = 0; round < rounds; round += 1) {
    const until = terminal.run(world.at, 500);
    out += terminal.take(Infinity);
    if (terminal.exitCode !== null) break;
    if (until === Infinity && !terminal.hasShown) break;
    world.at = Math.max(world.at, until === Infinity ? 0 : until);
  }
  return { out, code: terminal.exitCode };
}

describe("the language", () => {
  test.each<readonly [script: string, out: string, code?: number]>([
    ["echo hello", "hello\n"],
    ["echo 'a  b' \"$GREETING\" $GREETING", "a  b héllo wörld héllo wörld\n"],
    ["X=1; Y=\"${X}2${NONE:-3}\"; echo $Y ${#Y} $((X + 2 * 3))", "123 3 7\n"],
    ["false || echo or; true && echo and; false && echo never; ! false && echo not", "or\nand\nnot\n"],
    ["for i in 1 2 3; do if [ $i = 2 ]; then continue; fi; echo $i; done", "1\n3\n"],
    ["n=0; while [ $n -lt 3 ]; do n=$((n + 1)); done; echo $n", "3\n"],
    ["until true; do echo x; done; echo done", "done\n"],
    ["cat /etc/app/app.conf | grep -v b | wc -l", "2\n"],
    ["yes | head -3 | sort | uniq -c", "      3 y\n"],
    ["seq 1 20000 | tail -1", "20000\n"],
    ["echo $(cat /run/secret/token | tr a-z A-Z)", "S3CRET\n"],
    ["(exit 3); echo $?", "3\n"],
    ["A=1; (A=2); echo $A; A=5 env | grep ^A=; echo $A", "1\nA=5\n1\n"],
    ["echo a > /tmp/x; echo b >> /tmp/x; cat < /tmp/x; ls /tmp", "a\nb\nx\n"],
    ["nothing 2>/dev/null; echo $?", "127\n"],
    ["cat /none > /dev/null 2>&1; echo $?", "1\n"],
    ["echo x > /etc/app/app.conf", "sh: /etc/app/app.conf: Read-only file system\n", 1],
    ["ls /etc/app/*.conf; cd /etc; pwd; cd ../run; pwd; cd /none", "/etc/app/app.conf\n/etc\n/run\ncd: can't cd to /none: No such file or directory\n", 1],
    ["sh -c 'echo $1' x y", "y\n"],
    ["exit 42", "", 42],
    ["printf '%s-%d\\n' a 7", "a-7\n"],
    ["hostname; nproc; whoami", "web-1\n2\nroot\n"],
    ["echo a|tee /tmp/t|cat; read V < /tmp/t; echo got $V", "a\ngot a\n"],
    ["if", "sh: syntax error: unexpected end of file\n", 2],
    ["echo )", "sh: syntax error: unexpected \")\"\n", 2],
    ["echo $((1/0)); echo on", "sh: divide by zero\non\n"],
    ["f() { f | f; }; f 2>/dev/null; echo alive", "alive\n"],
    ["ps", "  PID USER      STAT COMMAND\n    1 root      S    /web --port 8080\n    7 root      R    sh -c ps\n"],
  ])("%s", (script, out, code) => {
    expect(runs(script as string)).toEqual({ out, code: code ?? 0 });
  });

  test("reads what comes in, as lines and as a whole", () => {
    expect(runs("read A; read B; echo $B $A; cat", new World(), "one\ntwo\nthree")).toMatchObject({ code: 0 });
    expect(runs("cat", new World(), "né\nю")).toEqual({ out: "né\nю", code: 0 });
  });

  test("sleeps on the clock of the cluster", () => {
    const world = new World();
    expect(runs("sleep 5; date +%s", world)).toEqual({ out: "1005\n", code: 0 });
  });
});

describe("the network", () => {
  test("reaches ready pods behind services of its own, and nothing else", () => {
    const world = new World();
    expect(runs("curl -s http://api/items", world)).toEqual({ out: "GET /items answered by 10.0.0.7\n", code: 0 });
    expect(runs("curl http://100.96.0.9:81/", world).code).toBe(7);
    expect(runs("curl localhost:8080", world)).toEqual({ out: "GET / answered by 10.0.0.5\n", code: 0 });
    expect(runs("curl example.com", world)).toEqual({ out: "curl: (6) Could not resolve host: example.com\n", code: 6 });
    world.endpoints = [];
    expect(runs("curl http://api/", world)).toEqual({ out: "curl: (7) Failed to connect to api port 80: Connection refused\n", code: 7 });
  });
});

describe("bounds", () => {
  test.each(["while true; do :; done", "yes", "f=x; while true; do echo $f; done", "cat /etc/app/app.conf | yes | cat"])("%s goes on, a few steps at a time", (script) => {
    const terminal = new SimulatedTerminal(new World(), ["sh", "-c", script], { columns: 0, rows: 0 });
    const start = performance.now();
    for (let round = 0; round < 20; round += 1) {
      terminal.run(0, 200);
      terminal.take(Infinity);
    }
    expect(terminal.exitCode).toBe(null);
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  test("what nobody takes holds it back", () => {
    const terminal = new SimulatedTerminal(new World(), ["yes"], { columns: 80, rows: 24 });
    for (let round = 0; round < 100; round += 1) terminal.run(0, 10_000);
    expect(terminal.take(Infinity).length).toBeLessThan(70_000);
    expect(terminal.run(0, 10)).toBe(0);
  });

  test("memory is the shell's own trouble", () => {
    expect(runs("x=aaaaaaaa; while true; do x=$x$x || exit 9; done").out).toMatch(/too long|out of memory/);
    expect(runs("x=$(seq 1 5000); while true; do echo \"$x\" >> /tmp/x || exit 9; done")).toMatchObject({ out: expect.stringContaining("No space left") as string });
  });

  test("no pattern takes for ever", () => {
    const start = performance.now();
    expect(new Pattern("(a*)*b").test("a".repeat(4_096))).toBe(false);
    expect(new Pattern("(a|aa)+$").test(`${"a".repeat(4_096)}!`)).toBe(false);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test.each<readonly [string, string, boolean]>([["^a.c$", "abc", true], ["^a.c$", "abcd", false], ["x|y+z", "yyz", true], ["[^0-9]+!", "12a!", true], ["(ab)?c", "xc", true], ["a\\.b", "axb", false]])("%s in %s: %s", (pattern, text, found) => {
    expect(new Pattern(pattern).test(text)).toBe(found);
  });
});

describe("a terminal", () => {
  const PROMPT = "root@web-1:/# ";
  function interactive(world = new World()) {
    const terminal = new SimulatedTerminal(world, ["sh"], { columns: 100, rows: 30 });
    return { terminal, type: (text: string) => {
      terminal.type(text);
      return untilQuiet(terminal, world);
    } };
  }

  test("shows a prompt, echoes, and runs lines", () => {
    const { terminal, type } = interactive();
    expect(terminal.take(Infinity)).toBe(PROMPT);
    expect(type("echo ")).toEqual({ out: "echo ", code: null });
    expect(type("ü中\r")).toEqual({ out: `ü中\r\nü中\r\n${PROMPT}`, code: null });
    expect(type("exit 7\r")).toEqual({ out: "exit 7\r\n", code: 7 });
  });

  test("edits the line: backspace, in the middle, words, history", () => {
    const { type } = interactive();
    type("");
    expect(type("echo ac\u001b[D").out).toBe("echo ac\b");
    expect(type("b\r").out).toBe(`bc\b\r\nabc\r\n${PROMPT}`);
    expect(type("echo x\u007f").out).toBe("echo x\b \b");
    expect(type("\u0015").out).toBe(`${"\b".repeat(5)}${" ".repeat(5)}${"\b".repeat(5)}`);
    expect(type("\u001b[A\r").out).toContain("abc\r\n");
    expect(type("echo 中\u007f").out).toBe("echo 中\b\b  \b\b");
  });

  test("Tab completes programs and files, and rings where there is nothing to add", () => {
    const { type } = interactive();
    type("");
    expect(type("hostn\t").out).toBe("hostname ");
    expect(type("\u0015cat /etc/ap\t").out).toContain("/etc/app/");
    expect(type("\t\r").out).toContain("app.conf \r\na=1");
    expect(type("ec\tx\u0015zz\t").out).toContain("\u0007");
  });

  test("Ctrl-C ends what runs, and what is typed; Ctrl-D on an empty line ends it all", () => {
    const world = new World();
    const { terminal, type } = interactive(world);
    type("");
    expect(type("abc\u0003").out).toBe(`abc^C\r\n${PROMPT}`);
    terminal.type("yes\r");
    for (let round = 0; round < 50; round += 1) terminal.run(world.at, 1_000);
    terminal.type("\u0003");
    expect(untilQuiet(terminal, world).out).toBe(`^C\r\n${PROMPT}`);
    expect(type("echo $?\r").out).toContain("130\r\n");
    expect(type("\u0004")).toEqual({ out: "exit\r\n", code: 0 });
  });

  test("what is typed goes to who reads, until its end", () => {
    const { type } = interactive();
    type("cat\r");
    expect(type("one\r").out).toBe("one\r\none\r\n");
    expect(type("\u0004").out).toBe(PROMPT);
  });

  test("knows its size, also after it has changed", () => {
    const { terminal, type } = interactive();
    type("");
    expect(type("tput cols\r").out).toContain("100\r\n");
    terminal.resize({ columns: 132, rows: 50 });
    expect(type("echo $COLUMNS $LINES; stty size\r").out).toContain("132 50\r\n50 132\r\n");
  });

  test("asks for the rest of what is not whole", () => {
    const { type } = interactive();
    type("");
    expect(type("for i in 1 2; do\r").out).toBe("for i in 1 2; do\r\n> ");
    expect(type("echo $i; done\r").out).toBe(`echo $i; done\r\n1\r\n2\r\n${PROMPT}`);
  });
});
