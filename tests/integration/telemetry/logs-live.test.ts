/**
 * Lines of logs as clients get them: followed over both transports and two servers, downloaded by readers of any pace, and shipped through gateways that go away amid it.
 */
import { randomUUIDv7 } from "node:crypto";
import { get, type IncomingMessage, request, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApplicationLogsDocument, createClient, CreateLogDownloadDocument, FollowLogsDocument, type LogFilter, type SelvedgeClient, type TransportName } from "#clients/typescript/index.ts";
import { globalId } from "#server/domain/ids.ts";
import { chunkText, type LogChunk, type LogLineEntry, LOGS_KEPT_DAYS } from "#server/domain/logs.ts";
import { LogBuffer, type LogState, type StoredSegment } from "#server/fleet/agent/logs.ts";
import type { RunningApi } from "#server/roles/api.ts";
import { type Centre, createCentre } from "#tests/support/centre.ts";
import { type DesiredState, desiredState } from "#tests/support/desired.ts";
import { eventually } from "#tests/support/eventually.ts";
import { type LinkPair, linkPair } from "#tests/support/link.ts";
import { seededRandom } from "#tests/support/random.ts";
import { ScriptedAgent } from "#tests/support/scripted-agent.ts";
import { openSubscribedApi, type SubscribedApi } from "#tests/support/subscribed-api.ts";
import { testSeed } from "#tests/support/seed.ts";

const PATIENT = { deadlineMs: 30_000 };
/** Of a stream or download, behind the revocation of its token. */
const REVOKED_MS = 5_000;
const NOW = Date.now() - 600_000;
const TRANSPORTS: readonly TransportName[] = ["websocket", "sse"];

let served: SubscribedApi;
let other: RunningApi;
let world: DesiredState;
let stranger: DesiredState;
let centre: Centre;
let gateways: readonly LinkPair[];
let token: { readonly id: string; readonly secret: string };
const clients: SelvedgeClient[] = [];

beforeAll(async () => {
  served = await openSubscribedApi();
  other = await served.another();
  world = await desiredState(served.database.admin, "lines");
  stranger = await desiredState(served.database.admin, "lines-stranger");
  token = await served.token(world.tenantId, "reader", "VIEWER");
  centre = createCentre(served.database);
  gateways = [centre.link, linkPair()];
  for (const { listener } of gateways) await centre.gateway({ bus: served.bus, listener });
}, 60_000);
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await centre.close();
  await served.close();
});

function clientOf(api: RunningApi, secret = token.secret, transport: TransportName = "websocket"): SelvedgeClient {
  const client = createClient({ url: api.url, token: secret, transport });
  clients.push(client);
  return client;
}
const newToken = () => served.token(world.tenantId, `reader-${randomUUIDv7()}`, "VIEWER");
/** As a process that knows nothing of the bus would. */
const revoke = (tokenId: string) => served.database.admin.query("update api_token set revoked_at = now() where id = $1", [tokenId]);

interface Site {
  readonly agent: ScriptedAgent;
  readonly applicationId: string;
  readonly target: { readonly applicationId: string };
  readonly placementId: string;
}
async function deployed(): Promise<Site> {
  const code = `lines-${randomUUIDv7()}`;
  const agent = new ScriptedAgent(code).connect((gateways[0] as LinkPair).dial());
  await agent.hello({ takes: ["logsAck"] });
  const application = await world.application({ name: code, clusters: [{ id: agent.clusterId, replicas: 1 }], enqueue: false });
  const placementId = application.placements.get(agent.clusterId) ?? "";
  await served.database.admin.query(
    `insert into assignment (cluster_id, object_id, tenant_id, application_id, namespace_id, kind, generation, content_hash, spec)
     select cluster_id, id, tenant_id, application_id, namespace_id, 'placement', 1, 'hash', null from placement where id = $1`, [placementId]);
  return { agent, applicationId: application.id, target: { applicationId: globalId("Application", application.id) }, placementId };
}
const chunk = ({ placementId }: Site, podId: string, lines: readonly LogLineEntry[]): LogChunk => ({ podId, podName: `pod-${podId.slice(-4)}`, placementId, container: "main", lines });

