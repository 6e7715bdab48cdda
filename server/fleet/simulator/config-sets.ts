/**
 * Configuration sets: what ConfigMaps and Secrets a placement was assigned, each in which version (content). A set is interned: pods know it by its
 * number. It is there while it is assigned, or a pod's files or environment are of it; then its number is used again. Values are not here:
 * they are the agent's, and asked for when somebody looks (ContentSource).
 */
import type { ConfigUse } from "../../domain/placement.ts";
import { NONE } from "./pods.ts";

/** What is stored of a set. */
export interface ConfigSetRecord {
  readonly number: number;
  readonly placementId: string;
  readonly configs: readonly ConfigUse[];
  /** When it was assigned last: pods' files follow from then on. Simulated milliseconds. */
  readonly since: number;
}

/** The contents that sets name, as the agent has them. */
export interface ContentSource {
  /** null where it is not here, or can't be opened. */
  keysOf(content: string): ReadonlySet<string> | null;
  /** Opens it; null as above. */
  valuesOf(content: string): ReadonlyMap<string, string> | null;
}

export class ConfigSets {
  readonly #setChanged: (number: number) => void;
  readonly #sets: (ConfigSetRecord | undefined)[] = [];
  readonly #uses: number[] = [];
  readonly #free: number[] = [];
  /** Numbers by placement. */
  readonly #numbers = new Map<string, Set<number>>();

  /** @param setChanged is told of sets that are new, changed or gone. */
  constructor(setChanged: (number: number) => void) {
    this.#setChanged = setChanged;
  }

  get(number: number): ConfigSetRecord | undefined {
    return this.#sets[number];
  }

  /** Every content that some set names. */
  contents(): Set<string> {
    return new Set(this.#sets.flatMap((set) => set?.configs.map(({ content }) => content) ?? []));
  }

  /** The number of the placement's set that is like this; made where there is none, with nobody who uses it. NONE for an empty one. */
  intern(placementId: string, configs: readonly ConfigUse[], since: number): number {
    if (configs.length === 0) return NONE;
    for (const known of this.#numbers.get(placementId) ?? []) {
      if (isSame((this.#sets[known] as ConfigSetRecord).configs, configs)) return known;
    }
    const number = this.#free.pop() ?? this.#sets.length;
    this.put({ number, placementId, configs, since });
    return number;
  }

  /** As it was stored, or with another `since`. */
  put(record: ConfigSetRecord): void {
    this.#sets[record.number] = record;
    this.#uses[record.number] ??= 0;
    const numbers = this.#numbers.get(record.placementId) ?? new Set();
    this.#numbers.set(record.placementId, numbers.add(record.number));
    this.#setChanged(record.number);
  }

  retain(number: number): void {
    if (number !== NONE) this.#uses[number] = (this.#uses[number] as number) + 1;
  }

  release(number: number): void {
    if (number === NONE) return;
    this.#uses[number] = (this.#uses[number] as number) - 1;
    this.#dropIfUnused(number);
  }

  /** After restoring: lets go of what nobody uses, and knows which numbers are free. */
  collect(): void {
    this.#free.length = 0;
    for (let number = this.#sets.length - 1; number >= 0; number--) {
      if (this.#sets[number] === undefined) this.#free.push(number);
      else this.#dropIfUnused(number);
    }
  }

  #dropIfUnused(number: number): void {
    if ((this.#uses[number] as number) > 0) return;
    const { placementId } = this.#sets[number] as ConfigSetRecord;
    const numbers = this.#numbers.get(placementId);
    numbers?.delete(number);
    if (numbers?.size === 0) this.#numbers.delete(placementId);
    this.#sets[number] = undefined;
    this.#free.push(number);
    this.#setChanged(number);
  }
}

const isSame = (one: readonly ConfigUse[], other: readonly ConfigUse[]): boolean =>
  one.length === other.length &&
  one.every(({ id, content }, index) => id === (other[index] as ConfigUse).id && content === (other[index] as ConfigUse).content);

export const contentIn = (set: ConfigSetRecord | undefined, id: string): string | undefined => set?.configs.find((use) => use.id === id)?.content;
