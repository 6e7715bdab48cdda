/** What the API shows of events, and how long they are kept. */

/** A list that is not told since when begins so long ago. */
export const EVENTS_SHOWN_MS = 3_600_000;
export const EVENTS_KEPT_DAYS = 14;

/** Events before this are removed; days, as all times here, are the simulation's. */
export const eventsKeptSince = (now: number): number => now - EVENTS_KEPT_DAYS * 86_400_000;

/** That a cluster has fallen silent. */
export const CLUSTER_DISCONNECTED = { reason: "ClusterDisconnected", message: "Nothing is heard from the cluster: what runs on it runs on, and what is shown of it is as old as its last word" };

/** Stands for a cluster's id, and an object's, where something happened to the centre itself. */
export const CENTRE_ID = "00000000-0000-0000-0000-000000000000";
