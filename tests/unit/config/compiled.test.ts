import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";

const here = mkdtempSync(path.join(tmpdir(), "selvedge-compiled-"));
afterAll(() => rmSync(here, { recursive: true, force: true }));

const url = (file: string): string => JSON.stringify(new URL(`../../../server/${file}`, import.meta.url).href);

/** In a process of its own, whose cache no other setting decides. */
const run = (script: string): Promise<unknown> =>
  promisify(execFile)(process.execPath, ["--input-type=module", "-e", `const { useCompiled, keepCompiled } = await import(${url("compiled.ts")});\n${script}`], { env: { PATH: process.env["PATH"] ?? "" } });

describe("compiled code", () => {
  test("makes no data directory before there is one", async () => {
    const directory = path.join(here, "none");
    await run(`useCompiled(${JSON.stringify(directory)});`);
    expect(existsSync(directory)).toBe(false);
  });

  test("is kept in the data directory, also when the process is killed", async () => {
    const directory = path.join(here, "data");
    mkdirSync(directory);
    const logger = "{ debug: () => {} }";
    const killed = run(`useCompiled(${JSON.stringify(directory)}); await import(${url("domain/names.ts")}); keepCompiled(${JSON.stringify(directory)}, ${logger}); process.kill(process.pid, "SIGKILL");`);
    await expect(killed).rejects.toMatchObject({ signal: "SIGKILL" });
    expect(readdirSync(path.join(directory, "compiled"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length).toBeGreaterThan(0);
  });
});
