import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export interface GatewayMetrics {
  reported(outcome: "stored" | "duplicate", pods: number, durationMs: number): void;
  sampled(outcome: "stored" | "late"): void;
  assigned(objects: number): void;
  refused(): void;
}

/** Counts on the registry, or not at all without one. */
export function gatewayMetrics(registry: Registry | undefined, sessions: () => number): GatewayMetrics {
  if (!registry) return { reported: () => undefined, sampled: () => undefined, assigned: () => undefined, refused: () => undefined };
  const registers = [registry];
  new Gauge({
    name: "selvedge_gateway_clusters", help: "Clusters connected to this gateway.", registers,
    collect() {
      this.set(sessions());
    },
  });
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
