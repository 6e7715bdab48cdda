import type { Changes, Dependency } from "../read/changes.ts";
import type { TimelineRow } from "./tailer.ts";
import type { TimelineKind } from "./timeline.ts";

/**
 * What is known of changes, by looking at the timeline: the rules alone, without a database or timers; changes.ts looks.
 *
 * A *look* is one statement: a snapshot, and the rows of the transactions that this snapshot sees and the one of the look before did not. It waits for nobody,
 * as the tailer must: in which order things became visible does not matter here, only that they have. Looks are numbered, one at a time:
 *
 *   begin n ──▶ snapshot n is taken ──▶ end n: what it showed is known by the number n
 *
 * Why what is answered is never too old. A text is stored with `since`, the newest look that had ended before its read began.
 *   1. The read's snapshot came after snapshot `since`: it sees all that looks up to `since` showed.
 *   2. What it did not see became visible after snapshot `since`, so a look with a larger number shows it.
 *   3. So where no look after `since` up to n showed a change of what the text depends on, it is as a read at snapshot n would give it; and snapshot n was
 *      taken after look n began. `current` gives n only where that was less than VOUCHES_MS ago.
 *   4. What this process itself has changed for a tenant was visible before `noteOwn`, so a look that begins after that call shows it. Until such a one has
 *      ended, `current` is null for that tenant.
 *   5. Rows of which streams are about to hear were visible before `noteRows`. Those that no look has shown yet count as shown by the next one: text that is
 *      stored by now is checked against them at once, and what is read after that look has ended has seen them.
 *
 * What is kept is the number of the last look that showed a change, of each thing that can be asked for: few things, never rows. Too many of them, and the
 * oldest are forgotten: the *floor* rises to their number, and all that is older counts as changed. So it does where a look could not compare (the first one;
 * after an error, or in another life of the database, whose transaction ids mean something else; after more rows than are worth reading).
 */
export class Looks implements Changes {
  readonly #now: () => number;
  readonly #maxEntries: number;
  #begun = 0;
  #ended: { readonly number: number; readonly beganAt: number } | null = null;
  #seen: Seen | null = null;
  #floor = 0;
  /** By tenant: the newest look that had begun when this process last changed something for it. In the order of these numbers. */
  readonly #own = new Map<string, number>();
  /** The same for everybody, in place of too many. */
  #ownOfAll = 0;

  // Each of these maps is in the order of its numbers, so that the oldest is the first.
  readonly #tenants = new Map<string, Shown>();
  readonly #everybody: Shown = nothingShown();
  /** Ids and owners are random: whose they are needs not be said. */
  readonly #ids = new Map<TimelineKind, Map<string, number>>();
  readonly #owners = new Map<TimelineKind, Map<string, number>>();
  #entries = 0;

  constructor({ now, maxEntries = MAX_ENTRIES }: LooksOptions) {
    this.#now = now;
    this.#maxEntries = maxEntries;
  }

  // ---- looking

