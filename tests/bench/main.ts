/**
 * `npm run bench -- reads`: each bench measures ours against a limit in one run, interleaved, and prints a table of ratios. It ends by itself, with
 * exit code 1 where a floor does not hold. Options follow the names: `npm run bench -- reads --help`.
 */
export interface Bench {
  readonly run: (options: readonly string[]) => Promise<boolean>;
  /** Whether `run` looks at options; it says itself which it knows. */
  readonly takesOptions?: boolean;
}

const NAMES = ["deploy", "fanout", "fleet", "jobs", "latency", "load", "metrics", "reads", "reports", "scheduling"];

const firstOption = process.argv.findIndex((argument, index) => index > 1 && argument.startsWith("-"));
const asked = process.argv.slice(2, firstOption < 0 ? undefined : firstOption);
const options = firstOption < 0 ? [] : process.argv.slice(firstOption);
const refuse = (fault: string): never => {
  console.error(`${fault}Say which: ${NAMES.join(", ")}`);
  process.exit(2);
};
const unknown = asked.filter((name) => !NAMES.includes(name));
if (asked.length === 0 || unknown.length > 0) refuse(unknown.length > 0 ? `No bench is called ${unknown.join(", ")}. ` : "");
for (const name of asked) {
  const bench = (await import(`./${name}.ts`)) as Bench;
  if (options.length > 0 && !bench.takesOptions) refuse(`The bench ${name} takes no options. `);
  if (!(await bench.run(options))) process.exitCode = 1;
}
