import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { globalId } from "#server/domain/ids.ts";
import { createAuthenticator } from "#server/identity/authenticate.ts";
import type { Bus, BusChannel } from "#server/realtime/bus.ts";
import { applicationInput, countRows, createFixture, must, refusals } from "./fixture.ts";

const fixture = await createFixture(6);
const { admin, services, orm } = fixture;
afterAll(() => fixture.close());

const START = Date.UTC(2026, 0, 1);

/** A bus whose messages arrive at once. */
function localBus(): Bus {
  const listeners = new Map<BusChannel, Set<(detail: string | undefined) => void>>();
  return {
    publish: (channel, detail) => listeners.get(channel)?.forEach((listener) => listener(detail)),
    subscribe: (channel, listener) => {
      const set = listeners.get(channel) ?? new Set();
      listeners.set(channel, set.add(listener));
      return () => void set.delete(listener);
    },
    close: async () => undefined,
  };
}

describe("namespaces", () => {
  test("are made, with audit and timeline, and deleted when empty", async () => {
    const tenant = await fixture.tenant();
    const { namespaceId } = must(await services.namespaces.create(tenant.actor, { name: "shop", description: "Shops" }));
    expect(await countRows(admin, tenant.id)).toMatchObject({ namespace: 2, audit_entry: 1, timeline: 1 });
    const value = must(await services.namespaces.delete(tenant.actor, { id: globalId("Namespace", namespaceId) }));
    expect(value).toEqual({ deleted: { type: "Namespace", id: namespaceId }, object: null, operationId: null });
    expect(await countRows(admin, tenant.id)).toMatchObject({ namespace: 1, audit_entry: 2, timeline: 2 });
    const {
      rows: [told],
    } = await admin.query("select ids, removed_ids from timeline where tenant_id = $1 order by xid desc limit 1", [tenant.id]);
    expect(told).toEqual({ ids: [], removed_ids: [namespaceId] });
  });

  test("are refused with a bad name, a long description, or a name that is taken", async () => {
    const tenant = await fixture.tenant();
    expect(refusals(await services.namespaces.create(tenant.actor, { name: "Shop!" }))).toMatchObject([
      { code: "INVALID_ARGUMENT", path: ["input", "name"] },
    ]);
    expect(refusals(await services.namespaces.create(tenant.actor, { name: "shop", description: "x".repeat(257) }))).toMatchObject([
      { code: "INVALID_ARGUMENT", path: ["input", "description"] },
    ]);
    expect(refusals(await services.namespaces.create(tenant.actor, { name: "default" }))).toMatchObject([
      { code: "ALREADY_EXISTS", existing: { type: "Namespace" } },
    ]);
    expect((await countRows(admin, tenant.id))["namespace"]).toBe(1);
  });

  test("stay while they have applications, at most 20 of them named", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    const { namespaceId } = must(await services.namespaces.create(tenant.actor, { name: "shop" }));
    for (let index = 0; index < 21; index += 1)
      must(await services.applications.create(tenant.actor, applicationInput([cluster], { name: `app-${index}`, namespace: "shop" }, 0)));
    const [error] = refusals(await services.namespaces.delete(tenant.actor, { id: globalId("Namespace", namespaceId) })) as unknown as {
      code: string;
      usedBy: unknown[];
      usedByCount: number;
    }[];
    expect(error).toMatchObject({ code: "IN_USE", usedByCount: 21 });
    expect(error?.usedBy).toHaveLength(20);
  });

  test("the default one belongs to the platform; another tenant's does not exist; none has a version", async () => {
    const [tenant, stranger] = [await fixture.tenant(), await fixture.tenant()];
    const {
      rows: [own],
    } = await admin.query("select id from namespace where tenant_id = $1", [tenant.id]);
    const id = globalId("Namespace", own.id);
    expect(refusals(await services.namespaces.delete(tenant.actor, { id }))).toMatchObject([{ code: "PROTECTED" }]);
    expect(refusals(await services.namespaces.delete(stranger.actor, { id }))).toMatchObject([
      { code: "NOT_FOUND", path: ["input", "id"] },
    ]);
    expect(refusals(await services.namespaces.delete(tenant.actor, { id, expectedVersion: 1 }))).toMatchObject([
      { code: "INVALID_ARGUMENT", path: ["input", "expectedVersion"] },
    ]);
  });

  test("are beyond a token limited to namespaces", async () => {
    const tenant = await fixture.tenant();
    const limited = tenant.as({ namespaces: ["shop"], namespaceIds: [await fixture.namespace(tenant, "shop")] });
    await expect(services.namespaces.create(limited, { name: "more" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(services.namespaces.delete(limited, { id: globalId("Namespace", limited.namespaceIds?.[0] ?? "") })).rejects.toMatchObject(
      { code: "FORBIDDEN" },
    );
    expect((await countRows(admin, tenant.id))["namespace"]).toBe(2);
  });

  test("a deletion and a creation at once leave either an application in its namespace or neither", async () => {
    const tenant = await fixture.tenant();
    const cluster = await fixture.cluster();
    for (let round = 0; round < 10; round += 1) {
      const name = `ns-${round}`;
      const { namespaceId } = must(await services.namespaces.create(tenant.actor, { name }));
      const [deleted, created] = await Promise.all([
        services.namespaces.delete(tenant.actor, { id: globalId("Namespace", namespaceId) }),
        services.applications.create(tenant.actor, applicationInput([cluster], { name: `app-${round}`, namespace: name }, 0)),
      ]);
      expect([deleted.ok, created.ok]).toContain(true);
      expect(deleted.ok && created.ok).toBe(false);
    }
  });
});

describe("tokens", () => {
  test("are 256 random bits behind a prefix, kept as a hash, and given once", async () => {
    const tenant = await fixture.tenant();
    const input = { name: "ci", role: "OPERATOR" as const, idempotencyKey: "k" };
    const made = must(await services.tokens.create(tenant.actor, input));
    expect(made.secret).toMatch(/^slv_[A-Za-z0-9_-]{43}$/);
    const {
      rows: [row],
    } = await admin.query("select * from api_token where id = $1", [made.tokenId]);
    expect(row).toMatchObject({ name: "ci", role: "OPERATOR", namespaces: null, prefix: made.secret?.slice(0, 8) });
    expect(row.hash).toHaveLength(32);
    expect(must(await services.tokens.create(tenant.actor, input))).toEqual({ tokenId: made.tokenId, secret: null });
    const dump = await admin.query(
      "select (select json_agg(a) from audit_entry a)::text || (select json_agg(i) from idempotency i)::text || (select json_agg(t) from timeline t)::text as text",
    );
    expect(dump.rows[0].text).not.toContain(made.secret);
  });

  test("can do no more than the token that makes them", async () => {
    const tenant = await fixture.tenant();
    const shop = await fixture.namespace(tenant, "shop");
    await fixture.namespace(tenant, "bank");
    const limited = tenant.as({ namespaces: ["shop"], namespaceIds: [shop] });
    expect(refusals(await services.tokens.create(tenant.actor, { name: "x", role: "PLATFORM_ADMIN" }))).toMatchObject([
      { code: "INVALID_ARGUMENT", path: ["input", "role"] },
    ]);
    expect(refusals(await services.tokens.create(limited, { name: "x", role: "VIEWER", namespaces: ["shop", "bank"] }))).toMatchObject([
      { code: "NOT_FOUND", path: ["input", "namespaces", "1"] },
    ]);
    const { tokenId } = must(await services.tokens.create(limited, { name: "x", role: "VIEWER" }));
    const {
      rows: [row],
    } = await admin.query("select namespaces from api_token where id = $1", [tokenId]);
    expect(row.namespaces).toEqual(["shop"]);
    const withGone = must(
      await services.tokens.create({ ...limited, namespaces: ["gone", "shop"] }, { name: "y", role: "VIEWER" }),
    );
    expect((await admin.query("select namespaces from api_token where id = $1", [withGone.tokenId])).rows).toEqual([{ namespaces: ["shop"] }]);
    await expect(services.tokens.create(tenant.as({ role: "OPERATOR" }), { name: "x", role: "VIEWER" })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
  });

  test("are refused with a bad name, a past expiry, no or unknown namespaces", async () => {
    const tenant = await fixture.tenant();
    const create = async (changes: object): Promise<unknown> =>
      refusals(await services.tokens.create(tenant.actor, { name: "ci", role: "VIEWER", ...changes }));
    for (const name of ["", " ci", "line\nbreak", "x".repeat(65)])
      expect(await create({ name })).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "name"] }]);
    expect(await create({ expiresAt: new Date(START - 1) })).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "expiresAt"] }]);
    expect(await create({ namespaces: [] })).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "namespaces"] }]);
    expect(await create({ namespaces: ["nowhere"] })).toMatchObject([{ code: "NOT_FOUND", path: ["input", "namespaces", "0"] }]);
    expect((await countRows(admin, tenant.id))["api_token"]).toBe(1);
  });

  test("are revoked once and for all, by whoever reaches them", async () => {
    const [tenant, stranger] = [await fixture.tenant(), await fixture.tenant()];
    const shop = await fixture.namespace(tenant, "shop");
    const { tokenId } = must(await services.tokens.create(tenant.actor, { name: "ci", role: "OPERATOR" }));
    const id = globalId("ApiToken", tokenId);
    expect(refusals(await services.tokens.revoke(stranger.actor, { id }))).toMatchObject([{ code: "NOT_FOUND" }]);
    expect(refusals(await services.tokens.revoke(tenant.as({ namespaces: ["shop"], namespaceIds: [shop] }), { id }))).toMatchObject([
      { code: "NOT_FOUND" },
    ]);
    expect(must(await services.tokens.revoke(tenant.actor, { id }))).toEqual({ tokenId });
    expect(fixture.published).toContain(`tokens:${tokenId}`);
    const revokedAt = async (): Promise<unknown> =>
      (await admin.query("select revoked_at from api_token where id = $1", [tokenId])).rows[0].revoked_at;
    const first = await revokedAt();
    expect(first).not.toBeNull();
    fixture.advance(1_000);
    must(await services.tokens.revoke(tenant.actor, { id }));
    expect(await revokedAt()).toEqual(first);
  });

  test("of a higher role are out of reach", async () => {
    const tenant = await fixture.tenant();
    const { tokenId } = must(await services.tokens.create(tenant.as({ role: "PLATFORM_ADMIN" }), { name: "root", role: "PLATFORM_ADMIN" }));
    expect(refusals(await services.tokens.revoke(tenant.actor, { id: globalId("ApiToken", tokenId) }))).toMatchObject([
      { code: "INVALID_ARGUMENT" },
    ]);
  });
});

