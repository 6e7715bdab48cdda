/**
 * What the scheduler has to know of pods' neighbours, counted as pods come and go, so that no decision looks at pods.
 *
 * A *selector* is the labels of a rule about applications, for pods of one tenant and namespace; rules with the same labels share it. It counts the
 * pods that it selects on each node, and those that it keeps away from theirs: pods with a required APPLICATION_ANTI rule of this selector
 * (Kubernetes' symmetry: who is there already is kept to itself, too). A variant holds the selectors of its rules, and knows those that select its pods.
 * Selectors live as long as a variant holds them; a new one counts what is there once.
 *
 * Rules whose topology is the cluster or the region say the same of all nodes: preferences of that kind have no say here. Required rules about applications
 * in a region are the centre's (services/application/regions.ts).
 *
 * Pods count from binding until they are gone, terminating included, like all that they have of their node. A required APPLICATION rule that selects its own
 * pods holds while there is no such pod on the cluster at all: or the first could never start.
 */
import { type AffinityRule, isAnti, isForNodes, type Labels, podLabels, selects } from "../../domain/affinity.ts";
import type { NodeDescription } from "../link.ts";
import { slotsOf, type Variant } from "./placements.ts";
import { NONE, type PodTable } from "./pods.ts";

/** Whose a pod is: what selectors and pre-emption look at beside its template. Fixed for all pods of a placement. */
export interface PodOwner {
  readonly tenantId: string;
  readonly namespace: string;
  readonly application: string;
  /** Absent for ON_DEMAND. */
  readonly isSpot?: true;
}

const NODE_AFFINITY = "node(s) didn't match Pod's node affinity/selector";
const POD_AFFINITY = "node(s) didn't match pod affinity rules";
const POD_ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules";
const EXISTING_ANTI_AFFINITY = "node(s) didn't satisfy existing pods anti-affinity rules";

interface Selector {
  readonly key: string;
  readonly scope: string;
  readonly labels: AffinityRule["labels"];
  /** Pods that it selects, by node and in all. */
  readonly pods: Uint16Array;
  total: number;
  /** Of those that it selects, who has only the promise of a node (spot.ts): nobody's neighbour yet, but whoever is to be kept from them has to stay away already. */
  readonly promised: Uint16Array;
  promisedInAll: number;
  /** Pods that let none of these be on their node, by node; and those that let none be on their cluster. */
  readonly averse: Uint16Array;
  averseOnCluster: number;
  /** Rules that hold it, and those of them that need such a pod. */
  holders: number;
  needs: number;
}

interface Term {
  readonly selector: Selector;
  /** The cluster's pods count, not the node's. */
  readonly isWide: boolean;
}

/** What rules, its own and others', say of a variant's pods. */
export class PodAffinity {
  /** By node, where rules about nodes are required: 1 where all hold. */
  readonly fitting: Uint8Array | null;
  /** By node, the sum of the weights of preferred rules about nodes. */
  readonly weights: Int32Array | null;
  readonly needed: readonly (Term & { readonly isOwn: boolean })[];
  readonly shunned: readonly Term[];
  readonly preferred: readonly { readonly selector: Selector; readonly weight: number }[];
  /** Those that select these pods. */
  readonly selectedBy: Selector[] = [];

  constructor(of: Pick<PodAffinity, "fitting" | "weights" | "needed" | "shunned" | "preferred">) {
    this.fitting = of.fitting;
    this.weights = of.weights;
    this.needed = of.needed;
    this.shunned = of.shunned;
    this.preferred = of.preferred;
  }

  get hasRules(): boolean {
    return this.fitting !== null || this.hasPreferences || this.needed.length + this.shunned.length > 0;
  }

  get hasPreferences(): boolean {
    return this.weights !== null || this.preferred.length > 0;
  }

  fitsNode(node: number): boolean {
    return this.fitting === null || this.fitting[node] === 1;
  }

