/** What containers write, as texts: pure functions of numbers that chance has drawn. */
const PATHS = ["/", "/api/items", "/api/items/42", "/api/cart", "/api/checkout", "/assets/app.js", "/assets/logo.svg", "/healthz"] as const;
const FAULTS = ["connection reset by peer", "upstream did not answer in time", "too many open connections"] as const;
const TRACES: readonly (readonly string[])[] = [
  [
    "Error: unexpected end of the upstream's answer",
    "    at parse (/app/src/upstream.js:118:11)",
    "    at Upstream.receive (/app/src/upstream.js:74:20)",
    "    at Socket.<anonymous> (/app/src/server.js:41:9)",
    "    at node:internal/process/task_queues:105:5",
  ],
  [
    "panic: runtime error: invalid memory address or nil pointer dereference",
    "goroutine 17 [running]:",
    "main.(*Cache).get(0x0, {0xc0000a6000, 0x18})",
    "\t/src/cache.go:52 +0x1d",
    "main.(*Server).serve(0xc00011e000)",
    "\t/src/server.go:131 +0x8f",
  ],
];

export interface RequestDraws {
  /** Which path, and who asked. */
  readonly path: number;
  readonly address: number;
  /** 0 to 1. */
  readonly latency: number;
  readonly failure: number;
}

export interface RequestFacts {
  /** 0 to 1. */
  readonly failed: number;
  readonly p99Ms: number | null;
  readonly bytes: number;
  /** How many requests this line stands for. */
  readonly of: number;
}

export interface RequestLine {
  readonly failed: boolean;
  /** As a server's access log. */
  readonly access: string;
  /** As a program's own log. */
  readonly record: string;
  /** What it complains of, where it failed. */
  readonly complaint: string;
}

const pick = <T>(from: readonly T[], number: number): T => from[number % from.length] as T;

export function requestLine({ path: pathNumber, address, latency, failure }: RequestDraws, { failed: share, p99Ms, bytes, of }: RequestFacts): RequestLine {
  const failed = p99Ms === null || failure < share;
  const path = pick(PATHS, pathNumber);
  const status = failed ? 503 : 200;
  // Most requests are far below the slowest of a hundred.
  const ms = Math.max(1, Math.round((p99Ms ?? 1_000) * latency ** 3));
  const from = `10.${address & 255}.${(address >>> 8) & 255}.${(address >>> 16) & 255}`;
  const more = of > 1 ? ` (1 of ${of} requests)` : "";
  return {
    failed,
    access: `${from} "GET ${path} HTTP/1.1" ${status} ${failed ? 0 : bytes} ${ms}ms${more}`,
    record: `level=${failed ? "error" : "info"} method=GET path=${path} status=${status} durationMs=${ms} requests=${of}`,
    complaint: `error: ${path}: ${pick(FAULTS, address)}`,
  };
}

export const crashTrace = (number: number): readonly string[] => pick(TRACES, number);
