import fc from "fast-check";

/** As many as there are between the halves of surrogate pairs, which are no characters. */
const HALVES = { first: 0xd800, many: 0x800 };

/**
 * Any character of Unicode, as a unit of `fc.string`: as its unit "binary" is, without the table of all 1.1 million of them, which takes seconds to make
 * before the first test of a file runs.
 */
export const anyCharacter = fc
  .integer({ min: 0, max: 0x10_ffff - HALVES.many })
  .map((n) => String.fromCodePoint(n < HALVES.first ? n : n + HALVES.many));
