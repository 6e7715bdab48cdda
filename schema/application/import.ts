import type { ImportedObject as ImportedObjectValue, ImportResult } from "../../server/services/index.ts";
import { builder } from "../builder.ts";
import { Operation } from "../operation/ref.ts";
import { type Answered, answered, UserError } from "../shared/user-errors.ts";
import { DistributionInput } from "./inputs.ts";

const ImportManifestsInput = builder.inputType("ImportManifestsInput", {
  fields: (t) => ({
    yaml: t.string({
      required: true,
      description: "Kubernetes YAML, several documents, at most 1 MiB: Deployments, Services, ConfigMaps and Secrets; others are reported, not dropped silently.",
    }),
    namespace: t.string({ required: true }),
    distribution: t.field({ type: DistributionInput, required: true }),
    dryRun: t.boolean({ required: true, defaultValue: false }),
    idempotencyKey: t.string(),
  }),
});

const ImportOutcome = builder.enumType("ImportOutcome", { values: ["CREATED", "UPDATED", "UNCHANGED", "SKIPPED", "FAILED"] as const });

const ImportedObject = builder.objectRef<ImportedObjectValue>("ImportedObject").implement({
  access: "VIEWER",
  fields: (t) => ({
    kind: t.exposeString("kind"),
    name: t.exposeString("name"),
    outcome: t.expose("outcome", { type: ImportOutcome }),
    object: t.node(({ object }) => object, { description: "Of a Service the one on its first cluster." }),
    operation: t.entity(Operation, ({ operationId }) => operationId),
    message: t.exposeString("message", { nullable: true }),
    warnings: t.expose("warnings", { type: ["String"], description: "Fields that could not be honoured, one sentence each." }),
  }),
});

const ImportManifestsPayload = builder.objectRef<Answered<ImportResult>>("ImportManifestsPayload").implement({
  access: "VIEWER",
  fields: (t) => ({
    objects: t.field({ type: [ImportedObject], resolve: ({ value }) => value?.objects ?? [] }),
    operation: t.entity(Operation, ({ value }) => value?.operationId ?? null, {
      description: "Over all objects; null where there is nothing to wait for.",
    }),
    userErrors: t.expose("userErrors", { type: [UserError] }),
  }),
});

builder.mutationField("importManifests", (t) =>
  t.field({
    type: ImportManifestsPayload,
    access: "OPERATOR",
    // As many placements as one file may write.
    weight: 2_000,
    args: { input: t.arg({ type: ImportManifestsInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.applications.importManifests(actor, input)),
  }),
);
