import type { Asking, Ledger } from "./ledger.ts";
import { listOf, podsOf, type Scope, servicesOf, type Tenant, type World } from "./timed-world.ts";

export type Kind = "applications" | "labelled" | "configMaps" | "namespaces" | "services";

/** A document that is asked again and again, and what an answer to it must show. */
export interface Question {
  /** Without its name, so that it can be another document. */
  readonly selection: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly parameters?: string;
  /** All that is wrong. */
  judge(data: never, ledger: Ledger, scope: Scope, asking: Asking): (string | null)[];
  /** It shows times that pass without being told. */
  readonly passing?: boolean;
  /** What is changed by mutations, and shown by this for all that the caller sees. */
  readonly shows?: Kind;
}
export const documentOf = ({ selection, parameters = "" }: Question, name: string): string => `query ${name} ${parameters} ${selection}`;

interface ApplicationNode {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly placements?: Nodes<{ readonly id: string; readonly generation: number; readonly observedGeneration: number }>;
  readonly pods?: Nodes<PodNode>;
}
interface PodNode {
  readonly id: string;
  readonly restartCount: number;
}
interface Nodes<Node> {
  readonly nodes: readonly Node[];
  readonly totalCount?: number;
}

const PLACEMENTS = "placements(first: 10) { nodes { id generation observedGeneration } }";
const PODS = "pods(first: 20) { nodes { id restartCount } totalCount }";

function judgeApplication({ id, name, version, placements, pods }: ApplicationNode, ledger: Ledger, asking: Asking, stays: boolean): (string | null)[] {
  return [
    ledger.judge(`${id} version`, version, asking),
    ...(placements?.nodes.flatMap((one) => [ledger.judge(`${one.id} generation`, one.generation, asking), ledger.judge(`${one.id} observed`, one.observedGeneration, asking)]) ?? []),
    ...(pods && stays ? judgePods(name, pods, ledger, asking) : []),
  ];
}
const judgePods = (application: string, { nodes, totalCount }: Nodes<PodNode>, ledger: Ledger, asking: Asking): (string | null)[] => [
  ledger.judgeList(podsOf(application), nodes.map(({ id }) => id), totalCount ?? null, asking),
  ...nodes.map(({ id, restartCount }) => ledger.judge(`${id} restarts`, restartCount, asking)),
];
const named = (kind: string, { nodes, totalCount }: Nodes<{ readonly name: string }>, ledger: Ledger, scope: Scope, asking: Asking): string | null =>
  ledger.judgeList(listOf(kind, scope), nodes.map(({ name }) => name), totalCount ?? null, asking);

export function questionsOf({ agents }: World, { applications }: Tenant, scope: Scope): Question[] {
  const mine = applications.filter(({ namespace }) => scope.namespace === null || namespace === scope.namespace);
  const stays = new Set(mine.map(({ name }) => name));
  const one = (application: { readonly id: string }): Question => ({
    parameters: "($id: ID!)", selection: `{ application(id: $id) { id name version ${PLACEMENTS} ${PODS} } }`, variables: { id: application.id },
    judge: ({ application: shown }: { application: ApplicationNode | null }, ledger, _scope, asking) => (shown ? judgeApplication(shown, ledger, asking, true) : ["an application that stays is not shown"]),
  });
  const question = <Data>(selection: string, judge: (data: Data, ledger: Ledger, scope: Scope, asking: Asking) => (string | null)[], more: Partial<Question> = {}): Question => ({ selection, variables: {}, judge, ...more });
  const ids = mine.map(({ id }) => id);
  return [
    ...mine.map(one),
    question<{ applications: Nodes<ApplicationNode> }>(`{ applications(first: 60) { nodes { id name version ${PLACEMENTS} ${PODS} } totalCount } }`, ({ applications: shown }, ledger, _scope, asking) => [
      named("applications", shown, ledger, scope, asking),
      ...shown.nodes.flatMap((node) => judgeApplication(node, ledger, asking, stays.has(node.name))),
    ], { shows: "applications" }),
    question<{ applications: Nodes<ApplicationNode> }>('{ applications(first: 60, filter: { labels: [{ key: "level", value: "1" }] }) { nodes { id name version } totalCount } }', ({ applications: shown }, ledger, _scope, asking) => [
      named("labelled", shown, ledger, scope, asking),
      ...shown.nodes.flatMap((node) => judgeApplication(node, ledger, asking, false)),
    ], { shows: "labelled" }),
    question<{ configMaps: Nodes<ApplicationNode> }>("{ configMaps(first: 100) { nodes { id name version } totalCount } }", ({ configMaps }, ledger, _scope, asking) => [
      named("configMaps", configMaps, ledger, scope, asking),
      ...configMaps.nodes.map(({ id, version }) => ledger.judge(`${id} version`, version, asking)),
    ], { shows: "configMaps" }),
    // A list of which nothing else is asked: where its facts are asked for too, these have to be read anew with it, whatever is remembered of it.
    question<{ namespaces: Nodes<ApplicationNode> }>("{ namespaces(first: 100) { nodes { name } } }", ({ namespaces }, ledger, _scope, asking) => [named("namespaces", namespaces, ledger, scope, asking)], { shows: "namespaces" }),
    question<{ nodes: readonly (ApplicationNode | null)[] }>(
      "{ nodes(ids: $ids) { ... on Application { id name version } } }",
      ({ nodes }, ledger, _scope, asking) => nodes.flatMap((node) => (node ? judgeApplication(node, ledger, asking, false) : ["an application that stays is not shown"])),
      { parameters: "($ids: [ID!]!)", variables: { ids } },
    ),
    ...mine.slice(0, 2).map(({ id, name }) =>
      question<{ pods: Nodes<PodNode> }>(
        "{ pods(filter: { applicationIds: [$id] }, first: 50) { nodes { id restartCount } totalCount } }", ({ pods }, ledger, _scope, asking) => judgePods(name, pods, ledger, asking),
        { parameters: "($id: ID!)", variables: { id } },
      )),
    question<{ applications: Nodes<ApplicationNode & { readonly services: Nodes<{ readonly name: string }> }> }>(
      "{ applications(first: 60) { nodes { name services(first: 20) { nodes { name type } } } } }",
      // One on each cluster.
      ({ applications: shown }, ledger, _scope, asking) => shown.nodes.map(({ name, services }) => ledger.judgeList(servicesOf(name), [...new Set(services.nodes.map((service) => service.name))], null, asking)),
      { shows: "services" },
    ),
    question<{ clusters: Nodes<{ code: string; city: string; nodes: Nodes<{ labels: readonly { value: string }[] }> }> }>(
      "{ clusters(first: 20) { nodes { code city nodes(first: 5) { nodes { name labels { value } } } } } }",
      ({ clusters }, ledger, _scope, asking) => clusters.nodes.flatMap(({ code, city, nodes }) => [
        ledger.judge(`${code} city`, Number(city.replace("city-", "")), asking),
        ...nodes.nodes.map(({ labels }) => ledger.judge(`${code} node`, Number(labels[0]?.value), asking)),
      ]),
    ),
    ...agents.map(({ code }) =>
      question<{ cluster: { lastSeenAt: string } }>("{ cluster(code: $code) { lastSeenAt } }", ({ cluster }, ledger, _scope, asking) => [ledger.judge(`${code} seen`, Date.parse(cluster.lastSeenAt), asking)], {
        parameters: "($code: String!)", variables: { code }, passing: true,
      })),
  ];
}
