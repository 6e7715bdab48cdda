import { hash, randomBytes } from "node:crypto";

/**
 * API tokens: 256 random bits behind a prefix that people and secret scanners recognise. Only the SHA-256 is kept: a slow hash protects
 * passwords that can be guessed, which these can't.
 */
const MARK = "slv_";
const SHOWN = 8;

export const newToken = (): string => `${MARK}${randomBytes(32).toString("base64url")}`;

// In one call: it is asked for by every request.
export const hashToken = (token: string): Buffer => hash("sha256", token, "buffer");

/** The first characters, by which people tell their tokens apart. */
export const tokenPrefix = (token: string): string => token.slice(0, SHOWN);
