import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SelvedgeClient } from "#clients/typescript/index.ts";
import { eventually } from "#tests/support/eventually.ts";
import { type Api, type ApplicationState, createApi, type PodState } from "#tests/support/story.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";

/**
 * An application's life on the real product: upgraded, rolled back, stopped, started, restarted and cancelled, while somebody watches its pods. What
 * may never happen: more pods missing than the update strategy allows, an operation that calls a failure success, a pod restarted for nothing.
 */
const CLUSTERS = ["hangzhou-1", "shaoxing-1"];
const REPLICAS = 6;
const STRATEGY = { maxUnavailable: { count: 2 }, maxSurge: { count: 1 } };
/** Simulated seconds a second: back-offs and deadlines pass quickly. */
const SPEED = 10;

let server: ServerProcess;
let client: SelvedgeClient;
let api: Api;
beforeAll(async () => {
  server = await startServer({ env: { SELVEDGE_FLEET: "tiny", SELVEDGE_SPEED: String(SPEED), LOG_LEVEL: "warn" } });
  client = server.client();
  api = createApi(client);
}, 120_000);
afterAll(() => server?.dispose());

const unique = (word: string): string => `${word}-${randomUUID().slice(0, 8)}`;

async function deployed(name: string, image = "shop/frontend:1"): Promise<ApplicationState> {
  const created = await api.create(unique(name), { clusters: CLUSTERS, replicas: REPLICAS, image, updateStrategy: STRATEGY });
  await api.ended(created.operationId, "SUCCEEDED");
  return api.application(created.applicationId);
}

/** What a viewer of the pods sees, message by message, and the worst of it. */
function watchPods(applicationId: string): { readonly lowest: () => number; readonly highest: () => number; readonly pods: () => readonly PodState[]; stop(): Promise<void> } {
  const ending = new AbortController();
  const pods = new Map<string, PodState>();
  let [lowest, highest, complete] = [Infinity, 0, false];
  /** By cluster, as the last message left them. Objects are read when their message is sent: one that has gone meanwhile is missing there, and told to be gone by the next. */
  let last: PodState[][] = [];
  const judge = (gone: ReadonlySet<string>): void => {
    for (const here of last) highest = Math.max(highest, here.filter(({ id }) => !gone.has(id)).length);
  };
  const following = (async () => {
    for await (const change of api.pods(applicationId, ending.signal)) {
      judge(new Set(change.removedIds));
      if (change.snapshot) {
        pods.clear();
        complete = false;
      }
      complete ||= change.complete;
      for (const pod of change.upserted) pods.set(pod.id, pod);
      for (const id of change.removedIds) pods.delete(id);
      if (!complete) continue;
      last = CLUSTERS.map((code) => [...pods.values()].filter((pod) => pod.cluster.code === code && pod.phase !== "TERMINATING"));
      lowest = Math.min(lowest, ...last.map((here) => here.filter(({ ready }) => ready).length));
    }
  })();
  return {
    lowest: () => lowest,
    highest: () => highest,
    pods: () => [...pods.values()],
    stop: async () => {
      ending.abort();
      await following;
      judge(new Set());
    },
  };
}

