import type { ThreadRole } from "../threads.ts";
import type { StartRole } from "./role.ts";

/** Loaded when needed: a thread pays for its own roles only. */
export async function loadRole(role: ThreadRole): Promise<StartRole> {
  switch (role) {
    case "fleet":
      return (await import("./fleet.ts")).startFleet;
    case "gateway":
      return (await import("./gateway.ts")).startGateway;
    case "worker":
      return (await import("./worker.ts")).startWorker;
  }
}
