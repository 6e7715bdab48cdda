import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accepted, ClusterIdDocument, CreateApplicationDocument, CreateEnrolmentTicketDocument, createClient, ScaleApplicationDocument, type SelvedgeClient } from "#clients/typescript/index.ts";
import { eventually } from "#tests/support/eventually.ts";
import { createInstallation, type Installation, type Member } from "#tests/support/installation.ts";

/**
 * Every role as processes of its own, two of each, over one Postgres and one Redis. Each is killed with -9 in turn while something is asked for, and
 * started again, but for the last of its role; what was asked for comes true with what is left, no pod is lost or doubled, and none that nobody asked to change is touched.
 */
const RETRY_FOR_MS = 60_000;
const CONVERGED = { deadlineMs: 60_000, everyMs: 100 };
const CLUSTERS = ["hangzhou-1", "shaoxing-1"] as const;

interface PodRow {
  readonly id: string;
  readonly name: string;
  readonly phase: string;
  readonly ready: boolean;
  readonly startedAt: string | null;
  readonly cluster: { readonly code: string };
}

let installation: Installation;
let apis: readonly [Member, Member];
const members: Member[] = [];
const clients: SelvedgeClient[] = [];
const clusterIds = new Map<string, string>();
let applicationId: string;
/** How many pods there should be, by cluster. */
const wanted = new Map<string, number>(CLUSTERS.map((code) => [code, 2]));

async function pair(role: string): Promise<readonly [Member, Member]> {
  const both = [await installation.member(`${role}-1`, { SELVEDGE_ROLE: role }), await installation.member(`${role}-2`, { SELVEDGE_ROLE: role })] as const;
  members.push(...both);
  return both;
}

/** Of the API that is not the one that is dead. */
const clientOf = (dead?: Member): SelvedgeClient => clients[dead === apis[0] ? 1 : 0] as SelvedgeClient;

async function pods(api: Member): Promise<readonly PodRow[]> {
  const response = await fetch(`${api.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${installation.token}` },
    body: JSON.stringify({ query: "query ($id: ID!) { application(id: $id) { pods(first: 100) { nodes { id name phase ready startedAt cluster { code } } } } }", variables: { id: applicationId } }),
  });
  const { data } = (await response.json()) as { data: { application: { pods: { nodes: readonly PodRow[] } } } };
  return data.application.pods.nodes;
}

/** As many ready pods on each cluster as there should be, no other, and all that were there before exactly as they were. */
async function converged(api: Member, before: readonly PodRow[]): Promise<readonly PodRow[]> {
  return eventually(async () => {
    const now = await pods(api);
    expect(now.every(({ phase, ready }) => phase === "RUNNING" && ready)).toBe(true);
    expect(CLUSTERS.map((code) => now.filter(({ cluster }) => cluster.code === code).length)).toEqual(CLUSTERS.map((code) => wanted.get(code)));
    for (const pod of before) expect(now).toContainEqual(pod);
    return now;
  }, CONVERGED);
}

beforeAll(async () => {
  installation = await createInstallation();
  apis = await pair("api");
  await pair("worker");
  const gateways = await pair("gateway");
  // The first brings the database to where it should be; the others find it so.
  await apis[0].start();
  await Promise.all(members.slice(1).map((member) => member.start()));
  for (const api of apis) clients.push(createClient({ url: api.url, token: installation.token }));
  for (const part of [1, 2]) {
    const { ticket } = accepted((await clientOf().execute(CreateEnrolmentTicketDocument, { input: { maxClusters: 1 } })).createEnrolmentTicket);
    // Each knows the other gateway first.
    const urls = gateways.map(({ port }) => `ws://127.0.0.1:${port}/agent`);
    members.push(await installation.member(`fleet-${part}`, {
      SELVEDGE_ROLE: "fleet", SELVEDGE_FLEET_SHARD: `${part}/2`, SELVEDGE_ENROLMENT_TICKET: ticket ?? "", SELVEDGE_GATEWAYS: (part === 1 ? urls : urls.toReversed()).join(","),
    }));
  }
  await Promise.all(members.slice(-2).map((member) => member.start()));
  for (const code of CLUSTERS) {
    await eventually(async () => {
      const { cluster } = await clientOf().execute(ClusterIdDocument, { code });
      clusterIds.set(code, cluster?.id ?? raise(`no cluster ${code}`));
    }, CONVERGED);
  }
}, 300_000);
afterAll(async () => {
  for (const client of clients) await client.close();
  await installation.close();
}, 60_000);

function raise(message: string): never {
  throw new Error(message);
}

describe.runIf(process.platform === "linux")("two processes of each role", { timeout: 400_000 }, () => {
  test("any of them may be killed: what is asked for comes true, and nothing is lost, doubled or disturbed", async () => {
    const { application } = accepted((await clientOf().execute(CreateApplicationDocument, {
      input: {
        name: "web", namespace: "default", template: { containers: [{ name: "web", image: "web:1", cpuMillis: 50, memoryMiB: 32 }] },
        distribution: { clusters: CLUSTERS.map((code) => ({ clusterId: clusterIds.get(code) ?? "", replicas: 2 })) },
      },
    })).createApplication);
    applicationId = application?.id ?? raise("no application");
    let before = await converged(apis[0], []);

    let turn = 0;
    for (const victim of members) {
      const code = CLUSTERS[turn++ % 2] as string;
      await victim.kill9();
      // One of two is enough at the end; a fleet's clusters have nobody else.
      const returns = !victim.name.endsWith("-2") || victim.name.startsWith("fleet");
      const back = returns ? victim.start() : Promise.resolve();
      // Whoever waits for it hears of it; until then it is nobody's.
      back.catch(() => undefined);
      wanted.set(code, (wanted.get(code) ?? 0) + 1);
      const input = { applicationId, clusterId: clusterIds.get(code) ?? "", replicas: wanted.get(code) ?? 0, idempotencyKey: randomUUID() };
      accepted((await clientOf(victim === apis[0] ? apis[0] : apis[1]).executeWith({ retryForMs: RETRY_FOR_MS }, ScaleApplicationDocument, { input })).scaleApplication);
      before = await converged(victim === apis[0] ? apis[1] : apis[0], before);
      await back;
      // So says the API that was away.
      if (victim === apis[0]) await converged(apis[0], before);
    }
    expect(before).toHaveLength(4 + members.length);
    expect(new Set(before.map(({ name, cluster }) => `${cluster.code}/${name}`)).size).toBe(before.length);
  });

  test("a gateway tells whether it could work, and counts", async () => {
    for (const gateway of members.filter(({ name }) => name === "gateway-1")) {
      expect(await (await fetch(`${gateway.url}/readyz`)).json()).toMatchObject({ ready: true, checks: { database: "ok", bus: "ok" } });
      expect(await (await fetch(`${gateway.url}/healthz`)).json()).toEqual({ alive: true });
      expect(await (await fetch(`${gateway.url}/metrics`)).text()).toMatch(/^selvedge_gateway_clusters/m);
      expect((await fetch(`${gateway.url}/graphql`)).status).toBe(404);
    }
  });
});
