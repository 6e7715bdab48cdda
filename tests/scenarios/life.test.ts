import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "#tests/support/eventually.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";

/**
 * An application's life against the real product: mutations, worker, gateway and the simulated fleet. What each change is to bring about is waited
 * for where clients see it, on the operation and on the application.
 */
let server: ServerProcess;
let clusterIds: readonly string[];

// As loosely as a client without types reads it.
type Data = ReturnType<typeof JSON.parse>;
const DEADLINE = { deadlineMs: 60_000, everyMs: 100 };

async function ask(query: string, variables: object = {}): Promise<Data> {
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${server.token}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors }: Data = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

beforeAll(async () => {
  server = await startServer({ env: { LOG_LEVEL: "warn", SELVEDGE_FLEET: "tiny", SELVEDGE_SPEED: "5" } });
  const { clusters } = await ask("{ clusters(first: 2) { nodes { id } } }");
  clusterIds = clusters.nodes.map(({ id }: Data) => id);
  expect(clusterIds).toHaveLength(2);
}, 120_000);
afterAll(() => server?.dispose());

const template = (tag: string) => ({ containers: [{ name: "web", image: `docker.io/library/nginx:${tag}`, cpuMillis: 50, memoryMiB: 32 }] });

const FIELDS = `application { id version } operation { id kind state cancellable } userErrors { code message path }`;
async function change(name: string, type: string, input: object): Promise<Data> {
  const { [name]: payload } = await ask(`mutation ($input: ${type}!) { ${name}(input: $input) { ${FIELDS} } }`, { input });
  expect(payload.userErrors).toEqual([]);
  return payload;
}
const act = async (name: "cancelOperation" | "retryOperation", operationId: string): Promise<Data> => {
  const { [name]: payload } = await ask(`mutation ($input: OperationActionInput!) { ${name}(input: $input) { operation { id state cancellable } userErrors { code message } } }`, { input: { operationId } });
  expect(payload.userErrors).toEqual([]);
  return payload.operation;
};
async function create(name: string, tag = "1"): Promise<string> {
  const input = { name, namespace: "default", template: template(tag), distribution: { clusters: clusterIds.map((clusterId) => ({ clusterId, replicas: 3 })) } };
  const { application, operation } = await change("createApplication", "CreateApplicationInput", input);
  await ended(operation.id, "SUCCEEDED");
  return application.id;
}
const read = async (id: string): Promise<Data> =>
  (
    await ask(
      `query ($id: ID!) { node(id: $id) { ... on Application { status statusReason version replicas { desired created ready updated } revision { number }
        rollout { id state updated total reason from { number } to { number } } pods(first: 50) { nodes { id name phase ready revision { number } } } } } }`,
      { id },
    )
  ).node;
const operationOf = async (id: string): Promise<Data> =>
  (await ask(`query ($id: ID!) { operation(id: $id) { kind state error cancellable retryable progress { completed total percent } steps(first: 10) { nodes { name state message } } } }`, { id })).operation;

/** The operation, once it has ended; as what it has to have ended. */
const ended = (id: string, state: string): Promise<Data> =>
  eventually(async () => {
    const operation = await operationOf(id);
    expect(operation.state, JSON.stringify(operation)).toBe(state);
    return operation;
  }, DEADLINE);
/** The application, once all its pods are ready and of this revision. */
const running = (id: string, revision: number, pods: number): Promise<Data> =>
  eventually(async () => {
    const application = await read(id);
    expect(application).toMatchObject({ status: "RUNNING", statusReason: null, revision: { number: revision }, replicas: { desired: pods, created: pods, ready: pods, updated: pods } });
    expect(application.pods.nodes.map((pod: Data) => [pod.ready, pod.revision.number])).toEqual(Array.from({ length: pods }, () => [true, revision]));
    return application;
  }, DEADLINE);

