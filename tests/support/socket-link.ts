import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { AgentMessage, GatewayMessage } from "#server/fleet/link.ts";
import { type SocketListener, socketListener, type SocketListenerOptions } from "#server/fleet/transport-socket.ts";

/** The gateway's end of the link over WebSockets on a port of its own, without anybody who asks for keys. It can be closed, and opened anew on the same port. */
export interface SocketGate {
  readonly port: number;
  readonly url: string;
  open(options?: SocketListenerOptions): SocketListener<GatewayMessage, AgentMessage>;
  close(): Promise<void>;
}

export async function startSocketGate(): Promise<SocketGate> {
  const server: Server = createServer((_request, response) => response.writeHead(404).end());
  let current: SocketListener<GatewayMessage, AgentMessage> | null = null;
  server.on("upgrade", (request, stream, head) => (current === null ? stream.destroy() : current.upgrade(request, stream, head)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `ws://127.0.0.1:${port}/agent`,
    open: (options) => (current = socketListener<GatewayMessage, AgentMessage>(options)),
    async close() {
      await current?.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
