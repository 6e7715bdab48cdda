/**
 * Seeded chance. A stream is sfc32 (Chris Doty-Humphrey's small fast counter, 128 bits of state), seeded by SHA-256 of its name, so that
 * streams of different names are independent and what one cluster draws never moves what another draws. Its state can be stored.
 */
import { createHash } from "node:crypto";

export type RandomState = readonly [number, number, number, number];

export class RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  constructor(state: RandomState) {
    [this.#a, this.#b, this.#c, this.#counter] = state;
  }

  /** A stream of its own for every list of parts. */
  static named(...parts: readonly (string | number)[]): RandomStream {
    const digest = createHash("sha256").update(JSON.stringify(parts)).digest();
    return new RandomStream([digest.readInt32LE(0), digest.readInt32LE(4), digest.readInt32LE(8), 1]);
  }

  get state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  /** 32 random bits, as an unsigned number. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number, both ends included. */
  between(min: number, max: number): number {
    return min + Math.floor((this.uint32() / 0x1_0000_0000) * (max - min + 1));
  }
}

/**
 * A whole number, both ends included, that follows from whole numbers: chance that need not be kept, because asking again gives the same.
 * (MurmurHash3's 32-bit steps.)
 */
export function drawnFrom(numbers: readonly number[], min: number, max: number): number {
  let hash = 0x9747b28c;
  for (const number of numbers) {
    for (const word of [number | 0, Math.floor(number / 0x1_0000_0000) | 0]) {
      const mixed = Math.imul(word, 0xcc9e2d51);
      hash ^= Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
      hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
    }
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return min + Math.floor((((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000) * (max - min + 1));
}

/**
 * A UUIDv7: 48 bits of simulated milliseconds, then 74 bits of the stream. Two stores never draw the same stream (each has a nonce), so ids
 * are unique across lives of a store even where the simulated time is the same.
 */
export function uuidv7(atMs: number, random: RandomStream): string {
  const time = Math.floor(atMs).toString(16).padStart(12, "0");
  const first = random.uint32();
  const versioned = (0x7000 | (first & 0x0fff)).toString(16);
  const variant = (0x8000 | ((first >>> 12) & 0x3fff)).toString(16);
  const rest = random.uint32().toString(16).padStart(8, "0") + (random.uint32() >>> 16).toString(16).padStart(4, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-${versioned}-${variant}-${rest}`;
}
