import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  accepted, createClient, GraphqlError, OperationFailedError, RefusedError, ScaleApplicationDocument, type SelvedgeClient, StillRunningError, UnreachableError, ViewerDocument, withIdempotencyKey,
} from "#clients/typescript/index.ts";
import { startFaultyApi } from "#tests/support/faulty-api.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

/** Answers each request with the next of these; the last one again and again. */
async function answering(...answers: ((response: ServerResponse) => void)[]): Promise<{ client: SelvedgeClient; asked: () => number; bodies: string[] }> {
  let asked = 0;
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(asked, answers.length - 1)];
    asked += 1;
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      bodies.push(body);
      answer?.(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endings.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { client: createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }), asked: () => asked, bodies };
}
const json = (status: number, body: unknown) => (response: ServerResponse) => void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
const cut = (response: ServerResponse): void => void response.destroy();
const viewer = json(200, { data: { viewer: { name: "me" } } });
const input = { applicationId: "Application.1", replicas: 2 };

describe("a request", () => {
  it("is tried again where the server can't be reached, is not ready, or asks to wait: a query", async () => {
    const { client, asked } = await answering(cut, json(503, { errors: [{ message: "not now", extensions: { code: "INTERNAL" } }] }), json(429, { errors: [{ message: "slowly", extensions: { code: "RATE_LIMITED", retryAfterMs: 300 } }] }), viewer);
    const retries: Error[] = [];
    const began = performance.now();
    expect(await client.executeWith({ retryForMs: 10_000, onRetry: (error) => retries.push(error) }, ViewerDocument)).toEqual({ viewer: { name: "me" } });
    expect(retries.map(({ name }) => name)).toEqual(["UnreachableError", "UnreachableError", "GraphqlError"]);
    expect([asked(), performance.now() - began > 300]).toEqual([4, true]);
  });

  it("is tried once where nobody said otherwise, or the answer is an answer", async () => {
    const lost = await answering(cut);
    await expect(lost.client.execute(ViewerDocument)).rejects.toBeInstanceOf(UnreachableError);
    const refused = await answering(json(200, { errors: [{ message: "boom", extensions: { code: "INTERNAL", correlationId: "c-1" } }] }));
    await expect(refused.client.executeWith({ retryForMs: 5_000 }, ViewerDocument)).rejects.toMatchObject({ name: "GraphqlError", code: "INTERNAL", correlationId: "c-1", retryAfterMs: null });
    expect([lost.asked(), refused.asked()]).toEqual([1, 1]);
  });

  it("that changes something is only tried again with an idempotency key, which stays the same", async () => {
    const { client, asked, bodies } = await answering(cut, json(200, { data: { scaleApplication: { application: null, operation: null, userErrors: [] } } }));
    const retrying = { retryForMs: 5_000 };
    await expect(client.executeWith(retrying, ScaleApplicationDocument, { input })).rejects.toThrow(TypeError);
    expect(asked()).toBe(0);
    await client.executeWith(retrying, ScaleApplicationDocument, { input: withIdempotencyKey(input) });
    expect(asked()).toBe(2);
    const keys = bodies.map((body) => (JSON.parse(body) as { variables: { input: { idempotencyKey: string } } }).variables.input.idempotencyKey);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(withIdempotencyKey({ idempotencyKey: "mine" }).idempotencyKey).toBe("mine");
  });

  it("takes the client's retries as a wish: a mutation without a key is still sent once", async () => {
    const { client, asked } = await answering(cut);
    const eager = createClient({ url: client.url, retryForMs: 5_000 });
    await expect(eager.execute(ScaleApplicationDocument, { input })).rejects.toBeInstanceOf(UnreachableError);
    expect(asked()).toBe(1);
  });

  it("rejects with the reason of its own signal", async () => {
    const { client } = await answering(() => undefined);
    const abort = new AbortController();
    const request = client.executeWith({ signal: abort.signal }, ViewerDocument);
    abort.abort();
    await expect(request).rejects.toMatchObject({ name: "AbortError" });
    await expect(client.executeWith({ timeoutMs: 50 }, ViewerDocument)).rejects.toThrow("no answer in time");
  });
});

