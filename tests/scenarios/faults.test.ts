import { afterAll, beforeAll, expect, test } from "vitest";
import {
  accepted,
  ClusterDocument,
  CreateApplicationDocument,
  type CreateApplicationInput,
  EndFaultDocument,
  FaultsDocument,
  InjectFaultDocument,
  type InjectFaultInput,
  type PodRowFragment,
  PodsDocument,
  ScaleApplicationDocument,
  type SelvedgeClient,
} from "#clients/typescript/index.ts";
import { run } from "#clients/cli/program.ts";
import { eventually } from "#tests/support/eventually.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";
import { recordedTerminal } from "#tests/support/terminal.ts";

/**
 * What an operator rehearses on a real server, seen through the API alone. One cluster is cut off from the beginning, and the other kinds strike the other one meanwhile; at the end
 * the whole server is killed, its fleet included. That who is silent for long is shown so, processes.test.ts looks at.
 */
const [NEAR, FAR] = ["hangzhou-1", "shaoxing-1"];
const DAY = 86_400;
/** Twice what the largest image takes otherwise; this one is large. */
const SLOW_MS = 8_000;
/** Much else may run on the machine. */
const PATIENT = { deadlineMs: 90_000, everyMs: 100 };

let server: ServerProcess;
let client: SelvedgeClient;
const clusterIds = new Map<string, string>();
let web: string;

const cluster = async (code: string) => {
  const found = (await client.execute(ClusterDocument, { code })).cluster;
  if (found === null) throw new Error(`there is no cluster ${code}`);
  return found;
};
const inject = async (input: Omit<InjectFaultInput, "durationSeconds"> & { readonly durationSeconds?: number }): Promise<string> => {
  const { fault } = accepted((await client.execute(InjectFaultDocument, { input: { durationSeconds: DAY, ...input } })).injectFault);
  return fault?.id ?? "";
};
const end = async (faultId: string): Promise<void> => void accepted((await client.execute(EndFaultDocument, { input: { faultId } })).endFault);
const inForce = async (): Promise<string[]> => (await client.execute(FaultsDocument)).faults.map(({ id }) => id);
const podsOf = async (applicationId: string, code: string): Promise<readonly PodRowFragment[]> =>
  (await client.execute(PodsDocument, { first: 100, filter: { applicationIds: [applicationId], clusterIds: [clusterIds.get(code) ?? ""] } })).pods.nodes;
const ready = async (applicationId: string, code: string, replicas: number): Promise<readonly PodRowFragment[]> =>
  eventually(async () => {
    const pods = await podsOf(applicationId, code);
    expect(pods.map((pod) => pod.ready)).toEqual(Array.from({ length: replicas }, () => true));
    return pods;
  }, PATIENT);
const create = async (name: string, image: string, replicas: Readonly<Record<string, number>>): Promise<string> => {
  const distribution = { clusters: Object.entries(replicas).map(([code, count]) => ({ clusterId: clusterIds.get(code) ?? "", replicas: count })) };
  const input: CreateApplicationInput = { name, namespace: "default", template: { containers: [{ name: "main", image, cpuMillis: 50, memoryMiB: 32 }] }, distribution };
  return accepted((await client.execute(CreateApplicationDocument, { input })).createApplication).application?.id ?? "";
};
const scale = async (code: string, replicas: number): Promise<void> =>
  void accepted((await client.execute(ScaleApplicationDocument, { input: { applicationId: web, clusterId: clusterIds.get(code) ?? "", replicas } })).scaleApplication);
const lives = (pods: readonly PodRowFragment[]): unknown[] => pods.map(({ id, name, startedAt, node }) => [id, name, startedAt, node?.id]).toSorted();

