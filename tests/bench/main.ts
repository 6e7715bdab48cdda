import { readdirSync } from "node:fs";

/**
 * `npm run bench -- reads`: each bench measures ours against a limit in one run, interleaved, and prints a table of ratios. It ends by itself, with
 * exit code 1 where a floor does not hold.
 */
export interface Bench {
  readonly run: () => Promise<boolean>;
}

const names = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts") && entry.name !== "main.ts")
  .map((entry) => entry.name.replace(/\.ts$/, ""));
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !names.includes(name));
if (asked.length === 0 || unknown.length > 0) {
  console.error(`${unknown.length > 0 ? `No bench is called ${unknown.join(", ")}. ` : ""}Say which: ${names.join(", ")}`);
  process.exit(2);
}
for (const name of asked) {
  const bench = (await import(`./${name}.ts`)) as Bench;
  if (!(await bench.run())) process.exitCode = 1;
}
