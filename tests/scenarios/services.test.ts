import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "#tests/support/eventually.ts";
import { type Api, createApi } from "#tests/support/story.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";

/** Services on the real product: their addresses, and endpoints that follow the pods' readiness. */
const CLUSTERS = ["hangzhou-1", "shaoxing-1"];

let server: ServerProcess;
let api: Api;
beforeAll(async () => {
  server = await startServer({ env: { SELVEDGE_FLEET: "tiny", SELVEDGE_SPEED: "10", LOG_LEVEL: "warn" } });
  api = createApi(server.client());
}, 120_000);
afterAll(() => server?.dispose());

interface ServiceState {
  readonly id: string;
  readonly status: string;
  readonly version: number;
  readonly clusterIp: string | null;
  readonly cluster: { readonly code: string };
  readonly ports: readonly { readonly name: string; readonly port: number; readonly containerPort: number }[];
  readonly endpoints: { readonly totalCount: number; readonly nodes: readonly { readonly ready: boolean; readonly address: string; readonly pod: { readonly id: string } }[] };
}
const SERVICE = "id status version clusterIp cluster { code } ports { name port containerPort } endpoints(first: 20) { totalCount nodes { ready address pod { id } } }";

const servicesOf = async (applicationId: string): Promise<readonly ServiceState[]> =>
  (await api.ask<{ services: { nodes: readonly ServiceState[] } }>(`query Services($id: ID!) { services(first: 10, filter: { applicationIds: [$id] }) { nodes { ${SERVICE} } } }`, { id: applicationId })).services.nodes;

it("have an address on each cluster, become active there, and show who is ready", { timeout: 180_000 }, async () => {
  const created = await api.create(`served-${randomUUID().slice(0, 8)}`, { clusters: CLUSTERS, replicas: 3, image: "shop/frontend:1" });
  await api.ended(created.operationId, "SUCCEEDED");
  const { payload } = await api.ask<{ payload: { services: readonly ServiceState[]; operation: { id: string } | null; userErrors: readonly object[] } }>(
    `mutation Create($input: CreateServiceInput!) { payload: createServices(input: $input) { services { ${SERVICE} } operation { id } userErrors { code message path } } }`,
    { input: { name: "web", applicationId: created.applicationId, ports: [{ name: "http", port: 80, containerPort: 80 }], idempotencyKey: randomUUID() } },
  );
  expect(payload.userErrors).toEqual([]);
  expect(payload.services.map(({ status }) => status)).toEqual(["PENDING", "PENDING"]);
  await api.ended(payload.operation?.id ?? "", "SUCCEEDED");

  const pods = await api.podsOf(created.applicationId);
  const services = await servicesOf(created.applicationId);
  expect(services.map(({ status, cluster }) => [cluster.code, status]).toSorted()).toEqual(CLUSTERS.map((code) => [code, "ACTIVE"]).toSorted());
  for (const { clusterIp, cluster, endpoints } of services) {
    expect(clusterIp).toMatch(/^100\.96\./);
    const here = pods.filter((pod) => pod.cluster.code === cluster.code);
    expect(endpoints.nodes.map(({ address, ready, pod }) => [pod.id, address, ready]).toSorted()).toEqual(here.map(({ id, privateIp }) => [id, privateIp, true]).toSorted());
  }

  // New pods that are never ready take no traffic; the old ones, as many as the strategy keeps, go on.
  await api.upgrade(created.applicationId, { image: "shop/frontend:unready", deadline: 3_600 });
  await eventually(async () => {
    for (const { endpoints } of await servicesOf(created.applicationId)) {
      expect(endpoints.nodes.some(({ ready }) => !ready)).toBe(true);
      expect(endpoints.nodes.filter(({ ready }) => ready).length).toBeGreaterThanOrEqual(2);
    }
  }, { deadlineMs: 60_000, everyMs: 200 });

  // Deleted, they go once their clusters have confirmed.
  const deletion = await api.ask<{ payload: { results: readonly { ok: boolean; operation: { id: string } | null }[] } }>(
    "mutation Delete($input: DeleteManyInput!) { payload: deleteServices(input: $input) { results { ok operation { id } userErrors { code } } } }",
    { input: { ids: services.map(({ id }) => id) } },
  );
  expect(deletion.payload.results.map(({ ok }) => ok)).toEqual([true, true]);
  await eventually(async () => expect(await servicesOf(created.applicationId)).toEqual([]), { deadlineMs: 30_000, everyMs: 100 });
});
