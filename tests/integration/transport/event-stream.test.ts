import { setTimeout as sleep } from "node:timers/promises";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "#tests/support/eventually.ts";
import { startSmallApi, VIEWER, viewerOf, type SmallApi } from "#tests/support/small-api.ts";

interface Event {
  readonly event: string;
  readonly data: string;
}

/** Reads an event stream as it comes. */
async function* events(response: Response): AsyncGenerator<Event> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const event = lines.find((line) => line.startsWith("event: "))?.slice(7);
      if (event) yield { event, data: lines.find((line) => line.startsWith("data:"))?.slice(5).trim() ?? "" };
    }
  }
}

describe("event streams", () => {
  let small: SmallApi;
  beforeAll(async () => {
    small = await startSmallApi();
  });
  afterAll(() => small.api.close());
  const subscribe = (query: string, token: string | null = VIEWER, signal?: AbortSignal) =>
    fetch(`${small.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream", ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify({ query }),
      ...(signal ? { signal } : {}),
    });

  it("carry a subscription to its end", async () => {
    const response = await subscribe("subscription { count(to: 3) }");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const seen = await Array.fromAsync(events(response));
    expect(seen.map(({ event, data }) => [event, data && JSON.parse(data)])).toEqual([
      ["next", { data: { count: 1 } }],
      ["next", { data: { count: 2 } }],
      ["next", { data: { count: 3 } }],
      ["complete", ""],
    ]);
  });

  it("need a token, and obey the same limits", async () => {
    expect((await subscribe("subscription { count(to: 3) }", null)).status).toBe(401);
    for (const [query, code] of [
      ["subscription { nothing }", "BAD_USER_INPUT"],
      ["subscription { brokenSource }", "INTERNAL"],
      [`subscription { count(to: 1) } ${"query A { ".repeat(1)} ${"self { ".repeat(20)} hello ${"} ".repeat(21)}`, "QUERY_TOO_COMPLEX"],
    ] as const) {
      const text = await (await subscribe(query)).text();
      expect(text).toContain(`"code":"${code}"`);
      expect(text).not.toContain("hunter2");
    }
  });

  it("answer 406 to who asks for a subscription as one answer", async () => {
    const response = await small.post({ query: "subscription { ticks(everyMs: 10) }" });
    expect(response.status).toBe(406);
    await eventually(() => expect(small.counters.sourcesOpen).toBe(0));
  });

  it("end their source when the client goes", async () => {
    const going = new AbortController();
    const response = await subscribe("subscription { ticks(everyMs: 60000) }", VIEWER, going.signal);
    const iterator = events(response);
    expect((await iterator.next()).value).toMatchObject({ event: "next" });
    expect(small.counters.sourcesOpen).toBe(1);
    going.abort();
    await eventually(() => expect(small.counters.sourcesOpen).toBe(0), { deadlineMs: 2000 });
  });

  it.each([["its token is looked up", 1], ["its session is opened", 2]])("leave nothing behind when the client goes while %s", async (_, gated) => {
    const token = "early-token-0123456789abcdef0123456789abcd";
    let lookUps = 0;
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const early = await startSmallApi({
      limits: { recheckTokensMs: 10 },
      authenticate: async (given) => {
        if (given === token && (lookUps += 1) === gated) await gate;
        return viewerOf("VIEWER", "early");
      },
    });
    try {
      const going = new AbortController();
      const response = fetch(`${early.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${token}` },
        body: JSON.stringify({ query: "subscription { ticks(everyMs: 60000) }" }),
        signal: going.signal,
      });
      await eventually(() => expect(lookUps).toBe(gated));
      going.abort();
      await expect(response).rejects.toThrow();
      // The server learns of it a moment later.
      await sleep(100);
      open();
      await sleep(100);
      // A session that is still held has its token looked up again and again.
      const before = lookUps;
      await sleep(200);
      expect(lookUps).toBe(before);
      expect(early.counters.sourcesOpen).toBe(0);
    } finally {
      await early.api.close();
    }
  });

  it("end within 5 s of a revocation, with an error", async () => {
    const token = "revocable-token-0123456789abcdef0123456789";
    small.tokens.set(token, viewerOf("VIEWER", "revocable"));
    const iterator = events(await subscribe("subscription { ticks(everyMs: 60000) }", token));
    await iterator.next();
    small.tokens.delete(token);
    const revoked = performance.now();
    const rest = await Array.fromAsync(iterator);
    expect(performance.now() - revoked).toBeLessThan(5000);
    expect(rest.map(({ event }) => event)).toEqual(["next", "complete"]);
    expect(rest[0]?.data).toContain('"code":"UNAUTHENTICATED"');
  });

  it("are cut, not completed, when the server stops", async () => {
    const stopping = await startSmallApi();
    const response = await fetch(`${stopping.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${VIEWER}` },
      body: JSON.stringify({ query: "subscription { ticks(everyMs: 50) }" }),
    });
    const seen: Event[] = [];
    const reading = (async () => {
      for await (const event of events(response)) seen.push(event);
    })();
    await eventually(() => expect(seen.length).toBeGreaterThan(1));
    await stopping.api.close();
    await expect(reading).rejects.toThrow();
    expect(seen.map(({ event }) => event)).not.toContain("complete");
    await eventually(() => expect(stopping.counters.sourcesOpen).toBe(0));
  });

  it("make no more than a few messages for a client that reads nothing, and leave the rest alone", async () => {
    const stalled = await new Promise<Socket>((resolve) => {
      const body = JSON.stringify({ query: "subscription { bytes(size: 1000000) }" });
      const socket = connect(Number(new URL(small.url).port), "127.0.0.1", () => {
        socket.write(
          `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${VIEWER}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
        socket.once("data", () => {
          socket.pause();
          resolve(socket);
        });
      });
    });
    const made = await eventually(async () => {
      const before = small.counters.made["bytes"] ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(before).toBeGreaterThan(0);
      expect(small.counters.made["bytes"]).toBe(before);
      return before;
    });
    expect(made).toBeLessThan(60);
    const started = performance.now();
    expect((await Array.fromAsync(events(await subscribe("subscription { count(to: 100) }")))).length).toBe(101);
    expect(performance.now() - started).toBeLessThan(2000);
    stalled.destroy();
    await eventually(() => expect(small.counters.sourcesOpen).toBe(0), { deadlineMs: 2000 });
  });
});
