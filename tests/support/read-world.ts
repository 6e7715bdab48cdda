import type { Pool } from "pg";
import { globalId } from "#server/domain/ids.ts";
import { type PodTemplate, referencesOf } from "#server/domain/pod-template.ts";
import {
  APPLICATION_STATUSES, AUDIT_OUTCOMES, CAPACITY_TYPES, CLUSTER_TIERS, CONTAINER_STATES, DISCONNECT_MODES, EVENT_TYPES, FAULT_KINDS, ISPS, NETWORK_STATUSES, OPERATION_KINDS, OPERATION_STATES, POD_PHASES, ROLES,
  ROLLOUT_STATES, SECRET_TYPES,
  WORKLOAD_KINDS,
} from "#server/domain/states.ts";
import { type Dice, diceOf } from "./random.ts";
import { createReadMetrics, type Measured } from "./read-metrics.ts";
import { templateNumber, tornTemplate, type Referable, type Referables } from "./read-templates.ts";
import { type Asking, NOW } from "./reading.ts";

/**
 * A database with everything that the schema can show, small but nasty: texts that need escaping, equal order keys, nulls in every nullable column,
 * empty and long lists, documents with each member there and left out, references to what is gone or another's, and sets of one row less, as many, and one
 * more than a page. It is the same for the same seed, and nothing in it changes afterwards.
 *
 *   main    three namespaces with something in them, and one without      other   what main must never see
 *   empty   a tenant and its default namespace                            torn    rows that lack what must be there: no answer without errors
 */
export interface ReadWorld {
  readonly viewers: readonly WorldViewer[];
  /** Of the tenant main, global ids by type. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
  /** The same of each tenant. */
  readonly idsOf: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** Of other tenants. */
  readonly foreignIds: readonly string[];
  /** What arguments and members of inputs may be given, by their names. */
  readonly words: ReadonlyMap<string, readonly string[]>;
  /** Of applications. */
  readonly labels: readonly { readonly key: string; readonly value: string }[];
}

export interface WorldViewer extends Asking {
  readonly name: string;
  /** How often it asks, relative to the others. */
  readonly weight: number;
  /** What it sees is whole: nothing that it asks for may be called an internal error. */
  readonly whole: boolean;
}

type Value = string | number | boolean | null | object;
type Line = Readonly<Record<string, Value>>;

/** Each sorts, escapes or folds in a way of its own. */
const NAMES: readonly string[] = [
  "web", "Web", "web-2", "api", "a\"quoted\"", "back\\slash\\", "new\nline", "tab\t\u0001\u001f\u007f", "emoji-\u{1F600}\u{1F469}\u200D\u{1F680}", "中文名称", "שלום-عليكم", "line\u2028para\u2029", "100%_sure", "'; drop table pod; --",
  "$1 ${x} {{y}}", "e\u0301", "\u00e9", "\uFEFFbom", " ", "</script>", "ß", "İ",
];
const LONG = `long-${"0123456789".repeat(40)}`;
const TIMES = [0, 0, 0, 1, 999, 1000, 86_400_000, -86_400_000].map((ms) => new Date(Date.parse("2026-05-01T00:00:00.000Z") + ms).toISOString());

/** Milliseconds before now. */
const EVENT_AGES = [0, 0, 1, 1_000, 1_000, 60_000, 3_599_999, 3_600_000, 3_600_001, 7_200_000, 86_400_000, -5_000, 60_000, 120_000];
const EVENT_REASONS = ["BackOff", "Failed", "Scheduled", "Unhealthy", "Killing"];

const UPDATE_STRATEGIES = [
  { maxUnavailable: { percent: 25 }, maxSurge: { count: 1 } },
  { maxUnavailable: { count: 0 }, maxSurge: { percent: 100 } },
  { maxUnavailable: { count: 2, percent: null }, maxSurge: { count: null, percent: 0 } },
];
const INPUTS: readonly (object | string | null)[] = [
  null, {}, [], "text", { name: "a\"b\\c", nested: { list: [1, -0.5, 1e21, 1e-7, 0.1, true, null, [], {}], "\u2028": "\u{1F600}" } }, { numbers: [2_147_483_648, 9_007_199_254_740_991, -1.7976931348623157e308, 5e-324] },
  { "": "", "a.b": { $x: "\u0001" } }, [[[]]],
];

interface Tenant {
  readonly id: string;
  readonly namespaces: readonly { readonly id: string; readonly name: string }[];
  readonly vpcs: readonly { readonly id: string; readonly clusterId: string; readonly subnets: readonly string[] }[];
  readonly configMaps: readonly (Referable & { readonly namespaceId: string })[];
  readonly secrets: readonly (Referable & { readonly namespaceId: string })[];
}

