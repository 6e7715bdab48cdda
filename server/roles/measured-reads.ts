import type { Logger } from "pino";
import { Counter, Gauge, type Registry } from "prom-client";
import { createReads, type Reads, type ReadsOptions } from "../read/run.ts";

/** Reads that say what becomes of what they remember. In which way they read, transport counts. */
export function createMeasuredReads(options: Omit<ReadsOptions, "onLookup" | "onFault">, { registry, logger }: { readonly registry: Registry; readonly logger: Logger }): Reads {
  const registers = [registry];
  const lookups = new Counter({
    name: "selvedge_remembered_lookups_total", help: "Times that an object or a list was looked for in what is remembered; a stale one has changed since.", labelNames: ["outcome"], registers,
  });
  const reads = createReads({
    ...options,
    onLookup: (outcome) => lookups.inc({ outcome }),
    onFault: (error) => logger.error({ err: error }, "a compiled statement was not understood by Postgres: the interpreter answered, but the fault is ours"),
  });
  new Gauge({
    name: "selvedge_remembered_bytes", help: "Of what is remembered, with what it takes to hold it.", registers,
    collect() {
      this.set(reads.remembered?.bytes ?? 0);
    },
  });
  new Gauge({
    name: "selvedge_remembered_entries", help: "Objects and lists that are remembered.", registers,
    collect() {
      this.set(reads.remembered?.size ?? 0);
    },
  });
  return reads;
}
