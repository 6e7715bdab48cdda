import { createServer } from "node:net";

/** What is wrong with the address that HTTP is to be served on. Loads nothing of what serves it: it is asked before anything is made. */

/** Listens for a moment. Answers why that can't be done, in one clear sentence; null where it can. */
export function listenFault(host: string, port: number): Promise<Error | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error) => resolve(listenError(error, host, port)));
    probe.listen(port, host, () => probe.close(() => resolve(null)));
  });
}

export function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
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