export async function createReadWorld(admin: Pool, seed = 1): Promise<ReadWorld> {
  const made = new Maker(diceOf(seed));
  const fleet = made.fleet();
  const tenants = { other: made.tenant("other", ["default", "one"], fleet, 4), main: made.tenant("main", ["default", "one", "two", "none-in-it"], fleet, 14), torn: made.tenant("torn", ["default"], fleet, 4) };
  made.tenant("empty", ["default"], [], 0);
  // Templates of main also name what is gone, and what is another tenant's.
  const gone = { id: made.dice.uuid(), name: "gone" };
  made.applications(tenants.other, 5, tenants.other);
  made.applications(tenants.main, 25, { configMaps: [...tenants.main.configMaps.slice(0, 6), gone, ...tenants.other.configMaps.slice(0, 1)], secrets: [...tenants.main.secrets.slice(0, 5), gone, ...tenants.other.secrets.slice(0, 1)] });
  made.applications(tenants.torn, 8, tenants.torn);
  made.operations(tenants.other, 6, []);
  made.audit(tenants.main, 21);
  made.operations(tenants.main, 64, made.idsOf(tenants.other.id));
  made.audit(tenants.main, 22);
  made.audit(tenants.other, 3);
  made.events(tenants.main, 60);
  made.events(tenants.other, 12);
  made.terminals(tenants.main, 7);
  made.terminals(tenants.other, 2);
  made.platformEvents(24);
  made.faults(21);
  made.tear(tenants.torn);
  await made.write(admin);
  await createReadMetrics(admin, [tenants.main, tenants.other].flatMap(({ id }) => made.lines("pod").filter((pod) => pod["tenant_id"] === id).slice(0, 6)) as unknown as Measured[],
    made.lines("cluster_node").slice(0, 4) as unknown as { id: string; cluster_id: string }[]);

  const [byDefault, one, two] = tenants.main.namespaces.map(({ id }) => id) as [string, string, string];
  const tenantId = tenants.main.id;
  const emptyId = made.lines("tenant").find(({ name }) => name === "empty")?.["id"] as string;
  const viewers: WorldViewer[] = [
    { name: "owner", tenantId, role: "OWNER", weight: 30, whole: true },
    { name: "operator", tenantId, role: "OPERATOR", weight: 8, whole: true },
    { name: "viewer", tenantId, role: "VIEWER", weight: 12, whole: true },
    { name: "platform admin", tenantId, role: "PLATFORM_ADMIN", weight: 18, whole: true },
    { name: "owner of a namespace", tenantId, role: "OWNER", namespaceIds: [one], weight: 10, whole: true },
    { name: "platform admin of two namespaces", tenantId, role: "PLATFORM_ADMIN", namespaceIds: [byDefault, two], weight: 8, whole: true },
    { name: "viewer of no namespace", tenantId, role: "VIEWER", namespaceIds: [], weight: 3, whole: true },
    { name: "owner of another tenant", tenantId: tenants.other.id, role: "OWNER", weight: 4, whole: true },
    { name: "owner of nothing", tenantId: emptyId, role: "OWNER", weight: 2, whole: true },
    { name: "owner of what is torn", tenantId: tenants.torn.id, role: "OWNER", weight: 5, whole: false },
  ];
  const idsOf = new Map(made.lines("tenant").map(({ id }) => [id as string, made.globalIds(id as string)] as const));
  return { viewers, ids: made.globalIds(tenantId), idsOf, foreignIds: [...made.globalIds(tenants.other.id).values()].flat().slice(0, 200), words: made.words(tenantId), labels: made.labels };
}

/** Tables in the order in which they are written, and the types of their rows. */
const TABLES: readonly (readonly [table: string, type: string | null])[] = [
  ["region", "Region"], ["cluster", "Cluster"], ["cluster_node", "ClusterNode"], ["tenant", "Tenant"], ["api_token", "ApiToken"], ["namespace", "Namespace"], ["vpc", "Vpc"], ["subnet", "Subnet"],
  ["application", "Application"], ["revision", "Revision"], ["placement", "Placement"], ["pod", "Pod"], ["rollout", "Rollout"], ["config_map", "ConfigMap"], ["secret", "Secret"], ["config_reference", null],
  ["service", "Service"], ["operation", "Operation"], ["operation_step", null], ["audit_entry", "AuditEntry"], ["cluster_usage", null], ["event", "Event"], ["fault", "Fault"], ["terminal_session", "TerminalSession"],
];

class Maker {
  readonly dice: Dice;
  readonly labels = [{ key: "app", value: "web" }, { key: "app", value: "api" }, { key: "tier", value: "前端\"" }, { key: "", value: "" }, { key: "a.b/c", value: "\u{1F600}" }];
  readonly #tables = new Map<string, Line[]>(TABLES.map(([table]) => [table, []]));
  #named = 0;

  constructor(dice: Dice) {
    this.dice = dice;
  }

  lines(table: string): readonly Line[] {
    return this.#tables.get(table) ?? [];
  }

  #add(table: string, line: Line): string {
    (this.#tables.get(table) as Line[]).push(line);
    return line["id"] as string;
  }

