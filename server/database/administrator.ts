import { randomUUIDv7 } from "node:crypto";
import { Client } from "pg";
import type { DatabaseAddress, Login } from "./address.ts";

export interface Administrator {
  readonly address: DatabaseAddress;
  /** May act as selvedge_system, whose rows these are. */
  readonly owner: Login;
  /** SHA-256 of the token. */
  readonly hash: Buffer;
  /** The token's first characters. */
  readonly prefix: string;
  readonly at: Date;
}

const TENANT = "demo";
const TOKEN_NAME = "administrator";
/** Fixed, so that a changed setting replaces the token that came from the setting before, and no other. */
const TOKEN_ID = "5e1f0000-0000-8000-8000-000000000001";

/**
 * Makes sure that the platform's first tenant is there, and that its administrator's token is the given one. A token that was revoked stays
 * revoked until another one is set. Returns false in that case.
 */
export async function ensureAdministrator({ address, owner, hash, prefix, at }: Administrator): Promise<boolean> {
  const client = new Client({ ...address, ...owner, application_name: "selvedge prepare", connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query("begin");
    await client.query("set local role selvedge_system");
    // Two processes that start at once: the second waits here and finds it done.
    await client.query("select pg_advisory_xact_lock(hashtext('selvedge administrator'))");
    const { rows } = await client.query<{ id: string }>("select id from public.tenant where name = $1", [TENANT]);
    const tenantId = rows[0]?.id ?? randomUUIDv7();
    if (rows.length === 0) {
      await client.query("select app.create_tenant($1, $2, $3, $4, $5, $6, $7)", [tenantId, TENANT, at, randomUUIDv7(), TOKEN_ID, prefix, hash]);
      await client.query("update public.api_token set name = $3, role = 'PLATFORM_ADMIN' where tenant_id = $1 and id = $2", [tenantId, TOKEN_ID, TOKEN_NAME]);
    } else {
      await client.query(
        `insert into public.api_token as kept (tenant_id, id, name, role, prefix, hash, created_at) values ($1, $2, $3, 'PLATFORM_ADMIN', $4, $5, $6)
         on conflict (tenant_id, id) do update set prefix = $4, hash = $5, created_at = $6, last_used_at = null, revoked_at = null where kept.hash <> $5`,
        [tenantId, TOKEN_ID, TOKEN_NAME, prefix, hash, at],
      );
    }
    const found = await client.query<{ valid: boolean }>("select revoked_at is null as valid from public.api_token where tenant_id = $1 and id = $2", [tenantId, TOKEN_ID]);
    await client.query("commit");
    return found.rows[0]?.valid ?? false;
  } finally {
    await client.end();
  }
}
