/**
 * Configuration on its way to a cluster: what assignments name is opened here, sealed to the cluster's key, and sent once a session. Nothing of it
 * is kept, neither open nor sealed; what is under way at a time is bounded by the budget of a message.
 *
 * - Which contents a cluster may get is the database's decision: row-level security shows the gateway what applications with an assignment on the
 *   cluster refer to, and nothing else.
 * - A content that is not the newest any more is not sent, and neither are the assignments that name it: newer ones are being planned.
 * - A content that can't be opened here is left out and logged: the agent, which lacks it, reports the problem.
 */
import type { Pool } from "pg";
import type { Logger } from "pino";
import { inPoolScope } from "../database/scope.ts";
import type { ConfigEntry } from "../domain/configuration.ts";
import { decryptEntries, EnvelopeBroken, type KeyRing } from "../domain/envelope.ts";
import type { ConfigKind, ConfigUse } from "../domain/placement.ts";
import { seal } from "../domain/sealing.ts";
import type { SealedContent } from "../fleet/link.ts";

/** A content that an assignment names. */
export interface NamedContent extends Pick<ConfigUse, "id" | "kind" | "content"> {
  readonly tenantId: string;
}

export interface SealOptions {
  readonly pool: Pool;
  readonly keyRing: KeyRing;
  readonly logger: Logger;
  readonly clusterId: string;
  /** The cluster's public key. */
  readonly sealingKey: string;
}

/** How large these are (bytes, about), by name. Those that are not the newest of their ConfigMap or Secret are missing. */
export async function measureContents(pool: Pool, clusterId: string, contents: readonly NamedContent[]): Promise<Map<string, number>> {
  return inPoolScope(pool, { clusterIds: [clusterId] }, async (client) => {
    const { rows } = await client.query<{ content: string; bytes: number }>({ name: "measure-contents", text: MEASURE, values: parametersOf(contents) });
    return new Map(rows.map(({ content, bytes }) => [content, bytes]));
  });
}

/** Sealed, by name; null: it can't be opened. Those that are not the newest are missing. */
export async function sealContents({ pool, keyRing, logger, clusterId, sealingKey }: SealOptions, contents: readonly NamedContent[]): Promise<Map<string, string | null>> {
  const rows = await inPoolScope(pool, { clusterIds: [clusterId] }, async (client) => (await client.query<Row>({ name: "load-contents", text: LOAD, values: parametersOf(contents) })).rows);
  const sealed = new Map<string, string | null>();
  for (const row of rows) {
    try {
      const content: SealedContent = { entries: entriesOf(keyRing, row) };
      sealed.set(row.content, seal(sealingKey, JSON.stringify(content), row.content));
    } catch (error) {
      if (!(error instanceof EnvelopeBroken)) throw error;
      logger.error({ err: error, secretId: row.id }, "a secret can't be opened: is its key among the encryption keys?");
      sealed.set(row.content, null);
    }
  }
  return sealed;
}

function entriesOf(keyRing: KeyRing, row: Row): readonly ConfigEntry[] {
  if (row.kind === "ConfigMap") return row.data;
  return decryptEntries(keyRing, { keyId: row.key_id, wrappedKey: row.wrapped_key, ciphertext: row.ciphertext }, `${row.tenant_id}/${row.id}`);
}

const parametersOf = (contents: readonly NamedContent[]): string[][] => [
  contents.map(({ tenantId }) => tenantId), contents.map(({ kind }) => kind), contents.map(({ id }) => id), contents.map(({ content }) => content),
];

type Row = { readonly tenant_id: string; readonly id: string; readonly content: string } & (
  | { readonly kind: Extract<ConfigKind, "ConfigMap">; readonly data: readonly ConfigEntry[] }
  | { readonly kind: Extract<ConfigKind, "Secret">; readonly key_id: string; readonly wrapped_key: Buffer; readonly ciphertext: Buffer }
);

const WANTED = `unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[]) as wanted (tenant_id, kind, id, content)`;
const CONFIG_MAP = `config_map c on wanted.kind = 'ConfigMap' and c.tenant_id = wanted.tenant_id and c.id = wanted.id and c.content = wanted.content`;
const SECRET = `secret c on wanted.kind = 'Secret' and c.tenant_id = wanted.tenant_id and c.id = wanted.id and c.content = wanted.content`;

const MEASURE = /* sql */ `
select c.content, octet_length(c.data::text) as bytes from ${WANTED} join ${CONFIG_MAP}
union all
select c.content, octet_length(c.ciphertext) as bytes from ${WANTED} join ${SECRET}`;

const LOAD = /* sql */ `
select wanted.kind, c.tenant_id, c.id, c.content, c.data, null as key_id, null::bytea as wrapped_key, null::bytea as ciphertext from ${WANTED} join ${CONFIG_MAP}
union all
select wanted.kind, c.tenant_id, c.id, c.content, null as data, c.key_id, c.wrapped_key, c.ciphertext from ${WANTED} join ${SECRET}`;
