import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { changeOf, serveAsks } from "./side.ts";

/** The limit: bare sockets that speak just enough of WebSocket to get a frame, which is built once for all. */
const ACCEPT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const frameOf = (message: object): Buffer => {
  const text = Buffer.from(JSON.stringify(message));
  const head = text.length < 126 ? Buffer.from([0x81, text.length]) : Buffer.from([0x81, 126, text.length >> 8, text.length & 255]);
  return Buffer.concat([head, text]);
};
const acknowledged = frameOf({ type: "connection_ack" });
const subscribers = new Set<Socket>();
const server = createServer({ noDelay: true }, (socket) => {
  let came = 0;
  socket.on("data", (data) => {
    came += 1;
    if (came === 1) {
      const key = /sec-websocket-key: (.*)\r\n/i.exec(data.toString())?.[1] ?? "";
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${createHash("sha1").update(key + ACCEPT).digest("base64")}\r\n\r\n`);
    } else if (came === 2) socket.write(acknowledged);
    else {
      subscribers.add(socket);
      socket.write(frameOf({ id: "1", type: "next", payload: { data: changeOf("first") } }));
    }
  });
  socket.on("error", () => socket.destroy()).on("close", () => subscribers.delete(socket));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address !== "object") return;
  serveAsks(`http://127.0.0.1:${address.port}/`, (count, marker) => {
    for (let event = 1; event <= count; event += 1) {
      const frame = frameOf({ id: "1", type: "next", payload: { data: changeOf(event === count ? marker : "other") } });
      for (const socket of subscribers) socket.write(frame);
    }
  });
});
