/**
 * For which of its words an agent vouches. A ping that names a cluster makes all that is shown of it count as seen at that moment, so it may only name one
 * whose news the centre has, but for what is on its way (link.ts).
 *
 *   welcome ──▶ BEHIND ──▶ ABREAST ──hello anew, refused, or lost──▶ neither
 *                  └ the centre has acknowledged a report that was made since and left nothing out, or there is nothing to say
 *
 * After a welcome the centre may be hours behind, however young the reports are that tell it so: until it has caught up nothing vouches. From then on a
 * cluster falls behind by waiting: news that are VOUCH_LIMIT_MS old and not acknowledged say that the link works one way only, or too slowly. They count from when they could have
 * been told, not from when a report had room for them: else each report could be young, and what it tells old.
 */
import { VOUCH_LIMIT_MS, type Report } from "../link.ts";

export interface Standing {
  readonly isAbreast: boolean;
  /** Wall-clock milliseconds: since when the oldest waits that the centre does not have (reporter.ts), null where there is nothing. */
  readonly waitingSinceMs: number | null;
}

export const vouches = ({ isAbreast, waitingSinceMs }: Standing, wallMs: number): boolean =>
  isAbreast && (waitingSinceMs === null || wallMs - waitingSinceMs <= VOUCH_LIMIT_MS);

export class Vouching {
  #isAbreast = false;
  /** The newest report that had been made by the welcome. */
  #madeBefore = Infinity;
  #owesPing = false;

  get isAbreast(): boolean {
    return this.#isAbreast;
  }

  /** It became abreast, and no ping has said so. */
  get owesPing(): boolean {
    return this.#owesPing;
  }

  pinged(): void {
    this.#owesPing = false;
  }

  /** `isQuiet`: the centre has all that there is to say. */
  welcomed(lastSeq: number, isQuiet: boolean): void {
    this.#madeBefore = lastSeq;
    if (isQuiet) this.#becomeAbreast();
  }

  /** The session is over, or begins anew. */
  lost(): void {
    this.#isAbreast = false;
    this.#owesPing = false;
    this.#madeBefore = Infinity;
  }

  acked(reports: readonly Report[], isQuiet: boolean): void {
    if (isQuiet || reports.some(({ seq, more }) => seq > this.#madeBefore && more !== true)) this.#becomeAbreast();
  }

  #becomeAbreast(): void {
    if (this.#isAbreast) return;
    this.#isAbreast = true;
    this.#owesPing = true;
  }
}
