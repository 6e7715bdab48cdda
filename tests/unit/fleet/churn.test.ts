/** Pods come and go for ever: what an agent keeps, in its store and in memory, is what there is, however much there was. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { contentHash } from "#server/domain/canonical.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import { seal } from "#server/domain/sealing.ts";
import type { ClusterAgent } from "#server/fleet/agent/agent.ts";
import { UNUSED_TEMPLATE_LIMIT } from "#server/fleet/agent/assignments.ts";
import { clusterSealingKey } from "#server/fleet/agent/sealing-seed.ts";
import { FleetStore } from "#server/fleet/agent/store.ts";
import type { AssignedObject } from "#server/fleet/link.ts";
import { ack, bigCluster, openAgents, SEALING_SEED, tick, welcome } from "./agent-direct.ts";
import { placement, spec, template, uuid } from "./scripted-gateway.ts";

const LIVES = 100_000;
const APPLICATIONS = 5;
const REPLICAS = 100;
const MiB = 1024 * 1024;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const heapUsed = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

/** Probed, configured, and every third one crashing. */
function templateOf(round: number): PodTemplate {
  const base = template(`shop/web-${round}:${round % 3 === 0 ? "crashloop" : "1"}`, { cpuMillis: 1, memoryMiB: 1, terminationGracePeriodSeconds: 0 });
  return {
    ...base,
    volumes: [{ name: "login", source: { type: "SecretVolume", secretId: uuid(51), name: "login" } }],
    containers: base.containers.map((container) => ({
      ...container,
      readinessProbe: { handler: { type: "TcpSocketProbe", port: 80 }, initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 1 },
      env: [{ name: "PASSWORD", secretKey: { secretId: uuid(51), name: "login", key: "password" } }],
      volumeMounts: [{ volume: "login", mountPath: "/run/login", readOnly: true }],
    })),
  };
}

it(`keeps nothing of ${LIVES} pods that have gone, of their revisions, their configuration and their placements`, { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "fleet-churn-"));
  const store = new FleetStore(join(folder, "fleet.db"));
  const cluster = bigCluster("churn-1");
  const agent = openAgents(store, [cluster])[0] as ClusterAgent;
  const { publicKey } = clusterSealingKey(SEALING_SEED, cluster.clusterId);
  let now = 0;
  let gone = 0;
  const drain = (): void => {
    for (;;) {
      const messages = tick(store, [agent], now);
      if (messages.length === 0) return;
      for (const message of messages) {
        if (message.type === "hello") welcome(agent, 1, store.load(1).lastSeq);
        if (message.type !== "report") continue;
        gone += message.gone.length;
        ack(agent, message);
      }
    }
  };
  /** Another revision and another content for all applications, which are other ones in every seventh round. */
  const assign = (round: number): void => {
    const made = templateOf(round);
    const content = `login-${round}`;
    const wanted = spec(made, {
      replicas: REPLICAS, revisionId: uuid(1_000 + round), configs: [{ id: uuid(51), kind: "Secret", name: "login", content }],
      updateStrategy: { maxSurge: { percent: 100 }, maxUnavailable: { percent: 100 } },
    });
    const generation = Math.floor(round / 7) * 7;
    const ids = (of: number): string[] => Array.from({ length: APPLICATIONS }, (_, app) => uuid(10 * of + app));
    const objects: AssignedObject[] = ids(generation).map((id) => placement(id, round, wanted));
    if (round === generation && round > 0) objects.push(...ids(generation - 7).map((id) => placement(id, round, null)));
    const contents = { [content]: seal(publicKey, JSON.stringify({ entries: [{ key: "password", value: "x".repeat(1_000) }] }), content) };
    agent.receive({ type: "assign", clusterId: agent.clusterId, term: 1, objects, templates: { [contentHash(made)]: made }, contents }, 0);
  };

  agent.connected();
  drain();
  let before = Infinity;
  for (let round = 0; gone < LIVES; round++) {
    assign(round);
    for (let step = 0; step < 6; step++) {
      now += 2_500;
      drain();
    }
    // Once everything has found its size.
    if (before === Infinity && gone > LIVES / 4) before = heapUsed();
  }
  // What grew is templates, which go with the next hello.
  const grown = heapUsed() - before;
  expect(agent.simulation.templateHashes().length).toBeLessThan(UNUSED_TEMPLATE_LIMIT);
  agent.connected();
  drain();
  const { templates, placements, contents, variants, configSets, pods, gone: unsaid, reports } = store.load(1);
  expect({
    templates: templates.length, placements: placements.length, contents: contents.length, variants: variants.length, configSets: configSets.length,
    pods: pods.length, unsaid: unsaid.length, reports: reports.length,
  }).toEqual({
    templates: 1, placements: APPLICATIONS, contents: 1, variants: APPLICATIONS, configSets: APPLICATIONS, pods: APPLICATIONS * REPLICAS, unsaid: 0, reports: 0,
  });
  expect(grown).toBeLessThan(4 * MiB);
  store.close();
  rmSync(folder, { recursive: true });
});
