/**
 * What every object with an id is watched by: the one place that says which rows of the timeline tell that an object of a type may be shown
 * otherwise than before. A type without a line here can't be watched, and a test enumerates the types.
 *
 * Beside its own changes an object is concerned by what it shows of others: a cluster that falls silent makes stale what is on it, the pods of an
 * application are its services' endpoints. What goes when its application goes, without a row of its own, is looked for then.
 */
import type { WatchedType } from "../../server/realtime/state-stream.ts";
import { Application, Placement } from "../application/ref.ts";
import type { Entity } from "../builder.ts";
import { ClusterNode } from "../fleet/ref.ts";
import { Service } from "../network/ref.ts";
import { Operation, OperationStep } from "../operation/ref.ts";
import { Pod } from "../pod/ref.ts";
import { type Column, type Columns, rows, type Sql, sql, uuids } from "./mapping/sql.ts";

/** Rows for which the condition holds, given the ids of what was noted apart. */
const concerned =
  <E extends object>(_of: Entity<E>, condition: (row: Columns<E>, isOne: (column: Column) => Sql) => Sql): NonNullable<WatchedType["concernedBy"]> =>
  (ids) =>
  (row: Columns<E>) =>
    condition(row, (column) => sql`${column} = any (${uuids(ids)})`);

const endpoints = (service: Columns<{ applicationId: string; clusterId: string }>, isOne: (column: Column) => Sql) =>
  rows(Pod, (pod) => sql`select from ${pod} where ${isOne(pod.id)} and ${pod.applicationId} = ${service.applicationId} and ${pod.clusterId} = ${service.clusterId}`);

export const WATCHED: Readonly<Record<string, WatchedType>> = {
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

  Cluster: { kinds: { cluster: "ids", node: "cluster" } },
  ClusterNode: { kinds: { node: "ids", cluster: "apart" }, concernedBy: concerned(ClusterNode, (node, isOne) => isOne(node.clusterId)) },
  /** Written by the fleet's description alone, when a cluster says hello. */
  Region: { kinds: {} },

  Vpc: { kinds: { vpc: "ids", subnet: "apart" } },
  Subnet: { kinds: { subnet: "ids" } },
  Service: {
    kinds: { service: "ids", pod: "around", cluster: "apart" },
    concernedBy: concerned(Service, (service, isOne) => sql`${isOne(service.clusterId)} or exists (${endpoints(service, isOne)})`),
  },
  ConfigMap: { kinds: { configMap: "ids" } },
  Secret: { kinds: { secret: "ids" } },

  /** Its steps are on clusters: how things stand there is shown with them. */
  Operation: {
    kinds: { operation: "ids", cluster: "apart" },
    concernedBy: concerned(Operation, (operation, isOne) =>
      sql`exists (${rows(OperationStep, (step) => sql`select from ${step} where ${step.operationId} = ${operation.id} and ${isOne(step.clusterId)}`)})`),
  },
  /** Whatever it counts. */
  Overview: { kinds: { application: "apart", placement: "apart", pod: "apart", vpc: "apart", service: "apart", configMap: "apart", secret: "apart", cluster: "apart" } },

  ApiToken: { kinds: { token: "ids" } },
  /** Written once, and never again. */
  AuditEntry: { kinds: {} },
  Tenant: { kinds: {} },
  /** The caller: another token is another viewer. */
  Viewer: { kinds: {} },
};