describe("an application's life", () => {
  it("is upgraded, and the rollout succeeds with its operation", async () => {
    const applicationId = await create("upgraded");
    const { operation } = await change("upgradeApplication", "UpgradeApplicationInput", { applicationId, template: template("2") });
    await ended(operation.id, "SUCCEEDED");
    const application = await running(applicationId, 2, 6);
    expect(application.rollout).toMatchObject({ state: "SUCCEEDED", updated: 6, total: 6, from: { number: 1 }, to: { number: 2 } });
  }, 120_000);

  it("scaled down, progress counts the pods that go; cancelled halfway, they come back", async () => {
    const applicationId = await create("scaled");
    const down = await change("scaleApplication", "ScaleApplicationInput", { applicationId, replicas: 1 });
    const done = await ended(down.operation.id, "SUCCEEDED");
    expect(done.progress).toEqual({ completed: 4, total: 4, percent: 100 });
    await running(applicationId, 1, 2);
    const up = await change("scaleApplication", "ScaleApplicationInput", { applicationId, replicas: 9 });
    expect(up.operation.cancellable).toBe(true);
    await act("cancelOperation", up.operation.id);
    const cancelled = await ended(up.operation.id, "CANCELLED");
    expect(cancelled).toMatchObject({ error: expect.stringContaining("Cancelled by"), cancellable: false, retryable: false });
    await running(applicationId, 1, 2);
  }, 120_000);

  it("a cancelled upgrade is taken back, and says so", async () => {
    const applicationId = await create("cancelled");
    const { operation } = await change("upgradeApplication", "UpgradeApplicationInput", { applicationId, template: template("missing") });
    await eventually(async () => expect((await read(applicationId)).pods.nodes.some((pod: Data) => pod.revision.number === 2)).toBe(true), DEADLINE);
    await act("cancelOperation", operation.id);
    await ended(operation.id, "CANCELLED");
    const application = await running(applicationId, 1, 6);
    expect(application.rollout).toMatchObject({ state: "ROLLED_BACK", reason: expect.stringContaining("Cancelled by") });
  }, 120_000);

  it("an upgrade that gets nowhere goes back by itself, and is never called a success", async () => {
    const applicationId = await create("failing");
    const { operation } = await change("upgradeApplication", "UpgradeApplicationInput", { applicationId, template: template("missing"), strategy: { progressDeadlineSeconds: 20 } });
    const back = await ended(operation.id, "ROLLED_BACK");
    expect(back.error).toContain("No progress for 20 seconds");
    expect((await running(applicationId, 1, 6)).rollout).toMatchObject({ state: "ROLLED_BACK", reason: expect.stringContaining("No progress") });
  }, 120_000);

  it("a rollback takes over from a rollout under way", async () => {
    const applicationId = await create("returning");
    const upgrade = await change("upgradeApplication", "UpgradeApplicationInput", { applicationId, template: template("missing") });
    await eventually(async () => expect((await read(applicationId)).pods.nodes.some((pod: Data) => pod.revision.number === 2)).toBe(true), DEADLINE);
    const first = (await read(applicationId)).rollout.id;
    const back = await change("rollBackApplication", "RollBackApplicationInput", { applicationId });
    await ended(back.operation.id, "SUCCEEDED");
    await ended(upgrade.operation.id, "SUPERSEDED");
    expect((await running(applicationId, 1, 6)).rollout).toMatchObject({ state: "SUCCEEDED", to: { number: 1 } });
    const { node } = await ask(`query ($id: ID!) { node(id: $id) { ... on Rollout { state reason } } }`, { id: first });
    expect(node).toMatchObject({ state: "ABORTED", reason: expect.stringContaining("took over") });
  }, 120_000);

  it("is stopped, upgraded while it is, and comes back on the new revision", async () => {
    const applicationId = await create("resting");
    const stop = await change("stopApplication", "ApplicationActionInput", { applicationId });
    expect((await ended(stop.operation.id, "SUCCEEDED")).progress).toEqual({ completed: 6, total: 6, percent: 100 });
    await eventually(async () => expect(await read(applicationId)).toMatchObject({ status: "STOPPED", replicas: { desired: 0, created: 0 }, pods: { nodes: [] } }), DEADLINE);
    await change("upgradeApplication", "UpgradeApplicationInput", { applicationId, template: template("2") });
    const start = await change("startApplication", "ApplicationActionInput", { applicationId });
    await ended(start.operation.id, "SUCCEEDED");
    await running(applicationId, 2, 6);
  }, 120_000);

  it("restarted, every pod is another one", async () => {
    const applicationId = await create("restarted");
    const before = (await running(applicationId, 1, 6)).pods.nodes.map((pod: Data) => pod.id);
    const { operation } = await change("restartApplication", "ApplicationActionInput", { applicationId });
    await ended(operation.id, "SUCCEEDED");
    const after = (await running(applicationId, 1, 6)).pods.nodes.map((pod: Data) => pod.id);
    expect(after.filter((id: string) => before.includes(id))).toEqual([]);
  }, 120_000);

  it("an upgrade that is stalled, without a way back, can be retried, and rolled back", async () => {
    const applicationId = await create("stalled");
    const { operation } = await change("upgradeApplication", "UpgradeApplicationInput", { applicationId, template: template("missing"), strategy: { progressDeadlineSeconds: 10, autoRollback: false } });
    await eventually(async () => expect(await operationOf(operation.id)).toMatchObject({ state: "STALLED", retryable: true, cancellable: true }), DEADLINE);
    const retried = await act("retryOperation", operation.id);
    await ended(operation.id, "SUPERSEDED");
    await eventually(async () => expect(await operationOf(retried.id)).toMatchObject({ kind: "UPGRADE_APPLICATION", state: "STALLED" }), DEADLINE);
    await change("rollBackApplication", "RollBackApplicationInput", { applicationId });
    await ended(retried.id, "SUPERSEDED");
    await running(applicationId, 1, 6);
  }, 120_000);
});
