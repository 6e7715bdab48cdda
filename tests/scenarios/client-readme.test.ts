import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { StreamState } from "#clients/typescript/index.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";

/** The programs of the client's README, run as they stand there; only the address and the data directory are the test's own. */
const ROOT = path.resolve(import.meta.dirname, "../..");
const readme = readFileSync(path.join(ROOT, "clients/typescript/README.md"), "utf8");
const [first = "", ...others] = [...readme.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, block]) => block ?? "");

const FIRST_PRINTS = "PLATFORM_ADMIN of demo\n";
/** What each of the others prints behind that. */
const PRINTS: readonly RegExp[] = [
  /^(\d of 2\n)*2 of 2\nSUCCEEDED\n$/,
  /^(\d of 2 pods are ready\n)*2 of 2 pods are ready\n$/,
  /^applications: 1, and a cursor\nwent on\n$/,
];

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer({ env: { SELVEDGE_FLEET: "tiny", SELVEDGE_SPEED: "10", LOG_LEVEL: "warn" } });
}, 120_000);
afterAll(() => server?.dispose());

async function run(program: string): Promise<string> {
  const adapted = program.replaceAll("http://127.0.0.1:4000", server.url).replaceAll(".selvedge/", `${server.dataDirectory}/`);
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", adapted], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  if (code !== 0) throw new Error(`the program ended with ${String(code)}:\n${err}`);
  return out;
}

it("has programs that do what they say", { timeout: 120_000 }, async () => {
  expect(await run(first)).toBe(FIRST_PRINTS);
  expect(others).toHaveLength(PRINTS.length);
  for (const [index, program] of others.entries()) {
    const printed = await run(`${first}\n${program}`);
    expect(printed.replace(FIRST_PRINTS, "")).toMatch(PRINTS[index] as RegExp);
  }
});

const STATES: Readonly<Record<StreamState["kind"], true>> = { connecting: true, "catching-up": true, live: true, reconnecting: true, over: true };
it("names every option of a client, every error and every state", () => {
  const source = (name: string): string => readFileSync(path.join(ROOT, "clients/typescript", name), "utf8");
  const options = [.../interface ClientOptions \{([^]*?)^\}/m.exec(source("client.ts"))?.[1]?.matchAll(/readonly (\w+)\??:/g) ?? []].map(([, name]) => name ?? "");
  const errors = [...source("errors.ts").matchAll(/^export class (\w+)/gm)].map(([, name]) => name ?? "");
  expect([options.length, errors.length]).toEqual([6, 5]);
  for (const name of [...options, ...errors, ...Object.keys(STATES)]) expect(readme).toContain(`\`${name}\``);
});
