import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { ReadOutcome } from "../read/answer.ts";

/** What transport counts. Labels are few and fixed: never a name, a document or anything else that a caller chooses. */
export interface TransportMetrics {
  operation(transport: Transport, kind: string, outcome: string, seconds: number): void;
  /** Of an operation or a message: in which way it is read. */
  read(kind: string, outcome: ReadOutcome): void;
  messages(transport: Transport, count: number): void;
  streams(transport: Transport, change: 1 | -1): void;
  sockets(change: 1 | -1): void;
  /** How many streams serve all the subscriptions. */
  sharedStreams(count: () => number): void;
}
export type Transport = "http" | "websocket";

export function createTransportMetrics(registry: Registry): TransportMetrics {
  const registers = [registry];
  const operations = new Counter({ name: "selvedge_graphql_operations_total", help: "Operations by kind and outcome (ok, or an error's code).", labelNames: ["transport", "kind", "outcome"], registers });
  const seconds = new Histogram({ name: "selvedge_graphql_operation_seconds", help: "From admission to answer; for a subscription to its first message's source.", labelNames: ["kind"], buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10], registers });
  const reads = new Counter({ name: "selvedge_reads_total", help: "Operations and messages of subscriptions by the way that they are read in, and why it is no faster one.", labelNames: ["kind", "way", "reason"], registers });
  const remembered = new Counter({ name: "selvedge_reads_remembered_total", help: "Those of them that the database was not asked for.", registers });
  // Counted by hand until somebody asks: a counter with a label costs a tenth of what a delivery does.
  const uncounted: Record<Transport, number> = { http: 0, websocket: 0 };
  new Counter({
    name: "selvedge_subscription_messages_total", help: "Messages delivered to subscribers.", labelNames: ["transport"], registers,
    collect() {
      for (const transport of ["http", "websocket"] as const) {
        if (uncounted[transport] > 0) this.inc({ transport }, uncounted[transport]);
        uncounted[transport] = 0;
      }
    },
  });
  const streams = new Gauge({ name: "selvedge_subscriptions", help: "Subscriptions that are open.", labelNames: ["transport"], registers });
  const sockets = new Gauge({ name: "selvedge_websockets", help: "WebSocket connections that are open.", registers });
  return {
    operation(transport, kind, outcome, duration) {
      operations.inc({ transport, kind, outcome });
      seconds.observe({ kind }, duration);
    },
    read(kind, outcome) {
      reads.inc({ kind, way: outcome.way, reason: "reason" in outcome ? outcome.reason : "failure" in outcome ? "failure" : "" });
      if ("text" in outcome && outcome.remembered) remembered.inc();
    },
    messages(transport, count) {
      uncounted[transport] += count;
    },
    streams: (transport, change) => streams.inc({ transport }, change),
    sockets: (change) => sockets.inc(change),
    sharedStreams(count) {
      new Gauge({
        name: "selvedge_subscription_streams", help: "Streams that serve the open subscriptions; identical ones share one.", registers,
        collect() {
          this.set(count());
        },
      });
    },
  };
}
