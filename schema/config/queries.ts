import { namespacesNamed } from "../application/filter.ts";
import { builder } from "../builder.ts";
import { amongTexts } from "../shared/conditions.ts";
import { type Column, contains, every, type Sql, sql } from "../shared/mapping/sql.ts";
import { ConfigMap, Secret } from "./ref.ts";

const ConfigFilter = builder.inputType("ConfigFilter", {
  fields: (t) => ({
    keyword: t.string({ description: "In the name, whatever the case." }),
    names: t.stringList({ description: "Exact." }),
    namespaces: t.stringList(),
  }),
});

const conditions = (object: Record<"name" | "namespaceId", Column>, filter: typeof ConfigFilter.$inferInput | null | undefined): Sql | null =>
  filter == null
    ? null
    : every([
        filter.keyword == null ? null : contains(object.name, filter.keyword),
        amongTexts(object.name, filter.names),
        filter.namespaces == null ? null : sql`${object.namespaceId} in (${namespacesNamed(filter.namespaces)})`,
      ]);

builder.queryFields((t) => ({
  configMaps: t.pageOf(ConfigMap, { args: { filter: t.arg({ type: ConfigFilter }) }, where: (configMap, { filter }) => conditions(configMap, filter) }),
  secrets: t.pageOf(Secret, { args: { filter: t.arg({ type: ConfigFilter }) }, where: (secret, { filter }) => conditions(secret, filter) }),
}));
