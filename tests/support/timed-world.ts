import { randomUUID, randomUUIDv7 } from "node:crypto";
import { globalId, uuidOf } from "#server/domain/ids.ts";
import type { AgentConnection, AssignedPlacement, GatewayMessage, PodReport, Report } from "#server/fleet/link.ts";
import { hashToken, newToken, tokenPrefix } from "#server/identity/token.ts";
import { VOUCHES_MS } from "#server/realtime/looks.ts";
import { type Centre, createCentre, wallClock } from "./centre.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { eventually } from "./eventually.ts";
import { Ledger, type PresenceChange } from "./ledger.ts";
import { ScriptedAgent } from "./scripted-agent.ts";

/**
 * A database with a gateway, a worker and agents, two tenants, and callers that see all of one or a part of it; whatever of it changes is written into the ledger.
 * Names tell where they belong, and ids are the API's.
 */
export interface World {
  readonly database: TestDatabase;
  readonly centre: Centre;
  readonly ledger: Ledger;
  readonly tenants: readonly Tenant[];
  readonly agents: readonly CountingAgent[];
  close(): Promise<void>;
}
export interface Tenant {
  readonly name: string;
  readonly owner: Scope;
  readonly scopes: Scope[];
  /** They stay; each is changed by one writer. */
  readonly applications: Application[];
}
/** A token, and what its lists are called in the ledger. */
export interface Scope {
  readonly name: string;
  readonly token: string;
  readonly tenant: string;
  /** null: all. */
  readonly namespace: string | null;
}
export interface Application {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  labelled: boolean;
}
export const NAMESPACES = ["default", "edge"] as const;
export const MINE = "edge";

/** What a list of this kind is called, as this caller sees it. */
export const listOf = (kind: string, { tenant, namespace }: Pick<Scope, "tenant" | "namespace">): string => `${kind} of ${tenant}${namespace === null ? "" : `/${namespace}`}`;
export const servicesOf = (application: string): string => `services of ${application}`;
export const podsOf = (application: string): string => `pods of ${application}`;

/** A name that comes or goes, in all lists where it is shown. */
export function presence(ledger: Ledger, lists: readonly string[], name: string, present: boolean): { acknowledged(by: number | null): void; refused(): void } {
  const changes = lists.map((list): [string, PresenceChange] => [list, ledger.begins(list, name, present)]);
  return {
    acknowledged: (by) => {
      for (const [, change] of changes) ledger.acknowledged(change, by);
    },
    refused: () => {
      for (const [list, change] of changes) ledger.refused(list, name, change);
    },
  };
}

/** In which lists of the kind a thing of this namespace is. */
export const listsFor = (kind: string, tenant: string, namespace: string): string[] =>
  [listOf(kind, { tenant, namespace: null }), ...(namespace === MINE ? [listOf(kind, { tenant, namespace })] : [])];

/** On a busy machine. */
const ANSWERED_MS = 15_000;

/** Each time that it speaks, all that it tells of rises by one. */
export class CountingAgent extends ScriptedAgent {
  readonly #ledger: Ledger;
  readonly #dial: () => AgentConnection;
  readonly #owners = new Map<string, string>();
  readonly #there = new Set<string>();
  #count = 0;

  constructor(code: string, ledger: Ledger, dial: () => AgentConnection) {
    super(code);
    this.#ledger = ledger;
    this.#dial = dial;
    this.connect(dial());
  }

