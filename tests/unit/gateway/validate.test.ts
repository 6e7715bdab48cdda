import { randomUUIDv7 } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Hello, Report } from "#server/fleet/link.ts";
import { checkMessage } from "#server/gateway/validate.ts";
import { ScriptedAgent } from "#tests/support/scripted-agent.ts";

const agent = new ScriptedAgent("checked");
const id = randomUUIDv7();
const faultOf = (message: Hello | Report): string | null => {
  const checked = checkMessage(message);
  return checked.ok ? null : checked.reason;
};
const key = Buffer.alloc(32, 1).toString("base64");

describe("what an agent may say of configuration and services", () => {
  test.each<[string, object, string | null]>([
    ["nothing", {}, null],
    ["a key and what it has", { sealingKey: key, contents: ["a1b2", "c3d4"] }, null],
    ["a key of another size", { sealingKey: Buffer.alloc(31, 1).toString("base64") }, "malformed hello: sealingKey is no X25519 key of 32 bytes in base64"],
    ["a key that is written in another way", { sealingKey: key.replace("=", "") }, "malformed hello: sealingKey is no X25519 key of 32 bytes in base64"],
    ["a key without end", { sealingKey: key.repeat(100_000) }, "malformed hello: sealingKey is no X25519 key of 32 bytes in base64"],
    ["contents that are no names", { contents: [1] }, "malformed hello: contents[0] is no text of at most 128 characters"],
    ["a held service", { holds: [{ kind: "service", objectId: id, term: 1, generation: 2 }] }, null],
    ["a held thing of no kind", { holds: [{ kind: "volume", objectId: id, term: 1, generation: 2 }] }, "malformed hello: holds[0].kind is none of placement, service"],
  ])("hello: %s", (_, said, fault) => expect(faultOf(agent.helloMessage(said))).toBe(fault));

  const placement = { placementId: id, term: 1, generation: 1, created: 1, ready: 1, updated: 1 };
  const service = { serviceId: id, term: 1, generation: 1 };
  test.each<[string, Partial<Report>, string | null]>([
    ["how far the configuration is", { placements: [{ ...placement, configured: 1, problem: "No room." }] }, null],
    ["fewer than no pods", { placements: [{ ...placement, configured: -1 }] }, "malformed report: placements[0].configured is no integer between 0 and 2147483646"],
    ["a problem without end", { placements: [{ ...placement, problem: "x".repeat(2_000) }] }, "malformed report: placements[0].problem is no text of at most 1024 characters"],
    ["services", { services: [{ ...service, removed: true }, { ...service, serviceId: randomUUIDv7(), problem: "No address." }] }, null],
    ["one service twice", { services: [service, service] }, "malformed report: services names an serviceId twice"],
    ["a service that is none", { services: [{ ...service, serviceId: "web" }] }, "malformed report: services[0].serviceId is no uuid"],
    ["a removal that is neither true nor false", { services: [{ ...service, removed: 1 as unknown as boolean }] }, "malformed report: services[0].removed is neither true nor false"],
  ])("report: %s", (_, said, fault) => expect(faultOf(agent.reportMessage(said))).toBe(fault));
});
