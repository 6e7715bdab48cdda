/**
 * Services: stable addresses over the pods of one application, one row a cluster.
 *
 *   PENDING ──the cluster confirms──▶ ACTIVE ──ports change──▶ UPDATING ──confirms──▶ ACTIVE      FAILED: it can't carry it out
 *      └───────────────┴── deleted ──▶ DELETING ──the cluster confirms that nothing is left──▶ (gone)
 *
 * Invariants
 * - `generation` rises exactly when what the cluster's agent is to do changes, and what the cluster said of an older one (`problem`) is dropped; the
 *   application's reconciliation carries it out (`tx.reconcile`).
 * - A service lies in the VPC of its application's placement on that cluster, and follows it (service-followers.ts).
 * - Its address and its name are taken until its row is gone: also while it is being deleted.
 * - Changes hold the application's lock, so that the distribution, the template and the services of one application change one after another.
 * - A newer change of a service supersedes what operations of it had not finished; changes of its application leave these alone.
 */
import { randomUUIDv7 } from "node:crypto";
import { LockMode } from "@mikro-orm/postgresql";
import { accepted, alreadyExists, conflict, type DomainError, invalid, invalidState, notFound, type Outcome, refused } from "../domain/errors.ts";
import { globalId, uuidOf } from "../domain/ids.ts";
import type { ServicePort, ServiceType } from "../domain/service.ts";
import { checkServiceName, checkServicePorts, checkServiceTargets, samePorts } from "../domain/service-rules.ts";
import type { OperationKind } from "../domain/states.ts";
import { quoted } from "../domain/text.ts";
import type { Application } from "../entities/application.ts";
import { Placement } from "../entities/placement.ts";
import { Service } from "../entities/service.ts";
import { type ClusterFacts, loadClusters } from "./application/clusters.ts";
import type { DeleteResult } from "./application/delete.ts";
import { lockApplication, revisionOf } from "./application/lookup.ts";
import { startOperation, type StepPlan, supersedeOperations } from "./operation.ts";
import { takeClusterIps } from "./service-addresses.ts";
import type { CreateServiceInput, UpdateServiceInput } from "./service-input.ts";
import type { Transaction } from "./transaction.ts";

export interface ServicesResult {
  readonly serviceIds: readonly string[];
  /** null where the fleet has nothing to do. */
  readonly operationId: string | null;
}

type Path = readonly string[];

// ---------------------------------------------------------------- create

export async function createServices(tx: Transaction, input: CreateServiceInput): Promise<Outcome<ServicesResult>> {
  const ports = portsOf(input.ports);
  const faults = checkDesign(["input"], input.name, ports);
  if (faults.length > 0) return refused(...faults);
  const found = await lockApplication(tx, input.applicationId, {});
  if (!found.ok) return found;
  const application = found.value;
  const grounds = await groundsOf(tx, application);
  const chosen = choose(application, grounds, input.clusterIds);
  if (!chosen.ok) return chosen;
  const badTargets = await checkTargets(tx, ["input", "ports"], application, ports);
  if (badTargets.length > 0) return refused(...badTargets);
  const existing = await servicesNamed(tx, application, input.name, chosen.value);
  const [taken] = existing;
  if (taken) return refused(nameTaken(["input", "name"], taken, grounds, existing.length));

  const made = await insertServices(tx, application, { name: input.name, type: input.type, ports }, chosen.value);
  if (!made.ok) return made;
  const [only, ...others] = made.value;
  if (only && others.length === 0) tx.about(targetOf(only));
  const operationId = await putToWork(tx, application, "CREATE_SERVICE", made.value, input.name, made.value.map((service) => stepOf(service, grounds)));
  return accepted({ serviceIds: made.value.map(({ id }) => id), operationId });
}

/** Where an application runs, and in which VPC there. */
interface Ground {
  readonly cluster: ClusterFacts;
  readonly vpcId: string;
}
type Grounds = ReadonlyMap<string, Ground>;

