/** Mulberry32: numbers in [0, 1) that are the same for the same seed. For tests that print their seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What random things are made with. */
export interface Dice {
  /** A whole number from 0, less than the limit. */
  below(limit: number): number;
  pick<T>(items: readonly T[]): T;
  chance(p: number): boolean;
  /** Each with this probability, in their order. */
  some<T>(items: readonly T[], p: number): T[];
  /** By weights that are not negative; of none that weighs anything, the first. */
  weighted<T>(items: readonly T[], weight: (item: T) => number): T;
  uuid(): string;
}

export function diceOf(seed: number): Dice {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const chance = (p: number): boolean => random() < p;
  return {
    below,
    chance,
    pick: (items) => {
      if (items.length === 0) throw new Error("There is nothing to pick from");
      return items[below(items.length)] as (typeof items)[number];
    },
    some: (items, p) => items.filter(() => chance(p)),
    weighted: (items, weight) => {
      let left = random() * items.reduce((sum, item) => sum + weight(item), 0);
      const found = items.find((item) => (left -= weight(item)) < 0) ?? items[0];
      if (found === undefined) throw new Error("There is nothing to pick from");
      return found;
    },
    uuid: () => {
      const hex = Array.from({ length: 32 }, () => below(16).toString(16));
      hex[12] = "7";
      hex[16] = "89ab"[below(4)] as string;
      const text = hex.join("");
      return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
    },
  };
}
