import { GraphQLError } from "graphql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClient, GraphqlError, type SelvedgeClient, type StreamState, UnreachableError, ViewerDocument, WatchApplicationDocument, WatchOperationDocument, WatchPodsDocument } from "#clients/typescript/index.ts";
import { createMailbox } from "#clients/typescript/mailbox.ts";
import { eventually } from "#tests/support/eventually.ts";
import { type FaultyApi, type Feeds, never, startFaultyApi } from "#tests/support/faulty-api.ts";

/** The client's streams, over each transport, against a server that does what a server should not. */
const counting = (from: number, to: number) =>
  async function* (): AsyncGenerator {
    for (let position = from; position <= to; position += 1) yield { pods: { cursor: String(position), snapshot: false } };
    await never();
  };

let client: SelvedgeClient | undefined;
let server: FaultyApi | undefined;
let transport: "websocket" | "sse" = "websocket";
const connect = (port: number): SelvedgeClient => (client = createClient({ url: `http://127.0.0.1:${port}`, token: "t", transport }));
const positions = async (stream: AsyncIterable<{ readonly pods: { readonly cursor: string } }>, last: number, onEach?: (position: number) => Promise<void>): Promise<number[]> => {
  const seen: number[] = [];
  for await (const { pods } of stream) {
    seen.push(Number(pods.cursor));
    await onEach?.(Number(pods.cursor));
    if (seen.at(-1) === last) break;
  }
  return seen;
};

afterEach(async () => {
  await client?.close();
  await server?.kill();
  client = server = undefined;
});

