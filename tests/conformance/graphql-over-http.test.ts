import { serverAudits } from "graphql-http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compiled, scriptedReads } from "#tests/support/scripted-reads.ts";
import { startSmallApi, VIEWER } from "#tests/support/small-api.ts";
import { openSubscribedApi } from "#tests/support/subscribed-api.ts";

interface Audited {
  readonly url: string;
  readonly token: string;
  close(): Promise<unknown>;
}
const small = async (options?: Parameters<typeof startSmallApi>[0]): Promise<Audited> => {
  const { url, api } = await startSmallApi(options);
  return { url, token: VIEWER, close: () => api.close() };
};
const real = async (): Promise<Audited> => {
  const { api, token, tenantId, close } = await openSubscribedApi();
  return { url: api.url, token: (await token(tenantId, "auditor", "VIEWER")).secret, close };
};
// What the audits ask, none of it with a name.
const asCompiled = scriptedReads({ "": () => compiled('{"data":{"__typename":"Query"}}') });

/** A POST with anything in its URL is left to Yoga, as a GET always is. */
const USUAL = "";
const YOGA = "?way=yoga";

describe.each([
  ["in the usual way", USUAL, small],
  ["through Yoga", YOGA, small],
  ["in the usual way, where the answers are text", USUAL, () => small({ reads: asCompiled })],
  ["through Yoga, where the answers are text", YOGA, () => small({ reads: asCompiled })],
  ["on the product's schema", USUAL, real],
] as const)("the GraphQL over HTTP specification, as graphql-http audits it, %s", (_way, search, start) => {
  let server: Audited;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.close());

  const audits = serverAudits({
    url: () => `${server.url}/graphql`,
    fetchFn: (url: string, init?: RequestInit) => fetch(init?.method === "POST" ? `${url}${search}` : url, { ...init, headers: { ...init?.headers, authorization: `Bearer ${server.token}` } }),
  });

  it("has audits to pass", () => {
    expect(audits.length).toBeGreaterThan(50);
  });

  for (const audit of audits) {
    it(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn();
      if (result.status !== "ok") {
        throw new Error(`${result.status}: ${result.reason}\n${"response" in result && result.response ? `${result.response.status} ${await (result.response).clone().text().catch(() => "")}` : ""}`);
      }
    });
  }
});
