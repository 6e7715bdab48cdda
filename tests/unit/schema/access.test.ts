import { type GraphQLInterfaceType, type GraphQLObjectType, isInterfaceType, isObjectType } from "graphql";
import { expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { permits, requiredRole } from "#schema/shared/mapping/access.ts";
import { ROLES } from "#server/domain/states.ts";

/** Denied by default: here is every type and field there is, and who may select it. */
const types = Object.values(schema.getTypeMap()).filter((type): type is GraphQLObjectType | GraphQLInterfaceType => (isObjectType(type) || isInterfaceType(type)) && !type.name.startsWith("__"));
const fields = types.flatMap((type) => Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, role: requiredRole(type, field) })));

test("every field says who may select it", () => {
  expect(fields.length).toBeGreaterThan(200);
  expect(fields.filter(({ role }) => role === undefined || !ROLES.includes(role)).map(({ name }) => `${name} says no access`)).toEqual([]);
});

test("what needs more than VIEWER is a decision: a change here is one, too", () => {
  const above = fields.filter(({ name, role }) => role !== "VIEWER" && !/^(Mutation|\w+Payload)\./.test(name));
  expect(new Set(above.map(({ name, role }) => (/^(ApiToken|AuditEntry)/.test(name) ? `${name.split(".")[0]}: ${role}` : `${name}: ${role}`)))).toEqual(
    new Set([
      "ApiToken: OWNER", "ApiTokenConnection: OWNER", "ApiTokenEdge: OWNER", "AuditEntry: OWNER", "AuditEntryConnection: OWNER", "AuditEntryEdge: OWNER",
      "Query.auditLog: OWNER", "Query.tenants: PLATFORM_ADMIN", "Tenant.apiTokens: OWNER",
    ]),
  );
});

test("no mutation is open to a VIEWER", () => {
  const mutations = fields.filter(({ name }) => name.startsWith("Mutation."));
  expect(mutations.filter(({ role }) => permits("VIEWER", role)).map(({ name }) => name)).toEqual([]);
});

test("roles are ordered, and nothing said is nothing permitted", () => {
  expect(ROLES.map((role) => ROLES.filter((required) => permits(role, required)))).toEqual([["VIEWER"], ["VIEWER", "OPERATOR"], ["VIEWER", "OPERATOR", "OWNER"], [...ROLES]]);
  expect(ROLES.filter((role) => permits(role, undefined))).toEqual([]);
});