  /** Goes on behind the last report that was stored: as agents do who were not answered. */
  async resume(): Promise<void> {
    if (this.closed !== null) this.connect(this.#dial());
    const { epoch, ackedSeq } = await this.hello();
    this.seq = epoch === this.epoch ? ackedSeq : 0;
  }

  override next<T extends GatewayMessage["type"]>(type: T, from?: number, deadlineMs = ANSWERED_MS): Promise<Extract<GatewayMessage, { type: T }>> {
    return super.next(type, from, deadlineMs);
  }

  /** Of these objects. */
  async speak(of?: (object: AssignedPlacement) => boolean): Promise<void> {
    this.#count += 1;
    await this.comply(of);
  }

  async describe(): Promise<void> {
    this.#count += 1;
    const count = this.#count;
    const { description } = this.helloMessage();
    await this.hello({ description: { ...description, city: `city-${count}`, nodes: description.nodes.map((node) => ({ ...node, labels: { count: String(count) } })) } });
    this.#ledger.wrote(`${this.code} city`, count, null);
    this.#ledger.wrote(`${this.code} node`, count, null);
  }

  override pod(object: AssignedPlacement, index: number, changes: Partial<PodReport> = {}): PodReport {
    const pod = super.pod(object, index, { restartCount: this.#count, ...changes });
    this.#owners.set(pod.id, object.spec?.applicationName ?? "");
    return pod;
  }

  override async report(changes: Partial<Report> = {}): Promise<void> {
    const { pods = [], gone = [], placements = [] } = changes;
    const begun = Math.floor(wallClock.now());
    const coming = pods.filter(({ id }) => !this.#there.has(id)).map(({ id }) => presence(this.#ledger, [podsOf(this.#owners.get(id) ?? "")], globalId("Pod", id), true));
    const going = gone.filter((id) => this.#there.has(id)).map((id) => presence(this.#ledger, [podsOf(this.#owners.get(id) ?? "")], globalId("Pod", id), false));
    await super.report(changes);
    for (const change of [...coming, ...going]) change.acknowledged(null);
    for (const { id } of pods) this.#there.add(id);
    for (const id of gone) this.#there.delete(id);
    for (const { id, restartCount } of pods) this.#ledger.wrote(`${globalId("Pod", id)} restarts`, restartCount, null);
    for (const { placementId, generation, removed } of placements) if (!removed) this.#ledger.wrote(`${globalId("Placement", placementId)} observed`, generation, null);
    this.#ledger.wrote(`${this.code} seen`, begun, null);
  }
}

export async function openWorld(tenantNames: readonly string[], clusters: readonly string[]): Promise<World> {
  const database = await createTestDatabase();
  const centre = createCentre(database);
  const ledger = new Ledger(VOUCHES_MS);
  await centre.gateway();
  await centre.worker();
  const agents = clusters.map((code) => new CountingAgent(code, ledger, centre.link.dial));
  for (const agent of agents) await agent.describe();
  const tenants: Tenant[] = [];
  for (const name of tenantNames) {
    const token = newToken();
    await database.admin.query("select app.create_tenant($1, $2, now(), $3, $4, $5, $6)", [randomUUIDv7(), name, randomUUIDv7(), randomUUIDv7(), tokenPrefix(token), hashToken(token)]);
    for (const namespace of NAMESPACES) for (const list of listsFor("namespaces", name, namespace)) ledger.acknowledged(ledger.begins(list, namespace, true), null);
    const owner: Scope = { name: "owner", token, tenant: name, namespace: null };
    tenants.push({ name, owner, scopes: [owner], applications: [] });
  }
  return {
    database, centre, ledger, tenants, agents,
    close: async () => {
      await centre.close();
      await database.drop();
    },
  };
}

/** What all tenants need before anything is changed: a second namespace, callers that see less, applications that stay. `ask` is an API's. */
export async function furnish({ tenants, agents, ledger }: World, applications: number, ask: Ask): Promise<void> {
  for (const tenant of tenants) {
    const { name, owner, scopes } = tenant;
    await ask(owner.token, CREATE_NAMESPACE, { input: { name: MINE } });
    for (const [role, namespaces] of [["VIEWER", null], ["OWNER", [MINE]]] as const) {
      const made = await ask<{ secret: string }>(owner.token, CREATE_TOKEN, { input: { name: `${role} of ${namespaces?.join() ?? "all"}`, role, ...(namespaces ? { namespaces } : {}) } });
      scopes.push({ name: `${role} of ${namespaces?.join() ?? "all"}`, token: made.secret, tenant: name, namespace: namespaces?.[0] ?? null });
    }
    for (let n = 0; n < applications; n++) {
      const namespace = NAMESPACES[n % 2] as string;
      const application = { name: `${name}-${namespace}-${n}`, namespace, labelled: false };
      const coming = presence(ledger, listsFor("applications", name, namespace), application.name, true);
      const { application: made } = await ask<{ application: { id: string } }>(owner.token, CREATE_APPLICATION, { input: inputOf(application, agents, 1) });
      coming.acknowledged(null);
      for (const list of listsFor("labelled", name, namespace)) ledger.acknowledged(ledger.begins(list, application.name, false), null);
      tenant.applications.push({ ...application, id: made.id });
    }
  }
}

export const inputOf = ({ name, namespace }: Pick<Application, "name" | "namespace">, agents: readonly ScriptedAgent[], replicas: number): object => ({
  name, namespace, template: { containers: [{ name: "web", image: "docker.io/library/nginx:1.29-alpine", cpuMillis: 10, memoryMiB: 8 }] },
  distribution: { clusters: agents.map(({ clusterId }) => ({ clusterId: globalId("Cluster", clusterId), replicas })) },
});

/** @throws Refused, Busy; else what is wrong with the server */
export type Ask = <Payload>(token: string, query: string, variables: object) => Promise<Payload>;
const PAYLOAD = "userErrors { message }";
export const CREATE_NAMESPACE = `mutation ($input: CreateNamespaceInput!) { createNamespace(input: $input) { namespace { id } ${PAYLOAD} } }`;
const CREATE_TOKEN = `mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret ${PAYLOAD} } }`;
export const CREATE_APPLICATION = `mutation ($input: CreateApplicationInput!) { createApplication(input: $input) { application { id version } ${PAYLOAD} } }`;

export interface Instance {
  /** Of all that there ever were. */
  readonly number: number;
  readonly url: string;
}

/** Asks over HTTP as anybody would. */
export async function post({ url }: Pick<Instance, "url">, token: string, query: string, variables: object): Promise<{ readonly data: unknown; readonly errors?: unknown; readonly read: string | null }> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", authorization: `Bearer ${token}`, "selvedge-debug": "1" },
    body: JSON.stringify({ query, variables }),
  });
  return { ...((await response.json()) as { data: unknown; errors?: unknown }), read: response.headers.get("selvedge-read") };
}

export const askAt = (instance: Pick<Instance, "url">): Ask => async <Payload>(token: string, query: string, variables: object): Promise<Payload> => {
  const { data, errors } = await post(instance, token, query, variables);
  const payload = data ? (Object.values(data)[0] as { userErrors?: readonly unknown[] } | null) : null;
  if (errors || !payload) throw isBusy(errors) ? new Busy() : new Error(JSON.stringify(errors ?? data));
  if ((payload.userErrors?.length ?? 0) > 0) throw new Refused(JSON.stringify(payload.userErrors));
  return payload as Payload;
};
/** It has changed nothing. */
export class Refused extends Error {}
/** What has become of it is not known. */
export class Busy extends Error {}

/** Whether a server says nothing but that it has too much to do. */
export const isBusy = (errors: unknown): boolean =>
  Array.isArray(errors) && errors.every((error: { extensions?: { code?: string } }) => error.extensions?.code === "TIMEOUT" || error.extensions?.code === "RATE_LIMITED");

/** Resolves when the database has none of them any more: what clusters have to give up goes after the mutation was answered. */
export async function untilGone(database: TestDatabase, type: "Application" | "Service", ids: readonly string[]): Promise<void> {
  await eventually(async () => {
    const { rowCount } = await database.admin.query(`select from ${type.toLowerCase()} where id = any ($1)`, [ids.map((id) => uuidOf(type, id))]);
    if (rowCount !== 0) throw new Error(`${ids.join()} are still there`);
  }, { deadlineMs: 120_000, everyMs: 40 });
}

/** Begins with a letter, as names must. */
export const unique = (): string => `x${randomUUID().slice(0, 8)}`;
