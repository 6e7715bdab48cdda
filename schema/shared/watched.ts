/**
 * What every object with an id is watched by: the one place that says which rows of the timeline tell that an object of a type may be shown
 * otherwise than before. A type without a line here can't be watched, and a test enumerates the types.
 *
 * Beside its own changes an object is concerned by what it shows of others: a cluster that falls silent makes stale what is on it, the pods of an
 * application are its services' endpoints. What goes when its application goes, without a row of its own, is looked for then.
 *
 * Some fields change far more often than the object itself: `for` says which, and what tells of them to those who ask for one of them. Of objects
 * that a field leads to only which these are is told, and that only where a line here says so: they can be watched themselves.
 */
import type { ConfigReference as ConfigReferenceRow } from "../../server/entities/config-reference.ts";
import type { Watched } from "../../server/realtime/fanout.ts";
import type { WatchedType } from "../../server/realtime/state-stream.ts";
import { Application, Placement } from "../application/ref.ts";
import type { Entity } from "../builder.ts";
import { ConfigMap, Secret } from "../config/ref.ts";
import { Fault } from "../fault/ref.ts";
import { ClusterNode } from "../fleet/ref.ts";
import { Service, Subnet } from "../network/ref.ts";
import { Operation, OperationStep } from "../operation/ref.ts";
import { Pod } from "../pod/ref.ts";
import { Rollout } from "../rollout/ref.ts";
import { type Column, type Columns, type EntityToken, rows, type Sql, sql, uuids } from "./mapping/sql.ts";

export interface WatchedBy extends WatchedType {
  readonly for?: { readonly fields: ReadonlySet<string>; readonly kinds: Watched };
}

/** Rows for which the condition holds, given the ids of what was noted apart. */
const concerned =
  <E extends object>(_of: Entity<E>, condition: (row: Columns<E>, isOne: (column: Column) => Sql) => Sql): NonNullable<WatchedType["concernedBy"]> =>
  (ids) =>
  (row: Columns<E>) =>
    condition(row, (column) => sql`${column} = any (${uuids(ids)})`);

const endpoints = (service: Columns<{ applicationId: string; clusterId: string }>, isOne: (column: Column) => Sql) =>
  rows(Pod, (pod) => sql`select from ${pod} where ${isOne(pod.id)} and ${pod.applicationId} = ${service.applicationId} and ${pod.clusterId} = ${service.clusterId}`);

const ConfigReference: EntityToken<ConfigReferenceRow> = { entity: "ConfigReference" };

/** Who uses it changes with an application's revision, and once a rollout has nothing to go back to any more. */
const configuration = <E extends { id: string }>(of: Entity<E>, kind: "configMap" | "secret"): WatchedBy => ({
  kinds: { [kind]: "ids" },
  for: { fields: new Set(["usedBy"]), kinds: { application: "around", rollout: "apart" } },
  concernedBy: concerned(of, (object, isOne) => {
    const ofRollout = (reference: Columns<ConfigReferenceRow>) =>
      rows(Rollout, (rollout) => sql`select from ${rollout} where ${isOne(rollout.id)} and ${rollout.applicationId} = ${reference.applicationId}`);
    const references = rows(
      ConfigReference,
      (reference) => sql`select from ${reference} where ${reference.configId} = ${object.id} and (${isOne(reference.applicationId)} or exists (${ofRollout(reference)}))`,
    );
    return sql`exists (${references})`;
  }),
});

