import { setTimeout as sleep } from "node:timers/promises";
import {
  GraphqlError, type LateSeriesFragment, type MetricName, type MetricsInput, ServerDocument, TopApplicationsDocument, TopClustersDocument, TopNodesDocument, TopPodsDocument, UnreachableError,
} from "../../typescript/index.ts";
import { FailedError } from "../exit.ts";
import { memory } from "../format.ts";
import { clusterId, findApplication } from "../lookup.ts";
import { type Format, show } from "../output.ts";
import { collect, PAGE_SIZE, type Session } from "../session.ts";
import { type Column, formatTable } from "../table.ts";
import { drawnLines, type Look } from "../watch/view.ts";

export interface TopOptions {
  readonly output: Format;
  readonly namespace?: string | undefined;
  readonly app?: string | undefined;
  readonly cluster?: readonly string[] | undefined;
  /** A single picture, also on a terminal. */
  readonly once?: boolean | undefined;
  /** Milliseconds between two pictures. */
  readonly everyMs?: number | undefined;
}

/** An object, and what it uses. */
export interface TopRow {
  readonly id: string;
  readonly name: string;
  /** What else says which it is. */
  readonly of: string;
  /** null where nothing was reported lately. */
  readonly values: Readonly<Partial<Record<MetricName, number | null>>>;
}

const METRICS: readonly MetricName[] = ["CPU_MILLIS", "CPU_USAGE_PERCENT", "MEMORY_MIB", "MEMORY_USAGE_PERCENT", "REQUESTS_PER_SECOND", "ERROR_PERCENT", "LATENCY_P99_MS", "READY_REPLICAS"];
/** What is older is not what is used now. */
const LATELY_MS = 60_000;
const STEP_SECONDS = 15;
const REFRESH_MS = 5_000;
/** While the server is away. */
const AGAIN_MS = 1_000;

export type TopKind = "pods" | "apps" | "nodes" | "clusters";
interface Kind {
  readonly one: string;
  readonly of: string;
  readonly rows: (session: Session, options: TopOptions, metrics: MetricsInput) => Promise<readonly TopRow[]>;
}

const KINDS: Readonly<Record<TopKind, Kind>> = {
  pods: {
    one: "pod", of: "CLUSTER",
    rows: async (session, { namespace, app, cluster }, metrics) => {
      const filter = {
        ...(app === undefined ? {} : { applicationIds: [(await findApplication(session, namespace ?? "default", app)).id] }),
        ...(cluster === undefined ? {} : { clusterIds: await idsOf(session, cluster) }),
      };
      const { nodes } = await collect(session.terminal, session.client.pages(TopPodsDocument, { first: PAGE_SIZE, filter, metrics }, (data) => data.pods));
      const wanted = nodes.filter(({ application }) => namespace === undefined || application.namespace.name === namespace);
      return wanted.map((pod) => ({ id: pod.id, name: pod.name, of: pod.cluster.code, values: latest(pod.metrics) }));
    },
  },
  apps: {
    one: "application", of: "NAMESPACE",
    rows: async (session, { namespace, cluster }, metrics) => {
      const filter = { ...(namespace === undefined ? {} : { namespaces: [namespace] }), ...(cluster === undefined ? {} : { clusterIds: await idsOf(session, cluster) }) };
      const { nodes } = await collect(session.terminal, session.client.pages(TopApplicationsDocument, { first: PAGE_SIZE, filter, metrics }, (data) => data.applications));
      return nodes.map((application) => ({ id: application.id, name: application.name, of: application.namespace.name, values: latest(application.metrics) }));
    },
  },
  clusters: {
    one: "cluster", of: "",
    rows: async (session, _options, metrics) => {
      const { nodes } = await collect(session.terminal, session.client.pages(TopClustersDocument, { first: PAGE_SIZE, metrics }, (data) => data.clusters));
      return nodes.map((cluster) => ({ id: cluster.id, name: cluster.code, of: "", values: latest(cluster.metrics) }));
    },
  },
  nodes: {
    one: "node", of: "CLUSTER",
    rows: async (session, { cluster = [] }, metrics) => {
      const rows: TopRow[] = [];
      for (const code of cluster.flatMap((text) => text.split(","))) {
        const { cluster: found } = await session.client.execute(TopNodesDocument, { code, metrics });
        if (found === null) throw new FailedError(`There is no cluster ${code}.`);
        rows.push(...found.nodes.nodes.map((node) => ({ id: node.id, name: node.name, of: found.code, values: latest(node.metrics) })));
      }
      return rows;
    },
  },
};

