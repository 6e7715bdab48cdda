/**
 * Where what comes from outside for the gateway enters its thread: a Unix socket in a folder that nobody else may enter. Whoever listens outside (the API's
 * port, or the front of a process without it) hands connections on to it, and says where they came from.
 *
 *   GET /agent          becomes a WebSocket: the link
 *   POST /agent/enrol   enrolment.ts
 *   GET /readyz         whether the gateway could work now
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { type Enrolment, MAX_ENROLMENT_BYTES } from "./enrolment.ts";

export interface DoorOptions {
  /** Of the Unix socket. */
  readonly path: string;
  readonly upgrade: (request: IncomingMessage, stream: Duplex, head: Buffer) => void;
  readonly enrolment: Enrolment;
  /** Each rejects with why not. */
  readonly readiness: Readonly<Record<string, () => Promise<void>>>;
  readonly logger: Logger;
}

export interface Door {
  close(): Promise<void>;
}

/** Who hands a connection on names its source so. */
export const SOURCE_HEADER = "x-selvedge-source";
const REQUEST_TIMEOUT_MS = 15_000;

export async function openDoor({ path, upgrade, enrolment, readiness, logger }: DoorOptions): Promise<Door> {
  const enrol = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readText(request, MAX_ENROLMENT_BYTES);
    if (body === null) return answer(response, 413, { error: `the body is larger than ${MAX_ENROLMENT_BYTES} bytes` });
    const source = request.headers[SOURCE_HEADER];
    const { status, body: said } = await enrolment.enrol(body, typeof source === "string" ? source : "unknown");
    answer(response, status, said);
  };
  const tellReadiness = async (response: ServerResponse): Promise<void> => {
    const checks = await Promise.all(Object.entries(readiness).map(async ([name, check]): Promise<[string, string]> =>
      [name, await check().then(() => "ok", (error: unknown) => (error instanceof Error ? error.message : String(error)))]));
    const ready = checks.every(([, said]) => said === "ok");
    answer(response, ready ? 200 : 503, { ready, checks: Object.fromEntries(checks) });
  };
  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === "POST" && request.url === "/agent/enrol") return enrol(request, response);
    if (request.method === "GET" && request.url === "/readyz") return tellReadiness(response);
    answer(response, 404, { error: "not found" });
  };
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    route(request, response).catch((error: unknown) => {
      logger.debug({ err: error }, "a request broke off");
      response.destroy();
    });
  });
  server.on("upgrade", upgrade);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      server.on("error", (error) => logger.error({ err: error }, "the gateway's door reported an error"));
      resolve();
    });
  });
  return {
    // Connections of the link are their listener's to end; requests are answered in a moment.
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return;
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(text), "cache-control": "no-store", connection: "close" });
  response.end(text);
}

/** null where it is too large. */
async function readText(request: IncomingMessage, most: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
