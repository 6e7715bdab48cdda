import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import path from "node:path";
import type { Pool } from "pg";
import { openPool } from "#server/database/connect.ts";
import { hashToken } from "#server/identity/token.ts";
import type { Delivered, LoadAsk } from "./fanout/load.ts";
import { HELP, type Options, parseOptions, type SideName } from "./fanout/options.ts";
import type { Target, Usage } from "./fanout/side.ts";
import { startBenchDatabase } from "./postgres.ts";
import { peersInstalled } from "./reads/peers.ts";
import { messageOf } from "./reads/servers.ts";
import { median } from "./writes/figures.ts";

/**
 * Fan-out against the raw limit: one event to many subscribers, and bursts of events. Each side is a process of its own, and so are its subscribers; all are there at once, and take turns, event
 * by event. A delivery counts from the first to the last that is told of an event; how long it is until the first is shown beside it. Whoever makes a message for each subscriber does so before
 * the first is written: with Mercurius ours is compared from the event on. Ours commits to the database, and tells of it by timeline and tailer; the others have their events in memory.
 */
const BURST = 20;
const FILES: Record<SideName, string> = { raw: "fanout/raw.ts", ours: "fanout/ours.ts", "graphql-ws": "fanout/graphql-ws.ts", mercurius: "peers/mercurius-fanout.mjs" };
const REQUIRED = { single: { floor: 0.5, goal: 0.85 }, burst: { floor: 1, goal: 4 }, kilobytes: { floor: 20, goal: 10 } };
const TOKEN = "bench-token-of-thirty-two-characters";
const WARM_UP = 100;
/** Changes that come sooner after a message than this are merged with the next: ours must have been quiet before an event. */
const QUIET_MS = 150;

export const takesOptions = true;

export async function run(args: readonly string[]): Promise<boolean> {
  let options: Options | null;
  try {
    options = parseOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
  if (options === null) {
    console.log(HELP);
    return true;
  }
  const withPeers = await peersInstalled();
  const sides = options.sides.filter((side) => side !== "mercurius" || withPeers);
  if (sides.length < options.sides.length) console.log("mercurius: not installed; npm run bench -- reads --peers installs it");
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await startBenchDatabase());
  const admin = openPool({ address: database.address, login: database.superuser, max: 1 });
  stack.defer(() => admin.end());
  const { tenantId, applicationIds } = await fill(admin);
  const target: Target = { address: database.address, api: database.login("selvedge_api"), tailer: database.login("selvedge_tailer"), token: TOKEN };

  const commit = commitOf(admin, tenantId, applicationIds);
  const all: Side[] = [];
  for (const side of sides) {
    process.stderr.write(`${side}\n`);
    all.push(stack.use(await openSide(side, target, options, side === "ours" ? commit : null)));
  }
  const single = await takeTurns(all, 1, options);
  const burst = await takeTurns(all, BURST, options);
  const measured: Measured[] = [];
  for (const [n, { name, kilobytes, server }] of all.entries()) {
    const { streams } = (await server.ask({ kind: "usage", weigh: false })) as Usage;
    measured.push({ side: name, single: single[n] as Figures, burst: burst[n] as Figures, kilobytes, ...(streams === undefined ? {} : { streams }) });
  }
  return print(measured, options);
}

