import {
  type ApplicationFilter,
  type ApplicationRowFragment,
  type ClusterFilter,
  type ClusterRowFragment,
  type OperationFilter,
  type OperationRowFragment,
  type PodFilter,
  type PodRowFragment,
  type TypedDocument,
  WatchApplicationsDocument,
  WatchClustersDocument,
  WatchOperationsDocument,
  WatchPodsDocument,
} from "../../typescript/index.ts";
import { troubleOf } from "../follow.ts";
import type { Format } from "../output.ts";
import type { Session } from "../session.ts";
import { createLiveSet, type Message } from "../watch/live-set.ts";
import { createView, type Look } from "../watch/view.ts";
import { applicationColumns, clusterColumns, operationColumns, podColumns } from "./columns.ts";

/**
 * `get … --watch`: a list that stays current until Ctrl-C. It outlives restarts of the server, and says while it can't know whether what it
 * shows still holds.
 */
interface Watched<Data, Filter, Row> {
  readonly document: TypedDocument<Data, { readonly filter: Filter }>;
  readonly message: (data: Data) => Message<Row>;
  readonly look: Look<Row>;
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

const PODS: Watched<{ readonly pods: Message<PodRowFragment> }, PodFilter, PodRowFragment> = {
  document: WatchPodsDocument,
  message: ({ pods }) => pods,
  look: { one: "pod", columns: podColumns, order: byName },
};

const APPLICATIONS: Watched<{ readonly applications: Message<ApplicationRowFragment> }, ApplicationFilter, ApplicationRowFragment> = {
  document: WatchApplicationsDocument,
  message: ({ applications }) => applications,
  look: { one: "application", columns: applicationColumns, order: byName },
};

const CLUSTERS: Watched<{ readonly clusters: Message<ClusterRowFragment> }, ClusterFilter, ClusterRowFragment> = {
  document: WatchClustersDocument,
  message: ({ clusters }) => clusters,
  look: { one: "cluster", columns: clusterColumns, order: (a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0) },
};

const OPERATIONS: Watched<{ readonly operations: Message<OperationRowFragment> }, OperationFilter, OperationRowFragment> = {
  document: WatchOperationsDocument,
  message: ({ operations }) => operations,
  look: { one: "operation", columns: operationColumns, order: (a, b) => (a.createdAt > b.createdAt ? -1 : a.createdAt < b.createdAt ? 1 : 0) },
};

export const watchPods = (session: Session, filter: PodFilter, format: Format, matches: (pod: PodRowFragment) => boolean): Promise<void> => watch(session, PODS, filter, format, matches);
export const watchApplications = (session: Session, filter: ApplicationFilter, format: Format): Promise<void> => watch(session, APPLICATIONS, filter, format);
export const watchClusters = (session: Session, filter: ClusterFilter, format: Format, matches: (cluster: ClusterRowFragment) => boolean): Promise<void> => watch(session, CLUSTERS, filter, format, matches);
export const watchOperations = (session: Session, filter: OperationFilter, format: Format, matches: (operation: OperationRowFragment) => boolean): Promise<void> =>
  watch(session, OPERATIONS, filter, format, matches);

/** Ends by Ctrl-C, with the signal's reason, or with what the server refuses for good. */
async function watch<Data, Filter, Row extends { readonly id: string }>(
  session: Session,
  { document, message, look }: Watched<Data, Filter, Row>,
  filter: Filter,
  format: Format,
  matches?: (row: Row) => boolean,
): Promise<void> {
  const { terminal, client } = session;
  const set = createLiveSet<Row>(matches);
  const view = createView(session, look, format);
  try {
    for await (const data of client.subscribe(document, { filter }, { signal: terminal.interrupted, onState: (state) => view.trouble(troubleOf(state)) })) {
      const news = message(data);
      view.show(set, set.apply(news), news.at);
    }
  } finally {
    view.stop();
  }
  terminal.interrupted.throwIfAborted();
}
