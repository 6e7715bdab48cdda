/**
 * Downloads of lines by signed addresses: whose they are, of what, and until when stands in the address, and its signature says that we wrote it. Whoever has it needs no token, but reads
 * with the rights that the token which asked for it has at that moment: one that is revoked or expires ends what is being read with it, within RECHECK_MS.
 *
 *   /logs/<what, base64url>.<HMAC-SHA256, base64url>
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Pool } from "pg";
import type { Clock } from "../domain/clock.ts";
import { LOG_STREAMS, logsKeptSince, type LogStream } from "../domain/logs.ts";
import type { RecordSnapshot } from "../domain/record-cursor.ts";
import type { KeyedLine, LogSelection, LogTarget } from "./logs-chunks.ts";
import { beforeInstant, type LineKey } from "./logs-key.ts";
import type { LogReader } from "./logs-read.ts";

export interface LogDownload {
  readonly url: string;
  /** Milliseconds, as all times of the simulation's clock. */
  readonly expiresAt: number;
}

/** Who reads: as much as decides what can be read. */
export interface LogViewer {
  readonly tenantId: string;
  readonly namespaceIds: readonly string[] | null;
}

export interface LogDownloads {
  /** `origin`: of the server, as callers reach it. */
  create(viewer: LogViewer & { readonly tokenId: string; readonly origin?: string }, selection: LogSelection): LogDownload;
  /** What an address stands for; null where it is none of ours, is too old, or its token is no good any more. */
  open(signed: string): Promise<OpenDownload | null>;
}

export interface OpenDownload {
  readonly tenantId: string;
  /** The text, in pieces. @throws LogDownloadEnded where its token is no good any more. */
  pieces(): AsyncGenerator<string, void, undefined>;
  /** To be asked every RECHECK_MS while no piece is. @throws LogDownloadEnded as above */
  recheck(): Promise<void>;
}

export class LogDownloadEnded extends Error {
  override readonly name = "LogDownloadEnded";
}

export interface LogDownloadsOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  /** Simulated seconds a second. */
  readonly speed: number;
  /** The first signs; what any of them signed is good. */
  readonly keys: readonly [Uint8Array, ...Uint8Array[]];
  readonly readerFor: (viewer: LogViewer) => LogReader;
}

export const LOGS_PATH = "/logs/";
/** Of the wall clock. */
const VALID_MS = 15 * 60_000;
export const RECHECK_MS = 2_000;
const LINES = 500;
const LONGEST = 16_384;

interface Signed {
  readonly tenantId: string;
  readonly tokenId: string;
  readonly selection: LogSelection;
  readonly until: number;
}

export function createLogDownloads({ pool, clock, speed, keys, readerFor }: LogDownloadsOptions): LogDownloads {
  const signatureOf = (key: Uint8Array, what: string): Buffer => createHmac("sha256", key).update(what).digest();
  const isSigned = (what: string, signature: string): boolean => {
    const given = Buffer.from(signature, "base64url");
    return keys.some((key) => {
      const right = signatureOf(key, what);
      return given.length === right.length && timingSafeEqual(given, right);
    });
  };

  const viewerOf = async (tenantId: string, tokenId: string): Promise<LogViewer | null> => {
    const { rows } = await pool.query<{ namespace_ids: string[] | null; expires_at: Date | null; revoked_at: Date | null }>(
      "select namespace_ids, expires_at, revoked_at from app.token_viewer($1, $2)", [tenantId, tokenId]);
    const [token] = rows;
    if (token === undefined || token.revoked_at !== null || (token.expires_at !== null && token.expires_at.getTime() <= clock.now())) return null;
    return { tenantId, namespaceIds: token.namespace_ids };
  };

  const viewerStill = async ({ tenantId, tokenId }: Signed): Promise<LogViewer> => {
    const viewer = await viewerOf(tenantId, tokenId);
    if (viewer === null) throw new LogDownloadEnded("the token that asked for the download is no good any more");
    return viewer;
  };

  async function* pieces(download: Signed, first: LogViewer): AsyncGenerator<string, void, undefined> {
    const { selection } = download;
    let viewer = first;
    let checkedAt = performance.now();
    let start: LineKey | null = beforeInstant(logsKeptSince(clock.now()));
    let seen: RecordSnapshot | null = null;
    while (start !== null) {
      if (performance.now() - checkedAt > RECHECK_MS) {
        viewer = await viewerStill(download);
        checkedAt = performance.now();
      }
      const walked = await readerFor(viewer).walk(selection, { ascending: true, start, limit: LINES, ...(seen === null ? {} : { seen }) });
      ({ seen, end: start } = walked);
      if (walked.lines.length > 0) yield walked.lines.map(textOf).join("");
    }
  }

  return {
    create({ tenantId, tokenId, origin = "" }, selection) {
      const until = Math.floor(clock.now() + VALID_MS * speed);
      const what = Buffer.from(JSON.stringify({ tenantId, tokenId, selection, until } satisfies Signed)).toString("base64url");
      return { url: `${origin}${LOGS_PATH}${what}.${signatureOf(keys[0], what).toString("base64url")}`, expiresAt: until };
    },
    async open(signed) {
      const [what = "", signature = "", ...more] = signed.length > LONGEST ? [] : signed.split(".");
      if (more.length > 0 || !isSigned(what, signature)) return null;
      const download = signedOf(what);
      if (download === null || download.until <= clock.now()) return null;
      const viewer = await viewerOf(download.tenantId, download.tokenId);
      return viewer && { tenantId: download.tenantId, pieces: () => pieces(download, viewer), recheck: async () => void (await viewerStill(download)) };
    },
  };
}

/** What we signed ourselves; another version of us may have. */
function signedOf(what: string): Signed | null {
  try {
    const { tenantId, tokenId, selection, until } = JSON.parse(Buffer.from(what, "base64url").toString()) as Partial<Signed>;
    const target: Partial<Record<"podId" | "applicationId", string>> = selection?.target ?? {};
    const known = (stream: LogStream | null | undefined): boolean => stream == null || LOG_STREAMS.includes(stream);
    if (typeof tenantId !== "string" || typeof tokenId !== "string" || typeof until !== "number" || selection === undefined || !known(selection.stream)) return null;
    return typeof (target.podId ?? target.applicationId) === "string" ? { tenantId, tokenId, selection: { ...selection, target: target as LogTarget }, until } : null;
  } catch {
    return null;
  }
}

const textOf = ({ value: { at, podName, container, stream, line } }: KeyedLine): string => `${new Date(at).toISOString()} ${podName}/${container} ${stream} ${line}\n`;
