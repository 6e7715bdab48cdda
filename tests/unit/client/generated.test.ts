import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "../../..");

it("the committed operations are in step with the printed schema: npm run codegen", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "selvedge-codegen-"));
  try {
    const output = path.join(folder, "generated.ts");
    const cli = path.join(path.dirname(createRequire(import.meta.url).resolve("@graphql-codegen/cli/package.json")), "cjs/bin.js");
    await promisify(execFile)(process.execPath, [cli, "--config", "codegen.ts"], { cwd: ROOT, env: { ...process.env, SELVEDGE_CODEGEN_OUTPUT: output } });
    expect(await readFile(path.join(ROOT, "clients/typescript/generated.ts"), "utf8")).toBe(await readFile(output, "utf8"));
  } finally {
    await rm(folder, { recursive: true });
  }
});
