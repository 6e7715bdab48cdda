/** Where a manifest's pods want to be: nodeSelector and affinity, as rules. What they ask for beyond labels that are equal is said in a warning, and left out. */
import type { AffinityRule } from "../../domain/affinity.ts";
import { canonicalJson } from "../../domain/canonical.ts";
import { affinityFields, TOPOLOGY_KEYS, topologyOfKey } from "../../domain/manifest-affinity.ts";
import { ANNOTATIONS } from "../../domain/manifest-annotations.ts";
import type { Label } from "../../domain/pod-template.ts";
import { AFFINITY_KINDS, AFFINITY_TOPOLOGIES, type AffinityKind, type AffinityTopology } from "../../domain/states.ts";
import { isMap, ManifestReader, Notes } from "./reader.ts";

/** `annotation`: what the template says in words of ours, null for nothing. Where it and the fields tell different things, somebody has changed the fields. */
export function affinityOf(spec: ManifestReader | null, metadata: ManifestReader | null, annotation: string | null): AffinityRule[] {
  const fromFields = spec ? rulesOf(spec) : [];
  if (annotation === null) return fromFields;
  const rules = parsed(annotation);
  const place = `annotations.${ANNOTATIONS.affinity}`;
  if (rules === null) {
    metadata?.fail(place, "must be JSON: a list of {kind, required, weight, topology, labels}.");
    return fromFields;
  }
  // Read back as a manifest has it: maps are maps of an order of their own there.
  const said = rulesOf(new ManifestReader(plain(affinityFields(rules)) as Record<string, unknown>, new Notes()));
  if (canonicalJson(said) === canonicalJson(fromFields)) return rules;
  metadata?.warn(place, "is not honoured: nodeSelector and affinity say something else.");
  return fromFields;
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (Array.isArray(value)) return value.map(plain);
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)])) : value;
}

function parsed(json: string): AffinityRule[] | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  if (!Array.isArray(value)) return null;
  const rules = value.flatMap((rule) => ruleOf(rule) ?? []);
  return rules.length === value.length ? rules : null;
}

function ruleOf(value: unknown): AffinityRule | null {
  if (!isMap(value)) return null;
  const { kind, required, weight, topology, labels, ...others } = value;
  const [knownKind, knownTopology] = [AFFINITY_KINDS.find((one) => one === kind), AFFINITY_TOPOLOGIES.find((one) => one === topology)];
  if (!knownKind || !knownTopology || typeof required !== "boolean" || typeof weight !== "number" || !Array.isArray(labels) || Object.keys(others).length > 0) return null;
  const read = labels.flatMap((label: unknown) => (isMap(label) && typeof label["key"] === "string" && typeof label["value"] === "string" ? [{ key: label["key"], value: label["value"] }] : []));
  return read.length === labels.length ? { kind: knownKind, required, weight, topology: knownTopology, labels: read } : null;
}

// ---------------------------------------------------------------- fields

function rulesOf(spec: ManifestReader): AffinityRule[] {
  const selected = byTopology(spec.pairs("nodeSelector"));
  const affinity = spec.map("affinity");
  const rules = [
    ...selected.map(([topology, labels]) => required("NODE", topology, labels)),
    ...nodeRules(affinity?.map("nodeAffinity") ?? null),
    ...podRules("APPLICATION", affinity?.map("podAffinity") ?? null),
    ...podRules("APPLICATION_ANTI", affinity?.map("podAntiAffinity") ?? null),
  ];
  affinity?.finish();
  // Saying the same twice is no fault in Kubernetes.
  return [...new Map(rules.map((rule) => [canonicalJson(rule), rule])).values()];
}

const required = (kind: AffinityKind, topology: AffinityTopology, labels: readonly Label[]): AffinityRule => ({ kind, required: true, weight: 1, topology, labels });

function byTopology(labels: readonly Label[]): [AffinityTopology, Label[]][] {
  return AFFINITY_TOPOLOGIES.flatMap((topology): [AffinityTopology, Label[]][] => {
    const own = labels.filter(({ key }) => topologyOfKey(key) === topology);
    return own.length > 0 ? [[topology, own]] : [];
  });
}

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";
const LEFT_OUT = "is not honoured: it is left out, because";

