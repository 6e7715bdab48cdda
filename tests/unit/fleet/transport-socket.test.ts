/** What only sockets have: peers that don't read, don't answer, say nonsense, or speak other versions; each costs its own connection only. */
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { AgentConnection, AgentMessage, GatewayConnection, GatewayMessage } from "#server/fleet/link.ts";
import { MAX_MESSAGE_BYTES, socketDialer, type SocketListenerOptions } from "#server/fleet/transport-socket.ts";
import { eventually } from "#tests/support/eventually.ts";
import { type FaultyNetwork, startFaultyNetwork } from "#tests/support/faulty-network.ts";
import { freePort } from "#tests/support/ports.ts";
import { type SocketGate, startSocketGate } from "#tests/support/socket-link.ts";

const ping = (at: number): AgentMessage => ({ type: "ping", clusterIds: [], at });
/** Of about 256 KiB, so that the buffers of the operating system, which grow to some megabytes, are soon full. */
const LARGE = "x".repeat(256 * 1_024);
const large = (count: number): GatewayMessage => ({ type: "refuse", clusterId: String(count), reason: LARGE });
const KEPT_BY_THE_SYSTEM = 64;

let gate: SocketGate;
let network: FaultyNetwork;
const dialled: AgentConnection[] = [];

beforeEach(async () => {
  gate = await startSocketGate();
  network = await startFaultyNetwork(gate.port);
});
afterEach(async () => {
  for (const connection of dialled.splice(0)) connection.close("the test is over");
  await network.close();
  await gate.close();
});

const dial = async (port: number, tuning: object = {}): Promise<AgentConnection> => {
  const connection = await socketDialer<AgentMessage, GatewayMessage>({ urls: [`ws://127.0.0.1:${port}/agent`], ...tuning }).dial();
  dialled.push(connection);
  return connection;
};

/** A gateway that keeps what it is told, by connection, and is as slow with it as it is told to be. */
function listen(options: SocketListenerOptions = {}) {
  const all: { readonly connection: GatewayConnection; readonly received: AgentMessage[]; closed: string | null }[] = [];
  const state: { slow: Promise<void> | undefined } = { slow: undefined };
  gate.open(options).onConnection((connection) => {
    const one = { connection, received: [] as AgentMessage[], closed: null as string | null };
    all.push(one);
    connection.onMessage((message) => {
      one.received.push(message);
      if (message.type === "ping") connection.send({ type: "pong", at: message.at });
      return state.slow;
    });
    connection.onClose((reason) => (one.closed = reason));
  });
  const nth = async (index: number) =>
    eventually(() => {
      const one = all[index];
      if (one === undefined) throw new Error(`there are ${all.length} connections`);
      return one;
    });
  return { all, nth, state };
}

/** Whether a connection still carries messages both ways. */
async function works(connection: AgentConnection): Promise<void> {
  const answer = new Promise<void>((resolve) => connection.onMessage((message) => message.type === "pong" && message.at === 4_711 && resolve()));
  connection.send(ping(4_711));
  await answer;
}

describe("a peer that does not read", () => {
  it("fills its own connection, which tells so, and tells again when it has drained; nothing is lost", async () => {
    const { nth } = listen();
    const received: string[] = [];
    (await dial(network.port)).onMessage((message) => message.type === "refuse" && received.push(message.clusterId ?? ""));
    const other = await dial(gate.port);
    const { connection } = await nth(0);
    let drained = 0;
    connection.onDrain(() => (drained += 1));
    network.stall();
    let sent = 0;
    // 4 MiB above what the system takes.
    while (connection.buffered <= 4 * 1_024 * 1_024 && sent < 400) {
      connection.send(large(sent++));
      await new Promise(setImmediate);
    }
    expect(connection.buffered).toBeGreaterThan(4 * 1_024 * 1_024);
    expect(drained).toBe(0);
    await works(other);
    network.heal();
    await eventually(() => expect(received).toHaveLength(sent), { deadlineMs: 15_000 });
    expect(received).toEqual(Array.from({ length: sent }, (_, index) => String(index)));
    expect(drained).toBe(1);
    expect(connection.buffered).toBe(0);
  });

  it("is cut off beyond the bound, and no other is", async () => {
    const { nth } = listen({ maxBufferedBytes: 8 * 1_024 * 1_024 });
    const stalled = await dial(network.port);
    const ended = new Promise((resolve) => stalled.onClose(resolve));
    const other = await dial(gate.port);
    const one = await nth(0);
    network.stall();
    for (let sent = 0; one.closed === null && sent < KEPT_BY_THE_SYSTEM * 4; sent += 1) {
      one.connection.send(large(sent));
      await new Promise(setImmediate);
    }
    expect(one.closed).toMatch(/^more than 8388608 bytes wait to be read/);
    expect(one.connection.buffered).toBeLessThan(16 * 1_024 * 1_024);
    await works(other);
    network.heal();
    await ended;
  });
});