/** By cluster, in the order of the clusters' ids. */
async function groundsOf(tx: Transaction, application: Application): Promise<Grounds> {
  const placements = await tx.em.find(Placement, { tenantId: tx.actor.tenantId, applicationId: application.id, deleting: false }, { orderBy: { clusterId: "asc" } });
  const clusters = await loadClusters(tx, placements.map(({ clusterId }) => clusterId));
  return new Map(
    placements.flatMap(({ clusterId, vpcId }) => {
      const cluster = clusters.get(clusterId);
      return cluster ? [[clusterId, { cluster, vpcId }] as const] : [];
    }),
  );
}

/** The grounds of these clusters (global ids), or of all of them. */
function choose(application: Application, grounds: Grounds, clusterIds: readonly string[] | null | undefined): Outcome<Ground[]> {
  if (clusterIds === null || clusterIds === undefined) {
    if (grounds.size > 0) return accepted([...grounds.values()]);
    return refused(invalidState(application.status, `Application ${application.name} runs on no cluster.`));
  }
  const path = ["input", "clusterIds"];
  if (clusterIds.length === 0) return refused(invalid(path, "No cluster is given; leave clusterIds out for every cluster that the application runs on."));
  const chosen = new Map<string, Ground>();
  const errors: DomainError[] = [];
  for (const [index, given] of clusterIds.entries()) {
    const at = [...path, String(index)];
    const ground = grounds.get(uuidOf("Cluster", given) ?? "");
    if (!ground) errors.push(notFound(at, `Application ${application.name} does not run on a cluster ${quoted(given)}.`));
    else if (chosen.has(ground.cluster.id)) errors.push(invalid(at, `Cluster ${ground.cluster.code} is given twice.`));
    else chosen.set(ground.cluster.id, ground);
  }
  return errors.length > 0 ? refused(...errors) : accepted([...chosen.values()]);
}

interface Design {
  readonly name: string;
  readonly type: ServiceType;
  readonly ports: ServicePort[];
}

async function insertServices(tx: Transaction, application: Application, { name, type, ports }: Design, grounds: readonly Ground[]): Promise<Outcome<Service[]>> {
  const addresses = await takeClusterIps(tx, grounds.map(({ cluster }) => cluster));
  if (!addresses.ok) return addresses;
  const services = grounds.map(({ cluster, vpcId }): Service => ({
    tenantId: tx.actor.tenantId,
    id: randomUUIDv7(),
    namespaceId: application.namespaceId,
    applicationId: application.id,
    clusterId: cluster.id,
    vpcId,
    name,
    type,
    clusterIp: addresses.value.get(cluster.id) ?? null,
    ports,
    status: "PENDING",
    version: 1,
    generation: 1,
    observedGeneration: 0,
    problem: null,
    deleting: false,
    createdAt: tx.at,
    updatedAt: tx.at,
  }));
  if (services.length > 0) await tx.em.insertMany(Service, services);
  tx.changed("service", ...services.map(({ id }) => id));
  return accepted(services);
}

// ---------------------------------------------------------------- update

export async function updateService(tx: Transaction, input: UpdateServiceInput): Promise<Outcome<ServicesResult>> {
  const ports = portsOf(input.ports);
  const faults = checkServicePorts(["input", "ports"], ports);
  if (faults.length > 0) return refused(...faults);
  const held = await holdService(tx, input.serviceId, ["input", "serviceId"]);
  if (!held.ok) return held;
  const { service, application } = held.value;
  const { expectedVersion } = input;
  if (expectedVersion !== null && expectedVersion !== undefined && expectedVersion !== service.version) {
    const message = `Service ${service.name} is at version ${service.version}, not ${expectedVersion}: somebody changed it meanwhile.`;
    return refused(conflict({ type: "Service", id: service.id }, service.version, message));
  }
  const badTargets = await checkTargets(tx, ["input", "ports"], application, ports);
  if (badTargets.length > 0) return refused(...badTargets);
  if (!changePorts(tx, service, ports)) return accepted({ serviceIds: [service.id], operationId: null });
  await supersedeOperations(tx, service.id);
  const clusters = await loadClusters(tx, [service.clusterId]);
  return accepted({ serviceIds: [service.id], operationId: await putToWork(tx, application, "UPDATE_SERVICE", [service], service.name, [stepAt(service, clusters.get(service.clusterId))]) });
}

