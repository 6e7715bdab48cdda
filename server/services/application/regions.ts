/**
 * Required rules of affinity about applications in a region, which no cluster can look after: it does not know the others, least of all while it is cut
 * off. They are decided here, when a change is accepted that brings pods to a cluster or makes them anew, by the applications of the namespace that are
 * wanted at that moment: the rules of the application itself, and, as inside a cluster, those of others that keep it away from where they are. Afterwards nothing looks at them again:
 * the others may leave, and pods that are made anew without a change (a crash, a node that failed, a rollout that goes back) stay where they were accepted.
 *
 * An application's own pods count: a rule for them holds by them, and one against them allows one pod in a region. Changes that are under way at the same moment don't know of each
 * other: each is accepted by what was committed before.
 */
import { arrayText } from "../../database/arrays.ts";
import { type AffinityRule, APPLICATION_LABEL, isAnti, isForNodes, podLabels, selects } from "../../domain/affinity.ts";
import { type DomainError, type PlanCheckResult, planRefused } from "../../domain/errors.ts";
import type { Label, PodTemplate } from "../../domain/pod-template.ts";
import type { Application } from "../../entities/application.ts";
import type { Transaction } from "../transaction.ts";

export interface RegionalDemand {
  readonly clusterId: string;
  readonly desired: number;
  /** Pods are new there, or made anew. */
  readonly isNew: boolean;
}

/** A rule that keeps others away from an application's regions. */
interface Distance {
  readonly region: string;
  readonly name: string;
  readonly labels: readonly Label[];
}

interface Neighbour {
  readonly region: string;
  readonly name: string;
  readonly labels: readonly Label[];
}

/** `demands`: all clusters on which the application is wanted. */
export async function checkRegions(
  tx: Transaction, application: Application, template: PodTemplate, demands: readonly RegionalDemand[], path: readonly string[] | null,
): Promise<DomainError[]> {
  if (!demands.some(({ isNew }) => isNew)) return [];
  const rules = (template.affinity ?? []).filter((rule) => rule.required && rule.topology === "REGION" && !isForNodes(rule));
  const others = [tx.actor.tenantId, application.namespaceId, application.id];
  const own = podLabels(application.name, template);
  const distances = (await tx.em.execute<Distance[]>(DISTANCES, others)).filter(({ labels }) => selects(labels, own));
  if (rules.length === 0 && distances.length === 0) return [];
  const clusters = await tx.em.execute<{ id: string; code: string; region: string }[]>(
    "select c.id, c.code, r.code as region from cluster c join region r on r.id = c.region_id where c.id = any (?::uuid[])",
    [arrayText(demands.map(({ clusterId }) => clusterId))],
  );
  const neighbours = rules.length === 0 ? [] : await tx.em.execute<Neighbour[]>(NEIGHBOURS, others);
  const failed = clusters.flatMap(({ id, code, region }): PlanCheckResult[] => {
    if (!demands.some(({ clusterId, isNew }) => clusterId === id && isNew)) return [];
    const ownPods = demands.reduce((sum, { clusterId, desired }) => sum + (clusters.some((one) => one.id === clusterId && one.region === region) ? desired : 0), 0);
    const isThere = (rule: AffinityRule): boolean =>
      (selects(rule.labels, own) && ownPods > (isAnti(rule) ? 1 : 0)) ||
      neighbours.some((one) => one.region === region && selects(rule.labels, podLabels(one.name, one)));
    const why = [
      ...rules.filter((rule) => isThere(rule) === isAnti(rule)).map((rule) =>
        `has ${isAnti(rule) ? "" : "no "}pods with ${textOf(rule)}, which a required rule of affinity asks ${isAnti(rule) ? "to keep away from" : "for"}.`),
      ...distances.filter((one) => one.region === region).map((one) => `has pods of application ${one.name}, which a required rule of affinity keeps away from pods with ${textOf(one)}.`),
    ];
    return why.map((what) => ({ name: "SCHEDULING", clusterId: id, ok: false, message: `Cluster ${code}: the region ${region} ${what}` }));
  });
  return failed.length > 0 ? [planRefused("PLAN_REFUSED", failed, path)] : [];
}

const textOf = ({ labels }: Pick<AffinityRule, "labels">): string => labels.map(({ key, value }) => (key === APPLICATION_LABEL ? `application ${value}` : `${key}=${value}`)).join(", ");

const NEIGHBOURS = /* sql */ `
select distinct r.code as region, a.name, v.template->'labels' as labels
from placement p
join application a on a.tenant_id = p.tenant_id and a.id = p.application_id
join revision v on v.tenant_id = p.tenant_id and v.id = p.revision_id
join cluster c on c.id = p.cluster_id
join region r on r.id = c.region_id
where p.tenant_id = ? and p.namespace_id = ? and p.desired > 0 and not p.deleting and p.application_id <> ?`;

/** Every change asks: revisions that have such a rule first, of which there are few, by their index (migrations/migration-20261202-regional-rules.ts), whatever Postgres thinks of their number. */
const DISTANCES = /* sql */ `
with distant as materialized (
  select v.tenant_id, v.id, v.application_id, rule.value->'labels' as labels
  from revision v cross join lateral jsonb_array_elements(v.template->'affinity') as rule
  where v.tenant_id = ? and v.namespace_id = ? and v.application_id <> ? and v.template @> '{"affinity": [{"kind": "APPLICATION_ANTI", "required": true, "topology": "REGION"}]}'
    and rule.value @> '{"kind": "APPLICATION_ANTI", "required": true, "topology": "REGION"}')
select distinct there.region, there.name, distant.labels
from distant cross join lateral (
  select r.code as region, a.name
  from placement p
  join application a on a.tenant_id = p.tenant_id and a.id = p.application_id
  join cluster c on c.id = p.cluster_id
  join region r on r.id = c.region_id
  where p.tenant_id = distant.tenant_id and p.application_id = distant.application_id and p.revision_id = distant.id and p.desired > 0 and not p.deleting
  offset 0) as there`;
