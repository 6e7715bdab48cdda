import { type FragmentDefinitionNode, Kind, type OperationDefinitionNode, type ValidatedExecutionArgs, visit } from "graphql";
import { parseGlobalId } from "../domain/ids.ts";
import type { Viewer } from "../identity/viewer.ts";
import { subscriptionKey } from "../realtime/cursor.ts";

/**
 * Which subscriptions are told the same: those with one document, operation and variables, asked for under one tenant, role and set of namespaces. Where a stream
 * is to begin (`after`, `tail`) makes no difference once that is behind it. Whatever else differs makes another key, also where it would not matter: that
 * only costs sharing.
 */
export interface Audiences {
  /** null: nobody else's can be told to be the same. */
  keyOf(operation: ValidatedExecutionArgs, viewer: Viewer): string | null;
}

const BEGINNINGS: readonly string[] = ["after", "tail"];
/** The one type whose objects differ from token to token of one tenant and role. It is reached from a subscription by its id alone. */
const TOKENS_OWN = "Viewer";

/** What holds of an operation whoever asks for it. Kept by its node, which is the same for every caller while the document is remembered. */
interface Known {
  readonly id: number;
  /** Declared, and used in more than telling where to begin. */
  readonly variables: readonly string[];
  readonly namesTokensOwn: boolean;
}

export function createAudiences(): Audiences {
  const known = new WeakMap<OperationDefinitionNode, Known>();
  let ids = 0;
  return {
    keyOf({ operation, fragmentDefinitions, rawVariableValues }, { tenantId, role, namespaces, tokenId }) {
      let about = known.get(operation);
      if (!about) known.set(operation, (about = { id: (ids += 1), ...examine(operation, Object.values(fragmentDefinitions)) }));
      const values = about.variables.map((name) => rawVariableValues?.[name]);
      try {
        const own = about.namesTokensOwn || namesTokensOwn(values) ? tokenId : null;
        return `${about.id} ${subscriptionKey(tenantId, role, namespaces, own, values)}`;
      } catch (error) {
        // A value nests as deep as a body is long.
        if (error instanceof RangeError) return null;
        throw error;
      }
    },
  };
}

function examine(operation: OperationDefinitionNode, fragments: readonly FragmentDefinitionNode[]): Omit<Known, "id"> {
  const beginnings = new Set<object>();
  for (const selection of operation.selectionSet.selections) {
    if (selection.kind !== Kind.FIELD) continue;
    for (const { name, value } of selection.arguments ?? []) if (BEGINNINGS.includes(name.value) && value.kind === Kind.VARIABLE) beginnings.add(value);
  }
  const used = new Set<string>();
  let own = false;
  for (const node of [operation, ...fragments]) {
    visit(node, {
      Variable(variable, _key, parent) {
        const declares = parent !== undefined && "kind" in parent && parent.kind === Kind.VARIABLE_DEFINITION;
        if (!declares && !beginnings.has(variable)) used.add(variable.name.value);
      },
      StringValue(text) {
        own ||= isTokensOwn(text.value);
      },
    });
  }
  return { variables: [...used].toSorted(), namesTokensOwn: own };
}

const isTokensOwn = (text: string): boolean => parseGlobalId(text)?.type === TOKENS_OWN;

function namesTokensOwn(value: unknown): boolean {
  if (typeof value === "string") return isTokensOwn(value);
  return typeof value === "object" && value !== null && Object.values(value).some(namesTokensOwn);
}
