/** Terminals from the services to the containers of the real fleet and back: the real gateway, the real store, two processes' worth of each where it matters. */
import { randomUUIDv7 } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { globalId } from "#server/domain/ids.ts";
import { INPUT_WINDOW, MAX_TERMINALS_A_TENANT, TERMINAL_IDLE_MS, TERMINAL_KEPT_MS, TERMINAL_LASTS_MS } from "#server/domain/terminal-rules.ts";
import { loadFleetDescription } from "#server/fleet/description.ts";
import { createFleet, type Fleet } from "#server/fleet/fleet.ts";
import type { AgentConnection } from "#server/fleet/link.ts";
import { createTerminals } from "#server/gateway/terminals.ts";
import type { Actor } from "#server/identity/viewer.ts";
import { createServices, type Services } from "#server/services/index.ts";
import { type Centre, createCentre, silentLogger, testKeyRing, wallClock } from "#tests/support/centre.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { type DesiredState, desiredState, templateOf } from "#tests/support/desired.ts";
import { type DesiredObjects, desiredObjects } from "#tests/support/desired-objects.ts";
import { eventually } from "#tests/support/eventually.ts";
import { linkPair, type LinkPair } from "#tests/support/link.ts";

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const description = loadFleetDescription("tiny");
const [clusterId = ""] = description.clusters.map((cluster) => cluster.clusterId);
const PATIENT = { deadlineMs: 30_000 };

let database: TestDatabase;
let tenant: DesiredState;
let objects: DesiredObjects;
let centre: Centre;
let services: Services;
let folder: string;
let fleet: Fleet;
let actor: Actor;
/** The gateway that the fleet dials next. */
let link: LinkPair;
let connection: AgentConnection;

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await desiredState(database.admin, "terminals");
  objects = desiredObjects(database.admin, tenant, testKeyRing);
  actor = await newActor("operator");
  // The agents' store stays: another one would be another agent, which is refused while the first was just heard from.
  folder = mkdtempSync(path.join(tmpdir(), "terminals-"));
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  centre = createCentre(database);
  link = centre.link;
  await centre.gateway();
  await centre.worker();
  const { orm, pool } = await database.openAs("selvedge_api", 6);
  services = createServices({ orm, pool, bus: centre.bus, clock: wallClock, speed: 1, fingerprintKey: new Uint8Array(32), keyRing: testKeyRing });
  await startFleet();
}, 90_000);
afterEach(async () => {
  await fleet.close();
  await centre.close();
});

async function newActor(tokenName: string, role: Actor["role"] = "OPERATOR"): Promise<Actor> {
  const tokenId = randomUUIDv7();
  await database.admin.query("insert into api_token (tenant_id, id, name, role, prefix, hash, created_at) values ($1, $2, $3, $4, 'slv_test', $5, now())", [tenant.tenantId, tokenId, tokenName, role, Buffer.from(tokenId)]);
  return { tenantId: tenant.tenantId, tokenId, tokenName, role, namespaces: null, namespaceIds: null, expiresAt: null, requestId: "r", sourceAddress: null };
}

async function startFleet(): Promise<void> {
  fleet = createFleet({
    description, seed: 1, clock: wallClock, storePath: path.join(folder, "fleet.db"), sealingSeed: new Uint8Array(32).fill(1), logger: quiet, tickMs: 10,
    dialer: { dial: () => Promise.resolve((connection = link.dial())) },
  });
  await fleet.start();
  await eventually(() => expect(fleet.stats().welcomed).toBe(description.clusters.length), PATIENT);
}

