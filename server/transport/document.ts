import { GraphQLError, Kind, parse, specifiedRules, validate, ValuesOfCorrectTypeRule as EchoingRule, type DocumentNode, type GraphQLSchema, type OperationDefinitionNode, type ValidatedExecutionArgs } from "graphql";
import type { Role } from "../domain/states.ts";
import type { Cost } from "./cost.ts";
import { apiError } from "./errors.ts";
import { ValuesOfCorrectTypeRule } from "./input-errors.ts";
import type { Limits } from "./limits.ts";
import { createLru } from "../domain/lru.ts";
import { measureShape, refuseShape } from "./shape.ts";

/** A document that was parsed, measured and validated; or why it is refused. The same for every caller, so it is kept by its text. */
export type CheckedDocument =
  | { readonly ok: false; readonly errors: readonly GraphQLError[] }
  | {
      readonly ok: true;
      readonly document: DocumentNode;
      readonly operations: readonly KnownOperation[];
    };

/** What holds of an operation for every caller with these variables or those: filled in as it is asked for. */
export interface KnownOperation {
  readonly node: OperationDefinitionNode;
  /** What each role is denied. */
  readonly denials: Map<Role, readonly GraphQLError[]>;
  /** What it is run with but for variables and context. */
  execution?: Omit<ValidatedExecutionArgs, "variableValues" | "rawVariableValues">;
  /** What it cost last. */
  cost?: Extract<Cost, { ok: true }>;
}

export interface Documents {
  check(text: string): CheckedDocument;
}

const RULES = Object.freeze(specifiedRules.map((rule) => (rule === EchoingRule ? ValuesOfCorrectTypeRule : rule)));
const MAX_ERRORS = 20;

export function createDocuments(schema: GraphQLSchema, limits: Limits): Documents {
  const known = createLru<string, CheckedDocument>({ maxEntries: limits.cachedDocuments, maxWeight: limits.cachedDocumentBytes });
  return {
    check(text) {
      let checked = known.get(text);
      if (!checked) {
        checked = examine(schema, limits, text);
        known.set(text, checked, text.length);
      }
      return checked;
    },
  };
}

function examine(schema: GraphQLSchema, limits: Limits, text: string): CheckedDocument {
  const refuse = (...errors: GraphQLError[]): CheckedDocument => ({ ok: false, errors });
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.maxDocumentBytes) return refuse(apiError("QUERY_TOO_COMPLEX", `The document is ${bytes} bytes long; at most ${limits.maxDocumentBytes} are allowed.`));
  let document: DocumentNode;
  try {
    document = parse(text, { maxTokens: limits.maxTokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    if (error.message.includes("Document contains more than")) return refuse(apiError("QUERY_TOO_COMPLEX", `The document has more than ${limits.maxTokens} tokens.`));
    return refuse(withCode(error, error.message.replace(/(String|BlockString|Int|Float) ".*/s, "$1.")));
  }
  if (!document.definitions.some((definition) => definition.kind === Kind.OPERATION_DEFINITION)) return refuse(apiError("BAD_USER_INPUT", "The document has no operation."));
  const tooMuch = refuseShape(measureShape(document), limits);
  if (tooMuch) return refuse(apiError("QUERY_TOO_COMPLEX", tooMuch));
  const errors = validate(schema, document, RULES, { maxErrors: MAX_ERRORS });
  if (errors.length === 0) {
    const nodes = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    return { ok: true, document, operations: nodes.map((node) => ({ node, denials: new Map() })) };
  }
  // graphql-js gives up on comparing fields that overlap too often, with an error that has no place in the document.
  if (errors.some((error) => error.message === "Validation aborted.")) return refuse(apiError("QUERY_TOO_COMPLEX", "The document's fields overlap too often to be compared."));
  return refuse(...errors.map((error) => withCode(error, error.message)));
}

const withCode = (error: GraphQLError, message: string): GraphQLError =>
  new GraphQLError(message, {
    extensions: { code: "BAD_USER_INPUT" },
    ...(error.nodes ? { nodes: error.nodes } : {}),
    ...(error.source ? { source: error.source } : {}),
    ...(error.positions ? { positions: error.positions } : {}),
  });
