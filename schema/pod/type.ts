import type { ContainerSpec as ContainerSpecValue } from "../../server/domain/pod-template.ts";
import type { ContainerStatus } from "../../server/domain/pod.ts";
import type { Pod as PodRow } from "../../server/entities/pod.ts";
import { ContainerSpec } from "../application/pod-template.ts";
import { Application, Placement, Revision } from "../application/ref.ts";
import { builder, Node } from "../builder.ts";
import { EVENT_ORDER, eventConditions, EventFilter } from "../event/filter.ts";
import { Event } from "../event/ref.ts";
import { Cluster, ClusterNode } from "../fleet/ref.ts";
import { podChart, readChart } from "../metric/charts.ts";
import { MetricSeries, MetricsInput } from "../metric/type.ts";
import { ContainerState, PodPhase } from "../shared/enums.ts";
import { type Columns, rows, type Sql, sql } from "../shared/mapping/sql.ts";
import { clusterIsStale, clusterLastSeen } from "../shared/staleness.ts";
import { Pod } from "./ref.ts";

/** As the pod's row has it; the spec comes along where it is asked for. */
const Container = builder.objectRef<ContainerStatus & { readonly spec: ContainerSpecValue }>("Container").implement({
  access: "VIEWER",
  fields: (t) => ({
    name: t.exposeString("name"),
    image: t.exposeString("image"),
    state: t.expose("state", { type: ContainerState }),
    ready: t.exposeBoolean("ready"),
    restartCount: t.exposeInt("restartCount"),
    reason: t.exposeString("reason", { nullable: true }),
    exitCode: t.exposeInt("exitCode", { nullable: true }),
    startedAt: t.expose("startedAt", { type: "DateTime", nullable: true }),
    spec: t.expose("spec", { type: ContainerSpec }),
  }),
});

Pod.implement({
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    name: t.exposeString("name"),
    application: t.one(Application, "applicationId"),
    placement: t.one(Placement, "placementId", { nullable: true, description: "null while it terminates on a cluster that the application has left." }),
    cluster: t.one(Cluster, "clusterId"),
    node: t.one(ClusterNode, "nodeId", { nullable: true }),
    revision: t.one(Revision, "revisionId"),
    phase: t.expose("phase", { type: PodPhase }),
    ready: t.exposeBoolean("ready"),
    reason: t.exposeString("reason", { nullable: true, description: "E.g. ImagePullBackOff, CrashLoopBackOff, Unschedulable, NodeLost; null when all is well." }),
    message: t.exposeString("message", { nullable: true }),
    privateIp: t.expose("privateIp", { type: "IPAddress", nullable: true }),
    restartCount: t.exposeInt("restartCount"),
    containers: t.sql({ type: [Container], sql: (pod, _args, _request, selected) => (selected.has("spec") ? containersWithSpecs(pod) : sql`${pod.containers}`) }),
    createdAt: t.expose("createdAt", { type: "DateTime" }),
    startedAt: t.expose("startedAt", { type: "DateTime", nullable: true }),
    observedAt: t.sql({
      type: "DateTime",
      nullable: true,
      description: "When its cluster last vouched for what is shown here; stale once the cluster has been silent for 30 seconds.",
      sql: (pod) => clusterLastSeen(pod.clusterId),
    }),
    stale: t.sql({ type: "Boolean", sql: (pod, _args, request) => clusterIsStale(pod.clusterId, request) }),
    metrics: t.sql({ type: [MetricSeries], args: { input: t.arg({ type: MetricsInput, required: true }) }, sql: podChart, read: readChart }),
    events: t.page(Event, "podId", {
      description: "Newest first; of the last hour unless the filter says since when.",
      args: { filter: t.arg({ type: EventFilter }) },
      where: (event, { filter }, request) => eventConditions(event, filter, request),
      order: EVENT_ORDER,
    }),
  }),
});

/** Each container's status with its spec, by name, from the template that the pod runs. */
const containersWithSpecs = (pod: Columns<PodRow>): Sql => {
  const spec = rows(
    Revision,
    (revision) => sql`select s from ${revision}, jsonb_array_elements(${revision.template}->'containers') s
      where ${revision.id} = ${pod.revisionId} and s->>'name' = c->>'name'`,
  );
  return sql`(select coalesce(jsonb_agg(c || jsonb_build_object('spec', (${spec})) order by n), '[]') from jsonb_array_elements(${pod.containers}) with ordinality x (c, n))`;
};
