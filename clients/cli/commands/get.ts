import {
  type ApplicationFilter,
  ApplicationsDocument,
  type ClusterFilter,
  ClusterDocument,
  ClustersDocument,
  type NamespacesQuery,
  OperationsDocument,
  type OperationState,
  type PodFilter,
  type PodPhase,
  type PodRowFragment,
  PodsDocument,
  RegionsDocument,
  type RegionsQuery,
} from "../../typescript/index.ts";
import { FailedError } from "../exit.ts";
import { age, cores, memory, stateCell } from "../format.ts";
import { allNamespaces, applicationsOf, clusterId, findApplication, noSuchNamespace } from "../lookup.ts";
import { type Format, show } from "../output.ts";
import { collect, PAGE_SIZE, type Session } from "../session.ts";
import { didYouMean } from "../suggest.ts";
import { type Column, formatTable } from "../table.ts";
import { applicationColumns, clusterColumns, operationColumns, podColumns } from "./columns.ts";
import { watchApplications, watchClusters, watchOperations, watchPods } from "./watch.ts";

/** Filters of `get`; each resource takes those that mean something for it (see program.ts). */
export interface GetOptions {
  readonly output: Format;
  readonly namespace?: string | undefined;
  readonly app?: string | undefined;
  readonly cluster?: readonly string[] | undefined;
  readonly phase?: readonly PodPhase[] | undefined;
  readonly state?: readonly OperationState[] | undefined;
  readonly region?: readonly string[] | undefined;
  /** Stay, and show what changes. */
  readonly watch?: boolean | undefined;
}

export type Lister = (session: Session, names: readonly string[], options: GetOptions) => Promise<void>;

export const getApplications: Lister = async (session, names, options) => {
  const filter: ApplicationFilter = {
    ...(options.namespace === undefined ? {} : { namespaces: [options.namespace] }),
    ...(names.length === 0 ? {} : { names }),
    ...(options.cluster === undefined ? {} : { clusterIds: await idsOf(session, options.cluster) }),
  };
  if (options.watch === true) {
    if (options.namespace !== undefined) await mustExist(session, options.namespace);
    return watchApplications(session, filter, options.output);
  }
  const { nodes, now } = await collect(session.terminal, session.client.pages(ApplicationsDocument, { first: PAGE_SIZE, filter }, (data) => data.applications));
  if (nodes.length === 0 && options.namespace !== undefined) await mustExist(session, options.namespace);
  await mustHaveAll("application", names, nodes.map(({ name }) => name), async () => (await applicationsOf(session, [])).nodes.map(({ name }) => name));
  show(session, options.output, nodes, () => listing(session, "applications", applicationColumns(now), nodes));
};

export const getPods: Lister = async (session, names, options) => {
  const filter: PodFilter = {
    ...(options.phase === undefined ? {} : { phases: options.phase }),
    ...(options.cluster === undefined ? {} : { clusterIds: await idsOf(session, options.cluster) }),
  };
  if (options.watch === true) return watchPodsIn(session, filter, names, options);
  const { nodes: all, now } = await podsIn(session, filter, options);
  const nodes = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  await mustHaveAll("pod", names, all.map(({ name }) => name), async () => all.map(({ name }) => name));
  show(session, options.output, nodes, () => listing(session, "pods", podColumns(now), nodes));
};

/** Pods can be filtered by application but not by namespace: a namespace is the sum of its applications. */
async function podsIn(session: Session, filter: PodFilter, { namespace, app }: GetOptions): Promise<{ readonly nodes: PodRowFragment[]; readonly now: string }> {
  const pods = (applicationIds: readonly string[] | null) =>
    collect(session.terminal, session.client.pages(PodsDocument, { first: PAGE_SIZE, filter: applicationIds === null ? filter : { ...filter, applicationIds } }, (data) => data.pods));
  if (app !== undefined) return pods([(await findApplication(session, namespace ?? "default", app)).id]);
  if (namespace === undefined) return pods(null);
  const applications = await applicationsOf(session, [namespace]);
  if (applications.nodes.length === 0) await mustExist(session, namespace);
  const nodes: PodRowFragment[] = [];
  let { now } = applications;
  for (let from = 0; from < applications.nodes.length; from += PAGE_SIZE) {
    const part = await pods(applications.nodes.slice(from, from + PAGE_SIZE).map(({ id }) => id));
    nodes.push(...part.nodes);
    now = part.now;
  }
  return { nodes: nodes.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)), now };
}

/**
 * The server can't pick pods by namespace, and the applications of a namespace may be others in a minute: with a namespace, all pods are asked
 * for and its own are shown.
 */
async function watchPodsIn(session: Session, filter: PodFilter, names: readonly string[], { namespace, app, output }: GetOptions): Promise<void> {
  const named = (pod: PodRowFragment): boolean => names.length === 0 || names.includes(pod.name);
  if (app !== undefined) {
    const { id } = await findApplication(session, namespace ?? "default", app);
    return watchPods(session, { ...filter, applicationIds: [id] }, output, named);
  }
  if (namespace !== undefined) await mustExist(session, namespace);
  return watchPods(session, filter, output, (pod) => named(pod) && (namespace === undefined || pod.application.namespace.name === namespace));
}

