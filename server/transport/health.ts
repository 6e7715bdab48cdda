import type { IncomingMessage, ServerResponse } from "node:http";

/** Resolves when all is well; rejects with the reason, which operators see at /readyz. */
export type ReadinessCheck = () => Promise<void>;

const CHECK_TIMEOUT_MS = 2000;

/** Runs all checks at once, each for two seconds at most: its reason, or "ok". */
export async function runChecks(checks: Readonly<Record<string, ReadinessCheck>>): Promise<{ ready: boolean; checks: Record<string, string> }> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]): Promise<[string, string]> => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
      });
      try {
        await Promise.race([check(), late]);
        return [name, "ok"];
      } catch (error) {
        return [name, error instanceof Error ? error.message : String(error)];
      } finally {
        clearTimeout(timer);
      }
    }),
  );
  return { ready: results.every(([, result]) => result === "ok"), checks: Object.fromEntries(results) };
}

export function send(request: IncomingMessage, response: ServerResponse, status: number, type: string, body: string, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body), ...headers });
  response.end(request.method === "HEAD" ? undefined : body);
}

export const sendJson = (request: IncomingMessage, response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void =>
  send(request, response, status, "application/json; charset=utf-8", `${JSON.stringify(body)}\n`, { "cache-control": "no-store", ...headers });
