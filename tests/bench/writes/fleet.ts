import type { Pool } from "pg";

export interface Application {
  readonly tenantId: string;
  readonly applicationId: string;
}

/** So many tenants with so many applications each, every one on three of 50 clusters, as mutations leave them: nothing is assigned yet. */
export async function fillApplications(admin: Pool, tenants: number, applications: number): Promise<Application[]> {
  const client = await admin.connect();
  try {
    await client.query(`
      insert into region select gen_random_uuid(), 'r-' || n, 'Region ' || n from generate_series(1, 5) n;
      insert into cluster (id, code, name, region_id, province, city, tier, isp, latitude, longitude, status, last_seen_at, cpu_millis, memory_mib, pods, prices)
        select gen_random_uuid(), 'city-' || lpad(n::text, 2, '0'), 'City ' || n, (select id from region where code = 'r-' || (n % 5 + 1)), 'Province', 'City ' || n, 'EDGE', 'TELECOM', 30, 120,
          'ONLINE', now(), 640000, 1310720, 10000, '{}' from generate_series(1, 50) n;
      insert into tenant select gen_random_uuid(), 'tenant-' || n, now() from generate_series(1, ${tenants}) n;
      insert into namespace select id, gen_random_uuid(), 'default', '', true, now() from tenant;
      insert into vpc select t.id, gen_random_uuid(), c.id, 'default-vpc', '10.0.0.0/16', true, 'ACTIVE', 1, now() from tenant t, cluster c;
      insert into subnet select v.tenant_id, gen_random_uuid(), v.id, v.cluster_id, 'default-subnet', '10.0.0.0/20', '10.0.0.1', true, 'ACTIVE', now() from vpc v;
      create temporary table made as select t.id as tenant_id, n.id as namespace_id, gen_random_uuid() as application_id, gen_random_uuid() as revision_id, i
        from tenant t join namespace n on n.tenant_id = t.id, generate_series(0, ${applications - 1}) i;
      begin;
      insert into application (tenant_id, id, namespace_id, name, description, workload_kind, capacity_type, labels, status, version, deletion_protection, update_strategy, revision_id, desired, created_at, updated_at)
        select tenant_id, application_id, namespace_id, 'application-' || lpad(i::text, 4, '0'), '', 'DEPLOYMENT', 'ON_DEMAND', '[]', 'PENDING', 1, false,
          '{"maxUnavailable": {"percent": 25}, "maxSurge": {"percent": 25}}', revision_id, 30, now(), now() from made;
      insert into revision (tenant_id, id, application_id, namespace_id, number, template, template_hash, message, created_by, created_at)
        select tenant_id, revision_id, application_id, namespace_id, 1, '{"runtime": "RUNC", "containers": [], "labels": [], "terminationGracePeriodSeconds": 30}', 'hash', '', 'bench', now() from made;
      commit;
      insert into placement (tenant_id, id, application_id, namespace_id, cluster_id, revision_id, network_type, vpc_id, subnet_id, desired, unavailable, generation, reason)
        select m.tenant_id, gen_random_uuid(), m.application_id, m.namespace_id, s.cluster_id, m.revision_id, 'VPC', s.vpc_id, s.id, 10, 10, 1, 'Chosen by its owner.'
        from made m join (select s.*, row_number() over (partition by s.tenant_id order by s.cluster_id) - 1 as n from subnet s) s
          on s.tenant_id = m.tenant_id and s.n in (m.i % 50, (m.i + 17) % 50, (m.i + 31) % 50);
      drop table made;
    `);
    for (const table of TABLES) await client.query(`vacuum analyze ${table}`);
    const { rows } = await client.query<Application>(`select tenant_id as "tenantId", id as "applicationId" from application order by tenant_id, id`);
    return rows;
  } finally {
    client.release();
  }
}

const TABLES = ["application", "placement", "assignment", "cluster", "pod", "revision", "namespace", "vpc", "subnet", "operation", "operation_step"] as const;

/** Every application is scaled, as the mutation would: placements of a new generation, and an operation with a step for each. */
export async function scaleAll(admin: Pool): Promise<void> {
  await admin.query(`
    begin;
    update operation_step set state = 'SUPERSEDED', finished_at = now() where finished_at is null;
    update operation set state = 'SUPERSEDED', finished_at = now() where finished_at is null;
    update placement set desired = 21 - desired, unavailable = greatest(0, 21 - desired - ready), generation = generation + 1;
    update application set status = 'UPDATING', version = version + 1, desired = 63 - desired;
    create temporary table started on commit drop as select a.tenant_id, gen_random_uuid() as id, a.id as application_id, a.namespace_id, a.name from application a;
    insert into operation (tenant_id, id, kind, state, namespace_id, target_type, target_id, target_name, completed, total, actor, created_at, progressed_at)
      select s.tenant_id, s.id, 'SCALE_APPLICATION', 'PENDING', s.namespace_id, 'Application', s.application_id, s.name, 0, sum(p.desired), 'bench', now(), now()
      from started s join placement p on p.tenant_id = s.tenant_id and p.application_id = s.application_id group by s.tenant_id, s.id, s.namespace_id, s.application_id, s.name;
    insert into operation_step (tenant_id, id, operation_id, namespace_id, cluster_id, target_type, target_id, name, state, completed, total)
      select s.tenant_id, gen_random_uuid(), s.id, s.namespace_id, p.cluster_id, 'Application', s.application_id, s.name, 'PENDING', 0, p.desired
      from started s join placement p on p.tenant_id = s.tenant_id and p.application_id = s.application_id;
    commit;
  `);
}

/** Every cluster has confirmed what it was told and has all its pods, as the gateway stores it. */
export async function complyAll(admin: Pool): Promise<void> {
  await admin.query(`
    update assignment set confirmed_term = (select term from database_life), confirmed_generation = generation;
    update placement set created = desired, ready = desired, updated = desired, unavailable = 0, observed_generation = generation;
  `);
}

/** What a database does by itself from time to time: each round starts from the same. */
export async function tidy(admin: Pool): Promise<void> {
  for (const table of [...TABLES, "timeline", "graphile_worker._private_jobs"]) await admin.query(`vacuum analyze ${table}`);
}
