import { defineEntity, type InferEntity, p } from "@mikro-orm/core";
import type { TerminalEndReason } from "../domain/terminal-rules.ts";

/** A terminal into a container. Its command is in the envelope only. */
export const TerminalSession = defineEntity({
  name: "TerminalSession",
  tableName: "terminal_session",
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary(),
    namespaceId: p.uuid(),
    applicationId: p.uuid(),
    clusterId: p.uuid(),
    podId: p.uuid(),
    podName: p.text(),
    container: p.text(),
    /** Who opened it, and alone may use it. */
    tokenId: p.uuid(),
    tokenName: p.text(),
    keyId: p.text(),
    wrappedKey: p.blob(),
    ciphertext: p.blob(),
    columns: p.integer(),
    rows: p.integer(),
    state: p.text().$type<"OPENING" | "OPEN" | "ENDED">(),
    openedAt: p.datetime(3),
    expiresAt: p.datetime(3),
    activeAt: p.datetime(3),
    endedAt: p.datetime(3).nullable(),
    endReason: p.text().$type<TerminalEndReason>().nullable(),
    exitCode: p.integer().nullable(),
    inputTaken: p.integer().default(0),
    outputStored: p.integer().default(0),
    outputTaken: p.integer().default(0),
  },
});

export type TerminalSession = InferEntity<typeof TerminalSession>;
