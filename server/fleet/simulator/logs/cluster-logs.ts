/**
 * What a cluster's containers write, and what the platform writes beside it, once somebody collects it; until then nothing is made.
 *
 * - What happens to a container is written at that instant: that it starts, crashes (with a trace), is stopped.
 * - Requests follow the load (load/cluster-load.ts). They are written when a window is asked for: each ready pod has instants of its own, GRID_MS apart, and at each of them
 *   a line stands for the requests since the last. A cluster writes WINDOW_LINES in a window, about: where more pods are ready each leaves instants out, by turns, and where
 *   a window is long only its last instants are written. No timer runs, and what a pod writes follows from its serial number and the instant.
 * - A source's lines go forward in time: before something is written of a pod, its requests up to then are.
 * - Standard output and error of all containers are collected; files where a rule of the template names them.
 *
 * Only the instant up to which windows are made is kept, by who collects; a pod that ends writes its last requests with its end.
 */
import type { LogStream } from "../../../domain/logs.ts";
import type { ClusterLoad } from "../load/cluster-load.ts";
import { nameOf, variantOf, type ClusterParts } from "../parts.ts";
import { CRASHED, CREATING, READY, RUNNING, TERMINATING } from "../pods.ts";
import { drawnFrom } from "../random.ts";
import type { EndCause } from "../health.ts";
import { crashTrace, requestLine } from "./words.ts";

export interface WrittenLine {
  readonly podId: string;
  readonly podName: string;
  readonly placementId: string;
  readonly container: string;
  readonly at: number;
  readonly stream: LogStream;
  readonly line: string;
}

const GRID_MS = 5_000;
const WINDOW_LINES = 10;
/** Draws of one instant are told apart by it. */
const DRAWS = { phase: 11, path: 12, address: 13, latency: 14, failure: 15, count: 16, trace: 17 } as const;

export class ClusterLogs {
  readonly #parts: ClusterParts;
  readonly #load: () => ClusterLoad;
  /** Another one for each seed and cluster. */
  readonly #salt: number;
  #collect: ((line: WrittenLine) => void) | null = null;
  /** Requests up to here are written; of these pods up to there. */
  #madeTo = 0;
  readonly #madeOf = new Map<number, number>();
  /** Of how many of its instants each pod writes one. */
  #stride = 1;

  /** @param load asked for late, because it is made of parts that write. */
  constructor(parts: ClusterParts, load: () => ClusterLoad, salt: number) {
    this.#parts = parts;
    this.#load = load;
    this.#salt = salt;
  }

  /** From now on each line is handed to `collect`; requests from an instant on. */
  begin(madeTo: number, collect: (line: WrittenLine) => void): void {
    this.#madeTo = madeTo;
    this.#collect = collect;
  }

  get madeTo(): number {
    return this.#madeTo;
  }

  // -------------------------------------------------------------- what happens to pods

