/** What listens where there is a gateway and no API: the agents' way in, and the pages for operators. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { listen } from "./address.ts";
import { AGENT_PATH, type AgentRoute, ENROL_PATH } from "./agents.ts";
import { send, sendJson } from "./health.ts";
import { refuseUpgrade } from "./upgrade.ts";

export interface FrontOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly agents: AgentRoute;
  readonly metrics: Registry;
  readonly logger: Logger;
}

export interface Front {
  readonly url: string;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 5_000;

/** Rejects with one clear sentence where the address cannot be listened on. */
export async function startFront({ host, port, agents, metrics, logger }: FrontOptions): Promise<Front> {
  let closing = false;

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "/").split("?", 1)[0] as string;
    if (path === ENROL_PATH) return agents.enrol(request, response);
    if (!PAGES.includes(path)) return sendJson(request, response, 404, { error: "not found" });
    if (request.method !== "GET" && request.method !== "HEAD") return sendJson(request, response, 405, { error: "only GET" }, { allow: "GET, HEAD" });
    switch (path) {
      case "/readyz": {
        const result = closing ? { ready: false, checks: { process: "is stopping" } } : await agents.readiness().catch((error: Error) => ({ ready: false, checks: { gateway: error.message } }));
        return sendJson(request, response, result.ready ? 200 : 503, result);
      }
      case "/metrics":
        return send(request, response, 200, metrics.contentType, await metrics.metrics(), { "cache-control": "no-store" });
      default:
        return sendJson(request, response, 200, { alive: true });
    }
  }

  const server = createServer({ headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, noDelay: true }, (request, response) => {
    route(request, response).catch((error: unknown) => {
      logger.error({ err: error }, "a request failed unexpectedly");
      if (!response.headersSent) sendJson(request, response, 503, { error: "try again" }, { "retry-after": "1", connection: "close" });
      else response.destroy();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("upgrade", (request, stream, head) => {
    stream.on("error", (error) => logger.debug({ err: error }, "a connection broke while it became a WebSocket"));
    const path = (request.url ?? "/").split("?", 1)[0];
    if (path === AGENT_PATH && !closing) agents.upgrade(request, stream, head);
    else refuseUpgrade(stream, closing ? "503 Service Unavailable" : "404 Not Found");
  });

  const { url } = await listen(server, { host, port, onError: (error) => logger.error({ err: error }, "the HTTP server reported an error") });
  return {
    url,
    async close() {
      closing = true;
      const stopped = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      agents.close();
      await stopped;
    },
  };
}

const PAGES: readonly string[] = ["/healthz", "/readyz", "/metrics"];
