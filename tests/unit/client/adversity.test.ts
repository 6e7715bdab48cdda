import { GraphQLError } from "graphql";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createClient, GraphqlError, type SelvedgeClient, StillRunningError, type StreamState, type TransportName, WatchPodsDocument } from "#clients/typescript/index.ts";
import { eventually } from "#tests/support/eventually.ts";
import { type FaultyApi, type Feeds, never, startFaultyApi } from "#tests/support/faulty-api.ts";

/** What a program does at the wrong moment, and a server in the middle of something. */
const endings: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllGlobals();
  for (const end of endings.splice(0).toReversed()) await end();
});
async function start(feeds: Feeds): Promise<FaultyApi> {
  const api = await startFaultyApi(feeds);
  endings.push(() => api.kill());
  return api;
}
function connect(port: number, transport: TransportName): SelvedgeClient {
  const client = createClient({ url: `http://127.0.0.1:${port}`, transport });
  endings.push(() => client.close());
  return client;
}
const part = (cursor: string, snapshot: boolean, complete: boolean) => ({ pods: { cursor, snapshot, complete, upserted: [], removedIds: [] } });
const refused = (code: string, more: object = {}): GraphQLError => new GraphQLError(code.toLowerCase(), { extensions: { code, ...more } });

describe.each(["websocket", "sse"] as const)("over %s", (transport) => {
  it.each(["UNAUTHENTICATED", "FORBIDDEN"])("a token that is revoked amid the stream ends it with %s, and nobody asks again", async (code) => {
    const api = await start({
      pods: async function* () {
        yield part("1", true, true);
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw refused(code);
      },
    });
    const states: StreamState[] = [];
    const stream = connect(api.port, transport).subscribe(WatchPodsDocument, { filter: {} }, { onState: (state) => states.push(state) });
    await stream.next();
    await expect(stream.next()).rejects.toSatisfy((error) => error instanceof GraphqlError && error.code === code);
    expect(states.at(-1)).toMatchObject({ kind: "over", how: "failed", error: { code } });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(api.afters).toEqual([null]);
    expect(states.filter(({ kind }) => kind === "reconnecting")).toEqual([]);
  });

  it("an error amid a snapshot is no end: it is asked for with the cursor of what was taken, and begins anew", async () => {
    const api = await start({
      pods: async function* (_args, subscription) {
        yield part(`${subscription}.1`, true, false);
        if (subscription < 3) throw refused("INTERNAL");
        yield part(`${subscription}.2`, false, true);
        await never();
      },
    });
    const stream = connect(api.port, transport).subscribe(WatchPodsDocument, { filter: {} });
    const seen: string[] = [];
    for await (const { pods } of stream) {
      seen.push(pods.cursor);
      // A part is not the whole state, however long ago it was taken.
      expect(stream.state.kind).toMatch(pods.complete ? /live/ : /catching-up|reconnecting/);
      if (pods.complete) break;
    }
    expect(seen).toEqual(["1.1", "2.1", "3.1", "3.2"]);
    expect(api.afters).toEqual([null, "1.1", "2.1"]);
  });

  it("a server that says to come back at once is not asked without a pause", async () => {
    let asked = 0;
    const api = await start({
      pods: async function* (_args, subscription) {
        asked = subscription;
        if (subscription === 1) yield part("1", true, true);
        throw refused("RATE_LIMITED", { retryAfterMs: 0 });
      },
    });
    const stream = connect(api.port, transport).subscribe(WatchPodsDocument, { filter: {} });
    await stream.next();
    const waiting = stream.next();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await stream.return();
    expect((await waiting).done).toBe(true);
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(8);
  });

  type Moment = readonly [name: string, feed: NonNullable<Feeds["pods"]>, state: StreamState["kind"]];
  const forever = (): AsyncIterable<never> => ({ [Symbol.asyncIterator]: () => ({ next: never, return: async () => ({ done: true, value: undefined }) }) });
  const MOMENTS: readonly Moment[] = [
    ["before the first message", forever, "catching-up"],
    ["amid a snapshot", async function* () { yield part("1", true, false); await never(); }, "catching-up"],
    ["while it is live", async function* () { yield part("1", true, true); await never(); }, "live"],
    ["while it waits to reconnect", async function* (_args, subscription) { if (subscription === 1) yield part("1", true, true); throw refused("INTERNAL"); }, "reconnecting"],
  ];
  describe.each(MOMENTS)("%s", (_name, feed, kind) => {
    const WAYS = {
      "the signal's abort": (_stream: unknown, abort: AbortController) => abort.abort(),
      "return()": (stream: { return(): Promise<unknown> }) => stream.return(),
      "the client's close()": (_stream: unknown, _abort: unknown, client: SelvedgeClient) => client.close(),
    };
    it.each(Object.entries(WAYS))("%s ends it at once, and nothing comes after", async (_way, end) => {
      const api = await start({ pods: feed });
      const client = connect(api.port, transport);
      const abort = new AbortController();
      const stream = client.subscribe(WatchPodsDocument, { filter: {} }, { signal: abort.signal });
      const taken = (async () => {
        const seen: unknown[] = [];
        for await (const message of stream) seen.push(message);
        return seen;
      })();
      await eventually(() => expect(stream.state.kind).toBe(kind));
      const asked = api.afters.length;
      const began = performance.now();
      await end(stream, abort, client);
      const seen = (await taken).length;
      expect(performance.now() - began).toBeLessThan(900);
      expect(stream.state).toEqual({ kind: "over", how: "aborted" });
      expect(await stream.next()).toEqual({ done: true, value: undefined });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(seen).toBeLessThanOrEqual(1);
      expect(api.afters.length).toBeLessThanOrEqual(asked + 1);
    });
  });

  it("what is ended before it is asked for asks the server nothing", async () => {
    const api = await start({ pods: forever });
    const client = connect(api.port, transport);
    const streams = [client.subscribe(WatchPodsDocument, { filter: {} }), client.subscribe(WatchPodsDocument, { filter: {} }, { signal: AbortSignal.abort() })];
    await streams[0]?.return();
    for (const stream of streams) expect([await stream.next(), stream.state]).toEqual([{ done: true, value: undefined }, { kind: "over", how: "aborted" }]);
    expect(api.afters).toEqual([]);
  });

  it.each([Infinity, 2 ** 40])("waiting for an operation for %s milliseconds is waiting", async (timeoutMs) => {
    const api = await start({
      operation: async function* () {
        yield { operation: { id: "Operation.1", state: "RUNNING", finishedAt: null } };
        await new Promise((resolve) => setTimeout(resolve, 50));
        yield { operation: { id: "Operation.1", state: "SUCCEEDED", finishedAt: "2026-11-23T06:00:00.000Z" } };
      },
    });
    expect(await connect(api.port, transport).waitFor("Operation.1", { timeoutMs })).toMatchObject({ state: "SUCCEEDED" });
  });

  it("no limit at all is none", async () => {
    const api = await start({ pods: async function* () { yield part("1", true, true); await never(); } });
    const client = createClient({ url: `http://127.0.0.1:${api.port}`, transport, deadAfterMs: Infinity });
    endings.push(() => client.close());
    const stream = client.subscribe(WatchPodsDocument, { filter: {} }, { silenceMs: Infinity });
    await stream.next();
    const waiting = stream.next();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([stream.state.kind, api.afters]).toEqual(["live", [null]]);
    await stream.return();
    await waiting;
  });

  it("waiting ends in time although the server is never heard", async () => {
    const api = await start({});
    await api.kill();
    await expect(connect(api.port, transport).waitFor("Operation.1", { timeoutMs: 100 })).rejects.toBeInstanceOf(StillRunningError);
  });
});

describe("auto", () => {
  it("goes by event streams where there are no WebSockets at all", async () => {
    vi.stubGlobal("WebSocket", undefined);
    const api = await start({ pods: async function* () { yield part("1", true, true); await never(); } });
    expect((await connect(api.port, "auto").subscribe(WatchPodsDocument, { filter: {} }).next()).value).toMatchObject({ pods: { cursor: "1" } });
  });
});
