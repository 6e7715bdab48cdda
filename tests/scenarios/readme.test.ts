import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "#tests/support/command.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";

/** The README's blocks are run as they stand there; only the address and the data directory are the test's own. */
const ROOT = path.resolve(import.meta.dirname, "../..");
const readme = readFileSync(path.join(ROOT, "README.md"), "utf8");
const blocks = (language: string): string[] => [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, "gm"))].map(([, block]) => block ?? "");

let server: ServerProcess;
const adapted = (script: string): string => script.replaceAll("http://127.0.0.1:4000", server.url).replaceAll(".selvedge/", `${server.dataDirectory}/`);

beforeAll(async () => {
  server = await startServer({ env: { LOG_LEVEL: "warn", SELVEDGE_SPEED: "3" } });
}, 120_000);
afterAll(() => server?.dispose());

const shell = (script: string, enough?: RegExp): Promise<string> => runUntil("sh", ["-c", adapted(script)], enough);

/** Runs a program until it has ended, or has written what is waited for. */
async function runUntil(program: string, args: readonly string[], enough?: RegExp): Promise<string> {
  const child = spawn(program, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"], detached: true });
  if (enough === undefined) return text(child.stdout);
  let written = "";
  try {
    for await (const chunk of child.stdout) {
      written += String(chunk);
      if (enough.test(written)) return written;
    }
    throw new Error(`the script ended without ${enough}: ${written}`);
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
  }
}

describe("README", { timeout: 60_000 }, () => {
  it("has commands that all do what they say", { timeout: 240_000 }, async () => {
    const commands = blocks("sh").flatMap((block) => block.split("\n")).filter((line) => line.startsWith("npm run selvedge -- "));
    expect(commands.length).toBeGreaterThanOrEqual(6);
    for (const command of commands) {
      const ended = await runCommand(command.replace("npm run selvedge -- ", "").split(" "), server.environment);
      expect({ command, ...ended }).toMatchObject({ code: 0 });
      expect(ended.out).not.toBe("");
    }
  });

  it("has queries that answer", async () => {
    const queries = blocks("graphql").filter((block) => block.startsWith("query"));
    expect(queries).toHaveLength(1);
    for (const query of queries) {
      const { data } = await post(query);
      expect(data).toMatchObject({ applications: { totalCount: 12, nodes: expect.arrayContaining([expect.objectContaining({ name: "storefront" })]) } });
    }
  });

  it("has a program that follows the pods", async () => {
    const programs = blocks("ts");
    expect(programs).toHaveLength(1);
    for (const program of programs) {
      const written = await runUntil(process.execPath, ["--input-type=module-typescript", "--eval", adapted(program)], /^\d+\n/m);
      expect(written).toMatch(/^\d+ pods\n\d+\n/);
    }
  });

  it("has subscriptions that begin with what is there", async () => {
    const subscriptions = blocks("graphql").filter((block) => block.startsWith("subscription"));
    expect(subscriptions).toHaveLength(1);
    for (const subscription of subscriptions) {
      for await (const message of server.client().subscribe<Record<string, { snapshot: boolean; upserted: unknown[] }>, object>({ toString: () => subscription }, {})) {
        expect(message["pods"]).toMatchObject({ snapshot: true });
        expect(message["pods"]?.upserted.length).toBeGreaterThan(12);
        break;
      }
    }
  });

  it("has a query for curl", async () => {
    const script = blocks("sh").find((block) => block.startsWith("curl -s ")) ?? "";
    expect(JSON.parse(await shell(script))).toMatchObject({ data: { overview: { applications: { total: 12 } } } });
  });

  it("has a subscription for curl", { timeout: 60_000 }, async () => {
    const script = blocks("sh").find((block) => block.startsWith("curl -sN ")) ?? "";
    expect(await shell(script, /event: next\s+data: .*"snapshot":true/)).toContain("beijing-1");
  });

  it("names the settings that the server reads", () => {
    for (const name of ["PORT", "HOST", "DATABASE_URL", "REDIS_URL", "SELVEDGE_DATA_DIR", "SELVEDGE_ROLE", "SELVEDGE_ADMIN_TOKEN", "SELVEDGE_ENCRYPTION_KEY", "SELVEDGE_PREVIOUS_ENCRYPTION_KEYS", "SELVEDGE_FLEET", "SELVEDGE_SEED", "SELVEDGE_SPEED", "SELVEDGE_ALLOWED_ORIGINS", "LOG_LEVEL"]) {
      expect(readme).toContain(`\`${name}\``);
    }
  });
});

async function post(query: string): Promise<{ data: unknown }> {
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${server.token}` },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as { data: unknown };
}