describe("a peer that is not heard", () => {
  it("is given up by both sides, however the connection seems to stand", async () => {
    const { nth } = listen({ pingMs: 40 });
    const connection = await dial(network.port, { pingMs: 40 });
    const ended = new Promise((resolve) => connection.onClose(resolve));
    const one = await nth(0);
    network.stall();
    await eventually(() => expect(one.closed).toBe("the other side is silent"));
    expect(await ended).toBe("the other side is silent");
    expect(network.connections).toBeLessThanOrEqual(1);
  });

  it("is not given up while it answers pings only", async () => {
    const { nth } = listen({ pingMs: 30 });
    const connection = await dial(gate.port, { pingMs: 1_000_000 });
    const one = await nth(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(one.closed).toBeNull();
    await works(connection);
  });

  it("a raw socket that stops in the middle of a frame", async () => {
    const { nth } = listen({ pingMs: 40 });
    const other = await dial(gate.port);
    const raw = connect(gate.port, "127.0.0.1");
    raw.on("error", () => undefined);
    raw.write("GET /agent HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: selvedge-link.1\r\n\r\n");
    const one = await nth(1);
    // A masked text frame of 65,535 bytes, of which ten come.
    raw.write(Buffer.from([0x81, 0xfe, 0xff, 0xff, 1, 2, 3, 4, ...Array<number>(10).fill(9)]));
    await eventually(() => expect(one.closed).toBe("the other side is silent"));
    await works(other);
    raw.destroy();
  });
});

describe("messages that wait to be stored", () => {
  it("stop the reading, and so the sender, of their connection alone; what was sent arrives in the end", async () => {
    const { nth, state } = listen({ highWaterBytes: 512 * 1_024 });
    const busy = await dial(gate.port);
    const stored = Promise.withResolvers<void>();
    state.slow = stored.promise;
    const report = (at: number) => ({ type: "ping", clusterIds: [LARGE], at }) as const;
    let sent = 0;
    while (busy.buffered <= 4 * 1_024 * 1_024 && sent < 400) {
      busy.send(report(sent++));
      await new Promise(setImmediate);
    }
    const one = await nth(0);
    expect(busy.buffered).toBeGreaterThan(4 * 1_024 * 1_024);
    // Two are beyond the mark; some may have been on their way through the socket already.
    expect(one.received.length).toBeLessThan(8);
    state.slow = undefined;
    const other = await dial(gate.port);
    await works(other);
    stored.resolve();
    await eventually(() => expect(one.received).toHaveLength(sent), { deadlineMs: 15_000 });
    expect(one.received.map((message) => message.type === "ping" && message.at)).toEqual([...Array(sent).keys()]);
  });
});

describe("nonsense ends its own connection", () => {
  it.each<[string, string | Buffer, RegExp]>([
    ["bytes", Buffer.from([1, 2, 3]), /messages are text/],
    ["no JSON", "{", /no JSON/],
    ["more than a message may have", "x".repeat(MAX_MESSAGE_BYTES + 1), /Max payload size exceeded/],
  ])("%s", async (_, said, reason) => {
    const { nth } = listen();
    const other = await dial(gate.port);
    const socket = new WebSocket(gate.url, "selvedge-link.1");
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send(said);
    const one = await nth(1);
    await eventually(() => expect(one.closed).toMatch(reason));
    await works(other);
  });
});

describe("versions", () => {
  it.each<[string, readonly number[], readonly number[], number]>([
    ["the only one", [1], [1], 1], ["the gateway's best of those that the fleet has", [3, 2, 1], [1, 2], 2], ["of a newer fleet", [1], [9, 1], 1],
  ])("%s", async (_, spoken, offered, agreed) => {
    listen({ protocols: spoken });
    const socket = new WebSocket(gate.url, offered.map((version) => `selvedge-link.${version}`));
    await new Promise((resolve) => socket.once("open", resolve));
    expect(socket.protocol).toBe(`selvedge-link.${agreed}`);
    socket.terminate();
  });

  it("an unknown one is refused in words, which the fleet's log will show", async () => {
    listen({ protocols: [2, 1] });
    await expect(dial(gate.port, { protocols: [9, 8] })).rejects.toThrow(/refused with 400: this gateway speaks selvedge-link\.2 and selvedge-link\.1; selvedge-link\.9, selvedge-link\.8 was offered$/);
    const none = new WebSocket(gate.url);
    const status = await new Promise((resolve) => none.once("unexpected-response", (_request, response) => resolve(response.statusCode)));
    none.on("error", () => undefined).terminate();
    expect(status).toBe(400);
  });
});

describe("several gateways", () => {
  it("the next is dialled where one is gone, and after a connection was lost", async () => {
    const second = await startSocketGate();
    try {
      const connections: string[] = [];
      gate.open().onConnection(() => void connections.push("first"));
      second.open().onConnection(() => void connections.push("second"));
      const gone = `ws://127.0.0.1:${await freePort()}/agent`;
      const dialer = socketDialer<AgentMessage, GatewayMessage>({ urls: [gone, gate.url, second.url] });
      for (let times = 0; times < 3; times += 1) dialled.push(await dialer.dial());
      expect(connections).toEqual(["first", "second", "first"]);
      await expect(socketDialer({ urls: [gone] }).dial()).rejects.toThrow(/ECONNREFUSED/);
    } finally {
      await second.close();
    }
  });

  it("no more connections are taken than there may be", async () => {
    listen({ maxConnections: 2 });
    await dial(gate.port);
    const second = await dial(gate.port);
    await expect(dial(gate.port)).rejects.toThrow(/refused with 503: there are 2 connections already/);
    second.close("room for another");
    await eventually(async () => works(await dial(gate.port)));
  });
});