  /** Of those that have begun, one at most may not have ended or failed. */
  begin(): Begun {
    this.#begun += 1;
    return { number: this.#begun, beganAt: this.#now(), since: this.#seen };
  }

  /** Answers whether it could compare; where not, all that was remembered is void. */
  end({ number, beganAt, since }: Begun, { seen, rows }: Look): boolean {
    const compared = since !== null && since === this.#seen && since.life === seen.life && rows !== null;
    if (compared) for (const row of rows) this.#note(row, number);
    else this.#forgetAll(number);
    this.#seen = seen;
    this.#ended = { number, beganAt };
    for (const [tenantId, begun] of this.#own) {
      if (begun >= number) break;
      this.#own.delete(tenantId);
    }
    return compared;
  }

  /** A look failed: the next one can't compare. */
  failed(): void {
    this.#seen = null;
  }

  // ---- what others know

  /** This process is about to answer a mutation of the tenant, which has been committed. */
  noteOwn(tenantId: string): void {
    this.#own.delete(tenantId);
    this.#own.set(tenantId, this.#begun);
    if (this.#own.size <= MAX_OWN) return;
    this.#ownOfAll = this.#begun;
    this.#own.clear();
  }

  /** Rows that were committed, of which streams are about to hear. */
  noteRows(rows: readonly TimelineRow[]): void {
    if (this.#ended === null) return;
    const next = this.#ended.number + 1;
    for (const row of rows) if (this.#seen === null || !sees(this.#seen, row.xid)) this.#note(row, next);
  }

  /** All that was known is void: the next look can't compare, and what was remembered before it has ended counts as changed. */
  forget(): void {
    this.#seen = null;
    this.#forgetAll(this.#begun + 1);
  }

  // ---- asking

  get vouches(): boolean {
    return this.#ended !== null && this.#now() - this.#ended.beganAt < VOUCHES_MS;
  }

  current(tenantId: string): number | null {
    const ended = this.#ended;
    if (ended === null || this.#now() - ended.beganAt >= VOUCHES_MS) return null;
    return ended.number > Math.max(this.#ownOfAll, this.#own.get(tenantId) ?? 0) ? ended.number : null;
  }

  changedSince(tenantId: string, { kind, id, owner }: Dependency, since: number): boolean {
    if (since < this.#floor) return true;
    const tenant = this.#tenants.get(tenantId);
    const everybody = this.#everybody;
    // Mostly nothing at all has changed: what follows is asked some hundred times a request.
    if ((tenant === undefined || tenant.last <= since) && everybody.last <= since) return false;
    const [own, shared] = [tenant?.kinds.get(kind), everybody.kinds.get(kind)];
    if ((own === undefined || own.last <= since) && (shared === undefined || shared.last <= since)) return false;
    // An application is its own owner.
    const named = id ?? (kind === "application" ? owner : undefined);
    if (named !== undefined) return (this.#ids.get(kind)?.get(named) ?? 0) > since;
    if (owner === undefined) return true;
    return (own?.anybodys ?? 0) > since || (shared?.anybodys ?? 0) > since || (this.#owners.get(kind)?.get(owner) ?? 0) > since;
  }

  get entries(): number {
    return this.#entries;
  }

  // ---- keeping

  #note({ tenantId, kind, ids, removedIds, ownerIds }: TimelineRow, number: number): void {
    const shown = tenantId === null ? this.#everybody : (this.#tenants.get(tenantId) ?? nothingShown());
    if (tenantId !== null) this.#put(this.#tenants, tenantId, shown);
    shown.last = number;
    const ofKind = shown.kinds.get(kind) ?? { last: 0, anybodys: 0 };
    shown.kinds.set(kind, ofKind);
    ofKind.last = number;
    for (const some of [ids, removedIds]) for (const id of some) this.#put(mapOf(this.#ids, kind), id, number);
    if (ownerIds === null) ofKind.anybodys = number;
    else for (const owner of ownerIds) this.#put(mapOf(this.#owners, kind), owner, number);
    if (this.#entries > this.#maxEntries) this.#forgetOldest();
  }

  #put<Value>(map: Map<string, Value>, key: string, value: Value): void {
    if (!map.delete(key)) this.#entries += 1;
    map.set(key, value);
  }

  /** Some at once, by one walk: a map's first entry is found the slower the more were taken from before it. */
  #forgetOldest(): void {
    const walks: Walk[] = [walk(this.#tenants, ({ last }) => last)];
    for (const kinds of [this.#ids, this.#owners]) for (const map of kinds.values()) walks.push(walk(map, (number) => number));
    while (this.#entries > this.#maxEntries * KEPT) {
      const oldest = walks.reduce((least, other) => (other.number < least.number ? other : least));
      this.#floor = Math.max(this.#floor, oldest.number);
      oldest.forget();
      this.#entries -= 1;
    }
  }

  #forgetAll(floor: number): void {
    this.#floor = Math.max(this.#floor, floor);
    for (const map of [this.#tenants, this.#ids, this.#owners, this.#everybody.kinds]) map.clear();
    this.#everybody.last = 0;
    this.#entries = 0;
  }
}

export interface LooksOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Things whose last change is known at most. */
  readonly maxEntries?: number;
}

/** What a look saw. */
export interface Seen {
  /** Of the database and its server: transaction ids of two lives can't be compared. */
  readonly life: string;
  /** Transactions from this id on had not ended. */
  readonly end: number;
  /** Nor had these before it. */
  readonly running: ReadonlySet<number>;
}

export interface Begun {
  readonly number: number;
  readonly beganAt: number;
  /** What it is to compare with; null: nothing. */
  readonly since: Seen | null;
}

export interface Look {
  readonly seen: Seen;
  /** Of transactions that `since` did not see; null: too many. */
  readonly rows: readonly TimelineRow[] | null;
}

/** How old the beginning of the look may be that vouches for an answer: nothing remembered is older. */
export const VOUCHES_MS = 250;
const MAX_ENTRIES = 200_000;
/** Of these, how much is left once there were too many. */
const KEPT = 7 / 8;
/** Tenants for which this process changed something since the last look: more than looks can ever lie behind by. */
const MAX_OWN = 10_000;

/** Whether a snapshot sees a transaction that was committed. */
const sees = ({ end, running }: Seen, xid: number): boolean => xid < end && !running.has(xid);

/** The last looks that showed something, of a tenant or of what is everybody's. */
interface Shown {
  last: number;
  /** `anybodys`: objects of which it is not known whose they are. */
  readonly kinds: Map<TimelineKind, { last: number; anybodys: number }>;
}
const nothingShown = (): Shown => ({ last: 0, kinds: new Map() });

function mapOf(kinds: Map<TimelineKind, Map<string, number>>, kind: TimelineKind): Map<string, number> {
  let map = kinds.get(kind);
  if (!map) kinds.set(kind, (map = new Map()));
  return map;
}

/** From a map's oldest entry on. */
interface Walk {
  /** Of the entry at hand; Infinity behind the last. */
  number: number;
  forget(): void;
}

function walk<Value>(map: Map<string, Value>, numberOf: (value: Value) => number): Walk {
  const entries = map.entries();
  let key = "";
  const next = (): void => {
    const entry = entries.next();
    if (!entry.done) key = entry.value[0];
    step.number = entry.done ? Infinity : numberOf(entry.value[1]);
  };
  const step: Walk = {
    number: 0,
    forget() {
      map.delete(key);
      next();
    },
  };
  next();
  return step;
}
