import type {
  ContainerPort as ContainerPortValue,
  ContainerSpec as ContainerSpecValue,
  EnvVar as EnvVarValue,
  PodTemplate as PodTemplateValue,
} from "../../server/domain/pod-template.ts";
import { builder } from "../builder.ts";
import { ContainerRuntime, Protocol } from "../shared/enums.ts";
import { Label } from "../shared/values.ts";

const ContainerPort = builder.objectRef<ContainerPortValue>("ContainerPort").implement({
  access: "VIEWER",
  fields: (t) => ({
    name: t.exposeString("name", { nullable: true }),
    containerPort: t.exposeInt("containerPort"),
    protocol: t.expose("protocol", { type: Protocol }),
  }),
});

const EnvVar = builder.objectRef<EnvVarValue>("EnvVar").implement({
  access: "VIEWER",
  fields: (t) => ({ name: t.exposeString("name"), value: t.exposeString("value", { nullable: true }) }),
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
  }),
});

export const PodTemplate = builder.objectRef<PodTemplateValue>("PodTemplate").implement({
  access: "VIEWER",
  fields: (t) => ({
    runtime: t.expose("runtime", { type: ContainerRuntime }),
    containers: t.expose("containers", { type: [ContainerSpec] }),
    labels: t.expose("labels", { type: [Label] }),
    terminationGracePeriodSeconds: t.exposeInt("terminationGracePeriodSeconds"),
  }),
});
