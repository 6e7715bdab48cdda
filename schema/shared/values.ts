import type { Label as LabelValue } from "../../server/domain/pod-template.ts";
import type { IntOrPercent as IntOrPercentValue, UpdateStrategy as UpdateStrategyValue } from "../../server/domain/states.ts";
import { builder } from "../builder.ts";

/** Small types that several domains are made of. */
export const Label = builder.objectRef<LabelValue>("Label").implement({
  access: "VIEWER",
  fields: (t) => ({ key: t.exposeString("key"), value: t.exposeString("value") }),
});
export const LabelInput = builder.inputType("LabelInput", {
  fields: (t) => ({ key: t.string({ required: true }), value: t.string({ required: true }) }),
});

export const ComputeResources = builder.objectRef<{ readonly cpuMillis: number; readonly memoryMiB: number; readonly pods: number }>("ComputeResources").implement({
  access: "VIEWER",
  description: "cpuMillis: 1000 is one core.",
  fields: (t) => ({ cpuMillis: t.exposeInt("cpuMillis"), memoryMiB: t.exposeInt("memoryMiB"), pods: t.exposeInt("pods") }),
});

export const ReplicaCounts = builder
  .objectRef<{ readonly desired: number; readonly created: number; readonly ready: number; readonly updated: number; readonly unavailable: number }>("ReplicaCounts")
  .implement({
    access: "VIEWER",
    fields: (t) => ({
      desired: t.exposeInt("desired"),
      created: t.exposeInt("created"),
      ready: t.exposeInt("ready"),
      updated: t.exposeInt("updated", { description: "On the newest revision." }),
      unavailable: t.exposeInt("unavailable"),
    }),
  });

export const IntOrPercent = builder.objectRef<IntOrPercentValue>("IntOrPercent").implement({
  access: "VIEWER",
  description: "Exactly one is set.",
  fields: (t) => ({ count: t.exposeInt("count", { nullable: true }), percent: t.exposeInt("percent", { nullable: true }) }),
});
export const UpdateStrategy = builder.objectRef<UpdateStrategyValue>("UpdateStrategy").implement({
  access: "VIEWER",
  fields: (t) => ({
    maxUnavailable: t.expose("maxUnavailable", { type: IntOrPercent }),
    maxSurge: t.expose("maxSurge", { type: IntOrPercent }),
  }),
});
