import {
  type ApplicationIdQuery,
  ApplicationIdDocument,
  ApplicationsDocument,
  ClusterIdDocument,
  ClustersDocument,
  NamespacesDocument,
  type PodRowFragment,
  PodsDocument,
} from "../typescript/index.ts";
import { FailedError, UsageError } from "./exit.ts";
import { collect, PAGE_SIZE, type Session } from "./session.ts";
import { didYouMean } from "./suggest.ts";

/** From the names that people type to the objects behind them. Each says what it did not find, and what may have been meant. */

/** Ids of clusters by their codes, in the order given. Each option may hold several codes, with commas. */
export async function clusterIds(session: Session, given: readonly string[]): Promise<{ readonly id: string; readonly code: string }[]> {
  const codes = [...new Set(given.flatMap((text) => text.split(",")).map((code) => code.trim()).filter((code) => code !== ""))];
  if (codes.length === 0) throw new UsageError("--clusters names no cluster");
  const found = await Promise.all(codes.map(async (code) => (await session.client.execute(ClusterIdDocument, { code })).cluster));
  const missing = codes.filter((_, index) => found[index] === null);
  if (missing.length > 0) {
    const known = (await allClusters(session)).nodes.map(({ code }) => code);
    throw new FailedError(missing.map((code) => `There is no cluster ${code}.${didYouMean(code, known)}`).join("\n       "));
  }
  const clusters = found.filter((cluster) => cluster !== null);
  for (const { id, code } of clusters) session.named.set(id, code);
  return clusters;
}

export async function clusterId(session: Session, code: string): Promise<string> {
  const [cluster] = await clusterIds(session, [code]);
  return (cluster as { readonly id: string }).id;
}

export const allClusters = (session: Session) =>
  collect(session.terminal, session.client.pages(ClustersDocument, { first: PAGE_SIZE }, (data) => data.clusters));

export const allNamespaces = (session: Session) =>
  collect(session.terminal, session.client.pages(NamespacesDocument, { first: PAGE_SIZE }, (data) => data.namespaces));

export const applicationsOf = (session: Session, namespaces: readonly string[]) =>
  collect(
    session.terminal,
    session.client.pages(ApplicationsDocument, { first: PAGE_SIZE, filter: namespaces.length === 0 ? null : { namespaces } }, (data) => data.applications),
  );

export async function findApplication(session: Session, namespace: string, name: string): Promise<NonNullable<ApplicationIdQuery["application"]>> {
  const { application } = await session.client.execute(ApplicationIdDocument, { namespace, name });
  if (application === null) throw await noSuchApplication(session, namespace, name);
  session.named.set(application.id, name);
  return application;
}

export async function noSuchApplication(session: Session, namespace: string, name: string): Promise<FailedError> {
  return missingFrom("application", namespace, name, (await applicationsOf(session, [])).nodes);
}

/** Nothing of that name is in the namespace; `known` are those of all namespaces, for what may have been meant. */
export function missingFrom(what: string, namespace: string, name: string, known: readonly { readonly name: string; readonly namespace: { readonly name: string } }[]): FailedError {
  const elsewhere = known.find((other) => other.name === name && other.namespace.name !== namespace);
  const hint = elsewhere === undefined
    ? didYouMean(name, [...new Set(known.filter((other) => other.namespace.name === namespace).map((other) => other.name))])
    : ` There is one in ${elsewhere.namespace.name}: -n ${elsewhere.namespace.name}`;
  return new FailedError(`There is no ${what} ${name} in namespace ${namespace}.${hint}`);
}

export async function noSuchNamespace(session: Session, name: string): Promise<FailedError> {
  return new FailedError(`There is no namespace ${name}.${didYouMean(name, (await allNamespaces(session)).nodes.map((namespace) => namespace.name))}`);
}

/** `pod/name` and `app/name` say which kind is meant; a name alone does not. */
export function kindAndName(text: string): { readonly kind: "pod" | "app" | null; readonly name: string } {
  const [, kind, name = text] = /^(pods?|apps?|application)\/(.+)$/.exec(text) ?? [];
  return { kind: kind === undefined ? null : kind.startsWith("pod") ? "pod" : "app", name };
}

/** A pod by its name or id. Names are unique on a cluster; the same name on two needs --cluster. */
export async function findPod(session: Session, name: string, clusterCode: string | undefined): Promise<PodRowFragment> {
  const filter = { keyword: name, ...(clusterCode === undefined ? {} : { clusterIds: [await clusterId(session, clusterCode)] }) };
  const { nodes } = await collect(session.terminal, session.client.pages(PodsDocument, { first: PAGE_SIZE, filter }, (data) => data.pods));
  const exact = nodes.filter((pod) => pod.name === name);
  if (exact.length > 1) throw new FailedError(`${exact.length} clusters have a pod ${name}: --cluster ${exact.map((pod) => pod.cluster.code).join(" or ")}`);
  const [pod] = exact;
  if (pod === undefined) throw new FailedError(`There is no pod ${name}.${nodes.length > 0 ? ` There is ${nodes.slice(0, 3).map((other) => other.name).join(", ")}.` : ""}`);
  return pod;
}
