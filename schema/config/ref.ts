import type { ConfigMap as ConfigMapRow } from "../../server/entities/config-map.ts";
import type { Secret as SecretRow } from "../../server/entities/secret.ts";
import { builder } from "../builder.ts";

export const ConfigMap = builder.entity<ConfigMapRow>("ConfigMap", { access: "VIEWER", told: { kind: "configMap" } });
/** Without its envelope: a column that nobody may read is not in the row's type. */
export const Secret = builder.entity<Omit<SecretRow, "keyId" | "wrappedKey" | "ciphertext" | "content">>("Secret", {
  access: "VIEWER",
  // Of its envelope the key changes, behind everybody.
  told: { kind: "secret", untold: ["keyId", "wrappedKey"] },
});
