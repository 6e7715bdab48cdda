/** `selvedge logs -f` and `selvedge exec` against the server as users run it, which is killed with -9 under them and started again. */
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "#clients/cli/program.ts";
import { ApplicationLogsDocument, type LogRowFragment, type SelvedgeClient } from "#clients/typescript/index.ts";
import { eventually } from "#tests/support/eventually.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";
import { recordedTerminal } from "#tests/support/terminal.ts";

const PATIENT = { deadlineMs: 90_000 };

let server: ServerProcess;
let client: SelvedgeClient;
let applicationId: string;
let podName: string;

beforeAll(async () => {
  // At ten times the speed a cluster writes twenty lines a second.
  server = await startServer({ env: { SELVEDGE_FLEET: "tiny", SELVEDGE_SPEED: "10", LOG_LEVEL: "warn" } });
  client = server.client();
  expect((await command("apply", "-f", "clients/examples/hello.yaml", "--clusters", "hangzhou-1,shaoxing-1", "--replicas", "1").ended)).toBe(0);
  const listed = command("get", "pods", "-o", "json");
  await listed.ended;
  const [pod] = JSON.parse(listed.written.out) as { name: string; application: { id: string } }[];
  podName = pod?.name ?? "";
  applicationId = pod?.application.id ?? "";
}, 180_000);
afterAll(() => server?.dispose());

/** The command line in this process: its terminal is ours. */
function command(...args: string[]) {
  const input = new PassThrough();
  const terminal = { ...recordedTerminal({ env: { ...server.environment } }), input };
  const ended = run(args, terminal);
  return { written: terminal.written, input, interrupt: () => terminal.interrupt.abort(), ended };
}

it("exec -it sits in front of a terminal, also one that was never told its size", { timeout: 60_000 }, async () => {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const seated = { ...recordedTerminal({ env: { ...server.environment }, isTTY: true, columns: 0, rows: 0 }), input };
  const ended = run(["exec", "-it", "app/hello"], seated);
  await eventually(() => expect(seated.written.out).toMatch(/# $/), PATIENT);
  input.write("echo $COLUMNS x $LINES; exit 4\r");
  expect(await ended).toBe(4);
  expect(seated.written.out).toContain("80 x 24");
});

describe("while the server is killed and started again", { timeout: 240_000 }, () => {
  it("logs -f says that what it shows is stale, and then goes on: every line once, those of a container in their order", async () => {
    const following = command("logs", "hello", "-f", "--tail", "1000", "-o", "json");
    const lines = (): LogRowFragment[] => following.written.out.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as LogRowFragment);
    await eventually(() => expect(lines().length).toBeGreaterThan(10), PATIENT);
    await server.kill9();
    await eventually(() => expect(following.written.err).toMatch(/^reconnecting… \(.+\); what was shown is stale\n$/), PATIENT);
    const before = lines().length;
    await server.start();
    await eventually(() => expect(following.written.err).toMatch(/connected again; nothing was missed\n$/), PATIENT);
    await eventually(() => expect(lines().length).toBeGreaterThan(before + 20), PATIENT);
    following.interrupt();
    await following.ended;

    const stored: LogRowFragment[] = [];
    const empty = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
    for await (const { page } of client.pages(ApplicationLogsDocument, { id: applicationId, first: 200 }, ({ application }) => application?.logs ?? empty)) stored.unshift(...page.nodes.toReversed());
    const sources = new Map<string, { readonly shown: string[]; readonly stored: string[] }>();
    const note = (kind: "shown" | "stored", line: LogRowFragment): void => {
      const source = sources.get(`${line.podName}/${line.container}`) ?? { shown: [], stored: [] };
      source[kind].push(JSON.stringify([line.at, line.stream, line.line]));
      sources.set(`${line.podName}/${line.container}`, source);
    };
    for (const line of lines()) note("shown", line);
    for (const line of stored) note("stored", line);
    expect(sources.size).toBe(2);
    // What was stored after it was left is not its matter.
    for (const [source, { shown, stored: all }] of sources) expect(shown, source).toEqual(all.slice(0, shown.length));
  });

  it("exec passes on what is typed and shown, and says how it ended when the cluster's agent went with the server", async () => {
    const piped = command("exec", "-i", podName, "--", "sh", "-c", "cat | tr a-z A-Z; exit 3");
    piped.input.end("hello\nwörld\n");
    expect(await piped.ended).toBe(3);
    expect(piped.written).toEqual({ out: "HELLO\nWöRLD\n", err: "" });

    const open = command("exec", "-i", podName, "--", "sh", "-c", "while read X; do echo got $X; done");
    open.input.write("one\n");
    await eventually(() => expect(open.written.out).toBe("got one\n"), PATIENT);
    await server.kill9();
    open.input.write("two\n");
    await server.start();
    expect(await open.ended).toBe(137);
    expect(open.written.out).toMatch(/^got one\n\r\nselvedge: the terminal session is over: .*started anew/);
  });
});
