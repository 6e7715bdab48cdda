/**
 * What has been acknowledged, and so has to be seen in answers. Times are performance.now() of the one process that writes, asks and judges.
 *
 *   value     of an object, only ever rising: a version, a generation, a count
 *   presence  of a name in a list: changes that begin, and are acknowledged or refused
 *
 * An answer has to show what the instance that gives it had acknowledged, or told a subscriber, before it was asked; and what anybody had acknowledged `boundMs`
 * before that. What was on its way at that time may be seen or not.
 */
export interface Asking {
  /** The instance that is asked. */
  readonly instance: number;
  /** When. */
  readonly at: number;
}

export interface PresenceChange {
  readonly present: boolean;
  /** When it may first have been seen. */
  readonly begun: number;
  /** When it was acknowledged, and by which instance; null: by none of those that are asked. */
  done: { readonly at: number; readonly by: number | null } | null;
}

/** How long a name that is gone is still known: to show it any later is to show what there is not. */
const FORGOTTEN_AFTER_MS = 5000;

export class Ledger {
  readonly #boundMs: number;
  readonly #values = new Map<string, { readonly anybody: Rising; readonly by: Map<number, Rising> }>();
  readonly #lists = new Map<string, Map<string, PresenceChange[]>>();

  constructor(boundMs: number) {
    this.#boundMs = boundMs;
  }

  // ---- values

  /** `by`: the instance that has just acknowledged it. */
  wrote(key: string, value: number, by: number | null, at = performance.now()): void {
    let known = this.#values.get(key);
    if (!known) this.#values.set(key, (known = { anybody: new Rising(), by: new Map() }));
    known.anybody.add(value, at);
    if (by === null) return;
    const own = known.by.get(by) ?? new Rising();
    known.by.set(by, own);
    own.add(value, at);
  }

  /** What such an answer must show at least. */
  least(key: string, { instance, at }: Asking): number {
    const known = this.#values.get(key);
    return Math.max(known?.anybody.before(at - this.#boundMs) ?? -Infinity, known?.by.get(instance)?.before(at) ?? -Infinity);
  }

  /** What is wrong with a value in an answer; null: nothing. */
  judge(key: string, value: number, asking: Asking): string | null {
    const least = this.least(key, asking);
    return value < least ? `${key} is ${value}, where it was ${least} in time` : null;
  }

  // ---- presence

  begins(list: string, name: string, present: boolean): PresenceChange {
    const change: PresenceChange = { present, begun: performance.now(), done: null };
    const names = this.#lists.get(list) ?? new Map<string, PresenceChange[]>();
    this.#lists.set(list, names);
    const changes = names.get(name) ?? [];
    names.set(name, changes);
    changes.push(change);
    return change;
  }

  acknowledged(change: PresenceChange, by: number | null): void {
    change.done = { at: performance.now(), by };
  }

  /** It was refused, and never was. */
  refused(list: string, name: string, change: PresenceChange): void {
    const names = this.#lists.get(list);
    const left = names?.get(name)?.filter((one) => one !== change) ?? [];
    if (left.length > 0) names?.set(name, left);
    else names?.delete(name);
  }

  /** What is wrong with an answer that has just come and shows all of a list; null: nothing. */
  judgeList(list: string, shown: readonly string[], total: number | null, asking: Asking): string | null {
    const came = performance.now();
    const names = this.#lists.get(list) ?? new Map<string, PresenceChange[]>();
    const there = new Set(shown);
    if (there.size < shown.length) return `${list} shows something twice: ${shown.join()}`;
    for (const name of shown) if (!names.has(name)) return `${list} shows ${name}, which does not belong there`;
    let [least, most] = [0, 0];
    for (const [name, changes] of names) {
      const last = changes.findLast(({ begun }) => begun <= came);
      const sure = last !== undefined && this.#mustShow(last, asking);
      if (sure && last.present !== there.has(name)) return last.present ? `${list} lacks ${name}, which came in time` : `${list} shows ${name}, which went in time`;
      if (!sure || last.present) most += 1;
      if (sure && last.present) least += 1;
      if (last?.done && !last.present && last.done.at < came - FORGOTTEN_AFTER_MS) names.delete(name);
      else if (changes.length > 20) changes.splice(0, 10);
    }
    return total !== null && (total < least || total > most) ? `${list} counts ${total}, where it has ${least} to ${most}` : null;
  }

  #mustShow({ done }: PresenceChange, { instance, at }: Asking): boolean {
    return done !== null && (done.at < at - this.#boundMs || (done.by === instance && done.at < at));
  }
}

/** The highest value by time. */
class Rising {
  readonly #at: number[] = [];
  readonly #values: number[] = [];

  add(value: number, at: number): void {
    if (value <= (this.#values.at(-1) ?? -Infinity)) return;
    this.#at.push(at);
    this.#values.push(value);
  }

  /** −Infinity where there was none yet. */
  before(time: number): number {
    let [low, high] = [0, this.#at.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#at[middle] as number) < time) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? -Infinity : (this.#values[low - 1] as number);
  }
}