/** Ships batches one behind the other. */
function shipper({ agent }: Site) {
  let position = 0;
  return async (...chunks: readonly LogChunk[]): Promise<void> => {
    const received = agent.received.length;
    agent.say({ type: "logs", clusterId: agent.clusterId, epoch: 1, from: position, to: (position += 1), chunks });
    expect((await agent.next("logsAck", received, PATIENT.deadlineMs)).position).toBe(position);
  };
}

/** What a follower was told so far, message by message. */
function follow(client: SelvedgeClient, { target }: Site, variables: { readonly after?: string; readonly tail?: number; readonly filter?: LogFilter }) {
  const ending = new AbortController();
  const messages: { cursor: string; lines: string[] }[] = [];
  const pods = new Set<unknown>();
  const ended = (async () => {
    for await (const { logs } of client.subscribe(FollowLogsDocument, { target, ...variables }, { signal: ending.signal })) {
      messages.push({ cursor: logs.cursor, lines: logs.lines.map(({ stream, line }) => (stream === "SYSTEM" ? `-- ${line}` : line)) });
      for (const { podName } of logs.lines) pods.add(podName);
    }
    return null;
  })().catch((error: unknown) => (ending.signal.aborted ? null : error));
  const lines = (): string[] => messages.flatMap((message) => message.lines);
  return {
    lines, pods, ended,
    begun: () => eventually(() => expect(messages.length).toBeGreaterThan(0), PATIENT),
    until: (expected: readonly string[]) => eventually(() => expect(lines()).toEqual(expected), PATIENT),
    leave: async (): Promise<string> => {
      ending.abort();
      await ended;
      return messages.at(-1)?.cursor ?? "";
    },
  };
}

describe.each(TRANSPORTS)("a subscription over %s", (transport) => {
  test("tells of a whole application, by time, through replaced pods, in the platform's words too; and goes on on another server", async () => {
    const site = await deployed();
    const ship = shipper(site);
    const [a, b, replacing] = [randomUUIDv7(), randomUUIDv7(), randomUUIDv7()];
    await ship(chunk(site, a, [[NOW, "STDOUT", "a1"], [NOW + 20, "STDOUT", "a2"]]), chunk(site, b, [[NOW + 10, "STDERR", "b1"], [NOW + 30, "STDERR", "b2"]]));
    const all = follow(clientOf(served.api, token.secret, transport), site, { tail: 3 });
    const matching = follow(clientOf(served.api, token.secret, transport), site, { tail: 10, filter: { keyword: "B", stream: "STDERR" } });
    await all.until(["b1", "a2", "b2"]);
    await matching.until(["b1", "b2"]);
    await ship(chunk(site, a, [[NOW + 40, "STDOUT", "a3"], [NOW + 60, "SYSTEM", "restarted: it ended with exit code 1"]]), chunk(site, b, [[NOW + 50, "STDERR", "b3"], [NOW + 70, "SYSTEM", "12 lines lost, from … to …"]]));
    await ship(chunk(site, a, [[NOW + 80, "SYSTEM", "replaced"]]), chunk(site, replacing, [[NOW + 90, "STDOUT", "r1"]]));
    const told = ["b1", "a2", "b2", "a3", "b3", "-- restarted: it ended with exit code 1", "-- 12 lines lost, from … to …", "-- replaced", "r1"];
    await all.until(told);
    await matching.until(["b1", "b2", "b3"]);
    expect(all.pods.size).toBe(3);
    await matching.leave();
    const cursor = await all.leave();

    await ship(chunk(site, replacing, [[NOW + 100, "STDOUT", "r2"]]));
    const resumed = follow(clientOf(other, token.secret, transport), site, { after: cursor });
    await resumed.until(["r2"]);
    // Late, from a cluster that was cut off: as it is stored.
    await ship(chunk(site, b, [[NOW + 45, "STDERR", "late"]]), chunk(site, replacing, [[NOW + 110, "STDOUT", "r3"]]));
    await resumed.until(["r2", "late", "r3"]);
    await resumed.leave();

    // The list has them by time; an edge of it is a cursor here, too.
    const { application } = await clientOf(other).execute(ApplicationLogsDocument, { id: site.target.applicationId, first: 4 });
    expect(application?.logs.nodes.map(({ line }) => line)).toEqual(["r3", "r2", "r1", "replaced"]);
    const behind = follow(clientOf(other, token.secret, transport), site, { after: application?.logs.pageInfo.endCursor ?? "" });
    await behind.until(["r1", "r2", "r3"]);
    await behind.leave();
    const since = follow(clientOf(served.api, token.secret, transport), site, { filter: { since: new Date(NOW + 80).toISOString() } });
    await since.until(["-- replaced", "r1", "r2", "r3"]);
    await since.leave();
  }, 120_000);

  test("ends within seconds of its token, and for a cursor that is too old", async () => {
    const site = await deployed();
    const old = Date.now() - (LOGS_KEPT_DAYS + 1) * 86_400_000;
    await shipper(site)(chunk(site, randomUUIDv7(), [[old, "STDOUT", "old"], [old, "STDOUT", "older"]]));
    const { application } = await clientOf(served.api).execute(ApplicationLogsDocument, { id: site.target.applicationId, first: 1 });
    expect(await follow(clientOf(served.api, token.secret, transport), site, { after: application?.logs.pageInfo.endCursor ?? "" }).ended).toMatchObject({ code: "CURSOR_EXPIRED" });
    const { id, secret } = await newToken();
    const revoked = follow(clientOf(served.api, secret, transport), site, { tail: 1 });
    await revoked.begun();
    const start = performance.now();
    await revoke(id);
    expect(await revoked.ended).toBeInstanceOf(Error);
    expect(performance.now() - start).toBeLessThan(REVOKED_MS);
  }, 120_000);
});

