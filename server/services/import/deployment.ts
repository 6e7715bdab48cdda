/** A Kubernetes Deployment (apps/v1) as the design of an application. Pure: what exists and what fits is not known here. */
import { ANNOTATIONS } from "../../domain/manifest-annotations.ts";
import { CAPACITY_TYPES, type CapacityType, DEFAULT_UPDATE_STRATEGY, type IntOrPercent, type UpdateStrategy } from "../../domain/states.ts";
import type { Design } from "../application/create.ts";
import { metadataOf } from "./metadata.ts";
import { templateOf } from "./pod-template.ts";
import { boundedWarnings, ManifestReader, Notes } from "./reader.ts";
import type { FindConfig } from "./references.ts";

export interface Translation {
  readonly design: Design;
  /** Why it can't be one; then the design means nothing. */
  readonly errors: readonly string[];
  /** Fields that could not be honoured, one sentence each. */
  readonly warnings: readonly string[];
}

/** `namespace`: where the import goes; `find`: what is there of what the manifest refers to. */
export function designOfDeployment(manifest: Readonly<Record<string, unknown>>, namespace: string, find: FindConfig): Translation {
  const notes = new Notes();
  const top = new ManifestReader(manifest, notes);
  const { name, description, capacityType, rest } = metadataOf(top, namespace);
  const labels = rest?.pairs("labels") ?? [];
  rest?.finish();
  const spec = top.map("spec");
  const template = spec?.map("template") ?? null;
  if (!spec) top.fail("spec", "is missing.");
  else if (!template) spec.fail("template", "is missing.");
  if (spec?.integer("replicas") !== null && spec)
    spec.warn("replicas", "is not honoured: the distribution says how many pods each cluster runs.");
  // Which pods belong to an application is known without asking their labels.
  spec?.pass("selector");
  const updateStrategy = spec ? strategyOf(spec) : DEFAULT_UPDATE_STRATEGY;
  spec?.finish();
  top.finish();
  return {
    design: {
      name,
      description: description ?? "",
      workloadKind: "DEPLOYMENT",
      capacityType: capacityTypeOf(rest, capacityType),
      labels,
      updateStrategy,
      deletionProtection: false,
      template: templateOf(template, find),
    },
    errors: notes.errors,
    warnings: boundedWarnings(notes.warnings),
  };
}

/** What it may be is for the rules of applications to say. */
function capacityTypeOf(metadata: ManifestReader | null, text: string | null): CapacityType {
  const known = CAPACITY_TYPES.find((type) => type === (text ?? "ON_DEMAND"));
  if (known === undefined) metadata?.fail(`annotations.${ANNOTATIONS.capacityType}`, `must be one of ${CAPACITY_TYPES.join(", ")}.`);
  return known ?? "ON_DEMAND";
}

/** Kubernetes' Recreate takes every pod away before the first new one: nothing comes nearer to it than that all may be away, and none is added. */
const RECREATE: UpdateStrategy = { maxUnavailable: { percent: 100 }, maxSurge: { count: 0 } };

function strategyOf(spec: ManifestReader): UpdateStrategy {
  const strategy = spec.map("strategy");
  const type = strategy?.text("type") ?? "RollingUpdate";
  const rolling = strategy?.map("rollingUpdate") ?? null;
  const result = {
    maxUnavailable: amountOf(rolling, "maxUnavailable") ?? DEFAULT_UPDATE_STRATEGY.maxUnavailable,
    maxSurge: amountOf(rolling, "maxSurge") ?? DEFAULT_UPDATE_STRATEGY.maxSurge,
  };
  rolling?.finish();
  strategy?.finish();
  if (type === "Recreate") {
    strategy?.warn("type", "Recreate is honoured as maxUnavailable 100 % and maxSurge 0: a new pod does not wait until the last old one is gone.");
    return RECREATE;
  }
  if (type !== "RollingUpdate") strategy?.warn("type", "is not honoured: pods are replaced by a rolling update.");
  return result;
}

function amountOf(rolling: ManifestReader | null, key: string): IntOrPercent | null {
  const text = rolling?.scalar(key) ?? null;
  if (text === null) return null;
  if (/^\d{1,6}$/.test(text)) return { count: Number(text) };
  if (/^\d{1,6}%$/.test(text)) return { percent: Number(text.slice(0, -1)) };
  rolling?.fail(key, "must be a whole number or a percentage such as 25%.");
  return null;
}
