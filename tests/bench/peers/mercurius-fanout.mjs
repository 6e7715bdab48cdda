import Fastify from "fastify";
import mercurius from "mercurius";

/** Mercurius' own subscriptions with its own emitter and just-in-time compiler. No authentication, no database. */
const change = (marker) => ({
  applications: {
    cursor: "WzEsMSwxMjM0NTYsMCwwLDE3ODAwMDAwMDAwMDAsIkFiQ2RFZkdoSWpLbE1uT3AiXQ", snapshot: false, complete: true,
    upserted: [{ id: "Application.00000000-0000-7000-8000-000000000001", name: "application-001", description: marker, status: "RUNNING", version: 1 }], removedIds: [], at: "2026-01-01T00:00:00.000Z",
  },
});
const schema = `
  type Query { hello: String }
  type Subscription { applications: ApplicationsChange! }
  type ApplicationsChange { cursor: String! snapshot: Boolean! complete: Boolean! upserted: [Application!]! removedIds: [ID!]! at: String! }
  type Application { id: ID! name: String! description: String! status: String! version: Int! }
`;
const resolvers = {
  Subscription: {
    applications: {
      async *subscribe(_, __, { pubsub }) {
        const queue = await pubsub.subscribe("applications");
        yield change("first");
        yield* queue;
      },
    },
  },
};
const app = Fastify({ logger: false });
app.register(mercurius, { schema, resolvers, jit: 1, subscription: true, graphiql: false });
const url = await app.listen({ port: 0, host: "127.0.0.1" });
process.on("message", ({ kind, count, marker, weigh }) => {
  if (kind === "events") {
    for (let event = 1; event <= count; event += 1) app.graphql.pubsub.publish({ topic: "applications", payload: change(event === count ? marker : "other") });
    return;
  }
  const { user, system } = process.cpuUsage();
  if (weigh) globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  process.send({ cpuMs: (user + system) / 1000, rss: process.memoryUsage().rss });
});
process.send({ url: `${url}/graphql` });
