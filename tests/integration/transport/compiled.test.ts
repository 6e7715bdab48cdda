import { setImmediate as nextTurn } from "node:timers/promises";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RequestError } from "#server/domain/request-error.ts";
import type { ReadOutcome } from "#server/read/answer.ts";
import { eventually } from "#tests/support/eventually.ts";
import { openAuthenticated } from "#tests/support/raw-socket.ts";
import { compiled, scriptedReads } from "#tests/support/scripted-reads.ts";
import { startSmallApi, VIEWER, type SmallApi } from "#tests/support/small-api.ts";

/** Answers that are text already, by every transport; and what becomes of operations that can't be answered so. */

// None of them is as JSON.stringify would write it: what was parsed on the way would look otherwise.
const TEXTS: Readonly<Record<string, { readonly json: string; readonly bytesAPiece?: number }>> = {
  plain: { json: '{"data": {"hello" : 1.0e0}}' },
  quotes: { json: '{"data": {"hello" : "\\"\\u0041\\\\ \\"payload\\":null} null} }"}}' },
  characters: { json: '{"data": {"hello" : "é 日本 🚀 \u2028\u2029"}}' },
  pieces: { json: '{"data": {"hello" : "é 日本 🚀 é 日本 🚀"}}', bytesAPiece: 3 },
  frame: { json: '{"data": {"hello" : {"id":"x","type":"next","payload":null}}}', bytesAPiece: 7 },
  large: { json: `{"data": {"hello" : "${"日本🚀x".repeat(450_000)}"}}`, bytesAPiece: 65_537 },
};

/** For megabytes on a busy machine. */
const DEADLINE_MS = 30_000;
const post = (small: SmallApi, query: string, headers: Record<string, string> = {}): Promise<Response> => small.post({ query }, { headers });
const THROUGH_YOGA = { accept: "application/json; charset=utf-8" };
const bytesOf = async (response: Promise<Response>): Promise<string> => Buffer.from(await (await response).arrayBuffer()).toString("latin1");
const asBytes = (text: string): string => Buffer.from(text).toString("latin1");
/** Not toBe: a difference in megabytes is nothing to print. */
const same = (given: string, expected: string): void => expect(given === expected ? "the same" : `${given.length} bytes, not ${expected.length}: ${given.slice(0, 200)}`).toBe("the same");

describe.each(Object.entries(TEXTS))("text that is compiled (%s) leaves byte for byte", (name, { json, bytesAPiece }) => {
  let small: SmallApi;
  beforeAll(async () => {
    small = await startSmallApi({ reads: scriptedReads({ [name]: () => compiled(json, bytesAPiece) }) });
  });
  afterAll(() => small.api.close());

  it("by POST, in the usual way and through Yoga, and by GET", async () => {
    const query = `query ${name} { hello }`;
    const usual = await post(small, query);
    expect(usual.status).toBe(200);
    expect(usual.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(usual.headers.get("content-length")).toBe(String(Buffer.byteLength(json)));
    expect(usual.headers.get("cache-control")).toBe("no-store");
    same(await bytesOf(Promise.resolve(usual)), asBytes(json));
    same(await bytesOf(post(small, query, { accept: "application/graphql-response+json" })), asBytes(json));
    same(await bytesOf(post(small, query, THROUGH_YOGA)), asBytes(json));
    same(await bytesOf(fetch(`${small.url}/graphql?query=${encodeURIComponent(query)}`, { headers: { authorization: `Bearer ${VIEWER}`, accept: "application/json" } })), asBytes(json));
  });

  it("as an event stream, of a query and of a subscription", async () => {
    for (const [query, events] of [[`query ${name} { hello }`, 1], [`subscription ${name} { count(to: 2) }`, 2]] as const) {
      const text = await bytesOf(post(small, query, { accept: "text/event-stream" }));
      const data = text.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice("data: ".length));
      expect(data).toHaveLength(events);
      for (const one of data) same(one, asBytes(json));
    }
  });

  it("over WebSocket, of a query and of a subscription, whatever their ids are", async () => {
    const raw = await openAuthenticated(small.url, VIEWER);
    const frames: Buffer[] = [];
    raw.socket.on("message", (data) => void frames.push(data as Buffer));
    const ids = ["q", 's "payload":null}', '{"id":"é","type":"next","payload":null}'];
    for (const [index, id] of ids.entries()) raw.send({ id, type: "subscribe", payload: { query: index === 0 ? `query ${name} { hello }` : `subscription ${name} { count(to: 2) }` } });
    for (const id of ids) await raw.until(id, "complete", DEADLINE_MS);
    for (const [index, id] of ids.entries()) {
      const mine = frames.map(String).filter((text) => text.startsWith(`{"id":${JSON.stringify(id)},`));
      expect(mine).toHaveLength(index === 0 ? 2 : 3);
      for (const text of mine.slice(0, -1)) same(text, `{"id":${JSON.stringify(id)},"type":"next","payload":${json}}`);
      same(mine.at(-1) as string, `{"id":${JSON.stringify(id)},"type":"complete"}`);
    }
    raw.socket.close();
  }, 2 * DEADLINE_MS);
});

