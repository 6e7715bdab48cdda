import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

/**
 * `npm test`: all tests, or those whose path contains an argument. The last line is "N passed, N failed", with ", N skipped" where some were;
 * a file that does not load, and an error outside of every test, count as a failure each.
 */
interface Results {
  readonly numPassedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[];
}

const root = path.resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "selvedge-results-"));
const file = path.join(folder, "results.json");
const vitest = path.join(path.dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

const child = spawn(
  process.execPath,
  [vitest, "run", "--config", "vitest.config.ts", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, ...process.argv.slice(2)],
  // What one process of the run has compiled, the others need not compile again.
  { cwd: root, stdio: ["ignore", "inherit", "inherit"], env: { NODE_COMPILE_CACHE: path.join(folder, "compiled"), ...process.env } },
);
// The runner ends its own children; we only wait for it.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));

child.once("close", (code) => {
  const { passed, failed, skipped } = count(code ?? 1);
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
});

function count(code: number): { passed: number; failed: number; skipped: number } {
  let results: Results;
  try {
    results = JSON.parse(readFileSync(file, "utf8")) as Results;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const tests = results.testResults.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status));
  const failedTests = tests.filter((status) => status === "failed").length;
  const unloaded = results.testResults.filter(({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed")).length;
  const failed = failedTests + unloaded;
  return {
    passed: results.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: tests.filter((status) => status !== "failed" && status !== "passed").length,
  };
}
