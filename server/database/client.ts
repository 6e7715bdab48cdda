import { EventEmitter } from "node:events";
import { Client, type ClientConfig } from "pg";
import { BackendFraming } from "./framing.ts";

declare module "pg" {
  interface Connection {
    /** Called once for each connection, with the stream that messages come by: the socket, or what TLS made of it. Reads its data only. */
    attachListeners(stream: EventEmitter): void;
  }
}

/**
 * pg's client, which can give the rows of a query as bytes. What comes by its socket goes through framing.ts, and from there to pg's own parser, unchanged, except for rows
 * while they are wanted as bytes: those come to the active query as any row does, with buffers for fields.
 */
export class FramedClient extends Client {
  #framing: BackendFraming | null = null;

  constructor(config?: ClientConfig) {
    super(config);
    // The connection stays the one that pg has made, with all its options; only what it hears is put between.
    const { connection } = this;
    const parse = connection.attachListeners.bind(connection);
    connection.attachListeners = (stream) => {
      const passed = new EventEmitter();
      parse(passed);
      const framing = new BackendFraming({
        pass: (bytes) => passed.emit("data", bytes),
        row: (fields) => connection.emit("dataRow", { fields }),
        // As when the socket breaks: the active query and the client are told by pg, and the pool drops it.
        broken: (error) => connection.stream.destroy(error),
      });
      stream.on("data", (chunk: Buffer) => framing.push(chunk));
      this.#framing = framing;
    };
  }

  /**
   * The rows of the query that is submitted now come as bytes.
   * @throws when there is no connection, or pg no longer tells of it as it did
   */
  takeRows(): void {
    if (!this.#framing) throw new Error("What comes by this connection is not framed");
    this.#framing.takeRows();
  }
}
