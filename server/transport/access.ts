import { Kind, type DocumentNode, type GraphQLCompositeType, type GraphQLError, type GraphQLSchema, type OperationDefinitionNode, type SelectionSetNode } from "graphql";
import { permits, requiredRole } from "../../schema/shared/mapping/access.ts";
import type { Role } from "../domain/states.ts";
import { apiError } from "./errors.ts";
import { compositeOf, conditionOf, fieldOf, fragmentsOf, isIntrospection } from "./selection.ts";

const MAX_ERRORS = 20;

/**
 * What of an operation this role may not select: an error for each such field, none where all is permitted. Static: it depends on the
 * document and the role alone. A field that nobody gave an `access` is denied to everyone, a PLATFORM_ADMIN as well.
 */
export function denialsOf(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, role: Role): GraphQLError[] {
  const fragments = fragmentsOf(document);
  const seen = new Set<string>();
  const errors = new Map<string, GraphQLError>();
  const visit = (parent: GraphQLCompositeType, set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (errors.size >= MAX_ERRORS) return;
      if (selection.kind === Kind.FIELD) {
        const field = fieldOf(schema, parent, selection);
        if (!field) continue;
        const coordinate = `${parent.name}.${field.name}`;
        if (!isIntrospection(parent, field) && !permits(role, requiredRole(parent, field))) {
          if (!errors.has(coordinate)) errors.set(coordinate, apiError("FORBIDDEN", `The role ${role} may not select ${coordinate}.`, { nodes: selection, details: { field: coordinate } }));
          continue;
        }
        const below = compositeOf(field);
        if (below && selection.selectionSet) visit(below, selection.selectionSet);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        visit(conditionOf(schema, parent, selection.typeCondition?.name.value), selection.selectionSet);
      } else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
        if (fragment) visit(conditionOf(schema, parent, fragment.typeCondition.name.value), fragment.selectionSet);
      }
    }
  };
  const root = schema.getRootType(operation.operation);
  if (root) visit(root, operation.selectionSet);
  return [...errors.values()];
}
