/** By text, then by tenant. */
type Window = Map<string, Map<string, number>>;

const WINDOW_MS = 10_000;
/** Of a window, and characters of a text: what says more is no small statement. */
const MAX_ENTRIES = 1_000;
const MAX_TEXT = 4_000;

/**
 * How long a statement takes for a tenant: the least of what it took lately, since all that is beyond it was spent waiting for others. Two windows: what was
 * noted in this one and in the one before is known, so that it is forgotten within two of them what was once fast and no longer is.
 */
export class Pace {
  readonly #now: () => number;
  #young: Window = new Map();
  #old: Window = new Map();
  #entries = 0;
  #until = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  took(text: string, tenantId: string, ms: number): void {
    if (text.length > MAX_TEXT) return;
    const now = this.#now();
    if (now >= this.#until || this.#entries >= MAX_ENTRIES) {
      [this.#old, this.#young, this.#entries, this.#until] = [this.#young, new Map(), 0, now + WINDOW_MS];
    }
    let ofText = this.#young.get(text);
    if (!ofText) this.#young.set(text, (ofText = new Map()));
    const least = ofText.get(tenantId);
    if (least === undefined) this.#entries += 1;
    if (least === undefined || ms < least) ofText.set(tenantId, ms);
  }

  /** Infinity: it is not known. */
  expected(text: string, tenantId: string): number {
    return Math.min(this.#young.get(text)?.get(tenantId) ?? Infinity, this.#old.get(text)?.get(tenantId) ?? Infinity);
  }
}
