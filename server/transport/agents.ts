/**
 * What comes for the gateway on our port is handed on, as it is, to its door (a Unix socket of another thread): the link's connections byte by byte, so
 * that either side's slowness reaches the other, and enrolments as requests. Nothing is read here, and nothing decided but whether it is no web page.
 */
import { type IncomingMessage, request as send, type ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { sendJson } from "./health.ts";
import { refuseUpgrade } from "./upgrade.ts";

export interface AgentRouteOptions {
  /** The path of the Unix socket. */
  readonly door: string;
  /** The header that tells the door who it is: what a caller itself says there is dropped. */
  readonly sourceHeader: string;
  readonly logger: Logger;
}

export interface AgentRoute {
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void;
  enrol(request: IncomingMessage, response: ServerResponse): void;
  /** What the gateway says of itself; rejects where it does not answer. */
  readiness(): Promise<{ readonly ready: boolean; readonly checks: Readonly<Record<string, string>> }>;
  /** Ends the connections that were handed on. */
  close(): void;
}

export const AGENT_PATH = "/agent";
export const ENROL_PATH = "/agent/enrol";
const MAX_CONNECTIONS = 4_000;
const ANSWER_TIMEOUT_MS = 20_000;
const MAX_ANSWER_BYTES = 64 * 1_024;

export function createAgentRoute({ door, sourceHeader, logger }: AgentRouteOptions): AgentRoute {
  const handedOn = new Set<Duplex>();

  return {
    upgrade(request, stream, head) {
      // A page could not prove a key, but it could take places of those who can.
      if (request.headers.origin !== undefined) return refuseUpgrade(stream, "403 Forbidden", "agents are no web pages");
      if (handedOn.size >= MAX_CONNECTIONS) return refuseUpgrade(stream, "503 Service Unavailable", "there are too many connections already");
      const inner = connect(door);
      handedOn.add(stream);
      const end = (): void => {
        handedOn.delete(stream);
        stream.destroy();
        inner.destroy();
      };
      let isThrough = false;
      inner.once("connect", () => {
        isThrough = true;
        inner.write(headOf(request, sourceHeader));
        if (head.length > 0) inner.write(head);
        stream.pipe(inner).pipe(stream);
      });
      inner.on("error", (error) => {
        logger.debug({ err: error }, "an agent's connection could not be handed on, or broke");
        if (isThrough) end();
        else refuseUpgrade(stream, "503 Service Unavailable", "the gateway is not there at the moment");
      });
      inner.once("close", () => isThrough && end());
      stream.on("error", end);
      stream.once("close", end);
    },
    enrol(request, response) {
      if (request.method !== "POST") return sendJson(request, response, 405, { error: "only POST" }, { allow: "POST" });
      const headers = { "content-type": request.headers["content-type"] ?? "application/json", [sourceHeader]: sourceOf(request), connection: "close" };
      const inner = send({ socketPath: door, method: "POST", path: ENROL_PATH, headers, timeout: ANSWER_TIMEOUT_MS });
      inner.once("response", (answer) => {
        response.writeHead(answer.statusCode ?? 502, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", connection: "close" });
        answer.pipe(response);
      });
      inner.once("timeout", () => inner.destroy(new Error("no answer in time")));
      inner.on("error", (error) => {
        logger.debug({ err: error }, "an enrolment could not be handed on");
        if (response.headersSent) response.destroy();
        else sendJson(request, response, 503, { error: "the gateway is not there at the moment" }, { connection: "close" });
      });
      response.once("close", () => inner.destroy());
      request.pipe(inner);
    },
    readiness: () =>
      new Promise((resolve, reject) => {
        const inner = send({ socketPath: door, path: "/readyz", timeout: ANSWER_TIMEOUT_MS }, (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (chunk: string) => void (text = (text + chunk).slice(0, MAX_ANSWER_BYTES)));
          answer.once("error", reject).once("end", () => {
            try {
              resolve(JSON.parse(text));
            } catch (error) {
              reject(error);
            }
          });
        });
        inner.once("timeout", () => inner.destroy(new Error("no answer in time")));
        inner.once("error", reject);
        inner.end();
      }),
    close() {
      for (const stream of handedOn) stream.destroy();
    },
  };
}

export const sourceOf = (request: IncomingMessage): string => request.socket.remoteAddress?.replace(/^::ffff:/, "") ?? "unknown";

/** The request's head as it came, but for who says where it came from. */
function headOf(request: IncomingMessage, sourceHeader: string): string {
  const lines = [`${request.method} ${AGENT_PATH} HTTP/1.1`];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at] as string;
    if (name.toLowerCase() !== sourceHeader) lines.push(`${name}: ${request.rawHeaders[at + 1]}`);
  }
  return `${lines.join("\r\n")}\r\n${sourceHeader}: ${sourceOf(request)}\r\n\r\n`;
}
