/**
 * Where pods want to be, and where not: the rules of a pod template, and what their labels are compared with.
 *
 * A rule's labels select (all of them have to match): nodes, clusters or regions for the kinds NODE and NODE_ANTI; pods of the same tenant and
 * namespace for APPLICATION and APPLICATION_ANTI, and by them the nodes, clusters or regions (`topology`) that have at least one such pod.
 * A pod goes, or rather does not go (…_ANTI), where that is. What is required holds when a pod gets its node, and is not looked at again afterwards;
 * what is preferred counts by its weight.
 *
 *   topology   NODE, NODE_ANTI compare with     APPLICATION, APPLICATION_ANTI count pods of      decided by
 *   NODE       the node's own labels            the node                                         the cluster, for each pod
 *   CLUSTER    labels of clusters (below)       the cluster                                      the cluster, for each pod
 *   REGION     the label of the region          all clusters of the region                       the kinds of applications: the centre, once, when the change is
 *                                                                                                accepted, for a cluster that is cut off can't know it
 */
import type { Label, PodTemplate } from "./pod-template.ts";
import type { AffinityKind, AffinityTopology, ClusterTier, Isp } from "./states.ts";

export interface AffinityRule {
  readonly kind: AffinityKind;
  readonly required: boolean;
  /** 1 to 100; says nothing where the rule is required. */
  readonly weight: number;
  readonly topology: AffinityTopology;
  readonly labels: readonly Label[];
}

/** Labels that a cluster has by what it is. */
export const CLUSTER_LABELS = {
  code: "selvedge.io/cluster",
  tier: "selvedge.io/tier",
  isp: "selvedge.io/isp",
  province: "selvedge.io/province",
  city: "selvedge.io/city",
} as const;
/** A region's label, which its clusters have too: the region's code. */
export const REGION_LABEL = "selvedge.io/region";
/** A label that each pod has beside those of its template: the name of its application. */
export const APPLICATION_LABEL = "selvedge.io/application";

export const isForNodes = ({ kind }: Pick<AffinityRule, "kind">): boolean => kind === "NODE" || kind === "NODE_ANTI";
export const isAnti = ({ kind }: Pick<AffinityRule, "kind">): boolean => kind === "NODE_ANTI" || kind === "APPLICATION_ANTI";

export interface LabelledCluster {
  readonly code: string;
  readonly region: string;
  readonly province: string;
  readonly city: string;
  readonly tier: ClusterTier;
  readonly isp: Isp;
}

export type Labels = Readonly<Record<string, string>>;

export function clusterLabels({ code, region, province, city, tier, isp }: LabelledCluster): Labels {
  return {
    [CLUSTER_LABELS.code]: labelValue(code),
    [CLUSTER_LABELS.tier]: tier,
    [CLUSTER_LABELS.isp]: isp,
    [CLUSTER_LABELS.province]: labelValue(province),
    [CLUSTER_LABELS.city]: labelValue(city),
    ...regionLabels(region),
  };
}

export const regionLabels = (code: string): Labels => ({ [REGION_LABEL]: labelValue(code) });

/** A name as the value of a label can be: "Inner Mongolia" is Inner-Mongolia. */
export const labelValue = (name: string): string => name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").slice(0, 63).replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");

export const podLabels = (applicationName: string, template: Pick<PodTemplate, "labels">): Labels => ({
  ...Object.fromEntries(template.labels.map(({ key, value }) => [key, value])),
  [APPLICATION_LABEL]: applicationName,
});

export const selects = (rule: readonly Label[], labels: Labels): boolean => rule.every(({ key, value }) => Object.hasOwn(labels, key) && labels[key] === value);
