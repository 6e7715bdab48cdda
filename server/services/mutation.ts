/**
 * How every change is made: authorise → look at the key → rules and writes → audit, timeline, jobs, all in one transaction under
 * row-level security. Committed, all of it is there; refused or failed, none of it.
 *
 * A refusal leaves nothing but an audit entry, in a transaction of its own. A serialisation failure, a deadlock, or a unique constraint
 * lost to a concurrent transaction runs the whole work again on a fresh transaction, where it sees what the other one did.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { MikroORM } from "@mikro-orm/postgresql";
import type { Pool } from "pg";
import { inScope, type Scope } from "../database/scope.ts";
import type { Clock } from "../domain/clock.ts";
import type { KeyRing } from "../domain/envelope.ts";
import { type DomainError, invalid, type Outcome, refusal, refused } from "../domain/errors.ts";
import type { Role } from "../domain/states.ts";
import { unstorableText } from "../domain/text.ts";
import { requireRole } from "../identity/authorise.ts";
import type { Actor } from "../identity/viewer.ts";
import type { Bus } from "../realtime/bus.ts";
import { type AuditTarget, writeAudit } from "./audit.ts";
import { claimKey, fingerprintOf, keepResult, MAX_KEY_LENGTH } from "./idempotency.ts";
import { Transaction } from "./transaction.ts";

export interface ServiceOptions {
  /** Connected as selvedge_api. */
  readonly orm: MikroORM;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Simulated seconds a second. */
  readonly speed: number;
  /** Keys the fingerprints of inputs; the same in every process that serves one database. */
  readonly fingerprintKey: Uint8Array;
  /** Those that were the fingerprints' key before: what was kept then is still recognised. */
  readonly previousFingerprintKeys?: readonly Uint8Array[];
  /** The same database, for statements of our own. */
  readonly pool?: Pool;
  /** Of Secrets. */
  readonly keyRing: KeyRing;
  /** Whether the fleet is a simulated one, so that faults can be injected into it; absent: it is. */
  readonly simulated?: boolean;
  /** Told before a mutation of the tenant is answered that was committed, now or when its key came first, or may have been. */
  readonly onCommitted?: (tenantId: string) => void;
}

export interface MutationRequest {
  /** As the schema names it; also the audit entry's action. */
  readonly name: string;
  readonly actor: Actor;
  /** The least role that may do this. */
  readonly role: Role;
  readonly input: object & { readonly idempotencyKey?: string | null | undefined };
  /** What the audit entry shows in place of the input, where that may hold what nobody is to read. */
  readonly audited?: object;
  /** Runs the work, and rolls it back: nothing is kept, not even the key. */
  readonly dryRun?: boolean;
}

/** An outcome that says besides whether it is an earlier answer, given again. */
export type Answer<T> =
  { readonly ok: true; readonly value: T; readonly replayed: boolean } | { readonly ok: false; readonly errors: readonly DomainError[] };

const MAX_ATTEMPTS = 6;
const BACKOFF_MS = 15;
/** Serialisation failure, deadlock, unique violation. */
const WORTH_A_RETRY: ReadonlySet<unknown> = new Set(["40001", "40P01", "23505"]);

/** Carries an outcome out of a transaction that is to be rolled back. */
class RollBack<T> extends Error {
  readonly outcome: Outcome<T>;
  readonly target: AuditTarget | null;

  constructor(outcome: Outcome<T>, target: AuditTarget | null) {
    super("rolled back");
    this.outcome = outcome;
    this.target = target;
  }
}

export const scopeOf = (actor: Actor): Scope => ({ tenantId: actor.tenantId, namespaceIds: actor.namespaceIds });

/** `T` is what an idempotency key keeps: ids and words, never a secret, and equal after a round trip through JSON. */
export async function mutate<T>(
  options: ServiceOptions,
  request: MutationRequest,
  work: (tx: Transaction) => Promise<Outcome<T>>,
): Promise<Answer<T>> {
  const { actor, input } = request;
  requireRole(actor, request.role);
  const faults = [...unstorableText(input, ["input"]), ...checkKey(input.idempotencyKey)];
  if (faults.length > 0) return refuse(options, request, faults, null);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await inScope(options.orm, scopeOf(actor), async (em) =>
        runOnce(options, request, new Transaction(em, actor, options.clock.now()), work),
      );
      options.onCommitted?.(actor.tenantId);
      if (!answer.replayed) options.bus.publish("timeline");
      return { ok: true, ...answer };
    } catch (error) {
      if (error instanceof RollBack) {
        const { outcome, target } = error as RollBack<T>;
        if (outcome.ok) return { ok: true, value: outcome.value, replayed: false };
        return request.dryRun ? outcome : refuse(options, request, outcome.errors, target);
      }
      // A connection that breaks at the commit does not say whether it came through.
      options.onCommitted?.(actor.tenantId);
      if (attempt >= MAX_ATTEMPTS || !WORTH_A_RETRY.has((error as { code?: unknown }).code)) throw error;
      await wait(Math.random() * BACKOFF_MS * attempt);
    }
  }
}

async function runOnce<T>(
  options: ServiceOptions,
  request: MutationRequest,
  tx: Transaction,
  work: (tx: Transaction) => Promise<Outcome<T>>,
): Promise<{ value: T; replayed: boolean }> {
  const { actor, name, input } = request;
  const key = request.dryRun || !input.idempotencyKey ? null : { tenantId: actor.tenantId, mutation: name, key: input.idempotencyKey };
  if (key) {
    const fingerprints = [options.fingerprintKey, ...(options.previousFingerprintKeys ?? [])].map((one) => fingerprintOf(one, input));
    const claim = await claimKey(tx.em, key, fingerprints, tx.now, options.speed);
    if (claim.state === "replay") return { value: claim.result as T, replayed: true };
    if (claim.state === "mismatch") throw new RollBack<T>(refused(MISMATCH), null);
  }
  const outcome = await work(tx);
  if (!outcome.ok || request.dryRun) throw new RollBack(outcome, tx.target);
  await writeAudit(tx.em, { actor, at: tx.at, action: name, outcome: "ACCEPTED", input: request.audited ?? input, target: tx.target });
  if (key) await keepResult(tx.em, key, outcome.value);
  await tx.finish();
  return { value: outcome.value, replayed: false };
}

const MISMATCH = refusal("IDEMPOTENCY_MISMATCH", ["input", "idempotencyKey"], "This idempotencyKey came with another input before.");

async function refuse(
  options: ServiceOptions,
  request: MutationRequest,
  errors: readonly DomainError[],
  target: AuditTarget | null,
): Promise<{ ok: false; errors: readonly DomainError[] }> {
  const { actor, name, input } = request;
  await inScope(options.orm, scopeOf(actor), (em) =>
    writeAudit(em, { actor, at: new Date(options.clock.now()), action: name, outcome: "REFUSED", input: request.audited ?? input, target }),
  );
  return { ok: false, errors };
}

function checkKey(key: string | null | undefined): DomainError[] {
  if (key === null || key === undefined || (key.length >= 1 && key.length <= MAX_KEY_LENGTH)) return [];
  return [invalid(["input", "idempotencyKey"], `The idempotencyKey has ${key.length} characters; 1 to ${MAX_KEY_LENGTH} are allowed.`)];
}