async function runningPod(name: string): Promise<string> {
  const secret = await objects.config("Secret", `login-${name}`, [{ key: "token", value: "s3cret" }]);
  const base = templateOf("shop:1");
  await tenant.application({
    name, clusters: [{ id: clusterId, replicas: 1 }],
    template: { ...base, volumes: [{ name: "config", source: { type: "SecretVolume", secretId: secret.id, name: secret.name } }], containers: base.containers.map((container) => ({ ...container, volumeMounts: [{ volume: "config", mountPath: "/etc/login", readOnly: true }] })) },
  });
  return eventually(async () => {
    const { rows } = await database.admin.query<{ id: string }>("select p.id from pod p join application a on a.id = p.application_id where a.name = $1 and p.phase = 'RUNNING'", [name]);
    const [pod] = rows;
    if (pod === undefined) throw new Error("no pod runs yet");
    return globalId("Pod", pod.id);
  }, { deadlineMs: 60_000 });
}

const opening = (podId: string, command: readonly string[] = ["sh"], size = 80) => ({ podId, container: templateOf("shop:1").containers[0]?.name ?? "", command, columns: size, rows: size === 0 ? 0 : 24 });
async function open(podId: string, command?: readonly string[], size?: number): Promise<string> {
  const answer = await services.terminals.open(actor, opening(podId, command, size));
  if (!answer.ok) throw new Error(JSON.stringify(answer.errors));
  return globalId("TerminalSession", answer.value.sessionId);
}
const type = async (sessionId: string, sequence: number, data: string, who = actor) => services.terminals.send(who, { sessionId, sequence, data });

/** Reads on until the text is there, or the end; each number once. */
async function shown(sessionId: string, after: number, until: string | null): Promise<{ readonly text: string; readonly after: number; readonly exitCode: number | null }> {
  let text = "";
  let last = after;
  for await (const { sequence, data, exitCode } of await services.terminals.follow(actor, sessionId, after)) {
    expect(sequence).toBe(last + 1);
    last = sequence;
    text += data;
    if (exitCode !== null || (until !== null && text.includes(until))) return { text, after: last, exitCode };
  }
  throw new Error(`it ended without an exit code, after ${JSON.stringify(text)}`);
}

