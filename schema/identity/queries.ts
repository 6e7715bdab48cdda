import { builder } from "../builder.ts";
import { amongAnyIds, amongTexts } from "../shared/conditions.ts";
import { every, sql, text, time } from "../shared/mapping/sql.ts";
import { AuditEntry, Tenant } from "./ref.ts";

const AuditFilter = builder.inputType("AuditFilter", {
  fields: (t) => ({
    since: t.field({ type: "DateTime" }),
    until: t.field({ type: "DateTime" }),
    actions: t.stringList(),
    actor: t.string(),
    targetIds: t.idList(),
  }),
});

builder.queryFields((t) => ({
  tenants: t.pageOf(Tenant, { access: "PLATFORM_ADMIN", description: "PLATFORM_ADMIN.", from: "app.list_tenants()" }),
  auditLog: t.pageOf(AuditEntry, {
    access: "OWNER",
    description: "Newest first.",
    args: { filter: t.arg({ type: AuditFilter }) },
    where: (entry, { filter }) =>
      filter == null
        ? null
        : every([
            filter.since == null ? null : sql`${entry.at} >= ${time(filter.since)}`,
            filter.until == null ? null : sql`${entry.at} < ${time(filter.until)}`,
            amongTexts(entry.action, filter.actions),
            filter.actor == null ? null : sql`${entry.actor} = ${text(filter.actor)}`,
            amongAnyIds(entry.targetId, filter.targetIds),
          ]),
    order: ["-at", "-id"],
  }),
}));
