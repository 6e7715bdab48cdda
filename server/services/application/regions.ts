/**
 * Required rules of affinity about applications in a region, which no cluster can look after: it does not know the others, least of all while it is cut
 * off. They are decided here, when a change is accepted that brings pods to a cluster or makes them anew, by the applications of the namespace that are
 * wanted at that moment. Afterwards nothing looks at them again: neither when the others leave, nor when others come.
 *
 * An application's own pods count: a rule for them holds by them, and one against them allows one pod in a region.
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

interface Neighbour {
  readonly region: string;
  readonly name: string;
  readonly labels: readonly Label[];
}

/** `demands`: all clusters on which the application is wanted. */
export async function checkRegions(
  tx: Transaction, application: Application, template: PodTemplate, demands: readonly RegionalDemand[], path: readonly string[] | null,
): Promise<DomainError[]> {
  const rules = (template.affinity ?? []).filter((rule) => rule.required && rule.topology === "REGION" && !isForNodes(rule));
  if (rules.length === 0 || !demands.some(({ isNew }) => isNew)) return [];
  const clusters = await tx.em.execute<{ id: string; code: string; region: string }[]>(
    "select c.id, c.code, r.code as region from cluster c join region r on r.id = c.region_id where c.id = any (?::uuid[])",
    [arrayText(demands.map(({ clusterId }) => clusterId))],
  );
  const neighbours = await tx.em.execute<Neighbour[]>(NEIGHBOURS, [tx.actor.tenantId, application.namespaceId, application.id]);
  const own = podLabels(application.name, template);
  const failed = clusters.flatMap(({ id, code, region }): PlanCheckResult[] => {
    if (!demands.some(({ clusterId, isNew }) => clusterId === id && isNew)) return [];
    const ownPods = demands.reduce((sum, { clusterId, desired }) => sum + (clusters.some((one) => one.id === clusterId && one.region === region) ? desired : 0), 0);
    const isThere = (rule: AffinityRule): boolean =>
      (selects(rule.labels, own) && ownPods > (isAnti(rule) ? 1 : 0)) ||
      neighbours.some((one) => one.region === region && selects(rule.labels, podLabels(one.name, one)));
    return rules.filter((rule) => isThere(rule) === isAnti(rule)).map((rule) => ({
      name: "SCHEDULING", clusterId: id, ok: false,
      message: `Cluster ${code}: the region ${region} has ${isAnti(rule) ? "" : "no "}pods with ${textOf(rule)}, which a required rule of affinity asks ${isAnti(rule) ? "to keep away from" : "for"}.`,
    }));
  });
  return failed.length > 0 ? [planRefused("PLAN_REFUSED", failed, path)] : [];
}

const textOf = ({ labels }: AffinityRule): string => labels.map(({ key, value }) => (key === APPLICATION_LABEL ? `application ${value}` : `${key}=${value}`)).join(", ");

const NEIGHBOURS = /* sql */ `
select distinct r.code as region, a.name, v.template->'labels' as labels
from placement p
join application a on a.tenant_id = p.tenant_id and a.id = p.application_id
join revision v on v.tenant_id = p.tenant_id and v.id = p.revision_id
join cluster c on c.id = p.cluster_id
join region r on r.id = c.region_id
where p.tenant_id = ? and p.namespace_id = ? and p.desired > 0 and not p.deleting and p.application_id <> ?`;
