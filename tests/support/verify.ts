import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * `npm run verify`: everything that must hold before a commit. Runs all of it, whatever fails, and ends with the list of what failed, each
 * with the command that mends or shows it. `--static` leaves out the tests.
 */
interface Check {
  readonly name: string;
  /** null: all is well; else what is wrong, in a few words. */
  readonly run: () => string | null;
  readonly mend: string;
}

const root = path.resolve(import.meta.dirname, "../..");
const bin = (name: string): string => path.join(root, "node_modules/.bin", name);

/** Runs it in the open. */
const command = (file: string, ...args: string[]) => (): string | null => {
  const { status, error } = spawnSync(file, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  if (error) return error.message;
  return status === 0 ? null : `exit code ${status}`;
};

/** Generates again, compares, and leaves the file as it was. */
const inStep = (file: string, generate: () => string | null) => (): string | null => {
  const target = path.join(root, file);
  if (!existsSync(target)) return `${file} is missing`;
  const committed = readFileSync(target);
  const fault = generate();
  const generated = readFileSync(target);
  if (committed.equals(generated)) return fault;
  writeFileSync(target, committed);
  return `${file} is out of step with its source`;
};

const checks: readonly Check[] = [
  { name: "types", run: command(bin("tsc"), "--noEmit"), mend: "npm run typecheck" },
  { name: "lint", run: command(bin("oxlint"), "--type-aware", "--deny-warnings", "."), mend: "npm run lint -- --fix" },
  { name: "printed schema", run: inStep("schema/schema.graphql", command(process.execPath, "schema/print.ts")), mend: "npm run schema" },
  {
    name: "generated operations",
    run: inStep("clients/typescript/generated.ts", command(bin("graphql-codegen"), "--config", "codegen.ts", "--silent")),
    mend: "npm run codegen",
  },
  ...(process.argv.includes("--static") ? [] : [{ name: "tests", run: command(process.execPath, "tests/support/run.ts"), mend: "npm test" }]),
];

const failures: string[] = [];
for (const { name, run, mend } of checks) {
  process.stdout.write(`\n── ${name}\n`);
  const start = performance.now();
  const fault = run();
  const seconds = ((performance.now() - start) / 1_000).toFixed(1);
  process.stdout.write(fault === null ? `ok (${seconds} s)\n` : `FAILED: ${fault} (${seconds} s)\n`);
  if (fault !== null) failures.push(`  ${name}: ${fault}\n      ${mend}`);
}
process.stdout.write(failures.length === 0 ? `\nAll ${checks.length} checks passed.\n` : `\n${failures.length} of ${checks.length} checks failed:\n${failures.join("\n")}\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
