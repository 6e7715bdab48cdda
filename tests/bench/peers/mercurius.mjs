import Fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";

/**
 * Mercurius with its just-in-time compiler over the same database, written by hand for these two operations as one would who wants speed: the schema's names are
 * ours, each level is one prepared statement for all its parents (`= any`, limits by a lateral join), columns come under the fields' names, so that no field has a
 * resolver but those that load; leaves are not looked at again, since the columns have the right types (`disableLeafSerialization`). It is favoured: it runs as the superuser, as the limit does, without authentication, transactions, settings or row-level security.
 */
const target = JSON.parse(process.argv[2]);
const pool = new pg.Pool({ ...target.address, ...target.admin, max: target.connections, idleTimeoutMillis: 60_000 });
pool.on("error", (error) => console.error(error));
const { tenantId } = target;

const schema = `
  type Query {
    application(id: ID!): Application
    applications(first: Int): ApplicationPage!
  }
  type ApplicationPage { nodes: [Application!]! }
  type Application {
    id: ID!
    name: String!
    status: String!
    description: String!
    version: Int!
    placements(first: Int): PlacementPage!
    pods(first: Int): PodPage!
  }
  type PlacementPage { nodes: [Placement!]! }
  type Placement {
    id: ID!
    generation: Int!
    observedGeneration: Int!
    reason: String!
    cluster: Cluster!
  }
  type Cluster {
    id: ID!
    code: String!
    name: String!
    city: String!
    status: String!
  }
  type PodPage { nodes: [Pod!]! }
  type Pod {
    id: ID!
    name: String!
    phase: String!
    ready: Boolean!
    restartCount: Int!
    containers: [Container!]!
  }
  type Container {
    name: String!
    image: String!
    state: String!
    ready: Boolean!
    restartCount: Int!
  }
`;

const DEFAULT_PAGE = 20;
const rowsOf = async (name, text, values) => (await pool.query({ name, text, values })).rows;

const APPLICATION = `'Application.' || id as id, id as key, name, status, description, version`;
const resolvers = {
  Query: {
    application: async (_, { id }) =>
      (await rowsOf("application", `select ${APPLICATION} from application where tenant_id = $1 and id = $2`, [tenantId, id.slice("Application.".length)]))[0],
    applications: async (_, { first = DEFAULT_PAGE }) => ({
      nodes: await rowsOf("applications", `select ${APPLICATION} from application where tenant_id = $1 order by name, application.id limit $2`, [tenantId, first]),
    }),
  },
};

/** A page for each parent, by one statement whose rows come in the page's order and tell their parent. The same field of one operation may be asked for with several limits. */
const pages = (name, text) => async (queries) => {
  const keys = queries.map(({ obj }) => obj.key);
  const limits = queries.map(({ params }) => params.first ?? DEFAULT_PAGE);
  const result = queries.map(() => ({ nodes: [] }));
  for (const row of await rowsOf(name, text, [tenantId, keys, limits])) result[row.parent - 1].nodes.push(row);
  return result;
};

const loaders = {
  Application: {
    placements: pages(
      "placements",
      `select parent::int, p.* from unnest($2::uuid[], $3::int[]) with ordinality x (key, first, parent) cross join lateral (
         select 'Placement.' || id as id, cluster_id as "clusterKey", generation, observed_generation as "observedGeneration", reason
         from placement where tenant_id = $1 and application_id = x.key order by placement.id limit x.first) p`,
    ),
    pods: pages(
      "pods",
      `select parent::int, p.* from unnest($2::uuid[], $3::int[]) with ordinality x (key, first, parent) cross join lateral (
         select 'Pod.' || id as id, name, phase, ready, restart_count as "restartCount", containers
         from pod where tenant_id = $1 and application_id = x.key order by name, pod.id limit x.first) p`,
    ),
  },
  Placement: {
    cluster: async (queries) => {
      const keys = [...new Set(queries.map(({ obj }) => obj.clusterKey))];
      const rows = await rowsOf("clusters", `select 'Cluster.' || id as id, id as key, code, name, city, status from cluster where id = any ($1::uuid[])`, [keys]);
      const clusters = new Map(rows.map((row) => [row.key, row]));
      return queries.map(({ obj }) => clusters.get(obj.clusterKey));
    },
  },
};

const app = Fastify({ logger: false });
app.register(mercurius, { schema, resolvers, loaders, jit: 1, compilerOptions: { disableLeafSerialization: true }, graphiql: false });
const url = await app.listen({ port: 0, host: "127.0.0.1" });
process.send({ url: `${url}/graphql` });
// Asked before and after a round: the CPU that this process has taken, in microseconds.
process.on("message", () => process.send(process.cpuUsage().user + process.cpuUsage().system));
