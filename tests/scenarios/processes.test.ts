import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  accepted, ClusterDocument, CreateApplicationDocument, CreateEnrolmentTicketDocument, createClient, type DisconnectMode, EndFaultDocument, InjectFaultDocument, ScaleApplicationDocument, type SelvedgeClient,
} from "#clients/typescript/index.ts";
import { eventually } from "#tests/support/eventually.ts";
import { createInstallation, type Installation, type Member } from "#tests/support/installation.ts";

/**
 * Every role as processes of its own, two of each, over one Postgres and one Redis, and links over real sockets. A fleet is killed with -9 and stays away for longer than the stale
 * time; of the other fleet's clusters some are cut off one way each, and one flaps. Meanwhile all the others are killed in turn while something is asked for, and started again, but for the
 * last of its role. What was asked for comes true with what is left, and everywhere once all is whole again; no pod is lost or doubled, and none that nobody asked to change is touched.
 */
const RETRY_FOR_MS = 60_000;
const PATIENT = { deadlineMs: 90_000, everyMs: 100 };
const STALE_MS = 30_000;
/** Between two of a fleet's pings. */
const PING_MS = 5_000;
const DAY = 86_400;
/** Pulls, starts and turns of a link that flaps take a fifth; how long a cluster may be silent does not. */
const SPEED = "5";
/** The cluster of the fleet that stays away: a cluster's part of a fleet follows from its code. */
const GONE = "edge-1";
/** Of the other fleet: one whose words are lost, one that hears nothing, one that is cut and whole by turns, and one without a fault. */
const [MUTE, DEAF, FLAPPING, WHOLE] = ["edge-4", "edge-5", "edge-8", "edge-9"] as const;
const CLUSTERS = [GONE, MUTE, DEAF, FLAPPING, WHOLE];
const CUTS: readonly (readonly [code: string, mode: DisconnectMode])[] = [[DEAF, "TO_CLUSTER"], [FLAPPING, "FLAPPING"], [MUTE, "TO_CENTRE"]];

interface PodRow {
  readonly id: string;
  readonly name: string;
  readonly phase: string;
  readonly ready: boolean;
  readonly stale: boolean;
  readonly startedAt: string | null;
  readonly restartCount: number;
  readonly privateIp: string | null;
  readonly node: { readonly id: string } | null;
  readonly cluster: { readonly code: string };
}

const PODS = `query ($id: ID!) {
  application(id: $id) { pods(first: 100) { nodes { id name phase ready stale startedAt restartCount privateIp node { id } cluster { code } } } }
}`;

let installation: Installation;
let apis: readonly [Member, Member];
let workers: readonly [Member, Member];
let gateways: readonly [Member, Member];
let fleets: readonly [Member, Member];
const clients: SelvedgeClient[] = [];
const clusterIds = new Map<string, string>();
let applicationId: string;
/** How many pods there should be, by cluster. */
const wanted = new Map<string, number>(CLUSTERS.map((code) => [code, 2]));
/** Of the wall clock: when the fleet was gone; null while it is there. */
let goneAt: number | null = null;
/** Pods that were shown as fresh when nothing had been heard of their cluster for longer than the stale time. */
const shownAsFresh: PodRow[] = [];

const clientOf = (api: Member): SelvedgeClient => clients[apis.indexOf(api)] as SelvedgeClient;
const clusterIdOf = (code: string): string => clusterIds.get(code) ?? raise(`no cluster ${code}`);
const clusterRow = async (code: string) => (await clientOf(apis[0]).execute(ClusterDocument, { code })).cluster ?? raise(`no cluster ${code}`);

function raise(message: string): never {
  throw new Error(message);
}

async function pods(api: Member): Promise<readonly PodRow[]> {
  const askedAt = Date.now();
  const response = await fetch(`${api.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${installation.token}` },
    body: JSON.stringify({ query: PODS, variables: { id: applicationId } }),
  });
  const { data } = (await response.json()) as { data: { application: { pods: { nodes: readonly PodRow[] } } } };
  const { nodes } = data.application.pods;
  if (goneAt !== null && askedAt > goneAt + STALE_MS) shownAsFresh.push(...nodes.filter(({ cluster, stale }) => cluster.code === GONE && !stale));
  return nodes;
}

/** What a pod keeps for as long as it lives. */
const lifeOf = ({ id, name, startedAt, restartCount, privateIp, node, cluster }: PodRow): unknown => ({ id, name, startedAt, restartCount, privateIp, node, cluster });

