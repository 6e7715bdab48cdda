/**
 * Kubernetes manifests as applications. Each object succeeds or fails by itself, under a savepoint; what is not an application yet is
 * reported as skipped. One operation spans all applications, so that a caller waits for one thing; it covers unchanged ones too: it says
 * that everything in the file runs as described. What all of them need of the clusters is reserved at the end, at once: an import may take
 * seconds, and reports and mutations of all tenants wait for the clusters' rows.
 */
import { type DistributionInput, checkDistribution } from "../../domain/distribution.ts";
import { accepted, type DomainError, invalid, type Outcome, refused } from "../../domain/errors.ts";
import { quoted, unstorableText } from "../../domain/text.ts";
import type { Namespace } from "../../entities/namespace.ts";
import { checkDesign } from "../application/create.ts";
import { reservePostponed } from "../application/clusters.ts";
import { holdNamespace } from "../application/lookup.ts";
import { resolveDistribution, type Wanted } from "../application/wanted.ts";
import { startOperation, type StepPlan } from "../operation.ts";
import type { Transaction } from "../transaction.ts";
import { apply } from "./apply.ts";
import { designOfDeployment } from "./deployment.ts";
import type { ManifestDocument } from "./parse.ts";
import { isMap } from "./reader.ts";

export interface ImportManifestsInput {
  readonly yaml: string;
  readonly namespace: string;
  readonly distribution: DistributionInput;
  readonly dryRun: boolean;
  readonly idempotencyKey?: string | null | undefined;
}

export const IMPORT_OUTCOMES = ["CREATED", "UPDATED", "UNCHANGED", "SKIPPED", "FAILED"] as const;
export type ImportOutcome = (typeof IMPORT_OUTCOMES)[number];

export interface ImportedObject {
  readonly kind: string;
  readonly name: string;
  readonly outcome: ImportOutcome;
  /** null where nothing was made or found, and in a dry run for what would be made. */
  readonly applicationId: string | null;
  readonly operationId: string | null;
  readonly message: string | null;
  readonly warnings: readonly string[];
}

export interface ImportResult {
  readonly objects: readonly ImportedObject[];
  /** null where there is nothing to wait for. */
  readonly operationId: string | null;
}

/** Placements that one import may write: a transaction has seconds, and holds rows that all tenants share. */
const MAX_PLACEMENTS = 2_000;
const MAX_SHOWN = 253;
const KNOWN_KINDS: ReadonlySet<string> = new Set([
  "StatefulSet",
  "Job",
  "CronJob",
  "DaemonSet",
  "ReplicaSet",
  "Pod",
  "Service",
  "ConfigMap",
  "Secret",
  "ServiceAccount",
  "Namespace",
  "Ingress",
  "NetworkPolicy",
  "HorizontalPodAutoscaler",
  "PodDisruptionBudget",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "StorageClass",
  "Role",
  "RoleBinding",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "LimitRange",
  "ResourceQuota",
  "Endpoints",
  "EndpointSlice",
  "PriorityClass",
]);

/** `parsed` is the input's YAML, read before the transaction began. */
export async function importManifests(
  tx: Transaction,
  input: ImportManifestsInput,
  parsed: Outcome<readonly ManifestDocument[]>,
): Promise<Outcome<ImportResult>> {
  const path = ["input", "distribution"];
  const faults = [...(parsed.ok ? [] : parsed.errors), ...checkDistribution(path, input.distribution)];
  if (!parsed.ok || faults.length > 0) return refused(...faults);
  const deployments = parsed.value.filter(({ value }) => isMap(value) && value["kind"] === "Deployment").length;
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
  const objects: ImportedObject[] = [];
  const steps: StepPlan[] = [];
  const names = new Set<string>();
  for (const document of parsed.value) {
    const result = await importObject(tx, document, namespace.value, wanted.value, names);
    objects.push(result.object);
    steps.push(...result.steps);
  }
  await reservePostponed(tx);
  const operationId = steps.length > 0 ? await startImport(tx, namespace.value, steps) : null;
  if (!input.dryRun) return accepted({ objects, operationId });
  return accepted({
    objects: objects.map((object) => ({
      ...object,
      operationId: null,
      applicationId: object.outcome === "CREATED" ? null : object.applicationId,
    })),
    operationId: null,
  });
}