let before: readonly PodRowFragment[];
let cut: string;
beforeAll(async () => {
  server = await startServer({ env: { SELVEDGE_FLEET: "tiny", SELVEDGE_SPEED: "10" } });
  client = server.client();
  for (const code of [NEAR, FAR]) clusterIds.set(code, (await cluster(code)).id);
  web = await create("web", "shop/web:1", { [NEAR]: 4, [FAR]: 3 });
  await ready(web, NEAR, 4);
  before = await ready(web, FAR, 3);
  cut = await inject({ kind: "DISCONNECT_CLUSTER", clusterId: clusterIds.get(FAR) ?? "" });
}, 180_000);
afterAll(() => server.dispose());

test("a pod crashes once, and starts again in its place", async () => {
  const [pod] = await ready(web, NEAR, 4);
  const fault = await inject({ kind: "CRASH_POD", podId: pod?.id ?? "" });
  await eventually(async () => expect((await podsOf(web, NEAR)).find(({ id }) => id === pod?.id)).toMatchObject({ restartCount: 1, ready: true, startedAt: pod?.startedAt }), PATIENT);
  expect((await client.execute(FaultsDocument)).faults.find(({ id }) => id === fault)).toMatchObject({ target: { __typename: "Pod", id: pod?.id }, cluster: { code: NEAR } });
  await end(fault);
  expect((await podsOf(web, NEAR)).map(({ restartCount }) => restartCount).toSorted()).toEqual([0, 0, 0, 1]);
}, 120_000);

test("a node that fails loses its pods: others take their place, and nothing of it is left when it is back", async () => {
  const [node] = (await cluster(NEAR)).nodes.nodes;
  const lost = (await podsOf(web, NEAR)).filter((pod) => pod.node?.id === node?.id).map(({ id }) => id);
  expect(lost.length).toBeGreaterThan(0);
  const fault = await inject({ kind: "FAIL_NODE", nodeId: node?.id ?? "" });
  await eventually(async () => {
    expect((await cluster(NEAR)).nodes.nodes.map(({ status }) => status)).toEqual(["NOT_READY", "READY"]);
    for (const pod of await podsOf(web, NEAR)) if (lost.includes(pod.id)) expect(pod.ready).toBe(false);
  }, PATIENT);
  await eventually(async () => {
    const pods = await podsOf(web, NEAR);
    expect(pods.filter((pod) => pod.ready && pod.node?.id !== node?.id)).toHaveLength(4);
    expect(pods.filter((pod) => lost.includes(pod.id)).map(({ phase }) => phase)).toEqual(lost.map(() => "TERMINATING"));
  }, PATIENT);
  await end(fault);
  const pods = await ready(web, NEAR, 4);
  expect(pods.map(({ id }) => id)).not.toEqual(expect.arrayContaining([lost[0]]));
  expect((await cluster(NEAR)).nodes.nodes.map(({ status }) => status)).toEqual(["READY", "READY"]);
}, 120_000);

test("what is not of SPOT capacity is not taken back, and the fault ends by itself", async () => {
  const kept = await ready(web, NEAR, 4);
  const fault = await inject({ kind: "RECLAIM_SPOT", clusterId: clusterIds.get(NEAR) ?? "", durationSeconds: 20 });
  await eventually(async () => expect(await inForce()).not.toContain(fault), PATIENT);
  expect(lives(await podsOf(web, NEAR))).toEqual(lives(kept));
}, 120_000);

test("images come late where pulls are slow", async () => {
  const fault = await inject({ kind: "SLOW_IMAGE_PULL", clusterId: clusterIds.get(NEAR) ?? "" });
  const fresh = await create("fresh", "shop/fresh:1", { [NEAR]: 1 });
  const [pod] = await ready(fresh, NEAR, 1);
  expect(Date.parse(pod?.startedAt ?? "") - Date.parse(pod?.createdAt ?? "")).toBeGreaterThan(SLOW_MS);
  await end(fault);
}, 120_000);

