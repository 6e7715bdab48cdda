/**
 * The real gateway on a real database, as the centre of a history: assignments are written as the worker would, and virtual time stands still until the gateway has
 * worked on all that has come. A backup is a copy of the tables.
 */
import type { Pool, PoolClient } from "pg";
import { contentHash } from "#server/domain/canonical.ts";
import { DEFAULT_UPDATE_STRATEGY } from "#server/domain/states.ts";
import type { GatewayConnection, PodReport } from "#server/fleet/link.ts";
import { createGateway, type Gateway } from "#server/gateway/gateway.ts";
import { createInProcessBus } from "#server/realtime/bus-in-process.ts";
import { silentLogger, testKeyRing } from "../centre.ts";
import type { TestDatabase } from "../database.ts";
import { type BelievedObject, type Beliefs, type HistoryCentre, podKey } from "./centre.ts";
import { CONFIG_MAP, entriesOf, hashOf, NAMESPACE, type ObjectChange, SUBNET, TEMPLATES, TENANT, VPC, type Wanted, type WantedApp } from "./wanted.ts";

const TABLES = ["region", "cluster", "cluster_node", "application", "revision", "placement", "service", "config_map", "config_reference", "assignment", "pod"];
/** More than any history lasts: the gateway looks when it is told to. */
const NEVER_MS = 3_600_000;
/** So many turns of the event loop in which nobody asked the database anything are quiet. */
const QUIET_TURNS = 4;

export interface PostgresCentreOptions {
  readonly database: TestDatabase;
  /** Connected as the gateway. */
  readonly pool: Pool;
  readonly now: () => number;
  readonly gateway?: typeof createGateway;
}

/** Empties the database first. */
export async function postgresCentre(options: PostgresCentreOptions): Promise<HistoryCentre & { close(): Promise<void> }> {
  const admin = await options.database.admin.connect();
  await admin.query("set session_replication_role = replica");
  await admin.query(`truncate ${TABLES.join()} cascade`);
  await admin.query("insert into tenant (id, name, created_at) values ($1, 'histories', now()) on conflict do nothing", [TENANT]);
  await admin.query("insert into namespace (tenant_id, id, name, description, is_default, created_at) values ($1, $2, 'default', '', true, now()) on conflict do nothing", [TENANT, NAMESPACE]);
  return new PostgresCentre(options, admin);
}

class PostgresCentre implements HistoryCentre {
  readonly #options: PostgresCentreOptions;
  readonly #admin: PoolClient;
  readonly #bus = createInProcessBus({ instance: "history" });
  #gateway: Gateway | null = null;
  #listen: ((connection: GatewayConnection) => void) | null = null;
  #term = 1;
  #backups = 0;
  readonly #serving = new Map<string, GatewayConnection>();
  /** Something came, or was changed, since all was quiet. */
  #isBusy = false;
  /** Tombstones that are assigned. */
  readonly #tombstones = new Set<string>();
  readonly faults: string[] = [];
  leftOut: HistoryCentre["leftOut"] = null;
  readonly hearsAtOnce = false;

  constructor(options: PostgresCentreOptions, admin: PoolClient) {
    this.#options = options;
    this.#admin = admin;
  }

  // -------------------------------------------------------------- its life

