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
 *      ended, `current` is null for that tenant. Who waits for a look has to see what was noted before it began to wait, and no more: so `lastOwn` is asked then,
 *      and however often the tenant changes something meanwhile, the look after the one that is under way will do.
 *   5. Rows of which streams are about to hear were visible before `noteRows`. They count as shown by the next one: text that is
 *      stored by now is checked against them at once, and what is read after that look has ended has seen them.
 *
 * What is kept is the number of the last look that showed a change, of each thing that can be asked for: few things, never rows. They are in two generations; once
 * the younger one is full, the older one is forgotten: the *floor* rises to its last number, and all that is older counts as changed. So it does where a look
 * could not compare (the first one; after an error, or in another life of the database, whose transaction ids mean something else; after more rows than are
 * worth reading).
 */
export class Looks implements Omit<Changes, "look"> {
  readonly #now: () => number;
  readonly #maxEntries: number;
  #begun = 0;
  #ended: { readonly number: number; readonly beganAt: number } | null = null;
  #seen: Seen | null = null;
  #floor = 0;
  /** By tenant, in the order of the numbers: the newest look that had begun when this process last changed something for it. */
  readonly #own = new Map<string, number>();
  /** The same for everybody, in place of too many. */
  #ownOfAll = 0;

  #young = new Generation();
  #old = new Generation();
  readonly #everybody: Shown = nothingShown();

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
    // Also those that a look has shown: ids of transactions don't say in which life of the database they were, and to read something twice is right.
    for (const row of rows) this.#note(row, next);
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

  /** The newest look that had begun when this process last changed something for the tenant: a later one shows it. */
  lastOwn(tenantId: string): number {
    return Math.max(this.#ownOfAll, this.#own.get(tenantId) ?? 0);
  }

  /** `own`: where it is not now that was asked, what `lastOwn` said then. */
  current(tenantId: string, own = this.lastOwn(tenantId)): number | null {
    const ended = this.#ended;
    if (ended === null || this.#now() - ended.beganAt >= VOUCHES_MS) return null;
    return ended.number > own ? ended.number : null;
  }

  changedSince(tenantId: string, { kind, id, owner }: Dependency, since: number): boolean {
    if (since < this.#floor) return true;
    const tenant = this.#young.tenants.get(tenantId) ?? this.#old.tenants.get(tenantId);
    const everybody = this.#everybody;
    // Mostly nothing at all has changed: what follows is asked some hundred times a request.
    if ((tenant === undefined || tenant.last <= since) && everybody.last <= since) return false;
    const [own, shared] = [tenant?.kinds.get(kind), everybody.kinds.get(kind)];
    if ((own === undefined || own.last <= since) && (shared === undefined || shared.last <= since)) return false;
    // An application is its own owner.
    const named = id ?? (kind === "application" ? owner : undefined);
    if (named !== undefined) return this.#lastOf("ids", kind, named) > since;
    if (owner === undefined) return true;
    return (own?.anybodys ?? 0) > since || (shared?.anybodys ?? 0) > since || this.#lastOf("owners", kind, owner) > since;
  }

  get entries(): number {
    return this.#young.entries + this.#old.entries;
  }

  // ---- keeping

  #note({ tenantId, kind, ids, removedIds, ownerIds }: TimelineRow, number: number): void {
    const young = this.#young;
    const shown = tenantId === null ? this.#everybody : young.tenant(tenantId, this.#old);
    shown.last = number;
    const ofKind = shown.kinds.get(kind) ?? { last: 0, anybodys: 0 };
    shown.kinds.set(kind, ofKind);
    ofKind.last = number;
    for (const some of [ids, removedIds]) young.put("ids", kind, some, number);
    if (ownerIds === null) ofKind.anybodys = number;
    else young.put("owners", kind, ownerIds, number);
    if (young.entries > this.#maxEntries / 2) this.#forgetOld();
  }

  #lastOf(which: "ids" | "owners", kind: TimelineKind, id: string): number {
    return this.#young[which].get(kind)?.get(id) ?? this.#old[which].get(kind)?.get(id) ?? 0;
  }

  #forgetOld(): void {
    this.#floor = Math.max(this.#floor, this.#old.last);
    this.#old = this.#young;
    this.#young = new Generation();
  }

  #forgetAll(floor: number): void {
    this.#floor = Math.max(this.#floor, floor);
    [this.#young, this.#old] = [new Generation(), new Generation()];
    this.#everybody.kinds.clear();
    this.#everybody.last = 0;
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
/** Tenants for which this process changed something since the last look: more than looks can ever lie behind by. */
const MAX_OWN = 10_000;


/** The last looks that showed something, of a tenant or of what is everybody's. */
interface Shown {
  last: number;
  /** `anybodys`: objects of which it is not known whose they are. */
  readonly kinds: Map<TimelineKind, { last: number; anybodys: number }>;
}
const nothingShown = (): Shown => ({ last: 0, kinds: new Map() });

/** What looks showed for some time. Never taken apart: maps from which much is removed, or in which much is moved, are slow. */
class Generation {
  readonly tenants = new Map<string, Shown>();
  /** Ids and owners are random: whose they are needs not be said. */
  readonly ids = new Map<TimelineKind, Map<string, number>>();
  readonly owners = new Map<TimelineKind, Map<string, number>>();
  entries = 0;
  /** The largest number in it. */
  last = 0;

  /** With what the generation before knows of the tenant. */
  tenant(tenantId: string, before: Generation): Shown {
    const known = this.tenants.get(tenantId);
    if (known) return known;
    const shown = before.tenants.get(tenantId) ?? nothingShown();
    this.tenants.set(tenantId, shown);
    this.entries += 1;
    return shown;
  }

  put(which: "ids" | "owners", kind: TimelineKind, ids: readonly string[], number: number): void {
    let map = this[which].get(kind);
    if (!map) this[which].set(kind, (map = new Map()));
    this.entries -= map.size;
    for (const id of ids) map.set(id, number);
    this.entries += map.size;
    this.last = number;
  }
}
