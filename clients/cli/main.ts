#!/usr/bin/env node
import { EXIT } from "./exit.ts";
import { run } from "./program.ts";

const interrupted = new AbortController();
process.on("SIGINT", () => {
  // A second Ctrl-C does not wait for a tidy end.
  if (interrupted.signal.aborted) process.exit(EXIT.interrupted);
  interrupted.abort();
});
for (const output of [process.stdout, process.stderr]) {
  // `selvedge get pods | head` closes the pipe early: that is no fault.
  output.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? EXIT.done : EXIT.refused));
}

// Under `npm run selvedge`, npm has changed to the project's folder: file names are meant from where the person is.
const underNpm = process.env["npm_lifecycle_event"] === "selvedge" ? process.env["INIT_CWD"] : undefined;

process.exitCode = await run(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  input: process.stdin,
  env: process.env,
  folder: underNpm ?? process.cwd(),
  interrupted: interrupted.signal,
});
