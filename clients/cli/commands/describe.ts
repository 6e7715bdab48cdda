import { ApplicationDocument, type ApplicationQuery, ClusterDocument, OperationDocument, PodDocument } from "../../typescript/index.ts";
import { FailedError } from "../exit.ts";
import { age, cores, count, memory, phaseCell, readiness, stateCell } from "../format.ts";
import { allClusters, findPod, noSuchApplication } from "../lookup.ts";
import { type Format, show } from "../output.ts";
import { PAGE_SIZE, type Session } from "../session.ts";
import { didYouMean } from "../suggest.ts";
import { formatFacts, formatTable } from "../table.ts";
import { operationColumns, podColumns } from "./columns.ts";
import { eventLines } from "./events.ts";
import { byNameAndCluster, serviceColumns } from "./service.ts";
import { revisionLines } from "./template.ts";

export interface DescribeOptions {
  readonly output: Format;
  readonly namespace: string;
  readonly cluster?: string | undefined;
}

const PODS_SHOWN = 50;

export async function describeApplication(session: Session, name: string, { namespace, output }: DescribeOptions): Promise<void> {
  const { application, server } = await session.client.execute(ApplicationDocument, { namespace, name, pods: PODS_SHOWN });
  if (application === null) throw await noSuchApplication(session, namespace, name);
  show(session, output, application, () => applicationLines(session, application, server.now));
}

function applicationLines(session: Session, application: NonNullable<ApplicationQuery["application"]>, now: string): string[] {
  const { style, width } = session;
  const { replicas, currentRevision, allPlacements, pods, operations, services, rollout } = application;
  const head = (title: string): string[] => ["", style("bold", title)];
  const lines = formatFacts(
    [
      ["Name", application.name],
      ["Namespace", application.namespace.name],
      ["Id", application.id],
      ["Kind", `${application.workloadKind}, ${application.capacityType}`],
      ["Status", stateCell(application.status, application.stale)],
      ...(application.statusReason === null ? [] : [["Why", application.statusReason] as const]),
      ["Pods", { text: `${replicas.ready} ready of ${replicas.desired}, ${replicas.updated} on the newest revision, ${replicas.unavailable} unavailable`, color: null }],
      ["Labels", application.labels.map(({ key, value }) => `${key}=${value}`).join(", ")],
      ["Description", application.description],
      ["Version", application.version],
      ["Protected", application.deletionProtection ? "yes, against deletion" : "no"],
      ["Update", `at most ${amount(application.updateStrategy.maxUnavailable)} unavailable, ${amount(application.updateStrategy.maxSurge)} more`],
      ["Age", age(application.createdAt, now)],
    ],
    style,
  );
  lines.push(...head(`Revision ${currentRevision.number}`), ...revisionLines(session, currentRevision, now));
  if (rollout !== null) {
    lines.push(...head("Rollout"), ...formatFacts([["State", stateCell(rollout.state)], ["To", `revision ${rollout.to.number}, ${rollout.updated} of ${count(rollout.total, "pod")} updated`], ...(rollout.reason === null ? [] : [["Why", rollout.reason] as const])], style));
  }
  lines.push(
    ...head(`On ${count(allPlacements.totalCount, "cluster")}`),
    ...formatTable(
      [
        { header: "CLUSTER", whole: true, cell: ({ cluster }) => cluster.code },
        { header: "STATUS", cell: ({ cluster, stale }) => stateCell(cluster.status, stale) },
        { header: "READY", right: true, cell: (placement) => readiness(placement.replicas) },
        { header: "REVISION", right: true, cell: ({ revision }) => revision.number },
        { header: "GENERATION", right: true, cell: ({ generation, observedGeneration }) => (generation === observedGeneration ? generation : { text: `${observedGeneration} of ${generation}`, color: "yellow" }) },
        { header: "NETWORK", spare: 2, cell: ({ networkType, vpc, subnet }) => (networkType === "HOST" ? "HOST" : `${vpc.name}/${subnet?.name ?? ""}`) },
        { header: "SEEN", right: true, cell: ({ observedAt }) => (observedAt === null ? "never" : `${age(observedAt, now)} ago`) },
        { header: "WHY HERE", cell: ({ reason }) => reason },
      ],
      allPlacements.nodes.toSorted((a, b) => (a.cluster.code < b.cluster.code ? -1 : 1)),
      style,
      width,
    ),
  );
  if (allPlacements.nodes.length < allPlacements.totalCount) lines.push(style("dim", `… and ${allPlacements.totalCount - allPlacements.nodes.length} more`));
  if (services.nodes.length > 0) lines.push(...head("Services"), ...formatTable(serviceColumns(now).filter(({ header }) => header !== "NAMESPACE" && header !== "APPLICATION"), services.nodes.toSorted(byNameAndCluster), style, width));
  if (services.nodes.length < services.totalCount) lines.push(style("dim", `… and ${services.totalCount - services.nodes.length} more: selvedge get svc -n ${application.namespace.name} --app ${application.name}`));
  lines.push(...head(count(pods.totalCount, "pod")));
  if (pods.nodes.length > 0) lines.push(...formatTable(podColumns(now).slice(1), pods.nodes, style, width));
  if (pods.nodes.length < pods.totalCount) {
    lines.push(style("dim", `… and ${pods.totalCount - pods.nodes.length} more: selvedge get pods -n ${application.namespace.name} --app ${application.name}`));
  }
  lines.push(...head("Last operations"), ...(operations.nodes.length === 0 ? ["None."] : formatTable(operationColumns(now), operations.nodes, style, width)));
  lines.push(...eventLines(session, application.events.nodes, now));
  return lines;
}

