/**
 * The agents' memory: one SQLite file for all clusters of a fleet process. It holds what a killed process must not lose: what each agent
 * was told (templates, placements, services, contents as they were sealed), what it runs (variants, configuration sets, pods), and what it has said
 * without hearing an ack (reports, and events and lines of logs that wait for one).
 *
 * All agents write in one transaction a tick, committed and synced (WAL, synchronous = FULL) before anything that depends on it leaves. One
 * process owns the file (exclusive locking): a second one is refused. A kill at any moment leaves the last committed tick.
 *
 * Clusters and pods are keyed by small numbers (a cluster's number here, a pod's slot), which is what keeps a commit of many pods cheap.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { ClusterNodeStatus } from "../../domain/states.ts";
import type { PodTemplate } from "../../domain/pod-template.ts";
import type { EventReport, PlacementSpec, Report, ServiceSpec } from "../link.ts";
import type { ConfigSetRecord } from "../simulator/config-sets.ts";
import type { VariantRecord } from "../simulator/placements.ts";
import type { ContainerHistory } from "../simulator/pods.ts";
import type { EngineState, PodRecord } from "../simulator/records.ts";
import type { StoredContent } from "./contents.ts";
import type { EventLogState, StoredEvent } from "./events.ts";
import type { LogState, StoredSegment } from "./logs.ts";
import type { StoredPlacement, StoredService } from "./objects.ts";
import { STORE_VERSIONS } from "./store-schema.ts";

export interface ClusterRow {
  readonly epoch: number;
  readonly lastSeq: number;
  readonly ackedSeq: number;
  readonly term: number;
  /** Whether the epoch's full state is still being sent. */
  readonly isFull: boolean;
  readonly engine: EngineState;
  readonly nodes: readonly StoredNode[];
  /** The public key that contents are sealed to; empty in a store from before there were any. */
  readonly sealingKey: string;
  /** null in a store from before there were any. */
  readonly events: EventLogState | null;
  /** null where no lines were ever collected. */
  readonly logs: LogState | null;
}

export interface StoredNode {
  readonly id: string;
  readonly status: ClusterNodeStatus;
}

export interface StoredPod {
  readonly record: PodRecord;
  /** Its newest state is in no report yet. */
  readonly isDirty: boolean;
  /** Some report of this epoch named it. */
  readonly isReported: boolean;
}

export interface StoredCluster extends ClusterRow {
  readonly templates: readonly (readonly [hash: string, template: PodTemplate])[];
  readonly placements: readonly StoredPlacement[];
  readonly services: readonly StoredService[];
  readonly contents: readonly StoredContent[];
  readonly variants: readonly VariantRecord[];
  readonly configSets: readonly ConfigSetRecord[];
  readonly pods: readonly StoredPod[];
  readonly gone: readonly string[];
  readonly reports: readonly Report[];
  /** In the order of their positions. */
  readonly waitingEvents: readonly StoredEvent[];
  /** Likewise. */
  readonly waitingLogs: readonly StoredSegment[];
}

type Row = Record<string, null | number | bigint | string | Uint8Array>;