it("an event's data is one line, though the text has several", async () => {
  const small = await startSmallApi({ reads: scriptedReads({ lines: () => compiled('{"data":\r\n{"hello":\n"a\\nb"}}') }) });
  try {
    const text = await (await post(small, "query lines { hello }", { accept: "text/event-stream" })).text();
    expect(text).toContain('data: {"data":  {"hello": "a\\nb"}}\n\n');
  } finally {
    await small.api.close();
  }
});

it("a socket's messages keep to their operations, compiled or not, with pings between them", async () => {
  const small = await startSmallApi({
    reads: scriptedReads({ fast: (n) => compiled(`{"data":{"count":${String(n)}}}`), slow: async (n) => { await nextTurn(); return compiled(`{"data":{"count":${String(n)}}}`); } }),
  });
  try {
    const raw = await openAuthenticated(small.url, VIEWER);
    const names = ["fast", "slow", "plain"];
    for (const id of Array.from({ length: 30 }, (_, index) => `${names[index % 3]} ${index}`)) {
      raw.send({ id, type: "subscribe", payload: { query: `subscription ${id.split(" ")[0]} { count(to: 50) }` } });
      raw.send({ type: "ping", payload: { text: '"payload":null}' } });
    }
    await eventually(() => expect(raw.received.filter(({ type }) => type === "complete")).toHaveLength(30), { deadlineMs: DEADLINE_MS });
    for (const id of new Set(raw.received.flatMap((message) => message.id ?? []))) {
      expect(raw.of(id).flatMap(({ payload }) => payload ?? [])).toEqual(Array.from({ length: 50 }, (_, index) => ({ data: { count: index + 1 } })));
    }
    expect(raw.received.filter(({ type }) => type === "pong")).toEqual(Array.from({ length: 30 }, () => ({ type: "pong", payload: { text: '"payload":null}' } })));
    raw.socket.close();
  } finally {
    await small.api.close();
  }
}, 2 * DEADLINE_MS);

interface Answered {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly path?: unknown; readonly extensions: Record<string, unknown> }[];
}

