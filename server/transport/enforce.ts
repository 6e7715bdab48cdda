import {
  getVariableValues, GraphQLError, validateExecutionArgs, type GraphQLSchema, type OperationDefinitionNode, type ValidatedExecutionArgs,
} from "graphql";
import type { Viewer } from "../identity/viewer.ts";
import { denialsOf } from "./access.ts";
import { costOf, costsTheSame, type Cost, type Variables } from "./cost.ts";
import { createDocuments, type CheckedDocument, type KnownOperation } from "./document.ts";
import { apiError } from "./errors.ts";
import { explainVariables } from "./input-errors.ts";
import type { Limits } from "./limits.ts";
import { createRateLimiter } from "./rate-limit.ts";

/**
 * The one enforcement function. HTTP, SSE and WebSocket all ask it before anything runs, and run nothing that it did not admit:
 *
 *   viewer ─▶ rate ─▶ parse, shape, validation (kept by document) ─▶ operation ─▶ roles (kept by document and role) ─▶ variables ─▶ cost
 *
 * Its own work is bounded at each step by the one before, whatever the document: text and tokens bound parsing, the shape bounds
 * validation, validation makes the types right for roles and cost. What it refuses is the caller's fault and costs the caller alone.
 */
export interface OperationRequest {
  readonly query?: unknown;
  readonly operationName?: unknown;
  readonly variables?: unknown;
}

export interface AdmittedOperation {
  readonly kind: OperationDefinitionNode["operation"];
  readonly name: string | null;
  readonly cost: number;
  /** Ready to run but for the context. */
  readonly execution: ValidatedExecutionArgs;
}

export type Admission = { readonly ok: true; readonly operation: AdmittedOperation } | { readonly ok: false; readonly errors: readonly GraphQLError[] };

export interface Enforcer {
  /** `viewer` null: nobody was authenticated. Never throws for what a request says. */
  admit(request: OperationRequest, viewer: Viewer | null): Admission;
  /** One more operation of this viewer's tenant: of what was admitted once and is run twice. */
  charge(viewer: Viewer): void;
}

export interface EnforcerOptions {
  readonly schema: GraphQLSchema;
  readonly limits: Limits;
  /** Milliseconds of a clock that only rises; for the rate limits alone. */
  readonly monotonic?: () => number;
}

export function createEnforcer({ schema, limits, monotonic = () => performance.now() }: EnforcerOptions): Enforcer {
  const documents = createDocuments(schema, limits);
  const rate = createRateLimiter({ perSecond: limits.operationsPerSecond, burst: limits.operationsBurst });

  const admit = (request: OperationRequest, viewer: Viewer | null): Admission => {
    if (!viewer) return refuse(apiError("UNAUTHENTICATED", "A valid API token is needed: Authorization: Bearer <token>."));
    const retryAfterMs = rate.take(viewer.tenantId, monotonic());
    if (retryAfterMs > 0) return refuse(apiError("RATE_LIMITED", `Too many operations; try again in ${retryAfterMs} ms.`, { details: { retryAfterMs } }));

    const { query, operationName, variables } = request;
    if (typeof query !== "string" || query === "") return refuse(apiError("BAD_USER_INPUT", "The request must carry a document as the string \"query\"."));
    if (!isAbsent(operationName) && typeof operationName !== "string") return refuse(apiError("BAD_USER_INPUT", "\"operationName\" must be a string."));
    if (!isAbsent(variables) && (typeof variables !== "object" || Array.isArray(variables))) return refuse(apiError("BAD_USER_INPUT", "\"variables\" must be an object."));

    const checked = documents.check(query);
    if (!checked.ok) return { ok: false, errors: checked.errors };
    const known = operationOf(checked, isAbsent(operationName) ? null : operationName);
    if (known instanceof GraphQLError) return refuse(known);

    const denials = denialsFor(checked, known, viewer);
    if (denials.length > 0) return { ok: false, errors: denials };

    const values = isAbsent(variables) ? {} : (variables as Variables);
    const operation = known.node;
    const execution = bind(checked, known, values);
    if (!execution) return { ok: false, errors: explainVariables(schema, operation, values) };

    const { coerced } = execution.variableValues;
    let cost: Cost | undefined = known.cost;
    if (!cost || !costsTheSame(cost, coerced)) cost = costOf(schema, checked.document, operation, coerced, limits);
    if (!cost.ok) return refuse(cost.error);
    known.cost = cost;
    return { ok: true, operation: { kind: operation.operation, name: operation.name?.value ?? null, cost: cost.cost, execution } };
  };

  type Valid = Extract<CheckedDocument, { ok: true }>;

  const denialsFor = (checked: Valid, { node, denials: byRole }: KnownOperation, { role }: Viewer): readonly GraphQLError[] => {
    let denials = byRole.get(role);
    if (!denials) byRole.set(role, (denials = denialsOf(schema, checked.document, node, role)));
    return denials;
  };

  /** null: the variables don't fit. */
  const bind = (checked: Valid, known: KnownOperation, values: Variables): ValidatedExecutionArgs | null => {
    try {
      if (known.execution) {
        const bound = getVariableValues(schema, known.node.variableDefinitions ?? [], values, COERCION);
        return bound.errors ? null : { ...known.execution, variableValues: bound.variableValues, rawVariableValues: values };
      }
      const execution = validateExecutionArgs({
        schema,
        document: checked.document,
        variableValues: values,
        ...(known.node.name ? { operationName: known.node.name.value } : {}),
        options: { maxCoercionErrors: COERCION.maxErrors },
      });
      if (!("schema" in execution)) return null;
      const { variableValues: _variableValues, rawVariableValues: _rawVariableValues, ...kept } = execution;
      known.execution = kept;
      return execution;
    } catch (error) {
      // Coercion recurses into a value as deep as it nests.
      if (error instanceof RangeError) return null;
      throw error;
    }
  };

  return { admit, charge: ({ tenantId }) => rate.charge(tenantId, monotonic()) };
}

/** What is wrong is told by explainVariables, in other words. */
const COERCION = { maxErrors: 1, hideSuggestions: false };
const refuse = (error: GraphQLError): Admission => ({ ok: false, errors: [error] });
const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;

function operationOf({ operations }: Extract<CheckedDocument, { ok: true }>, name: string | null): KnownOperation | GraphQLError {
  const [first] = operations;
  if (name === null) {
    return operations.length === 1 && first ? first : apiError("BAD_USER_INPUT", "The document has several operations: say which one by \"operationName\".");
  }
  return operations.find(({ node }) => node.name?.value === name) ?? apiError("BAD_USER_INPUT", "The document has no operation of the name that \"operationName\" says.");
}
