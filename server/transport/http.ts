import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { GraphQLError, type GraphQLSchema } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { Clock } from "../domain/clock.ts";
import { isRequestErrorCode, RequestError } from "../domain/request-error.ts";
import type { Viewer } from "../identity/viewer.ts";
import type { Answer, OperationReads, ReadOutcome } from "../read/answer.ts";
import type { Bus } from "../realtime/bus.ts";
import type { LogDownloads } from "../telemetry/logs-download.ts";
import { listen } from "./address.ts";
import { AGENT_PATH, type AgentRoute, ENROL_PATH } from "./agents.ts";
import { GONE, ResponseGone } from "./ending.ts";
import { createEnforcer, type OperationRequest } from "./enforce.ts";
import { apiError } from "./errors.ts";
import { runChecks, send, sendJson, type ReadinessCheck } from "./health.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { createLogDownloadRoute } from "./log-downloads.ts";
import { createTransportMetrics } from "./metrics.ts";
import { createOrigins } from "./origins.ts";
import { GRAPHIQL, INDEX_PAGE, INDEX_POLICY } from "./page.ts";
import { plainAnswerType, plainRequest, readBody, sendResult } from "./post.ts";
import { createRunner, type Caller, type MakeContext, type Messages } from "./run.ts";
import { createSessions, type Authenticate } from "./sessions.ts";
import { bearerToken, createSockets } from "./socket.ts";
import { type HttpExtension, statused, withHttp, withStatus } from "./status.ts";
import { wayOf, yogaResult } from "./text.ts";
import { refuseUpgrade } from "./upgrade.ts";

/**
 * Everything that listens: one port, plain node:http.
 *
 *   /graphql   POST (JSON) and GET queries, event streams, GraphiQL for browsers, and WebSocket
 *   /          a page with the links        /healthz /readyz /metrics   for operators
 *   /logs/     lines of logs as text, by a signed address (log-downloads.ts)
 *   /agent     handed on to the gateway, where it is in this process (agents.ts)
 *
 * The usual POST is read and answered by post.ts; Yoga reads all other requests, and writes their answers and event streams; what runs, and whether, is enforce.ts' and run.ts' business, the same as over
 * WebSocket. Callers are authenticated before their body is read. There are no cookies and no forms: a page of another origin has nothing
 * that it could make a browser send on a user's behalf.
 */
export interface ApiOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly schema: GraphQLSchema;
  readonly makeContext: MakeContext;
  readonly reads: OperationReads;
  readonly authenticate: Authenticate;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly readiness: Readonly<Record<string, ReadinessCheck>>;
  /** Exact origins of pages that may call; null: the server's own pages only. */
  readonly allowedOrigins: readonly string[] | null;
  /** Where callers reach us; null: at the address that their connection came to. Never what a Host header says: that is the caller's to make up. */
  readonly publicUrl?: string | null;
  readonly limits?: Partial<Limits>;
  /** The way to this process's gateway; absent where it has none. */
  readonly agents?: AgentRoute | null;
  /** Of lines of logs; absent: there are none. */
  readonly downloads?: LogDownloads;
}

export interface Api {
  /** Rejects with one clear sentence where the address cannot be listened on. */
  listen(): Promise<{ readonly url: string; readonly port: number }>;
  /** Accepts nothing new, tells streams to come back elsewhere, waits a while for what is under way, then cuts the rest off. */
  close(): Promise<void>;
}

interface RequestContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly selvedge: { readonly token: string | null; readonly viewer: Viewer | null; readonly requestId: string; readonly sourceAddress: string | null; readonly origin: string };
}

interface Identity {
  readonly requestId: string;
  readonly sourceAddress: string | null;
  readonly origin: string;
}

const GRAPHQL = "/graphql";
const LOGS = "/logs/";
/** A request with `selvedge-debug: 1` is told in which way it was read. */
const DEBUG = "selvedge-debug";
const READ = "selvedge-read";

