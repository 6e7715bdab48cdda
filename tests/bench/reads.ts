import { cpus } from "node:os";
import { CASES, type Case, judge } from "./reads/cases.ts";
import { checkAnswers } from "./reads/check.ts";
import type { Load } from "./reads/load.ts";
import { measure, medianRound, type Round } from "./reads/measure.ts";
import { HELP, type Options, parseOptions } from "./reads/options.ts";
import { installPeers, peersInstalled, peerVersions } from "./reads/peers.ts";
import { type Server, type Servers, startServer, startServers, type Taken } from "./reads/servers.ts";
import { PEERS, SIDE, SIDES, type SideName } from "./reads/sides.ts";

/**
 * Reads against the raw limit: requests a second over HTTP, as users run it, divided by those of node:http with one prepared statement, and beside them two
 * peers' on the same database. Every side is a process of its own, and so is the load. The sides take turns (A B C, B C A, …); of each side's rounds the
 * median counts. All sides' answers are compared before anything is measured, and while it is, each must be as long as it was then.
 */
const CONNECTIONS = 64;
const DATABASE_CONNECTIONS = 8;
const WARM_UP_SECONDS = 3;
/** V8 has compiled what is hot by then; a side that is slower than that is warmed up for longer, but not for ever. */
const WARM_UP_ANSWERS = 400;
const MAX_WARM_UPS = 4;
/** Of a core: a generator as busy as this has measured itself. */
const TOO_BUSY = 0.9;

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
  const { only, rounds, seconds } = options;
  const present = await presentSides(options);
  const cases = only.map((name): Case => CASES[name]);
  const needed = SIDES.filter((side) => present.includes(side) && cases.some(({ sides }) => sides.includes(side)));
  progress(`starting Postgres, its data, and ${needed.map((side) => SIDE[side].label).join(", ")}`);
  await using servers = await startServers(needed, DATABASE_CONNECTIONS);
  const tables: (() => void)[] = [];
  let held = true;
  for (const some of cases) {
    const result = await runCase(some, some.sides.filter((side) => needed.includes(side)), servers, options);
    tables.push(result.print);
    held &&= result.held;
  }
  progress("");
  console.log(`reads: ${CONNECTIONS} connections, ${rounds} × ${seconds} s each side in turn, ${cpus().length} cores shared by server, Postgres and load, node ${process.version}`);
  for (const print of tables) print();
  return held;
}

