/**
 * For which of its words an agent vouches. A ping that names a cluster makes all that is shown of it count as seen at that moment, so it may only name one
 * whose news the centre has, but for what is on its way (link.ts).
 *
 *   welcome ──▶ BEHIND ──▶ ABREAST ──hello anew, refused, or lost──▶ neither
 *                  └ the centre has acknowledged a report that was made since and left nothing out, or there is nothing to say
 *
 * After a welcome the centre may be hours behind, however young the reports are that tell it so: until it has caught up nothing vouches. From then on a
 * cluster falls behind by waiting: a report that was made VOUCH_LIMIT_MS ago and is not acknowledged says that the link works one way only, or too slowly.
 */
import { VOUCH_LIMIT_MS, type Report } from "../link.ts";

export interface Standing {
  readonly isAbreast: boolean;
  /** Wall-clock milliseconds: when the oldest report that is not acknowledged was made, null where there is none. */
  readonly waitingSinceMs: number | null;
}

export const vouches = ({ isAbreast, waitingSinceMs }: Standing, wallMs: number): boolean =>
  isAbreast && (waitingSinceMs === null || wallMs - waitingSinceMs <= VOUCH_LIMIT_MS);

export class Vouching {
  #isAbreast = false;
  /** The newest report that had been made by the welcome. */
  #madeBefore = Infinity;
  /** When the reports that are not acknowledged were made, by their numbers, oldest first. Of those from before a restart nothing is known, nor needed: they are acknowledged by the time that this is abreast. */
  readonly #madeMs = new Map<number, number>();
  #owesPing = false;

  /** It became abreast, and no ping has said so. */
  get owesPing(): boolean {
    return this.#owesPing;
  }

  vouches(wallMs: number): boolean {
    const [oldest] = this.#madeMs.values();
    return vouches({ isAbreast: this.#isAbreast, waitingSinceMs: oldest ?? null }, wallMs);
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

  /** None of the reports that were made counts any more. */
  epochStarted(): void {
    this.#madeMs.clear();
  }

  made(reports: readonly Report[], wallMs: number): void {
    for (const { seq } of reports) this.#madeMs.set(seq, wallMs);
  }

  acked(reports: readonly Report[], isQuiet: boolean): void {
    for (const { seq } of reports) this.#madeMs.delete(seq);
    if (isQuiet || reports.some(({ seq, more }) => seq > this.#madeBefore && more !== true)) this.#becomeAbreast();
  }

  #becomeAbreast(): void {
    if (this.#isAbreast) return;
    this.#isAbreast = true;
    this.#owesPing = true;
  }
}
