import type { GraphQLField, GraphQLNamedType } from "graphql";
import { ROLES, type Role } from "../../../server/domain/states.ts";

/**
 * Who may select a field: the least role, static, so that a document is judged before anything runs. A field's own `access` comes before its
 * type's; a field with neither is denied to everyone. `weight` is what one occurrence costs (default 1 for an object, a tenth for a leaf); for a
 * connection the page size multiplies what is below it. What depends on a row is a condition or row-level security, never a role.
 */
export const permits = (role: Role, required: Role | undefined): boolean => required !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(required);

interface WithExtensions {
  readonly extensions: Readonly<Record<string | symbol, unknown>>;
}
const extension = (of: WithExtensions, name: string): unknown => of.extensions[name];

/** The least role for this field of this type, or undefined: denied. */
export const requiredRole = (type: GraphQLNamedType, field: GraphQLField<unknown, unknown>): Role | undefined =>
  (extension(field as WithExtensions, "access") ?? extension(type as WithExtensions, "access")) as Role | undefined;

/** What one occurrence costs where the field says so. */
export const weightOf = (field: GraphQLField<unknown, unknown>): number | undefined => extension(field as WithExtensions, "weight") as number | undefined;
