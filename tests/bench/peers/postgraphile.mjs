import { createServer } from "node:http";
import pg from "pg";
import { makePgService } from "postgraphile/adaptors/pg";
import { access } from "postgraphile/grafast";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { postgraphile } from "postgraphile";
import { extendSchema, gql, jsonPgSmartTags } from "postgraphile/utils";

/**
 * PostGraphile 5 over the same database, as its documentation sets it up for production: its own schema of the tables (Amber), grafserv on node:http, nothing
 * watched or explained, no GraphiQL, no subscriptions, prepared statements, answers made as text (`outputDataAsString`), a pool as large as ours. It is favoured:
 * it runs as the superuser, as the limit does, without authentication, transactions, settings or row-level security.
 *
 * What the tables don't say is added: pods know their application by a column without a foreign key, and containers lie in a document.
 */
const target = JSON.parse(process.argv[2]);
const pool = new pg.Pool({ ...target.address, ...target.admin, max: target.connections, idleTimeoutMillis: 60_000 });
pool.on("error", (error) => console.error(error));

const relations = jsonPgSmartTags({
  version: 1,
  config: { class: { pod: { tags: { foreignKey: "(tenant_id, application_id) references application (tenant_id, id)" } } } },
});

const containers = extendSchema({
  typeDefs: gql`
    type Container {
      name: String!
      image: String!
      state: String!
      ready: Boolean!
      restartCount: Int!
    }
    extend type Pod {
      containerList: [Container!]!
    }
  `,
  objects: {
    Pod: { plans: { containerList: ($pod) => $pod.get("containers") } },
    Container: {
      plans: {
        name: ($container) => access($container, "name"),
        image: ($container) => access($container, "image"),
        state: ($container) => access($container, "state"),
        ready: ($container) => access($container, "ready"),
        restartCount: ($container) => access($container, "restartCount"),
      },
    },
  },
});

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [relations, containers],
  pgServices: [makePgService({ pool, schemas: ["public"], pubsub: false })],
  grafast: { explain: false },
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false, websockets: false, outputDataAsString: true },
});
const server = createServer();
server.on("error", (error) => console.error(error));
await instance.createServ(grafserv).addTo(server);
server.listen(0, "127.0.0.1", () => process.send({ url: `http://127.0.0.1:${server.address().port}/graphql` }));
// Asked before and after a round: the CPU that this process has taken, in microseconds.
process.on("message", () => process.send(process.cpuUsage().user + process.cpuUsage().system));