/** A new version in any case; whether the cluster has anything to do. */
function changePorts(tx: Transaction, service: Service, ports: ServicePort[]): boolean {
  const changed = !samePorts(service.ports, ports);
  tx.em.assign(service, { version: service.version + 1, updatedAt: tx.at });
  if (changed) tx.em.assign(service, { ports, problem: null, generation: service.generation + 1, status: service.status === "PENDING" ? "PENDING" : "UPDATING" });
  tx.changed("service", service.id);
  return changed;
}

// ---------------------------------------------------------------- delete

/** One of a batch. The worker removes the row when the cluster has confirmed that nothing is left. */
export async function deleteService(tx: Transaction, id: string, path: Path): Promise<Outcome<DeleteResult>> {
  const held = await holdService(tx, id, path);
  if (!held.ok) return held;
  const { service, application } = held.value;
  tx.em.assign(service, { deleting: true, status: "DELETING", problem: null, version: service.version + 1, generation: service.generation + 1, updatedAt: tx.at });
  tx.changed("service", service.id);
  await supersedeOperations(tx, service.id);
  const clusters = await loadClusters(tx, [service.clusterId]);
  const operationId = await putToWork(tx, application, "DELETE_SERVICE", [service], service.name, [stepAt(service, clusters.get(service.clusterId))]);
  return accepted({ deleted: null, object: { type: "Service", id: service.id }, operationId });
}

// ---------------------------------------------------------------- put

export interface PutService {
  readonly name: string;
  readonly ports: readonly ServicePort[];
  /** uuids: clusters that the application runs on. */
  readonly clusterIds: readonly string[];
  /** Into the input, for refusals; null when no one field is at fault. */
  readonly path?: Path | null;
}

export interface ServicePut {
  /** Of the first of them. */
  readonly id: string;
  readonly applied: "CREATED" | "UPDATED" | "UNCHANGED";
  /** null: `steps` are for an operation of the caller's. */
  readonly operationId: null;
  readonly serviceIds: readonly string[];
  /** One for each cluster with something to do. */
  readonly steps: readonly StepPlan[];
}

/** The service as it is to be on these clusters, made or changed by its name; elsewhere it stays. The application is locked by the caller, or was made by it. */
export async function putService(tx: Transaction, application: Application, { name, ports: given, clusterIds, path = null }: PutService): Promise<Outcome<ServicePut>> {
  const ports = portsOf(given);
  const faults = [...checkServiceName([], name), ...checkServicePorts([], ports), ...(await checkTargets(tx, [], application, ports))];
  if (faults.length > 0) return refused(...faults.map((fault) => ({ ...fault, path })));
  const grounds = await groundsOf(tx, application);
  const chosen = clusterIds.map((id) => grounds.get(id));
  if (chosen.length === 0 || chosen.includes(undefined)) return refused(invalid(path, `Service ${name} needs clusters that application ${application.name} runs on.`));
  const wanted = [...new Set(chosen as Ground[])];
  const existing = await servicesNamed(tx, application, name, wanted);
  const obstacle = existing.find((service) => service.applicationId !== application.id || service.deleting);
  if (obstacle) return refused(nameTaken(path, obstacle, grounds, 1));

  const changed = existing.filter((service) => changePortsIfOther(tx, service, ports));
  if (changed.length > 0) await supersedeOperations(tx, changed.map(({ id }) => id));
  const present = new Set(existing.map(({ clusterId }) => clusterId));
  const made = await insertServices(tx, application, { name, type: "CLUSTER_IP", ports }, wanted.filter(({ cluster }) => !present.has(cluster.id)));
  if (!made.ok) return made;
  const worked = [...changed, ...made.value];
  if (worked.length > 0) tx.reconcile(application.id);
  const serviceIds = [...existing, ...made.value].map(({ id }) => id);
  return accepted({
    id: serviceIds[0] as string,
    applied: made.value.length > 0 ? "CREATED" : changed.length > 0 ? "UPDATED" : "UNCHANGED",
    operationId: null,
    serviceIds,
    steps: worked.map((service) => stepOf(service, grounds)),
  });
}

