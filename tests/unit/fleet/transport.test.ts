import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentMessage, GatewayConnection, GatewayMessage, LinkDialer, LinkListener } from "#server/fleet/link.ts";
import { portDialer, portListener } from "#server/fleet/transport-port.ts";
import { socketDialer } from "#server/fleet/transport-socket.ts";
import { startSocketGate } from "#tests/support/socket-link.ts";
import { eventually } from "../../support/eventually.ts";

const ping = (at: number): AgentMessage => ({ type: "ping", clusterIds: [], at });
const pong = (at: number): GatewayMessage => ({ type: "pong", at });

/** A gateway that answers pings, and remembers its connections and why they closed. */
const gatewayOn = (listener: LinkListener) => {
  const connections: GatewayConnection[] = [];
  const closed: string[] = [];
  listener.onConnection((connection) => {
    connections.push(connection);
    connection.onMessage((message) => {
      if (message.type === "ping") connection.send(pong(message.at));
    });
    connection.onClose((reason) => closed.push(reason));
  });
  return { listener, connections, closed };
};

/** Both ends of a way for messages. `listen` again after the listener before was closed. */
interface Way {
  readonly dialer: LinkDialer;
  listen(): LinkListener;
  close(): Promise<void>;
}

const WAYS: Readonly<Record<string, () => Promise<Way>>> = {
  "a port": async () => {
    const { port1, port2 } = new MessageChannel();
    return { dialer: portDialer(port2, 200), listen: () => portListener(port1), close: async () => port1.close() };
  },
  "a socket": async () => {
    const gate = await startSocketGate();
    return { dialer: socketDialer({ urls: [gate.url], timeoutMs: 2_000 }), listen: () => gate.open(), close: () => gate.close() };
  },
};

describe.each(Object.entries(WAYS))("the transport over %s", (_name, open) => {
  let way: Way;
  beforeEach(async () => {
    way = await open();
  });
  afterEach(() => way.close());

  it("carries messages both ways, in order", async () => {
    gatewayOn(way.listen());
    const connection = await way.dialer.dial();
    const answers: number[] = [];
    for (let at = 0; at < 100; at++) connection.send(ping(at));
    connection.onMessage((message) => message.type === "pong" && answers.push(message.at));
    await eventually(() => expect(answers).toEqual([...Array(100).keys()]));
  });

  it("keeps what comes before anybody listens", async () => {
    const gateway = gatewayOn(way.listen());
    const connection = await way.dialer.dial();
    const answers: GatewayMessage[] = [];
    connection.send(ping(1));
    await eventually(() => expect(gateway.connections).toHaveLength(1));
    gateway.connections[0]?.send(pong(2));
    await new Promise((resolve) => setTimeout(resolve, 50));
    connection.onMessage((message) => answers.push(message));
    await eventually(() => expect(answers.map((message) => message.type === "pong" && message.at).toSorted()).toEqual([1, 2]));
  });

  it("carries text as it is, and large messages", async () => {
    gatewayOn(way.listen()).listener.onConnection((connection) => {
      connection.send({ type: "refuse", clusterId: null, reason: "好".repeat(400_000) });
      connection.send({ type: "refuse", clusterId: null, reason: "\u2028\"\\\n😀" });
    });
    const reasons: string[] = [];
    (await way.dialer.dial()).onMessage((message) => message.type === "refuse" && reasons.push(message.reason));
    await eventually(() => expect(reasons.map((reason) => reason.length)).toEqual([400_000, 6]));
    expect(reasons[1]).toBe("\u2028\"\\\n😀");
  });

  it("tells both sides once when either closes, and carries nothing after that", async () => {
    const gateway = gatewayOn(way.listen());
    const first = await way.dialer.dial();
    const reasons: string[] = [];
    first.onClose((reason) => reasons.push(reason));
    first.close("enough");
    first.close("again");
    first.send(ping(1));
    await eventually(() => expect(gateway.closed).toEqual(["enough"]));
    expect(reasons).toEqual(["enough"]);

    const second = await way.dialer.dial();
    second.onClose((reason) => reasons.push(reason));
    await eventually(() => expect(gateway.connections).toHaveLength(2));
    gateway.connections[1]?.close("going away");
    await eventually(() => expect(reasons).toEqual(["enough", "going away"]));
    expect(gateway.closed).toEqual(["enough", "going away"]);
    let late = "";
    second.onClose((reason) => (late = reason));
    expect(late).toBe("going away");
  });

  it("dials a listener that was started anew in the same place", async () => {
    const before = gatewayOn(way.listen());
    const first = await way.dialer.dial();
    const closed = new Promise((resolve) => first.onClose(resolve));
    await before.listener.close();
    expect(await closed).toBe("the listener closed");
    await expect(way.dialer.dial()).rejects.toThrow(/nobody/);
    const after = gatewayOn(way.listen());
    const second = await way.dialer.dial();
    let answered = false;
    second.onMessage(() => (answered = true));
    second.send(ping(1));
    await eventually(() => expect(answered).toBe(true));
    expect(before.connections).toHaveLength(1);
    expect(after.connections.length).toBeGreaterThanOrEqual(1);
  });

  it("has nothing waiting once everything was read", async () => {
    const gateway = gatewayOn(way.listen());
    const connection = await way.dialer.dial();
    connection.send(ping(1));
    await eventually(() => expect(gateway.connections).toHaveLength(1));
    await eventually(() => expect([connection.buffered, gateway.connections[0]?.buffered]).toEqual([0, 0]));
  });
});

describe("a port", () => {
  let port1: MessagePort;
  let port2: MessagePort;
  beforeEach(() => {
    ({ port1, port2 } = new MessageChannel());
  });
  afterEach(() => port1.close());

  it("closes a connection that the other side has forgotten", async () => {
    // The listener of a thread that died without a word.
    port1.on("message", ({ frame, id }: { frame: string; id: number }) => {
      if (frame === "open") port1.postMessage({ frame: "accept", id });
    });
    const connection = await portDialer(port2).dial();
    const closed = new Promise((resolve) => connection.onClose(resolve));
    port1.removeAllListeners("message");
    gatewayOn(portListener(port1));
    connection.send(ping(1));
    expect(await closed).toMatch(/does not know this connection/);
  });

  it("lets a new connection supersede the one before it", async () => {
    const gateway = gatewayOn(portListener(port1));
    const first = await portDialer(port2).dial();
    await portDialer(port2).dial();
    await eventually(() => expect(gateway.closed).toEqual(["superseded by a new connection"]));
    first.send(ping(1));
    await eventually(() => expect(gateway.connections).toHaveLength(2));
  });

  it("fails to dial, and ends its connection, once the port is closed", async () => {
    gatewayOn(portListener(port1));
    const dialer = portDialer(port2);
    const connection = await dialer.dial();
    const closed = new Promise((resolve) => connection.onClose(resolve));
    port1.close();
    expect(await closed).toBe("the port closed");
    await expect(dialer.dial()).rejects.toThrow("the port closed");
  });
});
