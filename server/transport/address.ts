import { type AddressInfo, createServer, type Server } from "node:net";

/** The address that HTTP is to be served on, and what is wrong with it. Loads nothing of what serves it: it is asked before anything is made. */

/** Listens for a moment. Answers why that can't be done, in one clear sentence; null where it can. */
export function listenFault(host: string, port: number): Promise<Error | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error) => resolve(listenError(error, host, port)));
    probe.listen(port, host, () => probe.close(() => resolve(null)));
  });
}

/** Rejects with one clear sentence where the address can't be listened on. `onError`: what the server reports from then on. */
export function listen(server: Server, { host, port, onError }: { readonly host: string; readonly port: number; readonly onError: (error: Error) => void }): Promise<{ readonly port: number; readonly url: string }> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      server.on("error", onError);
      const { port: actual } = server.address() as AddressInfo;
      resolve({ port: actual, url: `http://${host.includes(":") ? `[${host}]` : host === "0.0.0.0" ? "127.0.0.1" : host}:${actual}` });
    });
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case "EADDRINUSE":
      return new Error(`port ${port} on ${host} is in use: stop what listens there, or set PORT to another`, { cause: error });
    case "EACCES":
      return new Error(`port ${port} on ${host} may not be listened on by this user: set PORT to one above 1023`, { cause: error });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new Error(`${host} is no address of this machine: set HOST to one that is`, { cause: error });
    default:
      return new Error(`cannot listen on ${host}:${port}: ${error.message}`, { cause: error });
  }
}
