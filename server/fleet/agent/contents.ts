/**
 * The contents of ConfigMaps and Secrets that a cluster has been sent, each by its name. They are kept as they came, sealed, here and in the store, and
 * opened when somebody looks; only their keys (names, no values) are known beside. What can't be opened is not kept, but known as such.
 */
import { SealBroken, unseal, type SealingKey } from "../../domain/sealing.ts";
import type { SealedContent } from "../link.ts";
import type { ContentSource } from "../simulator/config-sets.ts";
import type { UnsavedChanges } from "./unsaved.ts";

export interface StoredContent {
  readonly name: string;
  /** Base64. */
  readonly sealed: string;
  readonly keys: readonly string[];
}

export class Contents implements ContentSource {
  readonly #key: SealingKey;
  readonly #unsaved: UnsavedChanges;
  readonly #contents = new Map<string, { readonly sealed: string; readonly keys: ReadonlySet<string> }>();
  readonly #unopenable = new Set<string>();

  constructor(key: SealingKey, unsaved: UnsavedChanges) {
    this.#key = key;
    this.#unsaved = unsaved;
  }

  get publicKey(): string {
    return this.#key.publicKey;
  }

  /** What was stored under the key of that name. Under another key it can't be opened, and is let go of. */
  restore(stored: readonly StoredContent[], publicKey: string): void {
    for (const { name, sealed, keys } of stored) {
      if (publicKey === this.publicKey) this.#contents.set(name, { sealed, keys: new Set(keys) });
      else this.#unsaved.contents.add(name);
    }
  }

  names(): string[] {
    return [...this.#contents.keys()];
  }

  stored(name: string): StoredContent | null {
    const content = this.#contents.get(name);
    return content === undefined ? null : { name, sealed: content.sealed, keys: [...content.keys] };
  }

  has(name: string): boolean {
    return this.#contents.has(name);
  }

  /** It came, but can't be opened. */
  isUnopenable(name: string): boolean {
    return this.#unopenable.has(name);
  }

  /** Whether anything is known of it now that was not known before. */
  take(name: string, sealed: string): boolean {
    if (this.#contents.has(name)) return false;
    const values = this.#open(name, sealed);
    if (values === null) {
      if (this.#unopenable.has(name)) return false;
      this.#unopenable.add(name);
      return true;
    }
    this.#unopenable.delete(name);
    this.#contents.set(name, { sealed, keys: new Set(values.keys()) });
    this.#unsaved.contents.add(name);
    return true;
  }

  /** Lets go of all others. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#contents.keys()) {
      if (names.has(name)) continue;
      this.#contents.delete(name);
      this.#unsaved.contents.add(name);
    }
    for (const name of this.#unopenable) if (!names.has(name)) this.#unopenable.delete(name);
  }

  keysOf(name: string): ReadonlySet<string> | null {
    return this.#contents.get(name)?.keys ?? null;
  }

  valuesOf(name: string): ReadonlyMap<string, string> | null {
    const content = this.#contents.get(name);
    return content === undefined ? null : this.#open(name, content.sealed);
  }

  #open(name: string, sealed: string): Map<string, string> | null {
    try {
      const { entries } = JSON.parse(unseal(this.#key, sealed, name)) as SealedContent;
      return new Map(entries.map(({ key, value }) => [key, value]));
    } catch (error) {
      // Sealed by somebody who knows the key, but no content: as good as one that can't be opened. The error would quote what was sealed.
      if (error instanceof SealBroken || error instanceof SyntaxError || error instanceof TypeError) return null;
      throw error;
    }
  }
}
