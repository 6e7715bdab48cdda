import {
  getNamedType, isAbstractType, isCompositeType, isInterfaceType, isIntrospectionType, isObjectType, Kind, SchemaMetaFieldDef, TypeMetaFieldDef, TypeNameMetaFieldDef,
  type DocumentNode, type FieldNode, type FragmentDefinitionNode, type GraphQLCompositeType, type GraphQLField, type GraphQLNamedType, type GraphQLSchema, type SelectionSetNode,
} from "graphql";

/** Walking a validated document with the types at hand. */
export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

export function fragmentsOf(document: DocumentNode): Fragments {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  return fragments;
}

/** The field's definition; the document was validated, so there is one, unless an alias of the schema's roots hides it. */
export function fieldOf(schema: GraphQLSchema, parent: GraphQLCompositeType, node: FieldNode): GraphQLField<unknown, unknown> | undefined {
  switch (node.name.value) {
    case TypeNameMetaFieldDef.name:
      return TypeNameMetaFieldDef;
    case SchemaMetaFieldDef.name:
      if (parent === schema.getQueryType()) return SchemaMetaFieldDef;
      break;
    case TypeMetaFieldDef.name:
      if (parent === schema.getQueryType()) return TypeMetaFieldDef;
      break;
    default:
  }
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined;
}

/** What a spread or an inline fragment selects on. */
export function conditionOf(schema: GraphQLSchema, parent: GraphQLCompositeType, condition: string | undefined): GraphQLCompositeType {
  const type = condition === undefined ? undefined : schema.getType(condition);
  return type && isCompositeType(type) ? type : parent;
}

export const compositeOf = (field: GraphQLField<unknown, unknown>): GraphQLCompositeType | null => {
  const named = getNamedType(field.type);
  return isCompositeType(named) ? named : null;
};

/** The schema describing itself: for any authenticated caller. */
export const isIntrospection = (parent: GraphQLNamedType, field: GraphQLField<unknown, unknown>): boolean =>
  field === TypeNameMetaFieldDef || field === SchemaMetaFieldDef || field === TypeMetaFieldDef || (isIntrospectionType(parent) && !isAbstractType(parent));

export type { SelectionSetNode };