async function startImport(tx: Transaction, namespace: Namespace, steps: readonly StepPlan[]): Promise<string> {
  const targets = [...new Set(steps.map(({ targetId }) => targetId))];
  const targetName = targets.length === 1 ? (steps[0]?.name ?? "") : `${targets.length} applications`;
  const id = await startOperation(tx, { kind: "IMPORT_MANIFESTS", namespaceId: namespace.id, targetId: null, targetName, steps });
  tx.about({ type: "Operation", id, name: targetName, namespaceId: namespace.id });
  // Also those that did not change: the worker moves the import's steps when it looks at an application.
  for (const target of targets) tx.reconcile(target);
  return id;
}

interface Imported {
  readonly object: ImportedObject;
  readonly steps: readonly StepPlan[];
}

async function importObject(
  tx: Transaction,
  document: ManifestDocument,
  namespace: Namespace,
  wanted: readonly Wanted[],
  names: Set<string>,
): Promise<Imported> {
  const { value, line } = document;
  if (!isMap(value)) return without("FAILED", "", "", `The document at line ${line} is not a map.`);
  const kind = shown(value["kind"]);
  const name = isMap(value["metadata"]) ? shown(value["metadata"]["name"]) : "";
  if (kind === "") return without("FAILED", kind, name, `The document at line ${line} has no kind.`);
  const skipped = whySkipped(value, kind);
  if (skipped) return without("SKIPPED", kind, name, skipped);
  const [unstorable] = unstorableText(value, [], 1);
  if (unstorable) return without("FAILED", kind, name, `${(unstorable.path ?? []).join(".")}: ${unstorable.message}`);

  const { design, errors, warnings } = designOfDeployment(value, namespace.name);
  const faults = errors.length > 0 ? [...errors] : sentences(checkDesign(design));
  if (faults.length === 0 && names.has(name)) faults.push(`The file has two Deployments ${quoted(name)}.`);
  if (faults.length > 0) return without("FAILED", kind, name, faults.join(" "), warnings);
  names.add(name);
  const outcome = await tx.attempt((inner) => apply(inner, namespace, design, wanted));
  if (!outcome.ok) return without("FAILED", kind, name, sentences(outcome.errors).join(" "), warnings);
  const { applied, applicationId, operationId, steps } = outcome.value;
  return {
    object: { kind, name, outcome: applied, applicationId, operationId, message: null, warnings },
    steps: steps.map((step) => ({ ...step, name })),
  };
}

function whySkipped(manifest: Readonly<Record<string, unknown>>, kind: string): string | null {
  const apiVersion = shown(manifest["apiVersion"]);
  if (kind === "Deployment")
    return apiVersion === "apps/v1" ? null : `A Deployment of apiVersion ${quoted(apiVersion)} is not supported; apps/v1 is.`;
  return KNOWN_KINDS.has(kind) ? `${kind} is not supported yet.` : `The kind ${quoted(kind)} is unknown.`;
}

const without = (
  outcome: "SKIPPED" | "FAILED",
  kind: string,
  name: string,
  message: string,
  warnings: readonly string[] = [],
): Imported => ({ object: { kind, name, outcome, applicationId: null, operationId: null, message, warnings }, steps: [] });

const sentences = (errors: readonly DomainError[]): string[] => errors.map((error) => error.message);

/** Text of a manifest as answers show it and keys keep it. */
const shown = (value: unknown): string =>
  typeof value === "string" ? value.slice(0, MAX_SHOWN).toWellFormed().replaceAll("\0", "\u{fffd}") : "";
