import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { ROLES } from "../../../migrations/policies.ts";

/**
 * What keeps tenants apart, asked of Postgres itself: a table that is added later and forgets any of it fails here.
 */
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Keys that lack the tenant, each with the reason why that tells nobody anything. */
const KEYS_WITHOUT_TENANT: Readonly<Record<string, string>> = {
  api_token_hash_key: "a hash of 256 random bits: whoever could collide with it holds the token",
  assignment_pkey: "keyed by cluster and object, written by the worker; ids are made here, never given by a tenant",
  event_pkey: "keyed by cluster and id as pods are; what a tenant's changes tell is named by a hash of ids that are made here",
  pod_pkey: "keyed by cluster and id, so that no cluster's agent overwrites another's; no tenant writes it",
  timeline_pkey: "a position in the one timeline, made by the database",
  timeline_default_pkey: "a partition of the timeline",
};

const tables = async (): Promise<{ name: string; enabled: boolean; forced: boolean; kind: string }[]> =>
  (
    await database.admin.query(`
      select c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced, c.relkind::text as kind
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind in ('r', 'p')
        and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
      order by 1`)
  ).rows;

test("every table with a tenant, partitions included, is forced under row-level security", async () => {
  const found = await tables();
  expect(found.length).toBeGreaterThan(10);
  expect(found.filter(({ enabled, forced }) => !enabled || !forced)).toEqual([]);
});

test("what may be written under a policy is checked by it, and its condition names the tenant, the cluster or a role of ours", async () => {
  const { rows } = await database.admin.query<{ table: string; policy: string; command: string; roles: string[]; reads: string | null; writes: string | null }>(
    "select tablename as table, policyname as policy, cmd as command, roles::text[], qual as reads, with_check as writes from pg_policies where schemaname = 'public'",
  );
  expect(rows.length).toBeGreaterThan(30);
  const unchecked = rows.filter(({ command, reads, writes }) => {
    if (command === "INSERT") return writes === null;
    if (command === "SELECT" || command === "DELETE") return reads === null;
    return reads === null || writes === null;
  });
  expect(unchecked).toEqual([]);

  const names = new Set(["cluster", "cluster_node", ...(await tables()).map(({ name }) => name)]);
  // Whoever sees all rows of a table with tenants must be a role that nobody logs in as, the tailer, or the owner, as whom partitions are dropped.
  // What clusters are, everyone reads.
  const open = rows.filter(({ table, reads, writes, roles }) => names.has(table) && [reads, writes].includes("true") && !roles.every((role) => role === "selvedge_system"));
  expect(open.map(({ table, policy, command }) => `${table}: ${policy} ${command}`).toSorted()).toEqual([
    "cluster: everyone_reads SELECT", "cluster_node: everyone_reads SELECT", "log_chunk_default: selvedge_owner ALL",
    "timeline: selvedge_owner SELECT", "timeline: selvedge_tailer SELECT", "timeline_default: selvedge_owner ALL",
  ]);
});

test("no role of ours can go round row-level security", async () => {
  const { rows } = await database.admin.query(
    "select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = any ($1) order by array_position($1, rolname::text)",
    [[...ROLES, "selvedge_owner"]],
  );
  expect(rows).toEqual([
    ...ROLES.map((rolname) => ({ rolname, rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false })),
    { rolname: "selvedge_owner", rolsuper: false, rolbypassrls: false, rolcreaterole: true, rolcreatedb: false },
  ]);
  const members = await database.admin.query(
    "select member::regrole::text as member from pg_auth_members where roleid::regrole::text = any ($1) and member::regrole::text <> all ($2)",
    [ROLES, ["selvedge_owner", "postgres"]],
  );
  expect(members.rows).toEqual([]);
});

test("no role that serves requests owns a table: owners are not subject to it unless forced", async () => {
  const { rows } = await database.admin.query<{ owner: string }>(
    "select distinct tableowner as owner from pg_tables where schemaname in ('public', 'app')",
  );
  expect(rows).toEqual([{ owner: "selvedge_owner" }]);
});