const amount = ({ count: number, percent }: { readonly count: number | null; readonly percent: number | null }): string => (number === null ? `${percent}%` : String(number));

export async function describePod(session: Session, name: string, { cluster, output }: DescribeOptions): Promise<void> {
  const id = name.startsWith("Pod.") ? name : (await findPod(session, name, cluster)).id;
  const { pod, server } = await session.client.execute(PodDocument, { id });
  if (pod === null) throw new FailedError(`There is no pod ${name}.`);
  show(session, output, pod, () => [
    ...formatFacts(
      [
        ["Name", pod.name],
        ["Namespace", pod.application.namespace.name],
        ["Application", `${pod.application.name}, revision ${pod.revision.number}`],
        ["Id", pod.id],
        ["Cluster", pod.cluster.code],
        ["Node", pod.node?.name ?? ""],
        ["Phase", phaseCell(pod)],
        ...(pod.message === null ? [] : [["Message", pod.message] as const]),
        ["Ready", pod.ready ? "yes" : "no"],
        ["Restarts", pod.restartCount],
        ["IP", pod.privateIp ?? ""],
        ["Age", age(pod.createdAt, server.now)],
        ["Running for", age(pod.startedAt, server.now)],
        ["Seen", pod.observedAt === null ? "never" : `${age(pod.observedAt, server.now)} ago`],
      ],
      session.style,
    ),
    "",
    session.style("bold", "Containers"),
    ...formatTable(
      [
        { header: "NAME", cell: (container) => container.name },
        { header: "STATE", cell: ({ state, reason }) => stateCell(reason === null ? state : `${state}: ${reason}`) },
        { header: "READY", cell: ({ ready }) => (ready ? "yes" : "no") },
        { header: "RESTARTS", right: true, cell: ({ restartCount }) => restartCount },
        { header: "EXIT", right: true, cell: ({ exitCode }) => exitCode ?? "" },
        { header: "IMAGE", cell: ({ image }) => image },
      ],
      pod.containers,
      session.style,
      session.width,
    ),
    ...eventLines(session, pod.events.nodes, server.now, ["CLUSTER", "OBJECT"]),
  ]);
}