describe("a refusal", () => {
  it("has its reasons by type", () => {
    const userErrors = [
      { __typename: "InvalidArgumentError", code: "INVALID_ARGUMENT", message: "too many", path: ["input", "replicas"] },
      { __typename: "ConflictError", code: "CONFLICT", message: "changed meanwhile", path: null, currentVersion: 7 },
    ] as const;
    const refused = (() => {
      try {
        accepted({ userErrors });
      } catch (error) {
        return error;
      }
      return null;
    })();
    if (!(refused instanceof RefusedError)) throw new Error("it was accepted");
    expect(refused.message).toBe("too many; changed meanwhile");
    expect(refused.find("ConflictError")?.currentVersion).toBe(7);
    expect(refused.find("PlanRefusedError")).toBeNull();
  });
});

describe("waitFor", () => {
  const operation = (state: string, more: object = {}) => ({
    operation: { id: "Operation.1", kind: "SCALE", state, targetName: "shop", finishedAt: null, error: null, progress: { completed: 1, total: 3, percent: 33 }, failedSteps: { totalCount: 0, nodes: [] }, ...more },
  });
  const ended = { finishedAt: "2026-11-23T06:00:00.000Z" };
  const failed = operation("PARTIALLY_SUCCEEDED", {
    ...ended, error: "one cluster could not", failedSteps: { totalCount: 1, nodes: [{ name: "shop", state: "FAILED", message: "no such image", cluster: { id: "Cluster.1", code: "hangzhou-1" } }] },
  });
  // Only what the small schema has comes through its resolvers: these are sent as they are.
  const sending = async (...messages: readonly object[]): Promise<SelvedgeClient> => {
    const api = await startFaultyApi({}, {
      onPost(response) {
        response.writeHead(200, { "content-type": "text/event-stream" });
        for (const message of messages) response.write(`event: next\ndata: ${JSON.stringify({ data: message })}\n\n`);
      },
    });
    const client = createClient({ url: `http://127.0.0.1:${api.port}`, transport: "sse" });
    endings.push(() => api.kill(), () => client.close());
    return client;
  };

  it("takes an operation or its id, and says how it went", async () => {
    const client = await sending(operation("RUNNING"), operation("SUCCEEDED", ended));
    expect((await client.waitFor("Operation.1", { orThrow: true })).state).toBe("SUCCEEDED");
    expect((await client.waitFor({ id: "Operation.1" })).finishedAt).not.toBeNull();
    await expect(client.waitFor(null)).rejects.toThrow(TypeError);
  });

  it("throws what failed where that is asked for, and returns it where not", async () => {
    const client = await sending(operation("RUNNING"), failed);
    expect((await client.waitFor("Operation.1")).state).toBe("PARTIALLY_SUCCEEDED");
    const error: unknown = await client.waitFor("Operation.1", { orThrow: true }).catch((thrown: unknown) => thrown);
    if (!(error instanceof OperationFailedError)) throw new Error("it did not throw");
    expect(error).toMatchObject({ state: "PARTIALLY_SUCCEEDED", failedSteps: [{ message: "no such image", cluster: { code: "hangzhou-1" } }] });
    expect(error.message).toBe("shop: PARTIALLY_SUCCEEDED: one cluster could not");
  });

  it("gives up when its time is over, with what was heard last", async () => {
    const client = await sending(operation("RUNNING"));
    const error: unknown = await client.waitFor("Operation.1", { timeoutMs: 300 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StillRunningError);
    expect(error).toMatchObject({ operationId: "Operation.1", last: { state: "RUNNING" }, message: "Operation Operation.1 has not ended within 300 ms: RUNNING, 1 of 3." });
  });

  it("is aborted by its signal, before and while it waits", async () => {
    const client = await sending(operation("RUNNING"));
    await expect(client.waitFor("Operation.1", { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    const abort = new AbortController();
    await expect(client.waitFor("Operation.1", { signal: abort.signal, onProgress: () => abort.abort(new Error("enough")) })).rejects.toThrow("enough");
  });

  it("passes a refusal of the server on", async () => {
    const api = await startFaultyApi({}, { onConnect: () => false });
    const client = createClient({ url: `http://127.0.0.1:${api.port}` });
    endings.push(() => api.kill(), () => client.close());
    await expect(client.waitFor("Operation.1")).rejects.toBeInstanceOf(GraphqlError);
  });
});
