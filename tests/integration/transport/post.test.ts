import { once } from "node:events";
import { connect } from "node:net";
import { ReadableStream } from "node:stream/web";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADMIN, startSmallApi, VIEWER, type SmallApi } from "#tests/support/small-api.ts";

/** The usual way in, and Yoga's, which an accepted type with a charset takes: nobody must be able to tell them apart. */
let small: SmallApi;
beforeAll(async () => {
  small = await startSmallApi();
});
afterAll(() => small.api.close());

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly retryAfter: string | null;
  readonly cacheControl: string | null;
  readonly body: unknown;
}
async function ask(body: string, accept: string | undefined, token = VIEWER): Promise<Answer> {
  const response = await fetch(`${small.url}/graphql`, { method: "POST", body, headers: { "content-type": "application/json", authorization: `Bearer ${token}`, ...(accept === undefined ? {} : { accept }) } });
  const text = await response.text();
  const blind = text.replace(/"correlationId":"[^"]+"/g, '"correlationId":"…"');
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    retryAfter: response.headers.get("retry-after"),
    cacheControl: response.headers.get("cache-control"),
    body: blind === "" ? "" : JSON.parse(blind),
  };
}

const BODIES: readonly (readonly [string, string])[] = [
  ["an answer", JSON.stringify({ query: "{ hello }" })],
  ["variables and a name", JSON.stringify({ query: "query a($n: String) { hello(name: $n) } query b { whoAmI }", operationName: "a", variables: { n: "é" } })],
  ["nulls where nothing is said", JSON.stringify({ query: "{ hello }", variables: null, operationName: null, extensions: null })],
  ["extensions", JSON.stringify({ query: "{ hello }", extensions: { a: 1 } })],
  ["a mutation", JSON.stringify({ query: "mutation { add(n: 0) }" })],
  ["part of an answer, with an error", JSON.stringify({ query: "{ hello broken }" })],
  ["an error of ours below data", JSON.stringify({ query: "{ hello forbiddenHere }" })],
  ["a syntax error", JSON.stringify({ query: "{ hello" })],
  ["an unknown field", JSON.stringify({ query: "{ hullo }" })],
  ["a field of a higher role", JSON.stringify({ query: "{ adminOnly }" })],
  ["a variable of the wrong type", JSON.stringify({ query: "query ($n: Int!) { withDefault(n: $n) }", variables: { n: "x" } })],
  ["an unknown operation", JSON.stringify({ query: "{ hello }", operationName: "other" })],
  ["a document that is too deep", JSON.stringify({ query: `${"{ self ".repeat(30)}{ hello }${"}".repeat(30)}` })],
  ["no document", JSON.stringify({ variables: {} })],
  ["an empty document", JSON.stringify({ query: "" })],
  ["a document that is no string", JSON.stringify({ query: 1 })],
  ["variables that are a list", JSON.stringify({ query: "{ hello }", variables: [] })],
  ["a name that is none", JSON.stringify({ query: "{ hello }", operationName: {} })],
  ["an unknown parameter", JSON.stringify({ query: "{ hello }", password: "hunter2" })],
  ["a batch", JSON.stringify([{ query: "{ hello }" }])],
  ["a string", '"{ hello }"'],
  ["null", "null"],
  ["no JSON", "{ hello }"],
  ["nothing", ""],
];

describe.each(["application/json", "application/graphql-response+json"] as const)("answered as %s", (type) => {
  it.each(BODIES)("%s", async (_name, body) => {
    const plain = await ask(body, type);
    expect(plain).toEqual(await ask(body, `${type}; charset=utf-8`));
    expect(plain.type).toBe(`${type}; charset=utf-8`);
  });
});

describe("the type of the answer", () => {
  it.each([
    [undefined, "application/json"],
    ["*/*", "application/json"],
    ["application/*;q=0.5", "application/json"],
    ["application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json"],
    ["application/json, application/graphql-response+json", "application/json"],
    ["text/plain, application/graphql-response+json", "application/graphql-response+json"],
  ])("%s: %s", async (accept, type) => {
    expect(await ask(JSON.stringify({ query: "{ hello }" }), accept)).toMatchObject({ status: 200, type: `${type}; charset=utf-8`, body: { data: { hello: "Hello, world" } } });
  });

  it("an event stream where one is asked for, and where only that can be answered", async () => {
    for (const accept of ["text/event-stream", "application/json, text/event-stream"]) {
      const response = await fetch(`${small.url}/graphql`, { method: "POST", body: JSON.stringify({ query: "subscription { count(to: 1) }" }), headers: { "content-type": "application/json", accept, authorization: `Bearer ${ADMIN}` } });
      expect(response.headers.get("content-type")).toContain("text/event-stream");
      await response.body?.cancel();
    }
    expect((await ask(JSON.stringify({ query: "subscription { count(to: 1) }" }), "application/json")).status).toBe(406);
  });
});

describe("bodies", () => {
  it("that come in pieces are put together", async () => {
    const socket = connect(Number(new URL(small.url).port), "127.0.0.1");
    const body = JSON.stringify({ query: "query ($n: String) { hello(name: $n) }", variables: { n: "日本" } });
    const bytes = Buffer.from(body);
    socket.write(`POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer ${VIEWER}\r\nContent-Length: ${bytes.length}\r\n\r\n`);
    // Between the bytes of a character, too.
    for (const byte of bytes) socket.write(Buffer.from([byte]));
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    await once(socket, "close");
    expect(text).toContain('{"data":{"hello":"Hello, 日本"}}');
  });

  it("that are too large and don't say so are refused on the way", async () => {
    const response = await fetch(`${small.url}/graphql`, {
      method: "POST",
      body: ReadableStream.from((function* () {
        for (let sent = 0; sent < 64; sent += 1) yield new Uint8Array(64 * 1024).fill(32);
      })()),
      duplex: "half",
      headers: { "content-type": "application/json", authorization: `Bearer ${VIEWER}` },
    } as RequestInit).then(({ status }) => status, () => "cut off");
    expect([413, "cut off"]).toContain(response);
  });

  it("that end early leave nothing behind: the next is served", async () => {
    const socket = connect(Number(new URL(small.url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.write(`POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer ${VIEWER}\r\nContent-Length: 100\r\n\r\n{"query"`);
    socket.destroy();
    expect(await ask(JSON.stringify({ query: "{ hello }" }), "application/json")).toMatchObject({ status: 200 });
  });
});
