import type { OperationRowFragment, OperationState } from "../typescript/index.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { follow, type FollowOptions, outcome } from "./follow.ts";
import { duration } from "./format.ts";
import { type Format, show } from "./output.ts";
import type { Session } from "./session.ts";
import { plain } from "./text.ts";

export interface FinishOptions {
  readonly output: Format;
  readonly wait: boolean;
}

/** A lost answer is asked for again with the same key: what was done is not done twice. */
export const RETRYING = { retryForMs: 30_000 };

/** The end of a command that set something in motion: follows it and says how it went, or how to follow it. `nothingToDo`: where there is no operation. */
export async function finish(
  session: Session,
  operation: Pick<OperationRowFragment, "id"> | null,
  options: FinishOptions,
  following: FollowOptions,
  nothingToDo: string,
  wanted: OperationState = "SUCCEEDED",
): Promise<ExitCode> {
  if (operation === null || !options.wait) {
    show(session, options.output, { operation }, () => [operation === null ? plain(nothingToDo) : `To follow it: selvedge wait ${operation.id}`]);
    return EXIT.done;
  }
  const began = performance.now();
  const ended = await follow(session, operation, following);
  const { ok, lines } = outcome(ended, duration(performance.now() - began), { ...following, wanted });
  show(session, options.output, { operation: ended }, () => lines.map((line, index) => (index === 0 ? session.style(ok ? "green" : "red", line) : line)));
  return ok ? EXIT.done : EXIT.refused;
}