test("what is another tenant's looks like what does not exist", async () => {
  const site = await deployed();
  const foreign = await served.token(stranger.tenantId, "stranger", "OWNER");
  const client = clientOf(served.api, foreign.secret);
  const none = globalId("Application", randomUUIDv7());
  const download = async (applicationId: string) => (await client.execute(CreateLogDownloadDocument, { input: { target: { applicationId } } })).createLogDownload;
  expect(await download(site.target.applicationId)).toEqual(await download(none));
  expect(String(await follow(client, site, {}).ended)).toBe(String(await follow(client, { ...site, target: { applicationId: none } }, {}).ended));
  expect((await client.execute(ApplicationLogsDocument, { id: site.target.applicationId })).application).toBeNull();
});

describe("a download", () => {
  const LINES_A_CHUNK = 50;
  const CHUNKS = 400;
  let site: Site;
  let bytes: number;

  beforeAll(async () => {
    site = await deployed();
    // Tens of megabytes, stored past the gateway: whatever its number of lines, a download is served as it is read.
    const body = chunkText(Array.from({ length: LINES_A_CHUNK }, (_, index): LogLineEntry => [NOW + index, "STDOUT", `${index} ${"é".repeat(300)}`]));
    await served.database.admin.query(
      `insert into log_chunk (tenant_id, application_id, namespace_id, cluster_id, pod_id, pod_name, container, streams, from_at, to_at, body)
       select $1, $2, $3, $4, $5, 'pod-1', 'main', 'O', at, at + interval '49 ms', $6 from (select to_timestamp($7::float8 / 1000) + n * interval '500 ms' as at from generate_series(1, $8::int) n) t`,
      [world.tenantId, site.applicationId, world.namespaceId, site.agent.clusterId, randomUUIDv7(), body, NOW, CHUNKS]);
    bytes = CHUNKS * LINES_A_CHUNK * 600;
  }, 60_000);

  const address = async (secret = token.secret): Promise<string> => {
    const { createLogDownload } = await clientOf(served.api, secret).execute(CreateLogDownloadDocument, { input: { target: site.target } });
    return createLogDownload.download?.url ?? "";
  };
  const open = (url: string): Promise<IncomingMessage> => new Promise((resolve, reject) => get(url, { agent: false }, resolve).on("error", reject));

  test("is addressed at where the connection came to, whatever its Host header says; one that was altered is refused, on any server the right one is good", async () => {
    const body = JSON.stringify({ query: String(CreateLogDownloadDocument), variables: { input: { target: site.target, filter: { keyword: "49 é", until: new Date(NOW + 1_200).toISOString() } } } });
    const answer = await new Promise<string>((resolve, reject) => {
      const asking = request(`${served.api.url}/graphql`, { method: "POST", headers: { host: "evil.example", "content-type": "application/json", authorization: `Bearer ${token.secret}` } }, (response) => {
        let text = "";
        response.on("data", (piece: Buffer) => (text += piece.toString())).on("end", () => resolve(text));
      });
      asking.on("error", reject).end(body);
    });
    const { url } = (JSON.parse(answer) as { data: { createLogDownload: { download: { url: string } } } }).data.createLogDownload.download;
    expect(url.startsWith(`${served.api.url}/logs/`)).toBe(true);
    const text = await (await fetch(url)).text();
    expect(text.split("\n").filter((line) => line !== "")).toEqual(Array.from({ length: 2 }, () => expect.stringMatching(/Z pod-1\/main STDOUT 49 é+$/) as string));
    expect(await (await fetch(url.replace(served.api.url, other.url))).text()).toBe(text);
    const [what = "", signature = ""] = url.split("/logs/")[1]?.split(".") ?? [];
    const forged = Buffer.from(Buffer.from(what, "base64url").toString().replace(world.tenantId, stranger.tenantId)).toString("base64url");
    for (const wrong of [`${forged}.${signature}`, `${what}.${signature.slice(1)}A`, what, ""]) expect((await fetch(`${served.api.url}/logs/${wrong}`)).status).toBe(403);
    expect((await fetch(url, { method: "POST" })).status).toBe(405);
  }, 60_000);

  test("takes the same memory at any size and any pace", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const held = async (): Promise<number> => {
      // Buffers are given back by a thread of the collector's own.
      for (let round = 0; round < 3; round += 1) {
        collect();
        await sleep(20);
      }
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    let waiting = 0;
    const { write } = ServerResponse.prototype;
    // Not a spy: that would hold what was written.
    ServerResponse.prototype.write = function (this: ServerResponse, ...args: unknown[]) {
      const goesOn = write.apply(this, args as never);
      waiting = Math.max(waiting, this.writableLength);
      return goesOn;
    };
    const url = await address();
    const warnings: Error[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on("warning", warn);
    // The first leaves behind what is made once, and takes away what was left of the preparations.
    for await (const piece of (await open(url)) as AsyncIterable<Buffer>) expect(piece.length).toBeGreaterThan(0);
    for (let round = 0; round < 10; round += 1) await held();
    const response = await open(url);
    let read = 0;
    const looks: number[] = [];
    let nextLook = bytes / 10;
    for await (const piece of response as AsyncIterable<Buffer>) {
      read += piece.length;
      if (read < nextLook) continue;
      nextLook += bytes / 10;
      // The server would have gone on all this time, if it did not wait for its reader.
      await sleep(50);
      looks.push(await held());
    }
    ServerResponse.prototype.write = write;
    process.off("warning", warn);
    expect(read).toBeGreaterThan(bytes);
    // What is collected only later comes and goes; were anything kept of what was read, it would be most of it.
    const grown = Math.min(...looks.slice(-3)) - Math.min(...looks.slice(0, 3));
    console.info(`a download of ${Math.round(read / 1e6)} MB held ${(grown / 1e6).toFixed(1)} MB more at its end than at its beginning, ${Math.round(waiting / 1e3)} kB of it for the socket`);
    expect(waiting).toBeLessThan(100_000);
    expect(looks.length).toBeGreaterThan(8);
    expect(grown).toBeLessThan(bytes / 4);
    expect(warnings).toEqual([]);
  }, 120_000);

  test("is cut within seconds of its token: of who reads slowly, and of who does not read, whose place is free then", async () => {
    const revoked = await newToken();
    const url = await address(revoked.secret);
    const free = await address();
    const stalled = await Promise.all(Array.from({ length: 3 }, () => open(url)));
    const slow = await open(url);
    expect((await fetch(free)).status).toBe(429);
    let isWhole: boolean | null = null;
    const reading = (async () => {
      for await (const piece of slow as AsyncIterable<Buffer>) await sleep(piece.length / 1_000);
      isWhole = true;
    })().catch(() => (isWhole = false));
    const start = performance.now();
    await revoke(revoked.id);
    expect((await fetch(url)).status).toBe(403);
    await eventually(async () => {
      const again = await open(free);
      again.destroy();
      expect(again.statusCode).toBe(200);
    }, { ...PATIENT, everyMs: 100 });
    expect(performance.now() - start).toBeLessThan(REVOKED_MS);
    await reading;
    expect(isWhole).toBe(false);
    for (const each of stalled) each.destroy();
  }, 60_000);
});

/** An agent's lines, its store, and the gateways between which it goes. */
test("through gateways that go away amid it, and with an agent that starts anew, every line is stored and told once and in order", async () => {
  const seed = testSeed();
  console.info(`seed ${seed}`);
  const random = seededRandom(seed);
  const site = await deployed();
  const followers = [follow(clientOf(served.api), site, { tail: 0 }), follow(clientOf(other, token.secret, "sse"), site, { tail: 0 })];
  for (const follower of followers) await follower.begun();
  const { agent } = site;
  agent.drop();
  const pods = [randomUUIDv7(), randomUUIDv7()];
  const store = new Map<number, StoredSegment>();
  let state: LogState | null = null;
  const start = (): LogBuffer => new LogBuffer({ clusterId: agent.clusterId, state, stored: [...store.values()].toSorted((a, b) => a.position - b.position), changed: (position) => void changed.add(position) });
  const changed = new Set<number>();
  let buffer = start();
  const save = (): void => {
    for (const position of changed) {
      const segment = buffer.at(position);
      if (segment === null) store.delete(position);
      else store.set(position, segment);
    }
    changed.clear();
    state = buffer.stateAt(0);
  };
  const written: string[] = [];
  let at = NOW;
  const write = (): void => {
    for (let count = Math.floor(random() * 6); count > 0; count -= 1) {
      const pod = Math.floor(random() * pods.length);
      at += 100;
      buffer.write({ at, stream: "STDOUT", line: `${pod}-${written.length}`, podId: pods[pod] ?? "", podName: `pod-${pod}`, placementId: site.placementId, container: "main" });
      written.push(`${pod}-${written.length}`);
    }
    buffer.seal();
    save();
  };
  /** As an agent does it: again where it was refused, since the gateway's connections to the database had ended. */
  const dial = (): Promise<unknown> => eventually(() => {
    agent.connect((gateways[Math.floor(random() * 2)] as LinkPair).dial());
    return agent.hello({ takes: ["logsAck"] });
  }, PATIENT);
  await dial();
  for (let round = 0; round < 60; round += 1) {
    write();
    const batch = buffer.next();
    save();
    if (batch === null) continue;
    const received = agent.received.length;
    agent.say(batch);
    const fate = random();
    if (fate < 0.3) {
      // The connection breaks with the batch on its way, being stored, or stored and not yet acknowledged.
      if (fate < 0.2) await sleep(random() * 8);
      // Where a gateway's process ends, so does its transaction.
      if (fate < 0.1) await served.database.admin.query("select pg_terminate_backend(pid) from pg_stat_activity where usename like '%gateway%' and datname = current_database() and pid <> pg_backend_pid()");
      agent.drop();
      buffer.lost();
      if (fate > 0.2) buffer = start();
      await dial();
    } else {
      buffer.acked(await agent.next("logsAck", received, PATIENT.deadlineMs));
      save();
    }
  }
  for (let batch = buffer.next(); batch !== null; batch = buffer.next()) {
    const received = agent.received.length;
    agent.say(batch);
    buffer.acked(await agent.next("logsAck", received, PATIENT.deadlineMs));
  }
  const ofPod = (lines: readonly string[], pod: number): string[] => lines.filter((line) => line.startsWith(`${pod}-`));
  for (const follower of followers) {
    await eventually(() => expect(follower.lines().length).toBeGreaterThanOrEqual(written.length), PATIENT);
    for (const pod of pods.keys()) expect(ofPod(follower.lines(), pod)).toEqual(ofPod(written, pod));
    await follower.leave();
  }
  const listed: string[] = [];
  const empty = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
  for await (const { page } of clientOf(other).pages(ApplicationLogsDocument, { id: site.target.applicationId, first: 50 }, ({ application }) => application?.logs ?? empty)) listed.unshift(...page.nodes.map(({ line }) => line).toReversed());
  expect(listed).toEqual(written);
}, 180_000);
