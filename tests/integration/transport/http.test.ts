import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RequestError } from "#server/domain/request-error.ts";
import { startSmallApi, VIEWER, viewerOf, type SmallApi } from "#tests/support/small-api.ts";

interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { message: string; path?: unknown[]; locations?: unknown[]; extensions: Record<string, unknown> }[];
}
const json = async (response: Promise<Response>): Promise<Answer> => (await response).json() as Promise<Answer>;
const codes = (answer: Answer): unknown[] => (answer.errors ?? []).map((error) => error.extensions["code"]);

describe("GraphQL over HTTP", () => {
  let small: SmallApi;
  beforeAll(async () => {
    small = await startSmallApi();
  });
  afterAll(() => small.api.close());

  it("answers a query", async () => {
    const response = await small.post({ query: "query ($n: String) { hello(name: $n) whoAmI }", variables: { n: "you" } });
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({ data: { hello: "Hello, you", whoAmI: "viewer 36" } });
  });

  it("answers a query by GET, and refuses a mutation by GET", async () => {
    const get = (query: string) => fetch(`${small.url}/graphql?query=${encodeURIComponent(query)}`, { headers: { authorization: `Bearer ${VIEWER}`, accept: "application/json" } });
    expect(await json(get("{ hello }"))).toEqual({ data: { hello: "Hello, world" } });
    const before = small.counters.added;
    const refused = await get("mutation { add(n: 1) }");
    expect(refused.status).toBe(405);
    expect(refused.headers.get("allow")).toBe("POST");
    expect(small.counters.added).toBe(before);
  });

  it("refuses parameters of a URL that are no JSON, without a word of them here or in the log", async () => {
    for (const name of ["variables", "extensions"]) {
      const broken = encodeURIComponent('{"password":canary-4f2a}');
      const response = await fetch(`${small.url}/graphql?query={hello}&${name}=${broken}`, { headers: { authorization: `Bearer ${VIEWER}`, accept: "application/json" } });
      expect(response.status).toBe(400);
      const text = await response.text();
      expect(codes(JSON.parse(text) as Answer)).toEqual(["BAD_USER_INPUT"]);
      expect(text).not.toContain("4f2a");
    }
    expect(small.log.filter((line) => line.includes("4f2a") || line.includes("unexpectedly"))).toEqual([]);
  });

  it("does not run what carries parameters that it refuses", async () => {
    const before = small.counters.added;
    const response = await small.post({ query: "mutation { add(n: 1) }", surprise: 1 });
    expect(response.status).toBe(400);
    expect(codes(await json(Promise.resolve(response)))).toEqual(["BAD_USER_INPUT"]);
    expect(small.counters.added).toBe(before);
  });

  describe("who asks", () => {
    it.each([
      ["no token", null],
      ["an unknown token", "x".repeat(40)],
    ])("refuses %s with 401", async (_, token) => {
      const response = await small.post({ query: "{ hello }" }, { token });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(codes((await response.json()) as Answer)).toEqual(["UNAUTHENTICATED"]);
    });

    it("tells to come again where too many tokens are being looked up, and logs nothing of it", async () => {
      const busy = await startSmallApi({ authenticate: () => Promise.reject(new RequestError("RATE_LIMITED", "Too many tokens", { retryAfterMs: 1_000 })) });
      try {
        const response = await busy.post({ query: "{ hello }" });
        expect(response.status).toBe(429);
        expect(response.headers.get("retry-after")).toBe("1");
        expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "RATE_LIMITED", retryAfterMs: 1_000 } }] });
        expect(busy.log.filter((line) => line.includes('"err"'))).toEqual([]);
      } finally {
        await busy.api.close();
      }
    });

    it("refuses a token in the URL", async () => {
      const response = await fetch(`${small.url}/graphql?query={hello}&authorization=Bearer%20${VIEWER}&token=${VIEWER}`);
      expect(response.status).toBe(401);
    });

    it("refuses a token that has expired on the simulation's clock", async () => {
      const token = "expiring-token-0123456789abcdef0123456789";
      small.tokens.set(token, viewerOf("VIEWER", "expiring", { expiresAt: small.clock.time + 1000 }));
      expect((await small.post({ query: "{ hello }" }, { token })).status).toBe(200);
      small.clock.time += 1000;
      expect((await small.post({ query: "{ hello }" }, { token })).status).toBe(401);
    });

    it("names the field that the role may not select, and runs nothing of the operation", async () => {
      const answer = await json(small.post({ query: "{ hello adminOnly }" }));
      expect(answer.data).toBeUndefined();
      expect(answer.errors?.[0]?.extensions).toMatchObject({ code: "FORBIDDEN", field: "Query.adminOnly" });
    });

    it("finds a forbidden field behind fragments and aliases", async () => {
      expect(codes(await json(small.post({ query: "{ self { ...A } } fragment A on Query { ... on Query { x: adminOnly } }" })))).toEqual(["FORBIDDEN"]);
    });

    it("permits what the role may, and denies everyone what nobody declared", async () => {
      const token = "admin-token-0123456789abcdef0123456789ab";
      expect(await json(small.post({ query: "{ adminOnly }" }, { token }))).toEqual({ data: { adminOnly: "admin" } });
      expect(codes(await json(small.post({ query: "{ undeclared }" }, { token })))).toEqual(["FORBIDDEN"]);
    });

    it("shows the schema to any authenticated caller, and to nobody else", async () => {
      const query = "{ __schema { queryType { name } } __type(name: \"Item\") { fields { name } } __typename }";
      expect((await json(small.post({ query }))).data).toMatchObject({ __schema: { queryType: { name: "Query" } } });
      expect((await small.post({ query }, { token: null })).status).toBe(401);
    });
  });

  describe("errors", () => {
    it("masks what it did not expect under a correlation id that the log has once, with the cause", async () => {
      const answer = await json(small.post({ query: "{ hello broken }" }));
      expect(answer.data).toEqual({ hello: "Hello, world", broken: null });
      const [error] = answer.errors ?? [];
      expect(error).toMatchObject({ message: "Internal error", path: ["broken"], extensions: { code: "INTERNAL", correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/) } });
      expect(JSON.stringify(answer)).not.toContain("hunter2");
      const logged = small.log.filter((line) => line.includes(String(error?.extensions["correlationId"])));
      expect(logged).toHaveLength(1);
      expect(logged[0]).toContain("hunter2");
    });

    it("masks what a scalar says about a value that it cannot serialise", async () => {
      const answer = await json(small.post({ query: "{ wrongInt }" }));
      expect(codes(answer)).toEqual(["INTERNAL"]);
      expect(JSON.stringify(answer)).not.toContain("hunter2");
    });

    it("passes our own codes", async () => {
      const answer = await json(small.post({ query: "{ forbiddenHere }" }));
      expect(answer.errors?.[0]).toMatchObject({ message: "Not this one.", path: ["forbiddenHere"], extensions: { code: "FORBIDDEN" } });
    });

    it.each([
      ["a syntax error", { query: "{ hello(" }],
      ["an unknown field", { query: "{ nothing }" }],
      ["no operation", { query: "fragment A on Query { hello }" }],
      ["several operations and no name", { query: "query A { hello } query B { hello }" }],
      ["a name that is not there", { query: "query A { hello }", operationName: "B" }],
      ["a document that is no string", { query: 1 }],
      ["no document", {}],
      ["variables that are no object", { query: "{ hello }", variables: "x" }],
      ["a batch", [{ query: "{ hello }" }]],
      ["null", "null"],
      ["no JSON", "{ nothing like it"],
      ["an argument that is null at run time", { query: "query ($n: Int = 1) { withDefault(n: $n) }", variables: { n: "x" } }],
    ])("answers %s with BAD_USER_INPUT", async (_, body) => {
      const response = await small.post(body, { headers: { accept: "application/graphql-response+json" } });
      expect(response.status).toBe(400);
      expect(codes((await response.json()) as Answer)).toEqual(["BAD_USER_INPUT"]);
    });

    it.each([
      ["a leaf", { input: { value: "hunter2" } }, 'Variable "$input" has an invalid value at "value": Expected value of type "Int".'],
      ["a deep leaf", { input: { value: 1, nested: [{ value: 1 }, { value: "hunter2" }] } }, 'Variable "$input" has an invalid value at "nested.1.value": Expected value of type "Int".'],
      ["an enum", { input: { value: 1, color: "hunter2" } }, 'Variable "$input" has an invalid value at "color": Expected value of type "Color": one of RED, GREEN.'],
      ["a missing field beside a secret", { input: { name: "hunter2" } }, 'Variable "$input" has an invalid value: Expected value of type "SecretInput" to include required field "value".'],
      ["an unknown field", { input: { value: 1, nmae: "hunter2" } }, 'Variable "$input" has an invalid value: Expected value of type "SecretInput" not to include unknown field "nmae".'],
      ["no object", { input: "hunter2" }, 'Variable "$input" has an invalid value: Expected value of type "SecretInput" to be an object.'],
    ])("says what is wrong with %s in the variables, and never the value", async (_, variables, message) => {
      const answer = await json(small.post({ query: "query ($input: SecretInput) { secretInput(input: $input) }", variables }));
      expect(codes(answer)).toEqual(["BAD_USER_INPUT"]);
      expect(answer.errors?.[0]?.message).toBe(message);
      expect(JSON.stringify(answer)).not.toContain("hunter2");
    });

    it.each(['{ secretInput(input: { value: "hunter2" }) }', '{ secretInput(input: { value: 1, name: 5, color: "hunter2" }) }', '{ secretInput "hunter2" }', '{ secretInput(input: "hunter2") }'])(
      "does not repeat a literal: %s",
      async (query) => {
        const logged = small.log.length;
        const answer = await json(small.post({ query }));
        expect(new Set(codes(answer))).toEqual(new Set(["BAD_USER_INPUT"]));
        expect(JSON.stringify(answer)).not.toContain("hunter2");
        expect(small.log.slice(logged).join("")).not.toContain("hunter2");
      },
    );
  });

  describe("limits", () => {
    it("ends a query that takes too long", async () => {
      const quick = await startSmallApi({ limits: { operationTimeoutMs: 50 } });
      try {
        const started = performance.now();
        const answer = await json(quick.post({ query: "{ hello slow(ms: 2000) }" }));
        expect(codes(answer)).toEqual(["TIMEOUT"]);
        expect(performance.now() - started).toBeLessThan(1000);
      } finally {
        await quick.api.close();
      }
    });

    it("limits how often a tenant asks, and says when to come back", async () => {
      const slow = await startSmallApi({ limits: { operationsPerSecond: 5, operationsBurst: 3 } });
      try {
        for (let i = 0; i < 3; i++) expect((await slow.post({ query: "{ hello }" })).status).toBe(200);
        const refused = await slow.post({ query: "{ hello }" });
        expect(refused.status).toBe(429);
        expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
        const { errors } = (await refused.json()) as Answer;
        const retryAfterMs = Number(errors?.[0]?.extensions["retryAfterMs"]);
        expect(retryAfterMs).toBeGreaterThan(0);
        expect(retryAfterMs).toBeLessThanOrEqual(200);
        slow.tokens.set("other".repeat(10), viewerOf("VIEWER", "other", { tenantId: "00000000-0000-7000-8000-000000000002" }));
        expect((await slow.post({ query: "{ hello }" }, { token: "other".repeat(10) })).status).toBe(200);
        await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
        expect((await slow.post({ query: "{ hello }" })).status).toBe(200);
      } finally {
        await slow.api.close();
      }
    });

    it.each(["{ items(first: 201) { totalCount } }", "{ items(first: 0) { totalCount } }", "{ items(last: -1) { totalCount } }"])("refuses the page size of %s", async (query) => {
      expect(codes(await json(small.post({ query })))).toEqual(["BAD_USER_INPUT"]);
    });

    it("counts page sizes in variables as well", async () => {
      const query = "query ($n: Int) { items(first: $n) { nodes { items(first: $n) { nodes { items(first: $n) { nodes { id } } } } } } }";
      expect(codes(await json(small.post({ query, variables: { n: 100 } })))).toEqual(["QUERY_TOO_COMPLEX"]);
      expect(codes(await json(small.post({ query, variables: { n: 201 } })))).toEqual(["BAD_USER_INPUT"]);
      expect((await json(small.post({ query, variables: { n: 3 } }))).errors).toBeUndefined();
    });
  });

  describe("what a page of another origin can do", () => {
    it("is nothing", async () => {
      for (const init of [
        { method: "POST", headers: { "content-type": "application/json", origin: "https://evil.example", authorization: `Bearer ${VIEWER}` }, body: '{"query":"{ hello }"}' },
        { method: "OPTIONS", headers: { origin: "https://evil.example", "access-control-request-method": "POST" } },
        { method: "GET", headers: { origin: "null" } },
      ]) {
        const response = await fetch(`${small.url}/graphql?query={hello}`, init);
        expect(response.status).toBe(403);
        expect(response.headers.get("access-control-allow-origin")).toBeNull();
      }
    });

    it("lets our own pages call, without credentials", async () => {
      const response = await small.post({ query: "{ hello }" }, { headers: { origin: small.url } });
      expect(response.status).toBe(200);
      expect(response.headers.get("access-control-allow-origin")).toBe(small.url);
      expect(response.headers.get("access-control-allow-credentials")).toBeNull();
    });

    it.each(["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/graphql", "text/plain; application/json"])("refuses what a form could send: %s", async (type) => {
      const before = small.counters.added;
      const response = await small.post('{"query":"mutation { add(n: 1) }"}', { headers: { "content-type": type } });
      expect(response.status).toBe(415);
      expect(small.counters.added).toBe(before);
    });
  });

  describe("bodies", () => {
    const big = (bytes: number): string => JSON.stringify({ query: "query ($n: String) { hello(name: $n) }", variables: { n: "x".repeat(bytes) } });

    it("takes up to 2 MiB", async () => {
      expect((await small.post(big(2 * 1024 * 1024 - 200))).status).toBe(200);
      const refused = await small.post(big(2 * 1024 * 1024));
      expect(refused.status).toBe(413);
      expect(codes((await refused.json()) as Answer)).toEqual(["QUERY_TOO_COMPLEX"]);
    });

    it("stops reading a body that does not say how long it is", async () => {
      const status = await new Promise<number | undefined>((resolve) => {
        const call = request(`${small.url}/graphql`, { method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${VIEWER}`, "transfer-encoding": "chunked" } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        call.on("error", () => resolve(undefined));
        const chunk = Buffer.alloc(256 * 1024, 32);
        for (let i = 0; i < 16; i++) call.write(chunk);
        call.end();
      });
      expect(status === 413 || status === undefined).toBe(true);
    });

    it("refuses a document of more than 64 KiB", async () => {
      expect(codes(await json(small.post({ query: `{ hello } #${"x".repeat(64 * 1024)}` })))).toEqual(["QUERY_TOO_COMPLEX"]);
    });
  });

  describe("the other paths", () => {
    it("tells whether it lives and serves", async () => {
      let failing = true;
      const api = await startSmallApi({ readiness: { database: async () => undefined, timeline: () => (failing ? Promise.reject(new Error("the horizon is 40 s old")) : Promise.resolve()) } });
      try {
        expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
        const unready = await fetch(`${api.url}/readyz`);
        expect(unready.status).toBe(503);
        expect(await unready.json()).toEqual({ ready: false, checks: { database: "ok", timeline: "the horizon is 40 s old" } });
        failing = false;
        expect((await fetch(`${api.url}/readyz`)).status).toBe(200);
      } finally {
        await api.api.close();
      }
    });

    it("serves metrics without anything that callers chose", async () => {
      await small.post({ query: "query Canary_hunter2 { hello }" });
      const text = await (await fetch(`${small.url}/metrics`)).text();
      expect(text).toMatch(/selvedge_graphql_operations_total\{transport="http",kind="query",outcome="ok"\} \d+/);
      expect(text).not.toContain("hunter2");
    });

    it("has a page with links, GraphiQL, and nothing else", async () => {
      expect(await (await fetch(`${small.url}/`)).text()).toContain("/graphql");
      const graphiql = await fetch(`${small.url}/graphql`, { headers: { accept: "text/html,application/xhtml+xml" } });
      expect(graphiql.status).toBe(200);
      expect(await graphiql.text()).toContain("Authorization");
      expect((await fetch(`${small.url}/nothing`)).status).toBe(404);
      expect((await fetch(`${small.url}/graphql/x`)).status).toBe(404);
      expect((await fetch(`${small.url}/`, { method: "DELETE" })).status).toBe(405);
      expect((await fetch(`${small.url}/graphql`, { method: "DELETE" })).status).toBe(405);
    });

    it("survives a nonsensical Host header", async () => {
      const { port } = new URL(small.url);
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), "127.0.0.1", () => socket.write(`GET /graphql?query={hello} HTTP/1.1\r\nHost: a b{}\r\nAuthorization: Bearer ${VIEWER}\r\nConnection: close\r\n\r\n`));
        let text = "";
        socket.on("data", (data) => (text += data));
        socket.on("end", () => resolve(text));
        socket.on("error", reject);
      });
      expect(answer).toMatch(/^HTTP\/1.1 400 /);
    });
  });

  it("says in one sentence that a port is in use", async () => {
    const port = Number(new URL(small.url).port);
    await expect(startSmallApi({ port })).rejects.toThrow(`port ${port} on 127.0.0.1 is in use: stop what listens there, or set PORT to another`);
  });

  it("finishes what is under way when it closes, and accepts nothing new", async () => {
    const closing = await startSmallApi();
    const underWay = json(closing.post({ query: "mutation { slowAdd(n: 7, ms: 300) }" }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const started = performance.now();
    await closing.api.close();
    expect(await underWay).toEqual({ data: { slowAdd: 7 } });
    expect(performance.now() - started).toBeLessThan(2000);
    await expect(closing.post({ query: "{ hello }" })).rejects.toThrow();
  });
});
