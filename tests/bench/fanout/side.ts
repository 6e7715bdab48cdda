import type { DatabaseAddress, Login } from "#server/database/address.ts";

/** What a side is told when it starts; peers and the raw socket need no database. */
export interface Target {
  readonly address: DatabaseAddress;
  readonly api: Login;
  readonly tailer: Login;
  readonly token: string;
}

/** What a side is asked. "usage" is answered; garbage is collected before memory is weighed, not where CPU is. Events are not answered. */
export type Ask =
  | { readonly kind: "usage"; readonly weigh: boolean }
  /** So many events, whose last payload holds this text; of ours they are in the database already. */
  | { readonly kind: "events"; readonly count: number; readonly marker: string };

export interface Usage {
  readonly cpuMs: number;
  readonly rss: number;
  /** Of ours: streams that serve all the subscribers. */
  readonly streams?: number;
}

/** About as long as what ours sends of one application. */
export const changeOf = (marker: string): object => ({
  applications: {
    cursor: "WzEsMSwxMjM0NTYsMCwwLDE3ODAwMDAwMDAwMDAsIkFiQ2RFZkdoSWpLbE1uT3AiXQ", snapshot: false, complete: true,
    upserted: [{ id: "Application.00000000-0000-7000-8000-000000000001", name: "application-001", description: marker, status: "RUNNING", version: 1 }], removedIds: [], at: "2026-01-01T00:00:00.000Z",
  },
});

export const QUERY = "subscription { applications { cursor snapshot complete upserted { id name description status version } removedIds at } }";

/** Answers what every side is asked alike. */
export function serveAsks(url: string, events: (count: number, marker: string) => void, streams?: () => Promise<number>): void {
  const answer = async (weigh: boolean): Promise<Usage> => {
    const { user, system } = process.cpuUsage();
    // All of it, and together: what the collector would give back when somebody else needs it is no subscriber's.
    if (weigh) globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
    return { cpuMs: (user + system) / 1000, rss: process.memoryUsage().rss, ...(streams ? { streams: await streams() } : {}) };
  };
  process.on("message", (ask: Ask) => {
    if (ask.kind === "events") return events(ask.count, ask.marker);
    void answer(ask.weigh).then((usage) => process.send?.(usage));
  });
  process.send?.({ url });
}
