import { randomUUID } from "node:crypto";
import pino from "pino";
import { simulatedTime } from "#server/domain/clock.ts";
import { createKeyRing } from "#server/domain/envelope.ts";
import type { LinkListener } from "#server/fleet/link.ts";
import { createGateway, type Gateway, type GatewayOptions } from "#server/gateway/gateway.ts";
import { createInProcessBus } from "#server/realtime/bus-in-process.ts";
import type { Bus } from "#server/realtime/bus.ts";
import { createWorker, type Worker, type WorkerOptions } from "#server/reconcile/worker.ts";
import type { TestDatabase } from "./database.ts";
import { type LinkPair, linkPair } from "./link.ts";

export const wallClock = { now: (): number => simulatedTime({ wallBase: 0, simulatedBase: 0, speed: 1 }, Date.now()) };
export const silentLogger = pino({ level: process.env["TEST_LOG_LEVEL"] ?? "silent" });

/** What secrets of tests are kept under. */
export const testKeyRing = createKeyRing(Buffer.alloc(32, 7));

/** The centre's moving parts on a test's database. Everything opened here is closed by close(). */
export interface Centre {
  readonly bus: Bus;
  readonly link: LinkPair;
  gateway(options?: Partial<GatewayOptions> & { listener?: LinkListener }): Promise<Gateway>;
  worker(options?: Partial<WorkerOptions>): Promise<Worker>;
  close(): Promise<void>;
}

export function createCentre(database: TestDatabase): Centre {
  const bus = createInProcessBus({ instance: randomUUID() });
  const link = linkPair();
  const parts: { close(): Promise<void> }[] = [];
  return {
    bus,
    link,
    gateway: async (options = {}) => {
      const { pool } = await database.openAs("selvedge_gateway", 8);
      const gateway = createGateway({ pool, bus, clock: wallClock, speed: 1, listener: link.listener, term: 1, keyRing: testKeyRing, logger: silentLogger, pollMs: 200, ...options });
      gateway.start();
      parts.push(gateway);
      return gateway;
    },
    worker: async (options = {}) => {
      const { pool } = await database.openAs("selvedge_worker", 12);
      const worker = createWorker({
        address: database.address, jobsLogin: database.login("selvedge_jobs"), pool, bus, clock: wallClock, speed: 1, keyRing: createKeyRing(database.encryptionKey), logger: silentLogger,
        sweepEveryMs: 60_000, lookEveryMs: 200, ...options,
      });
      await worker.start();
      parts.push(worker);
      return worker;
    },
    close: async () => {
      for (const part of parts.toReversed()) await part.close();
      await bus.close();
    },
  };
}
