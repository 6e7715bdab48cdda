import type { AffinityRule as AffinityRuleValue } from "../../server/domain/affinity.ts";
import { builder } from "../builder.ts";
import { AffinityKind, AffinityTopology } from "../shared/enums.ts";
import { Label, LabelInput } from "../shared/values.ts";

export const AffinityRule = builder.objectRef<AffinityRuleValue>("AffinityRule").implement({
  access: "VIEWER",
  description:
    "Where pods want to be, or (…_ANTI) not: on nodes, clusters or regions with all these labels (NODE), or where pods with all of them are (APPLICATION; of the same namespace). " +
    "Looked at when a pod gets its node.",
  fields: (t) => ({
    kind: t.expose("kind", { type: AffinityKind }),
    required: t.exposeBoolean("required"),
    weight: t.exposeInt("weight", { description: "Says nothing where the rule is required." }),
    topology: t.expose("topology", { type: AffinityTopology }),
    labels: t.expose("labels", { type: [Label] }),
  }),
});

export const AffinityRuleInput = builder.inputType("AffinityRuleInput", {
  description:
    "Labels of clusters: selvedge.io/cluster, selvedge.io/tier, selvedge.io/isp, selvedge.io/province, selvedge.io/city and selvedge.io/region, which is the one of regions. " +
    "Pods have those of their template and selvedge.io/application, their application's name.",
  fields: (t) => ({
    kind: t.field({ type: AffinityKind, required: true }),
    required: t.boolean({ required: true, defaultValue: false }),
    weight: t.int({ required: true, defaultValue: 1, description: "1 to 100." }),
    topology: t.field({ type: AffinityTopology, required: true }),
    labels: t.field({ type: [LabelInput], required: true, description: "1 to 10; all of them have to match." }),
  }),
});
