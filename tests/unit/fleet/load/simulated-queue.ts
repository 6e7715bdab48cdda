/** The queue of a pod played out, request by request, and the time of one request among others exactly: what the model is compared with. */
import type { Queue } from "#server/fleet/simulator/load/queue.ts";
import { seededRandom } from "#tests/support/random.ts";

export interface Observed {
  readonly refused: number;
  readonly busyCores: number;
  readonly meanMs: number;
  readonly p99Ms: number;
}

/** Service times of mean 1. */
export const SERVICES = {
  exponential: (random: () => number): number => -Math.log(1 - random()),
  constant: (): number => 1,
  /** Of nine short ones and a long one; the squared coefficient of variation is above 5. */
  mixed: (random: () => number): number => -Math.log(1 - random()) * (random() < 0.9 ? 1 / 3 : 7),
} as const;

/**
 * Requests in a pod get equal parts of it, so all that is left of them shrinks alike: what has been worked on each since the beginning (`worked`) tells who ends next.
 */
export function simulateQueue({ cores, demandMs, capacity }: Queue, rps: number, service: keyof typeof SERVICES, requests: number, seed: number): Observed {
  const random = seededRandom(seed);
  const gap = (): number => (-Math.log(1 - random()) * 1_000) / rps;
  const inside: { readonly until: number; readonly cameAt: number }[] = [];
  const times: number[] = [];
  let now = 0;
  let worked = 0;
  let busyMs = 0;
  let refused = 0;
  let nextAt = gap();
  for (let came = 0; came < requests;) {
    const speed = inside.length === 0 ? 0 : Math.min(inside.length, cores) / inside.length;
    const first = inside.at(-1);
    const endsAt = first === undefined ? Infinity : now + (first.until - worked) / speed;
    const at = Math.min(nextAt, endsAt);
    busyMs += (at - now) * Math.min(inside.length, cores);
    worked += (at - now) * speed;
    now = at;
    if (first !== undefined && endsAt <= nextAt) {
      inside.pop();
      times.push(now - first.cameAt);
      continue;
    }
    came += 1;
    nextAt = now + gap();
    if (inside.length >= capacity) {
      refused += 1;
      continue;
    }
    const until = worked + demandMs * SERVICES[service](random);
    let place = inside.length;
    while (place > 0 && (inside[place - 1] as { readonly until: number }).until < until) place -= 1;
    inside.splice(place, 0, { until, cameAt: now });
  }
  const sorted = Float64Array.from(times).sort();
  return {
    refused: refused / requests,
    busyCores: busyMs / now,
    meanMs: times.reduce((sum, time) => sum + time, 0) / times.length,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] as number,
  };
}

/**
 * The exact 99th percentile with exponential service times: the Markov chain of how many others there are beside one request, from what it finds until it goes,
 * by uniformisation (Jensen, 1953).
 */
export function exactP99Ms({ cores, demandMs, capacity }: Queue, rps: number): number {
  const rateWith = (n: number): number => Math.min(n, cores) / demandMs;
  const arrivals = rps / 1_000;
  const steps = arrivals + cores / demandMs;
  let others = Float64Array.of(1);
  {
    const weights = [1];
    for (let n = 1; n < capacity; n++) weights.push(((weights[n - 1] as number) * arrivals) / rateWith(n));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    others = Float64Array.from(weights, (weight) => weight / sum);
  }
  // How likely it is still there after so many steps.
  const there: number[] = [];
  for (let left = 1; left > 1e-5;) {
    left = others.reduce((sum, share) => sum + share, 0);
    there.push(left);
    const next = new Float64Array(capacity);
    others.forEach((share, n) => {
      const comes = n + 1 < capacity ? arrivals / steps : 0;
      const ends = rateWith(n + 1) / steps;
      const otherEnds = (ends * n) / (n + 1);
      next[n] = (next[n] as number) + share * (1 - comes - ends);
      if (comes > 0) next[n + 1] = (next[n + 1] as number) + share * comes;
      if (n > 0) next[n - 1] = (next[n - 1] as number) + share * otherEnds;
    });
    others = next;
  }
  const stillThere = (ms: number): number => {
    const mean = steps * ms;
    const from = Math.max(0, Math.floor(mean - 8 * Math.sqrt(mean) - 20));
    let chance = -mean + from * Math.log(mean);
    for (let k = 2; k <= from; k++) chance -= Math.log(k);
    chance = Math.exp(chance);
    let sum = 0;
    for (let k = from; k <= mean + 8 * Math.sqrt(mean) + 20; k++) {
      sum += chance * (there[k] ?? 0);
      chance *= mean / (k + 1);
    }
    return sum;
  };
  let low = 0;
  let high = demandMs;
  while (stillThere(high) > 0.01) high *= 2;
  for (let round = 0; round < 40; round++) {
    const middle = (low + high) / 2;
    if (stillThere(middle) > 0.01) low = middle;
    else high = middle;
  }
  return low;
}