describe.each(["websocket", "sse"] as const)("over %s", (name) => {
  beforeEach(() => {
    transport = name;
  });

  describe("a stream with a cursor", () => {
    it("goes on behind the last message taken when the server is killed and comes back: nothing twice, nothing missed", async () => {
      const upTo = (last: number): Feeds => ({ pods: ({ after }) => counting(Number(after ?? 0) + 1, last)() });
      server = await startFaultyApi(upTo(15));
      const { port } = server;
      const states: StreamState["kind"][] = [];
      const stream = connect(port).subscribe(WatchPodsDocument, { filter: {} }, { onState: ({ kind }) => states.push(kind) });
      const seen = await positions(stream, 40, async (position) => {
        if (position !== 15) return;
        await server?.kill();
        server = await startFaultyApi(upTo(40), { port });
      });
      expect(seen).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
      expect(states).toContain("reconnecting");
      expect(states.slice(-3)).toEqual(["catching-up", "live", "over"]);
      expect(server.afters).toEqual(["15"]);
    });

    it("is not ended by a server that closes the connection normally", async () => {
      server = await startFaultyApi({ pods: ({ after }, connection) => (connection < 3 ? counting(connection, connection)() : counting(Number(after) + 1, 5)()) });
      const { closeAll } = server;
      expect(await positions(connect(server.port).subscribe(WatchPodsDocument, { filter: {} }), 5, async (position) => (position < 3 ? closeAll() : undefined))).toEqual([1, 2, 3, 4, 5]);
      expect(server.afters).toEqual([null, "1", "2"]);
    });

    it("is not ended by a server that completes it", async () => {
      server = await startFaultyApi({
        pods: async function* ({ after }, connection) {
          yield { pods: { cursor: String(Number(after ?? 0) + 1), snapshot: connection === 1 } };
        },
      });
      const seen = await positions(connect(server.port).subscribe(WatchPodsDocument, { filter: {} }), 3);
      expect(seen).toEqual([1, 2, 3]);
      expect(server.afters).toEqual([null, "1", "2"]);
    });

    it("comes back at once when another stream of the client has found the server", async () => {
      server = await startFaultyApi({ pods: ({ after }) => counting(Number(after ?? 0) + 1, Number(after ?? 0) + 1)() });
      const { port } = server;
      const shared = connect(port);
      const attempts = [0, 0];
      const open = (index: number) => shared.subscribe(WatchPodsDocument, { filter: {} }, { onState: (state) => (attempts[index] = state.kind === "reconnecting" ? state.attempt : 0) });
      const [one, other] = [open(0), open(1)];
      await Promise.all([one.next(), other.next()]);
      await server.kill();
      // Both wait by now, each for more than a second; a new stream connects at once.
      const back = Promise.all([one.next(), other.next()]);
      await eventually(() => expect(Math.min(...attempts)).toBeGreaterThanOrEqual(5), { deadlineMs: 10_000 });
      server = await startFaultyApi({ pods: ({ after }) => counting(Number(after ?? 0) + 1, Number(after ?? 0) + 1)() }, { port });
      const began = performance.now();
      await shared.subscribe(WatchPodsDocument, { filter: {} }).next();
      await back;
      expect(performance.now() - began).toBeLessThan(500);
    });

    it("begins at the caller's own cursor", async () => {
      server = await startFaultyApi({ pods: ({ after }) => counting(Number(after) + 1, 50)() });
      expect(await positions(connect(server.port).subscribe(WatchPodsDocument, { filter: {}, after: "47" }), 50)).toEqual([48, 49, 50]);
    });

    it("gives up a connection that has fallen silent, and asks anew", async () => {
      server = await startFaultyApi({
        pods: async function* ({ after }) {
          yield { pods: { cursor: String(Number(after ?? 0) + 1), snapshot: false } };
          await never();
        },
      });
      const stream = connect(server.port).subscribe(WatchPodsDocument, { filter: {} }, { silenceMs: 100 });
      expect(await positions(stream, 3)).toEqual([1, 2, 3]);
    });

    it("is served whole to a reader that falls far behind, without an endless queue", async () => {
      server = await startFaultyApi({ pods: ({ after }) => counting(Number(after ?? 0) + 1, 2_000)() });
      const seen = await positions(connect(server.port).subscribe(WatchPodsDocument, { filter: {} }), 2_000, async (position) => {
        if (position === 1) await new Promise((resolve) => setTimeout(resolve, 200));
      });
      expect(seen).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
      expect(server.afters.length).toBeGreaterThan(1);
    });

    it("ends with an error, not with silence, when the server refuses for good", async () => {
      server = await startFaultyApi({
        pods: () => {
          throw new GraphQLError("too old", { extensions: { code: "CURSOR_EXPIRED" } });
        },
      });
      await expect(positions(connect(server.port).subscribe(WatchPodsDocument, { filter: {}, after: "1" }), 1)).rejects.toMatchObject({ name: "GraphqlError", code: "CURSOR_EXPIRED" });
    });

    it("says so when the token is not accepted", async () => {
      server = await startFaultyApi({}, { onConnect: () => false });
      await expect(positions(connect(server.port).subscribe(WatchPodsDocument, { filter: {} }), 1)).rejects.toMatchObject({ code: "FORBIDDEN" });
    });

    it("stops at once when aborted, also while it waits to reconnect", async () => {
      server = await startFaultyApi({ pods: counting(1, 1) });
      const abort = new AbortController();
      const states: string[] = [];
      const stream = connect(server.port).subscribe(WatchPodsDocument, { filter: {} }, { signal: abort.signal, onState: ({ kind }) => states.push(kind) });
      const ended = positions(stream, 2);
      await server.kill();
      await eventually(() => expect(states).toContain("reconnecting"));
      abort.abort();
      expect((await ended).length).toBeLessThanOrEqual(1);
    });
  });

  describe("waitForOperation", () => {
    const operation = (state: string, finishedAt: string | null = null) => ({ operation: { id: "Operation.1", state, finishedAt } });

    it("returns the operation that has ended, across a stream that ended before it", async () => {
      server = await startFaultyApi({
        operation: async function* (_args, connection) {
          yield operation("RUNNING");
          if (connection >= 2) yield operation("SUCCEEDED", "2026-11-23T06:00:00.000Z");
        },
      });
      const seen: string[] = [];
      const ended = await connect(server.port).waitForOperation("Operation.1", ({ state }) => seen.push(state));
      expect(ended.state).toBe("SUCCEEDED");
      expect([seen[0], seen.at(-1)]).toEqual(["RUNNING", "SUCCEEDED"]);
    });

    it("throws the caller's own reason when aborted", async () => {
      server = await startFaultyApi({
        operation: async function* () {
          yield operation("RUNNING");
          await never();
        },
      });
      const abort = new AbortController();
      const waiting = connect(server.port).waitForOperation("Operation.1", () => abort.abort(new Error("enough")), { signal: abort.signal });
      await expect(waiting).rejects.toThrow("enough");
    });

    it("throws what the server says of an operation that does not exist", async () => {
      server = await startFaultyApi({
        operation: () => {
          throw new GraphQLError("There is no such operation.", { extensions: { code: "BAD_USER_INPUT" } });
        },
      });
      await expect(connect(server.port).waitForOperation("Operation.2")).rejects.toBeInstanceOf(GraphqlError);
    });

    it("gives a failing server several chances, and then says what it answered", async () => {
      let asked = 0;
      server = await startFaultyApi({
        operation: () => {
          asked += 1;
          throw new GraphQLError("Later, please.", { extensions: { code: "RATE_LIMITED", retryAfterMs: 5 } });
        },
      });
      await expect(connect(server.port).waitForOperation("Operation.1")).rejects.toMatchObject({ code: "RATE_LIMITED" });
      expect(asked).toBeGreaterThan(3);
    });
  });

  describe("application", () => {
    it("ends with the null that says that it is deleted", async () => {
      const taken = Promise.withResolvers<void>();
      server = await startFaultyApi({
        application: async function* () {
          yield { application: { id: "Application.1" } };
          await taken.promise;
          yield { application: null };
          await never();
        },
      });
      const seen: unknown[] = [];
      for await (const { application } of connect(server.port).subscribe(WatchApplicationDocument, { id: "Application.1" })) {
        seen.push(application);
        taken.resolve();
      }
      expect(seen).toEqual([{ id: "Application.1" }, null]);
    });

    it("keeps only the newest for a slow reader: each message is the object whole", async () => {
      let sent = 0;
      server = await startFaultyApi({
        operation: async function* () {
          for (; sent < 1_000; sent += 1) yield { operation: { id: String(sent), state: "RUNNING" } };
          yield { operation: { id: "last", state: "SUCCEEDED" } };
        },
      });
      const seen: string[] = [];
      for await (const { operation } of connect(server.port).subscribe(WatchOperationDocument, { id: "Operation.1" })) {
        seen.push(operation.id);
        if (seen.length === 1) await new Promise((resolve) => setTimeout(resolve, 200));
      }
      expect(seen.at(-1)).toBe("last");
      expect(seen.length).toBeLessThan(10);
    });
  });

  describe("execute", () => {
    it("says that nothing answered, with the system's own word for it", async () => {
      server = await startFaultyApi({});
      const unreachable = connect(server.port);
      await server.kill();
      server = undefined;
      await expect(unreachable.execute(ViewerDocument)).rejects.toSatisfy((error) => error instanceof UnreachableError && error.message.includes("ECONNREFUSED"));
    });
  });
});

