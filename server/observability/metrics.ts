import { AggregatorRegistry, collectDefaultMetrics, type MetricObjectWithValues, type MetricValue, Registry } from "prom-client";

export type MetricsSnapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

/** A thread's metrics. Each part makes its own counters on the registry it is given; there is no global one. */
export interface Metrics {
  readonly registry: Registry;
  /** All metrics as plain values, to be sent to the thread that serves them. */
  snapshot(): Promise<MetricsSnapshot>;
}

export function createMetrics(labels: Readonly<Record<string, string>> = {}): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  collectDefaultMetrics({ register: registry });
  return { registry, snapshot: () => registry.getMetricsAsJSON() };
}

/** The metrics of several threads as one text for Prometheus. */
export const mergeMetrics = (snapshots: readonly MetricsSnapshot[]): Promise<string> => AggregatorRegistry.aggregate([...snapshots]).metrics();
