/** One object of an imported file: what it is, and what became of it. */
import type { DomainError, ObjectKey } from "../../domain/errors.ts";
import { quoted } from "../../domain/text.ts";
import type { StepPlan } from "../operation.ts";
import { isMap } from "./reader.ts";

export const IMPORT_OUTCOMES = ["CREATED", "UPDATED", "UNCHANGED", "SKIPPED", "FAILED"] as const;
export type ImportOutcome = (typeof IMPORT_OUTCOMES)[number];

export interface ImportedObject {
  readonly kind: string;
  readonly name: string;
  readonly outcome: ImportOutcome;
  /** null where nothing was made or found, and in a dry run for what would be made. */
  readonly object: ObjectKey | null;
  readonly operationId: string | null;
  readonly message: string | null;
  readonly warnings: readonly string[];
}

/** With its share of the operation over the whole import. */
export interface Imported {
  readonly object: ImportedObject;
  readonly steps: readonly StepPlan[];
}

/** What is imported: the apiVersion of each kind. */
const SUPPORTED = { ConfigMap: "v1", Secret: "v1", Deployment: "apps/v1", Service: "v1" } as const;
export type ImportKind = keyof typeof SUPPORTED;

const KNOWN_KINDS: ReadonlySet<string> = new Set([
  "StatefulSet", "Job", "CronJob", "DaemonSet", "ReplicaSet", "Pod", "ServiceAccount", "Namespace", "Ingress", "NetworkPolicy", "HorizontalPodAutoscaler",
  "PodDisruptionBudget", "PersistentVolume", "PersistentVolumeClaim", "StorageClass", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding",
  "CustomResourceDefinition", "LimitRange", "ResourceQuota", "Endpoints", "EndpointSlice", "PriorityClass",
]);

/** Why a kind of this apiVersion is passed over; null for what is imported. */
export function whySkipped(manifest: Readonly<Record<string, unknown>>, kind: string): string | null {
  const apiVersion = shown(manifest["apiVersion"]);
  if (isSupported(kind)) return apiVersion === SUPPORTED[kind] ? null : `A ${kind} of apiVersion ${quoted(apiVersion)} is not supported; ${SUPPORTED[kind]} is.`;
  return KNOWN_KINDS.has(kind) ? `${kind} is not supported yet.` : `The kind ${quoted(kind)} is unknown.`;
}

export const isSupported = (kind: unknown): kind is ImportKind => typeof kind === "string" && Object.hasOwn(SUPPORTED, kind);

export const kindOf = (value: unknown): string => (isMap(value) ? shown(value["kind"]) : "");
export const nameOf = (value: unknown): string => (isMap(value) && isMap(value["metadata"]) ? shown(value["metadata"]["name"]) : "");

export const without = (outcome: "SKIPPED" | "FAILED", kind: string, name: string, message: string, warnings: readonly string[] = []): Imported => ({
  object: { kind, name, outcome, object: null, operationId: null, message, warnings },
  steps: [],
});

export const sentences = (errors: readonly DomainError[]): string[] => errors.map((error) => error.message);

const MAX_SHOWN = 253;

/** Text of a manifest as answers show it and keys keep it. */
const shown = (value: unknown): string => (typeof value === "string" ? value.slice(0, MAX_SHOWN).toWellFormed().replaceAll("\0", "\u{fffd}") : "");
