/** Events on their way from a cluster to the centre: in reports, kept in the agent's store until these are acknowledged. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { contentHash } from "#server/domain/canonical.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import type { ClusterAgent } from "#server/fleet/agent/agent.ts";
import { FleetStore } from "#server/fleet/agent/store.ts";
import { EVENTS_LIMIT, type EventReport, type PlacementSpec, type Report } from "#server/fleet/link.ts";
import { ack, bigCluster, openAgents, reportsIn, tick, welcome } from "./agent-direct.ts";
import { placement, spec, template, uuid } from "./scripted-gateway.ts";

const cluster = bigCluster("events-1");
const web = template("shop/web:1");
const missing = template("shop/web:missing");

let folder: string;
let store: FleetStore;
let agent: ClusterAgent;
let now: number;

const open = (): void => {
  store = new FleetStore(join(folder, "fleet.db"));
  [agent] = openAgents(store, [cluster], now) as [ClusterAgent];
};
/** What leaves in a tick, after so long. */
const pass = (ms: number): Report[] => {
  now += ms;
  return reportsIn(tick(store, [agent], now));
};
const connect = (epoch = 0, ackedSeq = 0): void => {
  agent.connected();
  pass(0);
  welcome(agent, epoch, ackedSeq);
};
const assign = (id: string, of: PodTemplate, generation: number, overrides: Partial<PlacementSpec>): void =>
  agent.receive({ type: "assign", clusterId: agent.clusterId, term: 1, objects: [placement(id, generation, spec(of, overrides))], templates: { [contentHash(of)]: of } }, 0);
const eventsIn = (reports: readonly Report[]): EventReport[] => reports.flatMap(({ events }) => events ?? []);
const ackAll = (reports: readonly Report[]): Report[] => {
  for (const report of reports) ack(agent, report);
  return [...reports];
};
/** Acknowledges until nothing more is said. */
const drain = (): Report[] => {
  const all: Report[] = [];
  for (let some = ackAll(pass(0)); some.length > 0; some = ackAll(pass(0))) all.push(...some);
  return all;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent-events-"));
  now = 1_000_000;
  open();
  connect();
  drain();
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

it("rides in reports with what it is about, once", () => {
  assign(uuid(1), web, 1, { replicas: 1 });
  const seen = eventsIn(drain());
  now += 60_000;
  seen.push(...eventsIn(drain()));
  expect(seen.map(({ reason, count }) => [reason, count])).toEqual([["ScalingReplicaSet", 1], ["Scheduled", 1], ["Pulling", 1], ["Pulled", 1], ["Started", 1]]);
  expect(seen[0]?.object).toEqual({ kind: "placement", id: uuid(1) });
  expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
  expect(eventsIn(pass(3_600_000))).toEqual([]);
});

it("waits in the store while nobody listens, each object and reason once, and is told in order after a restart", () => {
  assign(uuid(2), missing, 1, { replicas: 2 });
  agent.disconnected();
  for (let minute = 0; minute < 30; minute += 1) pass(60_000);
  store.close();
  open();
  for (let minute = 0; minute < 5; minute += 1) pass(60_000);
  const { epoch, ackedSeq } = store.load(1);
  connect(epoch, ackedSeq);
  const seen = eventsIn(drain());
  const failed = seen.filter(({ reason, object }) => reason === "Failed" && object.kind === "pod");
  expect(failed).toHaveLength(2);
  expect(failed.every(({ count, firstAt, at }) => count > 8 && at - firstAt > 25 * 60_000)).toBe(true);
  expect(seen.map(({ at }) => at)).toEqual(seen.map(({ at }) => at).toSorted((a, b) => a - b));
});

it("is told again by a new epoch where its report was given up, with the same id, and then no more", () => {
  assign(uuid(1), web, 1, { replicas: 1 });
  const lost = eventsIn(pass(10_000));
  expect(lost.length).toBeGreaterThan(3);
  // A kill between two ticks: the store has both the reports and what waits.
  store.close();
  open();
  connect(7, 3);
  const again = drain();
  expect(again[0]).toMatchObject({ epoch: 8, seq: 1, full: true });
  expect(eventsIn(again).slice(0, lost.length)).toEqual(lost);
  expect(eventsIn(pass(3_600_000))).toEqual([]);
  expect(store.load(1).waitingEvents).toEqual([]);
});

it("comes in several reports where there is much", () => {
  // Each placement is a series of its own.
  const objects = Array.from({ length: EVENTS_LIMIT + 20 }, (_, index) => placement(uuid(1_000 + index), 1, spec(web, { replicas: 1, applicationId: uuid(5_000 + index), subnet: null, networkType: "HOST" })));
  for (let from = 0; from < objects.length; from += 500) agent.receive({ type: "assign", clusterId: agent.clusterId, term: 1, objects: objects.slice(from, from + 500), templates: { [contentHash(web)]: web } }, 0);
  const reports = drain();
  expect(reports.every(({ events = [] }) => events.length <= EVENTS_LIMIT)).toBe(true);
  expect(eventsIn(reports).filter(({ reason }) => reason === "ScalingReplicaSet")).toHaveLength(objects.length);
});
