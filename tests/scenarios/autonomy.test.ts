/**
 * Autonomy through real processes: the whole server, its fleet included, is killed while pods crash and changes are made, and started again. What was not concerned is
 * the same as before; what crashes goes on with its count; what was asked for arrives.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "#tests/support/eventually.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";

// As loosely as a client without types reads it.
type Data = ReturnType<typeof JSON.parse>;
const DEADLINE = { deadlineMs: 60_000, everyMs: 100 };
let server: ServerProcess;
let clusterId: string;

async function ask(query: string, variables: object = {}): Promise<Data> {
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${server.token}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors }: Data = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

async function create(name: string, tag: string, replicas: number): Promise<string> {
  const template = { containers: [{ name: "web", image: `docker.io/library/nginx:${tag}`, cpuMillis: 50, memoryMiB: 32 }] };
  const input = { name, namespace: "default", template, distribution: { clusters: [{ clusterId, replicas }] } };
  const { createApplication } = await ask("mutation ($input: CreateApplicationInput!) { createApplication(input: $input) { application { id } userErrors { message } } }", { input });
  expect(createApplication.userErrors).toEqual([]);
  return createApplication.application.id;
}

const podsOf = async (id: string): Promise<Data[]> => (await ask(
  "query ($id: ID!) { node(id: $id) { ... on Application { pods(first: 50) { nodes { id name ready restartCount privateIp startedAt node { id } stale } } } } }", { id },
)).node.pods.nodes;

/** What a pod keeps for as long as it lives. */
const lasting = (pods: readonly Data[]): Data[] => pods.map(({ id, name, privateIp, startedAt, node, restartCount }) => ({ id, name, privateIp, startedAt, node, restartCount })).toSorted((a, b) => (a.id < b.id ? -1 : 1));

const ready = (id: string, count: number): Promise<Data[]> => eventually(async () => {
  const pods = await podsOf(id);
  expect(pods.filter((pod) => pod.ready && !pod.stale)).toHaveLength(count);
  expect(pods).toHaveLength(count);
  return pods;
}, DEADLINE);

beforeAll(async () => {
  server = await startServer({ env: { LOG_LEVEL: "warn", SELVEDGE_FLEET: "tiny", SELVEDGE_SPEED: "5" } });
  clusterId = (await ask("{ clusters(first: 1) { nodes { id } } }")).clusters.nodes[0].id;
}, 120_000);
afterAll(() => server?.dispose());

it("a killed server's clusters go on where they were: nothing unchanged restarts, crashes are counted on, and changes arrive", { timeout: 180_000 }, async () => {
  const steady = await create("steady", "1", 3);
  const shaky = await create("shaky", "crashloop", 2);
  const before = lasting(await ready(steady, 3));
  const crashing = await eventually(async () => {
    const pods = await podsOf(shaky);
    expect(pods.filter(({ restartCount }) => restartCount > 0)).toHaveLength(2);
    return pods;
  }, DEADLINE);

  const { scaleApplication } = await ask("mutation ($input: ScaleApplicationInput!) { scaleApplication(input: $input) { userErrors { message } } }", { input: { applicationId: steady, replicas: 5 } });
  expect(scaleApplication.userErrors).toEqual([]);
  await server.kill9();
  await server.start();

  const after = lasting(await ready(steady, 5));
  expect(after).toEqual(expect.arrayContaining(before));
  await eventually(async () => {
    const pods = await podsOf(shaky);
    expect(pods.map(({ id }) => id).toSorted()).toEqual(crashing.map(({ id }) => id).toSorted());
    for (const pod of pods) expect(pod.restartCount).toBeGreaterThan(crashing.find(({ id }) => id === pod.id).restartCount);
  }, DEADLINE);
});
