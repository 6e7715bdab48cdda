import { createMetrics } from "#server/observability/metrics.ts";
import type { Config } from "#server/config/config.ts";
import { createInProcessBus } from "#server/realtime/bus-in-process.ts";
import type { startApi } from "#server/roles/api.ts";
import { silentLogger, wallClock } from "./centre.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "./eventually.ts";
import type { Asking } from "./ledger.ts";
import { plantedGraph, type PlantedFault } from "./planted-graph.ts";
import { seededRandom } from "./random.ts";
import { openAuthenticated } from "./raw-socket.ts";
import { askAt, Busy, furnish, type Instance, isBusy, post, Refused, type Scope, type Tenant, type World } from "./timed-world.ts";
import { createWriter } from "./timed-writers.ts";
import { documentOf, type Question, questionsOf } from "./timed-questions.ts";

/**
 * Two instances of the API on one database, as users run them: writers change things through both, agents report, subscribers follow, and readers ask the same few
 * documents again and again. Every answer is judged by the ledger when it comes. The second instance hears nothing of what the others say on the bus, as where
 * that is lost: what it remembers is checked against the timeline alone.
 *
 * What is answered from memory must moreover have been asked for before, at that instance and by a caller who sees and may do the same.
 */
export interface HistoryOptions {
  readonly seed: number;
  /** At least so long, and until there is enough of everything. */
  readonly forMs: number;
  readonly fault?: PlantedFault;
}
export interface HistoryResult {
  /** What answers show. */
  readonly violations: readonly string[];
  /** What failed where nothing should. */
  readonly failures: readonly string[];
  readonly answers: number;
  readonly remembered: number;
  readonly writes: number;
  readonly messages: number;
}
/** Of a history whose outcome is to mean something, however busy the machine is; and where it gives up all the same. */
const LEAST = { answers: 400, remembered: 40, writes: 60, messages: 30 };
export const MOST_MS = 120_000;

const WRITERS = 8;
const READERS = 8;
/** For so long a few questions are asked. Then come others, as new documents: what one caller has asked for is asked by another for the first time. */
const EPOCH_MS = 2000;
const QUESTIONS = 3;
/** How often a reader asks the same before it asks something else. */
const REPEATS = 4;
const REMEMBERED_BYTES = 16 * 1024 * 1024;
const SUBSCRIPTION = "subscription { applications { upserted { id version } } }";
/** So many are told. */
const ENOUGH = 3;
/** What remembers, and what it is checked against. */
const FOLDERS = ["server/roles", "server/read", "server/realtime"];

export interface OpenApi extends Instance {
  close(): Promise<void>;
}
export async function openApi({ database, centre }: World, number: number, { rememberedBytes, bus = "own", fault }: { rememberedBytes: number; bus?: "own" | "everybody's"; fault?: PlantedFault }): Promise<OpenApi> {
  const { startApi: start } = await plantedGraph<{ startApi: typeof startApi }>("server/roles/api.ts", FOLDERS, fault);
  const { rows } = await database.admin.query<{ term: number }>("select term from database_life");
  const own = bus === "own" ? createInProcessBus({ instance: `instance ${number}` }) : centre.bus;
  const api = await start({
    config: { http: { host: "127.0.0.1", port: 0, allowedOrigins: null }, reads: { rememberedBytes } } as Config,
    centre: { database: { address: database.address, encryptionKey: database.encryptionKey }, clock: wallClock, speed: 1, term: rows[0]?.term ?? 0, bus: own },
    logger: silentLogger, metrics: createMetrics("api"), link: null, door: null, agents: null, fleetClusters: [], stopping: new AbortController().signal,
  });
  return {
    number,
    url: api.url,
    close: async () => {
      await api.close();
      if (own !== centre.bus) await own.close();
    },
  };
}

