/**
 * The scheduler once more, as naive as can be: it knows the pods that are there, looks at all of them for every node, and counts nothing beforehand.
 * It judges what the simulated cluster did.
 */
import { type AffinityRule, podLabels, selects, type Labels } from "#server/domain/affinity.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import type { NodeDescription, PlacementSpec } from "#server/fleet/link.ts";

export interface PlacedPod {
  readonly id: string;
  readonly spec: PlacementSpec;
  readonly template: PodTemplate;
  /** null while it waits. */
  readonly nodeId: string | null;
}

export interface ReferenceCluster {
  readonly nodes: readonly NodeDescription[];
  readonly notReady: ReadonlySet<string>;
  readonly labels: Labels;
}

const requestsOf = (template: PodTemplate): { cpu: number; memory: number } => ({
  cpu: template.containers.reduce((sum, container) => sum + container.cpuMillis, 0),
  memory: template.containers.reduce((sum, container) => sum + container.memoryMiB, 0),
});
export const hostPortsOf = ({ spec, template }: Pick<PlacedPod, "spec" | "template">): string[] =>
  spec.networkType === "HOST" ? template.containers.flatMap(({ ports }) => ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`)) : [];

const required = (template: PodTemplate, kind: AffinityRule["kind"]): AffinityRule[] => (template.affinity ?? []).filter((rule) => rule.required && rule.kind === kind && (kind.startsWith("NODE") || rule.topology !== "REGION"));
const labelsOf = ({ spec, template }: Pick<PlacedPod, "spec" | "template">): Labels => podLabels(spec.applicationName, template);

/** Whether a rule of one pod selects another. */
export const concerns = (one: Pick<PlacedPod, "spec">, rule: AffinityRule, other: Pick<PlacedPod, "spec" | "template">): boolean =>
  one.spec.tenantId === other.spec.tenantId && one.spec.namespace === other.spec.namespace && selects(rule.labels, labelsOf(other));

/** Every reason why a node does not take the pod, by filters in their order; `others`: all pods on nodes but this one. */
export function objections(cluster: ReferenceCluster, node: NodeDescription, pod: Pick<PlacedPod, "spec" | "template">, others: readonly PlacedPod[]): string[][] {
  const bound = others.filter(({ nodeId }) => nodeId !== null);
  const here = bound.filter(({ nodeId }) => nodeId === node.id);
  const used = here.map(({ template }) => requestsOf(template));
  const asked = requestsOf(pod.template);
  const matchesNode = (rule: AffinityRule): boolean => selects(rule.labels, rule.topology === "NODE" ? node.labels : cluster.labels);
  const matching = (rule: AffinityRule, among: readonly PlacedPod[]): PlacedPod[] => among.filter((other) => concerns(pod, rule, other));
  const within = (rule: AffinityRule): readonly PlacedPod[] => (rule.topology === "NODE" ? here : bound);
  const ports = new Set(here.flatMap(hostPortsOf));
  const unless = (holds: boolean, reason: string): string[] => (holds ? [] : [reason]);
  return [
    unless(!cluster.notReady.has(node.id), "node(s) had untolerated taint {node.kubernetes.io/not-ready: }"),
    unless(required(pod.template, "NODE").every(matchesNode) && !required(pod.template, "NODE_ANTI").some(matchesNode), "node(s) didn't match Pod's node affinity/selector"),
    unless(!hostPortsOf(pod).some((port) => ports.has(port)), "node(s) didn't have free ports for the requested pod ports"),
    [
      ...unless(used.reduce((sum, { cpu }) => sum + cpu, asked.cpu) <= node.cpuMillis, "Insufficient cpu"),
      ...unless(used.reduce((sum, { memory }) => sum + memory, asked.memory) <= node.memoryMiB, "Insufficient memory"),
      ...unless(here.length < node.pods, "Too many pods"),
    ],
    unless(
      required(pod.template, "APPLICATION").every((rule) => matching(rule, within(rule)).length > 0 || (concerns(pod, rule, pod) && matching(rule, bound).length === 0)),
      "node(s) didn't match pod affinity rules",
    ),
    unless(required(pod.template, "APPLICATION_ANTI").every((rule) => matching(rule, within(rule)).length === 0), "node(s) didn't match pod anti-affinity rules"),
    unless(
      bound.every((other) => required(other.template, "APPLICATION_ANTI").every((rule) => !concerns(other, rule, pod) || (rule.topology === "NODE" && other.nodeId !== node.id))),
      "node(s) didn't satisfy existing pods anti-affinity rules",
    ),
  ];
}

export const fits = (...asked: Parameters<typeof objections>): boolean => objections(...asked).every((reasons) => reasons.length === 0);

/** The sentence about a pod that fits nowhere. */
export function explanation(cluster: ReferenceCluster, pod: Pick<PlacedPod, "spec" | "template">, others: readonly PlacedPod[]): string {
  const first = cluster.nodes.flatMap((node) => objections(cluster, node, pod, others).find((reasons) => reasons.length > 0) ?? []);
  const counted = [...new Set(first)].map((reason) => ({ reason, count: first.filter((one) => one === reason).length }));
  const parts = counted.toSorted((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1)).map(({ reason, count }) => `${count} ${reason}`);
  return `0/${cluster.nodes.length} nodes are available: ${parts.join(", ")}.`;
}

/** How few SPOT pods of one node have to go for a pod that fits nowhere, by trying all sets of them; null: there is no way. */
export function fewestVictims(cluster: ReferenceCluster, pod: Pick<PlacedPod, "spec" | "template">, others: readonly PlacedPod[]): number | null {
  let best: number | null = null;
  for (const node of cluster.nodes) {
    const candidates = others.filter(({ nodeId, spec }) => nodeId === node.id && spec.capacityType === "SPOT");
    for (let set = 0; set < 2 ** candidates.length; set++) {
      const gone = new Set(candidates.filter((_, index) => (set & (2 ** index)) !== 0));
      if (gone.size === 0 || (best !== null && gone.size >= best)) continue;
      if (fits(cluster, node, pod, others.filter((other) => !gone.has(other)))) best = gone.size;
    }
  }
  return best;
}