function nodeRules(part: ManifestReader | null): AffinityRule[] {
  if (!part) return [];
  const selector = part.map(REQUIRED);
  const [term, ...alternatives] = selector?.maps("nodeSelectorTerms") ?? [];
  const rules: AffinityRule[] = [];
  if (alternatives.length > 0) selector?.warn("nodeSelectorTerms", `${LEFT_OUT} rules that hold alternatively are not offered.`);
  else if (term) {
    const expressions = term.maps("matchExpressions").flatMap((each) => expressionOf(each, true));
    term.finish();
    rules.push(...byTopology(expressions.filter(({ isAnti }) => !isAnti).flatMap(({ labels }) => labels)).flatMap(([topology, labels]) => apart(labels).map((some) => required("NODE", topology, some))));
    for (const { isAnti, labels } of expressions) if (isAnti) rules.push(...labels.map((label) => required("NODE_ANTI", topologyOfKey(label.key), [label])));
  }
  selector?.finish();
  for (const each of part.maps(PREFERRED)) {
    const weight = each.integer("weight") ?? 1;
    const preference = each.map("preference");
    const given = preference?.maps("matchExpressions") ?? [];
    const expressions = given.flatMap((one) => expressionOf(one, false));
    preference?.finish();
    each.finish();
    const labels = expressions.flatMap((one) => one.labels);
    const [first] = labels;
    if (!first || expressions.length < given.length) continue;
    const topology = topologyOfKey(first.key);
    const isAnti = expressions.some((one) => one.isAnti);
    if (isAnti && labels.length > 1) preference?.warn("matchExpressions", `${LEFT_OUT} NotIn is offered beside nothing else.`);
    else if (labels.some(({ key }) => topologyOfKey(key) !== topology)) preference?.warn("matchExpressions", `${LEFT_OUT} labels of nodes, clusters and regions are not offered in one rule.`);
    else rules.push({ kind: isAnti ? "NODE_ANTI" : "NODE", required: false, weight, topology, labels });
  }
  part.finish();
  return rules;
}

/** In rules of their own where a key is asked for with several values: which can't be, but is what the manifest says. */
function apart(labels: readonly Label[]): Label[][] {
  const rules: Label[][] = [];
  for (const label of labels) {
    const free = rules.find((rule) => rule.every(({ key }) => key !== label.key));
    if (free) free.push(label);
    else rules.push([label]);
  }
  return rules;
}

interface Expression {
  readonly isAnti: boolean;
  readonly labels: readonly Label[];
}

/** `several`: whether NotIn may name several values. None where it can't be honoured. */
function expressionOf(reader: ManifestReader, several: boolean): Expression[] {
  const [key, operator, values] = [reader.text("key") ?? "", reader.text("operator"), reader.texts("values")];
  reader.finish();
  const labels = values.map((value) => ({ key, value }));
  if (operator === "In" && values.length === 1) return [{ isAnti: false, labels }];
  if (operator === "NotIn" && values.length > 0 && (several || values.length === 1)) return [{ isAnti: true, labels }];
  reader.warn("", `${LEFT_OUT} only In with one value, and NotIn, are offered.`);
  return [];
}

function podRules(kind: "APPLICATION" | "APPLICATION_ANTI", part: ManifestReader | null): AffinityRule[] {
  if (!part) return [];
  const rules = part.maps(REQUIRED).flatMap((term) => termOf(term).map(({ topology, labels }) => required(kind, topology, labels)));
  for (const each of part.maps(PREFERRED)) {
    const weight = each.integer("weight") ?? 1;
    const term = each.map("podAffinityTerm");
    each.finish();
    if (term) rules.push(...termOf(term).map(({ topology, labels }) => ({ kind, required: false, weight, topology, labels })));
  }
  part.finish();
  return rules;
}

function termOf(term: ManifestReader): { topology: AffinityTopology; labels: Label[] }[] {
  const key = term.text("topologyKey");
  const selector = term.map("labelSelector");
  const labels = selector?.pairs("matchLabels") ?? [];
  const expressions = selector?.maps("matchExpressions") ?? [];
  const equalities = expressions.flatMap((each) => {
    const [name, operator, values] = [each.text("key") ?? "", each.text("operator"), each.texts("values")];
    each.finish();
    const [value] = values;
    return operator === "In" && value !== undefined && values.length === 1 ? [{ key: name, value }] : [];
  });
  selector?.finish();
  term.finish();
  const topology = AFFINITY_TOPOLOGIES.find((one) => TOPOLOGY_KEYS[one] === key);
  const all = [...labels, ...equalities];
  if (!topology) term.warn("topologyKey", `${LEFT_OUT} of topologies ${Object.values(TOPOLOGY_KEYS).join(", ")} are offered.`);
  else if (equalities.length < expressions.length) term.warn("labelSelector.matchExpressions", `${LEFT_OUT} only In with one value is offered.`);
  else if (all.length === 0) term.warn("labelSelector", `${LEFT_OUT} a rule needs labels.`);
  else return [{ topology, labels: all }];
  return [];
}
