/** The way in from another machine, as it is: the front's port, the door, enrolment and proofs on the real database, as the gateway's role. */
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { Config } from "#server/config/config.ts";
import { openEnrolment } from "#server/fleet/enrolment.ts";
import { fleetIdentity, type NamedCluster, provingDialer } from "#server/fleet/identity.ts";
import type { AgentConnection, AgentMessage, Challenge, GatewayMessage, Proof, Proven } from "#server/fleet/link.ts";
import { socketDialer } from "#server/fleet/transport-socket.ts";
import { SOURCE_HEADER } from "#server/gateway/door.ts";
import { createMetrics } from "#server/observability/metrics.ts";
import { createInProcessBus } from "#server/realtime/bus-in-process.ts";
import { startGateway } from "#server/roles/gateway.ts";
import { createAgentRoute } from "#server/transport/agents.ts";
import { type Front, startFront } from "#server/transport/front.ts";
import { silentLogger, wallClock } from "#tests/support/centre.ts";
import { eventually } from "#tests/support/eventually.ts";
import { ScriptedAgent } from "#tests/support/scripted-agent.ts";
import { createFixture, type Fixture, must, refusals, type TestTenant } from "../services/fixture.ts";

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
let fixture: Fixture;
let admin: TestTenant["actor"];
let front: Front;
const closers: (() => Promise<unknown>)[] = [];
const connections: AgentConnection[] = [];

/** Each with its own counting of failures. */
async function startWayIn(): Promise<Front> {
  const folder = await mkdtemp(path.join(tmpdir(), "selvedge-tests-door-"));
  const bus = createInProcessBus({ instance: randomUUID() });
  const metrics = createMetrics("centre");
  const door = path.join(folder, "gateway");
  const gateway = await startGateway({
    config: {} as Config, link: null, door, logger: silentLogger, metrics, stopping: new AbortController().signal,
    centre: { database: { address: fixture.database.address, encryptionKey: fixture.database.encryptionKey }, clock: wallClock, speed: 1, term: 1, bus },
  });
  const agents = createAgentRoute({ door, sourceHeader: SOURCE_HEADER, logger: silentLogger });
  const started = await startFront({ host: "127.0.0.1", port: 0, agents, metrics: metrics.registry, logger: silentLogger });
  closers.push(async () => {
    await started.close();
    await gateway.close();
    await bus.close();
    await rm(folder, { recursive: true, force: true });
  });
  return started;
}

beforeAll(async () => {
  fixture = await createFixture();
  // Tickets are made on the clock that the gateway has.
  fixture.advance(Date.now() - Date.UTC(2026, 0, 1));
  admin = (await fixture.tenant()).as({ role: "PLATFORM_ADMIN" });
});
beforeEach(async () => {
  front = await startWayIn();
});
afterAll(async () => {
  for (const connection of connections) connection.close("the tests are over");
  for (const close of closers) await close();
  await fixture.close();
});

const cluster = (code: string): NamedCluster => ({ clusterId: randomUUID(), code });
const fleetOf = (clusters: readonly NamedCluster[], seed = 1) => fleetIdentity(new Uint8Array(32).fill(seed), clusters);
async function ticketFor(input: { clusterCodes?: string[]; maxClusters?: number; expiresAt?: Date }): Promise<string> {
  return must(await fixture.services.enrolment.createTicket(admin, input)).ticket ?? "";
}
async function enrol(ticket: string, identity: ReturnType<typeof fleetOf>, headers: Record<string, string> = {}): Promise<{ status: number; said: string }> {
  const clusters = identity.clusters.map(({ clusterId, code }) => ({ clusterId, code, publicKey: identity.keyOf(clusterId).publicKey }));
  const response = await fetch(`${front.url}/agent/enrol`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify({ ticket, clusters }) });
  const body = (await response.json()) as { error?: string; enrolled?: number };
  return { status: response.status, said: body.error ?? `${body.enrolled} enrolled` };
}
async function dial(identity: ReturnType<typeof fleetOf>): Promise<AgentConnection> {
  const dialer = socketDialer<AgentMessage | Proof, GatewayMessage | Challenge | Proven>({ urls: [`${front.url.replace("http", "ws")}/agent`] });
  const connection = await provingDialer({ dialer, identity, onClock: (now, speed) => expect([Math.abs(now - Date.now()) < 60_000, speed]).toEqual([true, 1]), renew: async () => false, logger: silent }).dial();
  connections.push(connection);
  return connection;
}
async function enrolled(...codes: string[]) {
  const identity = fleetOf(codes.map(cluster));
  expect(await enrol(await ticketFor({ maxClusters: codes.length }), identity)).toEqual({ status: 200, said: `${codes.length} enrolled` });
  return identity;
}
const agentOf = ({ code, clusterId }: NamedCluster, connection: AgentConnection): ScriptedAgent => new ScriptedAgent(code, clusterId).connect(connection);

