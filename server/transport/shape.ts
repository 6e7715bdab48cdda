import { Kind, type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode } from "graphql";
import type { Limits } from "./limits.ts";

/** What a document amounts to with its fragments written out. Needs no schema, and looks at each fragment once. */
export interface Shape {
  readonly depth: number;
  readonly rootFields: number;
  readonly selections: number;
  readonly aliases: number;
  readonly directives: number;
}

interface Extent {
  readonly depth: number;
  /** Fields at this level, those of spread fragments included. */
  readonly fields: number;
  /** Fields at this level and below. */
  readonly selections: number;
}

const NOTHING: Extent = { depth: 0, fields: 0, selections: 0 };

/**
 * Measures before validation, because validation's own work grows with the written-out document: 20 fragments that each spread the next
 * one twice are a million selections. A fragment that contains itself counts as nothing there; validation refuses it.
 */
export function measureShape(document: DocumentNode): Shape {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const extents = new Map<string, Extent>();
  let aliases = 0;
  let directives = 0;

  const ofFragment = (name: string): Extent => {
    const known = extents.get(name);
    if (known) return known;
    extents.set(name, NOTHING);
    const fragment = fragments.get(name);
    const extent = fragment ? ofSelections(fragment.selectionSet) : NOTHING;
    directives += fragment?.directives?.length ?? 0;
    extents.set(name, extent);
    return extent;
  };
  const ofSelections = (set: SelectionSetNode): Extent => {
    let depth = 0;
    let fields = 0;
    let selections = 0;
    for (const selection of set.selections) {
      directives += selection.directives?.length ?? 0;
      if (selection.kind === Kind.FIELD) {
        if (selection.alias) aliases += 1;
        const below = selection.selectionSet ? ofSelections(selection.selectionSet) : NOTHING;
        depth = Math.max(depth, 1 + below.depth);
        fields += 1;
        selections += 1 + below.selections;
      } else {
        const spread = selection.kind === Kind.FRAGMENT_SPREAD ? ofFragment(selection.name.value) : ofSelections(selection.selectionSet);
        depth = Math.max(depth, spread.depth);
        fields += spread.fields;
        // A spread counts itself: spreading an empty or unknown fragment a thousand times is work as well.
        selections += 1 + spread.selections;
      }
    }
    return { depth, fields, selections };
  };

  let depth = 0;
  let rootFields = 0;
  let selections = 0;
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      const extent = ofFragment(definition.name.value);
      depth = Math.max(depth, extent.depth);
      selections = Math.max(selections, extent.selections);
    } else if (definition.kind === Kind.OPERATION_DEFINITION) {
      directives += definition.directives?.length ?? 0;
      for (const variable of definition.variableDefinitions ?? []) directives += variable.directives?.length ?? 0;
      const extent = ofSelections(definition.selectionSet);
      depth = Math.max(depth, extent.depth);
      rootFields = Math.max(rootFields, extent.fields);
      // All of a document's operations are validated, whichever is asked for.
      selections += extent.selections;
    }
  }
  return { depth, rootFields, selections, aliases, directives };
}

/** Why the shape is refused, for people, or null. */
export function refuseShape(shape: Shape, limits: Limits): string | null {
  if (shape.depth > limits.maxDepth) return `The document nests ${many(shape.depth)} fields deep; at most ${limits.maxDepth} are allowed.`;
  if (shape.aliases > limits.maxAliases) return `The document has ${shape.aliases} aliases; at most ${limits.maxAliases} are allowed.`;
  if (shape.rootFields > limits.maxRootFields) return `An operation of the document selects ${many(shape.rootFields)} root fields; at most ${limits.maxRootFields} are allowed.`;
  if (shape.directives > limits.maxDirectives) return `The document has ${shape.directives} directives; at most ${limits.maxDirectives} are allowed.`;
  if (shape.selections > limits.maxSelections) return `The document selects ${many(shape.selections)} fields with its fragments written out; at most ${limits.maxSelections} are allowed.`;
  return null;
}

const many = (count: number): string => (count < 1e9 ? String(count) : "over a billion");
