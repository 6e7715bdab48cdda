/**
 * What an agent has to say, and what it has said. News are what no report has told yet: pods whose state changed, pods that are gone,
 * placements and services to confirm or that changed, nodes. News are sets, so they coalesce, and while nobody listens they never grow beyond
 * what there is: pods that are gone are named only where a report of this epoch had named them.
 *
 * Events are records, not news: they leave in order, and those of reports that are given up wait again (events.ts).
 *
 * A made report never changes. It is kept, also in the store, until it is acknowledged; at most REPORT_WINDOW are, and of small ones (that would have
 * had room for more) at most one: what happens while it is under way waits for its ack, and is then said together, of each pod its newest state. So who
 * is answered at once reports at once, and who has to wait says less instead of more.
 *
 * What the centre does not have waits: news since the first making of reports that left them out, then as part of a report until that is acknowledged. `waitingSinceMs` is
 * since when the oldest does.
 *
 * An epoch begins with the whole state: all pods are news again, reports are `full`, and the one after which every pod there was has been
 * named ends it with `fullEnds`. Pods are named first come first, so that this ends however much happens meanwhile.
 */
import {
  BATCH_LIMIT, EVENTS_LIMIT, REPORT_WINDOW, type NodeReport, type PlacementReport, type PodReport, type Report, type ServiceReport, type Welcome,
} from "../link.ts";
import type { EventLog } from "./events.ts";
import { News, Rounds } from "./news.ts";
import type { StoredCluster } from "./store.ts";
import type { UnsavedChanges } from "./unsaved.ts";

/** What stands now, for the reports to say. */
export interface ReportSource {
  readonly clusterId: string;
  now(): number;
  slots(): Iterable<number>;
  placementIds(): Iterable<string>;
  serviceIds(): Iterable<string>;
  nodeCount(): number;
  pod(slot: number): PodReport;
  /** null: it is not held any more, or nothing is to be said of it yet. */
  placement(placementId: string): PlacementReport | null;
  service(serviceId: string): ServiceReport | null;
  node(index: number): NodeReport;
  /** What waits to be told of what happened. */
  readonly events: Pick<EventLog, "size" | "take" | "putBack" | "settle">;
}

export interface Position {
  readonly epoch: number;
  readonly lastSeq: number;
  readonly ackedSeq: number;
  readonly isFull: boolean;
}

export class Reporter {
  readonly #source: ReportSource;
  readonly #unsaved: UnsavedChanges;
  #epoch: number;
  #lastSeq: number;
  #ackedSeq: number;
  #unacked: Report[];
  /** The epoch's whole state is being sent; `#unnamed` are the slots that it has not named yet. */
  #isFull: boolean;
  readonly #unnamed = new Set<number>();
  /** Slots that a report of this epoch named. */
  readonly #named = new Set<number>();
  readonly #rounds = new Rounds();
  readonly #pods = new News<number>(this.#rounds);
  readonly #gone = new News<string>(this.#rounds);
  readonly #placements = new News<string>(this.#rounds);
  readonly #services = new News<string>(this.#rounds);
  readonly #nodes = new News<number>(this.#rounds);
  /** Since when the oldest that a report tells had waited, of those that are not acknowledged, by their numbers. Of reports from before a restart nothing is known. */
  readonly #waitingMs = new Map<number, number>();