describe("a ticket", () => {
  const GONE = { status: 403, said: "the ticket is unknown, was used, or has expired" };

  test("lets one fleet tell its keys once; the same again, because the answer was lost, is answered the same", async () => {
    const ticket = await ticketFor({ maxClusters: 2 });
    const fleet = fleetOf([cluster("once-1"), cluster("once-2")]);
    expect(await enrol(ticket, fleet)).toEqual({ status: 200, said: "2 enrolled" });
    expect(await enrol(ticket, fleet)).toEqual({ status: 200, said: "2 enrolled" });
    expect(await enrol(ticket, fleetOf([cluster("other-1")]))).toEqual(GONE);
    expect(await enrol(ticket, fleetOf(fleet.clusters, 2))).toEqual(GONE);
    expect(await enrol(`slvt_${"x".repeat(43)}`, fleetOf([cluster("other-1")]))).toEqual(GONE);
  });

  test("is used once by however many come at the same moment", async () => {
    const ticket = await ticketFor({ maxClusters: 1 });
    const answers = await Promise.all([1, 2, 3, 4].map((n) => enrol(ticket, fleetOf([cluster(`race-${n}`)], n))));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 403, 403, 403]);
  });

  test("that has expired, is for fewer, or for others, is for nothing", async () => {
    expect(await enrol(await ticketFor({ maxClusters: 1 }), fleetOf([cluster("few-1"), cluster("few-2")]))).toEqual({ status: 403, said: "the ticket is for fewer clusters" });
    expect(await enrol(await ticketFor({ clusterCodes: ["named-1", "named-2"] }), fleetOf([cluster("named-1"), cluster("unnamed")]))).toEqual({ status: 403, said: "the ticket is not for the cluster unnamed" });
    const ticket = await ticketFor({ maxClusters: 1 });
    await fixture.admin.query("update enrolment_ticket set expires_at = $1 where used_at is null", [new Date(Date.now() - 1)]);
    expect(await enrol(ticket, fleetOf([cluster("late")]))).toEqual(GONE);
  });

  test("for any clusters takes none that are there from their agents; one that names them gives them another key", async () => {
    const [mine] = (await enrolled("taken-1")).clusters as [NamedCluster];
    const stranger = fleetOf([mine], 9);
    expect(await enrol(await ticketFor({ maxClusters: 1 }), stranger)).toEqual({ status: 403, said: "the cluster taken-1 is enrolled: only a ticket that names it may give it another key" });
    expect((await enrol(await ticketFor({ maxClusters: 1 }), fleetOf([cluster("taken-1")], 9))).said).toMatch(/^the code taken-1 belongs to another cluster/);
    expect((await enrol(await ticketFor({ maxClusters: 1 }), fleetOf([{ ...mine, code: "elsewhere" }], 9))).said).toMatch(/^the code elsewhere belongs to another cluster/);
    expect((await enrol(await ticketFor({ clusterCodes: ["taken-1"] }), stranger)).status).toBe(200);
    await expect(dial(fleetOf([mine]))).rejects.toThrow(/lets none of the 1 clusters in: the cluster's key was revoked/);
    await expect(dial(fleetOf([mine], 3))).rejects.toThrow(/lets none of the 1 clusters in: the proof does not fit/);
    await dial(stranger);
  });

  test("guessing it, and nonsense, soon has to wait, whatever source it claims to come from", async () => {
    const statuses = [];
    for (let n = 0; n < 12; n += 1) statuses.push((await enrol(`slvt_${String(n).padStart(43, "x")}`, fleetOf([cluster("guess")]), { [SOURCE_HEADER]: `10.0.0.${n}` })).status);
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(403));
    expect(statuses.slice(10)).toEqual([429, 429]);
  });

  test("is made by administrators of the platform only, and never kept in words", async () => {
    const owner = (await fixture.tenant()).as({ role: "OWNER" });
    await expect(fixture.services.enrolment.createTicket(owner, { maxClusters: 1 })).rejects.toMatchObject({ code: "FORBIDDEN" });
    for (const [input, where] of [[{}, ["input"]], [{ maxClusters: 1, clusterCodes: ["a"] }, ["input"]], [{ maxClusters: 0 }, ["input", "maxClusters"]], [{ clusterCodes: ["A b"] }, ["input", "clusterCodes", "0"]]] as const) {
      expect(refusals(await fixture.services.enrolment.createTicket(admin, input as { maxClusters?: number }))).toMatchObject([{ code: "INVALID_ARGUMENT", path: where }]);
    }
    const ticket = await ticketFor({ maxClusters: 3 });
    const { rows } = await fixture.admin.query("select (select json_agg(t) from enrolment_ticket t)::text || (select json_agg(a) from audit_entry a)::text as all");
    expect(rows[0].all).toContain(ticket.slice(0, 9));
    expect(rows[0].all).not.toContain(ticket);
  });
});

