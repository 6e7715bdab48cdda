import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "#tests/support/eventually.ts";
import { openAuthenticated, openRaw } from "#tests/support/raw-socket.ts";
import { startSmallApi, VIEWER, viewerOf, type SmallApi } from "#tests/support/small-api.ts";

type Errors = readonly { message: string; extensions: Record<string, unknown> }[];
const codesOf = (errors: Errors): unknown[] => errors.map((error) => error.extensions["code"]);

describe("GraphQL over WebSocket", () => {
  let small: SmallApi;
  beforeAll(async () => {
    small = await startSmallApi();
  });
  afterAll(() => small.api.close());

  it("runs queries, mutations and subscriptions on one socket", async () => {
    const raw = await openAuthenticated(small.url, VIEWER);
    raw.send({ id: "q", type: "subscribe", payload: { query: "{ hello }" } });
    raw.send({ id: "m", type: "subscribe", payload: { query: "mutation { add(n: 2) }" } });
    raw.send({ id: "s", type: "subscribe", payload: { query: "subscription { count(to: 3) }" } });
    expect(await raw.until("q", "next")).toEqual({ data: { hello: "Hello, world" } });
    expect(await raw.until("m", "next")).toEqual({ data: { add: expect.any(Number) } });
    await raw.until("s", "complete");
    expect(raw.of("s").map(({ type, payload }) => [type, payload])).toEqual([
      ["next", { data: { count: 1 } }],
      ["next", { data: { count: 2 } }],
      ["next", { data: { count: 3 } }],
      ["complete", undefined],
    ]);
    raw.socket.close();
  });

  it.each([
    ["no token", {}],
    ["an unknown one", { authorization: `Bearer ${"x".repeat(40)}` }],
    ["one without Bearer", { authorization: VIEWER }],
    ["no string", { authorization: { bearer: VIEWER } }],
  ])("closes with 4403 what begins with %s", async (_, payload) => {
    const raw = openRaw(small.url);
    raw.send({ type: "connection_init", payload });
    expect(await raw.closed).toEqual({ code: 4403, reason: "Forbidden" });
  });

  it("closes with 4401 who asks before saying who it is, with 4408 who says nothing", async () => {
    const hasty = openRaw(small.url);
    hasty.send({ id: "1", type: "subscribe", payload: { query: "{ hello }" } });
    expect((await hasty.closed).code).toBe(4401);
    const impatient = await startSmallApi({ limits: { connectionInitTimeoutMs: 100 } });
    expect((await openRaw(impatient.url).closed).code).toBe(4408);
    await impatient.api.close();
  });

  it("answers a bad operation with its own error, and the socket stays", async () => {
    const raw = await openAuthenticated(small.url, VIEWER);
    const bad: Record<string, unknown> = {
      syntax: { query: "{ hello(" },
      unknown: { query: "{ nothing }" },
      empty: { query: "" },
      several: { query: "query A { hello } query B { hello }" },
      forbidden: { query: "{ adminOnly }" },
      variable: { query: "query ($n: Int!) { slow(ms: $n) }", variables: { n: "hunter2" } },
      deep: { query: `{ ${"self { ".repeat(20)} hello ${"} ".repeat(20)} }` },
      expensive: { query: "{ items(first: 200) { nodes { items(first: 200) { nodes { id } } } } }" },
      brokenSource: { query: "subscription { brokenSource }" },
    };
    for (const [id, payload] of Object.entries(bad)) raw.send({ id, type: "subscribe", payload });
    const codes: Record<string, unknown> = {};
    for (const id of Object.keys(bad)) {
      await eventually(() => expect(raw.of(id).length).toBeGreaterThan(0));
      const [first] = raw.of(id);
      const errors = (first?.type === "error" ? first.payload : (first?.payload as { errors?: Errors } | undefined)?.errors) as unknown as Errors;
      codes[id] = codesOf(errors);
    }
    expect(codes).toEqual({
      syntax: ["BAD_USER_INPUT"], unknown: ["BAD_USER_INPUT"], empty: ["BAD_USER_INPUT"], several: ["BAD_USER_INPUT"], forbidden: ["FORBIDDEN"],
      variable: ["BAD_USER_INPUT"], deep: ["QUERY_TOO_COMPLEX"], expensive: ["QUERY_TOO_COMPLEX"], brokenSource: ["INTERNAL"],
    });
    expect(JSON.stringify(raw.received)).not.toContain("hunter2");
    raw.send({ id: "after", type: "subscribe", payload: { query: "{ hello }" } });
    expect(await raw.until("after", "next")).toEqual({ data: { hello: "Hello, world" } });
    raw.socket.close();
  });

  it("masks errors in queries and messages; a message that cannot be made ends its stream", async () => {
    const raw = await openAuthenticated(small.url, VIEWER);
    raw.send({ id: "q", type: "subscribe", payload: { query: "{ broken }" } });
    raw.send({ id: "s", type: "subscribe", payload: { query: "subscription { brokenMessage }" } });
    raw.send({ id: "t", type: "subscribe", payload: { query: "subscription { ticks(everyMs: 5) }" } });
    await raw.until("q", "complete");
    await raw.until("s", "complete");
    await raw.until("t", "next");
    expect(raw.of("s").map((message) => message.type)).toContain("next");
    expect(JSON.stringify(raw.received)).not.toContain("hunter2");
    expect(JSON.stringify(raw.of("s"))).toContain('"code":"INTERNAL"');
    raw.socket.close();
  });

  it("has 64 operations on a socket and refuses the next, not the socket", async () => {
    const raw = await openAuthenticated(small.url, VIEWER);
    for (let i = 0; i < 64; i++) raw.send({ id: `t${i}`, type: "subscribe", payload: { query: "subscription { ticks(everyMs: 1000) }" } });
    await raw.until("t63", "next");
    raw.send({ id: "t64", type: "subscribe", payload: { query: "subscription { ticks(everyMs: 1000) }" } });
    expect(codesOf(await raw.until<Errors>("t64", "error"))).toEqual(["RATE_LIMITED"]);
    raw.send({ id: "t0", type: "complete" });
    raw.send({ id: "again", type: "subscribe", payload: { query: "subscription { ticks(everyMs: 1000) }" } });
    await raw.until("again", "next");
    raw.socket.close();
    await eventually(() => expect(small.counters.sourcesOpen).toBe(0));
  });

  it("ends a source at once when its subscriber completes, also while it is waiting", async () => {
    const raw = await openAuthenticated(small.url, VIEWER);
    raw.send({ id: "s", type: "subscribe", payload: { query: "subscription { ticks(everyMs: 60000) }" } });
    await raw.until("s", "next");
    expect(small.counters.sourcesOpen).toBe(1);
    raw.send({ id: "s", type: "complete" });
    await eventually(() => expect(small.counters.sourcesOpen).toBe(0), { deadlineMs: 1000 });
    raw.socket.close();
  });

  it("bounds a tenant's streams over all its connections, of whatever kind, and no other tenant's", async () => {
    const few = await startSmallApi({ limits: { maxStreamsPerTenant: 3 } });
    const [other, colleague] = ["other-token-0123456789abcdef0123456789abcd", "colleague-token-0123456789abcdef01234567"];
    few.tokens.set(other, viewerOf("VIEWER", "other", { tenantId: "00000000-0000-7000-8000-000000000002" }));
    few.tokens.set(colleague, viewerOf("VIEWER", "colleague"));
    const [first, second, stranger] = [await openAuthenticated(few.url, VIEWER), await openAuthenticated(few.url, colleague), await openAuthenticated(few.url, other)];
    try {
      const ticks = "subscription { ticks(everyMs: 60000) }";
      const follow = (raw: typeof first, id: string, query = ticks): void => raw.send({ id, type: "subscribe", payload: { query } });
      const over = async (signal?: AbortSignal): Promise<Response> =>
        fetch(`${few.url}/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${VIEWER}` },
          body: JSON.stringify({ query: ticks }),
          ...(signal ? { signal } : {}),
        });
      // What never was a stream, or has ended, takes no place.
      for (let i = 0; i < 4; i++) {
        follow(second, `broken ${i}`, "subscription { brokenSource }");
        follow(second, `short ${i}`, "subscription { count(to: 1) }");
        await second.until(`broken ${i}`, "complete");
        await second.until(`short ${i}`, "complete");
      }
      follow(first, "1");
      follow(second, "2");
      await Promise.all([first.until("1", "next"), second.until("2", "next")]);
      const going = new AbortController();
      const third = await over(going.signal);
      expect(third.status).toBe(200);
      follow(second, "4");
      expect(codesOf((await second.until<{ errors: Errors }>("4", "next")).errors)).toEqual(["RATE_LIMITED"]);
      const refused = await over();
      expect(await refused.text()).toContain('"retryAfterMs":1000');
      follow(stranger, "1");
      await stranger.until("1", "next");

      going.abort();
      await eventually(() => expect(few.counters.sourcesOpen).toBe(3));
      follow(second, "5");
      expect(await second.until("5", "next")).toEqual({ data: { ticks: 1 } });
      second.socket.close();
      await eventually(() => expect(few.counters.sourcesOpen).toBe(2));
      for (const id of ["6", "7"]) {
        follow(first, id);
        expect(await first.until(id, "next")).toEqual({ data: { ticks: 1 } });
      }
    } finally {
      for (const raw of [first, second, stranger]) raw.socket.close();
      await few.api.close();
    }
  });

  it("limits a tenant's operations here as over HTTP", async () => {
    const slow = await startSmallApi({ limits: { operationsPerSecond: 1, operationsBurst: 2 } });
    const raw = await openAuthenticated(slow.url, VIEWER);
    for (const id of ["1", "2", "3"]) raw.send({ id, type: "subscribe", payload: { query: "{ hello }" } });
    const [error] = await raw.until<Errors>("3", "error");
    expect(error?.extensions).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: expect.any(Number) });
    await raw.until("2", "next");
    await slow.api.close();
  });

  describe("who may connect", () => {
    it("is no page of another origin", async () => {
      for (const origin of ["https://evil.example", "null", "http://localhost:1"]) expect((await openRaw(small.url, { origin }).closed).reason).toContain("403");
    });
    it("is our own page, an allowed one, or no page at all", async () => {
      (await openAuthenticated(small.url, VIEWER, { origin: small.url })).socket.close();
      (await openAuthenticated(small.url, VIEWER)).socket.close();
      const open = await startSmallApi({ allowedOrigins: ["https://console.example"] });
      (await openAuthenticated(open.url, VIEWER, { origin: "https://console.example" })).socket.close();
      await open.api.close();
    });
    it("is nobody on another path, or with another protocol", async () => {
      expect((await openRaw(`${small.url}/elsewhere`).closed).reason).toContain("404");
      const { WebSocket } = await import("ws");
      const old = new WebSocket(`${small.url.replace("http", "ws")}/graphql`, "graphql-ws");
      const reason = await new Promise((resolve) => {
        old.on("error", (error) => resolve(error.message));
        old.on("close", (code) => resolve(code));
      });
      expect(reason).toSatisfy((value: unknown) => value === 4406 || String(value).includes("subprotocol"));
    });
  });

  it("closes with 1009 on a frame of more than 2 MiB, and goes on serving others", async () => {
    const other = await openAuthenticated(small.url, VIEWER);
    const raw = await openAuthenticated(small.url, VIEWER);
    raw.send({ id: "q", type: "subscribe", payload: { query: "{ hello }", variables: { x: "x".repeat(2 * 1024 * 1024) } } });
    expect((await raw.closed).code).toBe(1009);
    other.send({ id: "q", type: "subscribe", payload: { query: "{ hello }" } });
    await other.until("q", "next");
    other.socket.close();
  });

  it.each(["not json", "[]", '{"type":"nothing"}', '{"id":"","type":"subscribe","payload":{"query":"{hello}"}}', '{"id":1,"type":"subscribe"}'])("closes with 4400 on %s", async (text) => {
    const raw = await openAuthenticated(small.url, VIEWER);
    raw.send(text);
    expect((await raw.closed).code).toBe(4400);
  });

  it("cuts off a client that answers no ping", async () => {
    const quick = await startSmallApi({ limits: { keepAliveMs: 100 } });
    const raw = await openAuthenticated(quick.url, VIEWER, { autoPong: false });
    expect((await raw.closed).code).toBe(1006);
    const alive = await openAuthenticated(quick.url, VIEWER);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(alive.socket.readyState).toBe(alive.socket.OPEN);
    alive.socket.close();
    await quick.api.close();
  });

  it("says 1001 to all when the server stops", async () => {
    const stopping = await startSmallApi();
    const raw = await openAuthenticated(stopping.url, VIEWER);
    raw.send({ id: "s", type: "subscribe", payload: { query: "subscription { ticks(everyMs: 50) }" } });
    await raw.until("s", "next");
    const started = performance.now();
    await stopping.api.close();
    expect(performance.now() - started).toBeLessThan(2000);
    expect((await raw.closed).code).toBe(1001);
    expect(raw.of("s").map((message) => message.type)).not.toContain("complete");
    expect(stopping.counters.sourcesOpen).toBe(0);
  });

  describe("a token that is revoked", () => {
    const token = "revocable-token-0123456789abcdef0123456789";
    it("ends its streams with an error, and then the socket, within 5 s, though nobody told", async () => {
      small.tokens.set(token, viewerOf("VIEWER", "revocable"));
      const raw = await openAuthenticated(small.url, token);
      raw.send({ id: "busy", type: "subscribe", payload: { query: "subscription { ticks(everyMs: 20) }" } });
      raw.send({ id: "idle", type: "subscribe", payload: { query: "subscription { ticks(everyMs: 60000) }" } });
      await raw.until("busy", "next");
      await raw.until("idle", "next");
      small.tokens.delete(token);
      const revoked = performance.now();
      expect((await raw.closed).code).toBe(4403);
      expect(performance.now() - revoked).toBeLessThan(5000);
      for (const id of ["busy", "idle"]) {
        const [error, complete] = raw.of(id).slice(-2);
        expect(error?.payload).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
        expect(complete?.type).toBe("complete");
      }
    });

    it("ends them at once when the bus tells", async () => {
      small.tokens.set(token, viewerOf("VIEWER", "revocable"));
      const raw = await openAuthenticated(small.url, token);
      raw.send({ id: "idle", type: "subscribe", payload: { query: "subscription { ticks(everyMs: 60000) }" } });
      await raw.until("idle", "next");
      small.tokens.delete(token);
      small.bus.publish("tokens", "id of revocable");
      const revoked = performance.now();
      await raw.until("idle", "complete");
      expect(performance.now() - revoked).toBeLessThan(1000);
    });

    it("counts as revoked when it expires on the simulation's clock", async () => {
      small.tokens.set(token, viewerOf("VIEWER", "expiring", { expiresAt: small.clock.time + 60_000 }));
      const raw = await openAuthenticated(small.url, token);
      raw.send({ id: "busy", type: "subscribe", payload: { query: "subscription { ticks(everyMs: 20) }" } });
      await raw.until("busy", "next");
      small.clock.time += 60_000;
      await raw.until("busy", "complete", 1000);
      expect(JSON.stringify(raw.of("busy").at(-2))).toContain("UNAUTHENTICATED");
    });
  });

  describe("a client that reads nothing", () => {
    it("holds up its own stream only, and no more than a few messages are made for it", async () => {
      const stalled = await openAuthenticated(small.url, VIEWER);
      stalled.send({ id: "s", type: "subscribe", payload: { query: "subscription { bytes(size: 1000000) }" } });
      await stalled.until("s", "next");
      stalled.socket.pause();
      const healthy = await openAuthenticated(small.url, VIEWER);
      const made = await eventually(async () => {
        const before = small.counters.made["bytes"] ?? 0;
        await new Promise((resolve) => setTimeout(resolve, 300));
        expect(small.counters.made["bytes"]).toBe(before);
        return before;
      });
      // What the kernel's buffers on both sides took in, in messages of 1 MB.
      expect(made).toBeLessThan(60);
      const started = performance.now();
      healthy.send({ id: "h", type: "subscribe", payload: { query: "subscription { count(to: 200) }" } });
      await healthy.until("h", "complete");
      expect(performance.now() - started).toBeLessThan(2000);
      stalled.socket.terminate();
      healthy.socket.close();
      await eventually(() => expect(small.counters.sourcesOpen).toBe(0));
    });
  });
});
