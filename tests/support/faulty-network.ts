import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * The way between a client and a server, which can be made to break: a TCP proxy of bytes that it does not understand.
 *
 *   cut()        every connection is reset, as when a machine in between loses its power
 *   halfClose()  one direction of every connection ends in order, the other stays open: what a proxy's time-out may do
 *   stall()      bytes stop, in both directions, and no connection ends; those that are made meanwhile are accepted and silent as well
 *   refuse()     new connections are reset; those that stand go on
 *   heal()       what is stalled goes on, new connections go through
 */
export interface FaultyNetwork {
  readonly port: number;
  readonly connections: number;
  cut(): void;
  halfClose(side: "client" | "server"): void;
  stall(): void;
  refuse(): void;
  heal(): void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

export async function startFaultyNetwork(targetPort: number): Promise<FaultyNetwork> {
  const pairs = new Set<Pair>();
  let stalled = false;
  let refusing = false;

  const flow = ({ client, server }: Pair): void => {
    client.pipe(server);
    server.pipe(client);
  };
  const proxy = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on("error", () => undefined);
    if (refusing) return void client.resetAndDestroy();
    const server = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const pair = { client, server };
    pairs.add(pair);
    server.on("error", () => client.resetAndDestroy());
    for (const [end, other] of [[client, server], [server, client]] as const) {
      end.once("close", () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
    if (!stalled) flow(pair);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));

  return {
    port: (proxy.address() as AddressInfo).port,
    get connections() {
      return pairs.size;
    },
    cut() {
      for (const { client, server } of pairs) {
        client.resetAndDestroy();
        server.resetAndDestroy();
      }
    },
    halfClose(side) {
      for (const pair of pairs) pair[side].end();
    },
    stall() {
      stalled = true;
      // Unread, they fill the buffers of the sockets, and then hold the sender up: nothing is lost, nothing arrives.
      for (const { client, server } of pairs) {
        client.unpipe(server);
        server.unpipe(client);
        client.pause();
        server.pause();
      }
    },
    refuse() {
      refusing = true;
    },
    heal() {
      refusing = false;
      if (!stalled) return;
      stalled = false;
      for (const pair of pairs) flow(pair);
    },
    close: () =>
      new Promise((resolve) => {
        proxy.close(() => resolve());
        for (const { client, server } of pairs) {
          client.destroy();
          server.destroy();
        }
      }),
  };
}
