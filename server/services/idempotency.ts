import { createHmac } from "node:crypto";
import type { EntityManager } from "@mikro-orm/postgresql";
import { canonicalJson } from "../domain/canonical.ts";
import { keptSince } from "../domain/clock.ts";

/**
 * One effect for a key. A key belongs to (tenant, mutation) for 24 hours of the wall clock; with it goes a fingerprint of the input,
 * and, once accepted, the answer as ids. The row is inserted in the mutation's own transaction: a concurrent caller with the same key
 * waits on it, and then either finds the answer or, when the first was refused and rolled back, takes the key itself.
 */
export const MAX_KEY_LENGTH = 128;

export type Claim = { readonly state: "taken" } | { readonly state: "replay"; readonly result: unknown } | { readonly state: "mismatch" };

/** Keyed, because an input may hold secrets that could be guessed from a plain hash. Times are compared by their text. */
export function fingerprintOf(key: Uint8Array, input: object): string {
  const { idempotencyKey: _, ...rest } = input as { idempotencyKey?: unknown };
  return createHmac("sha256", key)
    .update(canonicalJson(JSON.parse(JSON.stringify(rest))))
    .digest("hex");
}

/** Whose key it is, and of which mutation. */
export interface IdempotencyKey {
  readonly tenantId: string;
  readonly mutation: string;
  readonly key: string;
}

/**
 * `now`: milliseconds on the simulation's clock, which runs `speed` times as fast as the wall clock. `fingerprints`: under the present key first,
 * then as keys before it would have made them.
 */
export async function claimKey(em: EntityManager, id: IdempotencyKey, fingerprints: readonly string[], now: number, speed: number): Promise<Claim> {
  // The worker may delete an expired row between the two statements: then the key is free, and the next round takes it.
  for (let round = 0; round < 3; round += 1) {
    const claimed: unknown[] = await em.execute(
      `insert into idempotency as kept (tenant_id, mutation, key, fingerprint, result, created_at) values (?, ?, ?, ?, null, ?)
       on conflict (tenant_id, mutation, key)
       do update set fingerprint = excluded.fingerprint, result = null, created_at = excluded.created_at
       where kept.created_at <= ? returning 1`,
      [id.tenantId, id.mutation, id.key, fingerprints[0], new Date(now), new Date(keptSince(now, speed))],
    );
    if (claimed.length > 0) return { state: "taken" };
    const [kept] = await em.execute<{ fingerprint: string; result: unknown }[]>(
      "select fingerprint, result from idempotency where tenant_id = ? and mutation = ? and key = ?",
      [id.tenantId, id.mutation, id.key],
    );
    if (kept) return fingerprints.includes(kept.fingerprint) ? { state: "replay", result: kept.result } : { state: "mismatch" };
  }
  throw new Error(`the idempotency key of ${id.mutation} appeared and vanished three times`);
}

/** The answer, as ids that are resolved again when it is replayed. Never a secret. */
export async function keepResult(em: EntityManager, id: IdempotencyKey, result: unknown): Promise<void> {
  await em.execute("update idempotency set result = ?::jsonb where tenant_id = ? and mutation = ? and key = ?", [
    JSON.stringify(result),
    id.tenantId,
    id.mutation,
    id.key,
  ]);
}