describe("what is not answered by text", () => {
  const registry = new Registry();
  let small: SmallApi;
  beforeAll(async () => {
    small = await startSmallApi({
      metrics: registry,
      reads: scriptedReads({
        text: () => compiled('{"data":{"hello":"text"}}'),
        remembered: async () => ({ ...compiled('{"data":{"hello":"text"}}'), remembered: true }) as ReadOutcome,
        mixed: () => ({ way: "mixed", reason: "resolver", again: false }),
        again: async () => ({ way: "interpreter", reason: "null", again: true }),
        failing: async () => ({ way: "compiled", failure: new Error("connection to 10.1.2.3 failed: password hunter2") }),
        busy: () => ({ way: "compiled", failure: new RequestError("RATE_LIMITED", "Too many reads are waiting; try again", { retryAfterMs: 1000 }) }),
        faulty: () => Promise.reject(new Error("hunter2")),
        throwing: () => { throw new Error("hunter2"); },
      }),
    });
  });
  afterAll(() => small.api.close());
  const ask = async (query: string, headers: Record<string, string> = {}): Promise<Answered> => (await post(small, query, headers)).json() as Promise<Answered>;
  const streamed = async (query: string): Promise<Answered[]> => {
    const text = await (await post(small, query, { accept: "text/event-stream" })).text();
    return text.split("\n").filter((line) => line.startsWith("data: ")).map((line) => JSON.parse(line.slice(6)) as Answered);
  };

  it("is run by graphql-js with the reader that was chosen", async () => {
    for (const [name, reader] of [["mixed", "mixed"], ["again", "interpreter"], ["other", "interpreter"]]) {
      expect(await ask(`query ${name} { reader }`)).toEqual({ data: { reader } });
      expect(await streamed(`subscription ${name} { readers(to: 2) }`)).toEqual([{ data: { readers: reader } }, { data: { readers: reader } }]);
    }
    expect(await ask("mutation mixed { add(n: 0) }")).toEqual({ data: { add: small.counters.added } });
  });

  it("has a failure of the database in its place, masked but for our own codes", async () => {
    for (const headers of [{}, THROUGH_YOGA]) {
      const answer = await ask("query failing { hello reader }", headers);
      expect(answer).toMatchObject({ data: { hello: "Hello, world", reader: null }, errors: [{ message: "Internal error", path: ["reader"], extensions: { code: "INTERNAL" } }] });
      expect(JSON.stringify(answer)).not.toContain("hunter2");
      expect(small.log.filter((line) => line.includes(String(answer.errors?.[0]?.extensions["correlationId"])))).toHaveLength(1);
    }
    expect(await ask("query busy { reader }")).toMatchObject({ errors: [{ path: ["reader"], extensions: { code: "RATE_LIMITED", retryAfterMs: 1000 } }] });
    expect(await streamed("subscription failing { readers(to: 2) }")).toMatchObject([{ errors: [{ path: ["readers"], extensions: { code: "INTERNAL" } }] }, { errors: [{ path: ["readers"] }] }]);
  });

  it("is masked where the reads themselves are at fault", async () => {
    for (const name of ["faulty", "throwing"]) {
      const answer = await ask(`query ${name} { hello }`);
      expect(answer).toMatchObject({ data: null, errors: [{ message: "Internal error", extensions: { code: "INTERNAL" } }] });
      expect(await streamed(`subscription ${name} { count(to: 3) }`)).toMatchObject([{ errors: [{ extensions: { code: "INTERNAL" } }] }]);
    }
  });

  it("is told to who debugs, and to nobody else", async () => {
    const shown = async (query: string, headers: Record<string, string>): Promise<string | null> => (await post(small, query, headers)).headers.get("selvedge-read");
    for (const headers of [{}, THROUGH_YOGA]) {
      const debugging = { ...headers, "selvedge-debug": "1" };
      expect(await shown("query text { hello }", debugging)).toBe("compiled");
      expect(await shown("query remembered { hello }", debugging)).toBe("compiled; remembered");
      expect(await shown("query mixed { hello }", debugging)).toBe("mixed; resolver");
      expect(await shown("query again { hello }", debugging)).toBe("interpreter; null; again");
      expect(await shown("query failing { reader }", debugging)).toBe("compiled; failure");
      expect(await shown("{ hello }", debugging)).toBe("interpreter; off");
      expect(await shown("{ hullo }", debugging)).toBeNull();
      expect(await shown("query text { hello }", headers)).toBeNull();
    }
  });

  it("is shown to pages that may call", async () => {
    const preflight = await fetch(`${small.url}/graphql`, { method: "OPTIONS", headers: { origin: small.url, "access-control-request-method": "POST", "access-control-request-headers": "selvedge-debug" } });
    expect(preflight.headers.get("access-control-allow-headers")).toContain("selvedge-debug");
    for (const headers of [{}, THROUGH_YOGA]) {
      const response = await post(small, "query text { hello }", { ...headers, origin: small.url, "selvedge-debug": "1" });
      expect(response.headers.get("access-control-allow-origin")).toBe(small.url);
      expect(response.headers.get("access-control-expose-headers")).toBe("selvedge-read");
      expect(response.headers.get("selvedge-read")).toBe("compiled");
    }
  });

  it("is counted by its kind, its way and why", async () => {
    const before = await Promise.all([reads("query", "compiled", ""), reads("query", "interpreter", "null"), reads("mutation", "mixed", "resolver"), reads("subscription", "compiled", ""), remembered()]);
    await ask("query text { hello }");
    await ask("query remembered { hello }");
    await ask("query again { hello }");
    await ask("mutation mixed { add(n: 0) }");
    await streamed("subscription remembered { count(to: 3) }");
    const after = await Promise.all([reads("query", "compiled", ""), reads("query", "interpreter", "null"), reads("mutation", "mixed", "resolver"), reads("subscription", "compiled", ""), remembered()]);
    expect(after.map((value, index) => value - (before[index] as number))).toEqual([2, 1, 1, 3, 4]);
  });

  const reads = (kind: string, way: string, reason: string): Promise<number> => counted(registry, "selvedge_reads_total", { kind, way, reason });
  const remembered = (): Promise<number> => counted(registry, "selvedge_reads_remembered_total", {});
});

