import { builder } from "../builder.ts";
import { SecretType } from "../shared/enums.ts";

const ConfigEntryInput = builder.inputType("ConfigEntryInput", {
  fields: (t) => ({ key: t.string({ required: true }), value: t.string({ required: true }) }),
});

const expectedVersion = "Refused with CONFLICT when the object has another version.";
const idempotencyKey = "The same key with the same input has one effect for 24 hours; repeats get the first answer.";

export const CreateConfigMapInput = builder.inputType("CreateConfigMapInput", {
  description: "name: lower-case letters, digits, '-' and '.'; at most 253. All values together: at most 1 MiB.",
  fields: (t) => ({
    name: t.string({ required: true }),
    namespace: t.string({ required: true }),
    description: t.string(),
    data: t.field({ type: [ConfigEntryInput], required: true }),
    idempotencyKey: t.string({ description: idempotencyKey }),
  }),
});

export const UpdateConfigMapInput = builder.inputType("UpdateConfigMapInput", {
  fields: (t) => ({
    configMapId: t.id({ required: true }),
    description: t.string(),
    data: t.field({ type: [ConfigEntryInput], description: "The whole new data; left out, it stays as it is." }),
    expectedVersion: t.int({ description: expectedVersion }),
    idempotencyKey: t.string({ description: idempotencyKey }),
  }),
});

export const CreateSecretInput = builder.inputType("CreateSecretInput", {
  description: "Names and sizes as for ConfigMaps; at least one key.",
  fields: (t) => ({
    name: t.string({ required: true }),
    namespace: t.string({ required: true }),
    description: t.string(),
    type: t.field({ type: SecretType, required: true, defaultValue: "OPAQUE" }),
    data: t.field({ type: [ConfigEntryInput], required: true }),
    idempotencyKey: t.string({ description: idempotencyKey }),
  }),
});

export const UpdateSecretInput = builder.inputType("UpdateSecretInput", {
  description: "Sets these keys and keeps the others.",
  fields: (t) => ({
    secretId: t.id({ required: true }),
    description: t.string(),
    data: t.field({ type: [ConfigEntryInput] }),
    removeKeys: t.stringList(),
    expectedVersion: t.int({ description: expectedVersion }),
    idempotencyKey: t.string({ description: idempotencyKey }),
  }),
});

export const RevealSecretInput = builder.inputType("RevealSecretInput", {
  fields: (t) => ({ id: t.id({ required: true }), keys: t.stringList({ description: "Default: all." }) }),
});
