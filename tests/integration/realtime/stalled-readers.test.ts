import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashToken, newToken, tokenPrefix } from "#server/identity/token.ts";
import type { Target, Usage } from "#tests/bench/fanout/side.ts";
import { createTestDatabase, type TestDatabase } from "#tests/support/database.ts";
import { eventually } from "#tests/support/eventually.ts";
import { rowsOf } from "#tests/support/rows.ts";

/**
 * A server of its own, as users run it, and real sockets: 1,000 that read, and 50 of the same subscriptions whose owner does not. The latter have another subscription, of much at once, so that
 * their connections are full. How long the others wait is compared within one run, before and after.
 */
const HEALTHY = 1_000;
const STALLED = 50;
const ROUNDS = 12;
const BULK_BYTES = 60_000;
/** Of a server that holds what 50 have not taken each by itself there would be hundreds. */
const MEGABYTES_MORE = 100;
const DEADLINE = { deadlineMs: 60_000 };

const STATE = `subscription { applications(filter: { keyword: "told" }) { cursor upserted { description } } }`;
const RECORDS = "subscription { events { cursor events { message } } }";
const BULK = `subscription { applications(filter: { keyword: "bulk" }) { upserted { ${Array.from({ length: 25 }, (_, n) => `a${n}: description`).join(" ")} } } }`;

/** WebSocket by hand: masked with zeros. */
function frameOf(message: object): Buffer {
  const text = Buffer.from(JSON.stringify(message));
  const head = text.length < 126 ? Buffer.from([0x81, 0x80 | text.length]) : Buffer.from([0x81, 0x80 | 126, text.length >> 8, text.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), text]);
}

class Reader {
  readonly socket: Socket;
  text = "";
  #onText: () => void = () => undefined;

  constructor(url: URL, token: string) {
    this.socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    this.socket.on("error", () => undefined);
    this.socket.on("data", (data) => {
      // Of what is only there to be much nothing is kept.
      this.text += data.toString("latin1").replaceAll(/x{20,}/g, "");
      this.#onText();
    });
    this.socket.write(`GET /graphql HTTP/1.1\r\nhost: ${url.host}\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n`);
    this.socket.write(frameOf({ type: "connection_init", payload: { authorization: `Bearer ${token}` } }));
  }
  /** Once what came since it was last cleared says so; with when. */
  until(holds: (text: string) => boolean): Promise<number> {
    return new Promise((resolve) => {
      this.#onText = () => {
        if (holds(this.text)) resolve(performance.now());
      };
      this.#onText();
    });
  }
  async follow(...queries: readonly string[]): Promise<void> {
    await this.until((text) => text.includes("connection_ack"));
    for (const [n, query] of queries.entries()) this.socket.write(frameOf({ id: `s${n}`, type: "subscribe", payload: { query } }));
    await this.until((text) => queries.every((_, n) => text.includes(`{"id":"s${n}","type":"next"`)));
    this.text = "";
  }
}

const quantile = (all: readonly number[], q: number): number => all.toSorted((a, b) => a - b)[Math.floor(all.length * q)] ?? Number.NaN;

