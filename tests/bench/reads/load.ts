import autocannon from "autocannon";

/** The load generator, in a process of its own: `{ url, bodies, token, connections, seconds }` in, requests a second out. */
export interface Load {
  readonly url: string;
  readonly token: string;
  /** Sent in turn by each connection. */
  readonly bodies: readonly string[];
  readonly connections: number;
  readonly seconds: number;
}
export interface Measured {
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
  readonly failed: number;
}

const load = JSON.parse(process.argv[2] as string) as Load;
const result = await autocannon({
  url: load.url,
  connections: load.connections,
  duration: load.seconds,
  method: "POST",
  headers: { "content-type": "application/json", authorization: `Bearer ${load.token}` },
  requests: load.bodies.map((body) => ({ method: "POST", body })),
});
const measured: Measured = { requestsPerSecond: result.requests.total / result.duration, p99Ms: result.latency.p99, failed: result.non2xx + result.errors + result.timeouts };
process.send?.(measured);
