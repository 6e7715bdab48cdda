import {
  type ApplicationRowFragment,
  ApplicationRowFragmentDoc,
  ApplicationsDocument,
  type ClusterRowFragment,
  ClustersDocument,
  type OperationRowFragment,
  OperationRowFragmentDoc,
  OperationsDocument,
  type Page,
  type PodRowFragment,
  PodsDocument,
  type SelvedgeClient,
  type TypedDocument,
  WatchApplicationsDocument,
  WatchClustersDocument,
  WatchPodsDocument,
} from "#clients/typescript/index.ts";
import type { Change, Row, Rules } from "./stream-history.ts";

/** What the state streams can be about, for histories: how it is followed, and what is true of it, by the API's queries and by the rows. */
export interface Subject<Item extends Row> {
  readonly name: string;
  readonly rules: Rules<Item>;
  /** Its messages; told whenever the client has found the server back and asks again. */
  follow(client: SelvedgeClient, after: string | null, onAskedAgain: () => void): AsyncGenerator<Change<Item>, void, void>;
  /** As a query answers. */
  truth(client: SelvedgeClient): Promise<ReadonlyMap<string, Item>>;
  /** Statement for (id, row): what the tables say, by global id. */
  readonly select: string;
  /** The same of an item. */
  row(item: Item): unknown;
}

interface Described<Data, Variables, Item extends Row> extends Omit<Subject<Item>, "follow"> {
  readonly watch: TypedDocument<Data, Variables>;
  readonly variables: Variables;
  readonly change: (data: Data) => Change<Item>;
}

function subject<Data, Variables extends { readonly after?: string | null | undefined }, Item extends Row>({ watch, variables, change, ...rest }: Described<Data, Variables, Item>): Subject<Item> {
  return {
    ...rest,
    async *follow(client, after, onAskedAgain) {
      let lost = false;
      const stream = client.subscribe(watch, { ...variables, ...(after === null ? {} : { after }) }, {
        onState(state) {
          if (state.kind === "reconnecting") lost = true;
          else if (lost) {
            lost = false;
            onAskedAgain();
          }
        },
      });
      for await (const data of stream) yield change(data);
    },
  };
}

const pages =
  <Data, Variables extends { readonly first?: number | null | undefined; readonly after?: string | null | undefined }, Item extends Row>(
    query: TypedDocument<Data, Variables>,
    variables: Variables,
    page: (data: Data) => Page<Item>,
  ) =>
  async (client: SelvedgeClient): Promise<ReadonlyMap<string, Item>> => {
    const truth = new Map<string, Item>();
    for await (const { page: { nodes } } of client.pages(query, { ...variables, first: 200 }, page)) for (const node of nodes) truth.set(node.id, node);
    return truth;
  };

const TENANT = "(select id from tenant where name = 'demo')";
const APPLICATION = "jsonb_build_array(name, version, status)";
const applicationRow = ({ name, version, status }: ApplicationRowFragment): unknown => [name, version, status];

export const pods: Subject<PodRowFragment> = subject({
  name: "pods",
  watch: WatchPodsDocument,
  variables: { filter: {} },
  change: ({ pods: change }) => change,
  truth: pages(PodsDocument, { filter: {} }, ({ pods: page }) => page),
  // The restarts only ever grow; when the cluster was heard last is told with the next change.
  rules: { volatile: ["observedAt"], version: ({ restartCount }) => restartCount, unfiltered: true },
  select: `select 'Pod.' || id as id, jsonb_build_array(name, phase, ready, restart_count) as row from pod where tenant_id = ${TENANT}`,
  row: ({ name, phase, ready, restartCount }) => [name, phase, ready, restartCount],
});

const applicationsWith = (name: string, filter: { readonly statuses: readonly ["RUNNING"] } | null): Subject<ApplicationRowFragment> =>
  subject({
    name,
    watch: WatchApplicationsDocument,
    variables: { filter },
    change: ({ applications: change }) => change,
    truth: pages(ApplicationsDocument, { filter }, ({ applications: page }) => page),
    rules: { volatile: [], version: ({ version }) => version, unfiltered: filter === null },
    select: `select 'Application.' || id as id, ${APPLICATION} as row from application where tenant_id = ${TENANT} ${filter === null ? "" : "and status = 'RUNNING'"}`,
    row: applicationRow,
  });
export const applications = applicationsWith("applications", null);
export const runningApplications = applicationsWith("running applications", { statuses: ["RUNNING"] });

export const clusters: Subject<ClusterRowFragment> = subject({
  name: "clusters",
  watch: WatchClustersDocument,
  variables: { filter: null },
  change: ({ clusters: change }) => change,
  truth: pages(ClustersDocument, { filter: null }, ({ clusters: page }) => page),
  // What is reserved is given back a moment after the last pod is gone.
  rules: { volatile: ["lastSeenAt", "allocated"], version: ({ lastSeenAt }) => lastSeenAt, unfiltered: true },
  select: `select 'Cluster.' || id as id, jsonb_build_array(code, (select count(*) from pod where pod.cluster_id = cluster.id and pod.tenant_id = ${TENANT})) as row from cluster`,
  row: ({ code, podCount }) => [code, podCount],
});

const CHANGE = "cursor snapshot complete removedIds at";

const WATCH_OPERATIONS: TypedDocument<{ readonly operations: Change<OperationRowFragment> }, { readonly after?: string | null }> =
  `subscription ($after: String) { operations(after: $after) { ${CHANGE} upserted { ...OperationRow } } } ${String(OperationRowFragmentDoc)}`;

export const operations: Subject<OperationRowFragment> = subject({
  name: "operations",
  watch: WATCH_OPERATIONS,
  variables: {},
  change: ({ operations: change }) => change,
  truth: pages(OperationsDocument, { filter: null }, ({ operations: page }) => page),
  // What has ended stays so.
  rules: { volatile: [], version: ({ finishedAt }) => (finishedAt === null ? 0 : 1), unfiltered: true },
  select: `select 'Operation.' || id as id, jsonb_build_array(kind, state) as row from operation where tenant_id = ${TENANT}`,
  row: ({ kind, state }) => [kind, state],
});

const WATCH: TypedDocument<{ readonly watch: Change<ApplicationRowFragment> }, { readonly ids: readonly string[]; readonly after?: string | null }> =
  `subscription ($ids: [ID!]!, $after: String) { watch(ids: $ids, after: $after) { ${CHANGE} upserted { id ...ApplicationRow } } } ${String(ApplicationRowFragmentDoc)}`;
const NODES: TypedDocument<{ readonly nodes: readonly (ApplicationRowFragment | null)[] }, { readonly ids: readonly string[] }> =
  `query ($ids: [ID!]!) { nodes(ids: $ids) { id ...ApplicationRow } } ${String(ApplicationRowFragmentDoc)}`;

/** These applications, whatever becomes of them. */
export const watched = (ids: readonly string[]): Subject<ApplicationRowFragment> =>
  subject({
    name: "applications by their ids",
    watch: WATCH,
    variables: { ids },
    change: ({ watch: change }) => change,
    async truth(client) {
      const { nodes } = await client.execute(NODES, { ids });
      return new Map(nodes.flatMap((node) => (node === null ? [] : [[node.id, node]])));
    },
    rules: { volatile: [], version: ({ version }) => version, unfiltered: true, tellsAbsent: true },
    select: `select 'Application.' || id as id, ${APPLICATION} as row from application where 'Application.' || id = any ('{${ids.join(",")}}')`,
    row: applicationRow,
  });
