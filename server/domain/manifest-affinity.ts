/**
 * Rules of affinity as a Kubernetes manifest says them: nodeSelector and affinity of a pod's specification. What these fields can't say, or not so
 * that the same list is read from them again, stands in an annotation besides, whole; the fields then say as much as they can.
 *
 *   required NODE                    nodeSelector, or an expression In of the one term of required node affinity
 *   required NODE_ANTI, one label    an expression NotIn of that term
 *   preferred NODE and NODE_ANTI     a preference each
 *   APPLICATION, APPLICATION_ANTI    a term each; NODE, CLUSTER and REGION are the hostname, zone and region of Kubernetes' topology
 *
 * Labels of clusters and regions are those of nodes to Kubernetes: which topology is meant is known by their keys.
 */
import { type AffinityRule, CLUSTER_LABELS, isAnti, isForNodes, REGION_LABEL } from "./affinity.ts";
import type { AffinityTopology } from "./states.ts";

type Fields = Readonly<Record<string, unknown>>;

export const TOPOLOGY_KEYS = {
  NODE: "kubernetes.io/hostname",
  CLUSTER: "topology.kubernetes.io/zone",
  REGION: "topology.kubernetes.io/region",
} as const satisfies Record<AffinityTopology, string>;

const CLUSTER_KEYS: ReadonlySet<string> = new Set(Object.values(CLUSTER_LABELS));

/** What a node's label says something about. */
export const topologyOfKey = (key: string): AffinityTopology => (CLUSTER_KEYS.has(key) ? "CLUSTER" : key === REGION_LABEL ? "REGION" : "NODE");

/** The members of a pod's specification. */
export function affinityFields(rules: readonly AffinityRule[]): Fields {
  const nodeSelector = new Map<string, string>();
  const expressions: Fields[] = [];
  for (const { kind, required, labels } of rules) {
    if (!required) continue;
    if (kind === "NODE")
      for (const { key, value } of labels) {
        if ((nodeSelector.get(key) ?? value) === value) nodeSelector.set(key, value);
        else expressions.push(expression(key, "In", value));
      }
    const [only, ...others] = labels;
    if (kind === "NODE_ANTI" && only && others.length === 0) expressions.push(expression(only.key, "NotIn", only.value));
  }
  const preferences = rules.filter((rule) => isForNodes(rule) && !rule.required && isOnePreference(rule));
  const affinity = {
    ...part("nodeAffinity", expressions.length > 0 ? { nodeSelectorTerms: [{ matchExpressions: expressions }] } : null, preferences.map(preferenceOf)),
    ...podPart("podAffinity", rules.filter(({ kind }) => kind === "APPLICATION")),
    ...podPart("podAntiAffinity", rules.filter(({ kind }) => kind === "APPLICATION_ANTI")),
  };
  return { ...(nodeSelector.size > 0 ? { nodeSelector } : {}), ...(Object.keys(affinity).length > 0 ? { affinity } : {}) };
}

/** Labels of nodes, clusters and regions are not told apart within a preference. */
const isOnePreference = (rule: AffinityRule): boolean =>
  isAnti(rule) ? rule.labels.length === 1 : new Set(rule.labels.map(({ key }) => topologyOfKey(key))).size === 1;

const expression = (key: string, operator: "In" | "NotIn", value: string): Fields => ({ key, operator, values: [value] });

const preferenceOf = (rule: AffinityRule): Fields => ({
  weight: rule.weight,
  preference: { matchExpressions: rule.labels.map(({ key, value }) => expression(key, isAnti(rule) ? "NotIn" : "In", value)) },
});

function podPart(name: string, rules: readonly AffinityRule[]): Fields {
  const required = rules.filter((rule) => rule.required).map(termOf);
  return part(name, required.length > 0 ? required : null, rules.filter((rule) => !rule.required).map((rule) => ({ weight: rule.weight, podAffinityTerm: termOf(rule) })));
}

const termOf = ({ topology, labels }: AffinityRule): Fields => ({
  labelSelector: { matchLabels: new Map(labels.map(({ key, value }) => [key, value])) },
  topologyKey: TOPOLOGY_KEYS[topology],
});

function part(name: string, required: unknown, preferred: readonly unknown[]): Fields {
  const fields = {
    ...(required === null ? {} : { requiredDuringSchedulingIgnoredDuringExecution: required }),
    ...(preferred.length > 0 ? { preferredDuringSchedulingIgnoredDuringExecution: preferred } : {}),
  };
  return Object.keys(fields).length > 0 ? { [name]: fields } : {};
}

/** Whether an import reads exactly these rules from the fields alone. */
export function isSaidByFields(rules: readonly AffinityRule[]): boolean {
  const ranks = rules.map(rankOf);
  return (
    rules.every(isSayable) &&
    ranks.every((rank, index) => index === 0 || rank > (ranks[index - 1] as number) || (rank === ranks[index - 1] && rank >= FIRST_REPEATED))
  );
}

/** The order in which they are read. Of required rules about labels that nodes, clusters or regions have to have, there is one each. */
function rankOf({ kind, required, topology }: AffinityRule): number {
  switch (kind) {
    case "NODE":
      return required ? ["NODE", "CLUSTER", "REGION"].indexOf(topology) : 4;
    case "NODE_ANTI":
      return required ? 3 : 4;
    case "APPLICATION":
      return required ? 5 : 6;
    case "APPLICATION_ANTI":
      return required ? 7 : 8;
  }
}
const FIRST_REPEATED = 3;

function isSayable(rule: AffinityRule): boolean {
  const { required, weight, topology, labels } = rule;
  const keys = labels.map(({ key }) => key);
  // Maps have an order of their own where keys are numbers.
  const isMapped = required || !isForNodes(rule) ? Object.keys(Object.fromEntries(keys.map((key) => [key, ""]))).join() === keys.join() : true;
  return isMapped && (!required || weight === 1) && (!isForNodes(rule) || (keys.every((key) => topologyOfKey(key) === topology) && (!isAnti(rule) || keys.length === 1)));
}
