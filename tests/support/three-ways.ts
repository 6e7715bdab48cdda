import {
  executeRootSelectionSet, executeSubscriptionEvent, type ExecutionResult, type GraphQLError, type GraphQLSchema, type ValidatedExecutionArgs, type ValidatedSubscriptionArgs,
} from "graphql";
import type { Context } from "#schema/context.ts";
import { schema } from "#schema/index.ts";
import type { Clock } from "#server/domain/clock.ts";
import type { Actor } from "#server/identity/viewer.ts";
import { type AnswerText, type ReaderChoice, type ReadOutcome, type Reason, REASONS, type Way, WAYS } from "#server/read/answer.ts";
import type { Changes } from "#server/read/changes.ts";
import { createReads, type Reads } from "#server/read/run.ts";
import { type Admission, createEnforcer } from "#server/transport/enforce.ts";
import { maskError } from "#server/transport/errors.ts";
import { DEFAULT_LIMITS } from "#server/transport/limits.ts";
import type { TestDatabase } from "./database.ts";
import { actorOf, type Asking, NOW } from "./reading.ts";

/**
 * One operation, run by each of the ways that there are, and what they answered, made comparable. All ways share what admits an operation; each *side* has reads
 * of its own, with its own schema, so that one of them may be given a schema with a fault in it.
 *
 *   the answer       data as JSON text in the order of its keys; errors as (code, message, path), in no order
 *   compiled         asked of `Reads.operations`. Where that names another way, graphql-js runs it with the reader that it names
 *   text             must be UTF-8, JSON, and nothing but data; as long as it says; and the same bytes when it is asked for once more
 */
