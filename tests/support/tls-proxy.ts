import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import path from "node:path";
import { TLSSocket } from "node:tls";
import type { DatabaseAddress } from "#server/database/address.ts";
import { selfSigned } from "./certificate.ts";

/** A way to a Postgres of a Unix socket by TLS, which cuts what comes back where `cut` says: the size of each piece. */
export interface TlsProxy extends AsyncDisposable {
  readonly address: DatabaseAddress;
}

const SSL_REQUEST_BYTES = 8;

export async function startTlsProxy(database: DatabaseAddress, cut: () => number): Promise<TlsProxy> {
  const { crt, key } = selfSigned("127.0.0.1");
  const sockets = new Set<Socket>();
  const track = <S extends Socket>(socket: S): S => {
    sockets.add(socket);
    // One that breaks is closed, and its other side with it: that is all there is to do.
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((plain) => {
    track(plain);
    plain.setNoDelay(true);
    plain.once("readable", () => {
      if (plain.read(SSL_REQUEST_BYTES) === null) plain.destroy();
      else plain.write("S");
      const client = track(new TLSSocket(plain, { isServer: true, cert: crt, key }));
      const postgres = track(connect(path.join(database.host, `.s.PGSQL.${database.port}`)));
      client.pipe(postgres);
      postgres.on("data", (bytes: Buffer) => {
        // A write is a TLS record, and a record is a chunk of the client's.
        for (let at = 0; at < bytes.length; ) {
          const piece = bytes.subarray(at, at + cut());
          client.write(piece);
          at += piece.length;
        }
      });
      postgres.on("close", () => client.destroy());
      client.on("close", () => postgres.destroy());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: { ...database, host: "127.0.0.1", port: (server.address() as AddressInfo).port, ssl: { rejectUnauthorized: false } },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
