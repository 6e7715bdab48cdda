import type {
  ConfigMapKey as ConfigMapKeyValue,
  ContainerPort as ContainerPortValue,
  ContainerSpec as ContainerSpecValue,
  EnvVar as EnvVarValue,
  LogCollectionRule as LogCollectionRuleValue,
  PodTemplate as PodTemplateValue,
  SecretKey as SecretKeyValue,
  SecretRef as SecretRefValue,
} from "../../server/domain/pod-template.ts";
import { builder } from "../builder.ts";
import { ConfigMap, Secret } from "../config/ref.ts";
import { ContainerRuntime, Protocol } from "../shared/enums.ts";
import { Label } from "../shared/values.ts";
import { AffinityRule } from "./affinity.ts";
import { Lifecycle, Probe } from "./probe.ts";
import { Volume, VolumeMount } from "./volume.ts";

/** The template of a revision, as its document has it: members that it leaves out are null here, or empty lists. */
const ContainerPort = builder.objectRef<ContainerPortValue>("ContainerPort").implement({
  access: "VIEWER",
  fields: (t) => ({
    name: t.exposeString("name", { nullable: true }),
    containerPort: t.exposeInt("containerPort"),
    protocol: t.expose("protocol", { type: Protocol }),
  }),
});

const ConfigMapKey = builder.objectRef<ConfigMapKeyValue>("ConfigMapKey").implement({
  access: "VIEWER",
  description: "configMap (secret): null in an old revision whose object has been deleted since; the name stays.",
  fields: (t) => ({
    name: t.exposeString("name"),
    configMap: t.entity(ConfigMap, "configMapId"),
    key: t.exposeString("key"),
  }),
});
const SecretKey = builder.objectRef<SecretKeyValue>("SecretKey").implement({
  access: "VIEWER",
  fields: (t) => ({
    name: t.exposeString("name"),
    secret: t.entity(Secret, "secretId"),
    key: t.exposeString("key"),
  }),
});
const SecretRef = builder.objectRef<SecretRefValue>("SecretRef").implement({
  access: "VIEWER",
  fields: (t) => ({ name: t.exposeString("name"), secret: t.entity(Secret, "secretId") }),
});

const EnvVar = builder.objectRef<EnvVarValue>("EnvVar").implement({
  access: "VIEWER",
  description: "Exactly one of value, configMapKey and secretKey is set.",
  fields: (t) => ({
    name: t.exposeString("name"),
    value: t.exposeString("value", { nullable: true }),
    configMapKey: t.expose("configMapKey", { type: ConfigMapKey, nullable: true }),
    secretKey: t.expose("secretKey", { type: SecretKey, nullable: true }),
  }),
});

export const ContainerSpec = builder.objectRef<ContainerSpecValue>("ContainerSpec").implement({
  access: "VIEWER",
  fields: (t) => ({
    name: t.exposeString("name"),
    image: t.exposeString("image"),
    cpuMillis: t.exposeInt("cpuMillis"),
    memoryMiB: t.exposeInt("memoryMiB"),
    command: t.expose("command", { type: ["String"] }),
    args: t.expose("args", { type: ["String"] }),
    stdin: t.exposeBoolean("stdin"),
    tty: t.exposeBoolean("tty"),
    ports: t.expose("ports", { type: [ContainerPort] }),
    env: t.expose("env", { type: [EnvVar] }),
    livenessProbe: t.expose("livenessProbe", { type: Probe, nullable: true }),
    readinessProbe: t.expose("readinessProbe", { type: Probe, nullable: true }),
    lifecycle: t.expose("lifecycle", { type: Lifecycle, nullable: true }),
    volumeMounts: t.member("volumeMounts", { type: [VolumeMount], otherwise: [] }),
  }),
});

const LogCollectionRule = builder.objectRef<LogCollectionRuleValue>("LogCollectionRule").implement({
  access: "VIEWER",
  description: "Standard output where path is null; else files matching path in the container. Kept 14 days.",
  fields: (t) => ({ container: t.exposeString("container"), path: t.exposeString("path", { nullable: true }) }),
});

export const PodTemplate = builder.objectRef<PodTemplateValue>("PodTemplate").implement({
  access: "VIEWER",
  fields: (t) => ({
    runtime: t.expose("runtime", { type: ContainerRuntime }),
    containers: t.expose("containers", { type: [ContainerSpec] }),
    volumes: t.member("volumes", { type: [Volume], otherwise: [] }),
    labels: t.expose("labels", { type: [Label] }),
    terminationGracePeriodSeconds: t.exposeInt("terminationGracePeriodSeconds"),
    imagePullSecrets: t.member("imagePullSecrets", { type: [SecretRef], otherwise: [] }),
    affinity: t.member("affinity", { type: [AffinityRule], otherwise: [] }),
    logCollection: t.member("logCollection", { type: [LogCollectionRule], otherwise: [] }),
  }),
});
