/**
 * What changes of an application mean for its services. The caller holds the application's lock, and asks for its reconciliation. Services are locked in
 * the order of their ids, as reports lock them.
 */
import type { Application } from "../entities/application.ts";
import { supersedeOperations } from "./operation.ts";
import type { Transaction } from "./transaction.ts";

/**
 * Services lie in the VPC of their application's placement on their cluster: those whose placement moved to another one move along. One on a cluster
 * that the application left stays, without endpoints, until it is deleted or the application comes back. Returns the ids of those that moved.
 */
export async function moveServices(tx: Transaction, application: Application): Promise<string[]> {
  const moved = await tx.em.execute<{ id: string }[]>(
    `with moving as materialized (
       select s.tenant_id, s.id, p.vpc_id
       from service s join placement p on p.tenant_id = s.tenant_id and p.application_id = s.application_id and p.cluster_id = s.cluster_id
       where s.tenant_id = ? and s.application_id = ? and not s.deleting and not p.deleting and p.vpc_id <> s.vpc_id
       order by s.id for no key update of s
     )
     update service s set vpc_id = m.vpc_id, generation = s.generation + 1, problem = null, updated_at = ?, status = case s.status when 'PENDING' then 'PENDING' else 'UPDATING' end
     from moving m where s.tenant_id = m.tenant_id and s.id = m.id
     returning s.id`,
    [tx.actor.tenantId, application.id, tx.at],
  );
  const ids = moved.map(({ id }) => id);
  tx.changed("service", ...ids);
  return ids;
}

/** An application takes its services along when it is deleted. Returns their ids. */
export async function deleteServicesOf(tx: Transaction, application: Application): Promise<string[]> {
  const deleted = await tx.em.execute<{ id: string }[]>(
    `with going as materialized (
       select s.tenant_id, s.id from service s where s.tenant_id = ? and s.application_id = ? and not s.deleting order by s.id for no key update
     )
     update service s set deleting = true, status = 'DELETING', version = s.version + 1, generation = s.generation + 1, problem = null, updated_at = ?
     from going g where s.tenant_id = g.tenant_id and s.id = g.id
     returning s.id`,
    [tx.actor.tenantId, application.id, tx.at],
  );
  const ids = deleted.map(({ id }) => id);
  if (ids.length > 0) await supersedeOperations(tx, ids);
  tx.changed("service", ...ids);
  return ids;
}
