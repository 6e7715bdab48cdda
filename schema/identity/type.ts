import type { Viewer as ViewerValue } from "../../server/identity/viewer.ts";
import { MAX_METRICS_DAYS, METRICS_KEPT_DAYS } from "../../server/domain/metric-times.ts";
import { builder, Node } from "../builder.ts";
import type { Context, ServerFacts } from "../context.ts";
import { AuditOutcome, Role } from "../shared/enums.ts";
import { ApiToken, AuditEntry, Tenant } from "./ref.ts";

/** Who asks: its id is the token's, so a new token is another viewer. */
interface ViewerShape extends Pick<ViewerValue, "tenantId" | "tokenName" | "role" | "namespaces"> {
  readonly id: string;
}
const viewerOf = ({ actor }: Context): ViewerShape => ({ id: actor.tokenId, tenantId: actor.tenantId, tokenName: actor.tokenName, role: actor.role, namespaces: actor.namespaces });

const Viewer = builder.objectRef<ViewerShape>("Viewer").implement({
  access: "VIEWER",
  interfaces: [Node],
  extensions: {
    node: (id: string, context: Context) => (id === context.actor.tokenId ? viewerOf(context) : null),
    exists: (id: string, viewer: ViewerValue) => id === viewer.tokenId,
  },
  fields: (t) => ({
    id: t.globalId("id"),
    name: t.exposeString("tokenName"),
    tenant: t.entity(Tenant, ({ tenantId }) => tenantId, { nullable: false }),
    role: t.expose("role", { type: Role }),
    namespaces: t.expose("namespaces", {
      type: ["String"],
      nullable: true,
      description: "null for a token of the whole tenant; else the namespaces that it may touch.",
    }),
  }),
});

const ServerInfo = builder.objectRef<ServerFacts & { readonly now: number }>("ServerInfo").implement({
  access: "VIEWER",
  description: "now: the clock that every DateTime here follows, also where the simulation runs faster than the wall clock.",
  fields: (t) => ({
    version: t.exposeString("version"),
    now: t.expose("now", { type: "DateTime" }),
    simulated: t.exposeBoolean("simulated"),
    speed: t.exposeFloat("speed", { description: "Simulated seconds a second." }),
    maxPageSize: t.exposeInt("maxPageSize"),
    maxMetricsDays: t.int({ description: "That one query of metrics spans.", resolve: () => MAX_METRICS_DAYS }),
    metricsDays: t.int({ description: "That metrics are kept.", resolve: () => METRICS_KEPT_DAYS }),
    logDays: t.exposeInt("logDays", { description: "That logs and events are kept." }),
  }),
});

Tenant.implement({
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    name: t.exposeString("name"),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    apiTokens: t.page(ApiToken, "tenantId", { access: "OWNER" }),
  }),
});

ApiToken.implement({
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    name: t.exposeString("name"),
    role: t.expose("role", { type: Role }),
    namespaces: t.expose("namespaces", { type: ["String"], nullable: true }),
    prefix: t.exposeString("prefix", { description: "First characters of the token, to tell tokens apart; the token itself is stored only as a hash." }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    lastUsedAt: t.expose("lastUsedAt", { type: "DateTime", nullable: true }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", nullable: true }),
    revokedAt: t.expose("revokedAt", { type: "DateTime", nullable: true }),
  }),
});

AuditEntry.implement({
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    at: t.expose("at", { type: "DateTime" }),
    actor: t.exposeString("actor"),
    action: t.exposeString("action", { description: "The mutation's name." }),
    target: t.ref("targetType", "targetId"),
    targetName: t.exposeString("targetName", { nullable: true }),
    input: t.doc("input", { type: "JSON", nullable: true, description: "What was asked for, secret values redacted." }),
    outcome: t.expose("outcome", { type: AuditOutcome }),
    sourceAddress: t.expose("sourceAddress", { type: "IPAddress", nullable: true }),
  }),
});

builder.queryFields((t) => ({
  viewer: t.field({ type: Viewer, resolve: (_root, _args, context) => viewerOf(context) }),
  server: t.field({ type: ServerInfo, resolve: (_root, _args, { server, clock }) => ({ ...server, now: clock.now() }) }),
}));
