/** Keeps what was used last, up to a number of entries and a total weight; the rest is forgotten. */
export interface Lru<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V, weight?: number): void;
  delete(key: K): void;
  readonly size: number;
  /** Of all entries together. */
  readonly weight: number;
}

export interface LruOptions<V> {
  readonly maxEntries: number;
  readonly maxWeight?: number;
  /** Told of each value that is kept no longer, whatever the reason. */
  readonly onRemove?: (value: V) => void;
}

/** In a ring in the order of use: the one after `ends` is the oldest, the one before it the newest. */
interface Link {
  older: Link;
  newer: Link;
}
interface Entry<K, V> extends Link {
  readonly key: K;
  readonly value: V;
  readonly weight: number;
}

// A Map iterates in the order of insertion, but a large one is slow where keys are taken out and put back at every use: hence the ring.
export function createLru<K, V>({ maxEntries, maxWeight = Infinity, onRemove }: LruOptions<V>): Lru<K, V> {
  const entries = new Map<K, Entry<K, V>>();
  const ends = {} as Link;
  ends.older = ends.newer = ends;
  let total = 0;

  const unlink = ({ older, newer }: Link): void => {
    older.newer = newer;
    newer.older = older;
  };
  const makeNewest = (link: Link): void => {
    link.older = ends.older;
    link.newer = ends;
    ends.older.newer = link;
    ends.older = link;
  };
  const remove = (entry: Entry<K, V>): void => {
    entries.delete(entry.key);
    unlink(entry);
    total -= entry.weight;
    onRemove?.(entry.value);
  };
  return {
    get(key) {
      const entry = entries.get(key);
      if (!entry) return undefined;
      if (entry.newer !== ends) {
        unlink(entry);
        makeNewest(entry);
      }
      return entry.value;
    },
    set(key, value, weight = 1) {
      this.delete(key);
      const entry: Entry<K, V> = { key, value, weight, older: ends, newer: ends };
      entries.set(key, entry);
      makeNewest(entry);
      total += weight;
      while (entries.size > maxEntries || total > maxWeight) remove(ends.newer as Entry<K, V>);
    },
    delete(key) {
      const entry = entries.get(key);
      if (entry) remove(entry);
    },
    get size() {
      return entries.size;
    },
    get weight() {
      return total;
    },
  };
}
