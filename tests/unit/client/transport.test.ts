import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import fc from "fast-check";
import { GraphQLError } from "graphql";
import { afterEach, describe, expect, it } from "vitest";
import { createEventParser, type ServerEvent } from "#clients/typescript/event-stream.ts";
import { createClient, type SelvedgeClient, type StreamState, type TransportName, WatchPodsDocument } from "#clients/typescript/index.ts";
import type { MessageStream } from "#clients/typescript/stream.ts";
import { eventually } from "#tests/support/eventually.ts";
import { type FaultyApi, type FaultyOptions, type Feeds, never, startFaultyApi } from "#tests/support/faulty-api.ts";
import { testSeed } from "#tests/support/seed.ts";

const SEED = testSeed();

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});
async function start(feeds: Feeds, options?: FaultyOptions): Promise<FaultyApi> {
  const api = await startFaultyApi(feeds, options);
  endings.push(() => api.kill());
  return api;
}
function connect(port: number, transport: TransportName, deadAfterMs?: number): SelvedgeClient {
  const client = createClient({ url: `http://127.0.0.1:${port}`, transport, deadAfterMs });
  endings.push(() => client.close());
  return client;
}
const pods = (client: SelvedgeClient, onState?: (state: StreamState) => void): MessageStream<{ readonly pods: { readonly cursor: string } }> => client.subscribe(WatchPodsDocument, { filter: {} }, { onState });
const one: Feeds = {
  pods: async function* ({ after }) {
    yield { pods: { cursor: String(Number(after ?? 0) + 1), snapshot: after === null, complete: true } };
    await never();
  },
};

