import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cancellable } from "#server/domain/operation-actions.ts";
import { OPERATION_KINDS, OPERATION_STATES, type OperationKind, type OperationState } from "#server/domain/states.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { openReading, type Reading } from "#tests/support/reading.ts";
import { rowsOf } from "#tests/support/rows.ts";
import { WAYS_UNDER_TEST } from "#tests/support/ways.ts";

/** What SQL says of a row where a pure rule, or arithmetic in JavaScript, says it as well: they agree. */
let database: TestDatabase;
let tenantId: string;
let operationId: string;
let rolloutId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const rows = rowsOf(database.admin);
  tenantId = await rows.tenant();
  const namespaceId = await rows.namespace(tenantId, "one");
  operationId = await rows.operation(tenantId);
  rolloutId = await rows.rollout({ tenantId, namespaceId, ...(await rows.application(tenantId, namespaceId, "a")) });
});
afterAll(() => database.drop());

/** Of nothing to do, all is done once the operation has ended. */
const percentOf = (completed: number, total: number, finished: boolean): number => (total === 0 ? (finished ? 100 : 0) : Math.min(100, (100 * completed) / total));

describe.each(WAYS_UNDER_TEST)("%s", (way) => {
  let reading: Reading;
  beforeAll(async () => {
    reading = await openReading(database, { way });
  });

  test("how many percent are done, to the last bit", async () => {
    const count = fc.oneof(fc.nat(12), fc.nat(100_000), fc.constantFrom(0, 1, 2_147_483_646, 2_147_483_647));
    await fc.assert(
      fc.asyncProperty(count, count, fc.boolean(), async (completed, total, finished) => {
        await database.admin.query("update operation set completed = $2, total = $3, finished_at = $4 where id = $1", [operationId, completed, total, finished ? new Date(0) : null]);
        // The operation's own fields and its progress's may have equal aliases.
        const { operation } = await reading.data({ tenantId }, `{ operation(id: "Operation.${operationId}") { percent: retryable progress { percent total again: percent } other: progress { percent: completed total: percent } } }`);
        const percent = percentOf(completed, total, finished);
        expect(operation).toEqual({ percent: false, progress: { percent, total, again: percent }, other: { percent: completed, total: percent } });
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test("whether an operation can be cancelled, for all that it can be", async () => {
    const befores = [null, "null", "{}", '{"placements": []}', "false"] as const;
    const facts = OPERATION_KINDS.flatMap((kind) => OPERATION_STATES.flatMap((state) => ([null, "CANCELLED", "ROLLED_BACK"] as const).flatMap((endsAs) => befores.map((before) => ({ kind, state, endsAs, before })))));
    const other = await rowsOf(database.admin).tenant();
    await database.admin.query(
      `insert into operation (tenant_id, id, kind, state, ends_as, before, target_name, completed, total, actor, created_at, progressed_at)
       select $1, gen_random_uuid(), f ->> 'kind', f ->> 'state', f ->> 'endsAs', (f ->> 'before')::jsonb, f::text, 0, 1, 'a test', now(), now() from jsonb_array_elements($2::jsonb) f`,
      [other, JSON.stringify(facts)],
    );
    const answers = new Map<boolean, number>();
    let seen = 0;
    for (let after: string | null = null; ; ) {
      const { operations } = (await reading.data({ tenantId: other }, "query ($after: String) { operations(first: 200, after: $after) { nodes { targetName cancellable } pageInfo { hasNextPage endCursor } } }", { after })) as {
        operations: { nodes: { targetName: string; cancellable: boolean }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
      };
      for (const { targetName, cancellable: said } of operations.nodes) {
        const fact = JSON.parse(targetName) as { kind: OperationKind; state: OperationState; endsAs: "CANCELLED" | "ROLLED_BACK" | null; before: string | null };
        const before: unknown = fact.before === null ? null : JSON.parse(fact.before);
        expect([fact, said]).toEqual([fact, cancellable({ ...fact, before })]);
        answers.set(said, (answers.get(said) ?? 0) + 1);
        seen += 1;
      }
      if (!operations.pageInfo.hasNextPage) break;
      after = operations.pageInfo.endCursor;
    }
    expect(seen).toBe(facts.length);
    // Six kinds in four states, with something to go back to.
    expect(answers.get(true)).toBe(6 * 4 * 3);
  }, 60_000);

  test("a rollout's clusters, in their own order", async () => {
    for (const clusters of [[], ["b", "a", "b"], ["00000000-0000-7000-8000-000000000001"]]) {
      await database.admin.query("update rollout set cluster_ids = $2 where id = $1", [rolloutId, clusters]);
      const { node } = await reading.data({ tenantId }, `{ node(id: "Rollout.${rolloutId}") { ... on Rollout { clusterIds steps { percent pauseSeconds state } currentStep } } }`);
      expect(node).toEqual({ clusterIds: clusters.map((id) => `Cluster.${id}`), steps: [], currentStep: null });
    }
  });
});