export function createApi(options: ApiOptions): Api {
  const { schema, makeContext, reads, authenticate, clock, bus, logger, agents = null } = options;
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const metrics = createTransportMetrics(options.metrics);
  const enforcer = createEnforcer({ schema, limits });
  const runner = createRunner({ makeContext, reads, charge: (viewer) => enforcer.charge(viewer), limits, logger, metrics });
  const sessions = createSessions({ authenticate, clock, recheckMs: limits.recheckTokensMs, logger });
  const originOf = (request: IncomingMessage): string => options.publicUrl ?? addressOf(request.socket);
  const sockets = createSockets({ schema, enforcer, runner, sessions, limits, logger, metrics, requestId: randomUUID, sourceAddress, origin: originOf });
  const origins = createOrigins(options.allowedOrigins);
  const downloads = options.downloads ? createLogDownloadRoute(options.downloads, logger) : null;
  const streams = new Set<ServerResponse>();
  let closing = false;
  let validHost = "localhost";
  /** Nearly everybody names the host that the one before did. */
  const isHost = (host: string): boolean => {
    if (host === validHost) return true;
    if (!URL.canParse(`http://${host}/`)) return false;
    validHost = host;
    return true;
  };

  /** In place of Yoga's own parsing, validation and execution. */
  const answer = async (request: OperationRequest, { req, res, selvedge }: RequestContext): Promise<Answer | Messages> => {
    const { viewer, token, requestId, sourceAddress, origin } = selvedge;
    // A fault of the request's form, not of its document: Yoga looks at the other parameters, but not at this one.
    const { operationName } = request;
    if (operationName !== undefined && operationName !== null && typeof operationName !== "string") {
      return { errors: [withHttp(apiError("BAD_USER_INPUT", "\"operationName\" must be a string."), { status: 400 })] };
    }
    const admission = enforcer.admit(request, viewer);
    if (!admission.ok) return { errors: admission.errors.map(withStatus) };
    if (!viewer || token === null) throw new Error("an operation was admitted without a viewer");
    const { operation } = admission;
    if (operation.kind === "mutation" && req.method !== "POST") {
      return { errors: [withHttp(apiError("BAD_USER_INPUT", "A mutation must be sent by POST."), { status: 405, headers: { allow: "POST" } })] };
    }
    const gone = new ResponseGone(res);
    const onRead = req.headers[DEBUG] === "1" ? (outcome: ReadOutcome): void => void (res.headersSent || res.setHeader(READ, wayOf(outcome))) : undefined;
    const caller: Caller = { viewer, requestId, sourceAddress, origin, transport: "http", onRead };
    if (operation.kind !== "subscription") return statused(await runner.execute(operation, caller, gone));
    const signal = gone.signal();
    const session = await sessions.open(token);
    if (!session) return { errors: [withStatus(apiError("UNAUTHENTICATED", "The token was revoked or has expired."))] };
    // An abort is told once: whoever left while a step was awaited has to be asked for after it.
    if (signal.aborted) {
      session.release();
      return { errors: [apiError("TIMEOUT", GONE.message)] };
    }
    signal.addEventListener("abort", () => session.release());
    const result = await runner.subscribe(operation, caller, session, signal);
    if (!(Symbol.asyncIterator in result)) return statused(result);
    if (!signal.aborted) {
      streams.add(res);
      signal.addEventListener("abort", () => streams.delete(res));
    }
    return result;
  };

  const enforcement: Plugin<RequestContext> = {
    // A params handler runs after Yoga's own checks of the parameters; setting a result here would run an operation that they then refuse.
    onParams: ({ setParamsHandler }) => {
      setParamsHandler(async ({ params, context }) => yogaResult(await answer(params, context as unknown as RequestContext)));
    },
  };
  const yoga = createYoga<RequestContext>({
    schema,
    graphqlEndpoint: GRAPHQL,
    plugins: [enforcement],
    graphiql: GRAPHIQL,
    cors: false,
    multipart: false,
    landingPage: false,
    parserAndValidationCache: false,
    maxRequestBodySize: limits.maxBodyBytes,
    logging: false,
    maskedErrors: { maskError: (error) => ownError(error, logger) },
  });

  async function graphql(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const origin = origins.judge(request);
    const head = origin ? ["vary", "Origin", "access-control-allow-origin", origin, "access-control-expose-headers", READ] : ["vary", "Origin"];
    if (origin === false || (request.method !== "GET" && request.method !== "POST") || !isHost(request.headers.host ?? "localhost")) {
      setAll(response, head);
      return answerForm(request, response, origin);
    }
    const identity: Identity = { requestId: randomUUID(), sourceAddress: sourceAddress(request), origin: originOf(request) };
    head.push("x-request-id", identity.requestId, "x-content-type-options", "nosniff");
    try {
      await serve(request, response, head, identity);
    } catch (error) {
      if (!response.headersSent) setAll(response, head);
      throw error;
    }
  }

  /** What is no GET or POST of a page that may call. */
  function answerForm(request: IncomingMessage, response: ServerResponse, origin: string | null | false): void {
    if (origin === false) return sendJson(request, response, 403, { errors: [apiError("FORBIDDEN", "Pages of this origin may not call.")] });
    if (request.method === "OPTIONS") {
      response.writeHead(204, { allow: "GET, POST", "access-control-allow-methods": "GET, POST", "access-control-allow-headers": `authorization, content-type, ${DEBUG}`, "access-control-max-age": "600" });
      response.end();
    } else if (request.method !== "GET" && request.method !== "POST") {
      sendJson(request, response, 405, { errors: [apiError("BAD_USER_INPUT", "GraphQL takes GET and POST requests.")] }, { allow: "GET, POST" });
    } else {
      sendJson(request, response, 400, { errors: [apiError("BAD_USER_INPUT", "The Host header is invalid.")] });
    }
  }

  async function serve(request: IncomingMessage, response: ServerResponse, head: string[], { requestId, sourceAddress, origin }: Identity): Promise<void> {
    if (request.method === "GET" && request.headers.accept?.includes("text/html")) {
      setAll(response, head);
      return yoga(request, response, { req: request, res: response, selvedge: { token: null, viewer: null, requestId, sourceAddress, origin } });
    }
    // Whoever is refused before the body was read may not have its connection kept: what it still sends is no next request.
    const refuse = (status: number, error: GraphQLError, headers: Readonly<Record<string, string>> = {}): void => {
      setAll(response, head);
      const type = request.headers.accept?.includes("application/graphql-response+json") ? "application/graphql-response+json" : "application/json";
      send(request, response, status, `${type}; charset=utf-8`, JSON.stringify({ errors: [error] }), { "cache-control": "no-store", connection: "close", ...headers });
    };
    if (request.method === "POST" && mediaType(request.headers["content-type"]) !== "application/json") {
      return refuse(415, apiError("BAD_USER_INPUT", "The request must be application/json."), { accept: "application/json" });
    }
    if (Number(request.headers["content-length"] ?? 0) > limits.maxBodyBytes) {
      return refuse(413, apiError("QUERY_TOO_COMPLEX", `The request's body is larger than ${limits.maxBodyBytes} bytes.`));
    }
    const token = bearerToken(request.headers.authorization);
    let viewer: Viewer | null;
    try {
      viewer = token === null ? null : await authenticate(token);
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== "RATE_LIMITED") throw error;
      return refuse(429, apiError(error.code, error.message, { details: error.details }), { "retry-after": "1" });
    }
    if (!viewer || (viewer.expiresAt !== null && clock.now() >= viewer.expiresAt)) {
      return refuse(401, apiError("UNAUTHENTICATED", "A valid API token is needed: Authorization: Bearer <token>."), { "www-authenticate": "Bearer" });
    }
    const context: RequestContext = { req: request, res: response, selvedge: { token, viewer, requestId, sourceAddress, origin } };
    const answerType = plainAnswerType(request);
    if (answerType !== null) {
      const body = await readBody(request, limits.maxBodyBytes);
      if (body === "gone") return;
      if (body === "too large") return refuse(413, apiError("QUERY_TOO_COMPLEX", `The request's body is larger than ${limits.maxBodyBytes} bytes.`));
      const plain = plainRequest(body);
      if (plain) {
        head.push("cache-control", "no-store");
        return sendResult(response, answerType, (await answer(plain, context)) as Answer, head);
      }
      // Read already: Yoga takes it from here.
      Object.assign(request, { body: Readable.from([body]) });
    }
    setAll(response, head);
    response.setHeader("cache-control", "no-store");
    await yoga(request, response, context);
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request);
    if (path === GRAPHQL) return graphql(request, response);
    if (path === ENROL_PATH && agents !== null) return agents.enrol(request, response);
    if (path.startsWith(LOGS) && downloads !== null) return downloads.serve(request, response, path.slice(LOGS.length));
    const page = PAGES.includes(path);
    if (!page) return sendJson(request, response, 404, { error: "not found" });
    if (request.method !== "GET" && request.method !== "HEAD") return sendJson(request, response, 405, { error: "only GET" }, { allow: "GET, HEAD" });
    switch (path) {
      case "/healthz":
        return sendJson(request, response, 200, { alive: true });
      case "/readyz": {
        const result = closing ? { ready: false, checks: { process: "is stopping" } } : await runChecks(options.readiness);
        return sendJson(request, response, result.ready ? 200 : 503, result);
      }
      case "/metrics":
        return send(request, response, 200, options.metrics.contentType, await options.metrics.metrics(), { "cache-control": "no-store" });
      default:
        return send(request, response, 200, "text/html; charset=utf-8", INDEX_PAGE, { "content-security-policy": INDEX_POLICY, "x-content-type-options": "nosniff" });
    }
  }

  const server = createServer(
    { headersTimeout: limits.headersTimeoutMs, requestTimeout: limits.requestTimeoutMs, keepAliveTimeout: limits.keepAliveMs, noDelay: true },
    (request, response) => {
      route(request, response).catch((error: unknown) => {
        logger.error({ err: error, path: pathOf(request) }, "a request failed unexpectedly");
        if (!response.headersSent) sendJson(request, response, 503, { errors: [apiError("INTERNAL", "The request could not be served now; try again.")] }, { "retry-after": "1", connection: "close" });
        else response.destroy();
      });
    },
  );
  server.maxConnections = limits.maxConnections;
  server.on("upgrade", (request, stream, head) => {
    stream.on("error", (error) => logger.debug({ err: error }, "a connection broke while it became a WebSocket"));
    if (agents !== null && !closing && pathOf(request) === AGENT_PATH) return agents.upgrade(request, stream, head);
    const reason = closing ? "503 Service Unavailable" : pathOf(request) !== GRAPHQL ? "404 Not Found" : origins.judge(request) === false ? "403 Forbidden" : null;
    if (reason === null) sockets.upgrade(request, stream, head);
    else refuseUpgrade(stream, reason);
  });
  const forgetTokens = bus.subscribe("tokens", (tokenId) => sessions.recheck(tokenId));

  return {
    listen: () => listen(server, { host: options.host, port: options.port, onError: (error) => logger.error({ err: error }, "the HTTP server reported an error") }),
    async close() {
      if (closing) return;
      closing = true;
      forgetTokens();
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      // Cut, not completed: a completed stream would be one that has nothing more to say.
      for (const stream of streams) stream.destroy();
      agents?.close();
      const cut = setTimeout(() => server.closeAllConnections(), limits.drainMs);
      // A connection whose answer was under way is idle, not closed, once that has left.
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      await sockets.close(limits.drainMs);
      await stopped;
      clearTimeout(cut);
      clearInterval(idle);
      sessions.close();
    },
  };
}