/** `numbers`: of instances, none of which was given out before. */
export async function runHistory(world: World, numbers: () => number, { seed, forMs, fault }: HistoryOptions): Promise<HistoryResult> {
  const { ledger, tenants, agents } = world;
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const violations: string[] = [];
  const counted = { answers: 0, remembered: 0, writes: 0, messages: 0 };
  const more = fault ? { fault } : {};
  const instances = [
    await openApi(world, numbers(), { rememberedBytes: REMEMBERED_BYTES, bus: "everybody's", ...more }),
    await openApi(world, numbers(), { rememberedBytes: REMEMBERED_BYTES, ...more }),
  ];
  const failures: string[] = [];
  const began = performance.now();
  const isEnough = (): boolean => performance.now() - began >= (fault ? MOST_MS : forMs) && Object.entries(LEAST).every(([what, least]) => counted[what as keyof typeof LEAST] >= least);
  let going = true;
  const violated = (what: string): void => {
    violations.push(what);
    if (fault || violations.length >= ENOUGH) going = false;
  };
  const failed = (error: unknown): void => {
    failures.push(error instanceof Error ? error.message : String(error));
    if (failures.length >= ENOUGH) going = false;
  };
  const keepOn = async (act: () => Promise<void>): Promise<void> => {
    while (going && !isEnough() && performance.now() - began < Math.max(forMs, MOST_MS)) {
      try {
        await act();
      } catch (error) {
        if (!(error instanceof Refused || error instanceof Busy)) failed(error);
      }
    }
  };

  // ---- readers
  const askedFor = new Set<string>();
  let epoch = { number: 0, until: 0, chosen: [0] };
  /** By their places from the end of each caller's questions, where those of all callers are the same. */
  const chosen = (): readonly number[] => {
    if (performance.now() > epoch.until) epoch = { number: epoch.number + 1, until: performance.now() + EPOCH_MS, chosen: Array.from({ length: QUESTIONS }, () => Math.floor(random() * 19)) };
    return epoch.chosen;
  };
  const ask = async (instance: Instance, scope: Scope, question: Question, name = `asked${epoch.number}`): Promise<void> => {
    const asking: Asking = { instance: instance.number, at: performance.now() };
    const document = documentOf(question, name);
    const what = `${instance.number} ${scope.tenant} ${scope.name} ${document} ${JSON.stringify(question.variables)}`;
    const isNew = !askedFor.has(what);
    askedFor.add(what);
    const { data, errors, read } = await post(instance, scope.token, document, question.variables);
    const told = (wrong: string): void => violated(`${scope.name} of ${scope.tenant}, ${read}, at instance ${instance.number}, ${question.selection}: ${wrong}`);
    if (errors) return isBusy(errors) ? undefined : failed(JSON.stringify(errors));
    counted.answers += 1;
    if (read === "compiled; remembered") {
      counted.remembered += 1;
      if (isNew) told("it is answered from memory, although nobody like this caller has asked");
    }
    for (const wrong of question.judge(data as never, ledger, scope, asking)) if (wrong !== null) told(wrong);
  };
  const questions = new Map(tenants.flatMap((tenant) => tenant.scopes.map((scope) => [scope, questionsOf(world, tenant, scope)])));
  const askAnything = async (): Promise<void> => {
    const scope = pick(pick(tenants).scopes);
    const [instance, all] = [pick(instances), questions.get(scope) ?? []];
    const question = all[all.length - 1 - (pick(chosen()) % all.length)] as Question;
    for (let repeat = Math.floor(random() * REPEATS); repeat >= 0 && going; repeat--) {
      await ask(instance, scope, question);
      await sleep(random() * 10);
    }
  };

  // ---- subscribers
  const follow = async (instance: Instance, { owner, scopes }: Tenant): Promise<() => void> => {
    const raw = await openAuthenticated(instance.url, owner.token);
    raw.socket.on("message", (message) => {
      const { type, payload } = JSON.parse(String(message)) as { type: string; payload?: { data?: { applications: { upserted: { id: string; version: number }[] } } } };
      if (type !== "next" || !payload?.data) return;
      counted.messages += 1;
      const { upserted } = payload.data.applications;
      for (const { id, version } of upserted) ledger.wrote(`${id} version`, version, instance.number);
      const scope = pick(scopes);
      const about = (questions.get(scope) ?? []).find(({ variables }) => upserted.some(({ id }) => id === variables["id"]));
      if (about && going) void ask(instance, scope, about).catch((error: unknown) => going && failed(error));
    });
    raw.send({ id: "1", type: "subscribe", payload: { query: SUBSCRIPTION } });
    return () => raw.socket.terminate();
  };
  const leave = await Promise.all(instances.flatMap((instance) => tenants.map((tenant) => follow(instance, tenant))));

  // ---- writers
  const writers = Array.from({ length: WRITERS }, (_, n) => {
    const tenant = tenants[n % tenants.length] as Tenant;
    const [nth, of] = [Math.floor(n / tenants.length), Math.ceil(WRITERS / tenants.length)];
    return createWriter(world, tenant, tenant.applications.filter((_one, index) => index % of === nth), random);
  });
  const write = async (writer: (typeof writers)[number]): Promise<void> => {
    const [instance, { owner }] = [pick(instances), writer.tenant];
    const { shownBy, write: change } = writer.next();
    const question = (questions.get(owner) ?? []).find(({ shows }) => shows === shownBy) as Question;
    // As who shows what it changes.
    await ask(instance, owner, question, "mine");
    await change(instance);
    counted.writes += 1;
    await ask(instance, owner, question, "mine");
    await sleep(random() * 200);
  };
  const speak = async (agent: (typeof agents)[number]): Promise<void> => {
    await (random() < 0.3 ? agent.describe() : agent.speak(() => random() < 0.4)).catch(() => agent.resume());
    // What is told all the time is read all the time.
    await sleep(random() * 800);
  };

  await Promise.all([...writers.map((writer) => keepOn(() => write(writer))), ...agents.map((agent) => keepOn(() => speak(agent))), ...Array.from({ length: READERS }, () => keepOn(askAnything))]);
  going = false;
  for (const one of leave) one();
  // What is going goes because its clusters say so.
  let left = true;
  const gone = Promise.all(writers.map((writer) => writer.done())).finally(() => (left = false));
  while (left) {
    for (const agent of agents) await agent.speak().catch(() => agent.resume());
    await sleep(50);
  }
  await gone;
  if (!fault) violations.push(...(await differences(world, instances, numbers(), questions)));
  for (const instance of instances) await instance.close();
  return { violations, failures, ...counted };
}