/** Those that were asked for, without peers that are not there. */
async function presentSides({ sides, install }: Options): Promise<readonly SideName[]> {
  if (!sides.some((side) => PEERS.includes(side))) return sides;
  if (install && !(await peersInstalled())) {
    console.log("peers: installing PostGraphile and Mercurius into tests/bench/peers by npm ci");
    const started = performance.now();
    await installPeers();
    console.log(`peers: installed in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  if (await peersInstalled()) {
    console.log(`peers: ${await peerVersions()}`);
    return sides;
  }
  console.log("peers: not installed; npm run bench -- reads --peers installs them");
  return sides.filter((side) => !PEERS.includes(side));
}

interface Result {
  readonly held: boolean;
  readonly print: () => void;
}

async function runCase(some: Case, sides: readonly SideName[], servers: Servers, { rounds, seconds }: Options): Promise<Result> {
  const { operation, label } = some;
  const step = (text: string): void => progress(`${label.replace(/:.*/, "")}: ${text}`);
  step("comparing the answers");
  const bytes = await checkAnswers(servers, operation, sides);
  const bodiesOf = (side: SideName): string[] => SIDE[side].bodies(operation, servers.data);
  const turn = (side: SideName, time: number): Promise<Round> => {
    const server = servers.sides.get(side) as Server;
    return measure(server, servers.postgresCpu, { ...loadOf(servers, bodiesOf(side), time), url: server.url, answerBytes: bytes.get(side) as number });
  };

  for (const side of sides) {
    step(`warming up ${SIDE[side].label}`);
    for (let [times, answered] = [0, 0]; times < MAX_WARM_UPS && answered < WARM_UP_ANSWERS; times += 1) answered += (await turn(side, WARM_UP_SECONDS)).answered;
  }
  const taken = new Map<SideName, Taken>();
  for (const side of sides) if (SIDE[side].ours) taken.set(side, await (servers.sides.get(side) as Server).taken(bodiesOf(side)[0] as string));
  const measured = new Map(sides.map((side) => [side, [] as Round[]]));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % sides.length;
    for (const side of [...sides.slice(first), ...sides.slice(0, first)]) {
      step(`round ${round + 1} of ${rounds}, ${SIDE[side].label}`);
      measured.get(side)?.push(await turn(side, seconds));
    }
  }
  step("what the load generator can do");
  const ceiling = await measureGenerator(servers, bodiesOf("limit"), bytes.get("limit") as number, seconds);
  return judged(some, new Map([...measured].map(([side, all]) => [side, medianRound(all)])), bytes, taken, ceiling);
}

const loadOf = ({ data }: Servers, bodies: readonly string[], seconds: number): Omit<Load, "url" | "answerBytes"> => ({ token: data.token, bodies, connections: CONNECTIONS, seconds });

async function measureGenerator(servers: Servers, bodies: readonly string[], bytes: number, seconds: number): Promise<Round> {
  await using server = await startServer("static.ts", [String(bytes)]);
  return await measure(server, async () => null, { ...loadOf(servers, bodies, seconds), url: server.url, answerBytes: bytes });
}

/** Whether an own side does what it is called after; the reason, where it doesn't. */
function shortOf(side: SideName, taken: Taken | undefined): string | null {
  if (taken === undefined || side === "interpreter") return null;
  if (taken.way !== "compiled") return `not compiled yet: it took the ${taken.way} way`;
  return side === "remembered" && !taken.remembered ? "nothing is remembered yet" : null;
}

function judged(some: Case, medians: ReadonlyMap<SideName, Round>, bytes: ReadonlyMap<SideName, number>, taken: ReadonlyMap<SideName, Taken>, ceiling: Round): Result {
  const rates = new Map([...medians].map(([side, { requestsPerSecond }]) => [side, requestsPerSecond]));
  const lines: Record<string, string | number>[] = [];
  const notes: string[] = [];
  let held = true;
  for (const [side, median] of medians) {
    const reason = shortOf(side, taken.get(side));
    const verdict = judge(some, side, rates, reason === null);
    if (verdict.floorHolds === false || median.failed > 0) held = false;
    if (reason !== null) notes.push(`${SIDE[side].label}: ${reason}; its floors are not applied`);
    if (median.busy > TOO_BUSY) notes.push(`${SIDE[side].label}: the load generator took ${median.busy.toFixed(2)} of a core, and was the bottleneck`);
    lines.push(lineOf(some, side, median, bytes.get(side) as number, verdict));
  }
  const print = (): void => {
    console.log(`\n${some.label}`);
    console.table(lines);
    for (const note of notes) console.log(note);
    console.log(`the load generator against a bare socket that sends as many bytes: ${ceiling.requestsPerSecond.toFixed(0)}/s, busy ${ceiling.busy.toFixed(2)} of a core`);
  };
  return { held, print };
}

function lineOf(some: Case, side: SideName, median: Round, bytes: number, verdict: ReturnType<typeof judge>): Record<string, string | number> {
  const required = some.requirements[side];
  const said = (holds: boolean | null): string => (holds === null ? "" : holds ? " held" : " NOT HELD");
  const goal = [required?.goal, required?.goalOfPostgraphile === undefined ? undefined : `${required.goalOfPostgraphile} × PG`].filter((part) => part !== undefined).join(", ");
  return {
    "": SIDE[side].label, "/s": median.requestsPerSecond.toFixed(0), "of limit": verdict.ofLimit.toFixed(3), "× PostGraphile": verdict.ofPostgraphile?.toFixed(2) ?? "",
    floor: required ? `${required.floor}${said(verdict.floorHolds)}` : "", goal: `${goal}${said(verdict.goalHolds)}`,
    "p50, ms": median.p50Ms.toFixed(1), "p99, ms": median.p99Ms.toFixed(1), "CPU node, ms": median.cpuMs.toFixed(3), "CPU Postgres, ms": median.postgresMs?.toFixed(3) ?? "",
    bytes, failed: median.failed, "load busy": median.busy.toFixed(2),
  };
}

/** On a terminal one line that is written over, else a line each. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`);
  else if (text !== "") process.stderr.write(`${text}\n`);
}