/** On these clusters: as many ready pods as there should be, no other, and all that were there before exactly as they were. */
async function converged(api: Member, codes: readonly string[], before: readonly PodRow[]): Promise<readonly PodRow[]> {
  return eventually(async () => {
    const now = (await pods(api)).filter(({ cluster }) => codes.includes(cluster.code));
    expect(now.every(({ phase, ready }) => phase === "RUNNING" && ready)).toBe(true);
    expect(codes.map((code) => now.filter(({ cluster }) => cluster.code === code).length)).toEqual(codes.map((code) => wanted.get(code)));
    const lives = now.map(lifeOf);
    for (const pod of before) if (codes.includes(pod.cluster.code)) expect(lives).toContainEqual(lifeOf(pod));
    return now;
  }, PATIENT);
}

/** One pod more on a cluster, or on each. */
async function grow(api: Member, code: string | null): Promise<void> {
  for (const each of code === null ? CLUSTERS : [code]) wanted.set(each, (wanted.get(each) ?? 0) + 1);
  const input = { applicationId, clusterId: code && clusterIdOf(code), replicas: wanted.get(code ?? WHOLE) ?? 0, idempotencyKey: randomUUID() };
  accepted((await clientOf(api).executeWith({ retryForMs: RETRY_FOR_MS }, ScaleApplicationDocument, { input })).scaleApplication);
}

/** A fleet of our own, for two clusters are too few. */
async function describeFleet(): Promise<string> {
  const tiny = JSON.parse(await readFile(path.resolve(import.meta.dirname, "../../server/fleet/presets/tiny.json"), "utf8")) as { cities: { code: string }[] };
  const file = path.join(installation.folder, "fleet.json");
  const clusters = CLUSTERS.map((code) => ({ code, city: tiny.cities[0]?.code, tier: "EDGE", isp: "TELECOM" }));
  await writeFile(file, JSON.stringify({ ...tiny, name: "five", clusters }));
  return file;
}

async function pair(role: string, env: (part: number) => Readonly<Record<string, string>> = () => ({})): Promise<readonly [Member, Member]> {
  const member = (part: number): Promise<Member> => installation.member(`${role}-${part}`, { SELVEDGE_ROLE: role, SELVEDGE_SPEED: SPEED, ...env(part) });
  return [await member(1), await member(2)];
}

beforeAll(async () => {
  installation = await createInstallation();
  apis = await pair("api");
  workers = await pair("worker");
  gateways = await pair("gateway");
  for (const api of apis) clients.push(createClient({ url: api.url, token: installation.token }));
  // The first brings the database to where it should be; the others find it so.
  await apis[0].start();
  const tickets: string[] = [];
  for (const maxClusters of [1, 4]) tickets.push(accepted((await clientOf(apis[0]).execute(CreateEnrolmentTicketDocument, { input: { maxClusters } })).createEnrolmentTicket).ticket ?? "");
  const file = await describeFleet();
  const urls = gateways.map(({ port }) => `ws://127.0.0.1:${port}/agent`);
  fleets = await pair("fleet", (part) => ({
    SELVEDGE_FLEET: file, SELVEDGE_FLEET_SHARD: `${part}/2`, SELVEDGE_ENROLMENT_TICKET: tickets[part - 1] ?? "",
    // Each knows the other gateway first.
    SELVEDGE_GATEWAYS: (part === 1 ? urls.toReversed() : urls).join(","),
  }));
  await Promise.all([workers[0], gateways[0], ...fleets].map((member) => member.start()));
  for (const code of CLUSTERS) await eventually(async () => clusterIds.set(code, (await clusterRow(code)).id), PATIENT);
}, 300_000);
afterAll(async () => {
  for (const client of clients) await client.close();
  await installation.close();
}, 60_000);

