/**
 * Pods' loads added up, and what metrics that makes: sums of amounts; usage as a share of what there is; errors as a share of requests; the largest latency.
 */
import type { MetricName } from "../../../domain/metric.ts";
import type { PodLoad, PodServer } from "./pod-load.ts";

/** null where there is nothing to say: a latency without answers, a share of nothing. */
export type Metrics = Readonly<Record<MetricName, number | null>>;

export class LoadTotal {
  /** Those that were added. */
  pods = 0;
  #ready = 0;
  #cpuMillis = 0;
  #cpuLimit = 0;
  #memoryMiB = 0;
  #memoryLimit = 0;
  #receiveKbps = 0;
  #transmitKbps = 0;
  #rps = 0;
  #failedRps = 0;
  #p99Ms = NaN;

  /** @param memoryMiB with its garbage. */
  add(server: PodServer, load: PodLoad, memoryMiB: number, isReady: boolean): void {
    this.pods += 1;
    if (isReady) this.#ready += 1;
    this.#cpuMillis += load.cpuMillis;
    this.#cpuLimit += server.cpuMillis;
    this.#memoryMiB += memoryMiB;
    this.#memoryLimit += server.memoryMiB;
    this.#receiveKbps += load.receiveKbps;
    this.#transmitKbps += load.transmitKbps;
    this.#rps += load.rps;
    this.#failedRps += load.failedRps;
    if (!(load.p99Ms <= this.#p99Ms) && !Number.isNaN(load.p99Ms)) this.#p99Ms = load.p99Ms;
  }

  /** Requests that no pod was sent. */
  addLost(rps: number): void {
    this.#rps += rps;
    this.#failedRps += rps;
  }

  /** Usage as a share of what the pods may use. */
  ofPods(): Metrics {
    return this.of({ cpuMillis: this.#cpuLimit, memoryMiB: this.#memoryLimit });
  }

  of(capacity: { readonly cpuMillis: number; readonly memoryMiB: number }): Metrics {
    return {
      CPU_USAGE_PERCENT: percent(this.#cpuMillis, capacity.cpuMillis),
      CPU_MILLIS: this.#cpuMillis,
      MEMORY_USAGE_PERCENT: percent(this.#memoryMiB, capacity.memoryMiB),
      MEMORY_MIB: this.#memoryMiB,
      NETWORK_RECEIVE_KBPS: this.#receiveKbps,
      NETWORK_TRANSMIT_KBPS: this.#transmitKbps,
      REQUESTS_PER_SECOND: this.#rps,
      ERROR_PERCENT: percent(this.#failedRps, this.#rps),
      LATENCY_P99_MS: Number.isNaN(this.#p99Ms) ? null : this.#p99Ms,
      READY_REPLICAS: this.#ready,
    };
  }
}

const percent = (part: number, whole: number): number | null => (whole > 0 ? (100 * part) / whole : null);
