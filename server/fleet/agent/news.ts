/**
 * What no report has told yet: of each kind a set, so that news coalesce, first come first told; and since when the oldest of it waits.
 *
 * A round is what became news between two makings of reports. Time is what a making says: what it leaves out waits from then on. Where one piece of news takes the
 * place of another, as the end of a pod does of its change, it goes on waiting since that one did.
 */
export interface Round {
  /** Wall-clock milliseconds; Infinity before the making that ends it. */
  sinceMs: number;
  /** News of it that no report has told. */
  left: number;
}

export class Rounds {
  /** Those that have ended, and of which something is left, oldest first. */
  #ended: Round[] = [];
  #current: Round = { sinceMs: Infinity, left: 0 };

  get current(): Round {
    return this.#current;
  }

  /** Reports are about to be made. */
  end(wallMs: number): void {
    if (this.#current.left === 0) return;
    this.#current.sinceMs = wallMs;
    this.#ended = [...this.#ended.filter(({ left }) => left > 0), this.#current];
    this.#current = { sinceMs: Infinity, left: 0 };
  }

  /** Since when something waits that the last making had left out; Infinity for nothing. */
  get oldestMs(): number {
    return this.#ended.find(({ left }) => left > 0)?.sinceMs ?? Infinity;
  }
}

export class News<T> {
  readonly #rounds: Rounds;
  readonly #items = new Map<T, Round>();

  constructor(rounds: Rounds) {
    this.#rounds = rounds;
  }

  get size(): number {
    return this.#items.size;
  }

  has(item: T): boolean {
    return this.#items.has(item);
  }

  keys(): Iterable<T> {
    return this.#items.keys();
  }

  /** What is news already keeps its place. */
  add(item: T, round = this.#rounds.current): void {
    if (this.#items.has(item)) return;
    this.#items.set(item, round);
    round.left += 1;
  }

  /** The round that it was of. */
  delete(item: T): Round | undefined {
    const round = this.#items.get(item);
    if (round === undefined) return undefined;
    this.#items.delete(item);
    round.left -= 1;
    return round;
  }

  clear(): void {
    for (const item of this.#items.keys()) this.delete(item);
  }

  /** Up to so many, those that came first. */
  take(limit: number): T[] {
    const taken = this.#items.keys().take(limit).toArray();
    for (const item of taken) this.delete(item);
    return taken;
  }
}
