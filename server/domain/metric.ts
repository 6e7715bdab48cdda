/** What is measured of pods, applications, nodes and clusters. The names carry their units: kbps are thousands of bits a second. */
export const METRIC_NAMES = [
  "CPU_USAGE_PERCENT",
  "CPU_MILLIS",
  "MEMORY_USAGE_PERCENT",
  "MEMORY_MIB",
  "NETWORK_RECEIVE_KBPS",
  "NETWORK_TRANSMIT_KBPS",
  "REQUESTS_PER_SECOND",
  "ERROR_PERCENT",
  "LATENCY_P99_MS",
  "READY_REPLICAS",
] as const;
export type MetricName = (typeof METRIC_NAMES)[number];