  /** The first required rule that speaks against a node, in Kubernetes' words; null: none does. */
  objectionTo(node: number): string | null {
    if (!this.fitsNode(node)) return NODE_AFFINITY;
    for (const { selector, isWide, isOwn } of this.needed) {
      if ((isWide ? selector.total : (selector.pods[node] as number)) === 0 && !(isOwn && selector.total === 0)) return POD_AFFINITY;
    }
    for (const { selector, isWide } of this.shunned) {
      if ((isWide ? selector.total + selector.promisedInAll : (selector.pods[node] as number) + (selector.promised[node] as number)) > 0) return POD_ANTI_AFFINITY;
    }
    for (const { averse, averseOnCluster } of this.selectedBy) if ((averse[node] as number) > 0 || averseOnCluster > 0) return EXISTING_ANTI_AFFINITY;
    return null;
  }

  /** Each pod that a preference selects counts with its weight. */
  preferenceFor(node: number): number {
    let sum = this.weights === null ? 0 : (this.weights[node] as number);
    for (const { selector, weight } of this.preferred) sum += weight * (selector.pods[node] as number);
    return sum;
  }

  /** Whether a required rule of one of the two keeps it and a pod of the other apart, on one node. */
  isKeptFrom(other: PodAffinity): boolean {
    return this.shunned.some(({ selector }) => other.selectedBy.includes(selector)) || other.shunned.some(({ selector }) => this.selectedBy.includes(selector));
  }
}

export interface AffinityIndexOptions {
  readonly nodes: readonly NodeDescription[];
  /** The cluster's own, its region's included. */
  readonly labels: Labels;
  readonly pods: PodTable;
  /** All that have joined. */
  readonly variants: () => Iterable<Variant>;
}

export class AffinityIndex {
  readonly #nodes: readonly NodeDescription[];
  readonly #labels: Labels;
  readonly #pods: PodTable;
  readonly #variants: () => Iterable<Variant>;
  /** By scope, then by key. */
  readonly #selectors = new Map<string, Map<string, Selector>>();

  constructor({ nodes, labels, pods, variants }: AffinityIndexOptions) {
    this.#nodes = nodes;
    this.#labels = labels;
    this.#pods = pods;
    this.#variants = variants;
  }