/** Once nothing changes any more, what is remembered is what is there. */
async function differences(world: World, instances: readonly Instance[], number: number, questions: ReadonlyMap<Scope, readonly Question[]>): Promise<string[]> {
  const found: string[] = [];
  const direct = await openApi(world, number, { rememberedBytes: 0 });
  await Promise.all([...questions].map(async ([scope, all]) => {
    for (const question of all) {
      for (const instance of instances) {
        const document = documentOf(question, "quiet");
        await eventually(async () => {
          const remembered = await post(instance, scope.token, document, question.variables);
          const truth = await post(direct, scope.token, document, question.variables);
          if (JSON.stringify(remembered.data) !== JSON.stringify(truth.data)) throw new Error(`${JSON.stringify(remembered.data)} is not ${JSON.stringify(truth.data)}`);
          // Times apart, that hardly anything can be known without having been asked for is no reason to ask.
          if (!question.passing && remembered.read !== "compiled; remembered") throw new Error(`it is not remembered, but ${remembered.read}`);
        }, { deadlineMs: 20_000, everyMs: 30 }).catch((error: unknown) => void found.push(`${scope.name} of ${scope.tenant} at instance ${instance.number}, ${question.selection}: ${String(error)}`));
      }
    }
  }));
  await direct.close();
  return found;
}

export async function furnishWorld(world: World, applications: number, number: number): Promise<void> {
  const api = await openApi(world, number, { rememberedBytes: 0, bus: "everybody's" });
  await furnish(world, applications, askAt(api));
  await api.close();
}
