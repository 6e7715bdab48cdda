import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export interface GatewayMetrics {
  reported(outcome: "stored" | "duplicate", pods: number, durationMs: number): void;
  sampled(outcome: "stored" | "late"): void;
  assigned(objects: number): void;
  refused(): void;
}

/** What is there now. */
export interface GatewayState {
  clusters(): number;
  connections(): number;
}

/** Counts on the registry, or not at all without one. */
export function gatewayMetrics(registry: Registry | undefined, state: GatewayState): GatewayMetrics {
  if (!registry) return { reported: () => undefined, sampled: () => undefined, assigned: () => undefined, refused: () => undefined };
  const registers = [registry];
  gauge(registry, "selvedge_gateway_clusters", "Clusters connected to this gateway.", state.clusters);
  gauge(registry, "selvedge_gateway_connections", "Connections of agents, each for any number of clusters; from other machines only those that have proven a cluster's key.", state.connections);
  const seconds = new Histogram({ name: "selvedge_gateway_report_seconds", help: "Time to store a report.", labelNames: ["outcome"], buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1, 10], registers });
  const pods = new Counter({ name: "selvedge_gateway_pods_total", help: "Pods in stored reports.", registers });
  const windows = new Counter({ name: "selvedge_gateway_windows_total", help: "Windows of pods' metrics that came.", labelNames: ["outcome"], registers });
  const objects = new Counter({ name: "selvedge_gateway_assigned_total", help: "Objects sent to clusters.", registers });
  const refusals = new Counter({ name: "selvedge_gateway_refused_total", help: "Messages refused.", registers });
  return {
    reported: (outcome, count, durationMs) => {
      seconds.observe({ outcome }, durationMs / 1_000);
      if (outcome === "stored") pods.inc(count);
    },
    sampled: (outcome) => windows.inc({ outcome }),
    assigned: (count) => objects.inc(count),
    refused: () => refusals.inc(),
  };
}

export function guardMetrics(registry: Registry | undefined, unproven: () => number): void {
  if (registry) gauge(registry, "selvedge_gateway_unproven_connections", "Connections of agents that have yet to prove a cluster's key.", unproven);
}

/** LIMITED: not looked at, for too many failed before. FAILED: the fault is the centre's. */
export type EnrolmentOutcome = "ENROLLED" | "REFUSED" | "LIMITED" | "FAILED";

export function enrolmentMetrics(registry: Registry | undefined): (outcome: EnrolmentOutcome) => void {
  if (!registry) return () => undefined;
  const enrolments = new Counter({ name: "selvedge_gateway_enrolments_total", help: "Enrolments of agents by outcome.", labelNames: ["outcome"], registers: [registry] });
  return (outcome) => enrolments.inc({ outcome: outcome.toLowerCase() });
}

function gauge(registry: Registry, name: string, help: string, value: () => number): void {
  new Gauge({
    name, help, registers: [registry],
    collect() {
      this.set(value());
    },
  });
}
