import { createLru } from "../domain/lru.ts";
import type { Changes, Dependency } from "./changes.ts";

/**
 * Text that was read once, kept for whoever asks for the same again: of one object under one selection, for one tenant, role and set of namespaces, all of
 * which the key says. Nothing here knows what the text says, only what it depends on.
 *
 *   set ──▶ kept ──asked for, nothing changed──▶ kept, as if it had been read now
 *            ├── asked for, something changed ──▶ gone
 *            └── not asked for, and others need the room ──▶ gone
 *
 * Invariants
 * - What is answered is as the database was when look `current` began, or newer: `since` is the look that had ended before the read began, and nothing that it
 *   depends on is known to have changed after. So `since` may rise to `current` whenever that was asked.
 * - Bytes and entries are bounded. Bytes are those of keys, text, dependencies and what the runtime needs to hold them.
 * - Text has memory of its own: it does not keep the database's messages alive that it was cut from.
 */
export interface Remembered<Value extends Weighed> {
  /**
   * The value, where it is as good as one read after look `current` had ended.
   * @param current what `changes.current(tenantId)` said just now
   */
  get(key: string, tenantId: string, changes: Pick<Changes, "changedSince">, current: number): Value | undefined;
  /** @param since what `changes.current(tenantId)` said before the read began */
  set(key: string, value: Value, since: number, dependencies: readonly Dependency[]): void;
  readonly size: number;
  readonly bytes: number;
}

/** Text in UTF-8; or which objects a list has, with their cursors. */
export type Weighed = { readonly text: Uint8Array } | { readonly ids: readonly string[]; readonly cursors: readonly string[] };

export type Lookup = "hit" | "miss" | "stale";

export interface RememberedOptions {
  readonly maxBytes: number;
  /** Default: as many as fit. */
  readonly maxEntries?: number;
  /** Told of each lookup, for measuring. */
  readonly onLookup?: (lookup: Lookup) => void;
}

interface Entry<Value> {
  readonly value: Value;
  readonly shared: Shared;
  since: number;
}
/** Many texts depend on the same: one of each object, and the pages that it is in, under every selection. */
interface Shared {
  readonly name: string;
  readonly dependencies: readonly Dependency[];
  users: number;
}

/**
 * Measured with Node 24 as heap and buffers after a collection: an entry with its place in the map and the headers of its strings and buffer; a dependency; an item
 * of a list. That is for keys and ids which are flat: a string that was concatenated, or cut from a larger one, keeps its pieces or all of that one. What the process
 * takes from the system is more, up to three times as much.
 */
const ENTRY_BYTES = 700;
const DEPENDENCY_BYTES = 260;
const ITEM_BYTES = 32;
/** What is larger than this part of the whole would push too much out. */
const LARGEST = 1 / 16;

export function createRemembered<Value extends Weighed>({ maxBytes, maxEntries = Infinity, onLookup }: RememberedOptions): Remembered<Value> {
  const shares = new Map<string, Shared>();
  const entries = createLru<string, Entry<Value>>({
    maxEntries,
    maxWeight: maxBytes,
    onRemove({ shared }) {
      shared.users -= 1;
      if (shared.users === 0) shares.delete(shared.name);
    },
  });
  const share = (dependencies: readonly Dependency[]): Shared => {
    const name = dependencies.map(nameOf).join();
    const known = shares.get(name);
    const shared = known ?? { name, dependencies, users: 0 };
    if (!known) shares.set(name, shared);
    shared.users += 1;
    return shared;
  };
  return {
    get(key, tenantId, changes, current) {
      const entry = entries.get(key);
      if (!entry) {
        onLookup?.("miss");
        return undefined;
      }
      for (const dependency of entry.shared.dependencies) {
        if (!changes.changedSince(tenantId, dependency, entry.since)) continue;
        entries.delete(key);
        onLookup?.("stale");
        return undefined;
      }
      entry.since = Math.max(entry.since, current);
      onLookup?.("hit");
      return entry.value;
    },
    set(key, value, since, dependencies) {
      const weight = ENTRY_BYTES + key.length * 2 + bytesOf(value) + dependencies.length * DEPENDENCY_BYTES;
      entries.delete(key);
      if (weight > maxBytes * LARGEST) return;
      entries.set(key, { value: owned(value), shared: share(dependencies), since }, weight);
    },
    get size() {
      return entries.size;
    },
    get bytes() {
      return entries.weight;
    },
  };
}

/** One of a kind: no part of it has a space or a comma. */
const nameOf = ({ kind, id = "", owner = "" }: Dependency): string => `${kind} ${id} ${owner}`;

const bytesOf = (value: Weighed): number => ("text" in value ? value.text.byteLength : [...value.ids, ...value.cursors].reduce((sum, item) => sum + item.length + ITEM_BYTES, 0));

/** A copy, unless the text is alone in its memory already. */
function owned<Value extends Weighed>(value: Value): Value {
  if (!("text" in value) || value.text.byteLength === value.text.buffer.byteLength) return value;
  const text = Buffer.allocUnsafeSlow(value.text.byteLength);
  text.set(value.text);
  return { ...value, text };
}