/** One application a message, and as many as there are a burst. */
async function fill(admin: Pool): Promise<{ readonly tenantId: string; readonly applicationIds: readonly string[] }> {
  const client = await admin.connect();
  try {
    const { rows } = await client.query<{ id: string }>("insert into tenant values (gen_random_uuid(), 'measured', now()) returning id");
    const tenantId = rows[0]?.id as string;
    await client.query("insert into namespace values ($1, gen_random_uuid(), 'default', '', true, now())", [tenantId]);
    await client.query("insert into api_token (tenant_id, id, name, role, prefix, hash, created_at) values ($1, gen_random_uuid(), 'bench', 'VIEWER', 'bench', $2, now())", [tenantId, hashToken(TOKEN)]);
    await client.query(`create temporary table made as select n.tenant_id, n.id as namespace_id, gen_random_uuid() as application_id, gen_random_uuid() as revision_id, i from namespace n, generate_series(1, ${BURST}) i`);
    // Each refers to the other, which is looked at by the commit.
    await client.query("begin");
    await client.query(`insert into application (tenant_id, id, namespace_id, name, description, workload_kind, capacity_type, labels, status, version, deletion_protection, update_strategy, revision_id, desired, created_at, updated_at)
      select tenant_id, application_id, namespace_id, 'application-' || lpad(i::text, 3, '0'), 'other', 'DEPLOYMENT', 'ON_DEMAND', '[]', 'RUNNING', 1, false,
        '{"maxUnavailable": {"percent": 25}, "maxSurge": {"percent": 25}}', revision_id, 100, now(), now() from made`);
    await client.query(`insert into revision (tenant_id, id, application_id, namespace_id, number, template, template_hash, message, created_by, created_at)
      select tenant_id, revision_id, application_id, namespace_id, 1, '{"runtime": "RUNC", "containers": [], "labels": [], "terminationGracePeriodSeconds": 30}', 'hash', '', 'bench', now() from made`);
    await client.query("commit");
    const { rows: made } = await client.query<{ application_id: string }>("select application_id from made order by i");
    return { tenantId, applicationIds: made.map(({ application_id }) => application_id) };
  } finally {
    client.release();
  }
}

interface Measured {
  readonly side: SideName;
  readonly single: Figures;
  readonly burst: Figures;
  readonly kilobytes: number;
  readonly streams?: number;
}
interface Figures {
  /** From the first delivery to the last. */
  readonly perSecond: number;
  /** From the event to the last delivery. */
  readonly fromEvent: number;
  readonly cpuMicros: number;
  readonly untilFirstMs: number;
}

type Commit = (count: number, marker: string) => Promise<void>;

const commitOf = (admin: Pool, tenantId: string, ids: readonly string[]): Commit => async (count, marker) => {
  const some = ids.slice(0, count);
  await admin.query(`with written as (update application set description = case when id = $2 then $3 else 'other' end where id = any ($1::uuid[]) returning id)
    insert into timeline (tenant_id, kind, ids, at) select $4, 'application', array[id], now() from written`, [some, some.at(-1), marker, tenantId]);
};

interface Side extends AsyncDisposable {
  readonly name: SideName;
  readonly server: Process;
  readonly load: Process;
  readonly commit: Commit | null;
  readonly kilobytes: number;
}

