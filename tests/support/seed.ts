import { randomInt } from "node:crypto";

/**
 * What random tests of this process begin at: `TEST_SEED`, where a run is to be as another one was, or a seed of its own. Whoever asks prints it.
 * Properties of fast-check take the same (seed-properties.ts).
 */
export const testSeed = (): number => Number(process.env["TEST_SEED"] ?? randomInt(1, 2 ** 31));
