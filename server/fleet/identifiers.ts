/**
 * Ids of the fleet's fixed parts. A cluster and its nodes are the same objects in every process, run and restart, so their ids follow from
 * their codes: UUIDv8 (RFC 9562, free use) over SHA-256. Ids of pods are made by the simulator, which takes time and chance as arguments.
 */
import { createHash } from "node:crypto";

const uuidv8 = (name: string): string => {
  const bytes = createHash("sha256").update(name).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return hyphenated(bytes.toString("hex"));
};

/** 32 hexadecimal digits as a UUID. */
export const hyphenated = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

export const clusterIdOf = (clusterCode: string): string => uuidv8(`cluster:${clusterCode}`);

/** A node's name is unique in its cluster only, so the cluster's code is part of what is hashed. */
export const nodeIdOf = (clusterCode: string, nodeName: string): string => uuidv8(`node:${clusterCode}/${nodeName}`);