describe("readers that do not read", () => {
  let database: TestDatabase;
  let server: ChildProcess;
  const readers: Reader[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    for (const { socket } of readers) socket.destroy();
    const gone = once(server, "exit");
    if (server.kill("SIGKILL")) await gone;
    await database.drop();
  });

  it(`delay none of those who do, 50 of them among 1,000, and are told each record once when they go on`, { timeout: 300_000 }, async () => {
    const rows = rowsOf(database.admin);
    const tenantId = await rows.tenant();
    const namespaceId = await rows.namespace(tenantId, "default");
    const secret = newToken();
    await rows.apiToken(tenantId, "reader", { role: "VIEWER", prefix: tokenPrefix(secret), hash: hashToken(secret) });
    const cluster = await rows.cluster(await rows.region("stalled"), "stalled");
    const told = (await rows.application(tenantId, namespaceId, "told")).id;
    const bulk = (await rows.application(tenantId, namespaceId, "bulk")).id;

    const target: Target = { address: database.address, api: database.login("selvedge_api"), tailer: database.login("selvedge_tailer"), token: secret };
    server = fork(path.join(import.meta.dirname, "../../bench/fanout/ours.ts"), [JSON.stringify(target)], { execArgv: ["--expose-gc"], stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const [{ url }] = (await once(server, "message")) as [{ url: string }];
    const usage = async (): Promise<Usage> => {
      const answer = once(server, "message");
      server.send({ kind: "usage", weigh: true });
      return ((await answer) as [Usage])[0];
    };

    /** A change and an event in one transaction, which all are told under one text. */
    const write = async (marker: string): Promise<void> => {
      await database.admin.query(
        `with changed as (update application set description = $3 where id = $2 returning id),
              happened as (insert into event (cluster_id, id, tenant_id, application_id, namespace_id, at, first_at, type, reason, message, count, object_kind, object_id, object)
                values ($4, gen_random_uuid(), $1, $2, $5, now(), now(), 'NORMAL', 'Told', $3, 1, 'placement', gen_random_uuid(), 'it') returning id)
         insert into timeline (tenant_id, kind, ids, at) select $1, 'application', array[id], now() from changed union all select $1, 'event', array[id], now() from happened`,
        [tenantId, told, marker, cluster, namespaceId],
      );
      server.send({ kind: "events" });
    };
    const healthy: Reader[] = [];
    const connectAll = async (into: Reader[], count: number, ...queries: string[]): Promise<void> => {
      const lane = async (): Promise<void> => {
        while (into.length < count) {
          const reader = new Reader(new URL(url), secret);
          into.push(reader);
          readers.push(reader);
          await reader.follow(...queries);
        }
      };
      await Promise.all(Array.from({ length: 16 }, lane));
    };
    /** From the commit to 99 of 100 of them, by both subscriptions; of an ordinary round, because a round is as slow as the machine is busy. */
    const measure = async (name: string): Promise<number> => {
      const all: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const marker = `${name}${round};`;
        for (const reader of healthy) reader.text = "";
        const arrived = healthy.map((reader) => reader.until((text) => text.split(marker).length > 2));
        await write(marker);
        const from = performance.now();
        all.push(quantile((await Promise.all(arrived)).map((at) => at - from), 0.99));
      }
      return quantile(all, 0.5);
    };

    await connectAll(healthy, HEALTHY, STATE, RECORDS);
    const stalled: Reader[] = [];
    await connectAll(stalled, STALLED, STATE, RECORDS, BULK);
    await eventually(async () => {
      await write("warm;");
      expect((await usage()).streams).toBe(3);
    }, DEADLINE);
    const without = await measure("before");
    await Promise.all(stalled.map((reader) => reader.until((text) => text.split(`before${ROUNDS - 1};`).length > 2)));

    for (const reader of stalled) {
      reader.text = "";
      reader.socket.pause();
    }
    const { rss } = await usage();
    for (let n = 0; n < 4; n += 1) {
      await database.admin.query("with changed as (update application set description = $2 where id = $1 returning tenant_id, id) insert into timeline (tenant_id, kind, ids, at) select tenant_id, 'application', array[id], now() from changed", [bulk, `${"x".repeat(BULK_BYTES)}${n}`]);
      await write(`filling${n};`);
      await Promise.all(healthy.map((reader) => reader.until((text) => text.split(`filling${n};`).length > 2)));
    }
    const beside = await measure("beside");
    const after = await usage();

    expect(beside, `${without.toFixed(0)} ms without them`).toBeLessThan(2 * without + 150);
    expect((after.rss - rss) / 1024 / 1024).toBeLessThan(MEGABYTES_MORE);

    for (const reader of stalled) reader.socket.resume();
    const last = `beside${ROUNDS - 1};`;
    await Promise.all(stalled.map((reader) => reader.until((text) => text.split(last).length > 2)));
    const expected = [...Array.from({ length: 4 }, (_, n) => `filling${n};`), ...Array.from({ length: ROUNDS }, (_, n) => `beside${n};`)];
    for (const { text } of stalled) expect([...text.matchAll(/"message":\s?"(\w+;)"/g)].map(([, marker]) => marker)).toEqual(expected);
  });
});
