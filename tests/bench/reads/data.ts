import type { Pool } from "pg";

export interface Data {
  readonly tenantId: string;
  readonly token: string;
  readonly applicationIds: readonly string[];
}

/** One tenant as speed is measured on, and a second of the same size that must never be seen. */
export async function fill(admin: Pool, token: string, hash: Buffer): Promise<Data> {
  const client = await admin.connect();
  try {
    await client.query("select setseed(0.5)");
    await client.query(`
      insert into region select gen_random_uuid(), 'r-' || n, 'Region ' || n from generate_series(1, 5) n;
      insert into cluster (id, code, name, region_id, province, city, tier, isp, latitude, longitude, status, last_seen_at, cpu_millis, memory_mib, pods, prices)
        select gen_random_uuid(), 'city-' || lpad(n::text, 2, '0'), 'City ' || n, (select id from region where code = 'r-' || (n % 5 + 1)), 'Province', 'City ' || n, 'EDGE', 'TELECOM', 30, 120,
          'ONLINE', now(), 640000, 1310720, 10000, '{}' from generate_series(1, 50) n;
      insert into tenant select gen_random_uuid(), name, now() from (values ('measured'), ('another')) x (name);
      insert into namespace select id, gen_random_uuid(), 'default', '', true, now() from tenant;
      insert into vpc select t.id, gen_random_uuid(), c.id, 'default-vpc', '10.0.0.0/16', true, 'ACTIVE', 1, now() from tenant t, cluster c;
    `);
    await client.query(`
      create temporary table made as select t.id as tenant_id, n.id as namespace_id, gen_random_uuid() as application_id, gen_random_uuid() as revision_id, i
        from tenant t join namespace n on n.tenant_id = t.id, generate_series(0, 199) i;
      begin;
      insert into application (tenant_id, id, namespace_id, name, description, workload_kind, capacity_type, labels, status, version, deletion_protection, update_strategy, revision_id, desired, created_at, updated_at)
        select tenant_id, application_id, namespace_id, 'application-' || lpad(i::text, 3, '0'), 'Serves the part ' || i || ' of the shop.', 'DEPLOYMENT', 'ON_DEMAND', '[]', 'RUNNING', 1, false,
          '{"maxUnavailable": {"percent": 25}, "maxSurge": {"percent": 25}}', revision_id, 100, now(), now() from made;
      insert into revision (tenant_id, id, application_id, namespace_id, number, template, template_hash, message, created_by, created_at)
        select tenant_id, revision_id, application_id, namespace_id, 1, '{"runtime": "RUNC", "containers": [], "labels": [], "terminationGracePeriodSeconds": 30}', 'hash', '', 'bench', now() from made;
      commit;
      insert into placement (tenant_id, id, application_id, namespace_id, cluster_id, revision_id, network_type, vpc_id, desired, generation, reason)
        select m.tenant_id, gen_random_uuid(), m.application_id, m.namespace_id, c.id, m.revision_id, 'VPC', (select v.id from vpc v where v.tenant_id = m.tenant_id and v.cluster_id = c.id), 33, 1, 'Chosen by its owner.'
        from made m join lateral (select id from (select id, row_number() over (order by code) - 1 as n from cluster) c where c.n in (m.i % 50, (m.i + 17) % 50, (m.i + 31) % 50)) c on true;
      insert into pod (cluster_id, id, tenant_id, application_id, namespace_id, placement_id, revision_id, name, phase, ready, private_ip, restart_count, containers, created_at, started_at, epoch)
        select p.cluster_id, gen_random_uuid(), m.tenant_id, m.application_id, m.namespace_id, p.id, m.revision_id, 'application-' || lpad(m.i::text, 3, '0') || '-' || lpad(n::text, 3, '0'), 'RUNNING', true, '10.0.0.9', 0,
          jsonb_build_array(
            jsonb_build_object('name', 'main', 'image', 'registry.example/shop/application-' || m.i || ':1.4.2', 'state', 'RUNNING', 'ready', true, 'restartCount', 0, 'reason', null, 'exitCode', null, 'startedAt', 1780000000000),
            jsonb_build_object('name', 'logs', 'image', 'registry.example/shop/log-shipper:0.9.1', 'state', 'RUNNING', 'ready', true, 'restartCount', 0, 'reason', null, 'exitCode', null, 'startedAt', 1780000000000)), now(), now(), 1
        from made m cross join generate_series(0, 99) n join lateral (select id, cluster_id from placement p where p.tenant_id = m.tenant_id and p.application_id = m.application_id order by p.id offset n % 3 limit 1) p on true;
      drop table made;
    `);
    await client.query("insert into api_token (tenant_id, id, name, role, prefix, hash, created_at) select id, gen_random_uuid(), 'bench', 'VIEWER', 'bench', $1, now() from tenant where name = 'measured'", [hash]);
    for (const table of ["application", "placement", "pod", "cluster", "revision", "namespace", "vpc"]) await client.query(`vacuum analyze ${table}`);
    const { rows } = await client.query<{ tenant_id: string; id: string }>("select a.tenant_id, a.id from application a join tenant t on t.id = a.tenant_id where t.name = 'measured' order by a.name");
    return { tenantId: rows[0]?.tenant_id as string, token, applicationIds: rows.map(({ id }) => id) };
  } finally {
    client.release();
  }
}
