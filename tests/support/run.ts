import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

/**
 * `npm test`: all tests, or those whose path contains an argument. The last line is "N passed, N failed", with ", N skipped" where some were;
 * a file that does not load, and an error outside of every test, count as a failure each.
 *
 * With `TEST_AGAIN` files that failed run again by themselves, one at a time. What passes then depends on how busy the machine is: it is named as unsteady,
 * and is to be mended, but fails nothing. With a `TEST_SEED` chance plays the same both times, so that what chance found stays found.
 */
interface Results {
  readonly testResults: readonly { readonly name: string; readonly status: string; readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[] }[];
}

type FileResult = Results["testResults"][number];

const root = path.resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "selvedge-results-"));
const vitest = path.join(path.dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

const first = await run("first", process.argv.slice(2));
const failures = first.files.filter(isFailed);
let { files, code } = first;
if (process.env["TEST_AGAIN"] && failures.length > 0) {
  process.stdout.write(`\n${failures.length} of ${files.length} files failed, and run again by themselves.\n`);
  const again = await run("again", ["--maxWorkers=1", ...failures.map(({ name }) => path.relative(root, name))]);
  const byName = new Map(again.files.map((file) => [file.name, file]));
  files = files.map((file) => byName.get(file.name) ?? file);
  code = again.code;
  const named = failures.flatMap((file) => (isFailed(byName.get(file.name) ?? file) ? [] : unsteadyOf(file)));
  if (named.length > 0) process.stdout.write(`\nunsteady, passed when run again by themselves:\n${named.map((name) => `  ${name}\n`).join("")}`);
}
rmSync(folder, { recursive: true, force: true });
const { passed, failed, skipped } = count(files, code);
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function run(name: string, args: readonly string[]): Promise<{ files: readonly FileResult[]; code: number }> {
  const output = path.join(folder, `${name}.json`);
  const child = spawn(
    process.execPath,
    [vitest, "run", "--config", "vitest.config.ts", "--reporter=default", "--reporter=json", `--outputFile.json=${output}`, ...args],
    // What one process of the run has compiled, the others need not compile again.
    { cwd: root, stdio: ["ignore", "inherit", "inherit"], env: { NODE_COMPILE_CACHE: path.join(folder, "compiled"), ...process.env } },
  );
  // The runner ends its own children; we only wait for it.
  const end = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, end);
  return new Promise((resolve) => {
    child.once("close", (code) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, end);
      resolve({ files: read(output), code: code ?? 1 });
    });
  });
}

function read(output: string): readonly FileResult[] {
  try {
    return (JSON.parse(readFileSync(output, "utf8")) as Results).testResults;
  } catch {
    return [];
  }
}

function isFailed({ status, assertionResults }: FileResult): boolean {
  return status === "failed" || assertionResults.some((test) => test.status === "failed");
}

function unsteadyOf({ name, assertionResults }: FileResult): string[] {
  const tests = assertionResults.filter(({ status }) => status === "failed");
  return tests.length > 0 ? tests.map(({ fullName }) => `${path.relative(root, name)} > ${fullName}`) : [path.relative(root, name)];
}

function count(all: readonly FileResult[], ended: number): { passed: number; failed: number; skipped: number } {
  const tests = all.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status));
  const number = (status: string): number => tests.filter((one) => one === status).length;
  const unloaded = all.filter((file) => isFailed(file) && !file.assertionResults.some(({ status }) => status === "failed")).length;
  const failed = number("failed") + unloaded;
  return {
    passed: number("passed"),
    failed: failed === 0 && ended !== 0 ? 1 : failed,
    skipped: tests.length - number("passed") - number("failed"),
  };
}
