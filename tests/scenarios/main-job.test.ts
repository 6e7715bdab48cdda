import { existsSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type PodRowFragment, PodsDocument, type SelvedgeClient } from "#clients/typescript/index.ts";
import { type Command, runCommand, startCommand } from "#tests/support/command.ts";
import { eventually } from "#tests/support/eventually.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";

/**
 * The product's main job, end to end: manifests in, a running application on five clusters, watched live, with the server killed halfway.
 * What may not happen: the import stops or is done twice, the command ends without saying how it went, a pod that ran is restarted.
 */
const ROOT = path.resolve(import.meta.dirname, "../..");
const CLUSTERS = ["beijing-1", "shanghai-1", "guangzhou-1", "chengdu-1", "xian-1"];
const REPLICAS = 2;
const APPLICATIONS = 12;
const PODS = APPLICATIONS * CLUSTERS.length * REPLICAS;

const shops = [
  { name: "our own teahouse", file: "clients/examples/shop.yaml", probe: "storefront", others: [] },
  { name: "a real public shop", file: "../shared/data/online-boutique.yaml", probe: "frontend", others: ["ServiceAccount"] },
];

let server: ServerProcess | undefined;
let command: Command | undefined;
afterEach(async () => {
  command?.signal("SIGKILL");
  await server?.dispose();
  server = command = undefined;
});

describe.each(shops)("$name", ({ file, probe, others }) => {
  it.runIf(existsSync(path.join(ROOT, file)))(`${file} runs on five clusters, through a kill -9 of the server`, { timeout: 300_000 }, async () => {
    // Slow enough that there is a halfway; what comes after it may be faster.
    server = await startServer({ env: { LOG_LEVEL: "warn", SELVEDGE_SPEED: "0.3" } });
    const client = server.client();
    command = startCommand(["apply", "-f", file, "--clusters", CLUSTERS.join(","), "--replicas", String(REPLICAS)], server.environment);

    // Halfway: some pods run, others don't yet.
    const before = await eventually(
      async () => {
        const pods = await podsOf(client);
        const ready = pods.filter((pod) => pod.ready);
        expect(ready.length).toBeGreaterThan(PODS / 5);
        return ready;
      },
      { deadlineMs: 120_000, everyMs: 100 },
    );
    await server.kill9();
    await eventually(() => expect(command?.err).toContain("reconnecting…"), { deadlineMs: 30_000 });
    expect(before.length).toBeLessThan(PODS);
    await server.start({ SELVEDGE_SPEED: "5" });

    const ended = await command.done();
    expect(ended.err).toContain("connected again");
    // Every service counts on every cluster, beside the pods.
    const services = (ended.out.match(/^Service +\S+ +created/gm) ?? []).length;
    expect(services).toBeGreaterThan(APPLICATIONS / 2);
    const parts = PODS + services * CLUSTERS.length;
    expect(ended.out).toMatch(new RegExp(`succeeded, ${parts} of ${parts} pods and services`));
    expect(ended.code).toBe(0);
    for (const kind of others) expect(ended.out).toMatch(new RegExp(`^${kind} +\\S+ +skipped`, "m"));
    expect(ended.out.match(/^Deployment +\S+ +created/gm)).toHaveLength(APPLICATIONS);

    // Everything runs where it was asked to, once.
    const after = await podsOf(client);
    expect(after).toHaveLength(PODS);
    expect(after.filter((pod) => !pod.ready || pod.phase !== "RUNNING")).toEqual([]);
    for (const cluster of CLUSTERS) expect(after.filter((pod) => pod.cluster.code === cluster)).toHaveLength(APPLICATIONS * REPLICAS);
    expect(new Set(after.map((pod) => `${pod.cluster.code} ${pod.privateIp}`)).size).toBe(PODS);
    // No pod that ran was restarted: the same pods, started when they were, with no restart counted.
    const byId = new Map(after.map((pod) => [pod.id, pod]));
    expect(before.map(({ id }) => identity(byId.get(id)))).toEqual(before.map(identity));

    // What people see of it.
    const apps = await runCommand(["get", "apps"], server.environment);
    expect(apps.out.match(new RegExp(`^default +\\S+ +RUNNING +${CLUSTERS.length * REPLICAS}/${CLUSTERS.length * REPLICAS} +${CLUSTERS.length} `, "gm"))).toHaveLength(APPLICATIONS);
    const pods = await runCommand(["get", "pods", "--app", probe], server.environment);
    for (const cluster of CLUSTERS) expect(pods.out.match(new RegExp(`^default +${probe}\\S* +${cluster} +\\S+ +RUNNING +yes +0 +10\\.`, "gm"))).toHaveLength(REPLICAS);
    const description = await runCommand(["describe", "app", probe], server.environment);
    expect(description.out).toMatch(new RegExp(`Name: +${probe}\\n`));
    for (const cluster of CLUSTERS) expect(description.out).toMatch(new RegExp(`^${cluster} +ONLINE +${REPLICAS}/${REPLICAS} `, "m"));

    // A second time there is nothing to do.
    const again = await runCommand(["apply", "-f", file, "--clusters", CLUSTERS.join(","), "--replicas", String(REPLICAS)], server.environment);
    expect(again.out.match(/^Deployment +\S+ +unchanged/gm)).toHaveLength(APPLICATIONS);
    expect(again.code).toBe(0);

    // It stops as asked.
    expect(await server.stop()).toBe(0);
  });
});

describe("Ctrl-C", () => {
  it("stops the watching, not the import, and says how to go on", { timeout: 180_000 }, async () => {
    server = await startServer({ env: { SELVEDGE_FLEET: "tiny", SELVEDGE_SPEED: "0.2", LOG_LEVEL: "warn" } });
    command = startCommand(["apply", "-f", "clients/examples/hello.yaml", "--clusters", "hangzhou-1,shaoxing-1", "--replicas", "3"], server.environment);
    await eventually(() => expect(command?.err).toMatch(/%, \d\/6 pods/), { deadlineMs: 30_000 });
    command.signal("SIGINT");
    const interrupted = await command.done();
    expect(interrupted.code).toBe(130);
    const [, id] = /selvedge wait (Operation\.\S+)/.exec(interrupted.err) ?? [];
    expect(id).toBeDefined();
    const followed = await runCommand(["wait", id ?? ""], server.environment);
    expect(followed.out).toMatch(/succeeded, 6 of 6 pods/);
    expect(followed.code).toBe(0);
  });
});

async function podsOf(client: SelvedgeClient): Promise<PodRowFragment[]> {
  const pods: PodRowFragment[] = [];
  for await (const { page } of client.pages(PodsDocument, { first: 200 }, (data) => data.pods)) pods.push(...page.nodes);
  return pods;
}

const identity = (pod: PodRowFragment | undefined) => ({ id: pod?.id, name: pod?.name, startedAt: pod?.startedAt, createdAt: pod?.createdAt, restartCount: pod?.restartCount, node: pod?.node?.name, ip: pod?.privateIp });
