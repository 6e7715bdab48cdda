/**
 * Why a mutation refused its input, as clients see it: each kind of the domain's errors is one concrete type, under the same name.
 * Clients that only show errors need code, message and path; the concrete types carry what a client can act on.
 */
import type { DomainError, Outcome, PlanCheckResult, UserErrorCode as Code } from "../../server/domain/errors.ts";
import { builder } from "../builder.ts";
import { Cluster } from "../fleet/ref.ts";

const UserErrorCode = builder.enumType("UserErrorCode", {
  values: {
    INVALID_ARGUMENT: {},
    NOT_FOUND: {},
    ALREADY_EXISTS: {},
    IN_USE: { description: "Others still refer to the object." },
    CONFLICT: { description: "expectedVersion is not the object's version any more." },
    QUOTA_EXCEEDED: {},
    INSUFFICIENT_CAPACITY: {},
    PROTECTED: { description: "A platform-owned object (default VPC, default subnet, default namespace) or one with deletionProtection." },
    CIDR_OVERLAP: {},
    CIDR_OUT_OF_RANGE: {},
    PORT_FILING_REQUIRED: { description: "Ports 80, 443, 8080 and 8443 need a filed (ICP) load balancer." },
    INVALID_STATE: {
      description: "The object's state does not allow this now (promoting a finished rollout, upgrading while one runs, …).",
    },
    IDEMPOTENCY_MISMATCH: { description: "The same idempotencyKey came with another input." },
    PLAN_REFUSED: { description: "One of the plan's checks failed: capacity, image, scheduling, …" },
    EIP_CONFLICT: { description: "SNAT and an all-ports DNAT rule on one EIP." },
    VPC_MISMATCH: { description: "Load balancer, service, subnet or pod of another VPC." },
    OUTSIDE_SCALING_RANGE: { description: "Outside min..max of an enabled scaling policy." },
  } satisfies Record<Code, { readonly description?: string }>,
});

export const UserError = builder.interfaceRef<DomainError>("UserError").implement({
  access: "VIEWER",
  description:
    "Why a mutation refused its input. Several can come at once, each with its place in the input. Clients that only show errors need " +
    "code, message and path; the concrete types carry what a client can act on. New concrete types may appear: always select __typename.",
  resolveType: (error) => error.kind,
  fields: (t) => ({
    code: t.expose("code", { type: UserErrorCode }),
    message: t.exposeString("message", {
      description: "For people: what is wrong, with the offending value and the limit it breaks. Never a secret's value.",
    }),
    path: t.expose("path", {
      type: ["String"],
      nullable: true,
      description: 'Path into the mutation\'s arguments, e.g. ["input","subnets","0","cidr"]; null when no one field is at fault.',
    }),
  }),
});

type Kind = DomainError["kind"];
const concrete = <K extends Kind>(kind: K) => builder.objectRef<Extract<DomainError, { readonly kind: K }>>(kind);
const interfaces = [UserError];

for (const kind of ["InvalidArgumentError", "NotFoundError", "RefusedError"] as const)
  concrete(kind).implement({ access: "VIEWER", interfaces });

concrete("AlreadyExistsError").implement({
  access: "VIEWER",
  interfaces,
  fields: (t) => ({ existing: t.node((error) => error.existing) }),
});

concrete("InUseError").implement({
  access: "VIEWER",
  interfaces,
  description: "usedBy: at most 20 of the objects that still refer to it.",
  fields: (t) => ({
    usedBy: t.nodes((error) => error.usedBy, { items: "existing" }),
    usedByCount: t.exposeInt("usedByCount"),
  }),
});

concrete("ConflictError").implement({
  access: "VIEWER",
  interfaces,
  fields: (t) => ({
    currentVersion: t.exposeInt("currentVersion"),
    current: t.node((error) => error.current),
  }),
});

concrete("InvalidStateError").implement({
  access: "VIEWER",
  interfaces,
  fields: (t) => ({ state: t.exposeString("state") }),
});

const PlanCheckNameEnum = builder.enumType("PlanCheckName", {
  values: ["QUOTA", "CAPACITY", "IMAGE", "NETWORK", "CONFIG_REFERENCES", "CLUSTER_ONLINE", "SCHEDULING", "PROBES"] as const,
});
const PlanCheck = builder.objectRef<PlanCheckResult>("PlanCheck").implement({
  access: "VIEWER",
  fields: (t) => ({
    name: t.expose("name", { type: PlanCheckNameEnum }),
    cluster: t.entity(Cluster, (check) => check.clusterId),
    ok: t.exposeBoolean("ok"),
    message: t.exposeString("message"),
  }),
});

concrete("PlanRefusedError").implement({
  access: "VIEWER",
  interfaces,
  fields: (t) => ({ failedChecks: t.expose("failedChecks", { type: [PlanCheck] }) }),
});

/** What a mutation's payload is made from: the value of an accepted outcome, or the reasons of a refused one. */
export interface Answered<T> {
  readonly value: T | null;
  readonly userErrors: readonly DomainError[];
}

export const answered = <T>(outcome: Outcome<T>): Answered<T> =>
  outcome.ok ? { value: outcome.value, userErrors: [] } : { value: null, userErrors: outcome.errors };
