import type { Duplex } from "node:stream";

/** Answers what asked to become another protocol like any other request, in words where there are any. */
export function refuseUpgrade(stream: Duplex, status: string, reason = ""): void {
  const type = reason === "" ? "" : "Content-Type: text/plain; charset=utf-8\r\n";
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n${type}Content-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`);
}
