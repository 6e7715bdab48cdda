import { randomUUID } from "node:crypto";
import {
  accepted,
  CreateServicesDocument,
  DeleteServicesDocument,
  RefusedError,
  ServiceDocument,
  type ServicePortInput,
  type ServiceQuery,
  type ServiceRowFragment,
  ServicesDocument,
  UpdateServiceDocument,
  type UserError,
} from "../../typescript/index.ts";
import type { PortOption } from "../arguments.ts";
import { confirm } from "../confirm.ts";
import { EXIT, type ExitCode, FailedError } from "../exit.ts";
import { finish, type FinishOptions, RETRYING } from "../finish.ts";
import { age, count, stateCell } from "../format.ts";
import { clusterIds, findApplication, missingFrom } from "../lookup.ts";
import { type Format, show } from "../output.ts";
import { collect, PAGE_SIZE, type Session } from "../session.ts";
import { type Column, formatFacts, formatTable } from "../table.ts";
import { plain } from "../text.ts";
import type { ChangeOptions } from "./change.ts";
import { type Lister, listing, mustExist, mustHaveAll } from "./get.ts";

type Found = ServiceQuery["services"]["nodes"][number];

/** Kubernetes' habit: a port without a name is called after its protocol and number. */
export const portInput = ({ name, port, containerPort, protocol }: PortOption): ServicePortInput => ({
  name: name ?? `${protocol.toLowerCase()}-${port}`,
  protocol,
  port,
  containerPort,
});

export interface CreateServiceOptions extends ChangeOptions {
  readonly app: string;
  readonly port: readonly PortOption[];
  readonly cluster?: readonly string[] | undefined;
}

export async function createServices(session: Session, name: string, options: CreateServiceOptions): Promise<ExitCode> {
  const application = await findApplication(session, options.namespace, options.app);
  const input = {
    name,
    applicationId: application.id,
    ports: options.port.map(portInput),
    clusterIds: options.cluster === undefined ? null : (await clusterIds(session, options.cluster)).map(({ id }) => id),
    idempotencyKey: randomUUID(),
  };
  const { createServices: payload } = await session.client.executeWith(RETRYING, CreateServicesDocument, { input });
  const { operation, services } = accepted(payload);
  return finish(session, operation, options, { title: `service ${name} on ${count(services.length, "cluster")}`, work: "The creation" }, `Service ${name} is there.`);
}

export interface UpdateServiceOptions extends ChangeOptions {
  readonly port: readonly PortOption[];
  readonly cluster?: readonly string[] | undefined;
}

/** Other ports for a service, on every cluster that has it or on some. */
export async function updateService(session: Session, name: string, options: UpdateServiceOptions): Promise<ExitCode> {
  const services = await findChangeable(session, options.namespace, name, options.cluster);
  const ports = options.port.map(portInput);
  const operations: Begun[] = [];
  // One after the other: the first refusal stops, before more was changed than has to be put right.
  for (const { id, version, cluster } of services) {
    const { updateService: payload } = await session.client.executeWith(RETRYING, UpdateServiceDocument, { input: { serviceId: id, ports, expectedVersion: version, idempotencyKey: randomUUID() } });
    const { operation } = accepted(payload);
    if (operation !== null) operations.push([operation.id, cluster.code]);
  }
  return finishAll(session, name, operations, options, "updating", "The update", `Service ${name} is like that already.`);
}

export async function deleteServices(session: Session, name: string, options: ChangeOptions & { readonly yes: boolean; readonly cluster?: readonly string[] | undefined }): Promise<ExitCode> {
  const services = await findChangeable(session, options.namespace, name, options.cluster);
  const where = services.map(({ cluster }) => cluster.code).join(", ");
  if (!options.yes) await confirm(session.terminal, `Delete service ${name} in ${options.namespace} on ${where}?`);
  const codes = new Map(services.map(({ id, cluster }) => [id, cluster.code]));
  const operations = new Map<string, string>();
  const refusals: UserError[] = [];
  for (let from = 0; from < services.length; from += DELETED_AT_ONCE) {
    const ids = services.slice(from, from + DELETED_AT_ONCE).map(({ id }) => id);
    const { deleteServices: payload } = await session.client.executeWith(RETRYING, DeleteServicesDocument, { input: { ids, idempotencyKey: randomUUID() } });
    for (const { id, operation, userErrors } of payload.results) {
      refusals.push(...userErrors);
      if (operation !== null) operations.set(operation.id, codes.get(id) ?? id);
    }
  }
  const ended = operations.size === 0 && refusals.length > 0 ? EXIT.refused : await finishAll(session, name, [...operations], options, "deleting", "The deletion", `Service ${name} is gone.`);
  if (refusals.length > 0) throw new RefusedError(refusals);
  return ended;
}

