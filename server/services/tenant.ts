import { randomUUIDv7 } from "node:crypto";
import { accepted, alreadyExists, type Outcome, refused } from "../domain/errors.ts";
import { checkDisplayName } from "../domain/names.ts";
import { requireWholeTenant } from "../identity/authorise.ts";
import { hashToken, tokenPrefix } from "../identity/token.ts";
import type { Transaction } from "./transaction.ts";

export interface CreateTenantInput {
  readonly name: string;
  readonly idempotencyKey?: string | null | undefined;
}

export interface TenantResult {
  readonly tenantId: string;
}

/** A tenant with its default namespace and an OWNER token, whose secret is given back once. The caller's tenant keeps the audit entry. */
export async function createTenant(tx: Transaction, input: CreateTenantInput, ownerToken: string): Promise<Outcome<TenantResult>> {
  requireWholeTenant(tx.actor);
  const faults = checkDisplayName(["input", "name"], "The tenant's name", input.name);
  if (faults.length > 0) return refused(...faults);
  const [existing] = await tx.em.execute<{ id: string }[]>("select id from app.list_tenants() where name = ?", [input.name]);
  if (existing)
    return refused(alreadyExists(["input", "name"], { type: "Tenant", id: existing.id }, `There is already a tenant ${input.name}.`));
  const tenantId = randomUUIDv7();
  tx.about({ type: "Tenant", id: tenantId, name: input.name, namespaceId: null });
  await tx.em.execute("select app.create_tenant(?, ?, ?, ?, ?, ?, ?)", [
    tenantId,
    input.name,
    tx.at,
    randomUUIDv7(),
    randomUUIDv7(),
    tokenPrefix(ownerToken),
    hashToken(ownerToken),
  ]);
  return accepted({ tenantId });
}
