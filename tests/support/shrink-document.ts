import { type DefinitionNode, type DocumentNode, type FragmentSpreadNode, Kind, parse, print, type SelectionNode, type SelectionSetNode, type VariableNode, visit } from "graphql";
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

/** Without fragments and variables that nobody uses. */
function tidied(asked: Asked): Asked {
  const document = parseOrNull(asked.query);
  if (!document) return asked;
  const query = print({ ...document, definitions: used(document.definitions) });
  return { ...asked, query, variables: Object.fromEntries(Object.entries(asked.variables).filter(([name]) => new RegExp(`\\$${name}\\b`).test(query))) };
}

function used(definitions: readonly DefinitionNode[]): readonly DefinitionNode[] {
  const names = new Set<string>();
  const collect = { FragmentSpread: (node: FragmentSpreadNode): void => void names.add(`...${node.name.value}`), Variable: { enter: (node: VariableNode, _key: unknown, parent: unknown): void => void (isDefinition(parent) || names.add(`$${node.name.value}`)) } };
  for (const definition of definitions) visit(definition, collect);
  const left = definitions.flatMap((definition): readonly DefinitionNode[] => {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) return names.has(`...${definition.name.value}`) ? [definition] : [];
    if (definition.kind !== Kind.OPERATION_DEFINITION) return [definition];
    return [{ ...definition, variableDefinitions: (definition.variableDefinitions ?? []).filter(({ variable }) => names.has(`$${variable.name.value}`)) }];
  });
  return left.length < definitions.length ? used(left) : left;
}

const isDefinition = (node: unknown): boolean => (node as { readonly kind?: unknown } | undefined)?.kind === Kind.VARIABLE_DEFINITION;
function parseOrNull(text: string): DocumentNode | null {
  try {
    return parse(text, { noLocation: true });
  } catch {
    return null;
  }
}
