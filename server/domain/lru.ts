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

export function createLru<K, V>(bounds: LruOptions<V>): Lru<K, V> {
  const entries = new Map<K, { readonly value: V; readonly weight: number }>();
  const maxWeight = bounds.maxWeight ?? Infinity;
  let total = 0;
  const remove = (key: K): void => {
    const entry = entries.get(key);
    if (!entry) return;
    entries.delete(key);
    total -= entry.weight;
    bounds.onRemove?.(entry.value);
  };
  return {
    get(key) {
      const entry = entries.get(key);
      if (!entry) return undefined;
      // A Map iterates in the order of insertion: putting it back makes it the newest.
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, weight = 1) {
      remove(key);
      entries.set(key, { value, weight });
      total += weight;
      for (const oldest of entries.keys()) {
        if (entries.size <= bounds.maxEntries && total <= maxWeight) break;
        remove(oldest);
      }
    },
    delete: remove,
    get size() {
      return entries.size;
    },
    get weight() {
      return total;
    },
  };
}
