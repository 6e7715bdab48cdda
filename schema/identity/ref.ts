import type { ApiToken as ApiTokenRow } from "../../server/entities/api-token.ts";
import type { AuditEntry as AuditEntryRow } from "../../server/entities/audit-entry.ts";
import type { Tenant as TenantRow } from "../../server/entities/tenant.ts";
import { builder } from "../builder.ts";

/** Nothing tells of a new one. */
export const Tenant = builder.entity<TenantRow>("Tenant", { access: "VIEWER" });
/**
 * Without the hash: a column that nobody may read is not in the row's type. It says of no rows that they tell of it: which tokens one that is limited to
 * namespaces sees changes with the namespaces that there are.
 */
export const ApiToken = builder.entity<Omit<ApiTokenRow, "hash">>("ApiToken", { access: "OWNER" });
/** Nothing tells of a new one, and every mutation makes one. */
export const AuditEntry = builder.entity<AuditEntryRow>("AuditEntry", { access: "OWNER", totalCount: false });