describe("an upgrade", () => {
  it("takes no more pods away than it may, goes on through a kill -9 of the server, and ends once", { timeout: 180_000 }, async () => {
    const application = await deployed("upgraded");
    const watch = watchPods(application.id);
    await eventually(() => expect(watch.pods()).toHaveLength(REPLICAS * CLUSTERS.length));
    const upgrading = await api.upgrade(application.id, { image: "shop/frontend:2", message: "two" });
    await eventually(() => expect(watch.pods().some((pod) => pod.revision.number === 2)).toBe(true), { deadlineMs: 30_000 });
    await server.kill9();
    await server.start();
    const operation = await api.ended(upgrading.operationId, "SUCCEEDED");
    expect(operation.progress.completed).toBe(operation.progress.total);
    await eventually(() => expect(watch.pods().filter(({ ready, revision }) => ready && revision.number === 2)).toHaveLength(REPLICAS * CLUSTERS.length), { deadlineMs: 30_000 });
    await watch.stop();
    expect(watch.lowest()).toBeGreaterThanOrEqual(REPLICAS - STRATEGY.maxUnavailable.count);
    expect(watch.highest()).toBeLessThanOrEqual(REPLICAS + STRATEGY.maxSurge.count);

    const after = await api.application(application.id);
    expect(after).toMatchObject({ status: "RUNNING", revision: { number: 2 }, rollout: { state: "SUCCEEDED", updated: 12, total: 12 } });
    expect(after.revisions.nodes.map(({ number, message }) => ({ number, message }))).toEqual([{ number: 2, message: "two" }, { number: 1, message: "" }]);
    expect(after.revisions.nodes[0]?.changes.map(({ path, before, after: now }) => ({ path, before, after: now }))).toEqual([
      { path: "containers.web.image", before: "shop/frontend:1", after: "shop/frontend:2" },
    ]);
  });

  it("that can't succeed rolls itself back at its deadline, and is never called a success", { timeout: 180_000 }, async () => {
    const application = await deployed("hopeless");
    const watch = watchPods(application.id);
    const upgrading = await api.upgrade(application.id, { image: "shop/frontend:missing", deadline: 30 });
    const operation = await api.ended(upgrading.operationId, "ROLLED_BACK");
    expect(operation.error).toMatch(/deadline|progress/i);
    await watch.stop();
    expect(watch.lowest()).toBeGreaterThanOrEqual(REPLICAS - STRATEGY.maxUnavailable.count);
    await eventually(async () => expect(await api.application(application.id)).toMatchObject({ status: "RUNNING", revision: { number: 1 }, rollout: { state: "ROLLED_BACK" } }), { deadlineMs: 30_000 });
    // Its revision is kept: people want to see what it was.
    expect((await api.application(application.id)).revisions.totalCount).toBe(2);
  });

  it("without a way back stays, stalled and still trying, until somebody rolls it back", { timeout: 180_000 }, async () => {
    const application = await deployed("stuck");
    const upgrading = await api.upgrade(application.id, { image: "shop/frontend:missing", deadline: 30, autoRollback: false });
    await eventually(async () => expect((await api.operation(upgrading.operationId)).state).toBe("STALLED"), { deadlineMs: 60_000, everyMs: 200 });
    // One rollout at a time.
    expect(await api.refusal.upgrade(application.id, { image: "shop/frontend:3" })).toEqual([{ __typename: "InvalidStateError", code: "INVALID_STATE", path: null }]);
    const back = await api.rollBack(application.id);
    await api.ended(back.operationId, "SUCCEEDED");
    expect((await api.operation(upgrading.operationId)).state).toBe("SUPERSEDED");
    expect(await api.application(application.id)).toMatchObject({ status: "RUNNING", revision: { number: 1 } });
  });

  it("that is cancelled goes back, and says so", { timeout: 180_000 }, async () => {
    const application = await deployed("cancelled");
    const before = (await api.podsOf(application.id)).filter(({ ready }) => ready);
    const upgrading = await api.upgrade(application.id, { image: "shop/frontend:missing", deadline: 600 });
    await eventually(async () => expect((await api.operation(upgrading.operationId)).cancellable).toBe(true), { deadlineMs: 30_000 });
    await api.cancel(upgrading.operationId);
    await api.ended(upgrading.operationId, "CANCELLED");
    expect(await api.application(application.id)).toMatchObject({ status: "RUNNING", revision: { number: 1 } });
    // Those that the upgrade had not taken away yet were left alone.
    const after = new Map((await api.podsOf(application.id)).map((pod) => [pod.id, pod]));
    const left = before.filter(({ id }) => after.has(id));
    expect(left.length).toBeGreaterThanOrEqual((REPLICAS - STRATEGY.maxUnavailable.count) * CLUSTERS.length);
    expect(left.map(({ id }) => after.get(id)?.startedAt)).toEqual(left.map(({ startedAt }) => startedAt));
  });
});

describe("stop, start and restart", () => {
  it("keep everything but the pods, bring them back, and replace them under the update strategy", { timeout: 180_000 }, async () => {
    const application = await deployed("rested");
    await api.ended((await api.act("stopApplication", application.id)).operationId, "SUCCEEDED");
    expect(await api.application(application.id)).toMatchObject({ status: "STOPPED", replicas: { desired: 0, created: 0 } });
    await eventually(async () => expect(await api.podsOf(application.id)).toEqual([]), { deadlineMs: 30_000 });
    expect(await api.refusal.scale(application.id, 3)).toEqual([{ __typename: "InvalidStateError", code: "INVALID_STATE", path: null }]);

    await api.ended((await api.act("startApplication", application.id)).operationId, "SUCCEEDED");
    expect(await api.application(application.id)).toMatchObject({ status: "RUNNING", replicas: { desired: REPLICAS * CLUSTERS.length, ready: REPLICAS * CLUSTERS.length } });

    const before = new Set((await api.podsOf(application.id)).map(({ id }) => id));
    const watch = watchPods(application.id);
    await eventually(() => expect(watch.pods()).toHaveLength(before.size));
    await api.ended((await api.act("restartApplication", application.id)).operationId, "SUCCEEDED");
    await watch.stop();
    expect(watch.lowest()).toBeGreaterThanOrEqual(REPLICAS - STRATEGY.maxUnavailable.count);
    await eventually(async () => {
      const pods = await api.podsOf(application.id);
      expect(pods).toHaveLength(before.size);
      expect(pods.filter(({ id, ready }) => before.has(id) || !ready)).toEqual([]);
    }, { deadlineMs: 30_000 });
    expect((await api.application(application.id)).revision.number).toBe(1);
  });
});