describe("tenants", () => {
  test("are made with a namespace and an owner's token, which works", async () => {
    const platform = await fixture.tenant();
    const actor = platform.as({ role: "PLATFORM_ADMIN" });
    const name = `acme-${randomUUID()}`;
    const made = must(await services.tenants.create(actor, { name, idempotencyKey: "k" }));
    expect(must(await services.tenants.create(actor, { name, idempotencyKey: "k" }))).toEqual({
      tenantId: made.tenantId,
      ownerToken: null,
    });
    const authenticator = createAuthenticator({ orm, bus: localBus(), clock: { now: () => START } });
    expect(await authenticator.authenticate(made.ownerToken ?? "")).toMatchObject({
      tenantId: made.tenantId,
      role: "OWNER",
      namespaces: null,
      namespaceIds: null,
    });
    await authenticator.close();
    expect(await countRows(admin, made.tenantId)).toMatchObject({ namespace: 1, api_token: 1 });
    expect(refusals(await services.tenants.create(actor, { name }))).toMatchObject([{ code: "ALREADY_EXISTS", path: ["input", "name"] }]);
    expect(refusals(await services.tenants.create(actor, { name: "" }))).toMatchObject([
      { code: "INVALID_ARGUMENT", path: ["input", "name"] },
    ]);
  });

  test("of one name are made once, however many ask at once", async () => {
    const platform = await fixture.tenant();
    const name = `race-${randomUUID()}`;
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => services.tenants.create(platform.as({ role: "PLATFORM_ADMIN" }), { name })),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
    for (const answer of answers) if (!answer.ok) expect(refusals(answer)).toMatchObject([{ code: "ALREADY_EXISTS" }]);
  });

  test("are the platform's to make", async () => {
    const tenant = await fixture.tenant();
    await expect(services.tenants.create(tenant.actor, { name: "mine" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    const limited = tenant.as({ role: "PLATFORM_ADMIN", namespaces: ["shop"], namespaceIds: [await fixture.namespace(tenant, "shop")] });
    await expect(services.tenants.create(limited, { name: "mine" })).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("authentication", () => {
  test("tells who a token is, and nobody of any other text", async () => {
    const tenant = await fixture.tenant();
    const shop = await fixture.namespace(tenant, "shop");
    const { secret, tokenId } = must(
      await services.tokens.create(tenant.actor, {
        name: "ci",
        role: "OPERATOR",
        namespaces: ["shop"],
        expiresAt: new Date(START + 10_000_000),
      }),
    );
    const authenticator = createAuthenticator({ orm, bus: localBus(), clock: { now: () => START } });
    expect(await authenticator.authenticate(secret ?? "")).toEqual({
      tenantId: tenant.id,
      tokenId,
      tokenName: "ci",
      role: "OPERATOR",
      namespaces: ["shop"],
      namespaceIds: [shop],
      expiresAt: START + 10_000_000,
    });
    for (const text of ["", "slv_", `${secret}x`, secret?.toUpperCase() ?? "", "x".repeat(5_000), "' or true --"])
      expect(await authenticator.authenticate(text)).toBeNull();
    await authenticator.close();
  });

  test("an expired token is nobody, also while it is kept", async () => {
    const tenant = await fixture.tenant();
    const { secret } = must(
      await services.tokens.create(tenant.actor, { name: "ci", role: "VIEWER", expiresAt: new Date(START + 10_000_000) }),
    );
    let now = START;
    const authenticator = createAuthenticator({ orm, bus: localBus(), clock: { now: () => now } });
    expect(await authenticator.authenticate(secret ?? "")).not.toBeNull();
    now = START + 10_000_000;
    expect(await authenticator.authenticate(secret ?? "")).toBeNull();
    await authenticator.close();
  });

  test("a revocation is known at once where the bus tells it", async () => {
    const tenant = await fixture.tenant();
    const bus = localBus();
    const authenticator = createAuthenticator({ orm, bus, clock: { now: () => START } });
    const { secret, tokenId } = must(await services.tokens.create(tenant.actor, { name: "ci", role: "VIEWER" }));
    expect(await authenticator.authenticate(secret ?? "")).not.toBeNull();
    must(await services.tokens.revoke(tenant.actor, { id: globalId("ApiToken", tokenId) }));
    bus.publish("tokens", tokenId);
    expect(await authenticator.authenticate(secret ?? "")).toBeNull();
    await authenticator.close();
  });

  test("a flood of unknown tokens is limited, and those that were valid a moment ago don't notice it", async () => {
    const tenant = await fixture.tenant();
    const bus = localBus();
    const authenticator = createAuthenticator({ orm, bus, clock: { now: () => START } });
    const { secret } = must(await services.tokens.create(tenant.actor, { name: "ci", role: "VIEWER" }));
    expect(await authenticator.authenticate(secret ?? "")).not.toBeNull();
    const flood = Promise.allSettled(Array.from({ length: 2_000 }, () => authenticator.authenticate(randomUUID())));
    // What was kept of it is void: it has to be looked up again, in the middle of the flood.
    bus.publish("tokens");
    expect(await authenticator.authenticate(secret ?? "")).toMatchObject({ tenantId: tenant.id });
    const answers = await flood;
    const asked = answers.filter((answer) => answer.status === "fulfilled");
    expect(asked.every(({ value }) => value === null)).toBe(true);
    expect(asked.length).toBeLessThan(200);
    for (const answer of answers)
      if (answer.status === "rejected") expect(answer.reason).toMatchObject({ code: "RATE_LIMITED", details: { retryAfterMs: 1_000 } });
    // Over, and strangers are asked about again.
    expect(await authenticator.authenticate(randomUUID())).toBeNull();
    await authenticator.close();
  });

  test("last use is noted when it closes at the latest, and never goes back", async () => {
    const tenant = await fixture.tenant();
    const { secret, tokenId } = must(await services.tokens.create(tenant.actor, { name: "ci", role: "VIEWER" }));
    const use = async (now: number): Promise<void> => {
      const authenticator = createAuthenticator({ orm, bus: localBus(), clock: { now: () => now } });
      await authenticator.authenticate(secret ?? "");
      await authenticator.close();
    };
    await use(START + 5_000);
    await use(START + 1_000);
    const {
      rows: [row],
    } = await admin.query("select last_used_at from api_token where id = $1", [tokenId]);
    expect(row.last_used_at).toEqual(new Date(START + 5_000));
  });
});
