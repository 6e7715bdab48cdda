/**
 * GET /logs/…: lines as text, of any size. What comes from the store waits for the socket, so a slow reader holds a piece of text and nothing else. Whoever may not read is told nothing
 * of why; one who may no longer, or takes nothing for long, has the connection cut, so that what it got does not look whole.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import { LogDownloadEnded, type LogDownloads, type OpenDownload, RECHECK_MS } from "../telemetry/logs-download.ts";
import { sendJson } from "./health.ts";

export interface LogDownloadRoute {
  serve(request: IncomingMessage, response: ServerResponse, signed: string): Promise<void>;
}

/** At a time, of one tenant and of all. */
const OF_A_TENANT = 4;
const OF_ALL = 16;
/** Bytes that a reader has to take in STALLED_MS: it holds a place meanwhile. */
const SLICE = 16_384;
const STALLED_MS = 60_000;

export function createLogDownloadRoute(downloads: LogDownloads, logger: Logger): LogDownloadRoute {
  const running = new Map<string, number>();
  const count = (tenantId: string, by: 1 | -1): void => {
    const now = (running.get(tenantId) ?? 0) + by;
    if (now === 0) running.delete(tenantId);
    else running.set(tenantId, now);
  };
  return {
    async serve(request, response, signed) {
      if (request.method !== "GET") return sendJson(request, response, 405, { error: "only GET" }, { allow: "GET" });
      const download = await downloads.open(signed);
      if (download === null) return sendJson(request, response, 403, { error: "the address is not valid, or no longer" });
      const { tenantId } = download;
      const all = [...running.values()].reduce((sum, some) => sum + some, 0);
      if ((running.get(tenantId) ?? 0) >= OF_A_TENANT || all >= OF_ALL) return sendJson(request, response, 429, { error: "too many downloads at once; try again" }, { "retry-after": "5" });
      count(tenantId, 1);
      try {
        response.writeHead(200, {
          "content-type": "text/plain; charset=utf-8", "content-disposition": 'attachment; filename="logs.txt"', "cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
        });
        for await (const piece of download.pieces()) {
          const bytes = Buffer.from(piece);
          for (let at = 0; at < bytes.length; at += SLICE) {
            if (response.destroyed) return;
            if (!response.write(bytes.subarray(at, at + SLICE))) await taken(response, download);
          }
        }
        response.end();
      } catch (error) {
        logger.info({ err: error, tenantId }, "a download of lines ended early");
        response.destroy();
      } finally {
        count(tenantId, -1);
      }
    },
  };
}

/** What was written has left, or the reader has. @throws LogDownloadEnded */
async function taken(response: ServerResponse, download: OpenDownload): Promise<void> {
  for (let waited = 0; waited < STALLED_MS; waited += RECHECK_MS) {
    if (await drains(response)) return;
    await download.recheck();
  }
  throw new LogDownloadEnded("nobody reads it");
}

/** Whether it did within RECHECK_MS. */
function drains(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isDone: boolean): void => {
      clearTimeout(timer);
      response.off("drain", done).off("close", done);
      resolve(isDone);
    };
    const done = (): void => end(true);
    const timer = setTimeout(() => end(false), RECHECK_MS);
    response.on("drain", done).on("close", done);
    if (response.destroyed) done();
  });
}
