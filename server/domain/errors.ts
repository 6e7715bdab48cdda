/**
 * Why a change was refused. One union, free of transport: services return it, the schema turns it into the contract's UserError types at
 * the last step. Anything else that goes wrong is thrown, logged once with a correlation id, and never shown.
 *
 * `message` is for people and names the offending value and the limit that it breaks; never a secret's value.
 * `path` leads into the mutation's arguments, e.g. ["input", "template", "containers", "0", "cpuMillis"]; null when no one field is at fault.
 */
export const USER_ERROR_CODES = [
  "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "IN_USE", "CONFLICT", "QUOTA_EXCEEDED", "INSUFFICIENT_CAPACITY", "PROTECTED", "CIDR_OVERLAP",
  "CIDR_OUT_OF_RANGE", "PORT_FILING_REQUIRED", "INVALID_STATE", "IDEMPOTENCY_MISMATCH", "PLAN_REFUSED", "EIP_CONFLICT", "VPC_MISMATCH", "OUTSIDE_SCALING_RANGE",
] as const;
export type UserErrorCode = (typeof USER_ERROR_CODES)[number];

/** An object named by its GraphQL type and its uuid. */
export interface ObjectKey {
  readonly type: string;
  readonly id: string;
}

export type PlanCheckName = "QUOTA" | "CAPACITY" | "IMAGE" | "NETWORK" | "CONFIG_REFERENCES" | "CLUSTER_ONLINE" | "SCHEDULING" | "PROBES";

export interface PlanCheckResult {
  readonly name: PlanCheckName;
  readonly clusterId: string | null;
  readonly ok: boolean;
  readonly message: string;
}

interface Common {
  readonly message: string;
  readonly path: readonly string[] | null;
}

export type DomainError =
  | (Common & { readonly kind: "InvalidArgumentError"; readonly code: "INVALID_ARGUMENT" | "CIDR_OUT_OF_RANGE" })
  | (Common & { readonly kind: "NotFoundError"; readonly code: "NOT_FOUND" })
  | (Common & { readonly kind: "AlreadyExistsError"; readonly code: "ALREADY_EXISTS"; readonly existing: ObjectKey | null })
  | (Common & { readonly kind: "InUseError"; readonly code: "IN_USE"; readonly usedBy: readonly ObjectKey[]; readonly usedByCount: number })
  | (Common & { readonly kind: "ConflictError"; readonly code: "CONFLICT"; readonly currentVersion: number; readonly current: ObjectKey | null })
  | (Common & { readonly kind: "PlanRefusedError"; readonly code: "PLAN_REFUSED" | "INSUFFICIENT_CAPACITY"; readonly failedChecks: readonly PlanCheckResult[] })
  | (Common & { readonly kind: "InvalidStateError"; readonly code: "INVALID_STATE"; readonly state: string })
  | (Common & { readonly kind: "RefusedError"; readonly code: "PROTECTED" | "IDEMPOTENCY_MISMATCH" | "VPC_MISMATCH" });

/** What a service answers: what it did, or every reason why it did nothing. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly DomainError[] };

export const accepted = <T>(value: T): Outcome<T> => ({ ok: true, value });
export const refused = (...errors: readonly DomainError[]): Outcome<never> => ({ ok: false, errors });

export const invalid = (path: readonly string[] | null, message: string): DomainError => ({ kind: "InvalidArgumentError", code: "INVALID_ARGUMENT", message, path });
export const notFound = (path: readonly string[] | null, message: string): DomainError => ({ kind: "NotFoundError", code: "NOT_FOUND", message, path });
export const alreadyExists = (path: readonly string[] | null, existing: ObjectKey | null, message: string): DomainError => ({
  kind: "AlreadyExistsError", code: "ALREADY_EXISTS", message, path, existing,
});
export const inUse = (usedBy: readonly ObjectKey[], usedByCount: number, message: string): DomainError => ({
  kind: "InUseError", code: "IN_USE", message, path: null, usedBy, usedByCount,
});
export const conflict = (current: ObjectKey, currentVersion: number, message: string): DomainError => ({
  kind: "ConflictError", code: "CONFLICT", message, path: ["input", "expectedVersion"], currentVersion, current,
});
export const planRefused = (code: "PLAN_REFUSED" | "INSUFFICIENT_CAPACITY", failedChecks: readonly PlanCheckResult[], path: readonly string[] | null): DomainError => ({
  kind: "PlanRefusedError", code, message: failedChecks.map((check) => check.message).join(" "), path, failedChecks,
});
export const invalidState = (state: string, message: string): DomainError => ({ kind: "InvalidStateError", code: "INVALID_STATE", message, path: null, state });
export const refusal = (code: "PROTECTED" | "IDEMPOTENCY_MISMATCH" | "VPC_MISMATCH", path: readonly string[] | null, message: string): DomainError => ({
  kind: "RefusedError", code, message, path,
});
