import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { ConfigEntry } from "../domain/configuration.ts";

export const ConfigMap = defineEntity({
  name: "ConfigMap",
  tableName: "config_map",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    namespaceId: p.uuid(),
    name: p.text(),
    description: p.text(),
    /** Sorted. */
    keys: p.array(),
    data: p.json<ConfigEntry[]>(),
    /** The name of this content: random, another one with every change. */
    content: p.text(),
    version: p.integer(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});

export type ConfigMap = InferEntity<typeof ConfigMap>;