describe.runIf(process.platform === "linux")("two processes of each role", { timeout: 400_000 }, () => {
  test("any of them may be killed, and any cluster be cut off: what is asked for comes true, and nothing is lost, doubled or disturbed", async () => {
    const { application } = accepted((await clientOf(apis[0]).execute(CreateApplicationDocument, {
      input: {
        name: "web", namespace: "default", template: { containers: [{ name: "web", image: "web:1", cpuMillis: 50, memoryMiB: 32 }] },
        distribution: { clusters: CLUSTERS.map((code) => ({ clusterId: clusterIdOf(code), replicas: 2 })) },
      },
    })).createApplication);
    applicationId = application?.id ?? raise("no application");
    const first = await converged(apis[0], CLUSTERS, []);

    const [away, other] = fleets;
    await away.kill9();
    goneAt = Date.now();
    const seconds = Promise.all([apis[1], workers[1], gateways[1]].map((member) => member.start()));
    seconds.catch(() => undefined);
    const cuts: string[] = [];
    for (const [code, mode] of CUTS) {
      const input = { kind: "DISCONNECT_CLUSTER", clusterId: clusterIdOf(code), mode, durationSeconds: DAY } as const;
      cuts.push(accepted((await clientOf(apis[0]).execute(InjectFaultDocument, { input })).injectFault).fault?.id ?? "");
    }
    // Pings name both, until they leave one of them out: whoever last reported when. The other cuts were ordered before.
    await eventually(async () => {
      const [seen, unseen] = await Promise.all([WHOLE, MUTE].map(async (code) => Date.parse((await clusterRow(code)).lastSeenAt ?? "")));
      expect(Number(seen) - Number(unseen)).toBeGreaterThan(PING_MS * Number(SPEED));
    }, PATIENT);
    await grow(apis[0], null);
    const heard = [FLAPPING, WHOLE];
    let before = await converged(apis[0], heard, first);
    await seconds;

    let turn = 0;
    const returning: Promise<void>[] = [];
    let alive = apis[0];
    for (const victim of [apis[0], workers[0], gateways[0], other, apis[1], workers[1], gateways[1]]) {
      // One of two is enough at the end, but has to be there; a fleet's clusters have nobody else.
      if (victim === apis[1]) await Promise.all(returning);
      await victim.kill9();
      if (victim.name.endsWith("-1") || victim === other) {
        const back = victim.start();
        // Whoever waits for it hears of it; until then it is nobody's.
        back.catch(() => undefined);
        returning.push(back);
      }
      if (victim === alive) alive = victim === apis[0] ? apis[1] : apis[0];
      await grow(alive, heard[turn++ % 2] as string);
      before = await converged(alive, heard, before);
    }

    // Both fell silent, and what is known of them is what they said last.
    await eventually(async () => {
      const now = await pods(apis[0]);
      for (const code of [GONE, MUTE]) {
        expect((await clusterRow(code)).status).toBe("DISCONNECTED");
        const there = now.filter(({ cluster }) => cluster.code === code);
        expect(there.map(({ stale }) => stale)).toEqual([true, true]);
        expect(first.map(lifeOf)).toEqual(expect.arrayContaining(there.map(lifeOf)));
      }
    }, PATIENT);
    expect(shownAsFresh).toEqual([]);
    // What it was told was lost.
    expect((await pods(apis[0])).filter(({ cluster }) => cluster.code === DEAF).map(({ id }) => id).toSorted()).toEqual(first.filter(({ cluster }) => cluster.code === DEAF).map(({ id }) => id).toSorted());
    for (const code of heard) expect((await clusterRow(code)).status).toBe("ONLINE");

    goneAt = null;
    const healed = Promise.all([away.start(), ...cuts.map(async (faultId) => accepted((await clientOf(apis[0]).execute(EndFaultDocument, { input: { faultId } })).endFault).fault?.endsAt ?? "")]);
    healed.catch(() => undefined);
    const last = await converged(apis[0], CLUSTERS, [...first, ...before]);
    const [, ...ends] = await healed;
    for (const code of CLUSTERS) await eventually(async () => expect((await clusterRow(code)).status).toBe("ONLINE"), PATIENT);
    await eventually(async () => expect((await pods(apis[0])).filter(({ stale }) => stale)).toEqual([]), PATIENT);
    // Who could not be heard did what was asked while it could not.
    for (const { cluster, startedAt } of last) if (cluster.code === MUTE) expect(Date.parse(startedAt ?? "")).toBeLessThan(Math.min(...ends.map((end) => Date.parse(end))));
    expect(new Set(last.map(({ name, cluster }) => `${cluster.code}/${name}`)).size).toBe(last.length);
  });

  test("a gateway tells whether it could work, and counts", async () => {
    const [gateway] = gateways;
    expect(await (await fetch(`${gateway.url}/readyz`)).json()).toMatchObject({ ready: true, checks: { database: "ok", bus: "ok" } });
    expect(await (await fetch(`${gateway.url}/healthz`)).json()).toEqual({ alive: true });
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toMatch(/^selvedge_gateway_clusters/m);
    expect((await fetch(`${gateway.url}/graphql`)).status).toBe(404);
  });
});
