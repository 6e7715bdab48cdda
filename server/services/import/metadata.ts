import { ANNOTATIONS } from "../../domain/manifest-annotations.ts";
import type { ManifestReader } from "./reader.ts";

const SERVER_SET = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"];

export interface Metadata {
  readonly name: string;
  /** null where it is not said. */
  readonly description: string | null;
  /** Of a Deployment; null where it is not said. */
  readonly capacityType: string | null;
  /** The rest of it; whoever reads it finishes it. */
  readonly rest: ManifestReader | null;
}

/** What the metadata of every object says. `namespace`: where the import goes. */
export function metadataOf(top: ManifestReader, namespace: string): Metadata {
  top.pass("apiVersion", "kind", "status");
  const metadata = top.map("metadata");
  const name = metadata?.text("name") ?? "";
  const own = metadata?.text("namespace");
  if (own && own !== namespace) metadata?.warn("namespace", `is not honoured: everything goes to the namespace ${namespace}.`);
  metadata?.pass(...SERVER_SET);
  const [description = null, capacityType = null] = annotationsOf(metadata, [ANNOTATIONS.description, ...(top.text("kind") === "Deployment" ? [ANNOTATIONS.capacityType] : [])]);
  return { name, description, capacityType, rest: metadata };
}

/** The annotations that have a meaning here, in this order; all others together are not honoured. */
export function annotationsOf(metadata: ManifestReader | null, names: readonly string[]): (string | null)[] {
  const annotations = metadata?.map("annotations") ?? null;
  const values = names.map((name) => annotations?.text(name) ?? null);
  if (annotations && annotations.unread.length > 0) metadata?.warn("annotations", "is not honoured.");
  return values;
}
