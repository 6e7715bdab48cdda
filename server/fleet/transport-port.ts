/**
 * The link inside one process: over a MessagePort between two threads. A port carries at most one connection at a time, but any number
 * after each other, so control frames open and close connections as a socket would.
 *
 *   dialer                     listener
 *     | -- open (id) ------------> |   the id is chosen by chance, so that connections of a restarted side are told apart
 *     | <------------ accept (id)  |   or nothing: nobody listens (yet), and the dial times out
 *     | <------- data (id) ------> |
 *     | <------ close (id) ------> |   either side; also the listener's answer to data of a connection that it does not know
 *
 * A new `open` supersedes the connection before it. Closing calls the close listeners of both sides, once. The port itself belongs to
 * whoever made it: closing a listener leaves it open for the next one, and it keeps its thread alive until it is closed.
 */
import { randomInt } from "node:crypto";
import type { MessagePort } from "node:worker_threads";
import type { AgentConnection, AgentMessage, GatewayConnection, GatewayMessage, LinkConnection, LinkDialer, LinkListener } from "./link.ts";

type Frame =
  | { readonly frame: "open" | "accept"; readonly id: number }
  | { readonly frame: "data"; readonly id: number; readonly message: unknown }
  | { readonly frame: "close"; readonly id: number; readonly reason: string };

const DIAL_TIMEOUT_MS = 5_000;

/** The connection `id` over a port whose frames are handed to it. */
class PortConnection<Out, In> implements LinkConnection<Out, In> {
  readonly id: number;
  /** A port does not tell what waits in it; the windows of the protocol bound that. */
  readonly buffered = 0;
  readonly #port: MessagePort;
  #onMessage: ((message: In) => unknown)[] = [];
  readonly #onClose: ((reason: string) => void)[] = [];
  /** What came before anybody listened. */
  #early: In[] = [];
  #closedBecause: string | null = null;

  constructor(port: MessagePort, id: number) {
    this.#port = port;
    this.id = id;
  }

  send(message: Out): void {
    if (this.#closedBecause === null) this.#port.postMessage({ frame: "data", id: this.id, message } satisfies Frame);
  }

  onMessage(listener: (message: In) => unknown): void {
    this.#onMessage.push(listener);
    const early = this.#early;
    this.#early = [];
    for (const message of early) listener(message);
  }

  onClose(listener: (reason: string) => void): void {
    if (this.#closedBecause === null) this.#onClose.push(listener);
    else listener(this.#closedBecause);
  }

  onDrain(): void {}

  close(reason: string): void {
    if (this.#closedBecause === null) this.#port.postMessage({ frame: "close", id: this.id, reason } satisfies Frame);
    this.ended(reason);
  }

  received(message: In): void {
    if (this.#closedBecause !== null) return;
    if (this.#onMessage.length === 0) this.#early.push(message);
    for (const listener of this.#onMessage) listener(message);
  }

  ended(reason: string): void {
    if (this.#closedBecause !== null) return;
    this.#closedBecause = reason;
    this.#onMessage = [];
    for (const listener of this.#onClose) listener(reason);
  }
}

/** The gateway's end of a port. It starts to listen with the first `onConnection`. */
export function portListener(port: MessagePort): LinkListener {
  const listeners: ((connection: GatewayConnection) => void)[] = [];
  let current: PortConnection<GatewayMessage, AgentMessage> | null = null;
  const onFrame = (frame: Frame): void => {
    if (frame.frame === "open") {
      current?.ended("superseded by a new connection");
      const connection = new PortConnection<GatewayMessage, AgentMessage>(port, frame.id);
      current = connection;
      port.postMessage({ frame: "accept", id: frame.id } satisfies Frame);
      for (const listener of listeners) listener(connection);
    } else if (current === null || current.id !== frame.id) {
      const reason = "the listener does not know this connection";
      if (frame.frame === "data") port.postMessage({ frame: "close", id: frame.id, reason } satisfies Frame);
    } else if (frame.frame === "data") {
      current.received(frame.message as AgentMessage);
    } else if (frame.frame === "close") {
      current.ended(frame.reason);
    }
  };
  const onPortClose = (): void => current?.ended("the port closed");
  return {
    onConnection(listener) {
      listeners.push(listener);
      if (listeners.length > 1) return;
      port.on("message", onFrame);
      port.on("close", onPortClose);
    },
    close() {
      current?.close("the listener closed");
      current = null;
      port.off("message", onFrame);
      port.off("close", onPortClose);
      return Promise.resolve();
    },
  };
}

/** The fleet's end of a port. A dial that nobody accepts in time is rejected; should it be accepted later, the next dial supersedes it. */
export function portDialer(port: MessagePort, timeoutMs = DIAL_TIMEOUT_MS): LinkDialer {
  let current: PortConnection<AgentMessage, GatewayMessage> | null = null;
  let dialling: { readonly id: number; accept(): void; refuse(reason: string): void } | null = null;
  let isListening = false;
  let isClosed = false;
  const onFrame = (frame: Frame): void => {
    if (frame.id === dialling?.id) {
      if (frame.frame === "accept") dialling.accept();
      else if (frame.frame === "close") dialling.refuse(frame.reason);
    } else if (frame.id === current?.id) {
      if (frame.frame === "data") current.received(frame.message as GatewayMessage);
      else if (frame.frame === "close") current.ended(frame.reason);
    }
  };
  const onPortClose = (): void => {
    isClosed = true;
    dialling?.refuse("the port closed");
    current?.ended("the port closed");
  };
  return {
    dial() {
      if (isClosed) return Promise.reject(new Error("the port closed"));
      if (dialling !== null) return Promise.reject(new Error("a dial is under way"));
      if (!isListening) {
        isListening = true;
        port.on("message", onFrame);
        port.on("close", onPortClose);
      }
      current?.close("superseded by a new dial");
      return new Promise<AgentConnection>((resolve, reject) => {
        const id = randomInt(2 ** 48 - 1);
        const settle = (): void => {
          clearTimeout(timeout);
          dialling = null;
        };
        const refuse = (reason: string): void => {
          settle();
          reject(new Error(reason));
        };
        const timeout = setTimeout(() => refuse(`nobody accepted within ${timeoutMs} ms`), timeoutMs);
        const accept = (): void => {
          settle();
          const connection = new PortConnection<AgentMessage, GatewayMessage>(port, id);
          current = connection;
          resolve(connection);
        };
        dialling = { id, accept, refuse };
        port.postMessage({ frame: "open", id } satisfies Frame);
      });
    },
  };
}
