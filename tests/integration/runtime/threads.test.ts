import { randomUUID } from "node:crypto";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { readConfig } from "#server/config/config.ts";
import type { Facts } from "#server/roles/role.ts";
import { startThread, type Thread } from "#server/threads.ts";
import { eventually } from "#tests/support/eventually.ts";
import { removeDirectory, temporaryDirectory } from "#tests/support/runtime.ts";

/** A thread with the fleet on it, which needs nothing but a folder and one end of a link. */
const facts: Facts = {
  database: { address: { host: "nowhere", port: 1, database: "none" }, encryptionKey: new Uint8Array(32) },
  clock: { wallBase: 0, simulatedBase: 0, speed: 1 },
  term: 1,
  bus: { kind: "in-process", instance: randomUUID() },
};

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function fleetThread(fleet = "tiny"): Promise<{ thread: Thread; gatewayEnd: MessagePort; crashes: Error[] }> {
  const folder = await temporaryDirectory();
  closers.push(() => removeDirectory(folder));
  const config = readConfig({ SELVEDGE_DATA_DIR: folder, SELVEDGE_FLEET: fleet, LOG_LEVEL: "silent" }, { workingDirectory: folder, terminal: false });
  const link = new MessageChannel();
  const crashes: Error[] = [];
  const thread = startThread({ name: "fleet", roles: ["fleet"], config, link: link.port1, door: null, logger: pino({ level: "silent" }), onCrash: (error) => void crashes.push(error) });
  closers.push(() => link.port2.close(), () => thread.stop(5_000));
  return { thread, gatewayEnd: link.port2, crashes };
}

test("it starts, counts, and ends by itself when told to", async () => {
  const { thread, crashes } = await fleetThread();
  await thread.start(facts);
  const names = (await thread.metrics()).map(({ name }) => name);
  expect(names).toContain("nodejs_eventloop_lag_seconds");
  expect(await thread.stop(5_000)).toBe(true);
  expect(crashes).toEqual([]);
});

test("what a role refuses to start with is told as its message", async () => {
  const { thread, crashes } = await fleetThread("atlantis");
  await expect(thread.start(facts)).rejects.toThrow(/^fleet description atlantis: /);
  expect(crashes).toEqual([]);
});

test("a crash is told once, and stopping what has crashed is no wait", async () => {
  const { thread, gatewayEnd, crashes } = await fleetThread();
  await thread.start(facts);
  // No frame of the link: nothing that a gateway of ours would send.
  gatewayEnd.postMessage(null);
  await eventually(() => expect(crashes).toHaveLength(1));
  expect(crashes[0]?.message).toMatch(/null/);
  expect(await thread.stop(5_000)).toBe(true);
  expect(crashes).toHaveLength(1);
});

test("told to stop before it started, it ends all the same", async () => {
  const { thread, crashes } = await fleetThread();
  expect(await thread.stop(10_000)).toBe(true);
  expect(crashes).toEqual([]);
});

test("a thread that has crashed says nothing of metrics, and does not keep the question waiting", async () => {
  const { thread, gatewayEnd, crashes } = await fleetThread();
  await thread.start(facts);
  gatewayEnd.postMessage(null);
  await eventually(() => expect(crashes).toHaveLength(1));
  expect(await thread.metrics()).toEqual([]);
});
