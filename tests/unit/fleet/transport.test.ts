import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentMessage, GatewayConnection, GatewayMessage } from "#server/fleet/link.ts";
import { portDialer, portListener } from "#server/fleet/transport-port.ts";
import { eventually } from "../../support/eventually.ts";

const ping = (at: number): AgentMessage => ({ type: "ping", clusterIds: [], at });
const pong = (at: number): GatewayMessage => ({ type: "pong", at });

describe("the transport over a port", () => {
  let port1: MessagePort;
  let port2: MessagePort;

  /** A gateway that answers pings, and remembers its connections and why they closed. */
  const gatewayOn = (port: MessagePort) => {
    const listener = portListener(port);
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

  beforeEach(() => {
    ({ port1, port2 } = new MessageChannel());
  });

  afterEach(() => {
    port1.close();
  });

  it("carries messages both ways, in order", async () => {
    const { listener } = gatewayOn(port1);
    const connection = await portDialer(port2).dial();
    const answers: number[] = [];
    for (let at = 0; at < 100; at++) connection.send(ping(at));
    connection.onMessage((message) => message.type === "pong" && answers.push(message.at));
    await eventually(() => expect(answers).toEqual([...Array(100).keys()]));
    await listener.close();
  });

  it("keeps what comes before anybody listens", async () => {
    gatewayOn(port1);
    const connection = await portDialer(port2).dial();
    connection.send(ping(1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const answers: GatewayMessage[] = [];
    connection.onMessage((message) => answers.push(message));
    expect(answers).toEqual([pong(1)]);
  });

  it("tells both sides once when either closes, and carries nothing after that", async () => {
    const gateway = gatewayOn(port1);
    const dialer = portDialer(port2);
    const first = await dialer.dial();
    const reasons: string[] = [];
    first.onClose((reason) => reasons.push(reason));
    first.close("enough");
    first.close("again");
    first.send(ping(1));
    await eventually(() => expect(gateway.closed).toEqual(["enough"]));
    expect(reasons).toEqual(["enough"]);

    const second = await dialer.dial();
    second.onClose((reason) => reasons.push(reason));
    gateway.connections[1]?.close("going away");
    await eventually(() => expect(reasons).toEqual(["enough", "going away"]));
    expect(gateway.closed).toEqual(["enough", "going away"]);
    let late = "";
    second.onClose((reason) => (late = reason));
    expect(late).toBe("going away");
  });

  it("dials a listener that was started anew on the same port", async () => {
    const before = gatewayOn(port1);
    const dialer = portDialer(port2, 200);
    const first = await dialer.dial();
    const closed = new Promise((resolve) => first.onClose(resolve));
    await before.listener.close();
    expect(await closed).toBe("the listener closed");
    await expect(dialer.dial()).rejects.toThrow("nobody accepted within 200 ms");
    const after = gatewayOn(port1);
    const second = await dialer.dial();
    let answered = false;
    second.onMessage(() => (answered = true));
    second.send(ping(1));
    await eventually(() => expect(answered).toBe(true));
    expect(before.connections).toHaveLength(1);
    expect(after.connections.length).toBeGreaterThanOrEqual(1);
  });

  it("closes a connection that the other side has forgotten", async () => {
    // The listener of a thread that died without a word.
    port1.on("message", ({ frame, id }: { frame: string; id: number }) => {
      if (frame === "open") port1.postMessage({ frame: "accept", id });
    });
    const connection = await portDialer(port2).dial();
    const closed = new Promise((resolve) => connection.onClose(resolve));
    port1.removeAllListeners("message");
    gatewayOn(port1);
    connection.send(ping(1));
    expect(await closed).toMatch(/does not know this connection/);
  });

  it("lets a new connection supersede the one before it", async () => {
    const gateway = gatewayOn(port1);
    const first = await portDialer(port2).dial();
    await portDialer(port2).dial();
    await eventually(() => expect(gateway.closed).toEqual(["superseded by a new connection"]));
    first.send(ping(1));
    await eventually(() => expect(gateway.connections).toHaveLength(2));
  });

  it("fails to dial, and ends its connection, once the port is closed", async () => {
    gatewayOn(port1);
    const dialer = portDialer(port2);
    const connection = await dialer.dial();
    const closed = new Promise((resolve) => connection.onClose(resolve));
    port1.close();
    expect(await closed).toBe("the port closed");
    await expect(dialer.dial()).rejects.toThrow("the port closed");
  });
});