/** With all its subscribers. */
async function openSide(name: SideName, target: Target, { subscribers }: Options, commit: Commit | null): Promise<Side> {
  await using opening = new AsyncDisposableStack();
  const server = opening.use(await start(FILES[name], [JSON.stringify(target)]));
  const load = opening.use(await start("fanout/load.ts", []));
  const { url } = server.first as { url: string };
  const connect = (count: number): Promise<unknown> => load.ask({ kind: "connect", url, token: TOKEN, count } satisfies LoadAsk);
  const weigh = async (): Promise<Usage> => (await server.ask({ kind: "usage", weigh: true })) as Usage;

  // Code is compiled and pools are filled before memory is weighed.
  await connect(Math.min(WARM_UP, subscribers));
  await event({ server, load, commit }, 1, "warm");
  await load.ask({ kind: "disconnect" } satisfies LoadAsk);
  await quiet();
  const before = await weigh();
  await connect(subscribers);
  await quiet();
  const after = await weigh();
  const opened = opening.move();
  return { name, server, load, commit, kilobytes: (after.rss - before.rss) / 1024 / subscribers, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** One event, or burst, of each side in turn; the first of each is not counted. */
async function takeTurns(sides: readonly Side[], count: number, { subscribers, events }: Options): Promise<Figures[]> {
  const all = sides.map((): Figures[] => []);
  for (let n = 0; n < events; n += 1) {
    for (const [index, side] of sides.entries()) {
      const usage = async (): Promise<Usage> => (await side.server.ask({ kind: "usage", weigh: false })) as Usage;
      await quiet();
      const begun = await usage();
      const { at, first, last } = await event(side, count, `m${count}-${n};`);
      const { cpuMs } = await usage();
      const deliveries = subscribers * count;
      all[index]?.push({ perSecond: deliveries / Math.max(0.001, (last - first) / 1000), fromEvent: deliveries / ((last - at) / 1000), cpuMicros: ((cpuMs - begun.cpuMs) * 1000) / deliveries, untilFirstMs: first - at });
    }
  }
  return all.map((figures) => {
    const counted = figures.length > 1 ? figures.slice(1) : figures;
    const of = (pick: (figures: Figures) => number): number => median(counted.map(pick));
    return { perSecond: of((one) => one.perSecond), fromEvent: of((one) => one.fromEvent), cpuMicros: of((one) => one.cpuMicros), untilFirstMs: of((one) => one.untilFirstMs) };
  });
}

async function event({ server, load, commit }: Pick<Side, "server" | "load" | "commit">, count: number, marker: string): Promise<Delivered & { readonly at: number }> {
  await load.ask({ kind: "await", marker } satisfies LoadAsk);
  await commit?.(count, marker);
  const at = performance.timeOrigin + performance.now();
  const delivered = load.next();
  server.child.send({ kind: "events", count, marker });
  return { ...((await delivered) as Delivered), at };
}

interface Process extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly first: unknown;
  next(): Promise<unknown>;
  ask(question: object): Promise<unknown>;
}

async function start(file: string, args: readonly string[]): Promise<Process> {
  const child = fork(path.join(import.meta.dirname, file), args, { execArgv: ["--expose-gc"], env: { ...process.env, NODE_ENV: "production" }, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const next = (): Promise<unknown> => messageOf(child, file);
  return {
    child,
    first: await next(),
    next,
    ask(question) {
      const answer = next();
      child.send(question);
      return answer;
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, "exit");
      if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await gone;
    },
  };
}

const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, QUIET_MS));

function print(measured: readonly Measured[], { subscribers, events }: Options): boolean {
  const raw = measured[0] as Measured;
  const ours = measured.find(({ side }) => side === "ours");
  const mercurius = measured.find(({ side }) => side === "mercurius");
  console.log(`fanout: ${subscribers} subscribers, ${events} events of each kind, ${cpus().length} cores shared by all, node ${process.version}`);
  const lineOf = ({ side, single, burst, kilobytes }: Measured): object => ({
    "": side,
    "one event: deliveries/s": single.perSecond.toFixed(0), "of raw": (single.perSecond / raw.single.perSecond).toFixed(2), "CPU µs": single.cpuMicros.toFixed(1), "CPU, raw / it": (raw.single.cpuMicros / single.cpuMicros).toFixed(2), "until the first, ms": single.untilFirstMs.toFixed(1), "from the event, /s": single.fromEvent.toFixed(0),
    [`burst of ${BURST}: from the event, /s`]: burst.fromEvent.toFixed(0), "× raw": (burst.fromEvent / raw.burst.fromEvent).toFixed(2), "KB a subscriber": kilobytes.toFixed(1),
  });
  console.table(measured.map(lineOf));
  if (!ours) return true;
  console.log(`streams that served ours: ${ours.streams}`);
  const [ofRaw, ofBurst] = [ours.single.perSecond / raw.single.perSecond, ours.burst.fromEvent / raw.burst.fromEvent];
  const said = (what: string, value: number, { floor, goal }: { floor: number; goal: number }, holds: (bound: number) => boolean): boolean => {
    console.log(`${what}: ${value.toFixed(2)} (floor ${floor}${holds(floor) ? " held" : " NOT HELD"}, goal ${goal}${holds(goal) ? " held" : " NOT HELD"})`);
    return holds(floor);
  };
  if (mercurius) console.log(`one event, from the event on, of Mercurius: ${(ours.single.fromEvent / mercurius.single.fromEvent).toFixed(2)} (goal 3)`);
  return [
    said("one event, of raw", ofRaw, REQUIRED.single, (bound) => ofRaw >= bound),
    said("burst, of raw", ofBurst, REQUIRED.burst, (bound) => ofBurst >= bound),
    said("KB a subscriber", ours.kilobytes, REQUIRED.kilobytes, (bound) => ours.kilobytes <= bound),
  ].every(Boolean);
}