export class FleetStore {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * Opens the file, made where it is absent.
   * @throws Error when another process has it, or it was written by a newer version.
   */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    try {
      this.#database.exec("pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full");
      this.#migrate();
    } catch (error) {
      this.#database.close();
      throw new Error(`the fleet's store ${path} can't be opened: ${(error as Error).message}`, { cause: error });
    }
  }

  #migrate(): void {
    const version = Number((this.#database.prepare("pragma user_version").get() as Row)["user_version"]);
    const newest = STORE_VERSIONS.length;
    if (version > newest) throw new Error(`it has version ${version}, this program knows ${newest}`);
    if (version === newest) return;
    this.transaction(() => this.#database.exec(`${STORE_VERSIONS.slice(version).join("")} pragma user_version = ${newest};`));
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** All that `work` writes, or nothing of it. */
  transaction(work: () => void): void {
    this.#database.exec("begin immediate");
    try {
      work();
      this.#database.exec("commit");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw error;
    }
  }

  /** The cluster's number and nonce here; both are fixed when the store first meets it, with the nonce given then. */
  enrol(clusterId: string, nonce: string, fresh: ClusterRow): { readonly number: number; readonly nonce: string } {
    this.#run(
      `insert into cluster (cluster_id, nonce, epoch, last_seq, acked_seq, term, is_full, engine, nodes, sealing_key, events, logs)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (cluster_id) do nothing`,
      clusterId, nonce, fresh.epoch, fresh.lastSeq, fresh.ackedSeq, fresh.term, Number(fresh.isFull),
      JSON.stringify(fresh.engine), JSON.stringify(fresh.nodes), fresh.sealingKey, stateText(fresh.events), stateText(fresh.logs),
    );
    const row = this.#prepare("select number, nonce from cluster where cluster_id = ?").get(clusterId) as Row;
    return { number: Number(row["number"]), nonce: String(row["nonce"]) };
  }

  load(cluster: number): StoredCluster {
    const row = this.#prepare("select * from cluster where number = ?").get(cluster) as Row;
    const all = (sql: string): Row[] => this.#prepare(sql).all(cluster);
    const parsed = <T>(sql: string): T[] => all(sql).map((each) => JSON.parse(String(each["body"])) as T);
    return {
      epoch: Number(row["epoch"]),
      lastSeq: Number(row["last_seq"]),
      ackedSeq: Number(row["acked_seq"]),
      term: Number(row["term"]),
      isFull: row["is_full"] === 1,
      engine: JSON.parse(String(row["engine"])) as EngineState,
      nodes: JSON.parse(String(row["nodes"])) as StoredNode[],
      sealingKey: String(row["sealing_key"]),
      events: row["events"] === "" ? null : (JSON.parse(String(row["events"])) as EventLogState),
      logs: row["logs"] === "" ? null : (JSON.parse(String(row["logs"])) as LogState),
      templates: all("select hash, body from template where cluster = ?").map((each) => [
        String(each["hash"]),
        JSON.parse(String(each["body"])) as PodTemplate,
      ]),
      placements: all("select * from placement where cluster = ?").map((each) => ({
        ...heldOf<PlacementSpec>(each),
        carried: each["carried"] === null ? null : (JSON.parse(String(each["carried"])) as PlacementSpec),
      })),
      services: all("select * from service where cluster = ?").map((each) => heldOf<ServiceSpec>(each)),
      contents: all("select name, sealed, keys from content where cluster = ?").map((each) => ({
        name: String(each["name"]),
        sealed: String(each["sealed"]),
        keys: JSON.parse(String(each["keys"])) as string[],
      })),
      configSets: parsed<ConfigSetRecord>("select body from config_set where cluster = ?"),
      variants: parsed<VariantRecord>("select body from variant where cluster = ?"),
      pods: all("select * from pod where cluster = ?").map(podOf),
      gone: all("select pod_id from gone where cluster = ?").map((each) => String(each["pod_id"])),
      reports: parsed<Report>("select body from report where cluster = ? order by seq"),
      waitingEvents: all("select position, was_sent, body from event where cluster = ? order by position").map((each) => ({
        position: Number(each["position"]),
        wasSent: each["was_sent"] === 1,
        event: JSON.parse(String(each["body"])) as EventReport,
      })),
      waitingLogs: all("select position, body from log where cluster = ? order by position").map((each) => ({
        ...(JSON.parse(String(each["body"])) as Omit<StoredSegment, "position">),
        position: Number(each["position"]),
      })),
    };
  }

  saveCluster(cluster: number, row: ClusterRow): void {
    this.#run(
      "update cluster set epoch = ?, last_seq = ?, acked_seq = ?, term = ?, is_full = ?, engine = ?, nodes = ?, sealing_key = ?, events = ?, logs = ? where number = ?",
      row.epoch, row.lastSeq, row.ackedSeq, row.term, Number(row.isFull), JSON.stringify(row.engine), JSON.stringify(row.nodes),
      row.sealingKey, stateText(row.events), stateText(row.logs), cluster,
    );
  }

  saveTemplate(cluster: number, hash: string, template: PodTemplate | null): void {
    if (template === null) this.#run("delete from template where cluster = ? and hash = ?", cluster, hash);
    else this.#run("insert or replace into template (cluster, hash, body) values (?, ?, ?)", cluster, hash, JSON.stringify(template));
  }

  savePlacement(cluster: number, id: string, placement: StoredPlacement | null): void {
    if (placement === null) return this.#run("delete from placement where cluster = ? and id = ?", cluster, id);
    const { term, generation, spec, problem, carried } = placement;
    this.#run(
      "insert or replace into placement (cluster, id, term, generation, spec, problem, carried) values (?, ?, ?, ?, ?, ?, ?)",
      cluster, id, term, generation, jsonOrNull(spec), problem, jsonOrNull(carried),
    );
  }

  saveService(cluster: number, id: string, service: StoredService | null): void {
    if (service === null) return this.#run("delete from service where cluster = ? and id = ?", cluster, id);
    const { term, generation, spec, problem } = service;
    this.#run(
      "insert or replace into service (cluster, id, term, generation, spec, problem) values (?, ?, ?, ?, ?, ?)",
      cluster, id, term, generation, jsonOrNull(spec), problem,
    );
  }

  saveContent(cluster: number, name: string, content: StoredContent | null): void {
    if (content === null) return this.#run("delete from content where cluster = ? and name = ?", cluster, name);
    this.#run(
      "insert or replace into content (cluster, name, sealed, keys) values (?, ?, ?, ?)",
      cluster, name, content.sealed, JSON.stringify(content.keys),
    );
  }

  saveConfigSet(cluster: number, number: number, record: ConfigSetRecord | null): void {
    if (record === null) this.#run("delete from config_set where cluster = ? and number = ?", cluster, number);
    else this.#run("insert or replace into config_set (cluster, number, body) values (?, ?, ?)", cluster, number, JSON.stringify(record));
  }

  saveVariant(cluster: number, number: number, record: VariantRecord | null): void {
    if (record === null) this.#run("delete from variant where cluster = ? and number = ?", cluster, number);
    else this.#run("insert or replace into variant (cluster, number, body) values (?, ?, ?)", cluster, number, JSON.stringify(record));
  }

  savePod(cluster: number, { record, isDirty, isReported }: StoredPod): void {
    this.#run(
      `insert or replace into pod (
         cluster, slot, id, variant, serial, state, node, address, created_at, started_at, running_since, due,
         restarts, failures, culprit, histories, reason, message, is_dirty, is_reported, files, environment
       ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      cluster, record.slot, record.id, record.variant, record.serial, record.state, record.node, record.address,
      record.createdAt, record.startedAt, record.runningSince, record.due, record.restarts, record.failures, record.culprit,
      jsonOrNull(record.histories), record.reason, record.message,
      Number(isDirty), Number(isReported), record.files, record.environment,
    );
  }

  deletePod(cluster: number, slot: number): void {
    this.#run("delete from pod where cluster = ? and slot = ?", cluster, slot);
  }

  saveGone(cluster: number, podId: string, isGone: boolean): void {
    if (isGone) this.#run("insert or ignore into gone (cluster, pod_id) values (?, ?)", cluster, podId);
    else this.#run("delete from gone where cluster = ? and pod_id = ?", cluster, podId);
  }

  saveReport(cluster: number, report: Report): void {
    this.#run("insert or replace into report (cluster, seq, body) values (?, ?, ?)", cluster, report.seq, JSON.stringify(report));
  }

  /** Forgets reports up to a number; all of them with Infinity. */
  deleteReports(cluster: number, upTo: number): void {
    if (upTo === Infinity) this.#run("delete from report where cluster = ?", cluster);
    else this.#run("delete from report where cluster = ? and seq <= ?", cluster, upTo);
  }

  saveEvent(cluster: number, position: number, stored: StoredEvent | null): void {
    if (stored === null) return this.#run("delete from event where cluster = ? and position = ?", cluster, position);
    this.#run(
      "insert or replace into event (cluster, position, was_sent, body) values (?, ?, ?, ?)",
      cluster, position, Number(stored.wasSent), JSON.stringify(stored.event),
    );
  }

  saveLog(cluster: number, position: number, segment: StoredSegment | null): void {
    if (segment === null) return this.#run("delete from log where cluster = ? and position = ?", cluster, position);
    const { position: _, ...body } = segment;
    this.#run("insert or replace into log (cluster, position, body) values (?, ?, ?)", cluster, position, JSON.stringify(body));
  }

  #run(sql: string, ...values: (string | number | null)[]): void {
    this.#prepare(sql).run(...values);
  }

  /** The texts are those of this file, so there are few. */
  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}

/** What an agent needs of its store: another one may keep it elsewhere. */
export type AgentStore = Pick<FleetStore, keyof FleetStore>;

const numberOrNull = (value: Row[string] | undefined): number | null => (value === null ? null : Number(value));
const textOrNull = (value: Row[string] | undefined): string | null => (value === null ? null : String(value));

const stateText = (state: EventLogState | LogState | null): string => (state === null ? "" : JSON.stringify(state));
const jsonOrNull = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

function heldOf<Spec>(row: Row) {
  return {
    id: String(row["id"]),
    term: Number(row["term"]),
    generation: Number(row["generation"]),
    spec: row["spec"] === null ? null : (JSON.parse(String(row["spec"])) as Spec),
    problem: textOrNull(row["problem"]),
  };
}

function podOf(row: Row): StoredPod {
  return {
    record: {
      slot: Number(row["slot"]),
      id: String(row["id"]),
      variant: Number(row["variant"]),
      serial: Number(row["serial"]),
      state: Number(row["state"]),
      node: Number(row["node"]),
      address: Number(row["address"]),
      createdAt: Number(row["created_at"]),
      startedAt: numberOrNull(row["started_at"]),
      runningSince: numberOrNull(row["running_since"]),
      due: numberOrNull(row["due"]),
      restarts: Number(row["restarts"]),
      failures: Number(row["failures"]),
      culprit: Number(row["culprit"]),
      histories: row["histories"] === null ? null : (JSON.parse(String(row["histories"])) as (ContainerHistory | null)[]),
      reason: textOrNull(row["reason"]),
      message: textOrNull(row["message"]),
      files: Number(row["files"]),
      environment: Number(row["environment"]),
    },
    isDirty: row["is_dirty"] === 1,
    isReported: row["is_reported"] === 1,
  };
}
