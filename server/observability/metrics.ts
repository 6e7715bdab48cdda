import { AggregatorRegistry, collectDefaultMetrics, type MetricObjectWithValues, type MetricValue, Registry } from "prom-client";

/** All of a thread's metrics as plain values: they cross to the thread that serves them. */
export type MetricsSnapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

/** A thread's metrics. Each part makes its own counters on the registry it is given; there is no global one. */
export interface Metrics {
  readonly registry: Registry;
  snapshot(): Promise<MetricsSnapshot>;
}

/** The thread that serves them. */
const MAIN = "api";

/** `others`: what the other threads have counted, told together with this one's in the registry's text. */
export function createMetrics(thread: string, others: () => Promise<readonly MetricsSnapshot[]> = async () => []): Metrics {
  const registry = new MergedRegistry(others);
  registry.setDefaultLabels({ thread });
  collectDefaultMetrics({ register: registry });
  // Of the process there is one, whoever tells of it.
  if (thread !== MAIN) for (const { name } of registry.getMetricsAsArray()) if (name.startsWith("process_")) registry.removeSingleMetric(name);
  return { registry, snapshot: () => registry.getMetricsAsJSON() };
}

class MergedRegistry extends Registry {
  readonly #others: () => Promise<readonly MetricsSnapshot[]>;

  constructor(others: () => Promise<readonly MetricsSnapshot[]>) {
    super();
    this.#others = others;
  }

  override async metrics(): Promise<string> {
    const [own, others] = await Promise.all([this.getMetricsAsJSON(), this.#others()]);
    return AggregatorRegistry.aggregate([own, ...others]).metrics();
  }
}
