/**
 * Kubernetes manifests as objects of ours. Each succeeds or fails by itself, under a savepoint; what is nothing for this platform, or not yet, is
 * reported as skipped. ConfigMaps and Secrets come first, because Deployments refer to them, then Deployments, then Services, because they
 * lead to these; the answer is in the file's order.
 *
 * One operation spans all applications and services, so that a caller waits for one thing; it covers unchanged applications too: it says
 * that everything in the file runs as described. What all of them need of the clusters is reserved at the end, at once: an import may take
 * seconds, and reports and mutations of all tenants wait for the clusters' rows.
 *
 * What there is already of what the file names is locked first (lock.ts). Applications are changed in the order of their ids too, new ones last: so the
 * placements of one come after those of the one before, which is the order in which reports lock them, but for placements that came to one later.
 */
import { type DistributionInput, checkDistribution } from "../../domain/distribution.ts";
import type { KeyRing } from "../../domain/envelope.ts";
import { accepted, type DomainError, invalid, type Outcome, refused } from "../../domain/errors.ts";
import { quoted, unstorableText } from "../../domain/text.ts";
import type { Namespace } from "../../entities/namespace.ts";
import { reservePostponed } from "../application/clusters.ts";
import { checkDesign } from "../application/create.ts";
import { holdNamespace } from "../application/lookup.ts";
import { resolveDistribution, type Wanted } from "../application/wanted.ts";
import { type Put, putConfigMap } from "../config/config-map.ts";
import { putSecret } from "../config/secret.ts";
import { startOperation, type StepPlan } from "../operation.ts";
import type { Transaction } from "../transaction.ts";
import { apply } from "./apply.ts";
import { applicationsSelected, applyService, choiceAmong, type Workload, workloadOf } from "./apply-service.ts";
import { configMapOfManifest } from "./config-map.ts";
import { designOfDeployment } from "./deployment.ts";
import { type Imported, type ImportedObject, type ImportKind, isSupported, kindOf, nameOf, sentences, whySkipped, without } from "./object.ts";
import { lockNamed } from "./lock.ts";
import type { ManifestDocument } from "./parse.ts";
import { boundedFaults, isMap } from "./reader.ts";
import { type FindConfig, loadNamed, namesAskedFor } from "./references.ts";
import { secretOfManifest } from "./secret.ts";
import { selects, serviceOfManifest } from "./service.ts";

export type { ImportedObject, ImportOutcome } from "./object.ts";

export interface ImportManifestsInput {
  readonly yaml: string;
  readonly namespace: string;
  readonly distribution: DistributionInput;
  readonly dryRun: boolean;
  readonly idempotencyKey?: string | null | undefined;
}

export interface ImportResult {
  readonly objects: readonly ImportedObject[];
  /** null where there is nothing to wait for. */
  readonly operationId: string | null;
}

/** Placements that one import may write: a transaction has seconds, and holds rows that all tenants share. */
const MAX_PLACEMENTS = 2_000;
/** Services that it may have on all clusters together, beside these. */
const MAX_SERVICES = 1_000;

/** `parsed` is the input's YAML, read before the transaction began. */
export async function importManifests(tx: Transaction, ring: KeyRing, input: ImportManifestsInput, parsed: Outcome<readonly ManifestDocument[]>): Promise<Outcome<ImportResult>> {
  const path = ["input", "distribution"];
  const faults = [...(parsed.ok ? [] : parsed.errors), ...checkDistribution(path, input.distribution)];
  if (!parsed.ok || faults.length > 0) return refused(...faults);
  const deployments = parsed.value.filter(({ value }) => kindOf(value) === "Deployment").length;
  const clusters = input.distribution.clusters?.length ?? 0;
  if (deployments * clusters > MAX_PLACEMENTS) {
    const message = `${deployments} Deployments on ${clusters} clusters are more than ${MAX_PLACEMENTS} placements: import them in parts.`;
    return refused(invalid(["input", "yaml"], message));
  }
  const namespace = await holdNamespace(tx, input.namespace);
  if (!namespace.ok) return namespace;
  const wanted = await resolveDistribution(tx, path, input.distribution);
  if (!wanted.ok) return wanted;

  tx.postponeReservations();
  const imported = await importAll(tx, { ring, namespace: namespace.value, wanted: wanted.value }, parsed.value);
  await reservePostponed(tx);
  const objects = imported.map(({ object }) => object);
  const steps = imported.flatMap((one) => one.steps);
  const operationId = steps.length > 0 ? await startImport(tx, namespace.value, steps) : onlyOperation(objects);
  if (!input.dryRun) return accepted({ objects, operationId });
  return accepted({
    objects: objects.map((one) => ({ ...one, operationId: null, object: one.outcome === "CREATED" ? null : one.object })),
    operationId: null,
  });
}

