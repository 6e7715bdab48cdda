/**
 * What a fleet's sealing keys are made of: 32 random bytes in a file of their own beside the agents' store (base64, 0600), so that the store alone
 * opens nothing. Each cluster has its own key pair, which follows from the seed and the cluster's id. A seed that is lost costs what was sealed:
 * the agents say hello with other keys, and are sent all configuration anew.
 */
import { hkdfSync, randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { sealingKeyOf, type SealingKey } from "../../domain/sealing.ts";

const SEED_BYTES = 32;

/**
 * The seed in the file, made where it is absent; its folder must be there.
 * @throws Error when the file can't be read or written, or holds something else.
 */
export async function loadSealingSeed(file: string): Promise<Uint8Array> {
  const kept = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (kept === null) {
    const seed = randomBytes(SEED_BYTES);
    // Whole or not at all: a short file, after a crash in the middle, would be refused at every start.
    await rm(`${file}.new`, { force: true });
    await writeFile(`${file}.new`, `${seed.toString("base64")}\n`, { mode: 0o600, flag: "wx", flush: true });
    await rename(`${file}.new`, file);
    return seed;
  }
  const seed = Buffer.from(kept.trim(), "base64");
  if (seed.length !== SEED_BYTES) throw new Error(`${file} is damaged: it holds ${seed.length} bytes instead of ${SEED_BYTES}; without it, it is made anew`);
  return seed;
}

/** @param seed 32 secret bytes. */
export const clusterSealingKey = (seed: Uint8Array, clusterId: string): SealingKey =>
  sealingKeyOf(new Uint8Array(hkdfSync("sha256", seed, "", `selvedge sealing key of cluster ${clusterId}`, SEED_BYTES)));
