import {
  type DocumentNode, type FieldNode, type FragmentDefinitionNode, type GraphQLCompositeType, type GraphQLObjectType, type GraphQLSchema, isAbstractType, Kind, type SelectionNode,
} from "graphql";
import { NotCompiled } from "./not-compiled.ts";

/** Something with a selection set below it: an operation, or fields that are merged into one. */
export interface Selecting {
  readonly selectionSet?: { readonly selections: readonly SelectionNode[] } | undefined;
}
export type FieldGroups = Map<string, FieldNode[]>;

/** Collects fields as the executor does, once the values of @skip and @include are known. */
export class Selections {
  readonly #schema: GraphQLSchema;
  readonly #conditions: Readonly<Record<string, unknown>>;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();

  /** `conditions`: the values of the variables that @skip and @include ask for. */
  constructor(schema: GraphQLSchema, document: DocumentNode, conditions: Readonly<Record<string, unknown>>) {
    this.#schema = schema;
    this.#conditions = conditions;
    for (const definition of document.definitions) if (definition.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(definition.name.value, definition);
  }

  /** The fields selected below these nodes for this type, by response key, in the answer's order. @throws NotCompiled */
  collect(type: GraphQLObjectType, nodes: readonly Selecting[]): FieldGroups {
    const groups: FieldGroups = new Map();
    const visited = new Set<string>();
    for (const node of nodes) if (node.selectionSet) this.#visit(type, node.selectionSet.selections, groups, visited);
    return groups;
  }

  #visit(type: GraphQLObjectType, selections: readonly SelectionNode[], groups: FieldGroups, visited: Set<string>): void {
    for (const selection of selections) {
      if (selection.directives?.length && !this.#included(selection)) continue;
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const group = groups.get(key);
        if (group) group.push(selection);
        else groups.set(key, [selection]);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (this.#applies(type, selection.typeCondition?.name.value)) this.#visit(type, selection.selectionSet.selections, groups, visited);
      } else if (!visited.has(selection.name.value)) {
        visited.add(selection.name.value);
        const fragment = this.#fragments.get(selection.name.value);
        if (fragment && this.#applies(type, fragment.typeCondition.name.value)) this.#visit(type, fragment.selectionSet.selections, groups, visited);
      }
    }
  }

  #included(selection: SelectionNode): boolean {
    const condition = (name: string): unknown => {
      const value = selection.directives?.find((directive) => directive.name.value === name)?.arguments?.[0]?.value;
      if (value === undefined) return undefined;
      if (value.kind !== Kind.VARIABLE) return value.kind === Kind.BOOLEAN && value.value;
      // A variable with a default may be given as null all the same, which is refused.
      if (typeof this.#conditions[value.name.value] !== "boolean") throw new NotCompiled("argument");
      return this.#conditions[value.name.value];
    };
    return condition("skip") !== true && condition("include") !== false;
  }

  #applies(type: GraphQLObjectType, condition: string | undefined): boolean {
    if (condition === undefined || condition === type.name) return true;
    const abstract = this.#schema.getType(condition) as GraphQLCompositeType | undefined;
    return isAbstractType(abstract) && this.#schema.isSubType(abstract, type);
  }
}

/** The variables that decide which fields there are. */
export function conditionVariables(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  const visit = (selections: readonly SelectionNode[]): void => {
    for (const selection of selections) {
      for (const directive of selection.directives ?? []) {
        const value = directive.name.value === "skip" || directive.name.value === "include" ? directive.arguments?.[0]?.value : undefined;
        if (value?.kind === Kind.VARIABLE) names.add(value.name.value);
      }
      if (selection.kind !== Kind.FRAGMENT_SPREAD && selection.selectionSet) visit(selection.selectionSet.selections);
    }
  };
  for (const definition of document.definitions) if ("selectionSet" in definition && definition.selectionSet) visit(definition.selectionSet.selections);
  return [...names];
}
