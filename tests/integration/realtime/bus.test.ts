import { randomUUID } from "node:crypto";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import type { Bus } from "#server/realtime/bus.ts";
import { createInProcessBus } from "#server/realtime/bus-in-process.ts";
import { createRedisBus } from "#server/realtime/bus-redis.ts";
import { eventually } from "#tests/support/eventually.ts";
import { freePort } from "#tests/support/ports.ts";
import { type RedisServer, startRedis } from "#tests/support/redis.ts";

/** What every bus does, whatever carries it: one suite for all of them. */
function behavesAsABus(open: (installation: string) => Promise<Bus>): void {
  const opened: Bus[] = [];
  const bus = async (installation: string): Promise<Bus> => {
    const made = await open(installation);
    opened.push(made);
    return made;
  };
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
  });
  const heard = (on: Bus, channel: "timeline" | "assignments"): (string | undefined)[] => {
    const details: (string | undefined)[] = [];
    on.subscribe(channel, (detail) => void details.push(detail));
    return details;
  };

  test("a message reaches every bus of the installation, its own subscribers included, once and in order", async () => {
    const name = randomUUID();
    const [a, b, other] = [await bus(name), await bus(name), await bus(randomUUID())];
    const [atA, atB, atOther] = [heard(a, "assignments"), heard(b, "assignments"), heard(other, "assignments")];
    for (const detail of ["1", "2", "3"]) a.publish("assignments", detail);
    await eventually(() => expect([atA, atB]).toEqual([["1", "2", "3"], ["1", "2", "3"]]));
    b.publish("assignments", "4");
    await eventually(() => expect([atA.at(-1), atB.at(-1)]).toEqual(["4", "4"]));
    expect([atA.length, atB.length, atOther]).toEqual([4, 4, []]);
  });

  test("channels are apart, and a message may carry nothing", async () => {
    const a = await bus(randomUUID());
    const [timeline, assignments] = [heard(a, "timeline"), heard(a, "assignments")];
    a.publish("timeline");
    await eventually(() => expect(timeline).toEqual([undefined]));
    expect(assignments).toEqual([]);
  });

  test("who left hears nothing more; who listens twice hears twice", async () => {
    const a = await bus(randomUUID());
    const details: string[] = [];
    const listener = (detail: string | undefined): void => void details.push(detail ?? "");
    const leave = a.subscribe("tokens", listener);
    a.subscribe("tokens", listener);
    a.publish("tokens", "x");
    await eventually(() => expect(details).toEqual(["x", "x"]));
    leave();
    leave();
    a.publish("tokens", "y");
    await eventually(() => expect(details).toEqual(["x", "x", "y"]));
  });

  test("a listener that throws does not keep others from hearing", async () => {
    const a = await bus(randomUUID());
    a.subscribe("timeline", () => {
      throw new Error("bad listener");
    });
    const after = heard(a, "timeline");
    a.publish("timeline");
    await eventually(() => expect(after).toHaveLength(1));
  });

  test("a publisher is never called back inside its own publish", async () => {
    const a = await bus(randomUUID());
    let inside = true;
    const seen: boolean[] = [];
    a.subscribe("timeline", () => void seen.push(inside));
    a.publish("timeline");
    inside = false;
    await eventually(() => expect(seen).toEqual([false]));
  });

  test("a closed bus is silent", async () => {
    const a = await open(randomUUID());
    const details = heard(a, "timeline");
    await a.close();
    a.publish("timeline");
    await new Promise(setImmediate);
    expect(details).toEqual([]);
  });
}

describe("in process", () => {
  behavesAsABus(async (instance) => createInProcessBus({ instance }));

  test("it crosses threads", async () => {
    const instance = randomUUID();
    const here = createInProcessBus({ instance });
    const answers: (string | undefined)[] = [];
    here.subscribe("tokens", (detail) => void answers.push(detail));
    const module = new URL("../../../server/realtime/bus-in-process.ts", import.meta.url).href;
    const worker = new Worker(
      `import(${JSON.stringify(module)}).then(({ createInProcessBus }) => {
        const bus = createInProcessBus({ instance: ${JSON.stringify(instance)} });
        bus.subscribe("assignments", (detail) => bus.publish("tokens", "answer to " + detail));
        bus.publish("tokens", "ready");
        setInterval(() => {}, 1000);
      })`,
      { eval: true },
    );
    try {
      await eventually(() => expect(answers).toEqual(["ready"]));
      here.publish("assignments", "question");
      await eventually(() => expect(answers).toEqual(["ready", "answer to question"]));
    } finally {
      await worker.terminate();
      await here.close();
    }
  });
});

describe.runIf(inject("redis") !== null)("over Redis", () => {
  let server: RedisServer;
  const open = (installation: string) => createRedisBus({ url: server.url, installation, maxPauseMs: 100 });
  const openReady = async (installation: string): Promise<Bus> => {
    const bus = open(installation);
    await eventually(() => expect(bus.ready).toBe(true));
    return bus;
  };

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.dispose());

  behavesAsABus(openReady);

  test("without Redis its own subscribers still hear, and others hear again when it is back", async () => {
    const name = randomUUID();
    const [a, b] = [open(name), open(name)];
    try {
      await eventually(() => expect([a.ready, b.ready]).toEqual([true, true]));
      const atA: (string | undefined)[] = [];
      const atB: (string | undefined)[] = [];
      a.subscribe("assignments", (detail) => void atA.push(detail));
      b.subscribe("assignments", (detail) => void atB.push(detail));

      await server.kill();
      await eventually(() => expect([a.ready, b.ready]).toEqual([false, false]));
      for (let n = 0; n < 5_000; n += 1) a.publish("assignments", "lost");
      await eventually(() => expect(atA).toHaveLength(5_000));
      expect(atB).toEqual([]);

      await server.start();
      await eventually(() => expect([a.ready, b.ready]).toEqual([true, true]));
      await eventually(() => {
        a.publish("assignments", "back");
        expect(atB).toContain("back");
      });
      expect(atB).not.toContain("lost");
    } finally {
      await Promise.all([a.close(), b.close()]);
    }
  });

  test("it can be opened before Redis is there, and closed while it is away", async () => {
    const bus = createRedisBus({ url: `redis://127.0.0.1:${await freePort()}`, installation: "x", maxPauseMs: 50 });
    bus.publish("timeline");
    expect(bus.ready).toBe(false);
    await bus.close();
  });
});
