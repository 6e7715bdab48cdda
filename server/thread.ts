import { parentPort, workerData } from "node:worker_threads";
import { useCompiled } from "./compiled.ts";
import { createLogger } from "./observability/logger.ts";
import { createMetrics } from "./observability/metrics.ts";
import { loadRole } from "./roles/index.ts";
import { type Centre, type Facts, openBus, openClock, type RoleContext } from "./roles/role.ts";
import type { FromThread, ThreadData, ToThread } from "./threads.ts";

/** A thread that hosts some roles; see threads.ts for what it is told. An uncaught error ends it, and with it the process. */
async function host({ name, roles, config, link, door }: ThreadData, port: NonNullable<typeof parentPort>): Promise<void> {
  useCompiled(config.dataDirectory);
  const logger = createLogger({ level: config.log.level, pretty: config.log.pretty, name });
  const metrics = createMetrics(name);
  const stopping = new AbortController();
  const running = new AsyncDisposableStack();
  const say = (message: FromThread): void => port.postMessage(message);
  // Loading code takes a while, and so does preparing the database: both at once.
  const loaded = Promise.all(roles.map(loadRole));

  const openCentre = async (facts: Facts): Promise<Centre> => {
    const bus = await openBus(facts.bus, logger);
    running.defer(() => bus.close());
    return { database: facts.database, clock: openClock(facts.clock), speed: facts.clock.speed, term: facts.term, bus };
  };
  const start = async (facts: Facts | null): Promise<void> => {
    const context: RoleContext = { config, centre: facts && (await openCentre(facts)), logger, metrics, link, door, stopping: stopping.signal };
    for (const startRole of await loaded) {
      const role = await startRole(context);
      running.defer(() => role.close());
    }
  };

  let starting: Promise<void> = Promise.resolve();
  port.on("message", (message: ToThread) => {
    switch (message.say) {
      case "start":
        starting = start(message.facts).then(
          () => say({ say: "started" }),
          (error: unknown) => {
            logger.debug({ err: error }, "a role does not start");
            say({ say: "failed", reason: error instanceof Error ? error.message : String(error) });
          },
        );
        return;
      case "metrics":
        void metrics.snapshot().then((snapshot) => say({ say: "metrics", snapshot }));
        return;
      case "stopping":
        return stopping.abort();
      case "stop":
        stopping.abort();
        void starting
          .then(() => running.disposeAsync())
          .catch((error: unknown) => logger.error({ err: error }, "a role did not close cleanly"))
          .finally(() => {
            link?.close();
            port.close();
            // What a library left behind must not hold the process up.
            setTimeout(() => process.exit(0), 100).unref();
          });
    }
  });
  await loaded;
}

if (parentPort === null) throw new Error("thread.ts runs as a worker thread only");
await host(workerData as ThreadData, parentPort);