export const WATCHED: Readonly<Record<string, WatchedBy>> = {
  Application: {
    kinds: { application: "ids", cluster: "apart" },
    concernedBy: concerned(Application, (application, isOne) =>
      sql`exists (${rows(Placement, (placement) => sql`select from ${placement} where ${placement.applicationId} = ${application.id} and ${isOne(placement.clusterId)}`)})`),
  },
  Revision: { kinds: { application: "gone" } },
  Rollout: { kinds: { rollout: "ids", application: "gone" } },
  Placement: { kinds: { placement: "ids", cluster: "apart" }, concernedBy: concerned(Placement, (placement, isOne) => isOne(placement.clusterId)) },
  Pod: { kinds: { pod: "ids", cluster: "apart" }, concernedBy: concerned(Pod, (pod, isOne) => isOne(pod.clusterId)) },
  Namespace: { kinds: { namespace: "ids" } },

  Cluster: { kinds: { cluster: "ids", node: "cluster" }, for: { fields: new Set(["podCount", "allocated"]), kinds: { pod: "cluster", usage: "ids" } } },
  ClusterNode: {
    kinds: { node: "ids", cluster: "apart" },
    for: { fields: new Set(["allocated"]), kinds: { pod: "around" } },
    concernedBy: concerned(ClusterNode, (node, isOne) => {
      const pods = rows(Pod, (pod) => sql`select from ${pod} where ${isOne(pod.id)} and ${pod.clusterId} = ${node.clusterId} and ${pod.nodeId} = ${node.id}`);
      return sql`${isOne(node.clusterId)} or exists (${pods})`;
    }),
  },
  Region: { kinds: { region: "ids" } },

  Vpc: { kinds: { vpc: "ids", subnet: "apart" } },
  Subnet: {
    kinds: { subnet: "ids" },
    for: { fields: new Set(["usedIps", "availableIps"]), kinds: { pod: "around" } },
    concernedBy: concerned(Subnet, (subnet, isOne) => {
      const placed = (pod: Columns<{ placementId: string }>) =>
        rows(Placement, (placement) => sql`select from ${placement} where ${placement.id} = ${pod.placementId} and ${placement.subnetId} = ${subnet.id}`);
      return sql`${isOne(subnet.clusterId)} or exists (${rows(Pod, (pod) => sql`select from ${pod} where ${isOne(pod.id)} and exists (${placed(pod)})`)})`;
    }),
  },
  Service: {
    kinds: { service: "ids", pod: "around", cluster: "apart" },
    concernedBy: concerned(Service, (service, isOne) => sql`${isOne(service.clusterId)} or exists (${endpoints(service, isOne)})`),
  },
  ConfigMap: configuration(ConfigMap, "configMap"),
  Secret: configuration(Secret, "secret"),

  /** Its steps are on clusters: how things stand there is shown with them. */
  Operation: {
    kinds: { operation: "ids", cluster: "apart" },
    concernedBy: concerned(Operation, (operation, isOne) =>
      sql`exists (${rows(OperationStep, (step) => sql`select from ${step} where ${step.operationId} = ${operation.id} and ${isOne(step.clusterId)}`)})`),
  },
  /** Whatever it counts. */
  Overview: { kinds: { application: "apart", placement: "apart", pod: "apart", vpc: "apart", service: "apart", configMap: "apart", secret: "apart", cluster: "apart" } },

  /** Stored once, and never changed. */
  Event: { kinds: { event: "ids" } },
  /** It shows what it strikes while that is there. */
  Fault: { kinds: { fault: "ids", pod: "gone", node: "gone" }, concernedBy: concerned(Fault, (fault, isOne) => isOne(fault.subjectId)) },

  ApiToken: { kinds: { token: "ids" } },
  /** What it shows of itself never changes. */
  TerminalSession: { kinds: {} },
  /** Written once, and never again. */
  AuditEntry: { kinds: {} },
  Tenant: { kinds: {} },
  /** The caller: another token is another viewer. */
  Viewer: { kinds: {} },
};

/** What tells of objects of a type to a document that asks for fields; undefined where the type can't be watched. */
export function watchedBy(type: string, asksForAny: (fields: ReadonlySet<string>) => boolean): WatchedType | undefined {
  const watched = Object.hasOwn(WATCHED, type) ? WATCHED[type] : undefined;
  if (!watched?.for || !asksForAny(watched.for.fields)) return watched;
  return { ...watched, kinds: { ...watched.kinds, ...watched.for.kinds } };
}