test("what is typed arrives once and in order, what is shown comes back, and the exit code with the last", async () => {
  const podId = await runningPod("typed");
  const sessionId = await open(podId);
  const prompt = await shown(sessionId, 0, "# ");
  // Out of order, and twice.
  const answers = [await type(sessionId, 3, "login/token\r"), await type(sessionId, 2, "/etc/"), await type(sessionId, 2, "never"), await type(sessionId, 1, "cat "), await type(sessionId, 1, "never")];
  expect(answers.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
  const read = await shown(sessionId, prompt.after, "s3cret");
  expect(read.text).toContain("cat /etc/login/token\r\ns3cret");
  expect(read.text).not.toContain("never");
  await services.terminals.resize(actor, { sessionId, columns: 132, rows: 50 });
  await eventually(async () => {
    await type(sessionId, 4, "");
    expect((await database.admin.query("select columns from terminal_session")).rows.at(-1)).toEqual({ columns: 132 });
  });
  await type(sessionId, 5, "echo $COLUMNS; exit 7\r");
  const end = await shown(sessionId, read.after, null);
  expect(end.text).toContain("132\r\n");
  expect(end.exitCode).toBe(7);
  expect(await type(sessionId, 6, "x")).toMatchObject({ ok: false, errors: [{ code: "INVALID_STATE", state: "ENDED" }] });
  // From the start, and from the end, once more.
  expect((await shown(sessionId, 0, null)).text).toContain("s3cret");
  expect(await shown(sessionId, end.after - 1, null)).toMatchObject({ text: "", exitCode: 7 });

  const { rows } = await database.admin.query<{ action: string; input: object; actor: string }>("select action, input, actor from audit_entry where target_type = 'TerminalSession' order by at, action");
  expect(rows.map(({ action }) => action).toSorted()).toEqual(["endTerminal", "openTerminal"]);
  expect(rows.find(({ action }) => action === "endTerminal")).toMatchObject({ actor: "operator", input: { exitCode: 7, reason: "EXITED" } });
  // What was typed and shown is nowhere but in envelopes.
  const dump = JSON.stringify([rows, (await database.admin.query("select encode(ciphertext, 'escape') as c from terminal_output union all select encode(ciphertext, 'escape') from terminal_session")).rows]);
  expect(dump).not.toContain("s3cret");
  expect(dump).not.toContain("COLUMNS");
}, 120_000);

test("a command without a terminal is a pipe, with its exit code; who did not open it finds nothing", async () => {
  const podId = await runningPod("piped");
  const sessionId = await open(podId, ["sh", "-c", "ls /etc/login; cat; exit 3"], 0);
  expect(await services.terminals.send({ ...actor, tokenId: randomUUIDv7() }, { sessionId, sequence: 1, data: "x" })).toMatchObject({ ok: false, errors: [{ code: "NOT_FOUND", path: ["input", "sessionId"] }] });
  await expect(services.terminals.follow({ ...actor, tokenId: randomUUIDv7() }, sessionId, 0)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  await expect(services.terminals.follow({ ...actor, role: "VIEWER" }, sessionId, 0)).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(await services.terminals.close({ ...actor, tokenId: randomUUIDv7() }, { sessionId })).toMatchObject({ ok: false, errors: [{ code: "NOT_FOUND" }] });
  await type(sessionId, 1, "né\n\u0004");
  expect(await shown(sessionId, 0, null)).toMatchObject({ text: "token\nné\n", exitCode: 3 });

  expect(await services.terminals.open(actor, { ...opening(podId), container: "none" })).toMatchObject({ ok: false, errors: [{ code: "NOT_FOUND", path: ["input", "container"] }] });
  expect(await services.terminals.open(actor, opening(globalId("Pod", randomUUIDv7())))).toMatchObject({ ok: false, errors: [{ code: "NOT_FOUND", path: ["input", "podId"] }] });
  expect(await services.terminals.open(actor, { ...opening(podId), columns: 0 })).toMatchObject({ ok: false, errors: [{ code: "INVALID_ARGUMENT", path: ["input", "columns"] }] });
  expect(await services.terminals.open(actor, { ...opening(podId), command: [] })).toMatchObject({ ok: false, errors: [{ path: ["input", "command"] }] });
}, 120_000);

test("what nobody reads holds the shell back, and what nobody takes is not accepted; a slow reader gets all of it", async () => {
  const podId = await runningPod("held");
  const sessionId = await open(podId, ["seq", "1", "200000"], 0);
  await eventually(async () => expect((await database.admin.query("select output_stored as stored from terminal_session where state = 'OPEN'")).rows[0]).toEqual({ stored: 64 }), PATIENT);
  const { rows } = await database.admin.query("select count(*)::int as kept from terminal_output o join terminal_session s on s.id = o.session_id where s.state = 'OPEN'");
  expect(rows[0]).toEqual({ kept: 64 });
  expect(await type(sessionId, INPUT_WINDOW + 1, "x")).toMatchObject({ ok: false, errors: [{ code: "INVALID_STATE", state: "INPUT_WAITS", path: ["input", "sequence"] }] });
  const { text, exitCode } = await shown(sessionId, 0, null);
  expect(exitCode).toBe(0);
  expect(text.split("\n").length).toBe(200_001);
  expect(text.endsWith("\n199999\n200000\n")).toBe(true);
  await database.admin.query("delete from terminal_output where sequence <= 10");
  await expect((await services.terminals.follow(actor, sessionId, 0)).next()).rejects.toMatchObject({ code: "CURSOR_EXPIRED" });
}, 180_000);

test("goes on across another gateway; ends when its agent was started anew, its token is revoked, or there are too many", async () => {
  const podId = await runningPod("moved");
  const sessionId = await open(podId);
  const prompt = await shown(sessionId, 0, "# ");
  // Another gateway, as another process would be; the connection to the first one breaks.
  const other = linkPair();
  await centre.gateway({ listener: other.listener });
  link = other;
  connection.close("the test broke it");
  await type(sessionId, 1, "echo moved-$((1 + 1))\r");
  const moved = await shown(sessionId, prompt.after, "moved-2");

  await fleet.close();
  await startFleet();
  const lost = await shown(sessionId, moved.after, null);
  expect(lost).toMatchObject({ exitCode: 137 });
  expect(lost.text).toContain("started anew");

  const revoked = await open(podId);
  await shown(revoked, 0, "# ");
  const reading = shown(revoked, 0, null);
  const start = performance.now();
  await database.admin.query("update api_token set revoked_at = now() where id = $1", [actor.tokenId]);
  centre.bus.publish("tokens", actor.tokenId);
  expect(await reading).toMatchObject({ exitCode: 137 });
  expect(performance.now() - start).toBeLessThan(5_000);
  expect((await database.admin.query("select input from audit_entry where action = 'endTerminal' order by at desc limit 1")).rows[0]).toMatchObject({ input: { reason: "TOKEN_INVALID" } });

  actor = await newActor("another");
  const sessions = [];
  for (let n = 0; n < MAX_TERMINALS_A_TENANT; n += 1) sessions.push(await open(podId));
  expect(await services.terminals.open(actor, opening(podId))).toMatchObject({ ok: false, errors: [{ code: "INVALID_STATE", state: "TOO_MANY_TERMINALS" }] });
  for (const session of sessions) await services.terminals.close(actor, { sessionId: session });
  expect(await shown(sessions[0] ?? "", 0, null)).toMatchObject({ exitCode: 129 });
}, 180_000);

test("ends when nobody types or looks for long, and when it is open for long; its opening, closing and end are audited, never what was typed; then it is removed", async () => {
  const podId = await runningPod("timed");
  const { pool } = await database.openAs("selvedge_gateway", 2);
  // A gateway's look at what is overdue, at that time.
  const lookAfter = (ms: number) => createTerminals({ pool, bus: centre.bus, clock: { now: () => wallClock.now() + ms }, speed: 1, keyRing: testKeyRing, logger: silentLogger });
  const begun = async (): Promise<string> => {
    const sessionId = await open(podId, ["sh", "-c", "read WORD; echo opened; cat"]);
    await type(sessionId, 1, "hunter2\r");
    await shown(sessionId, 0, "opened");
    return sessionId;
  };
  const idle = await begun();
  await lookAfter(TERMINAL_IDLE_MS - 60_000).endOverdue();
  expect(await type(idle, 2, "x")).toMatchObject({ ok: true });
  await lookAfter(TERMINAL_IDLE_MS + 1).endOverdue();
  const idled = await shown(idle, 0, null);
  expect(idled).toMatchObject({ exitCode: 137, text: expect.stringContaining("15 minutes") as string });
  const long = await begun();
  await lookAfter(TERMINAL_LASTS_MS + 1).endOverdue();
  expect(await shown(long, 0, null)).toMatchObject({ exitCode: 137, text: expect.stringContaining("4 hours") as string });
  const closed = await begun();
  const reading = shown(closed, 0, null);
  const start = performance.now();
  expect(await services.terminals.close(actor, { sessionId: closed })).toMatchObject({ ok: true });
  expect(await reading).toMatchObject({ exitCode: 129 });
  expect(performance.now() - start).toBeLessThan(5_000);

  const ids = [idle, long, closed].map((id) => id.split(".")[1] ?? "");
  const { rows } = await database.admin.query<{ action: string; reason: string | null }>("select action, input->>'reason' as reason from audit_entry where target_id = any ($1::uuid[])", [ids]);
  expect(rows.map(({ action, reason }) => `${action} ${reason}`).toSorted()).toEqual(["closeTerminal null", "endTerminal CLOSED", "endTerminal EXPIRED", "endTerminal IDLE", "openTerminal null", "openTerminal null", "openTerminal null"]);
  const { rows: all } = await database.admin.query("select a::text from audit_entry a");
  expect(JSON.stringify(all)).not.toMatch(/hunter2|read WORD/);
  await lookAfter(TERMINAL_LASTS_MS + TERMINAL_KEPT_MS + 60_000).expire();
  expect((await database.admin.query("select 1 from terminal_session where id = any ($1::uuid[])", [ids])).rows).toEqual([]);
}, 120_000);