test("the command line injects, lists and ends, and says what is missing", async () => {
  const say = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
    const terminal = recordedTerminal({ env: { ...server.environment }, columns: 160 });
    return { code: await run(args, terminal), ...terminal.written };
  };
  const made = await say("faults", "inject", "fail-node", "--cluster", NEAR ?? "", "--node", "nobody");
  expect([made.code, made.err]).toEqual([1, expect.stringContaining(`There is no node nobody on ${NEAR}`)]);
  expect(await say("faults", "inject", "crash-pod")).toMatchObject({ code: 2, err: expect.stringContaining("CRASH_POD needs --pod") });
  expect(await say("faults", "inject", "fail-nod", "--cluster", NEAR ?? "")).toMatchObject({ code: 2, err: expect.stringContaining("FAIL_NODE") });
  expect(await say("faults", "inject", "slow-image-pull", "--cluster", NEAR ?? "", "--for", "1h", "--seed", "5")).toMatchObject({ code: 0, out: expect.stringContaining(`SLOW_IMAGE_PULL on ${NEAR} for 1h`) });
  const { out } = await say("faults");
  const lines = out.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^ID +KIND +TARGET +CLUSTER +MODE +SEED +AGE +LEFT$/);
  for (const line of lines.slice(1)) expect(line.indexOf(FAR ?? "") === lines[0]?.indexOf("TARGET") || line.indexOf(NEAR ?? "") === lines[0]?.indexOf("TARGET")).toBe(true);
  const id = /^(Fault\.\S+) +SLOW_IMAGE_PULL/m.exec(out)?.[1] ?? "";
  expect(await say("faults", "end", id)).toMatchObject({ code: 0, out: expect.stringContaining("has ended") });
  expect(await inForce()).toEqual([cut]);
}, 120_000);

test("also where the server and its fleet are killed, nothing unchanged restarts, crashes are counted on, and changes arrive; at a cluster that is cut off once it is back", async () => {
  const [crashed] = before;
  const steady = await ready(web, NEAR, 4);
  const shaky = await create("shaky", "shop/shaky:crashloop", { [NEAR]: 2 });
  await inject({ kind: "CRASH_POD", podId: crashed?.id ?? "" });
  const crashing = await eventually(async () => {
    const pods = await podsOf(shaky, NEAR);
    expect(pods.filter(({ restartCount }) => restartCount > 0)).toHaveLength(2);
    return pods;
  }, PATIENT);
  await scale(FAR, 4);
  await scale(NEAR, 6);
  await server.kill9();
  await server.start();
  const grown = await ready(web, NEAR, 6);
  expect(lives(grown)).toEqual(expect.arrayContaining(lives(steady)));
  await eventually(async () => {
    const pods = await podsOf(shaky, NEAR);
    expect(pods.map(({ id }) => id).toSorted()).toEqual(crashing.map(({ id }) => id).toSorted());
    for (const pod of pods) expect(pod.restartCount).toBeGreaterThan(crashing.find(({ id }) => id === pod.id)?.restartCount ?? Infinity);
  }, PATIENT);

  // What is known of the other one is what it said last.
  expect(await inForce()).toContain(cut);
  expect(lives(await podsOf(web, FAR))).toEqual(lives(before));
  expect((await podsOf(web, FAR)).map(({ restartCount }) => restartCount)).toEqual(before.map(() => 0));
  await end(cut);
  const after = await ready(web, FAR, 4);
  await eventually(async () => expect((await cluster(FAR)).status).toBe("ONLINE"), PATIENT);
  expect(lives(after.filter(({ id }) => before.some((pod) => pod.id === id)))).toEqual(lives(before));
  expect(after.map(({ id, restartCount }) => [id === crashed?.id, restartCount]).toSorted()).toEqual([[false, 0], [false, 0], [false, 0], [true, 1]]);

  // One way, and by itself: what it is told is lost until the fault's time is over.
  const brief = await inject({ kind: "DISCONNECT_CLUSTER", clusterId: clusterIds.get(FAR) ?? "", mode: "TO_CLUSTER", durationSeconds: 30 });
  await scale(FAR, 5);
  const last = await ready(web, FAR, 5);
  expect(await inForce()).not.toContain(brief);
  expect(lives(last.filter(({ id }) => after.some((pod) => pod.id === id)))).toEqual(lives(after));
}, 240_000);
