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
  // When it was heard last is told with the next change.
  rules: { volatile: ["lastSeenAt"], version: ({ lastSeenAt }) => lastSeenAt, unfiltered: true },
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

/** Whatever has an id, with what it shows of others. */
interface Named extends Row {
  readonly __typename: string;
  readonly name?: string;
  readonly version?: number;
  readonly status?: string;
  readonly networkStatus?: string;
  readonly endpoints?: { readonly totalCount: number };
  readonly usedBy?: { readonly totalCount: number };
  readonly rolloutState?: string;
  readonly finishedAt?: string | null;
}
const NAMED = `__typename id ...ApplicationRow
  ... on Service { networkStatus: status version clusterIp ports { port } endpoints(first: 15) { totalCount nodes { address ready pod { id } } } }
  ... on ConfigMap { version data { key value } usedBy(first: 20) { totalCount nodes { id } } }
  ... on Rollout { rolloutState: state updated total reason finishedAt }`;
const WATCH: TypedDocument<{ readonly watch: Change<Named> }, { readonly ids: readonly string[]; readonly after?: string | null }> =
  `subscription ($ids: [ID!]!, $after: String) { watch(ids: $ids, after: $after) { ${CHANGE} upserted { ${NAMED} } } } ${String(ApplicationRowFragmentDoc)}`;
const NODES: TypedDocument<{ readonly nodes: readonly (Named | null)[] }, { readonly ids: readonly string[] }> =
  `query ($ids: [ID!]!) { nodes(ids: $ids) { ${NAMED} } } ${String(ApplicationRowFragmentDoc)}`;

const ENDPOINTS = `(select count(*) from pod p where p.application_id = s.application_id and p.cluster_id = s.cluster_id and p.private_ip is not null and p.phase not in ('TERMINATING', 'SUCCEEDED', 'FAILED'))`;
const USERS = `(select count(distinct a.id) from config_reference r join application a on a.id = r.application_id where r.config_id = c.id and (
  r.revision_id = a.revision_id or r.revision_id in (select p.revision_id from placement p where p.application_id = a.id)
  or r.revision_id in (select o.from_revision_id from rollout o where o.application_id = a.id and o.finished_at is null)))`;

/** These applications, services, ConfigMaps and rollouts, whatever becomes of them. */
export const watched = (ids: readonly string[]): Subject<Named> =>
  subject({
    name: "objects by their ids",
    watch: WATCH,
    variables: { ids },
    change: ({ watch: change }) => change,
    async truth(client) {
      const { nodes } = await client.execute(NODES, { ids });
      return new Map(nodes.flatMap((node) => (node === null ? [] : [[node.id, node]])));
    },
    rules: { volatile: [], version: ({ version, finishedAt }) => version ?? (finishedAt === null ? 0 : 1), unfiltered: true, tellsAbsent: true },
    select: `select id, row from (
      select 'Application.' || id as id, ${APPLICATION} as row from application
      union all select 'Service.' || s.id, jsonb_build_array(s.version, s.status, ${ENDPOINTS}) from service s
      union all select 'ConfigMap.' || c.id, jsonb_build_array(c.version, ${USERS}) from config_map c
      union all select 'Rollout.' || id, jsonb_build_array(state, finished_at is not null) from rollout) named where id = any ('{${ids.join(",")}}')`,
    row({ __typename: type, name, version, status, networkStatus, endpoints, usedBy, rolloutState, finishedAt }) {
      if (type === "Application") return [name, version, status];
      if (type === "Service") return [version, networkStatus, endpoints?.totalCount];
      return type === "ConfigMap" ? [version, usedBy?.totalCount] : [rolloutState, finishedAt !== null];
    },
  });
