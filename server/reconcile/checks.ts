import type { ClientBase } from "pg";
import { enqueueOn } from "../jobs/enqueue.ts";
import type { Plan } from "./application/plan.ts";
import type { Situation } from "./application/situation.ts";

/** A rollout that has a deadline then; milliseconds on the simulation's clock. */
export interface Check {
  readonly applicationId: string;
  readonly rolloutId: string;
  readonly at: number;
}

export const checksOf = ({ application, rollout }: Situation, { checkAt }: Plan): Check[] =>
  rollout && checkAt !== null ? [{ applicationId: application.id, rolloutId: rollout.id, at: checkAt }] : [];

/**
 * Asks for a look at each when its time has come. A request for the same rollout keeps the time of the one that waits already: a deadline only moves
 * away, and a look that comes too early asks again. `now` is the simulation's time, `speed` how many of its seconds pass in one.
 */
export async function askForChecks(client: ClientBase, tenantId: string, checks: readonly Check[], now: number, speed: number): Promise<void> {
  for (const { applicationId, rolloutId, at } of checks) {
    const wall = Date.now() + Math.max(0, Math.ceil((at - now) / speed));
    await enqueueOn(client, "check_rollout", { tenantId, applicationId, rolloutId }, { at: new Date(wall) });
  }
}