export async function describeCluster(session: Session, code: string, { output }: DescribeOptions): Promise<void> {
  const { cluster, server } = await session.client.execute(ClusterDocument, { code, nodes: PAGE_SIZE });
  if (cluster === null) throw new FailedError(`There is no cluster ${code}.${didYouMean(code, (await allClusters(session)).nodes.map((other) => other.code))}`);
  const share = (allocated: string, capacity: string): string => `${allocated} of ${capacity} in use`;
  show(session, output, cluster, () => [
    ...formatFacts(
      [
        ["Code", cluster.code],
        ["Name", cluster.name],
        ["Id", cluster.id],
        ["Place", `${cluster.city}, ${cluster.province} (${cluster.region.code}), ${cluster.location.latitude}, ${cluster.location.longitude}`],
        ["Tier", `${cluster.tier}, ${cluster.isp}`],
        ["Status", stateCell(cluster.cordoned ? `${cluster.status}, cordoned` : cluster.status)],
        ["Seen", cluster.lastSeenAt === null ? "never" : `${age(cluster.lastSeenAt, server.now)} ago`],
        ["Pods", share(String(cluster.allocated.pods), String(cluster.capacity.pods))],
        ["CPU", share(cores(cluster.allocated.cpuMillis), cores(cluster.capacity.cpuMillis))],
        ["Memory", share(memory(cluster.allocated.memoryMiB), memory(cluster.capacity.memoryMiB))],
        ["Prices", `${cluster.prices.cpuCoreHour} a core-hour, ${cluster.prices.memoryGiBHour} a GiB-hour (${cluster.prices.currency})`],
      ],
      session.style,
    ),
    "",
    session.style("bold", count(cluster.nodes.totalCount, "node")),
    ...formatTable(
      [
        { header: "NAME", cell: ({ name }) => name },
        { header: "STATUS", cell: ({ status, cordoned }) => stateCell(cordoned ? `${status}, cordoned` : status) },
        { header: "PODS", right: true, cell: ({ allocated, capacity }) => `${allocated.pods}/${capacity.pods}` },
        { header: "CPU", right: true, cell: ({ allocated, capacity }) => `${cores(allocated.cpuMillis)}/${cores(capacity.cpuMillis)}` },
        { header: "MEMORY", right: true, cell: ({ allocated, capacity }) => `${memory(allocated.memoryMiB)}/${memory(capacity.memoryMiB)}` },
      ],
      cluster.nodes.nodes,
      session.style,
      session.width,
    ),
  ]);
}

export async function describeOperation(session: Session, id: string, { output }: DescribeOptions): Promise<void> {
  const { operation, server } = await session.client.execute(OperationDocument, { id, steps: PAGE_SIZE });
  if (operation === null) throw new FailedError(`There is no operation ${id}.`);
  const { progress, steps } = operation;
  show(session, output, operation, () => [
    ...formatFacts(
      [
        ["Id", operation.id],
        ["Kind", operation.kind],
        ["Target", operation.targetName],
        ["State", stateCell(operation.state)],
        ...(operation.error === null ? [] : [["Error", operation.error] as const]),
        ["Progress", `${progress.completed} of ${progress.total} (${Math.floor(progress.percent)}%)`],
        ["By", operation.actor],
        ["Begun", `${age(operation.createdAt, server.now)} ago`],
        ["Took", operation.finishedAt === null ? "" : age(operation.createdAt, operation.finishedAt)],
      ],
      session.style,
    ),
    "",
    session.style("bold", count(steps.totalCount, "step")),
    ...formatTable(
      [
        { header: "NAME", cell: ({ name }) => name },
        { header: "CLUSTER", cell: ({ cluster }) => cluster?.code ?? "" },
        { header: "STATE", cell: ({ state }) => stateCell(state) },
        { header: "MESSAGE", cell: ({ message }) => message ?? "" },
      ],
      steps.nodes,
      session.style,
      session.width,
    ),
    ...(steps.nodes.length < steps.totalCount ? [session.style("dim", `… and ${steps.totalCount - steps.nodes.length} more`)] : []),
    ...(operation.cancellable ? [session.style("dim", `To turn it around: selvedge cancel ${operation.id}`)] : []),
    ...(operation.retryable ? [session.style("dim", `To try the failed clusters again: selvedge retry ${operation.id}`)] : []),
  ]);
}
