/**
 * A fleet in a process of its own, to be killed: `fleet-process.ts <store> <clock settings as JSON>`. Its link runs over the process'
 * message channel, through the port transport on both sides.
 */
import { MessageChannel } from "node:worker_threads";
import { simulatedTime, type ClockSettings } from "#server/domain/clock.ts";
import { loadFleetDescription } from "#server/fleet/description.ts";
import { createFleet } from "#server/fleet/fleet.ts";
import { portDialer } from "#server/fleet/transport-port.ts";

const [storePath = "", clock = "{}"] = process.argv.slice(2);
const settings = JSON.parse(clock) as ClockSettings;
const { port1, port2 } = new MessageChannel();
port1.on("message", (frame: object) => process.send?.(frame));
process.on("message", (frame) => port1.postMessage(frame));

const fleet = createFleet({
  description: loadFleetDescription("tiny"),
  seed: 3,
  clock: { now: () => simulatedTime(settings, Date.now()) },
  storePath,
  sealingSeed: new Uint8Array(32).fill(7),
  dialer: portDialer(port2, 500),
  logger: { info: () => undefined, warn: () => undefined, error: (fields, message) => console.error(message, fields) },
  tickMs: 10,
});
await fleet.start();
