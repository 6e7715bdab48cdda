import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** Answers every POST as told, and keeps what it was asked. What the real server answers is the scenarios' subject. */
export interface Answering {
  readonly url: string;
  readonly asked: { readonly query: string; readonly variables: Record<string, unknown>; readonly authorization: string | undefined }[];
  close(): Promise<void>;
}

export async function answering(answer: (query: string) => { status?: number; body: unknown } | "hang up"): Promise<Answering> {
  const asked: Answering["asked"] = [];
  const server: Server = createServer((request: IncomingMessage, response) => {
    void text(request).then((body) => {
      const { query, variables } = JSON.parse(body) as { query: string; variables: Record<string, unknown> };
      asked.push({ query, variables, authorization: request.headers.authorization });
      const given = answer(query);
      if (given === "hang up") return void response.destroy();
      response.writeHead(given.status ?? 200, { "content-type": "application/graphql-response+json" });
      response.end(JSON.stringify(given.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A document's operation, e.g. "ConfigMaps"; empty where it has none. */
export const nameOf = (query: string): string => /^\s*(?:query|mutation) (\w+)/m.exec(query)?.[1] ?? "";
export const isMutation = (query: string): boolean => /^\s*mutation\b/m.test(query);