describe("reads that take their time", () => {
  it("end in time-out, in the words of every other operation, and nothing is begun afterwards", async () => {
    const late = Promise.withResolvers<ReadOutcome>();
    const small = await startSmallApi({ limits: { operationTimeoutMs: 200 }, reads: scriptedReads({ never: () => new Promise(() => {}), late: () => late.promise }) });
    try {
      const expected = { data: null, errors: [{ message: "The operation took longer than 200 ms.", extensions: { code: "TIMEOUT" } }] };
      for (const query of ["{ slow(ms: 5000) }", "query never { hello }", "mutation late { add(n: 1) }"]) {
        expect(await (await post(small, query)).json()).toEqual(expected);
      }
      expect(await (await post(small, "query never { hello }", THROUGH_YOGA)).json()).toEqual(expected);
      expect(await (await post(small, "subscription never { count(to: 3) }", { accept: "text/event-stream" })).text()).toContain(`data: ${JSON.stringify(expected)}\n\nevent: complete`);
      late.resolve({ way: "interpreter", reason: "null", again: true });
      await nextTurn();
      expect(small.counters.added).toBe(0);
    } finally {
      await small.api.close();
    }
  });

  it("are given up when their caller has gone", async () => {
    const asked = Promise.withResolvers<void>();
    const late = Promise.withResolvers<ReadOutcome>();
    const registry = new Registry();
    const small = await startSmallApi({
      metrics: registry,
      reads: scriptedReads({
        late: () => {
          asked.resolve();
          return late.promise;
        },
      }),
    });
    try {
      const going = new AbortController();
      const leaving = fetch(`${small.url}/graphql`, {
        method: "POST", body: JSON.stringify({ query: "query late { slow(ms: 0) }" }), signal: going.signal, headers: { "content-type": "application/json", authorization: `Bearer ${VIEWER}` },
      });
      await asked.promise;
      going.abort();
      await expect(leaving).rejects.toThrow();
      const gone = (): Promise<number> => counted(registry, "selvedge_graphql_operations_total", { transport: "http", kind: "query", outcome: "TIMEOUT" });
      // Whoever asks after the caller left is answered once the server has seen it leave.
      for (let i = 0; i < 3; i += 1) expect((await post(small, "{ hello }")).status).toBe(200);
      late.resolve({ way: "interpreter", reason: "null", again: false });
      await eventually(async () => expect(await gone()).toBe(1));
      expect(small.counters.slowFinished).toBe(0);
    } finally {
      await small.api.close();
    }
  });
});

async function counted(registry: Registry, metric: string, labels: Readonly<Record<string, string>>): Promise<number> {
  const { values = [] } = (await registry.getSingleMetric(metric)?.get()) ?? {};
  return values.find((one) => Object.entries(labels).every(([name, label]) => one.labels[name] === label))?.value ?? 0;
}

it("a redo is never refused, and costs another token", async () => {
  const small = await startSmallApi({
    limits: { operationsPerSecond: 0.001, operationsBurst: 5 },
    reads: scriptedReads({ once: () => compiled('{"data":{"hello":"x"}}'), again: () => ({ way: "interpreter", reason: "null", again: true }) }),
  });
  try {
    const statuses: number[] = [];
    for (const name of ["again", "once", "again", "once"]) statuses.push((await post(small, `query ${name} { hello }`)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  } finally {
    await small.api.close();
  }
});