  constructor(source: ReportSource, unsaved: UnsavedChanges, stored: StoredCluster) {
    this.#source = source;
    this.#unsaved = unsaved;
    this.#epoch = stored.epoch;
    this.#lastSeq = stored.lastSeq;
    this.#ackedSeq = stored.ackedSeq;
    this.#isFull = stored.isFull;
    this.#unacked = [...stored.reports];
    for (const id of stored.gone) this.#gone.add(id);
    for (const { record, isDirty, isReported } of stored.pods) {
      if (isDirty || this.#isFull) this.#pods.add(record.slot);
      if (this.#isFull) this.#unnamed.add(record.slot);
      if (isReported) this.#named.add(record.slot);
    }
    // Cheap to say again, and not worth a write each time they change.
    this.#allObjectsAndNodes();
  }

  #allObjectsAndNodes(): void {
    const source = this.#source;
    for (const id of source.placementIds()) this.#placements.add(id);
    for (const id of source.serviceIds()) this.#services.add(id);
    for (let index = 0; index < source.nodeCount(); index++) this.#nodes.add(index);
  }

  get position(): Position {
    return { epoch: this.#epoch, lastSeq: this.#lastSeq, ackedSeq: this.#ackedSeq, isFull: this.#isFull };
  }

  get unacked(): readonly Report[] {
    return this.#unacked;
  }

  // -------------------------------------------------------------- news

  podChanged(slot: number): void {
    this.#pods.add(slot);
    this.#unsaved.pods.add(slot);
  }

  podGone(slot: number, id: string): void {
    const round = this.#pods.delete(slot);
    this.#unnamed.delete(slot);
    this.#unsaved.pods.add(slot);
    if (!this.#named.delete(slot)) return;
    this.#gone.add(id, round);
    this.#unsaved.gone.set(id, true);
  }

  placementChanged(placementId: string): void {
    this.#placements.add(placementId);
  }

  serviceChanged(serviceId: string): void {
    this.#services.add(serviceId);
  }

  nodeChanged(index: number): void {
    this.#nodes.add(index);
  }

  /** What the store keeps of a pod beside its record. */
  podMarks(slot: number): { readonly isDirty: boolean; readonly isReported: boolean } {
    return { isDirty: this.#pods.has(slot), isReported: this.#named.has(slot) };
  }

  // -------------------------------------------------------------- what the centre has

  /** All that there is to say. */
  get isQuiet(): boolean {
    return this.#unacked.length === 0 && !this.#hasNews();
  }

  /** Wall-clock milliseconds; null where the centre has all that there was to say when reports were last made. Events tell their own time, and don't count. */
  get waitingSinceMs(): number | null {
    const oldest = Math.min(this.#rounds.oldestMs, ...this.#waitingMs.values());
    return oldest === Infinity ? null : oldest;
  }

  /** Whether the reports that the centre has not stored are exactly those that are kept here. */
  goesOnBehind({ epoch, ackedSeq }: Welcome): boolean {
    if (epoch === this.#epoch) return ackedSeq <= this.#lastSeq && ackedSeq >= this.#ackedSeq;
    return epoch < this.#epoch && this.#ackedSeq === 0;
  }

  /** The reports that this acknowledges, and that nothing was known of so far. */
  acked(epoch: number, seq: number): readonly Report[] {
    if (epoch !== this.#epoch || seq <= this.#ackedSeq || seq > this.#lastSeq) return [];
    const acked = this.#unacked.filter((report) => report.seq <= seq);
    this.#unacked = this.#unacked.filter((report) => report.seq > seq);
    for (const report of acked) this.#waitingMs.delete(report.seq);
    this.#ackedSeq = seq;
    this.#unsaved.ackedTo(seq);
    this.#unsaved.cluster = true;
    return acked;
  }

  startEpoch(epoch: number): void {
    this.#epoch = epoch;
    this.#lastSeq = 0;
    this.#ackedSeq = 0;
    this.#isFull = true;
    this.#source.events.putBack(this.#unacked.flatMap(({ events }) => events ?? []));
    this.#unacked = [];
    this.#waitingMs.clear();
    this.#named.clear();
    for (const id of this.#gone.keys()) this.#unsaved.gone.set(id, false);
    this.#gone.clear();
    for (const slot of this.#source.slots()) {
      this.#unnamed.add(slot);
      this.podChanged(slot);
    }
    this.#allObjectsAndNodes();
    this.#unsaved.forgetReports();
    this.#unsaved.cluster = true;
  }

  // -------------------------------------------------------------- reports

  /** Makes the reports that there are news and room in the window for. */
  make(wallMs: number): readonly Report[] {
    const made: Report[] = [];
    this.#rounds.end(wallMs);
    this.#source.events.settle(this.#source.now());
    while (this.#unacked.length < REPORT_WINDOW && this.#hasNews() && (this.#fillsReport() || !this.#unacked.some(isSmall))) {
      const waitingMs = Math.min(wallMs, this.#rounds.oldestMs);
      const report = this.#next();
      this.#waitingMs.set(report.seq, waitingMs);
      made.push(report);
      this.#unacked.push(report);
      this.#unsaved.reports.push(report);
      this.#unsaved.cluster = true;
    }
    return made;
  }

  #hasNews(): boolean {
    return this.#isFull || this.#pods.size + this.#gone.size + this.#placements.size + this.#services.size + this.#nodes.size + this.#source.events.size > 0;
  }

  /** Whether the next report is none that others could wait for. */
  #fillsReport(): boolean {
    return [this.#pods, this.#gone, this.#placements, this.#services, this.#nodes].some((news) => news.size >= BATCH_LIMIT) || this.#source.events.size >= EVENTS_LIMIT;
  }

  #next(): Report {
    const pods = this.#pods.take(BATCH_LIMIT).map((slot) => {
      this.#unnamed.delete(slot);
      this.#named.add(slot);
      this.#unsaved.pods.add(slot);
      return this.#source.pod(slot);
    });
    const gone = this.#gone.take(BATCH_LIMIT);
    for (const id of gone) this.#unsaved.gone.set(id, false);
    const placements = this.#placements.take(BATCH_LIMIT).flatMap((id) => this.#source.placement(id) ?? []);
    const services = this.#services.take(BATCH_LIMIT).flatMap((id) => this.#source.service(id) ?? []);
    const nodes = this.#nodes.take(BATCH_LIMIT).map((index) => this.#source.node(index));
    const isLast = this.#unnamed.size === 0;
    const full = this.#isFull ? { full: true, ...(isLast ? { fullEnds: true } : {}) } : {};
    if (isLast) this.#isFull = false;
    const { clusterId } = this.#source;
    const at = this.#source.now();
    const ofServices = services.length > 0 ? { services } : {};
    const events = this.#source.events.take();
    const ofEvents = events.length > 0 ? { events } : {};
    const more = this.#hasNews() ? { more: true } : {};
    return { type: "report", clusterId, epoch: this.#epoch, seq: ++this.#lastSeq, at, ...full, ...more, pods, gone, placements, nodes, ...ofServices, ...ofEvents };
  }
}

const isSmall = ({ pods, gone, placements, nodes, services = [], events = [] }: Report): boolean =>
  [pods, gone, placements, nodes, services].every((said) => said.length < BATCH_LIMIT) && events.length < EVENTS_LIMIT;