/** What deleteServices takes in one request. */
const DELETED_AT_ONCE = 100;

type Begun = readonly [operationId: string, cluster: string];

/** Follows a service's operations one after the other; they go on side by side. A line for each cluster, one list for programs. */
async function finishAll(session: Session, name: string, operations: readonly Begun[], options: FinishOptions, verb: string, work: string, nothingToDo: string): Promise<ExitCode> {
  const ids = operations.map(([id]) => id);
  if (operations.length === 0) return finish(session, null, options, { title: "", work }, nothingToDo);
  if (operations.length > 1 && (!options.wait || options.output !== "table")) {
    const ended = options.wait ? await Promise.all(ids.map((id) => session.client.waitForOperation(id))) : ids.map((id) => ({ id }));
    show(session, options.output, { operations: ended }, () => ["To follow them:", ...ids.map((id) => `  selvedge wait ${id}`)]);
    return !options.wait || ended.every((operation) => "state" in operation && operation.state === "SUCCEEDED") ? EXIT.done : EXIT.refused;
  }
  let worst: ExitCode = EXIT.done;
  for (const [id, cluster] of operations) {
    const subject = `${name} on ${cluster}`;
    const code = await finish(session, { id }, options, { title: `${verb} service ${subject}`, work, subject }, nothingToDo);
    if (code !== EXIT.done) worst = code;
  }
  return worst;
}

export const getServices: Lister = async (session, names, options) => {
  const filter = {
    ...(options.namespace === undefined ? {} : { namespaces: [options.namespace] }),
    ...(names.length === 0 ? {} : { names }),
    ...(options.app === undefined ? {} : { applicationIds: [(await findApplication(session, options.namespace ?? "default", options.app)).id] }),
    ...(options.cluster === undefined ? {} : { clusterIds: (await clusterIds(session, options.cluster)).map(({ id }) => id) }),
  };
  const { nodes, now } = await servicesOf(session, filter);
  if (nodes.length === 0 && options.namespace !== undefined) await mustExist(session, options.namespace);
  await mustHaveAll("service", names, nodes.map(({ name }) => name), async () => (await servicesOf(session, {})).nodes.map(({ name }) => name));
  show(session, options.output, nodes, () => listing(session, "services", serviceColumns(now), nodes.toSorted(byNameAndCluster)));
};

const servicesOf = (session: Session, filter: { readonly namespaces?: readonly string[]; readonly names?: readonly string[]; readonly applicationIds?: readonly string[]; readonly clusterIds?: readonly string[] }) =>
  collect(session.terminal, session.client.pages(ServicesDocument, { first: PAGE_SIZE, filter }, (data) => data.services));

export const portText = ({ name, port, containerPort, protocol }: ServiceRowFragment["ports"][number]): string =>
  `${name} ${port}${port === containerPort ? "" : `:${containerPort}`}/${protocol.toLowerCase()}`;

/** A service's entries on its clusters stand together. */
export function byNameAndCluster(one: ServiceRowFragment, other: ServiceRowFragment): number {
  const [a, b] = [one, other].map(({ namespace, name, cluster }) => `${namespace.name} ${name} ${cluster.code}`) as [string, string];
  return a < b ? -1 : a > b ? 1 : 0;
}

