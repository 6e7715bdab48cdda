import type { Item } from "./relay.ts";
import type { TestDatabase } from "./database.ts";
import { rowsOf } from "./rows.ts";

/**
 * Lists of 0 to 7 rows for every kind of place that pages: applications of tenants and of namespaces, and what belongs to an application, a service, a
 * ConfigMap, an operation. All lists share a few names, times and numbers, so that there are ties in each, and a cursor of one list means a place in
 * the others. Two more rows, in a list of their own, stand before and behind all others.
 *
 * Times have microseconds here, which the tables' own columns round away: what a cursor says of a time must not depend on that.
 */
export const LENGTHS = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** Equal names are told apart by their namespace. UTF-16 would order the last ones otherwise than UTF-8. */
const NAMES = ["a", "a", "A-b", "é", "～", "𝄞", "𝄞"] as const;
const TIMES = [
  "2026-01-01T00:00:00.000002", "2026-01-01T00:00:00.000001", "2026-01-01T00:00:00.000001", "2026-01-01T00:00:00.001000", "2025-12-31T23:59:59.999999",
  "2026-01-01T00:00:00.000002", "2026-03-29T02:30:00.500000",
] as const;
const NUMBERS = [10, 9, 10, 0, 2_147_483_647, -1, 9] as const;
const LEAST = { name: "", createdAt: "0001-01-01T00:00:00.000000", updatedAt: "0001-01-01T00:00:00.000000", version: -2_147_483_647 };
const GREATEST = { name: "\u{10ffff}", createdAt: "9999-12-31T23:59:59.999999", updatedAt: "9999-12-31T23:59:59.999999", version: 2_147_483_647 };

export type Lists = ReadonlyMap<string, readonly Item[]>;
export interface PageWorld {
  /** A tenant for each length, and the one with the two outermost rows: its applications, and those in the namespace "one". */
  readonly tenants: readonly { readonly tenantId: string; readonly applications: readonly Item[]; readonly inOne: readonly Item[] }[];
  /** The tenant of everything below, by parents' global ids. */
  readonly tenantId: string;
  readonly ofNamespaces: Lists;
  readonly pods: Lists;
  readonly runningPods: Lists;
  readonly endpoints: Lists;
  readonly revisions: Lists;
  readonly operations: Lists;
  readonly steps: Lists;
  readonly runningSteps: Lists;
  readonly usedBy: Lists;
}

const valuesOf = (index: number) => ({ name: NAMES[index] as string, createdAt: TIMES[index] as string, updatedAt: TIMES[6 - index] as string, version: NUMBERS[index] as number });
const inUtc = (time: string): string => `${time}+00`;

