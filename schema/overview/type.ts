import type { ApplicationStatus as ApplicationStatusValue, PodPhase as PodPhaseValue } from "../../server/domain/states.ts";
import type { Region as RegionRow } from "../../server/entities/region.ts";
import { Application, Placement } from "../application/ref.ts";
import { builder, Node } from "../builder.ts";
import { Cluster, Region } from "../fleet/ref.ts";
import { Service, Vpc } from "../network/ref.ts";
import { Pod } from "../pod/ref.ts";
import { ApplicationStatus, PodPhase } from "../shared/enums.ts";
import type { Request } from "../shared/mapping/kinds.ts";
import { type Column, type Columns, rows, type Rows, type Sql, sql } from "../shared/mapping/sql.ts";
import { staleCluster } from "../shared/staleness.ts";
import { reservedFor } from "../shared/usage.ts";
import { Overview, RegionOverview } from "./ref.ts";

interface StatusCount {
  readonly status: ApplicationStatusValue;
  readonly count: number;
}
const ApplicationStatusCount = builder.objectRef<StatusCount>("ApplicationStatusCount").implement({
  access: "VIEWER",
  fields: (t) => ({ status: t.expose("status", { type: ApplicationStatus }), count: t.exposeInt("count") }),
});
const ApplicationOverview = builder.objectRef<{ readonly total: number; readonly byStatus: readonly StatusCount[] }>("ApplicationOverview").implement({
  access: "VIEWER",
  fields: (t) => ({ total: t.exposeInt("total"), byStatus: t.expose("byStatus", { type: [ApplicationStatusCount] }) }),
});

interface PhaseCount {
  readonly phase: PodPhaseValue;
  readonly count: number;
}
const PodPhaseCount = builder.objectRef<PhaseCount>("PodPhaseCount").implement({
  access: "VIEWER",
  fields: (t) => ({ phase: t.expose("phase", { type: PodPhase }), count: t.exposeInt("count") }),
});
interface PodOverviewValue {
  readonly total: number;
  readonly running: number;
  readonly other: number;
  readonly byPhase: readonly PhaseCount[];
  readonly stale: number;
}
const PodOverview = builder.objectRef<PodOverviewValue>("PodOverview").implement({
  access: "VIEWER",
  fields: (t) => ({
    total: t.exposeInt("total"),
    running: t.exposeInt("running"),
    other: t.exposeInt("other"),
    byPhase: t.expose("byPhase", { type: [PodPhaseCount] }),
    stale: t.exposeInt("stale", { description: "On clusters that have been silent too long: what is shown of these pods is what was last heard." }),
  }),
});

const ResourceOverview = builder.objectRef<{ readonly cpuMillis: number; readonly memoryMiB: number; readonly vpcs: number; readonly services: number }>("ResourceOverview").implement({
  access: "VIEWER",
  description: "cpuMillis and memoryMiB are whole numbers that may exceed 32 bits: Float.",
  fields: (t) => ({ cpuMillis: t.exposeFloat("cpuMillis"), memoryMiB: t.exposeFloat("memoryMiB"), vpcs: t.exposeInt("vpcs"), services: t.exposeInt("services") }),
});

Overview.implement({
  description: "One per tenant: a message of the subscription updates what the query put into a cache.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    applications: t.sql({ type: ApplicationOverview, weight: 20, sql: () => byGroup("status", "byStatus", rows(Application, (application) => grouped(application.status, "status", application))) }),
    pods: t.sql({ type: PodOverview, weight: 20, sql: (_overview, _args, request, selected) => podOverview(request, selected.has("stale")) }),
    resources: t.sql({ type: ResourceOverview, weight: 20, sql: (_overview, _args, request) => resourceOverview(request) }),
    distribution: t.list(RegionOverview, { weight: 50, where: hasPlacements, description: "The regions where the caller's applications are placed." }),
  }),
});

const grouped = (key: Column, name: string, table: Columns<object>): Sql => sql`select ${key} as ${raw(name)}, count(*) as count from ${table} group by 1`;
/** Words of ours, as they stand. */
const raw = (text: string): Sql => ({ kind: "sql", parts: [text] });

const byGroup = (key: string, name: string, groups: Rows, more: Sql = sql``): Sql =>
  sql`(select json_build_object('total', coalesce(sum(g.count), 0), '${raw(name)}', coalesce(json_agg(json_build_object('${raw(key)}', g.${raw(key)}, 'count', g.count) order by g.${raw(key)}), '[]')${more}) from (${groups}) g)`;

function podOverview(request: Request, withStale: boolean): Sql {
  const running = sql`coalesce(sum(g.count) filter (where g.phase = 'RUNNING'), 0)`;
  const other = sql`coalesce(sum(g.count) filter (where g.phase <> 'RUNNING'), 0)`;
  const staleClusters = rows(Cluster, (cluster) => sql`select ${cluster.id} from ${cluster} where ${staleCluster(cluster, request)}`);
  const stale = withStale ? sql`(${rows(Pod, (pod) => sql`select count(*) from ${pod} where ${pod.clusterId} in (${staleClusters})`)})` : sql`0`;
  return byGroup("phase", "byPhase", rows(Pod, (pod) => grouped(pod.phase, "phase", pod)), sql`, 'running', ${running}, 'other', ${other}, 'stale', ${stale}`);
}

const resourceOverview = ({ viewer }: Request): Sql => {
  const vpcs = rows(Vpc, (vpc) => sql`select count(*) from ${vpc}`);
  const services = rows(Service, (service) => sql`select count(*) from ${service}`);
  return sql`(select json_build_object('cpuMillis', coalesce(sum(u.cpu), 0), 'memoryMiB', coalesce(sum(u.memory), 0), 'vpcs', (${vpcs}), 'services', (${services})) from (${reservedFor(viewer)}) u)`;
};

const clustersOf = (region: Columns<RegionRow>): Rows => rows(Cluster, (cluster) => sql`select ${cluster.id} from ${cluster} where ${cluster.regionId} = ${region.id}`);
const placementsIn = (region: Columns<RegionRow>, what: (placement: Columns<{ clusterId: string; applicationId: string }>) => Sql): Rows =>
  rows(Placement, (placement) => sql`select ${what(placement)} from ${placement} where ${placement.clusterId} in (${clustersOf(region)})`);
function hasPlacements(region: Columns<RegionRow>): Sql {
  return sql`exists (${placementsIn(region, () => sql``)})`;
}

RegionOverview.implement({
  fields: (t) => ({
    region: t.part(Region),
    clusters: t.sql({ type: "Int", description: "That the caller's applications are placed on.", sql: (region) => sql`(${placementsIn(region, (placement) => sql`count(distinct ${placement.clusterId})`)})` }),
    applications: t.sql({ type: "Int", sql: (region) => sql`(${placementsIn(region, (placement) => sql`count(distinct ${placement.applicationId})`)})` }),
    pods: t.sql({ type: "Int", sql: (region) => sql`(${rows(Pod, (pod) => sql`select count(*) from ${pod} where ${pod.clusterId} in (${clustersOf(region)})`)})` }),
  }),
});