describe("a connection", () => {
  test("speaks for the clusters that were proven on it, under their own codes, and for nobody else", async () => {
    const fleet = await enrolled("mine-1", "mine-2");
    const others = await enrolled("theirs-1");
    const connection = await dial(fleet);
    const [first, second] = fleet.clusters as [NamedCluster, NamedCluster];
    const agent = agentOf(first, connection);
    await agent.hello();
    await agent.report();

    const foreign = agentOf(others.clusters[0] as NamedCluster, connection);
    await expect(foreign.hello()).rejects.toThrow(/the cluster's key was not proven on this connection/);
    await expect(agentOf({ ...second, code: "theirs-1" }, connection).hello()).rejects.toThrow(/the cluster's key was enrolled for the code mine-2/);
    // None of it was stored.
    expect((await fixture.admin.query("select code from cluster where code like any ('{mine-%,theirs-%}') order by 1")).rows).toEqual([{ code: "mine-1" }]);
    await agent.report();
  });

  test("without a proof is told nothing and closed, and no web page gets as far", async () => {
    const url = `${front.url.replace("http", "ws")}/agent`;
    const socket = new WebSocket(url, "selvedge-link.1");
    const closed = new Promise<string>((resolve) => socket.once("close", (_code, reason) => resolve(reason.toString())));
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send(JSON.stringify(new ScriptedAgent("sly").helloMessage()));
    expect(await closed).toBe("prove a cluster's key first");

    const page = new WebSocket(url, "selvedge-link.1", { origin: "https://evil.example" });
    const status = await new Promise((resolve) => page.once("unexpected-response", (_request, response) => resolve(response.statusCode)));
    page.on("error", () => undefined).terminate();
    expect(status).toBe(403);
  });

  test("a proof is of no use on another connection", async () => {
    const fleet = await enrolled("replay-1");
    const proofs: Proof[] = [];
    const spy = socketDialer<AgentMessage | Proof, GatewayMessage | Challenge | Proven>({ urls: [`${front.url.replace("http", "ws")}/agent`] });
    const listening = { dial: async () => {
      const connection = await spy.dial();
      const send = connection.send.bind(connection);
      connection.send = (message) => {
        if (message.type === "proof") proofs.push(message);
        send(message);
      };
      return connection;
    } };
    connections.push(await provingDialer({ dialer: listening, identity: fleet, onClock: () => undefined, renew: async () => false, logger: silent }).dial());
    const connection = await spy.dial();
    const answered = new Promise<GatewayMessage | Challenge | Proven>((resolve) => connection.onMessage((message) => message.type === "proven" && resolve(message)));
    connection.send(proofs[0] as Proof);
    expect(await answered).toMatchObject({ refused: [{ reason: "the proof does not fit the cluster's key" }] });
    connection.close("enough");
  });

  test("loses a cluster within seconds once its key is revoked, and keeps the others; a ticket that names it lets it come back", async () => {
    const fleet = await enrolled("stays-1", "goes-1");
    const connection = await dial(fleet);
    const [stays, goes] = fleet.clusters.map((one) => agentOf(one, connection)) as [ScriptedAgent, ScriptedAgent];
    await stays.hello();
    await goes.hello();
    must(await fixture.services.enrolment.revokeKey(admin, { clusterCode: "goes-1" }));
    // The bus of the services is not the gateway's here: its own look finds it.
    await eventually(() => expect(goes.received.some((message) => message.type === "refuse" && /key was revoked/.test(message.reason))).toBe(true), { deadlineMs: 5_000 });
    goes.say(goes.helloMessage());
    await expect(goes.next("welcome", goes.received.length)).rejects.toThrow(/not proven/);
    await stays.report();

    await expect(dial(fleetOf([fleet.clusters[1] as NamedCluster]))).rejects.toThrow(/key was revoked: enrol it with a ticket that names it/);
    await expect(dial(fleetOf([fleet.clusters[1] as NamedCluster], 2))).rejects.toThrow(/no valid key: enrol it with a ticket$/);
    expect((await enrol(await ticketFor({ clusterCodes: ["goes-1"] }), fleetOf([fleet.clusters[1] as NamedCluster]))).said).toMatch(/was revoked: it needs a new one/);
    const renewed = fleetOf([fleet.clusters[1] as NamedCluster], 5);
    expect((await enrol(await ticketFor({ clusterCodes: ["goes-1"] }), renewed)).status).toBe(200);
    await agentOf(fleet.clusters[1] as NamedCluster, await dial(renewed)).hello({ store: "kept" });
    expect(refusals(await fixture.services.enrolment.revokeKey(admin, { clusterCode: "nowhere" }))).toMatchObject([{ code: "NOT_FOUND", path: ["input", "clusterCode"] }]);
  });
});

describe("a fleet that was enrolled", () => {
  const REVOKED = "the cluster's key was revoked: enrol it with a ticket that names it";
  /** As it is started anew each time, on what it keeps. */
  async function start(folder: string, clusters: readonly NamedCluster[], ticket: string | null, urls = [front.url.replace("http", "ws") + "/agent"]) {
    const said: string[] = [];
    const say = (_fields: object, message: string): void => void said.push(message);
    const logger = { info: () => undefined, warn: say, error: say };
    const identity = fleetOf(clusters, 7);
    const enrolment = await openEnrolment({ identity, urls, ticket, folder, signal: new AbortController().signal, logger, retryMs: 10 });
    await enrolment.first();
    const dialer = socketDialer<AgentMessage | Proof, GatewayMessage | Challenge | Proven>({ urls: [`${front.url.replace("http", "ws")}/agent`] });
    const proving = provingDialer({ dialer, identity, onClock: () => undefined, renew: enrolment.renew, logger });
    return { said, identity, dial: async () => {
      const connection = await proving.dial();
      connections.push(connection);
      return connection;
    } };
  }
  async function newFleet(...codes: string[]) {
    const folder = await mkdtemp(path.join(tmpdir(), "selvedge-tests-fleet-"));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const clusters = codes.map(cluster);
    const ticket = await ticketFor({ maxClusters: codes.length });
    await (await start(folder, clusters, ticket)).dial();
    return { folder, clusters, ticket };
  }
  const revoke = async (clusterCode: string) => must(await fixture.services.enrolment.revokeKey(admin, { clusterCode }));

  test("and lost a cluster says what to do, once; with a new ticket it enrols it by itself, with another key, and the others go on", async () => {
    const { folder, clusters, ticket } = await newFleet("lost-1", "kept-1");
    const [lost, kept] = clusters as [NamedCluster, NamedCluster];
    await revoke("lost-1");
    const without = await start(folder, clusters, ticket);
    for (let times = 0; times < 2; times += 1) await agentOf(kept, await without.dial()).hello({ store: "kept" });
    expect(without.said).toEqual([`the gateway does not let lost-1 in (${REVOKED}): start this fleet with SELVEDGE_ENROLMENT_TICKET set to a new ticket (npm run selvedge -- enrol --cluster lost-1)`]);

    const named = await ticketFor({ clusterCodes: ["lost-1"] });
    const renewed = await start(folder, clusters, named);
    const connection = await renewed.dial();
    await agentOf(lost, connection).hello();
    await agentOf(kept, connection).hello({ store: "kept" });
    expect(renewed.said).toEqual([]);
    expect(renewed.identity.keyOf(kept.clusterId).publicKey).toBe(fleetOf(clusters, 7).keyOf(kept.clusterId).publicKey);
    // The new key follows from nothing that whoever had the old one may have.
    expect(await readFile(path.join(folder, "renewed-keys.json"), "utf8")).not.toContain(Buffer.alloc(32, 7).toString("base64"));

    // With and without the ticket it goes on from what it keeps, and uses no ticket twice.
    for (const later of [named, null]) {
      const again = await start(folder, clusters, later);
      await agentOf(lost, await again.dial()).hello();
      expect([again.said, again.identity.keyOf(lost.clusterId).publicKey]).toEqual([[], renewed.identity.keyOf(lost.clusterId).publicKey]);
    }
    await revoke("lost-1");
    const used = await start(folder, clusters, named);
    await used.dial();
    expect(used.said).toEqual([expect.stringMatching(/^the gateway does not let lost-1 in/)]);
    await (await start(folder, clusters, await ticketFor({ clusterCodes: ["lost-1"] }))).dial().then((third) => agentOf(lost, third).hello());
  });

  test("and lost all its clusters starts all the same; a ticket that is refused is said once, and shuts out nobody who is in", async () => {
    const { folder, clusters } = await newFleet("all-1", "all-2");
    await revoke("all-1");
    const wrong = await start(folder, clusters, await ticketFor({ maxClusters: 2 }));
    await wrong.dial();
    await wrong.dial();
    expect(wrong.said).toEqual([expect.stringMatching(/^the enrolment ticket was refused by 127.0.0.1:\d+: the cluster all-1 is enrolled: only a ticket that names it/), expect.stringMatching(/^the gateway does not let all-1 in/)]);
    await revoke("all-2");
    const bare = await start(folder, clusters, null);
    await expect(bare.dial()).rejects.toThrow(/lets none of the 2 clusters in/);
    expect(bare.said).toEqual([expect.stringMatching(/does not let all-1,all-2 in \(.*enrol --cluster all-1,all-2\)$/)]);
    await (await start(folder, clusters, await ticketFor({ clusterCodes: ["all-1", "all-2"] }))).dial();
  });

  test("shows a ticket whose answer was lost with the same key again; kept keys that are damaged are told", async () => {
    const { folder, clusters } = await newFleet("echo-1");
    await revoke("echo-1");
    let requests = 0;
    const lossy = createServer(async (request, response) => {
      const body = await new Response(request as unknown as ReadableStream).text();
      const answer = await fetch(`${front.url}/agent/enrol`, { method: "POST", headers: { "content-type": "application/json" }, body });
      requests += 1;
      if (requests === 1) return void response.destroy();
      response.writeHead(answer.status).end(await answer.text());
    });
    await new Promise<void>((resolve) => lossy.listen(0, "127.0.0.1", resolve));
    closers.push(() => new Promise((resolve) => lossy.close(resolve)));
    const url = `ws://127.0.0.1:${(lossy.address() as AddressInfo).port}/agent`;
    await (await start(folder, clusters, await ticketFor({ clusterCodes: ["echo-1"] }), [url])).dial();
    expect(requests).toBe(2);

    await writeFile(path.join(folder, "renewed-keys.json"), "{\"a\": {}}");
    await expect(start(folder, clusters, null)).rejects.toThrow(/renewed-keys.json is damaged: restore it/);
  });
});

test("connections, clusters and enrolments are counted", async () => {
  const counts = async (): Promise<Record<string, number>> => {
    const text = await (await fetch(`${front.url}/metrics`)).text();
    return Object.fromEntries([...text.matchAll(/^selvedge_gateway_(clusters|connections|unproven_connections|enrolments_total)\{(?:outcome="(\w+)",)?[^}]*\} (\d+)$/gm)].map(([, name, outcome, count]) => [outcome ?? name, Number(count)]));
  };
  expect(await counts()).toEqual({ clusters: 0, connections: 0, unproven_connections: 0 });
  const fleet = await enrolled("counted-1");
  await enrol(`slvt_${"y".repeat(43)}`, fleet);
  const silentOne = new WebSocket(`${front.url.replace("http", "ws")}/agent`, "selvedge-link.1");
  await new Promise((resolve) => silentOne.once("message", resolve));
  const connection = await dial(fleet);
  await agentOf(fleet.clusters[0] as NamedCluster, connection).hello();
  expect(await counts()).toEqual({ clusters: 1, connections: 1, unproven_connections: 1, enrolled: 1, refused: 1 });
  silentOne.close();
  connection.close("enough");
  await eventually(async () => expect(await counts()).toMatchObject({ clusters: 0, connections: 0, unproven_connections: 0 }));
});

test("no role sees more of tickets and keys than its work needs", async () => {
  const gateway = (await fixture.database.openAs("selvedge_gateway", 1)).pool;
  const api = (await fixture.database.openAs("selvedge_api", 1)).pool;
  for (const [pool, statement] of [
    [gateway, "select * from enrolment_ticket"], [api, "select * from enrolment_ticket"], [api, "select * from cluster_key"],
    [gateway, "insert into cluster_key select * from cluster_key"], [gateway, "update cluster_key set revoked_at = null"],
    [gateway, "select app.create_enrolment_ticket(null, null, null, null, 1, now(), now())"], [api, "select app.enrol_clusters(null, null, null, null, now())"],
  ] as const) await expect(pool.query(statement)).rejects.toThrow(/permission denied/);
  expect((await gateway.query("select * from cluster_key")).rows).toEqual([]);
});
