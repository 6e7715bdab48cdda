import { createServer } from "node:net";

/**
 * What the load generator can do: a bare socket that sends the same answer, of so many bytes, for whatever arrives. Each request is one small write
 * of one that waits for its answer, and so comes in one piece.
 */
const bytes = Number(process.argv[2]);
const answer = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`), Buffer.alloc(bytes, "x")]);
const server = createServer({ noDelay: true }, (socket) => {
  socket.on("data", () => socket.write(answer)).on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.({ url: `http://127.0.0.1:${address.port}/` });
});
process.on("message", () => process.send?.(process.cpuUsage().user + process.cpuUsage().system));
