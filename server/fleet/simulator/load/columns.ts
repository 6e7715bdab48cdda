/**
 * Metrics of many pods side by side: a row a pod, a column a metric, to be filled again and again without anything new. NaN where there is nothing to say.
 */
import { METRIC_NAMES, type MetricName } from "../../../domain/metric.ts";
import type { PodLoad, PodServer } from "./pod-load.ts";

const FIRST_CAPACITY = 256;

export class LoadColumns {
  /** Rows there are; what stands behind them in a column means nothing. */
  length = 0;
  slots = new Int32Array(FIRST_CAPACITY);
  readonly #columns: Record<MetricName, Float32Array>;

  constructor() {
    this.#columns = Object.fromEntries(METRIC_NAMES.map((name) => [name, new Float32Array(FIRST_CAPACITY)])) as Record<MetricName, Float32Array>;
  }

  /** The array is another one once rows needed more room. */
  column(name: MetricName): Float32Array {
    return this.#columns[name];
  }

  clear(): void {
    this.length = 0;
  }

  /** @param memoryMiB with its garbage. */
  add(slot: number, server: PodServer, load: PodLoad, memoryMiB: number, isReady: boolean): void {
    if (this.length === this.slots.length) this.#grow();
    const row = this.length++;
    const columns = this.#columns;
    this.slots[row] = slot;
    columns.CPU_USAGE_PERCENT[row] = (100 * load.cpuMillis) / server.cpuMillis;
    columns.CPU_MILLIS[row] = load.cpuMillis;
    columns.MEMORY_USAGE_PERCENT[row] = (100 * memoryMiB) / server.memoryMiB;
    columns.MEMORY_MIB[row] = memoryMiB;
    columns.NETWORK_RECEIVE_KBPS[row] = load.receiveKbps;
    columns.NETWORK_TRANSMIT_KBPS[row] = load.transmitKbps;
    columns.REQUESTS_PER_SECOND[row] = load.rps;
    columns.ERROR_PERCENT[row] = load.rps > 0 ? (100 * load.failedRps) / load.rps : NaN;
    columns.LATENCY_P99_MS[row] = load.p99Ms;
    columns.READY_REPLICAS[row] = isReady ? 1 : 0;
  }

  #grow(): void {
    const capacity = this.slots.length * 2;
    const slots = new Int32Array(capacity);
    slots.set(this.slots);
    this.slots = slots;
    for (const name of METRIC_NAMES) {
      const column = new Float32Array(capacity);
      column.set(this.#columns[name]);
      this.#columns[name] = column;
    }
  }
}
