/**
 * The link between machines: over WebSockets, a message a text frame of JSON.
 *
 *   dialer                                     listener
 *     | -- GET /agent, subprotocols ------------> |   the versions that the fleet speaks, e.g. selvedge-link.1
 *     | <---- 101 with the best common one ------ |   or 400 and a sentence why not
 *     | <------------- messages ----------------> |
 *     | <---------- close (1000, reason) -------- |   either side
 *
 * Bounds, all of one connection alone: a message has MAX_MESSAGE_BYTES. What waits to be sent is told as `buffered`, and ends the connection beyond
 * MAX_BUFFERED_BYTES. What was received and is not done with (onMessage's promise) stops the reading beyond HIGH_WATER_BYTES until half of it is: the
 * peer's own sending then comes to rest. Who has not been admitted yet may send `openingBytes` altogether. A peer is gone when for SILENT_PINGS pings neither a byte came from it nor a byte that waited for it could leave.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { commonProtocol, HIGH_WATER_BYTES, LINK_PROTOCOLS, type LinkConnection, PING_INTERVAL_MS, type ProvingGateway } from "./link.ts";

export const MAX_MESSAGE_BYTES = 16 * 1_024 * 1_024;
export const MAX_BUFFERED_BYTES = 8 * HIGH_WATER_BYTES;
const SILENT_PINGS = 3;
/** For the closing handshake; a peer that does not answer it is cut off. */
const FAREWELL_MS = 1_000;
const DIAL_TIMEOUT_MS = 5_000;
/** Of a close frame, in bytes. */
const MAX_REASON_BYTES = 120;
const MAX_REFUSAL_CHARACTERS = 300;
const SUBPROTOCOL = /^selvedge-link\.(\d{1,6})$/;
const NORMAL = 1000;
const TEXT_ONLY = 1003;
const MALFORMED = 1007;

export interface SocketTuning {
  readonly pingMs?: number;
  /** See HIGH_WATER_BYTES and MAX_BUFFERED_BYTES. */
  readonly highWaterBytes?: number;
  readonly maxBufferedBytes?: number;
  /** What may be read before the connection is admitted; absent: it is from the start. */
  readonly openingBytes?: number;
}

const subprotocolOf = (version: number): string => `selvedge-link.${version}`;

/** What there is to know of the stream below a WebSocket. */
type Counted = Duplex & Pick<Socket, "bytesRead" | "bytesWritten">;

class SocketConnection<Out, In> implements LinkConnection<Out, In> {
  /** Resolves when nothing is left of it. */
  readonly gone: Promise<void>;
  readonly #socket: WebSocket;
  readonly #stream: Counted;
  readonly #highWater: number;
  readonly #maxBuffered: number;
  readonly #heartbeat: NodeJS.Timeout;
  #onMessage: ((message: In) => unknown)[] = [];
  readonly #onClose: ((reason: string) => void)[] = [];
  readonly #onDrain: (() => void)[] = [];
  /** What came before anybody listened, with its size. */
  #early: { readonly message: In; readonly bytes: number }[] = [];
  #closedBecause: string | null = null;
  #isAboveHighWater = false;
  /** Bytes of messages that somebody works on, or that wait for a listener. */
  #waitingBytes = 0;
  #stopWatching: () => void = () => undefined;
  #silentPings = 0;
  #read = 0;
  #left = 0;
  #hadBuffered = false;

