import type { ApiToken as ApiTokenRow } from "../../server/entities/api-token.ts";
import type { AuditEntry as AuditEntryRow } from "../../server/entities/audit-entry.ts";
import type { Tenant as TenantRow } from "../../server/entities/tenant.ts";
import { builder } from "../builder.ts";

export const Tenant = builder.entity<TenantRow>("Tenant", { access: "VIEWER" });
/** Without the hash: a column that nobody may read is not in the row's type. */
export const ApiToken = builder.entity<Omit<ApiTokenRow, "hash">>("ApiToken", { access: "OWNER" });
export const AuditEntry = builder.entity<AuditEntryRow>("AuditEntry", { access: "OWNER", totalCount: false });