/** A changed ConfigMap or Secret has an operation of its own, which is all there is to wait for where nothing else changed. */
function onlyOperation(objects: readonly ImportedObject[]): string | null {
  const [only, ...others] = objects.flatMap(({ operationId }) => operationId ?? []);
  return only !== undefined && others.length === 0 ? only : null;
}

async function startImport(tx: Transaction, namespace: Namespace, steps: readonly StepPlan[]): Promise<string> {
  const targets = new Map(steps.map((step) => [step.targetId, step]));
  const applications = [...targets.values()].filter(({ targetType = "Application" }) => targetType === "Application");
  const names = new Set([...targets.values()].map(({ name }) => name));
  const services = new Set([...targets.values()].filter(({ targetType }) => targetType === "Service").map(({ name }) => name)).size;
  const counted = [...(applications.length > 0 ? [`${applications.length} applications`] : []), ...(services > 0 ? [`${services} services`] : [])];
  const targetName = names.size === 1 ? (steps[0]?.name ?? "") : counted.join(" and ");
  const id = await startOperation(tx, { kind: "IMPORT_MANIFESTS", namespaceId: namespace.id, targetId: null, targetName, steps });
  tx.about({ type: "Operation", id, name: targetName, namespaceId: namespace.id });
  // Also those that did not change: the worker moves the import's steps when it looks at an application.
  for (const { targetId } of applications) tx.reconcile(targetId);
  return id;
}

// ---------------------------------------------------------------- object by object

interface Destination {
  readonly ring: KeyRing;
  readonly namespace: Namespace;
  readonly wanted: readonly Wanted[];
}