  start(): void {
    const { pool, now, gateway = createGateway } = this.#options;
    const listener = {
      onConnection: (listen: (connection: GatewayConnection) => void) => void (this.#listen = listen),
      close: async () => void (this.#listen = null),
    };
    this.#gateway = gateway({ pool, bus: this.#bus, clock: { now }, speed: 1, listener, term: this.#term, keyRing: testKeyRing, logger: silentLogger, pollMs: NEVER_MS });
    this.#gateway.start();
  }

  async kill(): Promise<void> {
    const gateway = this.#gateway;
    this.#gateway = this.#listen = null;
    this.#serving.clear();
    await gateway?.close();
  }

  async close(): Promise<void> {
    await this.kill();
    await this.#bus.close();
    for (let number = 1; number <= this.#backups; number += 1) await this.#admin.query(`drop schema backup_${number} cascade`);
    await this.#admin.query("reset session_replication_role");
    this.#admin.release();
  }

  async backup(): Promise<unknown> {
    this.#backups += 1;
    const schema = `backup_${this.#backups}`;
    await this.#admin.query([`create schema ${schema}`, ...TABLES.map((table) => `create table ${schema}.${table} as table public.${table}`)].join(";"));
    return { schema, term: this.#term };
  }

  async restore(backup: unknown, termRises: boolean): Promise<void> {
    const { schema, term } = backup as { readonly schema: string; readonly term: number };
    await this.#admin.query([`truncate ${TABLES.join()} cascade`, ...TABLES.map((table) => `insert into public.${table} select * from ${schema}.${table}`)].join(";"));
    this.#term = term + (termRises ? 1 : 0);
    const { rows } = await this.#admin.query<{ id: string }>("select object_id as id from assignment where spec is null");
    for (const { id } of rows) this.#tombstones.add(id);
  }

  accept(): ((connection: GatewayConnection) => void) | null {
    const listen = this.#listen;
    return listen && ((connection) => listen(this.#watched(connection)));
  }

  /** Notes whom it serves. */
  #watched(connection: GatewayConnection): GatewayConnection {
    return {
      ...connection,
      send: (message) => {
        if (message.type === "welcome") this.#serving.set(message.clusterId, connection);
        if (message.type === "refuse" && message.clusterId !== null && this.serves(message.clusterId, connection)) this.#serving.delete(message.clusterId);
        if (message.type === "refuse" && message.reason.startsWith("malformed")) this.faults.push(message.reason);
        connection.send(message);
      },
      onMessage: (listener) => connection.onMessage((message) => {
        this.#isBusy = true;
        listener(message);
      }),
      onClose: (listener) => connection.onClose((reason) => {
        for (const [id, served] of this.#serving) if (served === connection) this.#serving.delete(id);
        listener(reason);
      }),
    };
  }

  serves(clusterId: string, connection: GatewayConnection): boolean {
    return this.#serving.get(clusterId) === connection;
  }

  settle(): void | Promise<void> {
    if (this.#isBusy) return this.#settle();
  }

  async #settle(): Promise<void> {
    await this.#quiet();
    this.#isBusy = false;
    // As reconciliation does, once a tombstone was carried out.
    if (this.#tombstones.size === 0) return;
    const { rows } = await this.#admin.query<{ id: string }>("delete from assignment where spec is null and confirmed_term = $1 and confirmed_generation = generation returning object_id as id", [this.#term]);
    for (const { id } of rows) this.#tombstones.delete(id);
    if (rows.length > 0) await this.#admin.query("delete from placement p where deleting and not exists (select from assignment a where a.object_id = p.id)");
  }

  async #quiet(): Promise<void> {
    const { pool } = this.#options;
    for (let turns = 0; turns < QUIET_TURNS; turns += 1) {
      // oxlint-disable-next-line no-await-in-loop -- turn by turn
      await new Promise(setImmediate);
      if (pool.idleCount < pool.totalCount || pool.waitingCount > 0) turns = -1;
    }
  }

  // -------------------------------------------------------------- what is wanted

  async change(changes: readonly ObjectChange[], wanted: Wanted): Promise<void> {
    this.#isBusy = true;
    for (const app of new Set(changes.map((change) => change.app))) await this.#writeApp(app);
    await this.#admin.query(
      `insert into config_map (tenant_id, id, namespace_id, name, description, keys, data, content, version, created_at, updated_at) values ($1, $2, $3, 'settings', '', '{mode}', $4, $5, 1, now(), now())
       on conflict (tenant_id, id) do update set data = excluded.data, content = excluded.content`,
      [TENANT, CONFIG_MAP, NAMESPACE, JSON.stringify(entriesOf(wanted.content)), wanted.content],
    );
    for (const change of changes) {
      if (change.spec === null) this.#tombstones.add(change.objectId);
      await this.#writeObject(change);
      await this.#admin.query(
        `insert into assignment (cluster_id, object_id, tenant_id, application_id, namespace_id, kind, generation, content_hash, spec, template_hash) values ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9)
         on conflict (cluster_id, object_id) do update set generation = assignment.generation + 1, content_hash = excluded.content_hash, spec = excluded.spec, template_hash = excluded.template_hash
         where assignment.content_hash <> excluded.content_hash`,
        [
          change.clusterId, change.objectId, TENANT, change.app.id, NAMESPACE, change.kind, contentHash(change.spec), change.spec && JSON.stringify(change.spec),
          change.spec && "templateHash" in change.spec ? change.spec.templateHash : null,
        ],
      );
      this.#bus.publish("assignments", change.clusterId);
    }
  }

  async #writeApp(app: WantedApp): Promise<void> {
    await this.#admin.query(
      `insert into application (tenant_id, id, namespace_id, name, description, workload_kind, capacity_type, labels, status, version, deletion_protection, update_strategy, revision_id, desired, created_at, updated_at)
       values ($1, $2, $3, $4, '', 'DEPLOYMENT', 'ON_DEMAND', '[]', 'PENDING', 1, false, $5, $6, 0, now(), now()) on conflict (tenant_id, id) do update set revision_id = excluded.revision_id`,
      [TENANT, app.id, NAMESPACE, app.name, JSON.stringify(DEFAULT_UPDATE_STRATEGY), app.revisionId],
    );
    for (const { id, number, template } of app.revisions) {
      await this.#admin.query(
        `insert into revision (tenant_id, id, application_id, namespace_id, number, template, template_hash, message, created_by, created_at) values ($1, $2, $3, $4, $5, $6, $7, '', 'test', now()) on conflict do nothing`,
        [TENANT, id, app.id, NAMESPACE, number, JSON.stringify(TEMPLATES[template]), hashOf(template)],
      );
      if (TEMPLATES[template]?.volumes) {
        await this.#admin.query(
          "insert into config_reference (tenant_id, revision_id, kind, config_id, application_id, namespace_id, keys) values ($1, $2, 'ConfigMap', $3, $4, $5, '{mode}') on conflict do nothing",
          [TENANT, id, CONFIG_MAP, app.id, NAMESPACE],
        );
      }
    }
  }