export async function makePageWorld(database: TestDatabase): Promise<PageWorld> {
  const { admin } = database;
  const rows = rowsOf(admin);
  for (const table of ["application", "operation"]) await admin.query(`alter table ${table} alter created_at type timestamptz(6)`);
  await admin.query("alter table application alter updated_at type timestamptz(6)");

  type Namespaced = { readonly id: string; readonly revisionId: string; readonly namespaceId: string; readonly item: Item };
  const application = async (tenantId: string, namespaceId: string, { name, createdAt, updatedAt, version }: typeof LEAST): Promise<Namespaced> => {
    const made = await rows.application(tenantId, namespaceId, name, { created_at: inUtc(createdAt), updated_at: inUtc(updatedAt), version });
    return { ...made, namespaceId, item: { id: made.id, keys: { name, createdAt, updatedAt, version } } };
  };

  const tenants: PageWorld["tenants"][number][] = [];
  for (const length of [...LENGTHS, "outermost" as const]) {
    const tenantId = await rows.tenant();
    const namespaces = [await rows.namespace(tenantId, "one"), await rows.namespace(tenantId, "two")];
    const made: Namespaced[] = [];
    const values = length === "outermost" ? [LEAST, GREATEST] : Array.from({ length }, (_, index) => valuesOf(index));
    for (const [index, value] of values.entries()) made.push(await application(tenantId, namespaces[index % 2] as string, value));
    tenants.push({ tenantId, applications: made.map(({ item }) => item), inOne: made.filter(({ namespaceId }) => namespaceId === namespaces[0]).map(({ item }) => item) });
  }

  // ---------------------------------------------------------------- below parents
  const tenantId = await rows.tenant();
  const region = await rows.region("east");
  const clusterId = await rows.cluster(region, "a");
  const vpcId = await rows.vpc(tenantId, clusterId, "net");
  const lists = { ofNamespaces: new Map<string, Item[]>(), pods: new Map<string, Item[]>(), runningPods: new Map<string, Item[]>(), endpoints: new Map<string, Item[]>(), revisions: new Map<string, Item[]>(),
    operations: new Map<string, Item[]>(), steps: new Map<string, Item[]>(), runningSteps: new Map<string, Item[]>(), usedBy: new Map<string, Item[]>() };

  // Applications of which there are as many as a namespace's name says, and two more for the outermost places.
  for (const length of [...LENGTHS, "outermost" as const]) {
    const namespaceId = await rows.namespace(tenantId, `with-${length}`);
    const values = length === "outermost" ? [LEAST, GREATEST] : Array.from({ length }, (_, index) => ({ ...valuesOf(index), name: `${NAMES[index]}${index === 1 || index === 6 ? "2" : ""}` }));
    const items: Item[] = [];
    for (const value of values) items.push((await application(tenantId, namespaceId, value)).item);
    lists.ofNamespaces.set(`Namespace.${namespaceId}`, items);
  }

  // Seven applications that ConfigMaps are used by, and their outermost ones.
  const [one, two] = [await rows.namespace(tenantId, "one"), await rows.namespace(tenantId, "two")];
  const users: Namespaced[] = [];
  for (const index of NAMES.keys()) users.push(await application(tenantId, index % 2 === 0 ? one : two, valuesOf(index)));
  const outermost = [await application(tenantId, one, LEAST), await application(tenantId, one, GREATEST)];
  for (const length of [...LENGTHS, "outermost" as const]) {
    const configId = await rows.configMap(tenantId, one, `used-by-${length}`);
    const using = length === "outermost" ? outermost : users.slice(0, length);
    for (const user of using) await rows.configReference({ tenantId, ...user }, "ConfigMap", configId);
    lists.usedBy.set(`ConfigMap.${configId}`, using.map(({ item }) => item));
  }

  // An application with as many pods, revisions and operations; a service of it with as many endpoints; an operation with as many steps.
  const parents = await rows.namespace(tenantId, "parents");
  for (const [place, length] of [...LENGTHS, "outermost" as const].entries()) {
    const parent = await rows.application(tenantId, parents, `parent-${place}`);
    const of = { tenantId, namespaceId: parents, ...parent };
    const placementId = await rows.placement(of, clusterId, vpcId);
    const values = length === "outermost" ? [LEAST, GREATEST] : Array.from({ length }, (_, index) => valuesOf(index));
    const pod = { ...of, applicationId: parent.id, placementId, clusterId };
    const serviceId = await rows.service({ ...of, applicationId: parent.id, clusterId, vpcId }, `service-${place}`);
    const operationId = await rows.operation(tenantId, { kind: "IMPORT_MANIFESTS" });
    const [running, all, operations, steps, allSteps]: Item[][] = [[], [], [], [], []];
    for (const [index, { name, createdAt }] of values.entries()) {
      running?.push({ id: await rows.pod(pod, name, { private_ip: `10.0.0.${index + 1}` }), keys: { name } });
      operations?.push({ id: await rows.operation(tenantId, { target_type: "Application", target_id: parent.id, created_at: inUtc(createdAt) }), keys: { createdAt } });
      steps?.push({ id: await rows.operationStep(tenantId, operationId, name, { message: `${index}` }), keys: { name, message: `${index}` } });
    }
    // What the filters leave out stands among the others.
    for (const name of place % 2 === 0 ? [] : ["A-b", "b"]) {
      all?.push({ id: await rows.pod(pod, name, { phase: "PENDING", ready: false }), keys: { name } });
      allSteps?.push({ id: await rows.operationStep(tenantId, operationId, name, { state: "FAILED", message: `failed-${name}` }), keys: { name, message: `failed-${name}` } });
    }
    await rows.operation(tenantId, { target_type: "Service", target_id: parent.id, created_at: inUtc(TIMES[0]) });
    const revisions: Item[] = [{ id: parent.revisionId, keys: { number: 1 } }];
    for (let number = 2; number <= values.length; number += 1) {
      const { rows: [made] } = await admin.query<{ id: string }>(
        `insert into revision select tenant_id, gen_random_uuid(), application_id, namespace_id, $2, template, template_hash, message, created_by, created_at from revision where id = $1 returning id`,
        [parent.revisionId, length === "outermost" ? 2_147_483_647 : number],
      );
      revisions.push({ id: made?.id as string, keys: { number: length === "outermost" ? 2_147_483_647 : number } });
    }
    lists.runningPods.set(`Application.${parent.id}`, running ?? []);
    lists.pods.set(`Application.${parent.id}`, [...(running ?? []), ...(all ?? [])]);
    lists.endpoints.set(`Service.${serviceId}`, running ?? []);
    lists.operations.set(`Application.${parent.id}`, operations ?? []);
    lists.revisions.set(`Application.${parent.id}`, revisions);
    lists.runningSteps.set(`Operation.${operationId}`, steps ?? []);
    lists.steps.set(`Operation.${operationId}`, [...(steps ?? []), ...(allSteps ?? [])]);
  }
  return { tenants, tenantId, ...lists };
}
