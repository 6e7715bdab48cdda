import type { ClusterKeyResult, TicketResult } from "../../server/services/index.ts";
import { builder } from "../builder.ts";
import { type Answered, answered, UserError } from "../shared/user-errors.ts";
import { Cluster } from "./ref.ts";

const CreateEnrolmentTicketInput = builder.inputType("CreateEnrolmentTicketInput", {
  description: "Exactly one of clusterCodes and maxClusters. A replay by idempotencyKey answers without the ticket: it is not kept.",
  fields: (t) => ({
    clusterCodes: t.stringList({ description: "For these clusters, new ones or such as need another key." }),
    maxClusters: t.int({ description: "For so many clusters that have no key yet, whichever they are." }),
    expiresAt: t.field({ type: "DateTime", description: "Default: in an hour of the wall clock." }),
    idempotencyKey: t.string(),
  }),
});

const RevokeClusterKeyInput = builder.inputType("RevokeClusterKeyInput", {
  fields: (t) => ({ clusterCode: t.string({ required: true }), idempotencyKey: t.string() }),
});

const CreateEnrolmentTicketPayload = builder
  .objectRef<Answered<TicketResult & { readonly ticket: string | null }>>("CreateEnrolmentTicketPayload")
  .implement({
    access: "PLATFORM_ADMIN",
    fields: (t) => ({
      ticket: t.string({ nullable: true, description: "Shown this once: what a fleet is started with as SELVEDGE_ENROLMENT_TICKET.", resolve: ({ value }) => value?.ticket ?? null }),
      clusterCodes: t.stringList({ nullable: true, resolve: ({ value }) => value?.clusterCodes ?? null }),
      maxClusters: t.int({ nullable: true, resolve: ({ value }) => value?.maxClusters ?? null }),
      expiresAt: t.field({ type: "DateTime", nullable: true, resolve: ({ value }) => value?.expiresAt ?? null }),
      userErrors: t.expose("userErrors", { type: [UserError] }),
    }),
  });

const RevokeClusterKeyPayload = builder.objectRef<Answered<ClusterKeyResult>>("RevokeClusterKeyPayload").implement({
  access: "PLATFORM_ADMIN",
  fields: (t) => ({
    cluster: t.entity(Cluster, ({ value }) => value?.clusterId ?? null, { description: "null where it never connected." }),
    userErrors: t.expose("userErrors", { type: [UserError] }),
  }),
});

builder.mutationFields((t) => ({
  createEnrolmentTicket: t.field({
    type: CreateEnrolmentTicketPayload,
    access: "PLATFORM_ADMIN",
    description: "PLATFORM_ADMIN. A single-use ticket by which a fleet on another machine tells its clusters' public keys.",
    args: { input: t.arg({ type: CreateEnrolmentTicketInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.enrolment.createTicket(actor, input)),
  }),
  revokeClusterKey: t.field({
    type: RevokeClusterKeyPayload,
    access: "PLATFORM_ADMIN",
    description: "PLATFORM_ADMIN. The cluster's agent is refused from now on, and its connection's part ended within seconds.",
    args: { input: t.arg({ type: RevokeClusterKeyInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.enrolment.revokeKey(actor, input)),
  }),
}));
