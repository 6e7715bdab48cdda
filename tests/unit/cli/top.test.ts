import { expect, it } from "vitest";
import { top } from "#clients/cli/commands/top.ts";
import type { Session } from "#clients/cli/session.ts";
import { styleFor } from "#clients/cli/terminal.ts";
import { GraphqlError, type SelvedgeClient, UnreachableError } from "#clients/typescript/index.ts";
import { type RecordedTerminal, recordedTerminal } from "#tests/support/terminal.ts";

const AT = "2026-11-26T06:03:12.000Z";
/** Of two applications; of the second nothing was reported. */
const APPLICATIONS = [["idle", null], ["web", 250]] as const;

/** A session whose server answers as these steps say, one a picture; Ctrl-C comes when they are over. */
function sessionOf(terminal: RecordedTerminal, steps: readonly (Error | "answers")[]): Session {
  const left = [...steps];
  const client = {
    execute: () => {
      const step = left.shift();
      if (step === undefined) terminal.interrupt.abort();
      return step instanceof Error ? Promise.reject(step) : Promise.resolve({ server: { now: AT } });
    },
    async *pages() {
      const nodes = APPLICATIONS.map(([name, value]) => ({ id: `Application.${name}`, name, namespace: { name: "shop" }, metrics: [{ metric: "CPU_MILLIS", points: [{ value: value === null ? null : 1 }, { value }, { value: null }] }] }));
      yield { data: { server: { now: AT } }, page: { nodes, pageInfo: { hasNextPage: false } } };
    },
  } as unknown as SelvedgeClient;
  return { client, terminal, style: styleFor(terminal.out, terminal.env), width: null, named: new Map(), print: (lines) => void terminal.out.write(`${lines.join("\n")}\n`) };
}

it("shows the newest that is known, the largest first, and once where nobody watches", async () => {
  const terminal = recordedTerminal();
  await top(sessionOf(terminal, ["answers"]), "apps", { output: "table" });
  expect(terminal.written.out.split("\n").map((line) => line.trim().split(/ +/).slice(0, 4).join(" "))).toEqual(["NAME NAMESPACE READY CPU", "web shop - 250m", "idle shop - -", ""]);
});

it("on a terminal keeps what it showed while the server is away, says that it is stale, and goes on when it is back", async () => {
  const terminal = recordedTerminal({ isTTY: true, columns: 140, env: { NO_COLOR: "1" } });
  const away = new UnreachableError("http://here", "connection refused");
  await expect(top(sessionOf(terminal, ["answers", away, new GraphqlError([{ message: "starting", extensions: { code: "INTERNAL" } }]), "answers"]), "apps", { output: "table", everyMs: 1 })).rejects.toThrow("aborted");
  const pictures = terminal.written.out.split("\u001B[0J");
  expect(pictures.map((picture) => picture.trimEnd().split("\n").at(1)?.trim().split(/ +/)[0])).toEqual(["web", "web", "web", "web"]);
  expect(pictures.map((picture) => /live|stale.*\)/.exec(picture)?.[0])).toEqual(["live", "stale; reconnecting… (http://here is not reachable: connection refused)", "stale; reconnecting… (starting)", "live"]);
});

it("ends where the server never answered, and with what it refuses", async () => {
  const refusal = new GraphqlError([{ message: "no", extensions: { code: "UNAUTHENTICATED" } }]);
  const gone = new UnreachableError("http://here", "refused");
  for (const steps of [[gone], [refusal], ["answers", refusal] as const]) {
    await expect(top(sessionOf(recordedTerminal({ isTTY: true }), steps), "apps", { output: "table", everyMs: 1 })).rejects.toBe(steps.at(-1));
  }
});
