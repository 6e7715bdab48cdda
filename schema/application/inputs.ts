import { builder } from "../builder.ts";
import { CapacityType, NetworkType, WorkloadKind } from "../shared/enums.ts";
import { LabelInput } from "../shared/values.ts";
import { PodTemplateInput } from "./template-inputs.ts";

/** As callers give it; what the fields may hold is checked by the services, and every offence is a userError. */
export const expectedVersion = "The version that the caller saw; refused with CONFLICT when it is not the present one any more.";
export const idempotencyKey = "The same key and input within 24 hours returns the first answer and does nothing again.";

const PlacementInput = builder.inputType("PlacementInput", {
  fields: (t) => ({
    clusterId: t.id({ required: true }),
    replicas: t.int({ required: true, description: "0 to 1,000." }),
    vpcId: t.id({ description: "Default: the cluster's default VPC and subnet." }),
    subnetId: t.id(),
    networkType: t.field({ type: NetworkType, required: true, defaultValue: "VPC" }),
  }),
});
export const DistributionInput = builder.inputType("DistributionInput", {
  description: "Where it runs: clusters named one by one.",
  isOneOf: true,
  fields: (t) => ({ clusters: t.field({ type: [PlacementInput] }) }),
});

const IntOrPercentInput = builder.inputType("IntOrPercentInput", {
  isOneOf: true,
  fields: (t) => ({ count: t.int(), percent: t.int() }),
});
export const UpdateStrategyInput = builder.inputType("UpdateStrategyInput", {
  description: "What is left out is 25 % for a new application, and stays as it is for an existing one.",
  fields: (t) => ({
    maxUnavailable: t.field({ type: IntOrPercentInput }),
    maxSurge: t.field({ type: IntOrPercentInput }),
  }),
});

export const CreateApplicationInput = builder.inputType("CreateApplicationInput", {
  fields: (t) => ({
    name: t.string({
      required: true,
      description: "Lower-case letters, digits and '-', starting with a letter, at most 63; unique in its namespace.",
    }),
    namespace: t.string({ required: true }),
    description: t.string({ description: "0 to 256 characters." }),
    workloadKind: t.field({ type: WorkloadKind, required: true, defaultValue: "DEPLOYMENT" }),
    capacityType: t.field({ type: CapacityType, required: true, defaultValue: "ON_DEMAND" }),
    labels: t.field({ type: [LabelInput] }),
    template: t.field({ type: PodTemplateInput, required: true }),
    distribution: t.field({ type: DistributionInput, required: true }),
    updateStrategy: t.field({ type: UpdateStrategyInput }),
    deletionProtection: t.boolean({ required: true, defaultValue: false }),
    idempotencyKey: t.string({ description: idempotencyKey }),
  }),
});

export const UpdateApplicationInput = builder.inputType("UpdateApplicationInput", {
  description: "What is left out stays.",
  fields: (t) => ({
    applicationId: t.id({ required: true }),
    description: t.string(),
    labels: t.field({ type: [LabelInput] }),
    deletionProtection: t.boolean(),
    updateStrategy: t.field({ type: UpdateStrategyInput }),
    expectedVersion: t.int({ description: expectedVersion }),
    idempotencyKey: t.string({ description: idempotencyKey }),
  }),
});

export const UpdateDistributionInput = builder.inputType("UpdateDistributionInput", {
  fields: (t) => ({
    applicationId: t.id({ required: true }),
    distribution: t.field({
      type: DistributionInput,
      required: true,
      description: "The whole new one: clusters that it does not name lose their pods.",
    }),
    expectedVersion: t.int({ description: expectedVersion }),
    idempotencyKey: t.string({ description: idempotencyKey }),
  }),
});

export const ScaleApplicationInput = builder.inputType("ScaleApplicationInput", {
  fields: (t) => ({
    applicationId: t.id({ required: true }),
    clusterId: t.id({ description: "One cluster, or with null every placement." }),
    replicas: t.int({ required: true }),
    expectedVersion: t.int({ description: expectedVersion }),
    idempotencyKey: t.string({ description: idempotencyKey }),
  }),
});

export const DeleteApplicationInput = builder.inputType("DeleteApplicationInput", {
  fields: (t) => ({
    applicationId: t.id({ required: true }),
    confirmName: t.string({ required: true, description: "Must be the application's name." }),
    expectedVersion: t.int({ description: expectedVersion }),
    idempotencyKey: t.string({ description: idempotencyKey }),
  }),
});
