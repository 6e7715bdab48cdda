/** A whole fleet over a network that is cut, stalled and healed at random moments: reports resume behind what the gateway stored, each counts once, none is missing. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { loadFleetDescription } from "#server/fleet/description.ts";
import { createFleet } from "#server/fleet/fleet.ts";
import type { AgentMessage, GatewayMessage } from "#server/fleet/link.ts";
import { socketDialer } from "#server/fleet/transport-socket.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startFaultyNetwork } from "#tests/support/faulty-network.ts";
import { seededRandom } from "#tests/support/random.ts";
import { startSocketGate } from "#tests/support/socket-link.ts";
import { placement, ScriptedGateway, spec, template, uuid } from "./scripted-gateway.ts";
import { testSeed } from "#tests/support/seed.ts";

const seed = testSeed();
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

it(`(seed ${seed})`, async () => {
  const random = seededRandom(seed);
  const gate = await startSocketGate();
  const network = await startFaultyNetwork(gate.port);
  closers.push(() => gate.close(), () => network.close());
  const gateway = new ScriptedGateway().listen(gate.open({ pingMs: 60 }));
  const folder = await mkdtemp(path.join(tmpdir(), "selvedge-tests-cut-"));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  const started = Date.now();
  const description = loadFleetDescription("tiny");
  const fleet = createFleet({
    description, seed: 3, storePath: path.join(folder, "agents.sqlite"), sealingSeed: new Uint8Array(32).fill(7), tickMs: 10,
    // A hundred times as fast, so that pods come and go all the time.
    clock: { now: () => started + (Date.now() - started) * 100 },
    dialer: socketDialer<AgentMessage, GatewayMessage>({ urls: [`ws://127.0.0.1:${network.port}/agent`], pingMs: 60, timeoutMs: 500 }),
    logger: { info: () => undefined, warn: () => undefined, error: (fields, message) => gateway.faults.push(`${message} ${JSON.stringify(fields)}`) },
  });
  await fleet.start();
  closers.push(() => fleet.close());
  await eventually(() => expect(gateway.hellos.length).toBeGreaterThanOrEqual(2));

  const images = [template("web:1"), template("web:2")] as const;
  let generation = 0;
  let replicas = 0;
  const change = (): void => {
    generation += 1;
    replicas = 1 + Math.floor(random() * 6);
    for (const [index, { clusterId }] of description.clusters.entries()) {
      const image = images[generation % 2] as (typeof images)[0];
      gateway.assign(clusterId, [placement(uuid(100 + index), generation, spec(image, { replicas, revisionId: uuid(11 + (generation % 2)), revisionNumber: generation }))], images);
    }
  };
  // The waits before the next dial grow with each loss.
  for (let round = 0; round < 5; round += 1) {
    await eventually(() => expect(gateway.isConnected).toBe(true), { deadlineMs: 20_000 });
    for (let times = 0; times < 3; times += 1) {
      change();
      await sleep(random() * 60);
    }
    if (round % 2 === 0) network.cut();
    else {
      network.stall();
      await sleep(random() * 250);
      network.heal();
    }
  }
  // The gateway of the tests speaks to the newest connection only: said again until it was heard.
  await eventually(() => {
    change();
    expect(gateway.placements.get(uuid(100))?.generation).toBeGreaterThan(15);
  }, { deadlineMs: 30_000, everyMs: 500 });
  await eventually(() => {
    for (const [index, { clusterId }] of description.clusters.entries()) {
      if (gateway.placements.get(uuid(100 + index))?.generation !== generation) gateway.assign(clusterId, [placement(uuid(100 + index), generation, spec(images[generation % 2] as (typeof images)[0], { replicas, revisionId: uuid(11 + (generation % 2)), revisionNumber: generation }))], images);
      expect(gateway.placements.get(uuid(100 + index))).toMatchObject({ generation, created: replicas, ready: replicas, updated: replicas });
      expect(gateway.readyPodsOf(uuid(100 + index))).toHaveLength(replicas);
    }
  }, { deadlineMs: 30_000, everyMs: 200 });

  expect(gateway.faults).toEqual([]);
  expect(gateway.connections).toBeGreaterThanOrEqual(4);
  // Numbered by one, each stored once, in an epoch that never had to begin anew.
  for (const { clusterId } of description.clusters) {
    const numbers = gateway.stored.filter((report) => report.clusterId === clusterId).map(({ seq }) => seq);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1));
    expect(gateway.position.get(clusterId)?.epoch).toBe(1);
  }
}, 90_000);