export const serviceColumns = (now: string): Column<ServiceRowFragment>[] => [
  { header: "NAMESPACE", spare: 2, cell: ({ namespace }) => namespace.name },
  { header: "NAME", whole: true, cell: ({ name }) => name },
  { header: "APPLICATION", spare: 3, cell: ({ application }) => application.name },
  { header: "CLUSTER", cell: ({ cluster }) => cluster.code },
  { header: "CLUSTER IP", cell: ({ clusterIp }) => clusterIp ?? "" },
  { header: "PORTS", cell: ({ ports }) => ports.map(portText).join(", ") },
  { header: "STATUS", cell: ({ status }) => stateCell(status) },
  { header: "AGE", right: true, spare: 1, cell: ({ createdAt }) => age(createdAt, now) },
];

export async function describeService(session: Session, name: string, options: { readonly output: Format; readonly namespace: string; readonly cluster?: readonly string[] | undefined }): Promise<void> {
  const services = await findServices(session, options.namespace, name, options.cluster);
  show(session, options.output, services, () => services.flatMap((service, index) => [...(index === 0 ? headLines(session, service) : []), "", ...serviceLines(session, service)]));
}

const headLines = ({ style }: Session, { name, namespace, application, type }: Found): string[] =>
  formatFacts([["Name", name], ["Namespace", namespace.name], ["Application", application.name], ["Type", type]], style);

function serviceLines({ style, width }: Session, { id, cluster, clusterIp, status, ports, vpc, version, endpoints }: Found): string[] {
  const lines = [
    style("bold", plain(cluster.code)),
    ...formatFacts(
      [
        ["  Id", id],
        ["  Cluster IP", clusterIp ?? ""],
        ["  Status", stateCell(status)],
        ["  Ports", ports.map(portText).join(", ")],
        ["  VPC", vpc.name],
        ["  Version", version],
        ["  Endpoints", `${endpoints.nodes.filter(({ ready }) => ready).length} ready of ${endpoints.totalCount}`],
      ],
      style,
    ),
  ];
  if (endpoints.nodes.length > 0) {
    lines.push(
      ...formatTable(
        [
          { header: "POD", cell: ({ pod }) => pod.name },
          { header: "ADDRESS", cell: ({ address }) => address },
          { header: "READY", cell: ({ ready }) => (ready ? "yes" : { text: "no", color: "yellow" }) },
        ] satisfies Column<Found["endpoints"]["nodes"][number]>[],
        endpoints.nodes,
        style,
        width,
      ).map((line) => `  ${line}`),
    );
  }
  if (endpoints.nodes.length < endpoints.totalCount) lines.push(style("dim", `  … and ${endpoints.totalCount - endpoints.nodes.length} more`));
  return lines;
}

/** Those that are there to be changed: one that is being deleted stays in the list until its cluster has confirmed it. */
async function findChangeable(session: Session, namespace: string, name: string, codes: readonly string[] | undefined): Promise<Found[]> {
  const services = (await findServices(session, namespace, name, codes)).filter(({ status }) => status !== "DELETING");
  if (services.length === 0) throw new FailedError(`Service ${name} is being deleted.`);
  return services;
}

/** A service's entries, one for each of its clusters, by the clusters' codes. */
async function findServices(session: Session, namespace: string, name: string, codes: readonly string[] | undefined): Promise<Found[]> {
  const ids = codes === undefined ? undefined : (await clusterIds(session, codes)).map(({ id }) => id);
  const variables = { namespace, name, ...(ids === undefined ? {} : { clusterIds: ids }) };
  const { nodes } = await collect(session.terminal, session.client.pages(ServiceDocument, variables, (data) => data.services));
  if (nodes.length === 0) throw await noSuchService(session, namespace, name, codes);
  for (const { id, cluster } of nodes) session.named.set(id, `${name} on ${cluster.code}`);
  return nodes.toSorted((a, b) => (a.cluster.code < b.cluster.code ? -1 : 1));
}

async function noSuchService(session: Session, namespace: string, name: string, codes: readonly string[] | undefined): Promise<FailedError> {
  const { nodes } = await servicesOf(session, {});
  const here = nodes.filter((other) => other.name === name && other.namespace.name === namespace);
  if (codes !== undefined && here.length > 0) return new FailedError(`Service ${name} is not on ${codes.join(", ")}; it is on ${here.map(({ cluster }) => cluster.code).join(", ")}.`);
  return missingFrom("service", namespace, name, nodes);
}
