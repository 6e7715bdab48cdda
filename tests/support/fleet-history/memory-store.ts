/** An agents' store in memory: what was committed, as text, so that nothing that goes on changing is in it. Copies are cheap, which is what backups are here. */
import type { Report } from "#server/fleet/link.ts";
import type { AgentStore, ClusterRow, StoredCluster } from "#server/fleet/agent/store.ts";

const TABLES = ["template", "placement", "service", "content", "variant", "configSet", "pod", "gone", "report", "event", "log"] as const;
type Table = (typeof TABLES)[number];
interface Kept {
  readonly nonce: string;
  row: string;
  readonly tables: Readonly<Record<Table, Map<string | number, string>>>;
}

const emptyTables = (): Kept["tables"] => Object.fromEntries(TABLES.map((table) => [table, new Map<string | number, string>()])) as Kept["tables"];

export class MemoryStore implements AgentStore {
  readonly #numbers = new Map<string, number>();
  readonly #kept: Kept[] = [];
  /** The disk is full. */
  isFull = false;

  copy(): MemoryStore {
    const copy = new MemoryStore();
    for (const [id, number] of this.#numbers) copy.#numbers.set(id, number);
    for (const { nonce, row, tables } of this.#kept) {
      copy.#kept.push({ nonce, row, tables: Object.fromEntries(TABLES.map((table) => [table, new Map(tables[table])])) as Kept["tables"] });
    }
    return copy;
  }

  transaction(work: () => void): void {
    if (this.isFull) throw new Error("the disk is full");
    work();
  }

  close(): void {}

  enrol(clusterId: string, nonce: string, fresh: ClusterRow): { readonly number: number; readonly nonce: string } {
    const known = this.#numbers.get(clusterId);
    if (known !== undefined) return { number: known, nonce: this.#of(known).nonce };
    const number = this.#kept.push({ nonce, row: JSON.stringify(fresh), tables: emptyTables() }) - 1;
    this.#numbers.set(clusterId, number);
    return { number, nonce };
  }

  load(cluster: number): StoredCluster {
    const { row, tables } = this.#of(cluster);
    const all = <T>(table: Table): T[] => [...tables[table].values()].map((text) => JSON.parse(text) as T);
    return {
      ...(JSON.parse(row) as ClusterRow),
      templates: [...tables.template].map(([hash, text]) => [String(hash), JSON.parse(text) as StoredCluster["templates"][number][1]] as const),
      placements: all("placement"), services: all("service"), contents: all("content"), variants: all("variant"), configSets: all("configSet"),
      pods: all("pod"), gone: [...tables.gone.keys()].map(String), reports: all<StoredCluster["reports"][number]>("report").toSorted((a, b) => a.seq - b.seq),
      waitingEvents: all<StoredCluster["waitingEvents"][number]>("event").toSorted((a, b) => a.position - b.position),
      waitingLogs: all<StoredCluster["waitingLogs"][number]>("log").toSorted((a, b) => a.position - b.position),
    };
  }

  /** Reports that the centre has not acknowledged. */
  reportsOf(clusterId: string): number {
    const number = this.#numbers.get(clusterId);
    return number === undefined ? 0 : this.#of(number).tables.report.size;
  }

  /** Those of them that say more than events, which may be told at any time: repeats a minute later. */
  newsOf(clusterId: string): number {
    const number = this.#numbers.get(clusterId);
    if (number === undefined) return 0;
    const reports = [...this.#of(number).tables.report.values()].map((text) => JSON.parse(text) as Report);
    return reports.filter(({ full, pods, gone, placements, nodes, services = [] }) => full === true || pods.length + gone.length + placements.length + nodes.length + services.length > 0).length;
  }

  /** Placements and services, as they are held; as text, by id. */
  heldBy(clusterId: string): Map<string, string> {
    const number = this.#numbers.get(clusterId);
    if (number === undefined) return new Map();
    const { placement, service } = this.#of(number).tables;
    return new Map([...placement, ...service].map(([id, text]) => [String(id), text]));
  }

  saveCluster(cluster: number, row: ClusterRow): void {
    this.#of(cluster).row = JSON.stringify(row);
  }

  saveTemplate(...[cluster, hash, template]: Parameters<AgentStore["saveTemplate"]>): void {
    this.#save(cluster, "template", hash, template);
  }

  savePlacement(...[cluster, id, placement]: Parameters<AgentStore["savePlacement"]>): void {
    this.#save(cluster, "placement", id, placement);
  }

  saveService(...[cluster, id, service]: Parameters<AgentStore["saveService"]>): void {
    this.#save(cluster, "service", id, service);
  }

  saveContent(...[cluster, name, content]: Parameters<AgentStore["saveContent"]>): void {
    this.#save(cluster, "content", name, content);
  }

  saveConfigSet(...[cluster, number, record]: Parameters<AgentStore["saveConfigSet"]>): void {
    this.#save(cluster, "configSet", number, record);
  }

  saveVariant(...[cluster, number, record]: Parameters<AgentStore["saveVariant"]>): void {
    this.#save(cluster, "variant", number, record);
  }

  savePod(...[cluster, pod]: Parameters<AgentStore["savePod"]>): void {
    this.#save(cluster, "pod", pod.record.slot, pod);
  }

  deletePod(cluster: number, slot: number): void {
    this.#save(cluster, "pod", slot, null);
  }

  saveGone(cluster: number, podId: string, isGone: boolean): void {
    this.#save(cluster, "gone", podId, isGone ? true : null);
  }

  saveReport(...[cluster, report]: Parameters<AgentStore["saveReport"]>): void {
    this.#save(cluster, "report", report.seq, report);
  }

  saveEvent(...[cluster, position, event]: Parameters<AgentStore["saveEvent"]>): void {
    this.#save(cluster, "event", position, event);
  }

  saveLog(...[cluster, position, segment]: Parameters<AgentStore["saveLog"]>): void {
    this.#save(cluster, "log", position, segment);
  }

  deleteReports(cluster: number, upTo: number): void {
    const { report } = this.#of(cluster).tables;
    for (const seq of report.keys()) if (Number(seq) <= upTo) report.delete(seq);
  }

  #save(cluster: number, table: Table, key: string | number, value: unknown): void {
    const rows = this.#of(cluster).tables[table];
    if (value === null) rows.delete(key);
    else rows.set(key, JSON.stringify(value));
  }

  #of(cluster: number): Kept {
    const kept = this.#kept[cluster];
    if (kept === undefined) throw new Error(`the store has no cluster ${cluster}`);
    return kept;
  }
}
