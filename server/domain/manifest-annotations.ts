/** What Kubernetes has no field for stands in annotations of a manifest, under names that an import understands. */
export const ANNOTATIONS = {
  /** Of any object: for people, 0 to 256 characters. */
  description: "selvedge.io/description",
  /** Of a pod template: JSON, a list of {container, path}. */
  logCollection: "selvedge.io/log-collection",
} as const;

/** The runtime class of pods in a sandbox, as it is written. */
export const SANDBOX_CLASS = "sandbox";
