import type { ApplicationRowFragment, ClusterRowFragment, OperationRowFragment, PodRowFragment } from "../../typescript/index.ts";
import { age, cores, memory, phaseCell, readiness, stateCell } from "../format.ts";
import type { Column } from "../table.ts";

/** How the objects that are listed and watched look in a table. `now` is the server's clock, for ages. */

export const applicationColumns = (now: string): Column<ApplicationRowFragment>[] => [
  { header: "NAMESPACE", spare: 1, cell: ({ namespace }) => namespace.name },
  { header: "NAME", whole: true, cell: ({ name }) => name },
  { header: "STATUS", cell: ({ status, stale }) => stateCell(status, stale) },
  { header: "READY", right: true, cell: ({ replicas }) => readiness(replicas) },
  { header: "CLUSTERS", right: true, cell: ({ placements }) => placements.totalCount },
  { header: "REVISION", right: true, cell: ({ revision }) => revision.number },
  { header: "AGE", right: true, cell: ({ createdAt }) => age(createdAt, now) },
];

export const podColumns = (now: string): Column<PodRowFragment>[] => [
  { header: "NAMESPACE", spare: 2, cell: ({ application }) => application.namespace.name },
  { header: "NAME", whole: true, cell: ({ name }) => name },
  { header: "CLUSTER", cell: ({ cluster }) => cluster.code },
  { header: "NODE", spare: 4, cell: ({ node }) => node?.name ?? "" },
  { header: "PHASE", cell: phaseCell },
  { header: "READY", cell: ({ ready }) => (ready ? "yes" : { text: "no", color: "yellow" }) },
  { header: "RESTARTS", right: true, spare: 1, cell: ({ restartCount }) => restartCount },
  { header: "IP", spare: 3, cell: ({ privateIp }) => privateIp ?? "" },
  { header: "AGE", right: true, cell: ({ createdAt }) => age(createdAt, now) },
];

export const clusterColumns = (now: string): Column<ClusterRowFragment>[] => [
  { header: "CODE", whole: true, cell: ({ code }) => code },
  { header: "CITY", spare: 3, cell: ({ city }) => city },
  { header: "REGION", spare: 2, cell: ({ region }) => region.code },
  { header: "TIER", cell: ({ tier }) => tier },
  { header: "ISP", spare: 1, cell: ({ isp }) => isp },
  { header: "STATUS", cell: ({ status, cordoned }) => stateCell(cordoned ? `${status}, cordoned` : status) },
  { header: "PODS", right: true, cell: ({ podCount }) => podCount },
  { header: "CPU", right: true, cell: ({ allocated, capacity }) => `${cores(allocated.cpuMillis)}/${cores(capacity.cpuMillis)}` },
  { header: "MEMORY", right: true, cell: ({ allocated, capacity }) => `${memory(allocated.memoryMiB)}/${memory(capacity.memoryMiB)}` },
  { header: "SEEN", right: true, cell: ({ lastSeenAt }) => (lastSeenAt === null ? "never" : `${age(lastSeenAt, now)} ago`) },
];

export const operationColumns = (now: string): Column<OperationRowFragment>[] => [
  { header: "ID", whole: true, cell: ({ id }) => id },
  { header: "KIND", cell: ({ kind }) => kind },
  { header: "TARGET", cell: ({ targetName }) => targetName },
  { header: "STATE", cell: ({ state }) => stateCell(state) },
  { header: "PROGRESS", right: true, spare: 1, cell: ({ progress }) => `${progress.completed}/${progress.total}` },
  { header: "BY", spare: 3, cell: ({ actor }) => actor },
  { header: "AGE", right: true, spare: 2, cell: ({ createdAt }) => age(createdAt, now) },
];