const PAGES: readonly string[] = ["/", "/healthz", "/readyz", "/metrics"];

const pathOf = (request: IncomingMessage): string => (request.url ?? "/").split("?", 1)[0] as string;
const mediaType = (header: string | undefined): string | undefined => header?.split(";", 1)[0]?.trim().toLowerCase();

const sourceAddress = (request: IncomingMessage): string | null => request.socket.remoteAddress?.replace(/^::ffff:/, "") ?? null;
/** What a connection came to. */
function addressOf({ localAddress = "127.0.0.1", localPort }: Socket): string {
  const address = localAddress.replace(/^::ffff:/, "");
  return `http://${address.includes(":") ? `[${address}]` : address}:${localPort}`;
}

/** `head`: names and values in turn. Written with the status all at once, as the usual way does, they cost a fraction of this. */
function setAll(response: ServerResponse, head: readonly string[]): void {
  for (let at = 0; at < head.length; at += 2) response.setHeader(head[at] as string, head[at + 1] as string);
}

/** What Yoga itself refuses, about the form of a request, in our codes and without what it quotes of the request. */
function ownError(error: unknown, logger: Logger): GraphQLError {
  if (error instanceof GraphQLError && error.extensions["code"] !== undefined) {
    const { code, http } = error.extensions;
    if (isRequestErrorCode(code)) return error;
    const { status, headers } = (http ?? {}) as Partial<HttpExtension>;
    return withHttp(apiError(code === "REQUEST_ENTITY_TOO_LARGE" ? "QUERY_TOO_COMPLEX" : "BAD_USER_INPUT", error.message), { status: status ?? 400, ...(headers ? { headers } : {}) });
  }
  // Yoga reads JSON in the URL without a catch. The error quotes what it could not read, which may be anything.
  if (error instanceof SyntaxError) return withHttp(apiError("BAD_USER_INPUT", "\"variables\" and \"extensions\" in the URL must be JSON."), { status: 400 });
  const correlationId = randomUUID();
  logger.error({ err: error, correlationId }, "a request failed unexpectedly");
  return new GraphQLError("Internal error", { extensions: { code: "INTERNAL", correlationId } });
}
