/** How the pods of a cluster have really been, and until when: what the centre shows as seen at some moment has to have been so then. */
import type { PodReport } from "#server/fleet/link.ts";
import { type Beliefs, podKey } from "./centre.ts";

interface Seen {
  key: string;
  report: Pick<PodReport, "placementId" | "revisionId">;
}
const NOTHING = "nothing";

export class Truth {
  readonly #pods = new Map<string, Seen>();
  /** By pod: what it was before, and when it last was so. */
  readonly #until = new Map<string, Map<string, number>>();

  look(now: number, reports: readonly PodReport[]): void {
    const left = new Set(this.#pods.keys());
    for (const report of reports) {
      left.delete(report.id);
      const key = podKey(report);
      const before = this.#pods.get(report.id);
      if (before?.key === key) continue;
      this.#was(report.id, before?.key ?? NOTHING, now);
      this.#pods.set(report.id, { key, report });
    }
    for (const id of left) {
      const before = this.#pods.get(id);
      if (before === undefined || before.key === NOTHING) continue;
      this.#was(id, before.key, now);
      before.key = NOTHING;
    }
  }

  isThere(podId: string): boolean {
    const key = this.#pods.get(podId)?.key ?? NOTHING;
    return key !== NOTHING;
  }

  /** What is shown as seen at `seenAt`, and was not so at any time from `earliest` on. */
  lies(beliefs: Beliefs, earliest: number): string[] {
    return [...new Set([...this.#pods.keys(), ...beliefs.pods.keys()])].flatMap((id) => {
      const seen = this.#pods.get(id);
      const shown = beliefs.pods.get(id) ?? NOTHING;
      if (seen?.key === shown) return [];
      // What the centre knows nothing of it does not show.
      if (shown === NOTHING && seen && !(beliefs.objects.has(seen.report.placementId) && beliefs.revisions.has(seen.report.revisionId))) return [];
      const until = this.#until.get(id)?.get(shown) ?? -Infinity;
      return until < earliest ? [`pod ${id} is shown as "${shown}", which it last was at ${until}, and is "${seen?.key ?? NOTHING}"`] : [];
    });
  }

  #was(id: string, key: string, until: number): void {
    const untils = this.#until.get(id) ?? new Map<string, number>();
    this.#until.set(id, untils.set(key, until));
  }
}
