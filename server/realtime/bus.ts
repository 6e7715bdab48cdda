/**
 * The bus wakes readers up across threads and processes; it carries no data that matters, and losing a message costs latency only:
 * every reader also looks by itself every second or so. In-process it is a BroadcastChannel, between processes Redis.
 *
 *   timeline      something was committed to the timeline
 *   assignments   assignments changed; the detail is a cluster's id
 *   tokens        a token was revoked; the detail is its id
 *   keys          a cluster's key was revoked; the detail is the cluster's id
 *   faults        a fault was injected or ended
 *   metrics       windows of metrics were stored
 *   terminalInput   there is something for the terminals of a cluster; the detail is its id
 *   terminalOutput  a terminal has shown something, or ended; the detail is the session's id
 */
export type BusChannel = "timeline" | "assignments" | "tokens" | "keys" | "faults" | "metrics" | "terminalInput" | "terminalOutput";

export interface Bus {
  publish(channel: BusChannel, detail?: string): void;
  /** Returns the function that ends the subscription. */
  subscribe(channel: BusChannel, listener: (detail: string | undefined) => void): () => void;
  /** Absent where nothing can be away; false while messages between processes are lost. */
  readonly ready?: boolean;
  close(): Promise<void>;
}