  async #writeObject({ clusterId, objectId, kind, spec, app }: ObjectChange): Promise<void> {
    if (kind === "placement") {
      await this.#admin.query(
        `insert into placement (tenant_id, id, application_id, namespace_id, cluster_id, revision_id, network_type, vpc_id, subnet_id, desired, unavailable, generation, reason, deleting)
         values ($1, $2, $3, $4, $5, $6, 'VPC', $7, $8, $9, 0, 1, 'test', $10) on conflict (tenant_id, id) do update set revision_id = excluded.revision_id, desired = excluded.desired, deleting = excluded.deleting`,
        [TENANT, objectId, app.id, NAMESPACE, clusterId, app.revisionId, VPC, SUBNET, app.replicas, spec === null],
      );
      return;
    }
    if (spec === null) return void (await this.#admin.query("delete from service where id = $1", [objectId]));
    await this.#admin.query(
      `insert into service (tenant_id, id, namespace_id, application_id, cluster_id, vpc_id, name, type, cluster_ip, ports, status, version, generation, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, 'CLUSTER_IP', $8::inet, $9, 'PENDING', 1, 1, now(), now()) on conflict (tenant_id, id) do update set ports = excluded.ports`,
      [TENANT, objectId, NAMESPACE, app.id, clusterId, VPC, app.name, spec.clusterIp, JSON.stringify(spec.ports)],
    );
  }

  // -------------------------------------------------------------- what is known

  async believed(clusterId: string): Promise<Beliefs | null> {
    await this.settle();
    const { rows: [row] } = await this.#admin.query<Row>({ name: "believed", text: BELIEVED, values: [clusterId, this.#term] });
    if (!row) return null;
    return {
      epoch: row.epoch, ackedSeq: Number(row.acked_seq), lastSeenAt: row.last_seen_at,
      objects: new Map(row.objects.map(({ id, ...object }) => [id, object])),
      revisions: new Set(row.revisions),
      pods: new Map(row.pods.map((pod) => [pod.id, podKey(pod)])),
      nodes: new Map(row.nodes.map(({ id, status }) => [id, status])),
    };
  }
}

interface Row {
  readonly epoch: number;
  readonly acked_seq: string;
  readonly last_seen_at: number | null;
  readonly objects: readonly (BelievedObject & { readonly id: string })[];
  readonly revisions: readonly string[];
  readonly pods: readonly PodReport[];
  readonly nodes: readonly { readonly id: string; readonly status: "READY" | "NOT_READY" }[];
}

const BELIEVED = /* sql */ `
select c.epoch, c.acked_seq, (extract(epoch from c.last_seen_at) * 1000)::float8 as last_seen_at,
  (select coalesce(json_agg(json_build_object('id', a.object_id, 'kind', a.kind, 'generation', a.generation, 'spec', a.spec,
      'isConfirmed', a.confirmed_term = $2 and a.confirmed_generation = a.generation,
      'counts', case when p.id is null then null else json_build_object('created', p.created, 'ready', p.ready, 'updated', p.updated) end)), '[]')
    from assignment a left join placement p on p.id = a.object_id where a.cluster_id = c.id) as objects,
  (select coalesce(json_agg(id), '[]') from revision) as revisions,
  (select coalesce(json_agg(json_build_object('id', id, 'placementId', placement_id, 'name', name, 'revisionId', revision_id, 'nodeId', node_id, 'phase', phase, 'ready', ready, 'reason', reason,
      'privateIp', host(private_ip), 'restartCount', restart_count, 'createdAt', (extract(epoch from created_at) * 1000)::bigint, 'startedAt', (extract(epoch from started_at) * 1000)::bigint,
      'containers', containers)), '[]') from pod where cluster_id = c.id) as pods,
  (select coalesce(json_agg(json_build_object('id', id, 'status', status)), '[]') from cluster_node where cluster_id = c.id) as nodes
from cluster c where c.id = $1`;
