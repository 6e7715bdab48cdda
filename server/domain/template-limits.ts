/** How large the parts of a template may be. Counts are per container where a container has the part, else per template. */
export const TEMPLATE_LIMITS = {
  containers: 10,
  cpuMillis: 256_000,
  memoryMiB: 1_048_576,
  ports: 64,
  env: 256,
  envValueBytes: 32_768,
  /** Of a command, its arguments, a probe's command or a lifecycle hook, each. */
  arguments: 256,
  gracePeriodSeconds: 3_600,
  probeSeconds: 3_600,
  probeSuccesses: 10,
  probeFailures: 100,
  probePath: 1_024,
  probeHeaders: 32,
  probeHeaderBytes: 4_096,
  grpcService: 256,
  volumes: 32,
  volumeMounts: 64,
  emptyDirMiB: 1_048_576,
  path: 1_024,
  imagePullSecrets: 10,
  affinityRules: 20,
  /** Of one rule. */
  affinityLabels: 10,
  logCollection: 20,
  /** The whole template as JSON: it travels to every cluster that runs it. */
  bytes: 262_144,
} as const;

/** A whole number from low to high, both of them allowed. */
export const within = (value: number, low: number, high: number): boolean => Number.isInteger(value) && value >= low && value <= high;
