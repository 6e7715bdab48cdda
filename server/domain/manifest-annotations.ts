/** What Kubernetes has no field for stands in annotations of a manifest, under names that an import understands. */
export const ANNOTATIONS = {
  /** Of any object: for people, 0 to 256 characters. */
  description: "selvedge.io/description",
  /** Of a pod template: JSON, a list of {container, path}. */
  logCollection: "selvedge.io/log-collection",
  /** Of a pod template: JSON, the list of its rules of affinity, where Kubernetes' fields do not say all of them. */
  affinity: "selvedge.io/affinity",
  /** Of a Deployment: SPOT; ON_DEMAND where it is absent. */
  capacityType: "selvedge.io/capacity-type",
} as const;

/** The runtime class of pods in a sandbox, as it is written. */
export const SANDBOX_CLASS = "sandbox";
