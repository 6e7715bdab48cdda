/**
 * What has changed since the last commit. It names what to write, not what was written: saving looks at how things stand then, so that a
 * change and its opposite cost one write, and a failed transaction is tried again as a whole.
 */
import type { Report } from "../link.ts";

export class UnsavedChanges {
  cluster = false;
  readonly pods = new Set<number>();
  readonly variants = new Set<number>();
  readonly placements = new Set<string>();
  readonly services = new Set<string>();
  readonly templates = new Set<string>();
  readonly configSets = new Set<number>();
  readonly contents = new Set<string>();
  /** By pod id: whether it is in the list of gone pods. */
  readonly gone = new Map<string, boolean>();
  /** Positions of events that wait, or did. */
  readonly events = new Set<number>();
  /** Positions of segments of lines, likewise. */
  readonly logs = new Set<number>();
  reports: Report[] = [];
  #ackedUpTo = 0;

  /** Stored reports up to this number are to be deleted. */
  get ackedUpTo(): number {
    return this.#ackedUpTo;
  }

  get isEmpty(): boolean {
    return (
      !this.cluster && this.reports.length === 0 && this.#ackedUpTo === 0 &&
      [this.pods, this.variants, this.placements, this.services, this.templates, this.configSets, this.contents, this.gone, this.events, this.logs].every((each) => each.size === 0)
    );
  }

  ackedTo(seq: number): void {
    this.#ackedUpTo = Math.max(this.#ackedUpTo, seq);
  }

  /** A new epoch: none of the reports made so far counts. */
  forgetReports(): void {
    this.#ackedUpTo = Infinity;
    this.reports = [];
  }

  clear(): void {
    this.cluster = false;
    this.pods.clear();
    this.variants.clear();
    this.placements.clear();
    this.services.clear();
    this.templates.clear();
    this.configSets.clear();
    this.contents.clear();
    this.gone.clear();
    this.events.clear();
    this.logs.clear();
    this.reports = [];
    this.#ackedUpTo = 0;
  }
}
