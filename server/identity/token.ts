import { createHash, randomBytes } from "node:crypto";

/**
 * API tokens: 256 random bits behind a prefix that people and secret scanners recognise. Only the SHA-256 is kept: a slow hash protects
 * passwords that can be guessed, which these can't.
 */
const MARK = "slv_";
const SHOWN = 8;

export const newToken = (): string => `${MARK}${randomBytes(32).toString("base64url")}`;

export const hashToken = (token: string): Buffer => createHash("sha256").update(token, "utf8").digest();

/** The first characters, by which people tell their tokens apart. */
export const tokenPrefix = (token: string): string => token.slice(0, SHOWN);
