import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** What transport counts. Labels are few and fixed: never a name, a document or anything else that a caller chooses. */
export interface TransportMetrics {
  operation(transport: Transport, kind: string, outcome: string, seconds: number): void;
  message(transport: Transport): void;
  streams(transport: Transport, change: 1 | -1): void;
  sockets(change: 1 | -1): void;
}
export type Transport = "http" | "websocket";

export function createTransportMetrics(registry: Registry): TransportMetrics {
  const registers = [registry];
  const operations = new Counter({ name: "selvedge_graphql_operations_total", help: "Operations by kind and outcome (ok, or an error's code).", labelNames: ["transport", "kind", "outcome"], registers });
  const seconds = new Histogram({ name: "selvedge_graphql_operation_seconds", help: "From admission to answer; for a subscription to its first message's source.", labelNames: ["kind"], buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10], registers });
  const messages = new Counter({ name: "selvedge_subscription_messages_total", help: "Messages delivered to subscribers.", labelNames: ["transport"], registers });
  const streams = new Gauge({ name: "selvedge_subscriptions", help: "Subscriptions that are open.", labelNames: ["transport"], registers });
  const sockets = new Gauge({ name: "selvedge_websockets", help: "WebSocket connections that are open.", registers });
  return {
    operation(transport, kind, outcome, duration) {
      operations.inc({ transport, kind, outcome });
      seconds.observe({ kind }, duration);
    },
    message: (transport) => messages.inc({ transport }),
    streams: (transport, change) => streams.inc({ transport }, change),
    sockets: (change) => sockets.inc(change),
  };
}
