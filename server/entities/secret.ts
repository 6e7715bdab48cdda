import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { SecretType } from "../domain/states.ts";

/** Its values are in the envelope only: `ciphertext` under a data key of its own, which is wrapped by the key that `keyId` names. */
export const Secret = defineEntity({
  name: "Secret",
  tableName: "secret",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    namespaceId: p.uuid(),
    name: p.text(),
    description: p.text(),
    type: p.text().$type<SecretType>(),
    /** Sorted. */
    keys: p.array(),
    keyId: p.text(),
    wrappedKey: p.blob(),
    ciphertext: p.blob(),
    /** The name of this content: random, another one with every change. */
    content: p.text(),
    version: p.integer(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});

export type Secret = InferEntity<typeof Secret>;
