import type { Volume as VolumeValue, VolumeMount as VolumeMountValue, VolumeSource as VolumeSourceValue } from "../../server/domain/pod-template.ts";
import { builder } from "../builder.ts";
import { ConfigMap, Secret } from "../config/ref.ts";

type Of<T extends VolumeSourceValue["type"]> = Extract<VolumeSourceValue, { readonly type: T }>;

const EmptyDirVolume = builder.objectRef<Of<"EmptyDirVolume">>("EmptyDirVolume").implement({
  access: "VIEWER",
  fields: (t) => ({ sizeLimitMiB: t.exposeInt("sizeLimitMiB", { nullable: true }) }),
});
const ConfigMapVolume = builder.objectRef<Of<"ConfigMapVolume">>("ConfigMapVolume").implement({
  access: "VIEWER",
  description: "Its keys are files.",
  fields: (t) => ({ name: t.exposeString("name"), configMap: t.entity(ConfigMap, "configMapId") }),
});
const SecretVolume = builder.objectRef<Of<"SecretVolume">>("SecretVolume").implement({
  access: "VIEWER",
  description: "Its keys are files.",
  fields: (t) => ({ name: t.exposeString("name"), secret: t.entity(Secret, "secretId") }),
});

const VolumeSource = builder.unionType("VolumeSource", {
  types: [EmptyDirVolume, ConfigMapVolume, SecretVolume],
  resolveType: ({ type }) => type,
});

export const Volume = builder.objectRef<VolumeValue>("Volume").implement({
  access: "VIEWER",
  fields: (t) => ({ name: t.exposeString("name"), source: t.expose("source", { type: VolumeSource }) }),
});

export const VolumeMount = builder.objectRef<VolumeMountValue>("VolumeMount").implement({
  access: "VIEWER",
  fields: (t) => ({ volume: t.exposeString("volume"), mountPath: t.exposeString("mountPath"), readOnly: t.exposeBoolean("readOnly") }),
});