  /** Before what follows from its new state is decided. */
  entered(slot: number, from: number, to: number, now: number): void {
    if (this.#collect === null) return;
    this.#settle(slot, now);
    const { pods } = this.#parts;
    if (to === RUNNING && from === CREATING) {
      variantOf(this.#parts, slot).template.containers.forEach((_, index) => this.#started(slot, index, now));
    } else if (to === RUNNING && from === CRASHED) {
      this.restarted(slot, pods.culprit[slot] as number, now);
    } else if (to === CRASHED) {
      const index = pods.culprit[slot] as number;
      this.#crashed(slot, index, now, pods.histories.get(slot)?.[index]?.exitCode ?? 1);
    } else if (to === TERMINATING && !Number.isNaN(pods.startedAt[slot])) {
      this.#stopping(slot, now);
    }
  }

  /** A container of a pod that is watched has ended. */
  ended(slot: number, index: number, cause: EndCause, why: string, now: number): void {
    if (this.#collect === null) return;
    this.#settle(slot, now);
    if (cause === "EXIT") return this.#crashed(slot, index, now, this.#parts.pods.histories.get(slot)?.[index]?.exitCode ?? 1);
    this.#write(slot, index, now, "SYSTEM", `Container ${this.#nameOf(slot, index)} was killed, and will be restarted: ${why}`);
  }

  restarted(slot: number, index: number, now: number): void {
    if (this.#collect === null) return;
    this.#settle(slot, now);
    const restarts = this.#parts.pods.histories.get(slot)?.[index]?.restartCount ?? 1;
    this.#write(slot, index, now, "SYSTEM", `Container ${this.#nameOf(slot, index)} was restarted, for the ${ordinal(restarts)} time`);
    this.#greets(slot, index, now);
  }

  #started(slot: number, index: number, now: number): void {
    const image = variantOf(this.#parts, slot).template.template.containers[index]?.image;
    this.#write(slot, index, now, "SYSTEM", `Container ${this.#nameOf(slot, index)} started, of image ${image}`);
    this.#greets(slot, index, now);
  }

  /** Its first words. */
  #greets(slot: number, index: number, now: number): void {
    const port = variantOf(this.#parts, slot).template.template.containers[index]?.ports[0]?.containerPort;
    this.#write(slot, index, now, "STDOUT", port === undefined ? "started" : `listening on port ${port}`);
    for (let file = 0; file < this.#files(slot, index); file += 1) this.#write(slot, index, now, "FILE", "level=info opened the log");
  }

  #crashed(slot: number, index: number, now: number, exitCode: number): void {
    const trace = drawnFrom([this.#salt, this.#parts.pods.serial[slot] as number, now, DRAWS.trace], 0, 999);
    for (const line of crashTrace(trace)) this.#write(slot, index, now, "STDERR", line);
    this.#write(slot, index, now, "SYSTEM", `Container ${this.#nameOf(slot, index)} ended with exit code ${exitCode}, and will be restarted`);
  }

  #stopping(slot: number, now: number): void {
    const { server } = variantOf(this.#parts, slot).template;
    this.#write(slot, server.container, now, "STDOUT", "received SIGTERM, finishing what is under way");
    this.#write(slot, server.container, now, "SYSTEM", `Pod ${nameOf(this.#parts, slot)} ${this.#whyItStops(slot)}`);
  }

  #whyItStops(slot: number): string {
    const variant = variantOf(this.#parts, slot);
    const { spec, current } = variant.placement;
    if (spec === null || spec.replicas === 0) return "is stopped, as all pods of its application on this cluster";
    if (current === null || current === variant) return "is stopped: fewer are wanted, or its room is";
    return variant.record.revisionId === spec.revisionId ? "is replaced by a new one, as was asked for" : `is replaced by one of revision ${spec.revisionNumber}`;
  }

  // -------------------------------------------------------------- requests

  /** Writes the requests since the last window. Ask when the cluster's time has come to its end. */
  window(to: number): void {
    if (this.#collect === null) return;
    const { pods } = this.#parts;
    let ready = 0;
    for (const variant of this.#parts.placements.variants()) ready += variant.ready;
    this.#stride = Math.max(1, Math.ceil(ready / WINDOW_LINES));
    if (to > this.#madeTo && ready > 0) {
      for (const slot of pods.slots()) if (pods.state[slot] === READY) this.#requests(slot, to, Math.max(1, Math.floor(WINDOW_LINES / ready)));
    }
    this.#madeTo = to;
    this.#madeOf.clear();
  }

  /** Something is about to be written of the pod. */
  #settle(slot: number, now: number): void {
    if (this.#parts.pods.state[slot] === READY) this.#requests(slot, now, WINDOW_LINES);
    this.#madeOf.set(slot, now);
  }

  #requests(slot: number, to: number, most: number): void {
    const { pods } = this.#parts;
    const serial = pods.serial[slot] as number;
    const phase = drawnFrom([this.#salt, serial, DRAWS.phase], 0, GRID_MS - 1);
    const from = Math.max(this.#madeTo, this.#madeOf.get(slot) ?? 0, pods.runningSince[slot] as number);
    const last = Math.floor((to - phase) / GRID_MS);
    const instants: number[] = [];
    // The newest first, as many as there is room for.
    for (let number = last - ((last + serial) % this.#stride); instants.length < most; number -= this.#stride) {
      const at = number * GRID_MS + phase;
      if (at <= from) break;
      instants.push(at);
    }
    if (instants.length === 0) return;
    const metrics = this.#load().ofPod(slot, { from, to });
    if (metrics === null) return;
    const { request, container } = variantOf(this.#parts, slot).template.server;
    const rps = metrics.REQUESTS_PER_SECOND ?? 0;
    for (const at of instants.toReversed()) {
      const draw = (what: keyof typeof DRAWS, max: number): number => drawnFrom([this.#salt, serial, at, DRAWS[what]], 0, max);
      // What is left of a request is one by chance.
      const expected = (rps * GRID_MS * this.#stride) / 1_000;
      const count = Math.floor(expected + draw("count", 999) / 1_000);
      if (count === 0) continue;
      const draws = { path: draw("path", 999), address: draw("address", 0xff_ffff), latency: draw("latency", 1_000) / 1_000, failure: draw("failure", 999) / 1_000 };
      const line = requestLine(draws, { failed: (metrics.ERROR_PERCENT ?? 0) / 100, p99Ms: metrics.LATENCY_P99_MS, bytes: request.transmitBytes, of: count });
      this.#write(slot, container, at, "STDOUT", line.access);
      if (line.failed) this.#write(slot, container, at, "STDERR", line.complaint);
      for (let file = 0; file < this.#files(slot, container); file += 1) this.#write(slot, container, at, "FILE", line.record);
    }
  }

  // -------------------------------------------------------------- parts

  /** How many files of a container are collected. */
  #files(slot: number, index: number): number {
    const { logCollection = [] } = variantOf(this.#parts, slot).template.template;
    if (logCollection.length === 0) return 0;
    const name = this.#nameOf(slot, index);
    return logCollection.reduce((count, rule) => count + Number(rule.path !== null && rule.container === name), 0);
  }

  #nameOf(slot: number, index: number): string {
    return variantOf(this.#parts, slot).template.template.containers[index]?.name ?? "";
  }

  #write(slot: number, index: number, at: number, stream: LogStream, line: string): void {
    const { pods } = this.#parts;
    this.#collect?.({
      podId: pods.ids[slot] as string, podName: nameOf(this.#parts, slot), placementId: variantOf(this.#parts, slot).placement.id, container: this.#nameOf(slot, index), at, stream, line,
    });
  }
}

function ordinal(number: number): string {
  const lastTwo = number % 100;
  const ending = lastTwo >= 11 && lastTwo <= 13 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${ending}`;
}