/** A server that accepts, and then says nothing at all. */
async function startMute(): Promise<{ readonly port: number; readonly made: number }> {
  const connections = new Set<Socket>();
  let made = 0;
  const server: Server = createServer((socket) => {
    made += 1;
    connections.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => connections.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endings.push(async () => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    get made() {
      return made;
    },
  };
}

describe("an event stream's text", () => {
  const event = fc.record({ event: fc.constantFrom("next", "complete"), data: fc.stringMatching(/^[^\r\n]{0,40}$/u), breaks: fc.boolean(), comment: fc.boolean() });
  it(`gives the same events however it is cut (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), fc.constantFrom("\n", "\r\n"), fc.infiniteStream(fc.integer({ min: 1, max: 17 })), (events, newline, sizes) => {
        const lines = events.flatMap(({ event: name, data, breaks, comment }) => [...(comment ? [":", ""] : []), `event: ${name}`, `data: ${data}`, ...(breaks ? [`data:${data}`] : []), ""]);
        const text = lines.map((line) => line + newline).join("");
        const parser = createEventParser(1e6);
        const read: ServerEvent[] = [];
        for (let from = 0; from < text.length; ) {
          const size = sizes.next().value ?? 1;
          read.push(...parser.read(text.slice(from, from + size)));
          from += size;
        }
        // One space behind the colon belongs to the format.
        expect(read).toEqual(events.map(({ event: name, data, breaks }) => ({ event: name, data: breaks ? `${data}\n${data.replace(/^ /, "")}` : data })));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("is not read without end", () => {
    const parser = createEventParser(100);
    expect(() => parser.read(`data: ${"x".repeat(101)}`)).toThrow(SyntaxError);
    expect(() => parser.read("data: x\n".repeat(110))).toThrow(SyntaxError);
  });
});

describe.each(["websocket", "sse"] as const)("over %s, a connection", (transport) => {
  it("that the server accepts but never answers is given up, and another made", async () => {
    const mute = await startMute();
    const states: StreamState[] = [];
    const next = pods(connect(mute.port, transport, 200), (state) => states.push(state)).next();
    await eventually(() => expect(states.filter(({ kind }) => kind === "reconnecting").length).toBeGreaterThan(2));
    // Each attempt is on a connection of its own.
    expect(mute.made).toBeGreaterThan(2);
    await endings.pop()?.();
    expect((await next).done).toBe(true);
  });

  it("that falls silent is found dead although it was never closed", async () => {
    const api = await start(one);
    const through = createServer({ allowHalfOpen: true }, (socket) => {
      const upstream = new (socket.constructor as typeof Socket)().connect(api.port, "127.0.0.1");
      for (const end of [socket, upstream]) end.on("error", () => undefined);
      socket.pipe(upstream);
      upstream.pipe(socket);
      stalls.push(() => {
        socket.unpipe(upstream);
        upstream.unpipe(socket);
        socket.resume();
        upstream.resume();
      });
      endings.push(async () => {
        socket.destroy();
        upstream.destroy();
      });
    });
    const stalls: (() => void)[] = [];
    await new Promise<void>((resolve) => through.listen(0, "127.0.0.1", resolve));
    endings.push(async () => through.close());
    const stream = pods(connect((through.address() as AddressInfo).port, transport, 600));
    await stream.next();
    expect(stream.state).toEqual({ kind: "live" });
    stalls[0]?.();
    // An event stream without comments is silent by itself every 600 ms here, and resumed each time: at least this is.
    expect((await stream.next()).value).toMatchObject({ pods: { cursor: "2" } });
    expect(api.afters.find((after) => after !== null)).toBe("1");
    await stream.return();
  });

  it("tells the loss at once, also to a reader that is busy, and since when its state is stale", async () => {
    const api = await start(one);
    const stream = pods(connect(api.port, transport));
    const before = Date.now();
    await stream.next();
    await api.kill();
    await eventually(() => expect(stream.state).toMatchObject({ kind: "reconnecting", attempt: 1 }));
    const { state } = stream;
    if (state.kind !== "reconnecting" || state.staleSince === null) throw new Error("it does not say since when");
    expect(state.staleSince).toEqual(stream.heardAt);
    expect(state.staleSince.getTime()).toBeGreaterThanOrEqual(before);
    expect(state.reason).not.toBe("");
  });

  it("ends with return(), also while a message is waited for, and with the client's close()", async () => {
    const api = await start(one);
    const client = connect(api.port, transport);
    const stream = pods(client);
    await stream.next();
    const waiting = stream.next();
    expect(await stream.return()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    const other = pods(client);
    await other.next();
    const last = other.next();
    await client.close();
    expect(await last).toEqual({ done: true, value: undefined });
    expect([stream.state, other.state]).toEqual(Array(2).fill({ kind: "over", how: "aborted" }));
  });

  it("that refuses a cursor is told, and the stream begins anew with a snapshot", async () => {
    const refusing = await start({
      pods({ after }) {
        if (after !== null) throw new GraphQLError("too old", { extensions: { code: "CURSOR_EXPIRED" } });
        return (async function* () {
          yield { pods: { cursor: "new", snapshot: true, complete: true } };
          await never();
        })();
      },
    });
    const states: StreamState[] = [];
    const stream = connect(refusing.port, transport).subscribe(WatchPodsDocument, { filter: {}, after: "old" }, { onState: (state) => states.push(state) });
    expect((await stream.next()).value).toMatchObject({ pods: { cursor: "new", snapshot: true } });
    expect(states).toContainEqual({ kind: "catching-up", staleSince: null, anew: true });
    expect(refusing.afters).toEqual(["old", null]);
  });

  it("to something else than the API is tried again, and says what it found", async () => {
    const page = createHttpServer((_request, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<h1>hello</h1>"));
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    endings.push(async () => page.close());
    const stream = pods(connect((page.address() as AddressInfo).port, transport));
    const next = stream.next();
    await eventually(() => expect(stream.state).toMatchObject({ kind: "reconnecting", staleSince: null, reason: expect.stringMatching(transport === "sse" ? /it answered 200 without an event stream/ : /\S/) }));
    await stream.return();
    expect((await next).done).toBe(true);
  });
});

describe("more subscriptions than a socket may carry", () => {
  it("get further sockets", async () => {
    let most = 0;
    let open = 0;
    const api = await start({
      pods: async function* () {
        most = Math.max(most, (open += 1));
        yield { pods: { cursor: "1", snapshot: true, complete: true } };
        await never();
      },
    });
    const client = connect(api.port, "websocket");
    const streams = Array.from({ length: 130 }, () => pods(client));
    await Promise.all(streams.map((stream) => stream.next()));
    expect(most).toBe(130);
  });
});

describe("auto", () => {
  it("falls back to event streams where WebSockets do not get through, and stays there", async () => {
    const api = await start(one, { webSockets: false });
    const client = connect(api.port, "auto");
    expect((await pods(client).next()).value).toMatchObject({ pods: { cursor: "1" } });
    const second = pods(client);
    await second.next();
    // Without a detour: the second stream lost nothing.
    expect(second.state).toEqual({ kind: "live" });
  });

  it("prefers WebSockets", async () => {
    const api = await start(one, { onPost: (response) => void response.writeHead(500).end() });
    expect((await pods(connect(api.port, "auto")).next()).value).toMatchObject({ pods: { cursor: "1" } });
  });

  it("finds a server that comes later, by whichever way", async () => {
    const gone = await start(one);
    const { port } = gone;
    await gone.kill();
    const states: string[] = [];
    const first = pods(connect(port, "auto"), ({ kind }) => states.push(kind)).next();
    await eventually(() => expect(states.filter((kind) => kind === "reconnecting").length).toBeGreaterThan(1));
    await start(one, { port });
    expect((await first).value).toMatchObject({ pods: { cursor: "1" } });
  });
});
