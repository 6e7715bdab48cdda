import { randomBytes, randomUUID, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { clusterKeyOf, isProof, isTicket, proveCluster, publicKeyBytes, ticketOf } from "#server/domain/cluster-key.ts";

const seed = new Uint8Array(32).fill(7);
const nonce = (): string => randomBytes(32).toString("base64");

describe("proofs", () => {
  const key = clusterKeyOf(seed);
  const publicKey = publicKeyBytes(key.publicKey) as Buffer;
  const clusterId = randomUUID();

  test("the same seed makes the same key, which proves its cluster for its nonce", async () => {
    expect(clusterKeyOf(seed).publicKey).toBe(key.publicKey);
    const given = nonce();
    expect(await isProof(publicKey, given, clusterId, proveCluster(key, given, clusterId))).toBe(true);
  });

  test("nothing else does", async () => {
    const given = nonce();
    const proof = proveCluster(key, given, clusterId);
    const other = clusterKeyOf(new Uint8Array(32).fill(8));
    const plain = sign(null, Buffer.from(given, "base64"), key.privateKey).toString("base64");
    const cases: [string, Promise<boolean>][] = [
      ["another nonce", isProof(publicKey, nonce(), clusterId, proof)],
      ["another cluster", isProof(publicKey, given, randomUUID(), proof)],
      ["another key", isProof(publicKeyBytes(other.publicKey) as Buffer, given, clusterId, proof)],
      ["another's proof", isProof(publicKey, given, clusterId, proveCluster(other, given, clusterId))],
      ["the nonce alone, without what it is for", isProof(publicKey, given, clusterId, plain)],
      ["nothing", isProof(publicKey, given, clusterId, "")],
      ["too little", isProof(publicKey, given, clusterId, proof.slice(0, 40))],
      ["a key that is no point", isProof(Buffer.alloc(32, 0xff), given, clusterId, proof)],
    ];
    for (const [name, outcome] of cases) expect([name, await outcome]).toEqual([name, false]);
  });
});

test("a public key has one spelling", () => {
  const { publicKey } = clusterKeyOf(seed);
  expect(publicKeyBytes(publicKey)).toHaveLength(32);
  for (const wrong of ["", publicKey.replace("=", ""), `${publicKey} `, Buffer.alloc(31).toString("base64")]) expect(publicKeyBytes(wrong)).toBeNull();
});

test("a ticket is recognised", () => {
  expect(isTicket(ticketOf(randomBytes(32)))).toBe(true);
  for (const wrong of ["", "slvt_", `slv_${"x".repeat(43)}`, `slvt_${"x".repeat(42)}`, `slvt_${"x".repeat(44)}`]) expect(isTicket(wrong)).toBe(false);
});