/** What is used now, the largest first: on a terminal redrawn until Ctrl-C, also across restarts of the server, else once. */
export async function top(session: Session, which: TopKind, options: TopOptions): Promise<void> {
  const { terminal, style } = session;
  const kind = KINDS[which];
  const look: Look<TopRow> = { one: kind.one, columns: () => topColumns(kind.of), order: byUse };
  if (options.output !== "table" || options.once === true || terminal.out.isTTY !== true) {
    const { rows } = await picture(session, kind, options);
    return show(session, options.output, rows, () => (rows.length === 0 ? [`No ${kind.one}s.`] : formatTable(look.columns(""), rows, style, session.width)));
  }
  let shown: Picture | null = null;
  let trouble: string | null = null;
  for (let height = 0; ; ) {
    try {
      shown = await picture(session, kind, options);
      trouble = null;
    } catch (error) {
      // What was never seen can't be shown as it was; what the server refuses it will refuse again.
      if (shown === null || !isPassing(error)) throw error;
      trouble = error.message;
    }
    terminal.interrupted.throwIfAborted();
    const size = { columns: terminal.out.columns || 80, rows: terminal.out.rows || 24 };
    const lines = drawnLines(look, shown.rows, shown.now, trouble, size, style);
    terminal.out.write(`${height === 0 ? "" : `\r\u001b[${height}A\u001b[0J`}${lines.join("\n")}\n`);
    height = lines.length;
    await sleep(options.everyMs ?? (trouble === null ? REFRESH_MS : AGAIN_MS), undefined, { signal: terminal.interrupted }).catch(() => terminal.interrupted.throwIfAborted());
  }
}

interface Picture {
  readonly rows: readonly TopRow[];
  readonly now: string;
}

/** The server is away, starts, or has too much to do. */
const PASSING: ReadonlySet<string> = new Set(["INTERNAL", "TIMEOUT", "RATE_LIMITED"]);
const isPassing = (error: unknown): error is Error => error instanceof UnreachableError || (error instanceof GraphqlError && PASSING.has(error.code));

async function picture(session: Session, kind: Kind, options: TopOptions): Promise<Picture> {
  // By the server's clock, which may run faster than this machine's.
  const { server: { now } } = await session.client.execute(ServerDocument, {});
  const metrics: MetricsInput = { from: new Date(Date.parse(now) - LATELY_MS).toISOString(), to: now, stepSeconds: STEP_SECONDS, metrics: METRICS };
  return { rows: (await kind.rows(session, options, metrics)).toSorted(byUse), now };
}

/** Of each series the last point that has a value. */
export const latest = (series: readonly LateSeriesFragment[]): TopRow["values"] =>
  Object.fromEntries(series.map(({ metric, points }) => [metric, points.findLast(({ value }) => value !== null)?.value ?? null]));

const byUse = (a: TopRow, b: TopRow): number => (b.values.CPU_MILLIS ?? -1) - (a.values.CPU_MILLIS ?? -1) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** A dash where nothing is known: that is not nothing. */
const number = (metric: MetricName, text: (value: number) => string) => ({ values }: TopRow): string => {
  const value = values[metric];
  return value === null || value === undefined ? "-" : text(value);
};
const percent = (value: number): string => `${value.toFixed(1)}%`;

const topColumns = (of: string): Column<TopRow>[] => [
  { header: "NAME", cell: ({ name }) => name },
  ...(of === "" ? [] : [{ header: of, spare: 1, cell: (row: TopRow) => row.of }]),
  { header: "READY", right: true, spare: 2, cell: number("READY_REPLICAS", (value) => value.toFixed(0)) },
  { header: "CPU", right: true, cell: number("CPU_MILLIS", (value) => `${Math.round(value)}m`) },
  { header: "CPU%", right: true, cell: number("CPU_USAGE_PERCENT", percent) },
  { header: "MEMORY", right: true, cell: number("MEMORY_MIB", (value) => memory(Math.round(value))) },
  { header: "MEMORY%", right: true, cell: number("MEMORY_USAGE_PERCENT", percent) },
  { header: "REQ/S", right: true, spare: 3, cell: number("REQUESTS_PER_SECOND", (value) => value.toFixed(1)) },
  { header: "ERRORS", right: true, spare: 4, cell: number("ERROR_PERCENT", percent) },
  { header: "P99", right: true, spare: 5, cell: number("LATENCY_P99_MS", (value) => `${Math.round(value)} ms`) },
];

const idsOf = (session: Session, codes: readonly string[]): Promise<string[]> => Promise.all(codes.flatMap((text) => text.split(",")).map((code) => clusterId(session, code)));
