import { createServer } from "node:http";
import { buildSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { changeOf, serveAsks } from "./side.ts";

/** graphql-ws over graphql-js as its documentation shows it: every subscriber is executed and written by itself. No authentication, no database. */
const schema = buildSchema(`
  type Query { hello: String }
  type Subscription { applications: ApplicationsChange! }
  type ApplicationsChange { cursor: String! snapshot: Boolean! complete: Boolean! upserted: [Application!]! removedIds: [ID!]! at: String! }
  type Application { id: ID! name: String! description: String! status: String! version: Int! }
`);
const waiting = new Set<(change: object) => void>();
async function* applications(): AsyncGenerator<object> {
  const pending: object[] = [changeOf("first")];
  let wake = (): void => undefined;
  const take = (change: object): void => {
    pending.push(change);
    wake();
  };
  waiting.add(take);
  try {
    for (;;) {
      yield* pending.splice(0);
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    waiting.delete(take);
  }
}
const server = createServer();
useServer({ schema, roots: { subscription: { applications } } }, new WebSocketServer({ server, path: "/graphql" }), 0);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address !== "object") return;
  serveAsks(`http://127.0.0.1:${address.port}/graphql`, (count, marker) => {
    for (let event = 1; event <= count; event += 1) for (const take of waiting) take(changeOf(event === count ? marker : "other"));
  });
});