export const getClusters: Lister = async (session, names, options) => {
  if (options.region !== undefined) {
    const known = (await session.client.execute(RegionsDocument)).regions.map(({ code }) => code);
    await mustHaveAll("region", options.region, known, async () => known);
  }
  const filter: ClusterFilter = options.region === undefined ? {} : { regionCodes: options.region };
  if (options.watch === true) return watchClusters(session, filter, options.output, ({ code }) => names.length === 0 || names.includes(code));
  const { nodes: all, now } = await collect(session.terminal, session.client.pages(ClustersDocument, { first: PAGE_SIZE, filter }, (data) => data.clusters));
  const nodes = names.length === 0 ? all : all.filter(({ code }) => names.includes(code));
  await mustHaveAll("cluster", names, all.map(({ code }) => code), async () => all.map(({ code }) => code));
  show(session, options.output, nodes, () => listing(session, "clusters", clusterColumns(now), nodes));
};

export const getRegions: Lister = async (session, names, options) => {
  const { regions } = await session.client.execute(RegionsDocument);
  const nodes = names.length === 0 ? regions : regions.filter(({ code }) => names.includes(code));
  await mustHaveAll("region", names, regions.map(({ code }) => code), async () => regions.map(({ code }) => code));
  show(session, options.output, nodes, () => listing(session, "regions", regionColumns, nodes));
};

const regionColumns: Column<RegionsQuery["regions"][number]>[] = [
  { header: "CODE", cell: ({ code }) => code },
  { header: "NAME", cell: ({ name }) => name },
  { header: "CLUSTERS", right: true, cell: ({ clusters }) => clusters.totalCount },
];

export const getNamespaces: Lister = async (session, names, options) => {
  const { nodes: all, now } = await allNamespaces(session);
  const nodes = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  await mustHaveAll("namespace", names, all.map(({ name }) => name), async () => all.map(({ name }) => name));
  const columns: Column<NamespacesQuery["namespaces"]["nodes"][number]>[] = [
    { header: "NAME", cell: ({ name }) => name },
    { header: "APPLICATIONS", right: true, cell: ({ applications }) => applications.totalCount },
    { header: "AGE", right: true, cell: ({ createdAt }) => age(createdAt, now) },
    { header: "DESCRIPTION", cell: ({ description }) => description },
  ];
  show(session, options.output, nodes, () => listing(session, "namespaces", columns, nodes));
};

export const getOperations: Lister = async (session, names, options) => {
  const filter = {
    ...(options.state === undefined ? {} : { states: options.state }),
    ...(options.app === undefined ? {} : { targetIds: [(await findApplication(session, options.namespace ?? "default", options.app)).id] }),
  };
  if (options.watch === true) return watchOperations(session, filter, options.output, ({ id }) => names.length === 0 || names.includes(id));
  const { nodes: all, now } = await collect(session.terminal, session.client.pages(OperationsDocument, { first: PAGE_SIZE, filter }, (data) => data.operations));
  const nodes = names.length === 0 ? all : all.filter(({ id }) => names.includes(id));
  await mustHaveAll("operation", names, all.map(({ id }) => id), async () => []);
  show(session, options.output, nodes, () => listing(session, "operations", operationColumns(now), nodes));
};

/** The machines of one cluster. */
export const getNodes: Lister = async (session, names, options) => {
  const code = (options.cluster as readonly string[])[0] as string;
  await clusterId(session, code);
  const pages = session.client.pages(ClusterDocument, { code, nodes: PAGE_SIZE }, (data) => {
    if (data.cluster === null) throw new FailedError(`There is no cluster ${code}.`);
    return data.cluster.nodes;
  });
  const { nodes: all } = await collect(session.terminal, pages);
  const nodes = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  await mustHaveAll("node", names, all.map(({ name }) => name), async () => all.map(({ name }) => name));
  show(session, options.output, nodes, () =>
    listing(session, "nodes", [
      { header: "NAME", cell: ({ name }) => name },
      { header: "STATUS", cell: ({ status, cordoned }) => stateCell(cordoned ? `${status}, cordoned` : status) },
      { header: "PODS", right: true, cell: ({ allocated, capacity }) => `${allocated.pods}/${capacity.pods}` },
      { header: "CPU", right: true, cell: ({ allocated, capacity }) => `${cores(allocated.cpuMillis)}/${cores(capacity.cpuMillis)}` },
      { header: "MEMORY", right: true, cell: ({ allocated, capacity }) => `${memory(allocated.memoryMiB)}/${memory(capacity.memoryMiB)}` },
    ], nodes));
};

export function listing<Row>(session: Session, what: string, columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  return rows.length === 0 ? [`No ${what}.`] : formatTable(columns, rows, session.style, session.width);
}

const idsOf = (session: Session, codes: readonly string[]): Promise<string[]> => Promise.all(codes.map((code) => clusterId(session, code)));

export async function mustExist(session: Session, namespace: string): Promise<void> {
  const { nodes } = await allNamespaces(session);
  if (!nodes.some(({ name }) => name === namespace)) throw await noSuchNamespace(session, namespace);
}

export async function mustHaveAll(what: string, wanted: readonly string[], found: readonly string[], known: () => Promise<readonly string[]>): Promise<void> {
  const missing = wanted.filter((name) => !found.includes(name));
  if (missing.length === 0) return;
  const candidates = await known();
  throw new FailedError(missing.map((name) => `There is no ${what} ${name}.${didYouMean(name, candidates)}`).join("\n       "));
}