export interface Asked {
  readonly query: string;
  readonly operationName?: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface Answered {
  /** null where there is none. */
  readonly data: unknown;
  readonly json: string;
  /** Sorted. */
  readonly errors: readonly string[];
  readonly internal: readonly unknown[];
  readonly took: Took;
}
export interface Took {
  readonly way: Way;
  readonly reason: Reason | null;
  readonly again: boolean;
  readonly remembered: boolean;
}

/** Nothing changes in these tests: whatever is remembered stays true. */
const UNCHANGED: Changes = { current: () => 1, look: async () => 1, changedSince: () => false };

/** Each operation has a time of its own, which reads take from their clock as they begin. */
class SetClock implements Clock {
  time = NOW;
  now(): number {
    return this.time;
  }
}

/** The outcome says so as well, and whoever asked looks at that. */
const noted = (): void => undefined;

/** Where the limits would keep most random documents out, they are wider; what an answer may cost is as in the product. */
const LIMITS = {
  ...DEFAULT_LIMITS, maxTokens: 20_000, maxDepth: 60, maxAliases: 1_000, maxRootFields: 100, maxDirectives: 1_000, maxSelections: 20_000, operationsPerSecond: 1e9, operationsBurst: 1e9, cachedDocuments: 10,
};

export interface Side {
  readonly schema: GraphQLSchema;
  readonly reads: Reads;
  readonly clock?: SetClock;
}
export interface SideOptions {
  readonly ways?: readonly Way[];
  /** The product's, where nothing is said. */
  readonly createReads?: typeof createReads;
}

export interface SidesOptions {
  /** Connections. */
  readonly max?: number;
}

export interface Sides {
  /** The product's; or with a schema that differs. */
  side(of?: GraphQLSchema, options?: SideOptions): Side;
  admit(asked: Asked, viewer: Asking): Admission;
}

export async function openSides(database: TestDatabase, { max = 4 }: SidesOptions = {}): Promise<Sides> {
  const { pool, orm } = await database.openAs("selvedge_api", max);
  const enforcer = createEnforcer({ schema, limits: LIMITS });
  return {
    side: (of = schema, { createReads: create = createReads, ...options } = {}) => {
      const clock = new SetClock();
      return { schema: of, clock, reads: create({ schema: of, metadata: orm.getMetadata(), pool, clock, speed: 1, onFault: noted, changes: UNCHANGED, rememberedBytes: 4 * 1024 * 1024, ...options }) };
    },
    admit: ({ query, operationName, variables }, viewer) => enforcer.admit({ query, variables, ...(operationName === undefined ? {} : { operationName }) }, actorOf(viewer)),
  };
}

/** What is run: a query, or one message of a subscription. */
export interface Running {
  readonly execution: ValidatedExecutionArgs;
  readonly viewer: Asking;
  /** NOW, where nothing is said. */
  readonly now?: number;
  /** Of a subscription. */
  readonly message?: object;
}

const refuse = (what: string): never => new Proxy({}, { get: () => { throw new Error(`${what} has no part in a read`); } }) as never;
const contextOf = (actor: Actor, reads: Reads, choice: ReaderChoice, now: number): Context => ({
  actor, clock: { now: () => now }, read: reads.reader(actor, choice), services: refuse("A service"), live: refuse("A stream"), logs: refuse("A log"), server: { version: "0.0.0", simulated: true, speed: 1, maxPageSize: 200, logDays: 14 },
});

/** Never rejects for what an operation says; a fault of the harness, or of the interface, it does. */
export async function answer(side: Side, way: Way, running: Running): Promise<Answered> {
  const { schema: of, reads } = side;
  const outcome: ReadOutcome = way === "compiled" ? await outcomeOf(side, running) : { way, reason: "off", again: false };
  if ("text" in outcome) return twice(side, outcome, running);
  const choice = "failure" in outcome ? outcome.failure : outcome.way;
  setTime(side, running);
  const execution = { ...running.execution, schema: of };
  const contextValue = contextOf(actorOf(running.viewer), reads, choice, running.now ?? NOW);
  const result = await (running.message ? executeSubscriptionEvent({ ...(execution as ValidatedSubscriptionArgs), rootValue: running.message, contextValue }) : executeRootSelectionSet({ ...execution, contextValue }));
  const took: Took = "failure" in outcome ? { way: "compiled", reason: null, again: false, remembered: false } : { way: outcome.way, reason: way === "compiled" ? outcome.reason : null, again: outcome.again, remembered: false };
  return ofResult(result, took);
}

/** What Postgres may say of a value. An argument is refused at once, though there may be no row below which it would matter. */
const AGAIN: ReadonlySet<Reason> = new Set(["null", "data"]);

/**
 * What is wrong with a way that was taken; null where nothing is. What has an answer without errors is not run again, or whoever asks so pays twice; but for values that
 * were never put there by the product.
 */
export function wrongWay(expected: Answered, reason: Reason | null, viewer: { readonly whole: boolean }): string | null {
  // It would be hidden by running it again.
  if (reason === "statement") return "Postgres refused a statement of the compiled way";
  return viewer.whole && reason !== null && AGAIN.has(reason) && expected.errors.length === 0 ? `it was run again (${reason}), though there is nothing wrong with it` : null;
}

/** The compiled way alone: its text, or why it has none. */
export async function compiledAnswer(side: Side, running: Running): Promise<Answered | Reason | Error> {
  const outcome = await outcomeOf(side, running);
  if ("text" in outcome) return twice(side, outcome, running);
  return "failure" in outcome ? outcome.failure : outcome.reason;
}

/** Cursors of records say what their statement could see, which is another thing each time: here they end behind their keys. */
export const withoutSnapshots = (json: string): string =>
  json.replaceAll(/"(WyJ[A-Za-z0-9_-]+)"/g, (whole, cursor: string) => {
    const text = Buffer.from(cursor, "base64url").toString();
    return text.startsWith('["Event:') ? JSON.stringify(text.replace(/, "\d+", "\d+:\d+:[\d,]*"\]$/, "]")) : whole;
  });

type Texted = Extract<ReadOutcome, { readonly text: AnswerText }>;
async function twice(side: Side, { text, remembered }: Texted, running: Running): Promise<Answered> {
  const again = await outcomeOf(side, running);
  return ofText(text, remembered, "text" in again ? again.text : null);
}

function outcomeOf(side: Side, running: Running): ReadOutcome | Promise<ReadOutcome> {
  const { operations } = side.reads;
  const execution = { ...running.execution, schema: side.schema };
  const actor = actorOf(running.viewer);
  setTime(side, running);
  return running.message ? operations.message(execution, running.message, actor) : operations.query(execution, actor);
}

function setTime({ clock }: Side, { now = NOW }: Running): void {
  if (clock) clock.time = now;
}

