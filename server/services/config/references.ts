/**
 * Who uses a ConfigMap or Secret, and what a change of one sets in motion.
 *
 * A reference is *live* while its revision is what an application or one of its placements is on, or what a rollout under way could go back to, by
 * itself or as its operation is cancelled.
 * What live references name can't be deleted: neither the object nor a key that an environment variable takes. The object's row is locked by
 * who changes it, and held by who makes a revision that refers to it, so that neither misses the other; applications' rows are not locked here.
 */
import { type DomainError, inUse, type ObjectKey } from "../../domain/errors.ts";
import type { ConfigKind } from "../../domain/placement.ts";
import { startOperation, type StepPlan } from "../operation.ts";
import type { Transaction } from "../transaction.ts";

export interface ConfigObject {
  readonly kind: ConfigKind;
  readonly id: string;
  readonly name: string;
  readonly namespaceId: string;
}

/** An application with live references to the object. */
interface User {
  readonly applicationId: string;
  /** Those that its environment variables name. */
  readonly keys: readonly string[];
}

/** Objects that an IN_USE refusal names. */
const NAMED_USERS = 20;

const LIVE = /* sql */ `(
  a.revision_id = r.revision_id
  or exists (select from placement p where p.tenant_id = r.tenant_id and p.application_id = r.application_id and p.revision_id = r.revision_id)
  or exists (
    select from rollout o left join operation under_way on under_way.tenant_id = o.tenant_id and under_way.id = o.operation_id and under_way.finished_at is null
    where o.tenant_id = r.tenant_id and o.application_id = r.application_id and o.from_revision_id = r.revision_id and o.finished_at is null
      and (o.auto_rollback or o.state = 'ABORTING' or under_way.before is not null)))`;

const USERS = /* sql */ `
select a.id, coalesce(json_agg(distinct k.key) filter (where k.key is not null), '[]') as keys
from config_reference r
join application a on a.tenant_id = r.tenant_id and a.id = r.application_id
left join lateral unnest(r.keys) as k (key) on true
where r.tenant_id = ? and r.config_id = ? and ${LIVE}
group by a.id, a.name order by a.name, a.id`;

const PLACES = /* sql */ `
select a.id as application_id, a.name, p.cluster_id, c.code, p.desired
from config_reference r
join placement p on p.tenant_id = r.tenant_id and p.application_id = r.application_id and p.revision_id = r.revision_id
join application a on a.tenant_id = p.tenant_id and a.id = p.application_id
join cluster c on c.id = p.cluster_id
where r.tenant_id = ? and r.config_id = ? and not p.deleting and not a.deleting
order by a.name, a.id, c.code`;

const SUPERSEDE_STEPS = /* sql */ `
update operation_step s set state = 'SUPERSEDED', finished_at = ?
where s.tenant_id = ? and s.finished_at is null and s.operation_id in (
  select o.id from operation o where o.tenant_id = s.tenant_id and o.kind = 'UPDATE_CONFIG' and o.target_id = ? and o.finished_at is null)`;

const SUPERSEDE_OPERATIONS = /* sql */ `
update operation set state = 'SUPERSEDED', error = null, finished_at = ?
where tenant_id = ? and kind = 'UPDATE_CONFIG' and target_id = ? and finished_at is null returning id`;

/** By name. The object's row is locked by the caller. */
async function usersOf(tx: Transaction, { id }: ConfigObject): Promise<User[]> {
  const rows = await tx.em.execute<{ id: string; keys: string[] }[]>(USERS, [tx.actor.tenantId, id]);
  return rows.map((row) => ({ applicationId: row.id, keys: row.keys }));
}

/** Why it can't go, or null. */
export async function refuseRemoval(tx: Transaction, object: ConfigObject): Promise<DomainError | null> {
  const users = await usersOf(tx, object);
  return users.length === 0 ? null : used(users, `${object.kind} ${object.name} is used by ${counted(users.length)}.`);
}

/** Why these keys can't go from it, or null. */
export async function refuseKeyRemoval(tx: Transaction, object: ConfigObject, removed: readonly string[]): Promise<DomainError | null> {
  if (removed.length === 0) return null;
  const gone = new Set(removed);
  const users = (await usersOf(tx, object)).filter(({ keys }) => keys.some((key) => gone.has(key)));
  if (users.length === 0) return null;
  const named = [...new Set(users.flatMap(({ keys }) => keys.filter((key) => gone.has(key))))].toSorted();
  const shown = named.slice(0, NAMED_USERS).join(", ");
  return used(users, `Environment variables of ${counted(users.length)} take ${shown} from ${object.kind} ${object.name}.`);
}

function used(users: readonly User[], message: string): DomainError {
  const named = users.slice(0, NAMED_USERS).map(({ applicationId }): ObjectKey => ({ type: "Application", id: applicationId }));
  return inUse(named, users.length, message);
}

const counted = (users: number): string => (users === 1 ? "1 application" : `${users} applications`);

/**
 * The object has another content: whoever uses it is reconciled, and an operation tells when its files have reached every pod; null where nobody
 * has any. An earlier one of the same object ends: what it was to bring about is out of date.
 */
export async function spreadContent(tx: Transaction, object: ConfigObject): Promise<string | null> {
  const { tenantId } = tx.actor;
  for (const { applicationId } of await usersOf(tx, object)) tx.reconcile(applicationId);
  await tx.em.execute(SUPERSEDE_STEPS, [tx.at, tenantId, object.id]);
  const superseded = await tx.em.execute<{ id: string }[]>(SUPERSEDE_OPERATIONS, [tx.at, tenantId, object.id]);
  tx.changed("operation", ...superseded.map(({ id }) => id));
  const places = await tx.em.execute<{ application_id: string; name: string; cluster_id: string; code: string; desired: number }[]>(PLACES, [tenantId, object.id]);
  if (places.length === 0) return null;
  return startOperation(tx, {
    kind: "UPDATE_CONFIG",
    namespaceId: object.namespaceId,
    targetType: object.kind,
    targetId: object.id,
    targetName: object.name,
    steps: places.map((place): StepPlan => ({ targetId: place.application_id, clusterId: place.cluster_id, name: `${place.name} on ${place.code}`, total: place.desired })),
  });
}