test("every key of a table with tenants carries the tenant, for keys and references ignore row-level security", async () => {
  const { rows } = await database.admin.query<{ name: string }>(`
    select i.indexrelid::regclass::text as name
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and i.indisunique
      and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')
      and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and a.attnum = any (i.indkey))
    order by 1`);
  expect(rows.map(({ name }) => name)).toEqual(Object.keys(KEYS_WITHOUT_TENANT).toSorted());
});

test("a reference from one table with tenants to another carries the tenant", async () => {
  const { rows } = await database.admin.query(`
    select k.conrelid::regclass::text as from_table, k.confrelid::regclass::text as to_table, pg_get_constraintdef(k.oid) as definition
    from pg_constraint k
    where k.contype = 'f'
      and exists (select from pg_attribute a where a.attrelid = k.conrelid and a.attname = 'tenant_id')
      and exists (select from pg_attribute a where a.attrelid = k.confrelid and a.attname = 'tenant_id')
      and not exists (select from pg_attribute a where a.attrelid = k.conrelid and a.attname = 'tenant_id' and a.attnum = any (k.conkey))`);
  expect(rows).toEqual([]);
});

test("a function that runs with its owner's rights fixes its search path, and nobody may call it without being named", async () => {
  const { rows } = await database.admin.query<{ name: string; owner: string; path: boolean; public: boolean }>(`
    select p.oid::regprocedure::text as name, p.proowner::regrole::text as owner,
           coalesce(array_to_string(p.proconfig, ',') like '%search_path=%', false) as path, has_function_privilege('public', p.oid, 'execute') as public
    from pg_proc p where p.prosecdef and p.pronamespace in ('app'::regnamespace, 'public'::regnamespace)`);
  expect(rows.length).toBeGreaterThanOrEqual(8);
  expect(rows.filter(({ path, public: anyone }) => !path || anyone)).toEqual([]);
  // The owner's are those that change tables themselves.
  expect(rows.filter(({ owner }) => !["selvedge_system", "selvedge_jobs"].includes(owner)).map(({ name }) => name).toSorted()).toEqual([
    "app.maintain_logs(timestamp with time zone,timestamp with time zone,timestamp with time zone,integer)", "app.maintain_metrics()", "app.maintain_timeline(bigint,timestamp with time zone)", "app.make_metric_partitions(timestamp with time zone)", "app.simulated_now()",
  ]);
});

