/**
 * Row-level security, written once. Every table that holds tenants' rows is forced under it; who may see a row:
 *
 *   selvedge_api      the session's tenant, and where the token is limited to namespaces, only these
 *   selvedge_worker   the tenant of the job
 *   selvedge_gateway  the clusters of the connection: a transaction may carry several tenants
 *   selvedge_tailer   the timeline, nothing else
 *   selvedge_system   owns the narrow security-definer functions (token look-up, sweeps, reservations); nobody can log in as it
 *   selvedge_jobs     owns the job queue's schema, and nothing of ours
 *
 * The session's values are set per transaction with set_config(…, true). A missing value matches nothing: the comparison is with null.
 * The scalar sub-selects make Postgres evaluate each setting once a statement, not once a row.
 */
export const ROLES = ["selvedge_api", "selvedge_worker", "selvedge_gateway", "selvedge_tailer", "selvedge_system", "selvedge_jobs"] as const;

const TENANT = "tenant_id = (select app.tenant_id())";
const NAMESPACE = "((select app.all_namespaces()) or namespace_id = any ((select app.namespace_ids())::uuid[]))";
/** What belongs to no single namespace: a token limited to namespaces doesn't see it. */
export const WHOLE_TENANT = "(select app.all_namespaces())";
/** A token that reaches no further than one's own; under the policy of namespaces, which leaves out all others. */
export const REACHED_TOKENS = "((select app.all_namespaces()) or namespaces <@ (select coalesce(array_agg(n.name), '{}') from namespace n))";
export { NAMESPACE as IN_NAMESPACES };

const CLUSTER = "cluster_id = any ((select app.cluster_ids())::uuid[])";

export interface TableRights {
  readonly table: string;
  /** The row belongs to a namespace, so tokens limited to namespaces see it only there. */
  readonly namespaced?: boolean;
  /** Of the tenant's rows those that the API sees, where it may write others as well. */
  readonly visible?: string;
  readonly api?: string;
  readonly worker?: string;
  /** Needs a column cluster_id. */
  readonly gateway?: string;
  /** All rows: only for what the security-definer functions touch. */
  readonly system?: string;
}

/** Statements that force row-level security on a table, and give each role its rights (a list such as "select, insert"). */
export function tenantTable(rights: TableRights): string[] {
  const { table } = rights;
  const statements = [`alter table ${table} enable row level security`, `alter table ${table} force row level security`];
  const allow = (role: string, privileges: string | undefined, condition: string, visible = condition): void => {
    if (!privileges) return;
    statements.push(`grant ${privileges} on ${table} to ${role}`);
    statements.push(`create policy ${role} on ${table} to ${role} using (${visible}) with check (${condition})`);
  };
  allow("selvedge_api", rights.api, rights.namespaced ? `${TENANT} and ${NAMESPACE}` : TENANT, rights.visible && `${TENANT} and ${rights.visible}`);
  allow("selvedge_worker", rights.worker, TENANT);
  allow("selvedge_gateway", rights.gateway, CLUSTER);
  allow("selvedge_system", rights.system, "true");
  return statements;
}
