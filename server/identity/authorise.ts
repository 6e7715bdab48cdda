import { RequestError } from "../domain/request-error.ts";
import { ROLES, type Role } from "../domain/states.ts";
import type { Viewer } from "./viewer.ts";

/** Roles are ordered: each may do what the one before it may. */
export const outranks = (role: Role, other: Role): boolean => ROLES.indexOf(role) > ROLES.indexOf(other);

export const hasRole = (viewer: Pick<Viewer, "role">, least: Role): boolean => !outranks(least, viewer.role);

/** Throws FORBIDDEN for a viewer below this role. The schema checks the same; here it holds whoever calls. */
export function requireRole(viewer: Pick<Viewer, "role">, least: Role): void {
  if (!hasRole(viewer, least)) throw new RequestError("FORBIDDEN", `This needs the role ${least}; the token has ${viewer.role}.`);
}

/** For what belongs to the whole tenant: a token limited to namespaces may not change it. */
export function requireWholeTenant(viewer: Pick<Viewer, "namespaces">): void {
  if (viewer.namespaces !== null)
    throw new RequestError("FORBIDDEN", "This needs a token of the whole tenant; this one is limited to namespaces.");
}
