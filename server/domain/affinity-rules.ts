/** When rules of affinity may stand in a template. A rule that could never match anything, because no such thing has its labels, is told now and not found out later. */
import { type AffinityRule, CLUSTER_LABELS, isForNodes, REGION_LABEL } from "./affinity.ts";
import { canonicalJson } from "./canonical.ts";
import { type DomainError, invalid } from "./errors.ts";
import { checkLabels } from "./names.ts";
import { TEMPLATE_LIMITS, within } from "./template-limits.ts";
import { quoted } from "./text.ts";

type Path = readonly string[];

const REGION_KEYS: readonly string[] = [REGION_LABEL];
const CLUSTER_KEYS: readonly string[] = [...Object.values(CLUSTER_LABELS), REGION_LABEL];

export function checkAffinity(at: Path, rules: readonly AffinityRule[]): DomainError[] {
  const { affinityRules, affinityLabels } = TEMPLATE_LIMITS;
  if (rules.length > affinityRules) return [invalid(at, `${rules.length} rules of affinity are given; at most ${affinityRules} are allowed.`)];
  const errors: DomainError[] = [];
  const seen = new Set<string>();
  for (const [index, rule] of rules.entries()) {
    const { weight, labels } = rule;
    const place = [...at, String(index)];
    if (!within(weight, 1, 100)) errors.push(invalid([...place, "weight"], `A weight of ${weight} is out of range; 1 to 100 are allowed.`));
    if (labels.length < 1 || labels.length > affinityLabels)
      errors.push(invalid([...place, "labels"], `A rule of affinity has ${labels.length} labels; 1 to ${affinityLabels} are allowed.`));
    else errors.push(...checkLabels([...place, "labels"], labels), ...checkKeys([...place, "labels"], rule));
    const text = canonicalJson(rule);
    if (seen.has(text)) errors.push(invalid(place, "The same rule of affinity is given twice."));
    seen.add(text);
  }
  return errors;
}

/** Which labels there are to compare with is known but for those of nodes and pods. */
function checkKeys(at: Path, rule: AffinityRule): DomainError[] {
  if (!isForNodes(rule)) return [];
  return rule.labels.flatMap(({ key }, index) => {
    const fault = keyFault(key, rule.topology);
    return fault === null ? [] : [invalid([...at, String(index), "key"], fault)];
  });
}

function keyFault(key: string, topology: AffinityRule["topology"]): string | null {
  switch (topology) {
    case "NODE":
      return CLUSTER_KEYS.includes(key) ? `${quoted(key)} is a label of clusters, not of nodes: the topology CLUSTER${key === REGION_LABEL ? " or REGION" : ""} compares with it.` : null;
    case "CLUSTER":
      return CLUSTER_KEYS.includes(key) ? null : `Clusters have no label ${quoted(key)}; they have ${CLUSTER_KEYS.join(", ")}.`;
    case "REGION":
      return REGION_KEYS.includes(key) ? null : `Regions have no label ${quoted(key)}; they have ${REGION_KEYS.join(", ")}.`;
  }
}
