import type { ClientBase } from "pg";
import { enqueueOn } from "../jobs/enqueue.ts";

/** An application whose rollout has a deadline then; milliseconds on the simulation's clock. */
export interface Check {
  readonly applicationId: string;
  readonly at: number;
}

/**
 * Asks for a look at each when its time has come. A request takes the place of an earlier one for the same application, so that the newest deadline
 * counts. `now` is the simulation's time, `speed` how many of its seconds pass in one.
 */
export async function askForChecks(client: ClientBase, tenantId: string, checks: readonly Check[], now: number, speed: number): Promise<void> {
  for (const { applicationId, at } of checks) {
    const wall = Date.now() + Math.max(0, Math.ceil((at - now) / speed));
    await enqueueOn(client, "check_rollout", { tenantId, applicationId }, { at: new Date(wall) });
  }
}
