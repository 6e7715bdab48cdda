import type { IncomingMessage, ServerResponse } from "node:http";
import type { GraphQLError } from "graphql";
import { isText, type Answer } from "../read/answer.ts";
import type { OperationRequest } from "./enforce.ts";
import type { HttpExtension } from "./status.ts";
import { inOnePiece } from "./text.ts";

/**
 * The way that nearly every request takes: a POST of JSON in its usual form, answered once, as JSON. It is read and answered here, without the
 * streams and Request objects of Yoga's HTTP layer, which cost more than all the rest of a small query. Whatever is unusual in its form is left to
 * Yoga, so that there is one place that knows the specification's corners; what runs, and whether, is decided behind both alike.
 */
export type AnswerType = "application/json" | "application/graphql-response+json";

const ANSWERS: ReadonlyMap<string, AnswerType> = new Map([
  ["application/graphql-response+json", "application/graphql-response+json"],
  ["application/json", "application/json"],
  ["application/*", "application/json"],
  ["*/*", "application/json"],
]);

/** What to answer as, where the request may go this way: the first of the accepted types that is known. */
export function plainAnswerType({ method, url, headers }: IncomingMessage): AnswerType | null {
  if (method !== "POST" || headers["content-encoding"] !== undefined || url?.includes("?")) return null;
  const types = (headers.accept ?? "*/*").toLowerCase().split(",");
  let answer: AnswerType | null = null;
  for (const type of types) {
    const [name = "", ...parameters] = type.split(";").map((part) => part.trim());
    if (name === "text/event-stream" || name.startsWith("multipart/") || parameters.some((parameter) => parameter.startsWith("charset"))) return null;
    answer ??= ANSWERS.get(name) ?? null;
  }
  return answer;
}

/** The request's body, or why there is none: it is larger than allowed, or the caller has gone. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | "too large" | "gone"> {
  return new Promise((resolve) => {
    if (request.destroyed) return resolve("gone");
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= maxBytes) return;
      request.off("data", onData);
      request.pause();
      resolve("too large");
    };
    request.on("data", onData);
    request.on("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    // It comes after the end, too, and says nothing new then.
    request.on("close", () => resolve("gone"));
  });
}

const PARAMETERS: ReadonlySet<string> = new Set(["query", "variables", "operationName", "extensions"]);
const isAbsentOrObject = (value: unknown): boolean => value === undefined || (typeof value === "object" && !Array.isArray(value));

/** The request where its form is the usual one, and it asks for no subscription; else null. */
export function plainRequest(body: Buffer): OperationRequest | null {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { query, variables, operationName, extensions } = value as Record<string, unknown>;
  const usual =
    typeof query === "string" && query !== "" && !/\bsubscription\b/.test(query) && isAbsentOrObject(variables) && isAbsentOrObject(extensions) &&
    (operationName === undefined || operationName === null || typeof operationName === "string") && Object.keys(value).every((name) => PARAMETERS.has(name));
  return usual ? value : null;
}

/**
 * The answer with the status that its errors ask for; how they ask (`extensions.http`) is left out of what the caller gets. `head`: names and values in
 * turn, as Node writes them fastest. Text that is whole leaves as it is.
 */
export function sendResult(response: ServerResponse, type: AnswerType, result: Answer, head: readonly string[]): void {
  if (isText(result)) return send(response, 200, type, result.pieces.length === 1 ? (result.pieces[0] as Uint8Array) : inOnePiece(result, "", ""), head);
  let status = 0;
  const headers: string[] = [...head];
  for (const { extensions } of result.errors ?? []) {
    const http: Partial<HttpExtension> | undefined = extensions["http"];
    for (const [name, value] of Object.entries(http?.headers ?? {})) if (!headers.includes(name)) headers.push(name, value);
    if (http?.status && !(http.spec && type === "application/json")) status = Math.max(status, http.status);
  }
  const shown = result.errors ? { ...result, errors: result.errors.map(withoutHttp) } : result;
  send(response, status || 200, type, Buffer.from(JSON.stringify(shown)), headers);
}

function send(response: ServerResponse, status: number, type: AnswerType, body: Uint8Array, head: readonly string[]): void {
  response.writeHead(status, [...head, "content-type", `${type}; charset=utf-8`, "content-length", String(body.byteLength)]);
  // As a string of its bytes, a small body leaves in one write with the head; as bytes it is another one.
  if (body.byteLength <= ONE_WRITE_BYTES) response.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1"), "latin1");
  else response.end(body);
}

const ONE_WRITE_BYTES = 4096;

function withoutHttp(error: GraphQLError): object {
  const { extensions, ...shown } = error.toJSON();
  const { http: _http, ...kept } = extensions ?? {};
  return { ...shown, ...(Object.keys(kept).length > 0 ? { extensions: kept } : {}) };
}
