import { builder } from "../builder.ts";
import { ContainerRuntime, Protocol } from "../shared/enums.ts";
import { AffinityRuleInput } from "./affinity.ts";
import { LabelInput } from "../shared/values.ts";

/** A template as callers give it; what the fields may hold is checked by the services, and every offence is a userError. */
const ContainerPortInput = builder.inputType("ContainerPortInput", {
  fields: (t) => ({
    name: t.string(),
    containerPort: t.int({ required: true, description: "1 to 65535; unique by protocol in the pod." }),
    protocol: t.field({ type: Protocol, required: true, defaultValue: "TCP" }),
  }),
});

// ---------------------------------------------------------------- environment

const ConfigMapKeyInput = builder.inputType("ConfigMapKeyInput", {
  description: "A key that the ConfigMap has, of the application's namespace.",
  fields: (t) => ({ configMapId: t.id({ required: true }), key: t.string({ required: true }) }),
});
const SecretKeyInput = builder.inputType("SecretKeyInput", {
  description: "A key that the Secret has, of the application's namespace.",
  fields: (t) => ({ secretId: t.id({ required: true }), key: t.string({ required: true }) }),
});
const EnvSourceInput = builder.inputType("EnvSourceInput", {
  isOneOf: true,
  fields: (t) => ({ value: t.string(), configMapKey: t.field({ type: ConfigMapKeyInput }), secretKey: t.field({ type: SecretKeyInput }) }),
});
const EnvVarInput = builder.inputType("EnvVarInput", {
  fields: (t) => ({
    name: t.string({ required: true }),
    source: t.field({ type: EnvSourceInput, required: true }),
  }),
});

// ---------------------------------------------------------------- probes and hooks

const HttpHeaderInput = builder.inputType("HttpHeaderInput", {
  fields: (t) => ({ name: t.string({ required: true }), value: t.string({ required: true }) }),
});
const HttpGetProbeInput = builder.inputType("HttpGetProbeInput", {
  fields: (t) => ({
    path: t.string({ required: true, description: "Begins with '/', at most 1,024 characters." }),
    port: t.int({ required: true }),
    headers: t.field({ type: [HttpHeaderInput], description: "At most 32." }),
  }),
});
const TcpSocketProbeInput = builder.inputType("TcpSocketProbeInput", { fields: (t) => ({ port: t.int({ required: true }) }) });
const ExecProbeInput = builder.inputType("ExecProbeInput", { fields: (t) => ({ command: t.stringList({ required: true }) }) });
const GrpcProbeInput = builder.inputType("GrpcProbeInput", { fields: (t) => ({ port: t.int({ required: true }), service: t.string() }) });
const ProbeHandlerInput = builder.inputType("ProbeHandlerInput", {
  isOneOf: true,
  fields: (t) => ({
    httpGet: t.field({ type: HttpGetProbeInput }),
    tcpSocket: t.field({ type: TcpSocketProbeInput }),
    exec: t.field({ type: ExecProbeInput }),
    grpc: t.field({ type: GrpcProbeInput }),
  }),
});
const ProbeInput = builder.inputType("ProbeInput", {
  description: "As in Kubernetes: thresholds count results in a row.",
  fields: (t) => ({
    handler: t.field({ type: ProbeHandlerInput, required: true }),
    initialDelaySeconds: t.int({ required: true, defaultValue: 0, description: "0 to 3,600." }),
    periodSeconds: t.int({ required: true, defaultValue: 10, description: "1 to 3,600." }),
    timeoutSeconds: t.int({ required: true, defaultValue: 1, description: "1 to 3,600." }),
    successThreshold: t.int({ required: true, defaultValue: 1, description: "1 to 10; a liveness probe's is 1." }),
    failureThreshold: t.int({ required: true, defaultValue: 3, description: "1 to 100." }),
  }),
});
const LifecycleInput = builder.inputType("LifecycleInput", {
  description: "Commands, of a program and at most 255 arguments.",
  fields: (t) => ({ postStart: t.stringList(), preStop: t.stringList() }),
});

// ---------------------------------------------------------------- volumes

const EmptyDirVolumeInput = builder.inputType("EmptyDirVolumeInput", { fields: (t) => ({ sizeLimitMiB: t.int({ description: "1 to 1,048,576." }) }) });
const VolumeSourceInput = builder.inputType("VolumeSourceInput", {
  isOneOf: true,
  fields: (t) => ({ emptyDir: t.field({ type: EmptyDirVolumeInput }), configMapId: t.id(), secretId: t.id() }),
});
const VolumeInput = builder.inputType("VolumeInput", {
  fields: (t) => ({ name: t.string({ required: true }), source: t.field({ type: VolumeSourceInput, required: true }) }),
});
const VolumeMountInput = builder.inputType("VolumeMountInput", {
  fields: (t) => ({
    volume: t.string({ required: true }),
    mountPath: t.string({ required: true, description: "Absolute; unique in the container." }),
    readOnly: t.boolean({ required: true, defaultValue: true, description: "ConfigMaps and Secrets can be mounted read-only alone." }),
  }),
});

// ---------------------------------------------------------------- the whole

const ContainerInput = builder.inputType("ContainerInput", {
  fields: (t) => ({
    name: t.string({ required: true }),
    image: t.string({ required: true }),
    cpuMillis: t.int({ required: true }),
    memoryMiB: t.int({ required: true }),
    command: t.stringList(),
    args: t.stringList(),
    stdin: t.boolean({ required: true, defaultValue: false }),
    tty: t.boolean({ required: true, defaultValue: false }),
    ports: t.field({ type: [ContainerPortInput] }),
    env: t.field({ type: [EnvVarInput] }),
    livenessProbe: t.field({ type: ProbeInput }),
    readinessProbe: t.field({ type: ProbeInput }),
    lifecycle: t.field({ type: LifecycleInput }),
    volumeMounts: t.field({ type: [VolumeMountInput] }),
  }),
});

const LogCollectionRuleInput = builder.inputType("LogCollectionRuleInput", {
  fields: (t) => ({ container: t.string({ required: true }), path: t.string({ description: "Absolute; standard output where it is null." }) }),
});

export const PodTemplateInput = builder.inputType("PodTemplateInput", {
  fields: (t) => ({
    runtime: t.field({ type: ContainerRuntime, required: true, defaultValue: "RUNC" }),
    containers: t.field({ type: [ContainerInput], required: true, description: "1 to 10; names unique." }),
    volumes: t.field({ type: [VolumeInput], description: "At most 32; names unique." }),
    labels: t.field({ type: [LabelInput] }),
    terminationGracePeriodSeconds: t.int({ required: true, defaultValue: 30, description: "0 to 3,600." }),
    imagePullSecretIds: t.idList({ description: "Of type REGISTRY; at most 10." }),
    affinity: t.field({ type: [AffinityRuleInput], description: "At most 20, each once." }),
    logCollection: t.field({ type: [LogCollectionRuleInput], description: "At most 20." }),
  }),
});
