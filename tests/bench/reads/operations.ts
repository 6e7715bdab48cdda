/** What is asked of every side. The data: one tenant of 200 applications, 50 clusters, 600 placements, 20,000 pods, 40,000 containers. */
export const Q1 = "query ($id: ID!) { application(id: $id) { name status } }";

/** A dashboard: 20 applications with placements and their clusters, and 10 pods each with their containers: some 740 objects. */
export const Q2 = `query {
  applications(first: 20) {
    nodes {
      id name status description version
      placements { nodes { id generation observedGeneration reason cluster { id code name city status } } }
      pods(first: 10) { nodes { id name phase ready restartCount containers { name image state ready restartCount } } }
    }
  }
}`;

/** The same in one SQL, for the one application, as text to pass through. */
export const Q1_SQL = `select json_build_object('data', json_build_object('application',
  (select json_build_object('name', name, 'status', status) from application where id = $1)))::text`;

export const Q2_SQL = `select json_build_object('data', json_build_object('applications', json_build_object('nodes', json_agg(a.node order by a.name, a.id))))::text
from (
  select name, id, json_build_object(
    'id', 'Application.' || t.id, 'name', t.name, 'status', t.status, 'description', t.description, 'version', t.version,
    'placements', json_build_object('nodes', (
      select coalesce(json_agg(p.node order by p.id), '[]') from (
        select p.id, json_build_object('id', 'Placement.' || p.id, 'generation', p.generation, 'observedGeneration', p.observed_generation, 'reason', p.reason,
          'cluster', json_build_object('id', 'Cluster.' || c.id, 'code', c.code, 'name', c.name, 'city', c.city, 'status', c.status)) as node
        from placement p join cluster c on c.id = p.cluster_id where p.tenant_id = $1 and p.application_id = t.id order by p.id limit 20) p)),
    'pods', json_build_object('nodes', (
      select coalesce(json_agg(p.node order by p.name, p.id), '[]') from (
        select p.name, p.id, json_build_object('id', 'Pod.' || p.id, 'name', p.name, 'phase', p.phase, 'ready', p.ready, 'restartCount', p.restart_count,
          'containers', (select json_agg(json_build_object('name', c->'name', 'image', c->'image', 'state', c->'state', 'ready', c->'ready', 'restartCount', c->'restartCount') order by n)
            from jsonb_array_elements(p.containers) with ordinality x (c, n))) as node
        from pod p where p.tenant_id = $1 and p.application_id = t.id order by p.name, p.id limit 10) p))
  ) as node
  from application t where t.tenant_id = $1 order by t.name, t.id limit 20
) a`;

/**
 * The same of the schema that PostGraphile makes of the tables, under our fields' names: the same objects. Its `rowId` is the bare id, so that its answer is
 * some two in a hundred shorter than ours, whose ids tell their type.
 */
export const POSTGRAPHILE_Q1 = "query ($tenantId: UUID!, $id: UUID!) { application: applicationByTenantIdAndRowId(tenantId: $tenantId, rowId: $id) { name status } }";

export const POSTGRAPHILE_Q2 = `query ($tenantId: UUID!) {
  applications: allApplications(condition: { tenantId: $tenantId }, orderBy: [NAME_ASC, ROW_ID_ASC], first: 20) {
    nodes {
      id: rowId name status description version
      placements: placementsByTenantIdAndApplicationId(orderBy: [ROW_ID_ASC], first: 20) {
        nodes { id: rowId generation observedGeneration reason cluster: clusterByClusterId { id: rowId code name city status } }
      }
      pods: podsByTenantIdAndApplicationId(orderBy: [NAME_ASC, ROW_ID_ASC], first: 10) {
        nodes { id: rowId name phase ready restartCount containers: containerList { name image state ready restartCount } }
      }
    }
  }
}`;
