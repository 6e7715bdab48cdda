import { createInterface } from "node:readline";
import { FailedError, InterruptedError, UsageError } from "./exit.ts";
import type { Terminal } from "./terminal.ts";
import { plain } from "./text.ts";

/** Asks before something is lost. Returns on yes; else FailedError, InterruptedError on Ctrl-C, UsageError where nobody can answer. */
export async function confirm(terminal: Terminal, question: string): Promise<void> {
  const { input } = terminal;
  if (input.isTTY !== true) throw new UsageError("Nobody is there to be asked: --yes confirms");
  terminal.err.write(`${plain(question)} [y/N] `);
  const lines = createInterface({ input, signal: terminal.interrupted });
  const answer = await new Promise<string>((resolve) => {
    lines.once("line", resolve);
    // The end of the input and Ctrl-C close the interface without a line.
    lines.once("close", () => resolve(""));
  });
  lines.close();
  // A terminal that has been read from keeps the process alive even while it is paused.
  input.pause();
  input.unref?.();
  if (terminal.interrupted.aborted) throw new InterruptedError("Not confirmed; nothing was changed.");
  if (!/^y(es)?$/i.test(answer.trim())) throw new FailedError("Not confirmed; nothing was changed.");
}
