import { accepted, invalid, invalidState, type Outcome, refused } from "../../domain/errors.ts";
import type { Label } from "../../domain/pod-template.ts";
import type { Namespace } from "../../entities/namespace.ts";
import { Placement } from "../../entities/placement.ts";
import { findByName, revisionOf } from "../application/lookup.ts";
import { putService, type ServicePut } from "../service.ts";
import type { Transaction } from "../transaction.ts";
import { isMap } from "./reader.ts";
import { resolvePorts, selects, type ServiceManifest } from "./service.ts";

/** What a file has that makes pods, with the labels of these. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly labels: readonly Label[];
}

/** Of an object that was not looked at any closer. */
export function workloadOf({ kind, name }: { readonly kind: string; readonly name: string }, manifest: unknown): Workload {
  const labels = ["spec", "template", "metadata", "labels"].reduce<unknown>((value, key) => (isMap(value) ? value[key] : null), manifest);
  const pairs = isMap(labels) ? Object.entries(labels) : [];
  return { kind, name, labels: pairs.flatMap(([key, value]) => (typeof value === "string" ? [{ key, value }] : [])) };
}

/** Applications that a warning names. */
const NAMED = 5;
const OTHERS = /* sql */ `
select a.name from application a join revision r on r.tenant_id = a.tenant_id and r.id = a.revision_id
where a.tenant_id = ? and a.namespace_id = ? and not a.deleting and r.template->'labels' @> ?::jsonb
order by a.name limit ${NAMED + 1}`;

/** The names of applications whose pods the selector finds, sorted: those of the file, and else those that the namespace has. */
export async function applicationsSelected(tx: Transaction, namespace: Namespace, selector: readonly Label[], deployed: readonly Workload[]): Promise<string[]> {
  const inFile = deployed.filter(({ labels }) => selects(selector, labels)).map(({ name }) => name);
  if (inFile.length > 0) return inFile.toSorted();
  const wanted = selector.map(({ key, value }) => ({ key, value }));
  const rows = await tx.em.execute<{ name: string }[]>(OTHERS, [tx.actor.tenantId, namespace.id, JSON.stringify(wanted)]);
  return rows.map(({ name }) => name);
}

/** A sentence about the choice, where there was one. */
export function choiceAmong(names: readonly string[]): string[] {
  const [first, ...others] = names;
  if (first === undefined || others.length === 0) return [];
  const shown = others.slice(0, NAMED - 1).join(", ");
  return [`spec.selector finds pods of several applications: the service is of ${first}, and not of ${shown}${others.length >= NAMED ? " and others" : ""}.`];
}

export interface ServiceApplied extends ServicePut {
  readonly placements: number;
}

/** The service over one application's pods, on every cluster that it runs on. `room`: how many services on clusters this import may still have. */
export async function applyService(tx: Transaction, namespace: Namespace, manifest: ServiceManifest, applicationName: string, room: number): Promise<Outcome<ServiceApplied>> {
  const application = await findByName(tx, namespace.id, applicationName);
  if (!application) return refused(invalid(null, `There is no application ${applicationName} any more.`));
  if (application.deleting) return refused(invalidState("DELETING", `Application ${application.name} is being deleted.`));
  const { ports, errors } = resolvePorts(manifest.ports, (await revisionOf(tx, application)).template);
  if (errors.length > 0) return refused(...errors.map((message) => invalid(null, message)));
  const placements = await tx.em.find(Placement, { tenantId: tx.actor.tenantId, applicationId: application.id, deleting: false }, { fields: ["clusterId"], orderBy: { clusterId: "asc" } });
  if (placements.length === 0) return refused(invalidState(application.status, `Application ${application.name} runs on no cluster.`));
  if (placements.length > room) return refused(invalid(null, "The file has services on too many clusters: import it in parts."));
  const put = await putService(tx, application, { name: manifest.name, ports, clusterIds: placements.map(({ clusterId }) => clusterId) });
  return put.ok ? accepted({ ...put.value, placements: placements.length }) : put;
}
