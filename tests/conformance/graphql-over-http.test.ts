import { serverAudits } from "graphql-http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSmallApi, VIEWER, type SmallApi } from "#tests/support/small-api.ts";

describe("the GraphQL over HTTP specification, as graphql-http audits it", () => {
  let small: SmallApi;
  beforeAll(async () => {
    small = await startSmallApi();
  });
  afterAll(() => small.api.close());

  const audits = serverAudits({
    url: () => `${small.url}/graphql`,
    fetchFn: (url: string, init?: RequestInit) => fetch(url, { ...init, headers: { ...init?.headers, authorization: `Bearer ${VIEWER}` } }),
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