function ofText(text: AnswerText, remembered: boolean, again: AnswerText | null): Answered {
  const bytes = Buffer.concat(text.pieces);
  const faults = bytes.byteLength === text.byteLength ? [] : [`the text says that it has ${text.byteLength} bytes, and has ${bytes.byteLength}`];
  const took: Took = { way: "compiled", reason: null, again: false, remembered };
  if (again === null || withoutSnapshots(bytes.toString("latin1")) !== withoutSnapshots(Buffer.concat(again.pieces).toString("latin1"))) faults.push("asked for once more, the text is another");
  try {
    const parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)) as Record<string, unknown>;
    if (Object.keys(parsed).join(" ") !== "data") faults.push(`the text has the members ${Object.keys(parsed).join(", ")}`);
    return { data: parsed["data"], json: withoutSnapshots(JSON.stringify(parsed["data"])), errors: faults, internal: [], took };
  } catch (error) {
    return { data: null, json: bytes.toString("utf8"), errors: [...faults, `the text can't be parsed: ${String(error)}`], internal: [], took };
  }
}

function ofResult({ data, errors = [] }: ExecutionResult, took: Took): Answered {
  const internal: unknown[] = [];
  const shown = errors.map((error) => maskError(error, (unexpected) => internal.push(unexpected.error))).map(({ message, path, extensions }: GraphQLError) => JSON.stringify([extensions["code"], message, path ?? null]));
  // As a client has it: plain objects.
  const json = JSON.stringify(data ?? null);
  return { data: JSON.parse(json), json: withoutSnapshots(json), errors: shown.toSorted(), internal, took };
}

/** How one answer differs from the other, for people; null where it does not. */
export function difference(expected: Answered, found: Answered): string | null {
  const parts: string[] = [];
  if (JSON.stringify(expected.errors) !== JSON.stringify(found.errors)) parts.push(`errors: expected ${shortened(expected.errors.join(" "))}, found ${shortened(found.errors.join(" "))}`);
  if (expected.json !== found.json) {
    let at = 0;
    while (expected.json[at] === found.json[at]) at += 1;
    const from = Math.max(0, at - 120);
    parts.push(`data, from character ${from}: expected …${expected.json.slice(from, from + 300)}…, found …${found.json.slice(from, from + 300)}…`);
  }
  if (parts.length > 0 && found.internal.length > 0) parts.push(`because of: ${shortened(found.internal.map(String).join(", "))}`);
  return parts.length === 0 ? null : parts.join("\n  ");
}
const shortened = (text: string): string => (text.length > 1000 ? `${text.slice(0, 1000)}…` : text);

/** How many operations were admitted, took which way, and why. */
export class Tally {
  asked = 0;
  refused = 0;
  failed = 0;
  remembered = 0;
  readonly #ways = new Map<string, number>();

  count(took: Took): void {
    const key = keyOf(took.way, took.reason);
    this.#ways.set(key, (this.#ways.get(key) ?? 0) + 1);
    if (took.remembered) this.remembered += 1;
  }
  of(way: Way, reason: Reason | null = null): number {
    return this.#ways.get(keyOf(way, reason)) ?? 0;
  }
  /** Of those that were admitted. */
  share(way: Way): number {
    return this.of(way) / Math.max(1, this.asked - this.refused);
  }
  table(): string {
    const lines = WAYS.flatMap((way) => [null, ...REASONS].map((reason) => ({ way, reason, count: this.of(way, reason) }))).filter(({ count }) => count > 0);
    const ran = this.asked - this.refused;
    return [
      `  ${this.asked} asked, ${this.refused} refused before any way, ${ran} run, ${this.failed} of these with errors`,
      ...lines.map(({ way, reason, count }) => `  ${way.padEnd(12)} ${(reason ?? "").padEnd(14)} ${String(count).padStart(7)}  ${((100 * count) / Math.max(1, ran)).toFixed(1).padStart(5)} %`),
      ...(this.remembered > 0 ? [`  remembered                ${String(this.remembered).padStart(7)}`] : []),
    ].join("\n");
  }
}
const keyOf = (way: Way, reason: Reason | null): string => `${way} ${reason ?? ""}`;

/** All that is needed to see it again. */
export const reproduction = (asked: Asked, viewer: Asking, more: Readonly<Record<string, unknown>> = {}): string =>
  [...Object.entries({ viewer, ...more }).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`), `  variables: ${JSON.stringify(asked.variables)}`, ...(asked.operationName === undefined ? [] : [`  operation: ${asked.operationName}`]), asked.query].join("\n");

