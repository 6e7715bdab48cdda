import { randomUUIDv7 } from "node:crypto";
import { LockMode } from "@mikro-orm/postgresql";
import { accepted, type DomainError, invalid, notFound, type Outcome, refused } from "../domain/errors.ts";
import { uuidOf } from "../domain/ids.ts";
import { checkDisplayName } from "../domain/names.ts";
import type { Role } from "../domain/states.ts";
import { quoted } from "../domain/text.ts";
import { ApiToken } from "../entities/api-token.ts";
import { Namespace } from "../entities/namespace.ts";
import { outranks } from "../identity/authorise.ts";
import { hashToken, tokenPrefix } from "../identity/token.ts";
import type { Viewer } from "../identity/viewer.ts";
import { type DeleteInput, refuseVersion } from "./namespace.ts";
import type { Transaction } from "./transaction.ts";

export interface CreateApiTokenInput {
  readonly name: string;
  readonly role: Role;
  /** Left out: the caller's own, which is the whole tenant for a token that is not limited. */
  readonly namespaces?: readonly string[] | null | undefined;
  readonly expiresAt?: Date | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
}

export interface TokenResult {
  readonly tokenId: string;
}

const MAX_NAMESPACES = 100;

/** No token can do more than the one that makes it: neither a higher role, nor other namespaces. Only the secret's hash is kept. */
export async function createApiToken(tx: Transaction, input: CreateApiTokenInput, secret: string): Promise<Outcome<TokenResult>> {
  const { tenantId } = tx.actor;
  const faults = [...checkToken(tx.actor, tx.now, input), ...(await checkNamespaces(tx, input.namespaces ?? null))];
  if (faults.length > 0) return refused(...faults);
  const namespaces = input.namespaces ?? (await ownNamespaces(tx));
  const id = randomUUIDv7();
  tx.about({ type: "ApiToken", id, name: input.name, namespaceId: null });
  await tx.em.insert(ApiToken, {
    tenantId,
    id,
    name: input.name,
    role: input.role,
    namespaces: namespaces === null ? null : [...new Set(namespaces)],
    prefix: tokenPrefix(secret),
    hash: hashToken(secret),
    createdAt: tx.at,
    lastUsedAt: null,
    expiresAt: input.expiresAt ?? null,
    revokedAt: null,
  });
  tx.changed("token", id);
  return accepted({ tokenId: id });
}

/** Those of the caller's that are still there; null for the whole tenant. */
async function ownNamespaces(tx: Transaction): Promise<string[] | null> {
  if (tx.actor.namespaces === null) return null;
  const own = await tx.em.find(Namespace, { tenantId: tx.actor.tenantId, name: { $in: [...tx.actor.namespaces] } }, { orderBy: { name: "asc" } });
  return own.map(({ name }) => name);
}

export function checkToken(actor: Viewer, now: number, input: CreateApiTokenInput): DomainError[] {
  const errors = checkDisplayName(["input", "name"], "The token's name", input.name);
  if (outranks(input.role, actor.role)) {
    errors.push(invalid(["input", "role"], `A token of the role ${actor.role} can't make one of the higher role ${input.role}.`));
  }
  if (input.expiresAt && !(input.expiresAt.getTime() > now)) {
    errors.push(invalid(["input", "expiresAt"], `${input.expiresAt.toISOString()} is not in the future.`));
  }
  return errors;
}

async function checkNamespaces(tx: Transaction, names: readonly string[] | null): Promise<DomainError[]> {
  if (names === null) return [];
  if (names.length < 1 || names.length > MAX_NAMESPACES) {
    return [invalid(["input", "namespaces"], `${names.length} namespaces are named; 1 to ${MAX_NAMESPACES} are allowed.`)];
  }
  // Under row-level security: a limited token finds its own ones only.
  const known = await tx.em.find(Namespace, { tenantId: tx.actor.tenantId, name: { $in: [...names] } });
  const found = new Set(known.map((namespace) => namespace.name));
  return names.flatMap((name, index) =>
    found.has(name) ? [] : [notFound(["input", "namespaces", String(index)], `There is no namespace ${quoted(name)}.`)],
  );
}

/** Revoking again changes nothing and is accepted. A token limited to namespaces reaches only tokens limited to some of the same. */
export async function revokeApiToken(tx: Transaction, input: DeleteInput): Promise<Outcome<TokenResult>> {
  const refusedVersion = refuseVersion(input, "A token");
  if (refusedVersion) return refusedVersion;
  const id = uuidOf("ApiToken", input.id);
  const token =
    id === null ? null : await tx.em.findOne(ApiToken, { tenantId: tx.actor.tenantId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (!token || !reaches(tx.actor, token.namespaces ?? null))
    return refused(notFound(["input", "id"], `There is no token ${quoted(input.id)}.`));
  tx.about({ type: "ApiToken", id: token.id, name: token.name, namespaceId: null });
  if (outranks(token.role, tx.actor.role)) {
    return refused(invalid(["input", "id"], `A token of the role ${tx.actor.role} can't revoke one of the higher role ${token.role}.`));
  }
  if (!token.revokedAt) {
    tx.em.assign(token, { revokedAt: tx.at });
    tx.changed("token", token.id);
  }
  return accepted({ tokenId: token.id });
}

const reaches = (viewer: Viewer, namespaces: readonly string[] | null): boolean =>
  viewer.namespaces === null || (namespaces !== null && namespaces.every((name) => viewer.namespaces?.includes(name)));