  /** How many selectors are counted. */
  get size(): number {
    let size = 0;
    for (const selectors of this.#selectors.values()) size += selectors.size;
    return size;
  }

  /** A variant without pods begins: sets its `affinity`. It is among the variants already. */
  join(variant: Variant): void {
    const rules = variant.template.template.affinity ?? [];
    if (rules.length > 0) variant.affinity = this.#compile(variant, rules);
    for (const selector of this.#selectors.get(scopeOf(variant))?.values() ?? []) this.#tell(variant, selector);
  }

  /** Its last pod is gone. */
  leave({ affinity }: Variant): void {
    if (affinity === null) return;
    for (const { selector } of affinity.needed) {
      selector.needs -= 1;
      this.#release(selector);
    }
    for (const { selector } of [...affinity.shunned, ...affinity.preferred]) this.#release(selector);
  }

  /** A pod is promised a node, or (-1) is no more. */
  promise({ affinity }: Variant, node: number, by: 1 | -1): void {
    if (affinity === null) return;
    for (const selector of affinity.selectedBy) {
      selector.promised[node] = (selector.promised[node] as number) + by;
      selector.promisedInAll += by;
    }
    countAverse(affinity, node, by);
  }

  /** A pod gets a node. Says whether somebody may have waited for such a neighbour. */
  place({ affinity }: Variant, node: number): boolean {
    return affinity !== null && count(affinity, node, 1);
  }

  /** It is gone from there. */
  remove({ affinity }: Variant, node: number): void {
    if (affinity !== null) count(affinity, node, -1);
  }

  #compile(variant: Variant, rules: readonly AffinityRule[]): PodAffinity {
    const own = labelsOf(variant);
    const forNodes = rules.filter(isForNodes);
    const holds = (rule: AffinityRule, node: NodeDescription): boolean => selects(rule.labels, rule.topology === "NODE" ? node.labels : this.#labels) !== isAnti(rule);
    const requiredOfNodes = forNodes.filter((rule) => rule.required);
    const preferredNodes = forNodes.filter((rule) => !rule.required && rule.topology === "NODE");
    const forPods = rules.filter((rule) => !isForNodes(rule) && rule.topology !== "REGION");
    const termOf = (rule: AffinityRule): Term & { readonly isOwn: boolean } => {
      const selector = this.#hold(scopeOf(variant), rule.labels);
      return { selector, isWide: rule.topology === "CLUSTER", isOwn: selects(rule.labels, own) };
    };
    const needed = forPods.filter((rule) => rule.required && !isAnti(rule)).map(termOf);
    for (const { selector } of needed) selector.needs += 1;
    return new PodAffinity({
      fitting: requiredOfNodes.length === 0 ? null : Uint8Array.from(this.#nodes, (node) => (requiredOfNodes.every((rule) => holds(rule, node)) ? 1 : 0)),
      weights: preferredNodes.length === 0 ? null : Int32Array.from(this.#nodes, (node) => preferredNodes.reduce((sum, rule) => sum + (holds(rule, node) ? rule.weight : 0), 0)),
      needed,
      shunned: forPods.filter((rule) => rule.required && isAnti(rule)).map(termOf),
      preferred: forPods.filter((rule) => !rule.required && rule.topology === "NODE").map((rule) => ({ selector: termOf(rule).selector, weight: isAnti(rule) ? -rule.weight : rule.weight })),
    });
  }

  #hold(scope: string, labels: AffinityRule["labels"]): Selector {
    const selectors = this.#selectors.get(scope) ?? new Map<string, Selector>();
    this.#selectors.set(scope, selectors);
    const key = JSON.stringify(labels.map(({ key: name, value }) => [name, value]).toSorted(([one = ""], [other = ""]) => (one < other ? -1 : 1)));
    let selector = selectors.get(key);
    if (selector === undefined) {
      selector = { key, scope, labels, pods: new Uint16Array(this.#nodes.length), total: 0, promised: new Uint16Array(this.#nodes.length), promisedInAll: 0, averse: new Uint16Array(this.#nodes.length), averseOnCluster: 0, holders: 0, needs: 0 };
      selectors.set(key, selector);
      for (const variant of this.#variants()) if (scopeOf(variant) === scope) this.#tell(variant, selector);
    }
    selector.holders += 1;
    return selector;
  }

  #release(selector: Selector): void {
    selector.holders -= 1;
    if (selector.holders > 0) return;
    const selectors = this.#selectors.get(selector.scope);
    selectors?.delete(selector.key);
    if (selectors?.size === 0) this.#selectors.delete(selector.scope);
    for (const variant of this.#variants()) {
      const { affinity } = variant;
      const place = affinity?.selectedBy.indexOf(selector) ?? -1;
      if (affinity === null || place < 0) continue;
      affinity.selectedBy.splice(place, 1);
      if (!affinity.hasRules && affinity.selectedBy.length === 0) variant.affinity = null;
    }
  }

  /** A variant and a selector meet: the first knows the second where it is selected, and its pods are counted. */
  #tell(variant: Variant, selector: Selector): void {
    if (variant.affinity?.selectedBy.includes(selector) === true || !selects(selector.labels, labelsOf(variant))) return;
    variant.affinity ??= new PodAffinity({ fitting: null, weights: null, needed: [], shunned: [], preferred: [] });
    variant.affinity.selectedBy.push(selector);
    if (variant.all === 0) return;
    for (const slot of slotsOf(variant.placement, this.#pods)) {
      const node = this.#pods.node[slot] as number;
      if (this.#pods.variant[slot] !== variant.record.number || node === NONE) continue;
      selector.pods[node] = (selector.pods[node] as number) + 1;
      selector.total += 1;
    }
  }
}

function count(affinity: PodAffinity, node: number, by: 1 | -1): boolean {
  let isNeeded = false;
  for (const selector of affinity.selectedBy) {
    selector.pods[node] = (selector.pods[node] as number) + by;
    selector.total += by;
    isNeeded ||= selector.needs > 0;
  }
  countAverse(affinity, node, by);
  return isNeeded;
}

function countAverse({ shunned }: PodAffinity, node: number, by: 1 | -1): void {
  for (const { selector, isWide } of shunned) {
    if (isWide) selector.averseOnCluster += by;
    else selector.averse[node] = (selector.averse[node] as number) + by;
  }
}

const scopeOf = ({ record: { owner } }: Variant): string => `${owner?.tenantId ?? ""} ${owner?.namespace ?? ""}`;
const labelsOf = ({ record: { owner }, template }: Variant): Labels => podLabels(owner?.application ?? "", template.template);
