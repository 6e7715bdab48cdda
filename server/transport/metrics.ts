import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { ReadOutcome } from "../read/answer.ts";

/** What transport counts. Labels are few and fixed: never a name, a document or anything else that a caller chooses. */
export interface TransportMetrics {
  operation(transport: Transport, kind: string, outcome: string, seconds: number): void;
  /** Of an operation or a message: in which way it is read. */
  read(kind: string, outcome: ReadOutcome): void;
  message(transport: Transport): void;
  streams(transport: Transport, change: 1 | -1): void;
  sockets(change: 1 | -1): void;
}
export type Transport = "http" | "websocket";

export function createTransportMetrics(registry: Registry): TransportMetrics {
  const registers = [registry];
  const operations = new Counter({ name: "selvedge_graphql_operations_total", help: "Operations by kind and outcome (ok, or an error's code).", labelNames: ["transport", "kind", "outcome"], registers });
  const seconds = new Histogram({ name: "selvedge_graphql_operation_seconds", help: "From admission to answer; for a subscription to its first message's source.", labelNames: ["kind"], buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10], registers });
  const reads = new Counter({ name: "selvedge_reads_total", help: "Operations and messages of subscriptions by the way that they are read in, and why it is no faster one.", labelNames: ["kind", "way", "reason"], registers });
  const remembered = new Counter({ name: "selvedge_reads_remembered_total", help: "Those of them that the database was not asked for.", registers });
  const messages = new Counter({ name: "selvedge_subscription_messages_total", help: "Messages delivered to subscribers.", labelNames: ["transport"], registers });
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
    message: (transport) => messages.inc({ transport }),
    streams: (transport, change) => streams.inc({ transport }, change),
    sockets: (change) => sockets.inc(change),
  };
}
