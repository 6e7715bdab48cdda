import { cpus } from "node:os";
import { contentHash } from "#server/domain/canonical.ts";
import type { PlacementSpec } from "#server/fleet/link.ts";
import { DEFAULT_BEHAVIOURS } from "#server/fleet/simulator/behaviours.ts";
import { ClusterSimulation } from "#server/fleet/simulator/cluster.ts";
import { LoadColumns } from "#server/fleet/simulator/load/columns.ts";

/**
 * What it costs to measure pods: the metrics of 200,000 on 200 clusters, as they are taken each 15 s, in nanoseconds of one core for each pod. The limit is a loop that writes as
 * many columns and computes nothing.
 */
const CLUSTERS = 200;
const PLACEMENTS = 20;
const REPLICAS = 50;
const ROUNDS = 7;
const INTERVAL_MS = 15_000;
/** Of one core, for 200,000 pods each 15 s. */
const MAX_SHARE = 0.01;

export async function run(): Promise<boolean> {
  const clusters = Array.from({ length: CLUSTERS }, (_, index) => clusterOf(index));
  const columns = new LoadColumns();
  let at = 60_000;
  for (const cluster of clusters) cluster.advanceTo(at);
  const pods = clusters.reduce((sum, cluster) => sum + cluster.readyCount, 0);
  const ours: number[] = [];
  const limits: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    at += INTERVAL_MS;
    ours.push(timed(() => {
      for (const { load } of clusters) load.fill(columns, { from: at - INTERVAL_MS, to: at });
    }) / pods);
    limits.push(timed(() => {
      for (let index = 0; index < CLUSTERS; index++) columnsOnly(pods / CLUSTERS, at);
    }) / pods);
  }
  const [sample, limit] = [median(ours), median(limits)];
  const share = (sample * 200_000) / (INTERVAL_MS * 1e6);
  console.log(`load: ${pods.toLocaleString("en-US")} ready pods on ${CLUSTERS} clusters, ${cpus().length} cores, node ${process.version}`);
  console.table([
    { "": "the metrics of a pod", "ns": Math.round(sample), "of the limit": (limit / sample).toFixed(2), "of a core, 200,000 pods each 15 s": `${(100 * share).toFixed(2)} %` },
    { "": "limit: columns alone", "ns": Math.round(limit), "of the limit": "1.00", "of a core, 200,000 pods each 15 s": "" },
  ]);
  return pods === CLUSTERS * PLACEMENTS * REPLICAS && share <= MAX_SHARE;
}

const template = {
  runtime: "RUNC" as const,
  containers: [{ name: "main", image: "example.org/web:1", cpuMillis: 100, memoryMiB: 128, command: [], args: [], stdin: false, tty: false, ports: [], env: [] }],
  labels: [],
  terminationGracePeriodSeconds: 5,
};

function clusterOf(index: number): ClusterSimulation {
  const nothing = (): void => undefined;
  const simulation = new ClusterSimulation({
    code: `bench-${index}`,
    nodes: Array.from({ length: 20 }, (_, number) => ({ id: `n${number}`, name: `n${number}`, labels: {}, cpuMillis: 32_000, memoryMiB: 65_536, pods: 110 })),
    seed: 1, nonce: "", behaviours: DEFAULT_BEHAVIOURS, now: 0,
    contents: { keysOf: () => null, valuesOf: () => null },
    listener: {
      podChanged: nothing, podGone: nothing, placementChanged: nothing, variantChanged: nothing, podRecordChanged: nothing, configSetChanged: nothing,
      serviceChanged: nothing, nodeChanged: () => undefined, faultsChanged: () => undefined, happened: nothing,
    },
  });
  const templateHash = contentHash(template);
  simulation.addTemplate(templateHash, template);
  for (let number = 0; number < PLACEMENTS; number++) {
    const spec: PlacementSpec = {
      tenantId: "tenant", applicationId: `application-${number}`, applicationName: "web", namespace: "default", replicas: REPLICAS, revisionId: "revision", revisionNumber: 1,
      templateHash, updateStrategy: { maxUnavailable: { percent: 25 }, maxSurge: { percent: 25 } }, capacityType: "ON_DEMAND", networkType: "HOST", subnet: null,
    };
    simulation.assign(`placement-${number}`, spec);
  }
  return simulation;
}

const written = Array.from({ length: 10 }, () => new Float32Array(4_096));
function columnsOnly(rows: number, value: number): void {
  for (let row = 0; row < rows; row++) for (const column of written) column[row] = value;
}

/** Of this thread's processor time, which other programs on the machine don't lengthen. In nanoseconds. */
function timed(work: () => void): number {
  const start = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) * 1_000;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;