interface Item {
  readonly index: number;
  readonly kind: ImportKind;
  readonly name: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Everything, in the order in which it depends on each other; answered in the file's order. */
async function importAll(tx: Transaction, to: Destination, documents: readonly ManifestDocument[]): Promise<Imported[]> {
  const results: Imported[] = [];
  const items: Item[] = [];
  const passedOver: Workload[] = [];
  for (const [index, document] of documents.entries()) {
    const examined = examine(document, index);
    if ("object" in examined) results[index] = examined;
    else items.push(examined);
    if ("object" in examined && examined.object.outcome === "SKIPPED") passedOver.push(workloadOf(examined.object, document.value));
  }
  const taken = new Set<string>();
  const of = (...kinds: readonly ImportKind[]): Item[] => items.filter(({ kind }) => kinds.includes(kind));

  const places = new Map((await lockNamed(tx, to.namespace.id, items)).map((name, place) => [name, place]));
  const position = ({ name }: Item): number => places.get(name) ?? places.size;
  const deployments = of("Deployment").toSorted((a, b) => position(a) - position(b));

  const inUse: Item[] = [];
  for (const item of of("ConfigMap", "Secret")) {
    const config = await importConfig(tx, to, item, taken);
    results[item.index] = config.result;
    if (config.inUse) inUse.push(item);
  }
  const names = namesAskedFor((find) => {
    for (const { value } of deployments) designOfDeployment(value, to.namespace.name, find);
  });
  const find = await loadNamed(tx, to.namespace.id, names);
  const deployed: Workload[] = [];
  for (const item of deployments) results[item.index] = await importDeployment(tx, to, item, taken, find, deployed);
  // A key that goes from a ConfigMap is free once the Deployments of this file have ceased to name it.
  for (const item of inUse) results[item.index] = (await importConfig(tx, to, item, new Set())).result;
  let room = MAX_SERVICES;
  for (const item of of("Service")) {
    const { result, placements } = await importService(tx, to, item, taken, { deployed, passedOver }, room);
    results[item.index] = result;
    room -= placements;
  }
  return results;
}

/** What the object is, or why nothing can be done with it. */
function examine({ value, line }: ManifestDocument, index: number): Item | Imported {
  if (!isMap(value)) return without("FAILED", "", "", `The document at line ${line} is not a map.`);
  const kind = kindOf(value);
  const name = nameOf(value);
  if (kind === "") return without("FAILED", kind, name, `The document at line ${line} has no kind.`);
  const skipped = whySkipped(value, kind);
  if (skipped !== null || !isSupported(kind)) return without("SKIPPED", kind, name, skipped ?? "");
  const [unstorable] = unstorableText(value, [], 1);
  if (unstorable) return without("FAILED", kind, name, `${(unstorable.path ?? []).join(".")}: ${unstorable.message}`);
  return { index, kind, name, value };
}

/** Reasons against an object that has been translated. */
function faultsOf({ kind, name }: Item, errors: readonly string[], taken: Set<string>): string[] {
  const key = `${kind} ${name}`;
  if (errors.length > 0) return boundedFaults(errors);
  if (taken.has(key)) return [`The file has two ${kind}s ${quoted(name)}.`];
  taken.add(key);
  return [];
}

async function importConfig(tx: Transaction, { ring, namespace }: Destination, item: Item, taken: Set<string>): Promise<{ result: Imported; inUse: boolean }> {
  const { kind, name, value } = item;
  const secret = kind === "Secret" ? secretOfManifest(value, namespace.name) : null;
  if (secret && secret.skipped !== null) return { result: without("SKIPPED", kind, name, secret.skipped), inUse: false };
  const { name: as, errors, warnings, description, data } = secret ?? configMapOfManifest(value, namespace.name);
  const faults = faultsOf(item, errors, taken);
  if (faults.length > 0) return { result: without("FAILED", kind, name, faults.join(" "), warnings), inUse: false };
  const put = { name: as, data, ...(description === null ? {} : { description }) };
  const outcome: Outcome<Put> = await tx.attempt((inner) => (secret ? putSecret(inner, ring, namespace, { ...put, type: secret.type }) : putConfigMap(inner, namespace, put)));
  if (!outcome.ok) return { result: failed(item, outcome.errors, warnings), inUse: outcome.errors.some(({ code }) => code === "IN_USE") };
  const { id, applied, operationId } = outcome.value;
  const object = { kind, name, outcome: applied, object: { type: kind, id }, operationId, message: null, warnings };
  return { result: { object, steps: [] }, inUse: false };
}

async function importDeployment(tx: Transaction, to: Destination, item: Item, taken: Set<string>, find: FindConfig, deployed: Workload[]): Promise<Imported> {
  const { kind, name, value } = item;
  const { design, errors, warnings } = designOfDeployment(value, to.namespace.name, find);
  const faults = faultsOf(item, errors.length > 0 ? errors : sentences(checkDesign(design)), taken);
  if (faults.length > 0) return without("FAILED", kind, name, faults.join(" "), warnings);
  const outcome = await tx.attempt((inner) => apply(inner, to.namespace, design, to.wanted));
  if (!outcome.ok) return failed(item, outcome.errors, warnings);
  const { applied, applicationId, operationId, steps } = outcome.value;
  deployed.push({ kind, name, labels: design.template.labels });
  return {
    object: { kind, name, outcome: applied, object: { type: "Application", id: applicationId }, operationId, message: null, warnings },
    steps: steps.map((step) => ({ ...step, name })),
  };
}

interface File {
  readonly deployed: readonly Workload[];
  readonly passedOver: readonly Workload[];
}

async function importService(tx: Transaction, { namespace }: Destination, item: Item, taken: Set<string>, file: File, room: number): Promise<{ result: Imported; placements: number }> {
  const { kind, name, value } = item;
  const manifest = serviceOfManifest(value, namespace.name);
  const none = (result: Imported): { result: Imported; placements: number } => ({ result, placements: 0 });
  if (manifest.skipped !== null) return none(without("SKIPPED", kind, name, manifest.skipped));
  const faults = faultsOf(item, manifest.errors, taken);
  if (faults.length > 0) return none(without("FAILED", kind, name, faults.join(" "), manifest.warnings));
  const applications = await applicationsSelected(tx, namespace, manifest.selector, file.deployed);
  const [application] = applications;
  if (application === undefined) {
    const owner = file.passedOver.find(({ labels }) => selects(manifest.selector, labels));
    if (owner) return none(without("SKIPPED", kind, name, `Its pods are those of ${owner.kind} ${owner.name}, which is passed over, too.`, manifest.warnings));
    const selector = manifest.selector.map((label) => `${label.key}=${label.value}`).join(",");
    return none(without("FAILED", kind, name, `No application of the namespace ${namespace.name} has pods with the labels ${quoted(selector)}.`, manifest.warnings));
  }
  const warnings = [...manifest.warnings, ...choiceAmong(applications)];
  const outcome = await tx.attempt((inner) => applyService(inner, namespace, manifest, application, room));
  if (!outcome.ok) return none(failed(item, outcome.errors, warnings));
  const { id, applied, steps, placements } = outcome.value;
  const object = { kind, name, outcome: applied, object: { type: "Service", id }, operationId: null, message: null, warnings };
  return { result: { object, steps: steps.map((step) => ({ ...step, name })) }, placements };
}

const failed = ({ kind, name }: Item, errors: readonly DomainError[], warnings: readonly string[]): Imported =>
  without("FAILED", kind, name, sentences(errors).join(" "), warnings);
