/** Services: whose pods are behind an address, at any moment. */
import { describe, expect, it } from "vitest";
import type { ServiceSpec } from "#server/fleet/link.ts";
import { simulatedCluster, type SimulatedCluster } from "./simulated-cluster.ts";
import { spec, template, uuid } from "./scripted-gateway.ts";

const MINUTE = 60_000;
const web = template("shop/web:1");
const app = uuid(100);
const service = uuid(300);

const of = (overrides: Partial<ServiceSpec> = {}): ServiceSpec => ({
  tenantId: uuid(1), applicationId: uuid(2), namespace: "default", name: "web", vpcId: uuid(20), clusterIp: "100.96.0.1",
  ports: [{ name: "http", protocol: "TCP", port: 80, containerPort: 8080 }], ...overrides,
});

const readyAddresses = (cluster: SimulatedCluster): unknown[] =>
  cluster.pods().filter(({ ready, placementId }) => ready && placementId === app).map(({ id, privateIp }) => ({ podId: id, address: privateIp }));

describe("a service", () => {
  it("has the ready pods of its application as endpoints, whatever happens to them", () => {
    const cluster = simulatedCluster();
    expect(cluster.simulation.endpointsOf(service)).toBeNull();
    cluster.simulation.assignService(service, of());
    expect(cluster.simulation.endpointsOf(service)).toEqual([]);
    cluster.assign(app, spec(web, { replicas: 4 }), web);
    cluster.assign(uuid(101), spec(web, { replicas: 2, applicationId: uuid(3) }));
    const expectSame = (): unknown[] => {
      const endpoints = cluster.simulation.endpointsOf(service) ?? [];
      expect(endpoints).toEqual(expect.arrayContaining(readyAddresses(cluster)));
      expect(endpoints).toHaveLength(readyAddresses(cluster).length);
      return [...endpoints];
    };
    let most = 0;
    for (let now = 0; now <= MINUTE; now += 100) {
      cluster.simulation.advanceTo(now);
      most = Math.max(most, expectSame().length);
    }
    expect(most).toBe(4);
    cluster.simulation.crashPod(cluster.podsOf(app)[0]?.id ?? "");
    expect(expectSame()).toHaveLength(3);
    cluster.assign(app, spec(web, { replicas: 2 }));
    cluster.simulation.advanceTo(2 * MINUTE);
    expect(expectSame()).toHaveLength(2);
    cluster.simulation.assignService(service, null);
    expect(cluster.simulation.endpointsOf(service)).toBeNull();
  });

  it("has no endpoints while another one of its tenant has its address, and gets it when that one gives it up", () => {
    const cluster = simulatedCluster();
    const other = uuid(301);
    cluster.assign(app, spec(web, { replicas: 1 }), web);
    cluster.simulation.advanceTo(MINUTE);
    cluster.simulation.assignService(service, of());
    cluster.simulation.assignService(other, of({ name: "other" }));
    cluster.simulation.assignService(uuid(302), of({ tenantId: uuid(9) }));
    const problem = 'The address 100.96.0.1 belongs to the service "web" here.';
    expect([service, other, uuid(302)].map((id) => cluster.simulation.serviceProblem(id))).toEqual([null, problem, null]);
    expect(cluster.simulation.endpointsOf(other)).toEqual([]);
    cluster.simulation.assignService(service, of({ clusterIp: "100.96.0.2" }));
    expect(cluster.simulation.serviceProblem(other)).toBeNull();
    expect(cluster.simulation.endpointsOf(other)).toHaveLength(1);
    expect(cluster.history.flatMap(({ service: id }) => id ?? [])).toEqual([other]);
    // Back again it is the one that comes late.
    cluster.simulation.assignService(service, of());
    expect(cluster.simulation.serviceProblem(service)).toMatch(/belongs to the service "other"/);
    cluster.simulation.assignService(other, null);
    expect(cluster.simulation.serviceProblem(service)).toBeNull();
  });

  it("is refused an address that is none", () => {
    const cluster = simulatedCluster();
    cluster.simulation.assignService(service, of({ clusterIp: "100.96.1" }));
    expect(cluster.simulation.serviceProblem(service)).toMatch(/is no IPv4 address/);
  });
});
