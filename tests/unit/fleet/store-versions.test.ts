/** Stores that were written by earlier versions are gone on from, without touching what runs. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contentHash } from "#server/domain/canonical.ts";
import type { ClusterAgent } from "#server/fleet/agent/agent.ts";
import { FleetStore } from "#server/fleet/agent/store.ts";
import { ack, bigCluster, openAgents, reportsIn, tick, welcome } from "./agent-direct.ts";
import { placement, spec, template, uuid } from "./scripted-gateway.ts";

/** As version 1 made it: what is here never changes. */
const VERSION_1 = `
  create table cluster (
    number integer primary key, cluster_id text not null unique, nonce text not null, epoch integer not null, last_seq integer not null,
    acked_seq integer not null, term integer not null, is_full integer not null, engine text not null, nodes text not null
  ) strict;
  create table template (
    cluster integer not null, hash text not null, body text not null, primary key (cluster, hash)
  ) strict, without rowid;
  create table placement (
    cluster integer not null, id text not null, term integer not null, generation integer not null, spec text, primary key (cluster, id)
  ) strict, without rowid;
  create table variant (
    cluster integer not null, number integer not null, body text not null, primary key (cluster, number)
  ) strict, without rowid;
  create table pod (
    cluster integer not null, slot integer not null, id text not null, variant integer not null, serial integer not null,
    state integer not null, node integer not null, address integer not null, created_at real not null, started_at real,
    running_since real, due real,
    restarts integer not null, failures integer not null, culprit integer not null, histories text, reason text, message text,
    is_dirty integer not null, is_reported integer not null, primary key (cluster, slot)
  ) strict, without rowid;
  create table gone (cluster integer not null, pod_id text not null, primary key (cluster, pod_id)) strict, without rowid;
  create table report (
    cluster integer not null, seq integer not null, body text not null, primary key (cluster, seq)
  ) strict, without rowid;
`;
const TABLES_1 = ["cluster", "template", "placement", "variant", "pod", "gone", "report"] as const;

const web = template("shop/web:1");
const looping = template("shop/worker:crashloop");
const cluster = bigCluster("old-1");

describe("a store of version 1", () => {
  let folder: string;
  let path: string;
  let now: number;

  const drain = (store: FleetStore, agent: ClusterAgent): void => {
    for (;;) {
      const reports = reportsIn(tick(store, [agent], now));
      if (reports.length === 0) return;
      for (const report of reports) ack(agent, report);
    }
  };

  /** Rows that a version 1 had, in its tables: those of a fleet that runs, starts and crashes pods. */
  const writeVersion1 = (): void => {
    const source = join(folder, "source.db");
    const store = new FleetStore(source);
    const [agent] = openAgents(store, [cluster], now) as [ClusterAgent];
    agent.connected();
    tick(store, [agent], now);
    welcome(agent);
    const templates = { [contentHash(web)]: web, [contentHash(looping)]: looping };
    const objects = [placement(uuid(1), 1, spec(web, { replicas: 5 })), placement(uuid(2), 1, spec(looping, { replicas: 2 }))];
    agent.receive({ type: "assign", clusterId: agent.clusterId, term: 1, objects, templates }, 0);
    now += 60_000;
    drain(store, agent);
    agent.receive({ type: "assign", clusterId: agent.clusterId, term: 1, objects: [placement(uuid(1), 2, spec(web, { replicas: 8 }))], templates: {} }, 0);
    now += 100;
    tick(store, [agent], now);
    store.close();
    const old = new DatabaseSync(path);
    old.exec(`${VERSION_1} pragma user_version = 1;`);
    old.exec(`attach '${source}' as source`);
    for (const table of TABLES_1) {
      const columns = old.prepare(`select name from pragma_table_info('${table}')`).all().map(({ name }) => String(name)).join(", ");
      old.exec(`insert into main.${table} (${columns}) select ${columns} from source.${table}`);
    }
    old.close();
  };

  const podsOf = (agent: ClusterAgent) => [...agent.simulation.slots()].map((slot) => agent.simulation.report(slot));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fleet-store-"));
    path = join(folder, "old.db");
    now = 5_000_000;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is brought forward once, and its pods go on as if nothing had happened", () => {
    writeVersion1();
    const reference = new FleetStore(join(folder, "source.db"));
    const [expected] = openAgents(reference, [cluster], now) as [ClusterAgent];
    for (let opening = 0; opening < 2; opening++) {
      const store = new FleetStore(path);
      const [agent] = openAgents(store, [cluster], now) as [ClusterAgent];
      expect(podsOf(agent)).toEqual(podsOf(expected));
      expect(podsOf(agent).filter(({ phase }) => phase === "STARTING")).toHaveLength(3);
      agent.connected();
      expect(tick(store, [agent], now)).toMatchObject([
        { type: "hello", epoch: 1, contents: [], holds: [{ objectId: uuid(1), generation: 2 }, { objectId: uuid(2), generation: 1 }] },
      ]);
      store.close();
    }
    const store = new FleetStore(path);
    const [agent] = openAgents(store, [cluster], now) as [ClusterAgent];
    now += 3_600_000;
    agent.simulation.advanceTo(now);
    expected.simulation.advanceTo(now);
    expect(podsOf(agent)).toEqual(podsOf(expected));
    expect(agent.simulation.counts(uuid(1))).toEqual({ created: 8, ready: 8, updated: 8, all: 8 });
    expect(podsOf(agent).filter(({ placementId }) => placementId === uuid(1)).every(({ restartCount }) => restartCount === 0)).toBe(true);
    expect(store.load(1).pods.every(({ record }) => record.files === -1 && record.environment === -1)).toBe(true);
    store.close();
    reference.close();
  });

  it("of a later version than is known is refused", () => {
    const later = new DatabaseSync(path);
    later.exec("pragma user_version = 5");
    later.close();
    expect(() => new FleetStore(path)).toThrow(/it has version 5, this program knows 4/);
  });
});