  #replace(table: string, fits: (line: Line) => boolean, values: Line): void {
    this.#tables.set(table, this.lines(table).map((line) => (fits(line) ? { ...line, ...values } : line)));
  }

  /** By turns, so that each is used; unique where `among` is said to have them. */
  #name(unique = false): string {
    const name = NAMES[this.#named % NAMES.length] as string;
    this.#named += 1;
    return unique ? `${name}${Math.floor(this.#named / NAMES.length)}-${this.#named}` : name;
  }
  #time(): string {
    return this.dice.pick(TIMES);
  }
  #maybe<T>(value: T, p = 0.5): T | null {
    return this.dice.chance(p) ? value : null;
  }

  // ---------------------------------------------------------------- the platform

  fleet(): string[] {
    const { dice } = this;
    const regions = [["east", "same"], ["north", "same"], ["west", "西部 \"w\""], ["nowhere", "no clusters"]].map(([code, name]) => this.#add("region", { id: dice.uuid(), code: code as string, name: name as string }));
    const seen = [null, -10_000, -30_000, -30_001, -86_400_000, 0, 5_000, -29_999].map((ms) => (ms === null ? null : new Date(NOW + ms).toISOString()));
    return seen.map((lastSeen, index) => {
      const cluster = this.#add("cluster", {
        id: dice.uuid(), code: `c-${index}`, name: index % 3 === 0 ? "twin" : this.#name(), region_id: regions[index % 3] as string, province: index % 2 === 0 ? "Zhejiang" : "浙江", city: this.#name(),
        tier: CLUSTER_TIERS[index % 3] as string, isp: ISPS[index % 4] as string, latitude: [30.25, 0.1 + 0.2, -0, 1e-7, 90, -33.868_819_7, 1, 12.000_000_000_000_002][index] as number,
        longitude: [120.5, -180, 1e21, 0, 151.209_295_5, 2.5e-9, -1, 100][index] as number, status: index % 4 === 0 ? "DISCONNECTED" : "ONLINE", last_seen_at: lastSeen, cordoned: index % 2 === 1,
        cpu_millis: 64_000 + index, memory_mib: 2_147_483_647, pods: index, reserved_cpu_millis: 1_000 * index, reserved_memory_mib: 512 * index, reserved_pods: index,
        prices: { currency: "CNY", cpuCoreHour: "0.05", memoryGiBHour: "0.000000000000000001", publicGiB: "123456789012345678", eipHour: "-1", spotDiscount: 0.1 + 0.2, offPeakDiscount: 1 },
      });
      for (let node = 0; node < ([4, 0, 1, 2, 3, 5, 0, 1][index] as number); node += 1) {
        this.#add("cluster_node", {
          id: dice.uuid(), cluster_id: cluster, name: this.#name(true), status: node % 2 === 0 ? "READY" : "NOT_READY", cordoned: node === 1, labels: dice.some(this.labels, node / 4), cpu_millis: 16_000, memory_mib: 32_768, pods: 250,
        });
      }
      return cluster;
    });
  }

  tenant(name: string, namespaceNames: readonly string[], clusters: readonly string[], many: number): Tenant {
    const { dice } = this;
    const id = this.#add("tenant", { id: dice.uuid(), name, created_at: this.#time() });
    const namespaces = namespaceNames.map((namespace, index) => ({
      name: namespace,
      id: this.#add("namespace", { tenant_id: id, id: dice.uuid(), name: namespace, description: index === 0 ? "" : this.#name(), is_default: namespace === "default", created_at: this.#time() }),
    }));
    for (let token = 0; token < Math.ceil(many / 2); token += 1) {
      const namespaceLists = [null, [], ["one"], ["one", "two"], ["gone\"\\"]];
      this.#add("api_token", {
        tenant_id: id, id: dice.uuid(), name: token % 3 === 0 ? "twin" : this.#name(), role: ROLES[token % 4] as string, namespaces: namespaceLists[token % 5] ?? null, prefix: `slv_${token}`, hash: `\\x${dice.uuid().replaceAll("-", "")}`,
        created_at: this.#time(), last_used_at: this.#maybe(this.#time()), expires_at: this.#maybe(this.#time()), revoked_at: this.#maybe(this.#time()),
      });
    }
    const vpcs = clusters.flatMap((clusterId, index) =>
      Array.from({ length: 1 + (index % 2) }, (_, n) => {
        const vpc = this.#add("vpc", {
          tenant_id: id, id: dice.uuid(), cluster_id: clusterId, name: n === 0 ? "net" : this.#name(), cidr: n === 0 ? "10.0.0.0/16" : "192.168.0.0/17", is_default: n === 0, status: NETWORK_STATUSES[(index + n) % 5] as string, version: 1 + index,
          created_at: this.#time(),
        });
        const subnets = Array.from({ length: (index + n) % 4 }, (_unused, s) =>
          this.#add("subnet", {
            tenant_id: id, id: dice.uuid(), vpc_id: vpc, cluster_id: clusterId, name: s === 0 ? "subnet" : this.#name(true), cidr: `10.0.${s}.0/${s === 1 ? 30 : 24}`, gateway: `10.0.${s}.1`, is_default: s === 0, status: NETWORK_STATUSES[s % 5] as string,
            created_at: this.#time(),
          }));
        return { id: vpc, clusterId, subnets };
      }));
    const namespaceOf = (n: number): string => namespaces[n % Math.min(3, namespaces.length)]?.id as string;
    const entries = [[], [{ key: "a", value: "1" }], [{ key: "a", value: "\"\\\n\u2028" }, { key: "b", value: "" }, { key: "ключ", value: "值" }], Array.from({ length: 12 }, (_, n) => ({ key: `k${n}`, value: "x".repeat(n * 50) }))];
    const configMaps = Array.from({ length: many === 0 ? 0 : 9 }, (_, n) => {
      const data = entries[n % 4] ?? [];
      const config = { id: dice.uuid(), name: n % 4 === 0 ? "twin" : this.#name(true), namespaceId: namespaceOf(n) };
      const unique = config.name === "twin" ? `twin${Math.floor(n / 12)}${namespaces.length < 3 ? n : ""}` : config.name;
      this.#add("config_map", {
        tenant_id: id, id: config.id, namespace_id: config.namespaceId, name: unique, description: n === 0 ? "" : this.#name(), keys: data.map(({ key }) => key), data, content: dice.uuid(), version: 1 + n,
        created_at: this.#time(), updated_at: this.#time(),
      });
      return { ...config, name: unique };
    });
    const secrets = Array.from({ length: many === 0 ? 0 : 7 }, (_, n) => {
      const secret = { id: dice.uuid(), name: n === 3 ? LONG : this.#name(true), namespaceId: namespaceOf(n) };
      this.#add("secret", {
        tenant_id: id, id: secret.id, namespace_id: secret.namespaceId, name: secret.name, description: this.#name(), type: SECRET_TYPES[n % 3] as string, keys: n === 0 ? [] : ["b", "a\"", "\\"].slice(0, n), key_id: "0".repeat(16),
        wrapped_key: "\\x00", ciphertext: "\\x00", content: dice.uuid(), version: 1, created_at: this.#time(), updated_at: this.#time(),
      });
      return secret;
    });
    for (const [index, clusterId] of clusters.slice(0, 5).entries()) this.#add("cluster_usage", { tenant_id: id, cluster_id: clusterId, cpu_millis: 100 * index, memory_mib: 64 * index, pods: index });
    return { id, namespaces, vpcs, configMaps, secrets };
  }

  // ---------------------------------------------------------------- applications, and what is theirs

  applications(tenant: Tenant, many: number, referables: Referables): void {
    for (let n = 0; n < many; n += 1) this.#application(tenant, n, referables);
  }

  #application(tenant: Tenant, n: number, referables: Referables): void {
    const { dice } = this;
    const tenant_id = tenant.id;
    const [id, namespace_id] = [dice.uuid(), tenant.namespaces[n % Math.min(3, tenant.namespaces.length)]?.id as string];
    const owned = { tenant_id, application_id: id, namespace_id };
    const revisions = Array.from({ length: 1 + (n % 4) }, (_, index) => {
      const template = templateNumber(n + index, referables);
      const revision = this.#add("revision", {
        ...owned, id: dice.uuid(), number: index + 1, template, template_hash: `hash-${n + index}`, message: index === 0 ? "" : this.#name(), created_by: this.#name(), created_at: this.#time(),
      });
      for (const { kind, id: config_id, keys } of referencesOf(template)) this.#add("config_reference", { ...owned, revision_id: revision, kind, config_id, keys });
      return revision;
    });
    const current = dice.pick(revisions);

    const rollout = n % 5 === 4 ? null : dice.uuid();
    this.#add("application", {
      // Three namespaces share names; names that differ in case or form only are others.
      tenant_id, id, namespace_id, name: n === 7 ? LONG : `${NAMES[Math.floor(n / 3) % NAMES.length]}`.concat(tenant.namespaces.length < 3 ? `-${n}` : ""), description: n % 2 === 0 ? "" : this.#name(),
      workload_kind: WORKLOAD_KINDS[n % 4] as string, capacity_type: CAPACITY_TYPES[n % 3] as string, labels: dice.some(this.labels, (n % 5) / 4), status: APPLICATION_STATUSES[n % 9] as string, status_reason: this.#maybe(this.#name()),
      version: n === 0 ? 2_147_483_647 : n, deletion_protection: n % 2 === 0, update_strategy: UPDATE_STRATEGIES[n % 3] as object, revision_id: current, desired: n, created: n + 1, ready: n + 2, updated: n + 3, unavailable: n + 4,
      deleting: n % 9 === 8, created_at: this.#time(), updated_at: this.#time(), rollout_id: rollout,
    });
    // One that is over before the last one, so that not every rollout is some application's newest.
    for (const [index, rolloutId] of [dice.uuid(), rollout].entries()) {
      if (rolloutId === null || (index === 0 && n % 3 !== 0)) continue;
      const state = ROLLOUT_STATES[(n + index) % 7] as string;
      const ended = index === 0 || !["PROGRESSING", "PAUSED", "ABORTING"].includes(state);
      this.#add("rollout", {
        ...owned, id: rolloutId, from_revision_id: this.#maybe(dice.pick(revisions), 0.7), to_revision_id: dice.pick(revisions), strategy: n % 4 === 3 ? "CANARY" : "FULL", update_strategy: UPDATE_STRATEGIES[(n + 1) % 3] as object,
        cluster_ids: tenant.vpcs.slice(0, n % 4).map(({ clusterId }) => clusterId), progress_deadline_seconds: 600, auto_rollback: n % 2 === 0, operation_id: null, state, updated: n, total: n + 1, reason: this.#maybe(this.#name()),
        started_at: this.#time(), progressed_at: this.#time(), finished_at: ended ? this.#time() : null,
      });
    }

    const used = new Set<string>();
    const pods = [0, 1, 2, 3, 4, 19, 20, 21][n % 8] as number;
    const vpcs = tenant.vpcs.filter(({ clusterId }) => !used.has(clusterId) && used.add(clusterId) && dice.chance(0.35)).slice(0, 4);
    const places = vpcs.map(({ id: vpc_id, clusterId, subnets }, index) => {
      const host = (n + index) % 4 === 0;
      const placementId = this.#add("placement", {
        ...owned, id: dice.uuid(), cluster_id: clusterId, revision_id: dice.pick(revisions), network_type: host ? "HOST" : "VPC", vpc_id, subnet_id: host ? null : (subnets[0] ?? null), desired: index, created: index + 1, ready: index + 2,
        updated: index + 3, unavailable: index + 4, generation: 3, observed_generation: index, reason: this.#name(), assign_eip: index === 1, eip_bandwidth_mbps: 5 + index, deleting: index === 2,
      });
      return { clusterId, placementId, vpcId: vpc_id };
    });
    for (let pod = 0; places.length > 0 && pod < pods; pod += 1) this.#pod(owned, dice.pick(places), dice.pick(revisions), pod);
    for (const [index, { clusterId, vpcId }] of places.entries()) {
      for (let service = 0; service < (n + index) % 3; service += 1) {
        this.#add("service", {
          ...owned, id: dice.uuid(), cluster_id: clusterId, vpc_id: vpcId, name: this.#name(true), type: "CLUSTER_IP", cluster_ip: this.#maybe(`100.96.${n}.${index * 3 + service + 1}`, 0.7),
          ports: [[], [{ name: "http", protocol: "TCP", port: 80, containerPort: 8080 }], [{ name: "a", protocol: "UDP", port: 53, containerPort: 53 }, { name: "b\"", protocol: "TCP", port: 1, containerPort: 65_535 }]][(n + service) % 3] as object,
          status: NETWORK_STATUSES[(n + service) % 5] as string, version: 1, generation: 1, observed_generation: 1, problem: null, deleting: service === 1, created_at: this.#time(), updated_at: this.#time(),
        });
      }
    }
  }

  #pod(owned: Line, { clusterId, placementId }: { readonly clusterId: string; readonly placementId: string }, revisionId: string, n: number): void {
    const { dice } = this;
    const nodes = this.lines("cluster_node").filter((node) => node["cluster_id"] === clusterId).map(({ id }) => id as string);
    const specs = (this.lines("revision").find(({ id }) => id === revisionId)?.["template"] as { readonly containers: readonly { readonly name: string; readonly image: string }[] }).containers;
    const phase = POD_PHASES[dice.below(POD_PHASES.length)] as string;
    const containers = dice.some(specs, 0.8).map(({ name, image }, index) => ({
      name, image, state: CONTAINER_STATES[(n + index) % 3] as string, ready: index === 0, restartCount: index, reason: index % 2 === 0 ? null : "CrashLoopBackOff", exitCode: index % 2 === 0 ? null : 137,
      startedAt: index % 2 === 0 ? NOW - n * 1000 - 1 : null,
    }));
    this.#add("pod", {
      // Most share a name with a pod of another application: none of the keys of an order but the id tells them apart.
      ...owned, cluster_id: clusterId, id: dice.uuid(), placement_id: phase === "TERMINATING" && dice.chance(0.5) ? dice.uuid() : placementId, revision_id: revisionId, node_id: dice.chance(0.2) ? null : dice.chance(0.1) ? dice.uuid() : (nodes[n % Math.max(1, nodes.length)] ?? null),
      name: NAMES[n % NAMES.length] as string, phase, ready: dice.chance(0.6), reason: this.#maybe(this.#name()), message: this.#maybe(this.#name()), private_ip: dice.pick([null, `10.0.0.${n + 2}`, `10.0.0.${n + 2}`, `fd00::${n + 1}`]),
      restart_count: n, containers, created_at: this.#time(), started_at: this.#maybe(this.#time()), epoch: 1,
    });
  }

  // ---------------------------------------------------------------- what happened

  /** What may be a target: all that has an id; two types that nothing has; ids of others, and of nothing. */
  #targets(tenantId: string, foreign: readonly (readonly [string, string])[]): readonly (readonly [type: string | null, id: string | null])[] {
    const own = Map.groupBy(this.idsOf(tenantId), ([type]) => type);
    // Not everyone may see a token or an entry of the log.
    const guarded = [...(own.get("ApiToken") ?? []), ...(own.get("AuditEntry") ?? [])].slice(0, 12);
    return [...guarded, ...[...own.values()].flatMap((ids) => ids.slice(0, 3)), ...foreign.slice(0, 6), ["Application", this.dice.uuid()], ["LoadBalancer", this.dice.uuid()], ["OperationStep", this.dice.uuid()], ["Overview", tenantId], [null, null], [null, null]];
  }

  operations(tenant: Tenant, many: number, foreign: readonly (readonly [string, string])[]): void {
    const { dice } = this;
    const targets = this.#targets(tenant.id, foreign);
    const applications = this.lines("application").filter(({ tenant_id }) => tenant_id === tenant.id);
    const rollouts = this.lines("rollout").filter(({ tenant_id }) => tenant_id === tenant.id);
    const clusters = this.lines("cluster").map(({ id }) => id as string);
    let previous: string | null = null;
    for (let n = 0; n < many; n += 1) {
      const application = applications[n % applications.length] as Line;
      const [target_type, target_id] = n % 2 === 0 ? ["Application", application["id"] as string] : (targets[n % targets.length] as readonly [string | null, string | null]);
      const state = OPERATION_STATES[n % 10] as string;
      const id = dice.uuid();
      this.#add("operation", {
        tenant_id: tenant.id, id, kind: OPERATION_KINDS[n % OPERATION_KINDS.length] as string, state, namespace_id: n % 7 === 6 ? null : (application["namespace_id"] as string), target_type, target_id, target_name: this.#name(), completed: n % 4,
        total: n % 3 === 0 ? 0 : n, error: this.#maybe(this.#name()), actor: this.#name(), created_at: this.#time(), started_at: this.#maybe(this.#time()), finished_at: n % 10 < 4 ? null : this.#time(), progressed_at: this.#time(),
        ends_as: n % 6 === 5 ? dice.pick(["ROLLED_BACK", "CANCELLED"]) : null, before: n % 4 < 2 ? { desired: n } : null, retry_of: n % 11 === 10 ? previous : null, rollout_id: n % 5 === 0 ? ((rollouts[n % rollouts.length] as Line)["id"] as string) : null,
      });
      previous = id;
      for (let step = 0; step < n % 5; step += 1) {
        const [type, of] = dice.chance(0.5) ? ["Application", application["id"] as string] : (targets[(n + step) % targets.length] as readonly [string | null, string | null]);
        this.#add("operation_step", {
          tenant_id: tenant.id, id: dice.uuid(), operation_id: id, namespace_id: n % 7 === 6 ? null : (application["namespace_id"] as string), cluster_id: this.#maybe(dice.pick(clusters), 0.7), target_type: type, target_id: of,
          name: step % 2 === 0 ? "twin" : this.#name(), state: OPERATION_STATES[(n + step) % 10] as string, message: this.#maybe(this.#name()), completed: step, total: step + 1, finished_at: this.#maybe(this.#time()),
        });
      }
    }
    for (const [n, { id }] of rollouts.entries()) {
      const operation = n % 4 === 0 ? null : n % 4 === 1 ? dice.uuid() : previous;
      this.#replace("rollout", (line) => line["id"] === id, { operation_id: operation });
    }
  }

  /** Series of several records, some with one moment, on the edges of the hour that is shown and beyond it; of pods and applications that are there, gone, or another's. */
  events(tenant: Tenant, many: number): void {
    const { dice } = this;
    const applications = this.lines("application").filter(({ tenant_id }) => tenant_id === tenant.id);
    const pods = this.lines("pod").filter(({ tenant_id }) => tenant_id === tenant.id);
    const targets = this.#targets(tenant.id, this.idsOf(this.lines("tenant").find(({ id }) => id !== tenant.id)?.["id"] as string));
    for (let n = 0; n < many; n += 1) {
      const pod = n % 3 === 0 ? null : (pods[(n * 7) % pods.length] as Line);
      const isGone = n % 9 === 4;
      const owner = pod ?? { application_id: (applications[n % applications.length] as Line)["id"] as string, ...(applications[n % applications.length] as Line), cluster_id: dice.pick(this.lines("cluster"))["id"] as string };
      const object_id = isGone || pod === null ? dice.uuid() : (pod["id"] as string);
      const [involved_type, involved_id] = n % 4 === 0 ? (targets[n % targets.length] as readonly [string | null, string | null]) : pod ? ["Pod", object_id] : ["Application", owner["application_id"] as string];
      for (let record = 0; record < 1 + (n % 3); record += 1) {
        this.#event({
          cluster_id: owner["cluster_id"] as string, tenant_id: tenant.id, application_id: owner["application_id"] as string, namespace_id: owner["namespace_id"] as string, pod_id: pod === null ? null : object_id,
          object_kind: pod === null ? "placement" : "pod", object_id, object: `${pod === null ? "application" : "pod"}/${this.#name()}`, involved_type, involved_id,
        }, n, record);
      }
    }
  }

  platformEvents(many: number): void {
    const clusters = this.lines("cluster").map(({ id }) => id as string);
    for (let n = 0; n < many; n += 1) {
      const cluster = n % 8 === 7 ? "00000000-0000-0000-0000-000000000000" : this.dice.pick(clusters);
      this.#event({
        cluster_id: cluster, tenant_id: null, application_id: null, namespace_id: null, pod_id: null, object_kind: n % 2 === 0 ? "cluster" : "node", object_id: cluster, object: `cluster/${this.#name()}`,
        involved_type: n % 5 === 0 ? null : "Cluster", involved_id: n % 5 === 0 ? null : cluster,
      }, n, 0);
    }
  }

  #event(about: Line, n: number, record: number): void {
    const at = NOW - (EVENT_AGES[(n + record) % EVENT_AGES.length] as number);
    this.#add("event", {
      ...about, id: this.dice.uuid(), at: new Date(at).toISOString(), first_at: new Date(at - n * 1000).toISOString(), type: EVENT_TYPES[n % 2] as string, reason: EVENT_REASONS[n % EVENT_REASONS.length] as string, message: this.#name(),
      count: n === 0 ? 2_147_483_647 : record + 1, cause: this.#maybe(this.#name()),
    });
  }

  audit(tenant: Tenant, many: number): void {
    const targets = this.#targets(tenant.id, []);
    for (let n = 0; n < many; n += 1) {
      const [target_type, target_id] = targets[(n * 5) % targets.length] as readonly [string | null, string | null];
      const input = INPUTS[n % INPUTS.length] ?? null;
      this.#add("audit_entry", {
        tenant_id: tenant.id, id: this.dice.uuid(), at: this.#time(), actor: n % 3 === 0 ? "ada" : this.#name(), token_id: null, action: ["createApplication", "deletePod", "rotate\"Key"][n % 3] as string, target_type, target_id,
        target_name: this.#maybe(this.#name()), namespace_id: this.#maybe(tenant.namespaces[n % tenant.namespaces.length]?.id as string), input, outcome: AUDIT_OUTCOMES[n % 2] as string,
        source_address: [null, "192.0.2.1", "2001:db8::1", "::ffff:1.2.3.4"][n % 4] ?? null,
      });
    }
  }

  /** In force, over, and ended before; on clusters, nodes and pods of all tenants that are there, and on those that are gone. */
  /** The last of them of a pod that is gone. */
  terminals({ id: tenant_id }: Tenant, many: number): void {
    const { dice } = this;
    const pods = this.lines("pod").filter((line) => line["tenant_id"] === tenant_id);
    for (let n = 0; n < many; n += 1) {
      const pod = dice.pick(pods);
      const isOver = n % 3 === 2;
      this.#add("terminal_session", {
        tenant_id, id: dice.uuid(), namespace_id: pod["namespace_id"] as string, application_id: pod["application_id"] as string, cluster_id: pod["cluster_id"] as string,
        pod_id: n === many - 1 ? dice.uuid() : (pod["id"] as string), pod_name: pod["name"] as string, container: this.#name(), token_id: dice.uuid(), token_name: this.#name(), key_id: "key", wrapped_key: "\\x00",
        ciphertext: "\\x00", columns: 80, rows: 24, state: isOver ? "ENDED" : "OPEN", opened_at: dice.pick(TIMES), expires_at: dice.pick(TIMES), active_at: dice.pick(TIMES),
        ended_at: isOver ? (TIMES[0] as string) : null, end_reason: isOver ? "EXITED" : null, exit_code: isOver ? 0 : null, input_taken: n, output_stored: n, output_taken: n,
      });
    }
  }

  faults(many: number): void {
    const { dice } = this;
    const struck = { Cluster: this.lines("cluster").map((line) => [line["id"], line["id"]]), ClusterNode: this.lines("cluster_node").map((line) => [line["cluster_id"], line["id"]]), Pod: this.lines("pod").map((line) => [line["cluster_id"], line["id"]]) };
    for (let n = 0; n < many; n += 1) {
      const kind = FAULT_KINDS[n % FAULT_KINDS.length] as string;
      const target_type = kind === "DISCONNECT_CLUSTER" ? "Cluster" : kind === "CRASH_POD" ? "Pod" : kind === "FAIL_NODE" ? "ClusterNode" : dice.pick(["Cluster", "ClusterNode"] as const);
      const [cluster_id, there] = dice.pick(struck[target_type]) as [string, string];
      const target_id = target_type !== "Cluster" && n % 5 === 4 ? dice.uuid() : there;
      // One of a kind may be in force on a target.
      const isEnded = n % 4 === 3 || n > 15 || this.lines("fault").some((other) => other["kind"] === kind && other["target_id"] === target_id);
      // Half of them as of one moment, so that the order needs more than that.
      const startsAt = NOW - (n % 2 === 0 ? 60_000 : n * 1_000);
      const endsAt = NOW + ([1, -1, 3_600_000, 0][n % 4] as number);
      this.#add("fault", {
        id: dice.uuid(), kind, cluster_id, target_type, target_id, mode: kind === "DISCONNECT_CLUSTER" ? dice.pick(DISCONNECT_MODES) : null,
        seed: [0, -2_147_483_648, 2_147_483_647][n % 3] as number, starts_at: new Date(startsAt).toISOString(), ends_at: new Date(endsAt).toISOString(), ended_at: isEnded ? new Date(startsAt + 500).toISOString() : null,
      });
    }
  }

  /** Pods whose revision or application is gone, containers that no template has, and templates with what none has: what must not be null is, or of another type. */
  tear(tenant: Tenant): void {
    const revisions = this.lines("revision").filter(({ tenant_id }) => tenant_id === tenant.id);
    for (const [n, { id, template }] of revisions.entries()) this.#replace("revision", (line) => line["id"] === id, { template: tornTemplate(n, template as PodTemplate) });
    const pods = this.lines("pod").filter(({ tenant_id }) => tenant_id === tenant.id).map(({ id }) => id);
    const of = (n: number) => (line: Line): boolean => line["tenant_id"] === tenant.id && pods.indexOf(line["id"] ?? null) % 4 === n;
    this.#replace("pod", of(1), { revision_id: this.dice.uuid() });
    this.#replace("pod", of(2), { application_id: this.dice.uuid() });
    this.#replace("pod", of(3), { containers: [{ name: "unknown", image: "x", state: "RUNNING", ready: true, restartCount: 0, reason: null, exitCode: null, startedAt: null }] });
  }

  // ---------------------------------------------------------------- what was made

  /** Types and uuids of what is visible within the tenant. */
  idsOf(tenantId: string): (readonly [type: string, id: string])[] {
    return TABLES.flatMap(([table, type]) => {
      if (type === null) return [];
      const own = this.lines(table).filter((line) => (type === "Tenant" ? line["id"] === tenantId : (line["tenant_id"] ?? tenantId) === tenantId));
      return own.map(({ id }) => [type, id as string] as const);
    });
  }

  globalIds(tenantId: string): Map<string, string[]> {
    const ids = new Map([...Map.groupBy(this.idsOf(tenantId), ([type]) => type)].map(([type, some]) => [type, some.map(([, id]) => globalId(type, id))]));
    return ids.set("Overview", [globalId("Overview", tenantId)]);
  }

  words(tenantId: string): Map<string, readonly string[]> {
    const named = (tables: readonly string[], column = "name"): string[] => [
      ...new Set(tables.flatMap((table) => this.lines(table).filter((line) => (line["tenant_id"] ?? tenantId) === tenantId).map((line) => line[column] as string))),
    ];
    const names = named(["application", "service", "vpc", "subnet", "config_map", "secret"]);
    return new Map([
      ["name", named(["application"])], ["names", names], ["keyword", ["", "e", "WEB", "%", "_", "\\", "\"", "中", "\u{1F600}", "é", "twin", "subnet", "-1", "c-", "\n", "long-0123"]], ["namespace", named(["namespace"])],
      ["namespaces", named(["namespace"])], ["code", named(["cluster"], "code")], ["regionCodes", named(["region"], "code")], ["provinces", named(["cluster"], "province")], ["cities", named(["cluster"], "city")],
      ["reasons", EVENT_REASONS], ["actions", named(["audit_entry"], "action")], ["actor", named(["audit_entry"], "actor")], ["keys", ["a", "b", "k3", "k11", "ключ"]],
    ]);
  }

  async write(admin: Pool): Promise<void> {
    const client = await admin.connect();
    try {
      // Applications and revisions name each other.
      await client.query("begin");
      for (const [table] of TABLES) {
        const lines = this.lines(table);
        if (lines.length === 0) continue;
        const columns = Object.keys(lines[0] as Line).join(", ");
        await client.query(`insert into ${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::${table}, $1)`, [JSON.stringify(lines)]);
      }
      await client.query("commit");
    } finally {
      client.release();
    }
  }
}
