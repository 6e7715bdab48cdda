import type { ConfigEntry as ConfigEntryValue } from "../../server/domain/configuration.ts";
import type { ConfigMapResult, SecretResult } from "../../server/services/index.ts";
import { builder } from "../builder.ts";
import { Operation } from "../operation/ref.ts";
import { DeleteInput, DeletePayload } from "../shared/deletion.ts";
import { type Answered, answered, UserError } from "../shared/user-errors.ts";
import { CreateConfigMapInput, CreateSecretInput, RevealSecretInput, UpdateConfigMapInput, UpdateSecretInput } from "./inputs.ts";
import { ConfigMap, Secret } from "./ref.ts";
import { ConfigEntry } from "./type.ts";

const OPERATION = "Ends when the new content is in the files of every pod that uses it; null where none does, and where the content stayed.";

const ConfigMapPayload = builder.objectRef<Answered<ConfigMapResult>>("ConfigMapPayload").implement({
  access: "VIEWER",
  fields: (t) => ({
    configMap: t.entity(ConfigMap, ({ value }) => value?.configMapId ?? null),
    operation: t.entity(Operation, ({ value }) => value?.operationId ?? null, { description: OPERATION }),
    userErrors: t.expose("userErrors", { type: [UserError] }),
  }),
});

const SecretPayload = builder.objectRef<Answered<SecretResult>>("SecretPayload").implement({
  access: "VIEWER",
  fields: (t) => ({
    secret: t.entity(Secret, ({ value }) => value?.secretId ?? null),
    operation: t.entity(Operation, ({ value }) => value?.operationId ?? null, { description: OPERATION }),
    userErrors: t.expose("userErrors", { type: [UserError] }),
  }),
});

const RevealSecretPayload = builder.objectRef<Answered<readonly ConfigEntryValue[]>>("RevealSecretPayload").implement({
  access: "OPERATOR",
  fields: (t) => ({
    data: t.field({ type: [ConfigEntry], resolve: ({ value }) => value ?? [] }),
    userErrors: t.expose("userErrors", { type: [UserError] }),
  }),
});

builder.mutationFields((t) => ({
  createConfigMap: t.field({
    type: ConfigMapPayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: CreateConfigMapInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.configMaps.create(actor, input)),
  }),
  updateConfigMap: t.field({
    type: ConfigMapPayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: UpdateConfigMapInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.configMaps.update(actor, input)),
  }),
  deleteConfigMap: t.field({
    type: DeletePayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: DeleteInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.configMaps.delete(actor, input)),
  }),
  createSecret: t.field({
    type: SecretPayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: CreateSecretInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.secrets.create(actor, input)),
  }),
  updateSecret: t.field({
    type: SecretPayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: UpdateSecretInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.secrets.update(actor, input)),
  }),
  deleteSecret: t.field({
    type: DeletePayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: DeleteInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.secrets.delete(actor, input)),
  }),
  revealSecret: t.field({
    type: RevealSecretPayload,
    access: "OPERATOR",
    description: "OPERATOR; audited.",
    args: { input: t.arg({ type: RevealSecretInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.secrets.reveal(actor, input)),
  }),
}));
