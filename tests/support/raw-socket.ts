import { WebSocket, type ClientOptions } from "ws";
import { eventually } from "./eventually.ts";

export interface WireMessage {
  readonly id?: string;
  readonly type: string;
  readonly payload?: never;
}

/** graphql-transport-ws spoken by hand, so that a test sees what is on the wire, and can misbehave. */
export interface RawSocket {
  readonly socket: WebSocket;
  readonly received: WireMessage[];
  readonly closed: Promise<{ code: number; reason: string }>;
  send(message: object | string): void;
  /** The messages of one operation so far. */
  of(id: string): WireMessage[];
  /** Waits for an operation's first message of a type. */
  until<T>(id: string, type: string, deadlineMs?: number): Promise<T>;
}

export function openRaw(url: string, options: ClientOptions = {}): RawSocket {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/graphql`, "graphql-transport-ws", options);
  const received: WireMessage[] = [];
  const waiting: string[] = [];
  socket.on("message", (data) => void received.push(JSON.parse((data as Buffer).toString()) as WireMessage));
  socket.on("open", () => waiting.splice(0).forEach((text) => socket.send(text)));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on("error", (error) => resolve({ code: -1, reason: error.message }));
    socket.on("close", (code, reason) => resolve({ code, reason: String(reason) }));
  });
  const of = (id: string): WireMessage[] => received.filter((message) => message.id === id);
  return {
    socket, received, closed, of,
    send(message) {
      const text = typeof message === "string" ? message : JSON.stringify(message);
      if (socket.readyState === socket.CONNECTING) waiting.push(text);
      else socket.send(text);
    },
    until: <T>(id: string, type: string, deadlineMs = 5000) =>
      eventually(
        () => {
          const found = of(id).find((message) => message.type === type);
          if (!found) throw new Error(`no ${type} of ${id} among ${JSON.stringify(of(id)).slice(0, 500)}`);
          return found.payload as T;
        },
        { deadlineMs, everyMs: 5 },
      ),
  };
}

/** Connected and acknowledged. */
export async function openAuthenticated(url: string, token: string, options: ClientOptions = {}): Promise<RawSocket> {
  const raw = openRaw(url, options);
  raw.send({ type: "connection_init", payload: { authorization: `Bearer ${token}` } });
  await eventually(() => {
    if (!raw.received.some((message) => message.type === "connection_ack")) throw new Error("not acknowledged");
  });
  return raw;
}
