import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { ConfigKind } from "../domain/placement.ts";

/** That a revision's template refers to a ConfigMap or Secret. */
export const ConfigReference = defineEntity({
  name: "ConfigReference",
  tableName: "config_reference",
  properties: {
    tenantId: p.uuid().primary(),
    revisionId: p.uuid().primary(),
    configId: p.uuid().primary(),
    kind: p.text().$type<ConfigKind>(),
    applicationId: p.uuid(),
    namespaceId: p.uuid(),
    /** Those that it names; none where it takes all of them. */
    keys: p.array(),
  },
});

export type ConfigReference = InferEntity<typeof ConfigReference>;
