import pino from "pino";
import type { DatabaseAddress, Login } from "#server/database/address.ts";
import { createJobRunner } from "#server/jobs/runner.ts";

/** A worker process that takes every job and finishes none: started by the test, and killed by it. */
const { address, login } = JSON.parse(process.argv[2] ?? "") as { address: DatabaseAddress; login: Login };
const hang = (): Promise<never> => {
  process.send?.("took a job");
  return new Promise(() => undefined);
};

const runner = createJobRunner({
  address, login, logger: pino({ level: "silent" }), concurrency: 5,
  handlers: { reconcile_application: hang, check_rollout: hang, settle_operation: hang, sweep: hang, maintain_timeline: hang, maintain_metrics: hang, expire_idempotency: hang, expire_events: hang, maintain_logs: hang, expire_faults: hang, mark_silent: hang, rewrap_secrets: hang },
});
await runner.start();
process.send?.("ready");