describe("who sees which rows", () => {
  const [tenantA, tenantB] = ["0190a000-0000-7000-8000-00000000000a", "0190a000-0000-7000-8000-00000000000b"];
  const [defaultA, teamA, defaultB] = ["0190b000-0000-7000-8000-00000000000a", "0190b000-0000-7000-8000-0000000000aa", "0190b000-0000-7000-8000-00000000000b"];
  const [clusterX, clusterY] = ["0190c000-0000-7000-8000-00000000000a", "0190c000-0000-7000-8000-00000000000b"];
  const id = (n: number): string => `0190d000-0000-7000-8000-${String(n).padStart(12, "0")}`;

  beforeAll(async () => {
    const { admin } = database;
    const at = "2026-01-01T00:00:00Z";
    await admin.query("insert into region (id, code, name) values ($1, 'north', 'North')", [id(1)]);
    for (const [cluster, code] of [[clusterX, "x"], [clusterY, "y"]]) {
      await admin.query(
        `insert into cluster (id, code, name, region_id, province, city, tier, isp, latitude, longitude, status, cpu_millis, memory_mib, pods, prices)
         values ($1, $2, $2, $3, 'P', 'C', 'EDGE', 'TELECOM', 1, 1, 'ONLINE', 4000, 8192, 110, '{}')`,
        [cluster, code, id(1)],
      );
    }
    const api = (await database.openAs("selvedge_api")).pool;
    for (const [n, tenant, namespace] of [[10, tenantA, defaultA], [11, tenantB, defaultB]] as const) {
      await api.query("select app.create_tenant($1, $2, $3, $4, $5, 'slv', $6)", [tenant, `tenant-${n}`, at, namespace, id(n), Buffer.from([n])]);
    }
    await admin.query("insert into namespace (tenant_id, id, name, description, is_default, created_at) values ($1, $2, 'team', '', false, $3)", [tenantA, teamA, at]);
    for (const [n, tenant, namespace, cluster] of [[20, tenantA, defaultA, clusterX], [21, tenantA, teamA, clusterY], [22, tenantB, defaultB, clusterX]] as const) {
      await admin.query(
        `insert into pod (cluster_id, id, tenant_id, application_id, namespace_id, placement_id, revision_id, name, phase, ready, restart_count, containers, created_at, epoch)
         values ($1, $2, $3, $4, $5, $6, $6, $7, 'RUNNING', true, 0, '[]', $8, 1)`,
        [cluster, id(n), tenant, id(n + 100), namespace, id(n + 200), `pod-${n}`, at],
      );
      await admin.query(
        `insert into operation (tenant_id, id, kind, state, namespace_id, target_name, completed, total, actor, created_at, progressed_at)
         values ($1, $2, 'CREATE_APPLICATION', 'RUNNING', $3, 'x', 0, 1, 'a', $4, $4)`,
        [tenant, id(n + 300), namespace, at],
      );
    }
    await admin.query("insert into timeline (tenant_id, cluster_id, kind, ids, at) values ($1, $2, 'pod', '{}', $3), ($4, $2, 'pod', '{}', $3)", [tenantA, clusterX, at, tenantB]);
  });

  type Setting = { tenant?: string; namespaces?: string; clusters?: string };
  async function as<T>(role: "selvedge_api" | "selvedge_worker" | "selvedge_gateway" | "selvedge_tailer", setting: Setting, sql: string, values: unknown[] = []): Promise<T[]> {
    const { pool } = await database.openAs(role, 1);
    const client = await pool.connect();
    try {
      await client.query("begin");
      await client.query("select set_config('app.tenant_id', $1, true), set_config('app.namespace_ids', $2, true), set_config('app.cluster_ids', $3, true)", [
        setting.tenant ?? "",
        setting.namespaces ?? "",
        setting.clusters ?? "",
      ]);
      const { rows } = await client.query(sql, values);
      return rows as T[];
    } finally {
      await client.query("rollback");
      client.release();
    }
  }
  const podNames = async (role: Parameters<typeof as>[0], setting: Setting): Promise<string[]> =>
    (await as<{ name: string }>(role, setting, "select name from pod order by name")).map(({ name }) => name);

  test("the API: its tenant, and of it the token's namespaces", async () => {
    expect(await podNames("selvedge_api", { tenant: tenantA, namespaces: "*" })).toEqual(["pod-20", "pod-21"]);
    expect(await podNames("selvedge_api", { tenant: tenantB, namespaces: "*" })).toEqual(["pod-22"]);
    expect(await podNames("selvedge_api", { tenant: tenantA, namespaces: `{${teamA}}` })).toEqual(["pod-21"]);
    expect(await podNames("selvedge_api", { tenant: tenantA, namespaces: "{}" })).toEqual([]);
    expect(await podNames("selvedge_api", { tenant: tenantA, namespaces: `{${defaultB}}` })).toEqual([]);
    expect(await as("selvedge_api", { tenant: tenantA, namespaces: `{${teamA}}` }, "select name from namespace")).toEqual([{ name: "team" }]);
    expect(await as("selvedge_api", { tenant: tenantA, namespaces: "*" }, "select name from tenant")).toEqual([{ name: "tenant-10" }]);
  });

  test("a setting that is missing, on a new connection or after another transaction's, matches nothing", async () => {
    for (const role of ["selvedge_api", "selvedge_worker", "selvedge_gateway"] as const) {
      const { pool } = await database.openAs(role, 1);
      expect((await pool.query("select id from pod")).rows).toEqual([]);
      await pool.query("begin; set local app.tenant_id = 'nobody'; rollback");
      expect((await pool.query("select id from pod")).rows).toEqual([]);
    }
    // A tenant without a word on namespaces is not a tenant with all of them.
    expect(await podNames("selvedge_api", { tenant: tenantA })).toEqual([]);
  });

  test("the worker: the tenant of its job; the gateway: its clusters, whoever's pods; the tailer: the timeline alone", async () => {
    expect(await podNames("selvedge_worker", { tenant: tenantA })).toEqual(["pod-20", "pod-21"]);
    expect(await podNames("selvedge_gateway", { clusters: `{${clusterX}}` })).toEqual(["pod-20", "pod-22"]);
    expect(await podNames("selvedge_gateway", { tenant: tenantA, clusters: `{${clusterY}}` })).toEqual(["pod-21"]);
    expect(await as("selvedge_tailer", {}, "select kind from timeline")).toHaveLength(2);
    await expect(as("selvedge_tailer", { tenant: tenantA }, "select id from pod")).rejects.toThrow(/permission denied/);
    await expect(as("selvedge_api", { tenant: tenantA }, "select kind from timeline")).rejects.toThrow(/permission denied/);
  });

  test("nobody writes into another tenant or cluster", async () => {
    const insertOperation = `insert into operation (tenant_id, id, kind, state, namespace_id, target_name, completed, total, actor, created_at, progressed_at)
      values ($1, $2, 'CREATE_APPLICATION', 'PENDING', $3, 'x', 0, 1, 'a', now(), now()) returning target_name`;
    expect(await as("selvedge_api", { tenant: tenantA, namespaces: "*" }, insertOperation, [tenantA, id(900), defaultA])).toHaveLength(1);
    const refused = /row-level security/;
    await expect(as("selvedge_api", { tenant: tenantA, namespaces: "*" }, insertOperation, [tenantB, id(901), defaultB])).rejects.toThrow(refused);
    await expect(as("selvedge_api", { tenant: tenantA, namespaces: `{${teamA}}` }, insertOperation, [tenantA, id(902), defaultA])).rejects.toThrow(refused);
    await expect(as("selvedge_worker", { tenant: tenantA }, insertOperation, [tenantB, id(903), defaultB])).rejects.toThrow(refused);

    expect(await as("selvedge_gateway", { clusters: `{${clusterY}}` }, "update pod set ready = false where id = $1 returning id", [id(20)])).toEqual([]);
    await expect(as("selvedge_gateway", { clusters: `{${clusterX}}` }, "update pod set cluster_id = $1 where id = $2", [clusterY, id(20)])).rejects.toThrow(refused);
    const insertTimeline = "insert into timeline (tenant_id, cluster_id, kind, ids, at) values ($1, $2, 'pod', '{}', now())";
    await as("selvedge_gateway", { clusters: `{${clusterX}}` }, insertTimeline, [tenantB, clusterX]);
    await expect(as("selvedge_gateway", { clusters: `{${clusterX}}` }, insertTimeline, [tenantB, clusterY])).rejects.toThrow(refused);
    await expect(as("selvedge_api", { tenant: tenantA, namespaces: "*" }, insertTimeline, [tenantB, null])).rejects.toThrow(refused);
  });

  describe("configuration", () => {
    const configs = (n: number) => ({ map: id(n), secret: id(n + 1) });
    const [mineA, teamOfA, ofB] = [configs(1_000), configs(1_010), configs(1_020)];
    const revisions = new Map<string, string>();

    beforeAll(async () => {
      const { admin } = database;
      for (const [n, tenant, namespace, { map, secret }] of [[1, tenantA, defaultA, mineA], [2, tenantA, teamA, teamOfA], [3, tenantB, defaultB, ofB]] as const) {
        const [application, revision] = [id(1_100 + n), id(1_200 + n)];
        revisions.set(application, revision);
        await admin.query(
          `with revised as (insert into revision (tenant_id, id, application_id, namespace_id, number, template, template_hash, message, created_by, created_at) values ($1, $3, $2, $4, 1, '{}', 'h', '', 'a', now()))
           insert into application (tenant_id, id, namespace_id, name, description, workload_kind, capacity_type, labels, status, version, deletion_protection, update_strategy, revision_id, desired, created_at, updated_at)
           values ($1, $2, $4, $5, '', 'DEPLOYMENT', 'ON_DEMAND', '[]', 'RUNNING', 1, false, '{}', $3, 1, now(), now())`, [tenant, application, revision, namespace, `app-${n}`]);
        await admin.query("insert into config_map (tenant_id, id, namespace_id, name, description, keys, data, content, version, created_at, updated_at) values ($1, $2, $3, 'c', '', '{}', '[]', 'c', 1, now(), now())", [tenant, map, namespace]);
        await admin.query(
          `insert into secret (tenant_id, id, namespace_id, name, description, type, keys, key_id, wrapped_key, ciphertext, content, version, created_at, updated_at)
           values ($1, $2, $3, 's', '', 'OPAQUE', '{}', 'k', '', '', 'c', 1, now(), now())`, [tenant, secret, namespace]);
        for (const [kind, config] of [["ConfigMap", map], ["Secret", secret]]) {
          await admin.query("insert into config_reference (tenant_id, revision_id, kind, config_id, application_id, namespace_id, keys) values ($1, $2, $3, $4, $5, $6, '{}')", [tenant, revision, kind, config, application, namespace]);
        }
        // A's first application on cluster x, B's on y; A's second nowhere.
        const cluster = n === 1 ? clusterX : n === 3 ? clusterY : null;
        if (cluster !== null) {
          await admin.query(
            "insert into assignment (cluster_id, object_id, tenant_id, application_id, namespace_id, kind, generation, content_hash, spec) values ($1, $2, $3, $4, $5, 'placement', 1, 'h', '{}')",
            [cluster, id(1_300 + n), tenant, application, namespace]);
        }
      }
    });
    const seen = async (role: Parameters<typeof as>[0], setting: Setting): Promise<string[]> =>
      (await as<{ id: string }>(role, setting, "select id from config_map union all select id from secret order by 1")).map((row) => row.id);

    test("is seen by its tenant and namespace, by the worker of its tenant, and by the gateway of clusters that have an application which refers to it", async () => {
      const all = ({ map, secret }: ReturnType<typeof configs>): string[] => [map, secret];
      expect(await seen("selvedge_api", { tenant: tenantA, namespaces: "*" })).toEqual([...all(mineA), ...all(teamOfA)]);
      expect(await seen("selvedge_api", { tenant: tenantA, namespaces: `{${teamA}}` })).toEqual(all(teamOfA));
      expect(await seen("selvedge_api", { tenant: tenantB, namespaces: `{${defaultA}}` })).toEqual([]);
      expect(await seen("selvedge_worker", { tenant: tenantB })).toEqual(all(ofB));
      expect(await seen("selvedge_gateway", { clusters: `{${clusterX}}` })).toEqual(all(mineA));
      expect(await seen("selvedge_gateway", { clusters: `{${clusterX},${clusterY}}` })).toEqual([...all(mineA), ...all(ofB)]);
      expect(await seen("selvedge_gateway", {})).toEqual([]);
      for (const role of ["selvedge_api", "selvedge_worker", "selvedge_gateway"] as const) expect(await seen(role, {})).toEqual([]);
      await expect(seen("selvedge_tailer", { tenant: tenantA })).rejects.toThrow(/permission denied/);
    });

    test("is written by its tenant alone, and by the gateway and the worker not at all", async () => {
      const mine = { tenant: tenantA, namespaces: "*" };
      for (const table of ["config_map", "secret"]) {
        expect(await as("selvedge_api", mine, `update ${table} set version = 2 where tenant_id = $1 returning id`, [tenantB])).toEqual([]);
        expect(await as("selvedge_api", mine, `delete from ${table} where tenant_id = $1 returning id`, [tenantB])).toEqual([]);
        await expect(as("selvedge_api", mine, `update ${table} set tenant_id = $1`, [tenantB])).rejects.toThrow(/row-level security|foreign key/);
        await expect(as("selvedge_api", { tenant: tenantA, namespaces: `{${teamA}}` }, `update ${table} set namespace_id = $1`, [defaultA])).rejects.toThrow(/row-level security/);
        for (const statement of [`update ${table} set content = 'x'`, `delete from ${table}`, `insert into ${table} select * from ${table}`]) {
          for (const role of ["selvedge_worker", "selvedge_gateway"] as const) await expect(as(role, { tenant: tenantA, clusters: `{${clusterX}}` }, statement), `${role}: ${statement}`).rejects.toThrow(/permission denied/);
        }
      }
      // Of a Secret the gateway reads what it needs to open it, and no more.
      await expect(as("selvedge_gateway", { clusters: `{${clusterX}}` }, "select name from secret")).rejects.toThrow(/permission denied/);
      await expect(as("selvedge_api", {}, "select * from app.secrets_to_rewrap('k', $1, $1, 1)", [tenantA])).rejects.toThrow(/permission denied/);
    });
  });

  test("a gateway's connection writes its clusters and their nodes alone, and reads all", async () => {
    const node = (n: number, cluster: string | undefined) =>
      database.admin.query("insert into cluster_node (id, cluster_id, name, status, labels, cpu_millis, memory_mib, pods) values ($1, $2, 'node', 'READY', '[]', 1, 1, 1)", [id(n), cluster]);
    await Promise.all([node(960, clusterX), node(961, clusterY)]);
    const mine = { clusters: `{${clusterX}}` };
    for (const [own, statement] of [
      [[{ id: id(960) }], "update cluster_node set pods = 2 returning id"],
      [[{ id: id(960) }], "delete from cluster_node returning id"],
      [[{ id: clusterX }], "update cluster set last_seen_at = now() returning id"],
      [[{ id: clusterX }], "select id from cluster for no key update"],
      [[], `update cluster_node set cluster_id = '${clusterX}', name = 'taken' where cluster_id = '${clusterY}' returning id`],
    ] as const) {
      expect(await as("selvedge_gateway", mine, statement), statement).toEqual(own);
      expect(await as("selvedge_gateway", {}, statement), statement).toEqual([]);
    }
    const refused = /row-level security/;
    await expect(as("selvedge_gateway", mine, `update cluster_node set cluster_id = '${clusterY}', name = 'given'`)).rejects.toThrow(refused);
    await expect(as("selvedge_gateway", mine, "insert into cluster_node select $1, $2, 'new', status, false, labels, 1, 1, 1 from cluster_node limit 1", [id(962), clusterY])).rejects.toThrow(refused);
    expect(await as("selvedge_gateway", mine, "select id from cluster_node order by id")).toEqual([{ id: id(960) }, { id: id(961) }]);
  });

  test("the worker and the gateway may do what they do, and no more", async () => {
    const denied = /permission denied/;
    for (const [role, statement] of [
      ["selvedge_worker", "update cluster set status = 'ONLINE'"],
      ["selvedge_worker", "insert into audit_entry select * from audit_entry"],
      ["selvedge_worker", "delete from idempotency"],
      ["selvedge_gateway", "delete from assignment"],
      ["selvedge_gateway", "update assignment set spec = null"],
      ["selvedge_gateway", "update placement set desired = 1"],
      ["selvedge_gateway", "update placement set deleting = true"],
      ["selvedge_gateway", "delete from placement"],
    ] as const) {
      await expect(as(role, { tenant: tenantA, clusters: `{${clusterX}}` }, statement), `${role}: ${statement}`).rejects.toThrow(denied);
    }
    expect(await as("selvedge_gateway", { clusters: `{${clusterX}}` }, "update placement set ready = 1, unavailable = 0 returning id")).toEqual([]);
  });

  test("an operation of no namespace is the whole tenant's: a token limited to namespaces does not see it", async () => {
    await database.admin.query(
      `insert into operation (tenant_id, id, kind, state, target_name, completed, total, actor, created_at, progressed_at)
       values ($1, $2, 'IMPORT_MANIFESTS', 'RUNNING', 'whole', 0, 1, 'a', now(), now())`,
      [tenantA, id(950)],
    );
    const whole = "select target_name from operation where target_name = 'whole'";
    expect(await as("selvedge_api", { tenant: tenantA, namespaces: "*" }, whole)).toHaveLength(1);
    expect(await as("selvedge_api", { tenant: tenantA, namespaces: `{${teamA}}` }, whole)).toEqual([]);
  });

  test("narrow functions answer across tenants only what they are for, and only to whom they are given", async () => {
    const found = await as<{ tenant_id: string }>("selvedge_api", {}, "select tenant_id from app.authenticate($1)", [Buffer.from([11])]);
    expect(found).toEqual([{ tenant_id: tenantB }]);
    await expect(as("selvedge_gateway", {}, "select app.authenticate($1)", [Buffer.from([11])])).rejects.toThrow(/permission denied/);
    await expect(as("selvedge_gateway", {}, "select app.expire_idempotency(now())")).rejects.toThrow(/permission denied/);
    await expect(as("selvedge_api", {}, "select * from graphile_worker._private_jobs")).rejects.toThrow(/permission denied/);
  });

  test("a job is enqueued in the caller's transaction, whoever may enqueue", async () => {
    for (const role of ["selvedge_api", "selvedge_worker", "selvedge_gateway"] as const) {
      await as(role, {}, "select app.enqueue('reconcile', '{}', 'key')");
    }
    const jobs = "select count(*)::int as jobs from graphile_worker._private_jobs";
    expect((await database.admin.query(jobs)).rows).toEqual([{ jobs: 0 }]);
    const { pool } = await database.openAs("selvedge_api");
    await pool.query("select app.enqueue('reconcile', '{}', 'key')");
    expect((await database.admin.query(jobs)).rows).toEqual([{ jobs: 1 }]);
    await expect(as("selvedge_tailer", {}, "select app.enqueue('reconcile', '{}', 'key')")).rejects.toThrow(/permission denied/);
  });

  test("a tenant that the API makes has an owner: no session of the API can make an administrator by it", async () => {
    const { rows } = await database.admin.query("select role from api_token where tenant_id = any ($1)", [[tenantA, tenantB]]);
    expect(rows).toEqual([{ role: "OWNER" }, { role: "OWNER" }]);
    const { rows: functions } = await database.admin.query<{ arguments: string }>(
      "select pg_get_function_arguments(oid) as arguments from pg_proc where pronamespace = 'app'::regnamespace and proname = 'create_tenant'",
    );
    expect(functions.map((one) => one.arguments.includes("role"))).toEqual([false]);
  });

  test("reservations stop at the cluster's capacity, count for the tenant of the session alone, and only what it holds is given back", async () => {
    const { pool } = await database.openAs("selvedge_api", 1);
    const reserve = async (tenant: string, cpu: number): Promise<boolean> => {
      const client = await pool.connect();
      try {
        await client.query("begin");
        await client.query("select set_config('app.tenant_id', $1, true)", [tenant]);
        const { rows } = await client.query<{ granted: boolean }>("select app.reserve($1, $2, 0, 0) as granted", [clusterX, cpu]);
        await client.query("commit");
        return rows[0]?.granted ?? false;
      } catch (error) {
        await client.query("rollback");
        throw error;
      } finally {
        client.release();
      }
    };
    expect(await reserve(tenantA, 3000)).toBe(true);
    expect(await reserve(tenantA, 1001)).toBe(false);
    expect(await reserve(tenantA, 1000)).toBe(true);
    expect(await reserve(tenantA, -500)).toBe(true);
    const beyond = /violates check constraint "cluster_usage_cpu_millis_check"/;
    await expect(reserve(tenantB, -500)).rejects.toThrow(beyond);
    expect(await reserve(tenantB, 100)).toBe(true);
    await expect(reserve(tenantB, -101)).rejects.toThrow(beyond);
    expect(await reserve(tenantB, -100)).toBe(true);
    const usage = "select tenant_id, cpu_millis from cluster_usage order by tenant_id";
    expect((await database.admin.query(usage)).rows).toEqual([{ tenant_id: tenantA, cpu_millis: 3500 }, { tenant_id: tenantB, cpu_millis: 0 }]);
    expect(await as("selvedge_api", { tenant: tenantB, namespaces: "*" }, usage)).toEqual([{ tenant_id: tenantB, cpu_millis: 0 }]);
    expect((await database.admin.query("select reserved_cpu_millis from cluster where id = $1", [clusterX])).rows).toEqual([{ reserved_cpu_millis: 3500 }]);
  });
});