const changePortsIfOther = (tx: Transaction, service: Service, ports: ServicePort[]): boolean => !samePorts(service.ports, ports) && changePorts(tx, service, ports);

// ---------------------------------------------------------------- in common

/** As they are stored: just these members, so that equal ports are equal. */
const portsOf = (ports: readonly ServicePort[]): ServicePort[] => ports.map(({ name, protocol, port, containerPort }) => ({ name, protocol, port, containerPort }));

const checkDesign = (path: Path, name: string, ports: readonly ServicePort[]): DomainError[] => [...checkServiceName([...path, "name"], name), ...checkServicePorts([...path, "ports"], ports)];

const checkTargets = async (tx: Transaction, path: Path, application: Application, ports: readonly ServicePort[]): Promise<DomainError[]> =>
  checkServiceTargets(path, ports, (await revisionOf(tx, application)).template);

const targetOf = ({ id, name, namespaceId }: Service) => ({ type: "Service", id, name, namespaceId });

/**
 * The service and its application, both locked until the transaction ends; the application first, as everybody does. Refused when it is unknown or on its
 * way out.
 */
async function holdService(tx: Transaction, given: string, path: Path): Promise<Outcome<{ service: Service; application: Application }>> {
  const { tenantId } = tx.actor;
  const id = uuidOf("Service", given);
  const unknown = notFound(path, `There is no service ${quoted(given)}.`);
  const seen = id === null ? null : await tx.em.findOne(Service, { tenantId, id });
  if (!seen) return refused(unknown);
  const application = await lockApplication(tx, globalId("Application", seen.applicationId), {});
  const service = await tx.em.findOne(Service, { tenantId, id: seen.id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
  if (!service) return refused(unknown);
  tx.about(targetOf(service));
  if (service.deleting) return refused(invalidState("DELETING", `Service ${service.name} is being deleted.`));
  return application.ok ? accepted({ service, application: application.value }) : application;
}

/** Those of this name in the application's namespace on these clusters, whosever they are. The application's own change under its lock alone. */
const servicesNamed = (tx: Transaction, { namespaceId }: Application, name: string, grounds: readonly Ground[]): Promise<Service[]> =>
  tx.em.find(
    Service,
    { tenantId: tx.actor.tenantId, namespaceId, name, clusterId: { $in: grounds.map(({ cluster }) => cluster.id) } },
    { orderBy: { clusterId: "asc" } },
  );

function nameTaken(path: Path | null, { id, name, clusterId, deleting }: Service, grounds: Grounds, count: number): DomainError {
  const where = `Cluster ${grounds.get(clusterId)?.cluster.code ?? clusterId}${count > 1 ? ` and ${count - 1} more` : ""}`;
  const have = count > 1 ? "have" : "has";
  const message = deleting ? `${where} still ${have} a service ${name} in this namespace, which is being deleted.` : `${where} already ${have} a service ${name} in this namespace.`;
  return alreadyExists(path, { type: "Service", id }, message);
}

const stepOf = (service: Service, grounds: Grounds): StepPlan => stepAt(service, grounds.get(service.clusterId)?.cluster);

/** What is counted of networks is clusters. */
const stepAt = ({ id, clusterId, name }: Service, cluster: ClusterFacts | undefined): StepPlan => ({
  targetType: "Service", targetId: id, clusterId, name: cluster?.code ?? name, total: 1,
});

function putToWork(tx: Transaction, application: Application, kind: OperationKind, services: readonly Service[], targetName: string, steps: readonly StepPlan[]): Promise<string> {
  tx.reconcile(application.id);
  const targetId = services.length === 1 ? (services[0] as Service).id : null;
  return startOperation(tx, { kind, namespaceId: application.namespaceId, targetType: "Service", targetId, targetName, steps });
}
