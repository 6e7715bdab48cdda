import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { QUERY } from "./side.ts";

/** The subscribers: bare sockets that look for a text in what comes, so that they cost far less than who is measured. */
export type LoadAsk =
  | { readonly kind: "connect"; readonly url: string; readonly token: string; readonly count: number }
  /** Answered once all have had it, with when the first and the last did; in milliseconds of the clock that all processes share. */
  | { readonly kind: "await"; readonly marker: string }
  | { readonly kind: "disconnect" };
export interface Delivered {
  readonly first: number;
  readonly last: number;
}

const AT_ONCE = 32;
const now = (): number => performance.timeOrigin + performance.now();
let sockets: Socket[] = [];
let onData: (socket: Socket, data: Buffer) => void = () => undefined;

/** Masked with zeros, which is allowed, if pointless. */
function frameOf(message: object): Buffer {
  const text = Buffer.from(JSON.stringify(message));
  const head = text.length < 126 ? Buffer.from([0x81, 0x80 | text.length]) : Buffer.from([0x81, 0x80 | 126, text.length >> 8, text.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), text]);
}

function open(url: URL, token: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    let seen = "";
    let step = 0;
    const told = ["\r\n\r\n", "connection_ack", "\"next\""] as const;
    const says = [frameOf({ type: "connection_init", payload: { authorization: `Bearer ${token}` } }), frameOf({ id: "1", type: "subscribe", payload: { query: QUERY } })] as const;
    socket.on("error", reject);
    socket.on("connect", () =>
      socket.write(`GET ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString("base64")}\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n`));
    socket.on("data", (data) => {
      if (step === told.length) return onData(socket, data);
      seen += data.toString("latin1");
      while (step < told.length && seen.includes(told[step] as string)) {
        const say = says[step];
        if (say) socket.write(say);
        step += 1;
        if (step === told.length) {
          seen = "";
          resolve(socket);
        }
      }
    });
    socket.on("close", () => (step < told.length ? reject(new Error(`a subscriber was refused: ${seen.slice(0, 500)}`)) : undefined));
  });
}

process.on("message", (ask: LoadAsk) => {
  void answer(ask).then((said) => process.send?.(said), (error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});

async function answer(ask: LoadAsk): Promise<object> {
  switch (ask.kind) {
    case "connect": {
      const url = new URL(ask.url);
      let left = ask.count;
      const lane = async (): Promise<void> => {
        while (left-- > 0) sockets.push(await open(url, ask.token));
      };
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
      return {};
    }
    case "await":
      return new Promise((resolve) => {
        const waiting = new Map<Socket, string>(sockets.map((socket) => [socket, ""]));
        let first = Infinity;
        onData = (socket, data) => {
          const carried = waiting.get(socket);
          if (carried === undefined) return;
          if (!data.includes(ask.marker) && (carried === "" || !(carried + data.toString("latin1", 0, ask.marker.length)).includes(ask.marker))) {
            waiting.set(socket, data.toString("latin1", Math.max(0, data.length - ask.marker.length)));
            return;
          }
          const at = now();
          first = Math.min(first, at);
          waiting.delete(socket);
          if (waiting.size === 0) resolve({ first, last: at } satisfies Delivered);
        };
        process.send?.({ ready: true });
      });
    case "disconnect":
      for (const socket of sockets) socket.removeAllListeners("close").destroy();
      sockets = [];
      return {};
  }
}
process.send?.({});