  constructor(socket: WebSocket, stream: Counted, { pingMs = PING_INTERVAL_MS, highWaterBytes = HIGH_WATER_BYTES, maxBufferedBytes = MAX_BUFFERED_BYTES, openingBytes }: SocketTuning) {
    this.#socket = socket;
    if (openingBytes !== undefined) this.#watchOpening(stream, openingBytes);
    this.#stream = stream;
    this.#highWater = highWaterBytes;
    this.#maxBuffered = maxBufferedBytes;
    this.#heartbeat = setInterval(() => this.#beat(), pingMs);
    socket.on("message", (data, isBinary) => this.#received(data, isBinary));
    // ws closes the socket itself, with the code that says why; an error after the end is of no interest to anybody.
    socket.on("error", (error) => this.#ended(error.message));
    socket.on("close", (code, reason) => this.#ended(reason.toString() || `the connection broke (${code})`));
    this.gone = new Promise((resolve) => socket.once("close", () => resolve()));
  }

  get buffered(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: Out): void {
    if (this.#closedBecause !== null) return;
    this.#socket.send(JSON.stringify(message), this.#hasLeft);
    if (this.buffered > this.#highWater) this.#isAboveHighWater = true;
    if (this.buffered > this.#maxBuffered) this.#cut(`more than ${this.#maxBuffered} bytes wait to be read by the other side`);
  }

  onMessage(listener: (message: In) => unknown): void {
    this.#onMessage.push(listener);
    const early = this.#early;
    this.#early = [];
    for (const { message, bytes } of early) this.#handOn(message, bytes);
  }

  onClose(listener: (reason: string) => void): void {
    if (this.#closedBecause === null) this.#onClose.push(listener);
    else listener(this.#closedBecause);
  }

  onDrain(listener: () => void): void {
    this.#onDrain.push(listener);
  }

  close(reason: string): void {
    this.#leave(NORMAL, reason);
  }

  admit(): void {
    this.#stopWatching();
  }

  #watchOpening(stream: Counted, limit: number): void {
    let total = 0;
    const count = (chunk: Buffer): void => {
      total += chunk.length;
      if (total > limit) this.#cut(`more than ${limit} bytes came before the connection was admitted`);
    };
    stream.on("data", count);
    this.#stopWatching = () => stream.off("data", count);
  }

  readonly #hasLeft = (): void => {
    if (!this.#isAboveHighWater || this.#closedBecause !== null || this.buffered >= this.#highWater) return;
    this.#isAboveHighWater = false;
    for (const listener of this.#onDrain) listener();
  };

  #received(data: RawData, isBinary: boolean): void {
    if (this.#closedBecause !== null) return;
    if (isBinary) return this.#leave(TEXT_ONLY, "messages are text");
    // Without `binaryType` set to another, ws hands on one Buffer.
    const text = data as Buffer;
    let message: In;
    try {
      message = JSON.parse(text.toString()) as In;
    } catch {
      return this.#leave(MALFORMED, "a message is no JSON");
    }
    this.#waitingBytes += text.length;
    if (this.#waitingBytes > this.#highWater) this.#socket.pause();
    if (this.#onMessage.length === 0) this.#early.push({ message, bytes: text.length });
    else this.#handOn(message, text.length);
  }

  #handOn(message: In, bytes: number): void {
    const working = this.#onMessage.map((listener) => listener(message)).filter((each) => each instanceof Promise);
    if (working.length === 0) this.#done(bytes);
    else void Promise.allSettled(working).then(() => this.#done(bytes));
  }

  #done(bytes: number): void {
    this.#waitingBytes -= bytes;
    if (this.#socket.isPaused && this.#waitingBytes <= this.#highWater / 2) this.#socket.resume();
  }

  #beat(): void {
    const { bytesRead, bytesWritten } = this.#stream;
    const left = bytesWritten - this.buffered;
    // What leaves into an empty buffer of the operating system says nothing of the peer; what had to wait for room there does.
    const isAlive = bytesRead !== this.#read || (this.#hadBuffered && left > this.#left);
    // Whoever is not read can't be heard.
    this.#silentPings = isAlive || this.#socket.isPaused ? 0 : this.#silentPings + 1;
    this.#read = bytesRead;
    this.#left = left;
    this.#hadBuffered = this.buffered > 0;
    if (this.#silentPings >= SILENT_PINGS) return this.#cut("the other side is silent");
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }

  /** Says goodbye, and waits a moment for the answer. */
  #leave(code: number, reason: string): void {
    if (this.#closedBecause !== null) return;
    this.#ended(reason);
    this.#socket.close(code, shortened(reason));
    // Read on, or the other side's goodbye is never seen.
    this.#socket.resume();
    const farewell = setTimeout(() => this.#socket.terminate(), FAREWELL_MS);
    this.#socket.once("close", () => clearTimeout(farewell));
  }

  /** At once, and what waits to be sent is lost: nobody reads it. */
  #cut(reason: string): void {
    this.#ended(reason);
    this.#socket.terminate();
  }

  #ended(reason: string): void {
    if (this.#closedBecause !== null) return;
    this.#closedBecause = reason;
    clearInterval(this.#heartbeat);
    this.#stopWatching();
    this.#onMessage = [];
    this.#early = [];
    for (const listener of this.#onClose) listener(reason);
  }
}

function shortened(reason: string): string {
  let text = reason;
  while (Buffer.byteLength(text) > MAX_REASON_BYTES) text = text.slice(0, -1);
  return text;
}

// ---------------------------------------------------------------- the gateway's end

export interface SocketListenerOptions extends SocketTuning {
  /** Best first. */
  readonly protocols?: readonly number[];
  /** More at once are refused. */
  readonly maxConnections?: number;
}

export interface SocketListener<Out, In> {
  onConnection(listener: (connection: LinkConnection<Out, In> & Pick<ProvingGateway, "admit">) => void): void;
  /** Takes over an HTTP connection that asked to become a WebSocket. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void;
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 2_000;

export function socketListener<Out, In>(options: SocketListenerOptions = {}): SocketListener<Out, In> {
  const { protocols = LINK_PROTOCOLS, maxConnections = MAX_CONNECTIONS } = options;
  const listeners: ((connection: SocketConnection<Out, In>) => void)[] = [];
  const connections = new Set<SocketConnection<Out, In>>();
  /** The protocol was agreed on before ws is asked: it only repeats it. */
  const agreed = (offered: Iterable<string>): number | null => commonProtocol(protocols, versionsIn(offered));
  const server = new WebSocketServer({
    noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (offered) => subprotocolOf(agreed(offered) as number),
  });
  let closing = false;

  const refusal = (request: IncomingMessage): readonly [status: string, reason: string] | null => {
    if (closing || listeners.length === 0) return ["503 Service Unavailable", "nobody takes connections here at the moment"];
    if (connections.size >= maxConnections) return ["503 Service Unavailable", `there are ${maxConnections} connections already`];
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim()).filter((name) => name !== "");
    if (agreed(offered) !== null) return null;
    const spoken = protocols.map(subprotocolOf).join(" and ");
    return ["400 Bad Request", `this gateway speaks ${spoken}; ${offered.length === 0 ? "no version" : offered.slice(0, 8).join(", ").slice(0, 100)} was offered`];
  };

  return {
    onConnection: (listener) => void listeners.push(listener),
    upgrade(request, stream, head) {
      const refused = refusal(request);
      if (refused !== null) return refuseUpgrade(stream, ...refused);
      server.handleUpgrade(request, stream, head, (socket) => {
        const connection = new SocketConnection<Out, In>(socket, stream as Counted, options);
        connections.add(connection);
        connection.onClose(() => connections.delete(connection));
        for (const listener of listeners) listener(connection);
      });
    },
    async close() {
      closing = true;
      const ending = [...connections];
      for (const connection of ending) connection.close("the listener closed");
      await Promise.all(ending.map(({ gone }) => gone));
    },
  };
}

const versionsIn = (names: Iterable<string>): number[] => [...names].flatMap((name) => SUBPROTOCOL.exec(name)?.[1] ?? []).map(Number);

/** Answers what asked to become a WebSocket like any other request, in words. */
export function refuseUpgrade(stream: Duplex, status: string, reason: string): void {
  stream.on("error", () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`);
}

// ---------------------------------------------------------------- the fleet's end

export interface SocketDialerOptions extends SocketTuning {
  /** ws:// or wss://: the next one is tried where one can't be reached, and after a connection was lost. */
  readonly urls: readonly string[];
  readonly protocols?: readonly number[];
  readonly timeoutMs?: number;
}

export interface SocketDialer<Out, In> {
  dial(): Promise<LinkConnection<Out, In>>;
}

export function socketDialer<Out, In>(options: SocketDialerOptions): SocketDialer<Out, In> {
  const { urls } = options;
  let next = 0;
  return {
    async dial() {
      const failures: string[] = [];
      for (let tried = 0; tried < urls.length; tried += 1) {
        const url = urls[next % urls.length] as string;
        next += 1;
        try {
          return await dialOne<Out, In>(url, options);
        } catch (error) {
          failures.push(`${url}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
      throw new Error(failures.join("; "));
    },
  };
}

function dialOne<Out, In>(url: string, options: SocketDialerOptions): Promise<LinkConnection<Out, In>> {
  const { protocols = LINK_PROTOCOLS, timeoutMs = DIAL_TIMEOUT_MS } = options;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols.map(subprotocolOf), { perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES, handshakeTimeout: timeoutMs });
    let stream: Counted | null = null;
    socket.once("upgrade", (response) => (stream = response.socket));
    socket.on("error", (error) => reject(reachable(error)));
    socket.once("unexpected-response", (_request, response) => {
      let words = "";
      response.setEncoding("utf8").on("data", (text: string) => void (words = (words + text).slice(0, MAX_REFUSAL_CHARACTERS)));
      const told = (): void => {
        reject(new Error(`refused with ${response.statusCode}${words === "" ? "" : `: ${words}`}`));
        socket.terminate();
      };
      response.once("end", told).once("error", told).setTimeout(timeoutMs, told);
    });
    socket.once("open", () => {
      if (stream !== null) resolve(new SocketConnection<Out, In>(socket, stream, options));
    });
  });
}

/** One failure an address, where a name has several: these have no message of their own. */
const reachable = (error: Error): Error => (error instanceof AggregateError && error.message === "" ? new Error(error.errors.map((each: Error) => each.message).join(", ")) : error);
