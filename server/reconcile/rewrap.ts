/**
 * Changing the encryption key, from behind: every Secret's data key that is still wrapped by an earlier key is wrapped by the current one. Its
 * ciphertext, version and content stay as they are, so that nobody notices.
 *
 * A batch is a transaction, and writes compare what they replace: whoever changes a Secret meanwhile wins, because its new envelope is under the
 * current key anyway. It may run twice, in two processes at once, or stop halfway. One envelope that can't be opened is left as it is.
 */
import type { Pool } from "pg";
import type { Logger } from "pino";
import { Gauge, type Registry } from "prom-client";
import { inPoolScope } from "../database/scope.ts";
import { EnvelopeBroken, type KeyRing, rewrap } from "../domain/envelope.ts";

export interface RewrapOptions {
  /** Connected as selvedge_worker. */
  readonly pool: Pool;
  readonly keyRing: KeyRing;
  readonly logger: Logger;
  readonly registry?: Registry;
  readonly batch?: number;
}

export interface Rewrapped {
  readonly rewrapped: number;
  /** Under a key that is not known, or damaged. */
  readonly unreadable: number;
}

interface Found {
  readonly tenant_id: string;
  readonly secret_id: string;
}
interface Kept {
  readonly id: string;
  readonly key_id: string;
  readonly wrapped_key: Buffer;
}

const BATCH = 100;
const NOBODY = "00000000-0000-0000-0000-000000000000";
const NOTHING = new Uint8Array(0);

/** Returns the job. What it has told already, it tells again only when it is another. */
export function createRewrapper(options: RewrapOptions): () => Promise<Rewrapped> {
  const { pool, keyRing, logger, registry, batch = BATCH } = options;
  const left = registry && ((registry.getSingleMetric("selvedge_secrets_on_old_keys") as Gauge | undefined) ?? new Gauge({
    name: "selvedge_secrets_on_old_keys", help: "Secrets that are not under the current encryption key after the last attempt to bring them there.", registers: [registry],
  }));
  let told = "";
  const tell = (what: string, say: () => void): void => {
    if (what !== told) say();
    told = what;
  };

  return async () => {
    let [rewrapped, last]: [number, Found] = [0, { tenant_id: NOBODY, secret_id: NOBODY }];
    const unreadable: string[] = [];
    for (;;) {
      const { rows } = await pool.query<Found>("select tenant_id, secret_id from app.secrets_to_rewrap($1, $2, $3, $4)", [keyRing.currentKeyId, last.tenant_id, last.secret_id, batch]);
      for (const [tenantId, found] of Map.groupBy(rows, (row) => row.tenant_id)) {
        const done = await rewrapSome(pool, keyRing, tenantId, found.map(({ secret_id }) => secret_id));
        rewrapped += done.rewrapped;
        unreadable.push(...done.unreadable);
      }
      const end = rows.at(-1);
      if (!end || rows.length < batch) break;
      last = end;
    }
    left?.set(unreadable.length);
    const keys = [...new Set(unreadable)].toSorted();
    if (unreadable.length > 0) {
      const fields = { secrets: unreadable.length, keys, current: keyRing.currentKeyId };
      tell(`unreadable ${unreadable.length} ${keys.join(" ")}`, () => logger.error(fields, "Secrets can't be read: the keys that they are under belong into SELVEDGE_PREVIOUS_ENCRYPTION_KEYS"));
    } else if (rewrapped > 0 || keyRing.keys.size > 1) {
      tell("done", () => logger.info({ secrets: rewrapped, current: keyRing.currentKeyId }, "all Secrets are under the current encryption key"));
    }
    return { rewrapped, unreadable: unreadable.length };
  };
}

/** Of one tenant. Answers the key ids of those that it could not open. */
const rewrapSome = (pool: Pool, keyRing: KeyRing, tenantId: string, ids: readonly string[]): Promise<{ rewrapped: number; unreadable: string[] }> =>
  inPoolScope(pool, { tenantId }, async (client) => {
    // Not those that somebody else has rewrapped since they were found. Their ciphertexts, which may be large, stay where they are.
    const { rows } = await client.query<Kept>("select id, key_id, wrapped_key from secret where tenant_id = $1 and id = any ($2::uuid[]) and key_id <> $3 order by id", [
      tenantId, ids, keyRing.currentKeyId,
    ]);
    let rewrapped = 0;
    const unreadable: string[] = [];
    for (const { id, key_id: keyId, wrapped_key: wrappedKey } of rows) {
      try {
        const envelope = rewrap(keyRing, { keyId, wrappedKey, ciphertext: NOTHING }, `${tenantId}/${id}`);
        const written = await client.query("update secret set key_id = $3, wrapped_key = $4 where tenant_id = $1 and id = $2 and key_id = $5 and wrapped_key = $6", [
          tenantId, id, envelope.keyId, envelope.wrappedKey, keyId, wrappedKey,
        ]);
        rewrapped += written.rowCount ?? 0;
      } catch (error) {
        if (!(error instanceof EnvelopeBroken)) throw error;
        unreadable.push(keyId);
      }
    }
    return { rewrapped, unreadable };
  });
