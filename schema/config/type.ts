import type { ConfigEntry as ConfigEntryValue } from "../../server/domain/configuration.ts";
import type { Application as ApplicationRow } from "../../server/entities/application.ts";
import type { ConfigReference as ConfigReferenceRow } from "../../server/entities/config-reference.ts";
import type { Rollout as RolloutRow } from "../../server/entities/rollout.ts";
import { Application, Namespace, Placement } from "../application/ref.ts";
import { builder, Node } from "../builder.ts";
import { SecretType } from "../shared/enums.ts";
import { type Columns, type EntityToken, rows, type Sql, sql, texts } from "../shared/mapping/sql.ts";
import { ConfigMap, Secret } from "./ref.ts";

export const ConfigEntry = builder.objectRef<ConfigEntryValue>("ConfigEntry").implement({
  access: "VIEWER",
  fields: (t) => ({ key: t.exposeString("key"), value: t.exposeString("value") }),
});

/**
 * One ConfigMap's data is up to 1 MiB. As a list of 10 it counts as 900 objects, so that one answer has a default page of them and little more: 50 MiB
 * were seen to take 335 MB of the server's memory, and its event loop for longer than a second.
 */
const DATA_WEIGHT = 90;

/** Tables that the API has no type of. */
const ConfigReference: EntityToken<ConfigReferenceRow> = { entity: "ConfigReference" };
const Rollout: EntityToken<RolloutRow> = { entity: "Rollout" };

const USED_BY = "The applications that refer to it now: in the revision that they or their placements are on, or would go back to.";

/** Applications with a live reference to the object; services/config/references.ts guards the same. */
function usersOf(application: Columns<ApplicationRow>, configId: Sql): Sql {
  const onPlacement = (reference: Columns<ConfigReferenceRow>) =>
    rows(Placement, (placement) => sql`select from ${placement} where ${placement.applicationId} = ${application.id} and ${placement.revisionId} = ${reference.revisionId}`);
  const underWay = (reference: Columns<ConfigReferenceRow>) =>
    rows(Rollout, (rollout) => sql`select from ${rollout} where ${rollout.applicationId} = ${application.id} and ${rollout.fromRevisionId} = ${reference.revisionId} and ${rollout.finishedAt} is null`);
  const live = rows(
    ConfigReference,
    (reference) => sql`select from ${reference} where ${reference.configId} = ${configId} and ${reference.applicationId} = ${application.id}
      and (${application.revisionId} = ${reference.revisionId} or exists (${onPlacement(reference)}) or exists (${underWay(reference)}))`,
  );
  return sql`exists (${live})`;
}

ConfigMap.implement({
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    name: t.exposeString("name"),
    namespace: t.one(Namespace, "namespaceId"),
    description: t.exposeString("description"),
    keys: t.expose("keys", { type: ["String"] }),
    data: t.sql({
      type: [ConfigEntry],
      weight: DATA_WEIGHT,
      description: "By key; of these keys only, where some are given.",
      args: { keys: t.arg.stringList() },
      sql: (configMap, { keys }) =>
        keys == null
          ? sql`${configMap.data}`
          : sql`(select coalesce(jsonb_agg(e.entry order by e.n), '[]') from jsonb_array_elements(${configMap.data}) with ordinality e (entry, n) where e.entry ->> 'key' = any (${texts(keys)}))`,
    }),
    version: t.exposeInt("version", { description: "Rises by one with every accepted change; give it back as expectedVersion." }),
    usedBy: t.page(Application, usersOf, { description: USED_BY }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
  }),
});

Secret.implement({
  description: "Values go in and never come out of a query; revealSecret returns them, and is audited.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    name: t.exposeString("name"),
    namespace: t.one(Namespace, "namespaceId"),
    description: t.exposeString("description"),
    type: t.expose("type", { type: SecretType }),
    keys: t.expose("keys", { type: ["String"] }),
    version: t.exposeInt("version", { description: "Rises by one with every accepted change; give it back as expectedVersion." }),
    usedBy: t.page(Application, usersOf, { description: USED_BY }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    updatedAt: t.expose("updatedAt", { type: "DateTime" }),
  }),
});