describe("the mailbox", () => {
  it("holds no more than its limit weighs, however much comes, and all of it again once it was taken", async () => {
    const mailbox = createMailbox<number>({ limit: 10, weight: (data) => data });
    for (const data of [99, 4]) mailbox.put(data);
    // The first would never be lighter.
    expect([await mailbox.take(10), await mailbox.take(10)]).toEqual([{ kind: "message", data: 99 }, { kind: "overflow" }]);
    const other = createMailbox<number>({ limit: 10, weight: (data) => data });
    for (let round = 0; round < 3; round += 1) {
      for (const data of [4, 6]) other.put(data);
      expect([await other.take(10), await other.take(10)]).toEqual([4, 6].map((data) => ({ kind: "message", data })));
    }
    for (const data of [4, 6, 1]) other.put(data);
    expect([await other.take(10), await other.take(10), await other.take(10)].map(({ kind }) => kind)).toEqual(["message", "message", "overflow"]);
  });

  it("hands out what came before the end, then the end, again and again", async () => {
    const mailbox = createMailbox<number>({ limit: 2 });
    mailbox.put(1);
    mailbox.put(2);
    mailbox.put(3);
    mailbox.end({ kind: "completed" });
    expect([await mailbox.take(10), await mailbox.take(10), await mailbox.take(10), await mailbox.take(10)]).toEqual([
      { kind: "message", data: 1 },
      { kind: "message", data: 2 },
      { kind: "overflow" },
      { kind: "overflow" },
    ]);
  });
});
