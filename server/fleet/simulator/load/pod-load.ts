/**
 * What a pod uses, and how it answers, at a rate of requests: what the queue says (queue.ts), in the units of the metrics. Pure functions; what they follow from is in
 * request-behaviours.ts.
 *
 *   cpu      idle + busy cores; the limit when it is saturated, because the queue has what the idle cost leaves
 *   memory   base + connections (served rate × time, Little's law) + garbage, never beyond the limit; nobody is killed for memory
 *   network  rate × sizes; a request that is refused has been received, and is not answered
 *   errors   requests that are refused, as a share of all
 *
 * One container of a pod serves: the first that declares a port, else the first; the others idle. The processor is given evenly: a quota's periods are not modelled.
 */
import type { TimeWindow } from "../../../domain/traffic.ts";
import type { PodTemplate } from "../../../domain/pod-template.ts";
import type { ImageKind } from "../behaviours.ts";
import { congestion, type Queue } from "./queue.ts";
import type { LoadBehaviours, RequestBehaviour } from "./request-behaviours.ts";

/** What pods of a template are to requests. */
export interface PodServer {
  /** Index of the container that serves. */
  readonly container: number;
  readonly queue: Queue;
  readonly request: RequestBehaviour;
  readonly cpuMillis: number;
  readonly memoryMiB: number;
  readonly idleMillis: number;
  /** It may stop answering while it runs. */
  readonly hangs: boolean;
  readonly memory: LoadBehaviours["memory"];
}

/** How a pod stands at a rate. */
export interface PodLoad {
  readonly rps: number;
  /** Of these, those that fail. */
  readonly failedRps: number;
  readonly cpuMillis: number;
  /** Without garbage. */
  readonly memoryMiB: number;
  /** What garbage grows to. */
  readonly garbageMiB: number;
  readonly receiveKbps: number;
  readonly transmitKbps: number;
  /** NaN where no request is answered. */
  readonly p99Ms: number;
}

/** @param kinds of the containers' images. */
export function podServer(template: PodTemplate, kinds: readonly ImageKind[], load: LoadBehaviours): PodServer {
  const { containers } = template;
  const container = Math.max(0, containers.findIndex(({ ports }) => ports.length > 0));
  const idleOf = (millis: number): number => Math.min(load.idle.cpuMillis, load.idle.share * millis);
  const millis = containers[container]?.cpuMillis ?? 0;
  const kind = kinds[container] ?? "NORMAL";
  const request = { ...load.requests, ...load.requestsByKind[kind] };
  return {
    container,
    queue: { cores: (millis - idleOf(millis)) / 1_000, demandMs: request.cpuMs, capacity: load.concurrency },
    request,
    cpuMillis: containers.reduce((sum, { cpuMillis }) => sum + cpuMillis, 0),
    memoryMiB: containers.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
    idleMillis: containers.reduce((sum, { cpuMillis }) => sum + idleOf(cpuMillis), 0),
    hangs: kind === "HANGS",
    memory: load.memory,
  };
}

/** The rate at which a pod works for such a share of the time. */
export const rpsAtUse = ({ queue }: PodServer, use: number): number => (use * queue.cores * 1_000) / queue.demandMs;

export function loadAt(server: PodServer, rps: number): PodLoad {
  const { queue, request, memory } = server;
  if (rps <= 0) return idleLoad(server);
  const { refused, busyCores, meanMs, p99Ms } = congestion(queue, rps);
  const servedRps = (busyCores * 1_000) / queue.demandMs;
  const connections = (servedRps * (meanMs + request.waitMs)) / 1_000;
  return {
    rps,
    failedRps: rps * refused,
    cpuMillis: server.idleMillis + busyCores * 1_000,
    memoryMiB: memory.baseShare * server.memoryMiB + connections * memory.mibPerConnection,
    garbageMiB: Math.min(memory.maxGarbageShare * server.memoryMiB, (servedRps * memory.garbageMiBPerRequest * memory.cycleMs) / 1_000),
    receiveKbps: kbps(rps, request.receiveBytes),
    transmitKbps: kbps(servedRps, request.transmitBytes),
    p99Ms: p99Ms + request.waitMs,
  };
}

/** Its containers run, and nobody asks anything of it. */
export const idleLoad = (server: PodServer): PodLoad => ({
  rps: 0, failedRps: 0, cpuMillis: server.idleMillis, memoryMiB: server.memory.baseShare * server.memoryMiB, garbageMiB: 0, receiveKbps: 0, transmitKbps: 0, p99Ms: NaN,
});

/** It is sent requests, and answers none: whoever asks gives up. */
export const hungLoad = (server: PodServer, rps: number): PodLoad => ({
  ...idleLoad(server), rps, failedRps: rps, receiveKbps: kbps(rps, server.request.receiveBytes),
});

/** Where in its cycle of garbage a pod is at time 0, 0 to 1: each by itself, from its serial number. (MurmurHash3's finish.) */
export function phaseOf(salt: number, serial: number): number {
  let hash = Math.imul(serial | 0, 0xcc9e2d51) ^ Math.imul(Math.floor(serial / 0x1_0000_0000) ^ salt, 0x1b873593);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}

/** How full of garbage a pod is in the mean of a window, 0 to 1. */
export function garbageLevel(cycleMs: number, phase: number, { from, to }: TimeWindow): number {
  const start = from / cycleMs + phase;
  const cycle = Math.floor(start);
  const begin = start - cycle;
  const length = (to - from) / cycleMs;
  if (begin + length <= 1) return begin + length / 2;
  return (filled(begin + length) - filled(begin)) / length;
}

/** The integral of the saw-tooth from 0 on. */
function filled(until: number): number {
  const whole = Math.floor(until);
  return whole / 2 + (until - whole) ** 2 / 2;
}

const kbps = (rps: number, bytes: number): number => (rps * bytes * 8) / 1_000;
