/** An application's life as clients see it: through the real schema, with the real services and reads behind it. */
import { randomUUIDv7 } from "node:crypto";
import { type ExecutionResult, graphql } from "graphql";
import { afterAll, describe, expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import type { Outcome } from "#server/domain/errors.ts";
import { globalId } from "#server/domain/ids.ts";
import { RETRYABLE_OPERATIONS, RETRYABLE_STATES } from "#server/domain/operation-actions.ts";
import { isTerminal, OPERATION_STATES } from "#server/domain/states.ts";
import type { Actor } from "#server/identity/viewer.ts";
import { inScope } from "#server/database/scope.ts";
import { scopeOf } from "#server/services/mutation.ts";
import { cancelOperation } from "#server/services/operations/cancel.ts";
import { retryOperation } from "#server/services/operations/retry.ts";
import { Transaction } from "#server/services/transaction.ts";
import { createReads } from "#server/read/run.ts";
import { createFixture, must } from "../services/fixture.ts";
import { type Living, living, settle, VERSION_2 } from "../services/life.ts";
import { raise } from "#tests/support/reading.ts";

const fixture = await createFixture(4);
const { admin, services } = fixture;
const { pool } = await fixture.database.openAs("selvedge_api", 4);
afterAll(() => fixture.close());

const clock = { now: () => Date.UTC(2026, 0, 1) };
const reads = createReads({ schema, metadata: fixture.orm.getMetadata(), pool, clock, speed: 1, onFault: raise });

/** Answers are read as loosely as a client without types reads them. */
type Data = ReturnType<typeof JSON.parse>;

async function execute(actor: Actor, source: string, variableValues: object = {}): Promise<ExecutionResult> {
  return graphql({
    schema, source, variableValues: variableValues as Record<string, unknown>,
    contextValue: { actor, clock, read: reads.reader(actor), services, live: {}, server: {} },
  });
}
async function run(actor: Actor, source: string, variableValues: object = {}): Promise<Data> {
  const result = await execute(actor, source, variableValues);
  if (result.errors) throw new Error(JSON.stringify(result.errors.map((error) => ({ message: error.message, path: error.path }))));
  return result.data as Data;
}

const PAYLOAD = `application { id version revision { number } rollout { id state } }
  operation { id kind state cancellable retryable target { id } }
  userErrors { __typename code message path ... on InvalidStateError { state } ... on NotFoundError { code } }`;
const mutation = async (one: Living, name: string, type: string, value: object): Promise<Data> =>
  (await run(one.tenant.actor, `mutation ($input: ${type}!) { ${name}(input: $input) { ${PAYLOAD} } }`, { input: { applicationId: one.applicationId, ...value } }))[name];
const act = async (one: Living, name: "cancelOperation" | "retryOperation", operationId: string): Promise<Data> =>
  (
    await run(one.tenant.actor, `mutation ($input: OperationActionInput!) { ${name}(input: $input) {
      operation { id kind state error cancellable retryable } userErrors { __typename code path ... on InvalidStateError { state } } } }`, { input: { operationId } })
  )[name];

/** As clients write it: what has a default is left out. */
const template = (image: string) => ({ containers: [{ name: "server", image, cpuMillis: 100, memoryMiB: 64, env: [{ name: "MODE", source: { value: image } }] }] });

describe("an application's life", () => {
  test("upgrade, roll back, stop, start and restart, each with its operation", async () => {
    const one = await living(fixture);
    const upgraded = await mutation(one, "upgradeApplication", "UpgradeApplicationInput", { template: template("shop/web:2"), message: "Faster", expectedVersion: 1 });
    expect(upgraded).toMatchObject({
      application: { version: 2, revision: { number: 2 }, rollout: { state: "PROGRESSING" } },
      operation: { kind: "UPGRADE_APPLICATION", state: "PENDING", cancellable: true, retryable: false, target: { id: one.applicationId } },
      userErrors: [],
    });
    expect(await mutation(one, "upgradeApplication", "UpgradeApplicationInput", { template: template("shop/web:3") })).toEqual({
      application: null, operation: null, userErrors: [{ __typename: "InvalidStateError", code: "INVALID_STATE", state: "PROGRESSING", path: null, message: expect.any(String) }],
    });
    await settle(admin, one.id);
    expect(await mutation(one, "upgradeApplication", "UpgradeApplicationInput", { template: template("shop/web:2") })).toMatchObject({ application: { version: 2 }, operation: null, userErrors: [] });
    expect(await mutation(one, "rollBackApplication", "RollBackApplicationInput", { toRevision: 7 })).toMatchObject({ userErrors: [{ __typename: "NotFoundError", path: ["input", "toRevision"] }] });
    for (const [name, type, kind, version] of [
      ["rollBackApplication", "RollBackApplicationInput", "ROLL_BACK_APPLICATION", 3], ["restartApplication", "ApplicationActionInput", "RESTART_APPLICATION", 4],
      ["stopApplication", "ApplicationActionInput", "STOP_APPLICATION", 5], ["startApplication", "ApplicationActionInput", "START_APPLICATION", 6],
    ] as const) {
      expect(await mutation(one, name, type, { expectedVersion: version - 1 })).toMatchObject({ application: { version, revision: { number: 1 } }, operation: { kind, state: "PENDING", cancellable: name !== "restartApplication" }, userErrors: [] });
    }
    expect(await mutation(one, "startApplication", "ApplicationActionInput", {})).toMatchObject({ application: null, userErrors: [{ __typename: "InvalidStateError" }] });
  });

  test("a canary is not offered yet, and says so", async () => {
    const one = await living(fixture, 1);
    expect(await mutation(one, "upgradeApplication", "UpgradeApplicationInput", { template: template("shop/web:2"), strategy: { kind: "CANARY" } })).toMatchObject({
      userErrors: [{ __typename: "InvalidArgumentError", path: ["input", "strategy", "kind"] }],
    });
  });

  test("the rollout is a node of its own, with all that belongs to it", async () => {
    const one = await living(fixture);
    const none = await run(one.tenant.actor, `query ($id: ID!) { node(id: $id) { ... on Application { rollout { id } } } }`, { id: one.applicationId });
    expect(none.node.rollout).toBeNull();
    const { application, operation } = await mutation(one, "upgradeApplication", "UpgradeApplicationInput", {
      template: template("shop/web:2"), strategy: { updateStrategy: { maxUnavailable: { count: 0 } }, progressDeadlineSeconds: 45, autoRollback: false },
    });
    const { node } = await run(one.tenant.actor, `query ($id: ID!) { node(id: $id) { id ... on Rollout { application { id } from { number } to { number } strategy
      updateStrategy { maxUnavailable { count percent } maxSurge { count percent } } clusterIds progressDeadlineSeconds autoRollback operation { id } state updated total
      steps { percent pauseSeconds state } currentStep reason startedAt finishedAt } } }`, { id: application.rollout.id });
    expect(node).toEqual({
      id: application.rollout.id, application: { id: one.applicationId }, from: { number: 1 }, to: { number: 2 }, strategy: "FULL",
      updateStrategy: { maxUnavailable: { count: 0, percent: null }, maxSurge: { count: null, percent: 25 } }, clusterIds: [], progressDeadlineSeconds: 45, autoRollback: false,
      operation: { id: operation.id }, state: "PROGRESSING", updated: 0, total: 4, steps: [], currentStep: null, reason: null, startedAt: "2026-01-01T00:00:00.000Z", finishedAt: null,
    });
    const stranger = await fixture.tenant();
    expect((await run(stranger.actor, `query ($id: ID!) { node(id: $id) { id } }`, { id: application.rollout.id })).node).toBeNull();
    await admin.query("update rollout set cluster_ids = $2 where id = $1", [application.rollout.id.split(".")[1], [one.clusters[0]?.id]]);
    expect((await run(one.tenant.actor, `query ($id: ID!) { node(id: $id) { ... on Rollout { clusterIds } } }`, { id: application.rollout.id })).node.clusterIds).toEqual([one.clusters[0]?.globalId]);
  });

  test("revisions tell what they changed, of the one before or of any other", async () => {
    const one = await living(fixture, 1);
    for (const image of ["shop/web:2", "shop/web:3"]) {
      await mutation(one, "upgradeApplication", "UpgradeApplicationInput", { template: template(image) });
      await settle(admin, one.id);
    }
    const query = `query ($id: ID!, $from: Int) { node(id: $id) { ... on Application { revisions(first: 3) { nodes { number changes(from: $from) { path before after } } } } } }`;
    const changes = async (from: number | null): Promise<Data> => (await run(one.tenant.actor, query, { id: one.applicationId, from })).node.revisions.nodes;
    const image = (before: string, after: string) => ({ path: "containers.server.image", before, after });
    const mode = (before: string | null, after: string | null) => ({ path: "containers.server.env.MODE", before, after });
    const [third, second, first] = await changes(null);
    expect([first.number, first.changes]).toEqual([1, []]);
    expect(second.changes).toEqual(expect.arrayContaining([
      image("registry.example/shop/web:1.0", "shop/web:2"), mode(null, "shop/web:2"),
      { path: "containers.server.env.PASSWORD", before: "canary-5e1f", after: null },
      { path: "containers.server.ports.8080/TCP", before: { name: null, containerPort: 8080, protocol: "TCP" }, after: null },
    ]));
    expect(third.changes).toEqual([image("shop/web:2", "shop/web:3"), mode("shop/web:2", "shop/web:3")]);
    const [fromSecond, itself, back] = await changes(2);
    expect(fromSecond.changes).toEqual(third.changes);
    expect(itself.changes).toEqual([]);
    expect(back.changes).toContainEqual(image("shop/web:2", "registry.example/shop/web:1.0"));
    const missing = await execute(one.tenant.actor, query, { id: one.applicationId, from: 9 });
    expect(missing.errors?.[0]?.message).toBe("The application has no revision 9.");
    expect(missing.errors?.[0]?.path).toEqual(["node", "revisions", "nodes", 0, "changes"]);
  });
});

describe("operations", () => {
  test("are cancelled and retried, and say whether they can be", async () => {
    const one = await living(fixture);
    const { operation } = await mutation(one, "scaleApplication", "ScaleApplicationInput", { replicas: 5 });
    expect(operation).toMatchObject({ cancellable: true, retryable: false });
    expect(await act(one, "retryOperation", operation.id)).toMatchObject({ operation: null, userErrors: [{ __typename: "InvalidStateError", state: "PENDING", path: null }] });
    expect(await act(one, "cancelOperation", operation.id)).toMatchObject({ operation: { id: operation.id, cancellable: false, retryable: false, error: expect.stringContaining("Cancelled by owner") }, userErrors: [] });
    await settle(admin, one.id);

    const restart = (await mutation(one, "restartApplication", "ApplicationActionInput", {})).operation;
    await admin.query("update operation_step set state = 'FAILED', finished_at = now() where operation_id = $1", [restart.id.split(".")[1]]);
    await admin.query("update operation set state = 'FAILED', finished_at = now() where id = $1", [restart.id.split(".")[1]]);
    const read = async (id: string): Promise<Data> => (await run(one.tenant.actor, `query ($id: ID!) { operation(id: $id) { cancellable retryable } }`, { id })).operation;
    expect(await read(restart.id)).toEqual({ cancellable: false, retryable: true });
    const retried = await act(one, "retryOperation", restart.id);
    expect(retried).toMatchObject({ operation: { kind: "RESTART_APPLICATION", state: "PENDING", cancellable: false, retryable: false }, userErrors: [] });
    expect(await read(restart.id)).toEqual({ cancellable: false, retryable: false });
    expect(await act(one, "cancelOperation", "nonsense")).toMatchObject({ operation: null, userErrors: [{ __typename: "NotFoundError", path: ["input", "operationId"] }] });
  });

  /** Every kind that may be in every state, forward and on the way back, with what its steps are about there, gone, or not failed; newer ones of the same object or not. */
  test("cancellable and retryable say exactly what the mutations would answer", async () => {
    const one = await living(fixture, 1);
    const { operation: scale } = await mutation(one, "scaleApplication", "ScaleApplicationInput", { replicas: 3 });
    const { rows: [{ before }] } = await admin.query("select before from operation where id = $1", [scale.id.split(".")[1]]);
    await settle(admin, one.id);
    const upgrade = must(await services.applications.upgrade(one.tenant.actor, { applicationId: one.applicationId, template: VERSION_2 }));
    const { rows: [{ rollout_id: onIt }] } = await admin.query("select rollout_id from operation where id = $1", [upgrade.operationId]);
    await settle(admin, one.id);
    const { rows: [{ id: offIt }] } = await admin.query(
      `insert into rollout (tenant_id, id, application_id, namespace_id, to_revision_id, strategy, update_strategy, progress_deadline_seconds, auto_rollback, state, started_at, progressed_at, finished_at)
       select tenant_id, $2, id, namespace_id, (select r.id from revision r where r.application_id = a.id and r.number = 1), 'FULL', '{}', 1, true, 'ROLLED_BACK', now(), now(), now() from application a where id = $1 returning id`,
      [one.id, randomUUIDv7()],
    );

    interface Case { readonly kind: string; readonly state: string; readonly endsAs?: string | null; readonly step?: string; readonly gone?: boolean; readonly rollout?: string; readonly before?: boolean; readonly newer?: boolean; readonly deleting?: boolean; readonly retried?: boolean; readonly placed?: boolean }
    const cases: Case[] = [
      ...[...RETRYABLE_OPERATIONS, "CREATE_VPC", "WARM_IMAGE"].flatMap((kind) => OPERATION_STATES.map((state): Case => ({ kind, state }))),
      ...RETRYABLE_STATES.flatMap((state): Case[] => [
        { kind: "SCALE_APPLICATION", state, endsAs: "CANCELLED" }, { kind: "SCALE_APPLICATION", state, step: "SUCCEEDED" }, { kind: "SCALE_APPLICATION", state, step: "SUPERSEDED" },
        { kind: "SCALE_APPLICATION", state, step: "RUNNING" }, { kind: "SCALE_APPLICATION", state, gone: true }, { kind: "UPGRADE_APPLICATION", state, rollout: onIt },
        { kind: "UPGRADE_APPLICATION", state, rollout: offIt }, { kind: "STOP_APPLICATION", state, newer: true }, { kind: "STOP_APPLICATION", state, before: false },
        { kind: "CREATE_SERVICE", state, gone: true }, { kind: "CREATE_SERVICE", state, deleting: true }, { kind: "DELETE_SERVICE", state, deleting: true },
        { kind: "IMPORT_MANIFESTS", state, deleting: true }, { kind: "DELETE_APPLICATION", state, deleting: true }, { kind: "IMPORT_MANIFESTS", state, retried: true },
        { kind: "DELETE_APPLICATION", state, deleting: true, placed: false }, { kind: "RESTART_APPLICATION", state, placed: false },
      ]),
    ];
    const elsewhere = await fixture.cluster();
    const wrong: unknown[] = [];
    const counts = { cancellable: 0, retryable: 0 };
    for (const shape of cases) {
      const { kind, state, endsAs = null, step = "FAILED", gone = false, rollout = null, newer = false, deleting = false, retried = false, placed = true } = shape;
      // Each stands alone: no other operation of its target but a newer one that is asked for.
      await admin.query("delete from operation where tenant_id = $1", [one.tenant.id]);
      const ofService = kind.endsWith("_SERVICE");
      const service = randomUUIDv7();
      await admin.query("delete from service where tenant_id = $1", [one.tenant.id]);
      await admin.query("update application set deleting = $2 where id = $1", [one.id, deleting && !ofService]);
      if ((ofService || !placed) && !gone) {
        await admin.query(
          `insert into service (tenant_id, id, namespace_id, application_id, cluster_id, vpc_id, name, type, ports, status, version, generation, deleting, created_at, updated_at)
           select a.tenant_id, $2, a.namespace_id, a.id, p.cluster_id, p.vpc_id, 'web', 'CLUSTER_IP', '[]', 'FAILED', 1, 1, $3, now(), now() from application a join placement p on p.application_id = a.id where a.id = $1`,
          [one.id, service, deleting],
        );
      }
      const home = one.clusters[0]?.id;
      if (!placed) await admin.query("update placement set cluster_id = $2 where application_id = $1", [one.id, elsewhere.id]);
      const ids = { operation: randomUUIDv7(), target: gone ? randomUUIDv7() : ofService ? service : one.id };
      const insert = `insert into operation (tenant_id, id, kind, state, namespace_id, target_type, target_id, target_name, completed, total, actor, created_at, progressed_at, finished_at, ends_as, before, rollout_id)
        select tenant_id, $2, $3, $4, namespace_id, $5, $6, 'web', 0, 1, 'owner', now(), now(), case when $7 then now() end, $8, $9, $10 from application where id = $1`;
      const type = ofService ? "Service" : "Application";
      const target = kind === "IMPORT_MANIFESTS" ? [null, null] : [type, ofService ? service : one.id];
      const withBefore = shape.before ?? /^(UPGRADE|ROLL_BACK|SCALE|STOP|START)_APPLICATION|UPDATE_DISTRIBUTION$/.test(kind);
      await admin.query(insert, [one.id, ids.operation, kind, state, ...target, isTerminal(state as never), endsAs, withBefore ? JSON.stringify(before) : null, rollout]);
      await admin.query(
        `insert into operation_step (tenant_id, id, operation_id, namespace_id, cluster_id, target_type, target_id, name, state, completed, total, finished_at)
         select tenant_id, $2, $3, namespace_id, $4, $5, $6, 'c', $7, 0, 1, case when $8 then now() end from application where id = $1`,
        [one.id, randomUUIDv7(), ids.operation, one.clusters[0]?.id, type, ids.target, step, isTerminal(step as never)],
      );
      if (retried) await admin.query("insert into operation (tenant_id, id, kind, state, target_name, completed, total, actor, created_at, progressed_at, retry_of) values ($1, $2, $3, 'RUNNING', 'web', 0, 1, 'owner', now(), now(), $4)", [one.tenant.id, randomUUIDv7(), kind, ids.operation]);
      if (newer) await admin.query(insert, [one.id, randomUUIDv7(), "RESTART_APPLICATION", "SUCCEEDED", ...target, true, null, null, null]);

      const id = globalId("Operation", ids.operation);
      const { operation } = await run(one.tenant.actor, `query ($id: ID!) { operation(id: $id) { cancellable retryable } }`, { id });
      const input = { operationId: id };
      const [retry, cancel] = [await tried(one.tenant.actor, (tx) => retryOperation(tx, input)), await tried(one.tenant.actor, (tx) => cancelOperation(tx, input))];
      if (operation.cancellable !== cancel.ok || operation.retryable !== retry.ok) wrong.push({ ...shape, said: operation, cancel, retry });
      if (cancel.ok) counts.cancellable += 1;
      if (retry.ok) counts.retryable += 1;
      if (!placed) await admin.query("update placement set cluster_id = $2 where application_id = $1", [one.id, home]);
    }
    expect(wrong).toEqual([]);
    expect(counts.cancellable).toBeGreaterThan(6 * 3);
    expect(counts.retryable).toBeGreaterThan(RETRYABLE_OPERATIONS.length * 2);
  }, 120_000);
});

/** What a mutation would answer: it is rolled back. */
async function tried(actor: Actor, work: (tx: Transaction) => Promise<Outcome<unknown>>): Promise<Outcome<unknown>> {
  class Undo extends Error {
    readonly outcome: Outcome<unknown>;
    constructor(outcome: Outcome<unknown>) {
      super("undone");
      this.outcome = outcome;
    }
  }
  try {
    return await inScope(fixture.orm, scopeOf(actor), async (em) => {
      const tx = new Transaction(em, actor, clock.now());
      const outcome = await work(tx);
      if (outcome.ok) await tx.finish();
      throw new Undo(outcome);
    });
  } catch (error) {
    if (error instanceof Undo) return error.outcome;
    throw error;
  }
}
