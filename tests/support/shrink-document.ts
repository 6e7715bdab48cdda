import { type DefinitionNode, type DocumentNode, Kind, parse, print, type SelectionNode, type SelectionSetNode, visit } from "graphql";
import type { Asked } from "./three-ways.ts";

/**
 * A smaller operation for which something still holds: selections, arguments, members and items of values, directives, aliases, variables and
 * fragments are left out one after the other, for as long as that goes. What is left may be told at a glance.
 */
export async function shrink(asked: Asked, holds: (smaller: Asked) => Promise<boolean>, attempts = 400): Promise<Asked> {
  let best = asked;
  let left = attempts;
  for (let smaller = true; smaller && left > 0;) {
    smaller = false;
    for (let index = 0; left > 0; index += 1) {
      const candidate = without(best, index);
      if (candidate === null) break;
      if (candidate.query === best.query) continue;
      left -= 1;
      // oxlint-disable-next-line no-await-in-loop -- each attempt begins with what the last one left
      if (!(await holds(candidate))) continue;
      best = candidate;
      smaller = true;
      index -= 1;
    }
  }
  return best;
}

/** The operation without the part of this number, counted through the document; null where there are no more. */
function without(asked: Asked, index: number): Asked | null {
  const document = parse(asked.query, { noLocation: true });
  let number = -1;
  const isIt = (): boolean => (number += 1) === index;
  let found = false;
  const drop = (): null => {
    found = true;
    return null;
  };
  const edited = visit(document, {
    // Leaving a fragment out leaves its selections in.
    SelectionSet: (set: SelectionSetNode) => {
      const flat = set.selections.flatMap((selection): readonly SelectionNode[] => {
        if (found || selection.kind !== Kind.INLINE_FRAGMENT || !isIt()) return [selection];
        found = true;
        return selection.selectionSet.selections;
      });
      return flat.length === set.selections.length && !found ? undefined : { ...set, selections: flat };
    },
    enter: (node) => {
      if (found) return undefined;
      switch (node.kind) {
        case Kind.FIELD:
          if (isIt()) return drop();
          if (node.alias && isIt()) {
            found = true;
            return { ...node, alias: undefined };
          }
          return undefined;
        case Kind.INLINE_FRAGMENT:
        case Kind.FRAGMENT_SPREAD:
        case Kind.ARGUMENT:
        case Kind.DIRECTIVE:
        case Kind.OBJECT_FIELD:
        case Kind.VARIABLE_DEFINITION:
          return isIt() ? drop() : undefined;
        default:
          return undefined;
      }
    },
  });
  return found ? tidied({ ...asked, query: print(edited) }) : null;
}

/** Without selections of nothing, and without fragments and variables that nobody uses. */
function tidied(asked: Asked): Asked {
  let document = parseOrNull(asked.query);
  for (let again = true; again && document;) {
    const used = new Set<string>();
    visit(document, { FragmentSpread: (node) => void used.add(`...${node.name.value}`), Variable: { enter: (node, _key, parent) => void (isDefinition(parent) || used.add(`$${node.name.value}`)) } });
    const definitions = document.definitions.flatMap((definition): readonly DefinitionNode[] => {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) return used.has(`...${definition.name.value}`) ? [definition] : [];
      if (definition.kind !== Kind.OPERATION_DEFINITION) return [definition];
      return [{ ...definition, variableDefinitions: (definition.variableDefinitions ?? []).filter(({ variable }) => used.has(`$${variable.name.value}`)) }];
    });
    again = definitions.length < document.definitions.length;
    document = { ...document, definitions };
  }
  if (!document) return asked;
  const query = print(document);
  return { ...asked, query, variables: Object.fromEntries(Object.entries(asked.variables).filter(([name]) => new RegExp(`\\$${name}\\b`).test(query))) };
}

const isDefinition = (node: unknown): boolean => (node as { readonly kind?: unknown } | undefined)?.kind === Kind.VARIABLE_DEFINITION;
function parseOrNull(text: string): DocumentNode | null {
  try {
    return parse(text, { noLocation: true });
  } catch {
    return null;
  }
}
