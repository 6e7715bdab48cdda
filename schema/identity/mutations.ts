import type { TenantResult, TokenResult } from "../../server/services/index.ts";
import { builder } from "../builder.ts";
import { DeleteInput } from "../shared/deletion.ts";
import { Role } from "../shared/enums.ts";
import { type Answered, answered, UserError } from "../shared/user-errors.ts";
import { ApiToken, Tenant } from "./ref.ts";

const CreateApiTokenInput = builder.inputType("CreateApiTokenInput", {
  description: "A replay by idempotencyKey returns the token without its secret: it is not kept.",
  fields: (t) => ({
    name: t.string({ required: true }),
    role: t.field({ type: Role, required: true }),
    namespaces: t.stringList({ description: "Default: the caller's own, which is the whole tenant for a token that is not limited." }),
    expiresAt: t.field({ type: "DateTime" }),
    idempotencyKey: t.string(),
  }),
});

const CreateTenantInput = builder.inputType("CreateTenantInput", {
  fields: (t) => ({ name: t.string({ required: true }), idempotencyKey: t.string() }),
});

const ApiTokenPayload = builder.objectRef<Answered<TokenResult>>("ApiTokenPayload").implement({
  access: "OWNER",
  fields: (t) => ({
    apiToken: t.entity(ApiToken, ({ value }) => value?.tokenId ?? null),
    userErrors: t.expose("userErrors", { type: [UserError] }),
  }),
});

const CreateApiTokenPayload = builder
  .objectRef<Answered<TokenResult & { readonly secret: string | null }>>("CreateApiTokenPayload")
  .implement({
    access: "OWNER",
    fields: (t) => ({
      apiToken: t.entity(ApiToken, ({ value }) => value?.tokenId ?? null),
      secret: t.string({ nullable: true, description: "Shown this once.", resolve: ({ value }) => value?.secret ?? null }),
      userErrors: t.expose("userErrors", { type: [UserError] }),
    }),
  });

const CreateTenantPayload = builder
  .objectRef<Answered<TenantResult & { readonly ownerToken: string | null }>>("CreateTenantPayload")
  .implement({
    access: "PLATFORM_ADMIN",
    fields: (t) => ({
      // Another tenant than the caller's: row-level security hides it, and the platform's own list shows it.
      tenant: t.entity(Tenant, ({ value }) => value?.tenantId ?? null, { from: "app.list_tenants()" }),
      ownerToken: t.string({ nullable: true, resolve: ({ value }) => value?.ownerToken ?? null }),
      userErrors: t.expose("userErrors", { type: [UserError] }),
    }),
  });

builder.mutationFields((t) => ({
  createApiToken: t.field({
    type: CreateApiTokenPayload,
    access: "OWNER",
    args: { input: t.arg({ type: CreateApiTokenInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.tokens.create(actor, input)),
  }),
  revokeApiToken: t.field({
    type: ApiTokenPayload,
    access: "OWNER",
    args: { input: t.arg({ type: DeleteInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.tokens.revoke(actor, input)),
  }),
  createTenant: t.field({
    type: CreateTenantPayload,
    access: "PLATFORM_ADMIN",
    description: "PLATFORM_ADMIN. The owner's token comes back this once.",
    args: { input: t.arg({ type: CreateTenantInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.tenants.create(actor, input)),
  }),
}));
