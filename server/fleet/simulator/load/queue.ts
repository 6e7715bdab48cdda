/**
 * The queue that a pod is: requests share its processor.
 *
 * Requests come as a Poisson stream of λ a second, and each needs D seconds of one core. Those that are in the pod are worked on at once, in equal parts, but none by
 * more than one core: with n of them the pod works at min(n, c) cores, c being what it may use (a fraction for small pods). At most K are in the pod; one that finds
 * K there is refused. This is processor sharing with a rate that depends on the state. Its stationary distribution, and so the mean time and the refusals, depend on the
 * service times by their mean alone (Cohen, The multiple phase service network with generalized processor sharing, Acta Informatica 12, 1979; Kelly, Reversibility and
 * Stochastic Networks, 1979, ch. 3):
 *
 *   p(n) ∝ Π(i = 1..n) a / min(i, c),  n = 0..K,  a = λ·D the offered load in cores
 *
 * With c = 1 and K → ∞ it is M/G/1-PS: T = D/(1 − ρ) (Kleinrock, Queueing Systems vol. 2, 1976, ch. 4; Harchol-Balter, Performance Modeling and Design of Computer
 * Systems, 2013, ch. 30). With a whole c its numbers are those of M/M/c/K, with K = c those of Erlang's loss formula.
 *
 * - Refused: p(K), because Poisson arrivals see time averages.
 * - The mean time T of those taken follows from Little's law. It is also D·E[s], where s = (n + 1)/min(n + 1, c) is how slow a pod looks to a request that finds n there.
 * - The 99th percentile is not insensitive; it is given for exponential service times. In M/M/1-PS the squared coefficient of variation v of s is just ρ, and the percentile
 *   goes from T·ln 100 (nobody shares: the time is exponential) to 1.81 times that (heavy traffic: the product of two independent exponentials; Sengupta, An approximation for
 *   the sojourn-time distribution for the GI/G/1 processor-sharing queue, Stochastic Models 8, 1992). P99 below is fitted to the exact percentiles of M/M/1-PS between, within
 *   1 %, and taken for every c and K with the v that they have: within 8 % there, where the exact ones come from the Markov chain of one request among the others.
 */
export interface Queue {
  /** c, more than 0. */
  readonly cores: number;
  /** D, more than 0: milliseconds of one core. */
  readonly demandMs: number;
  /** K, at least 1. */
  readonly capacity: number;
}

export interface Congestion {
  /** The share of requests that are refused, 0 to 1. */
  readonly refused: number;
  /** Cores at work. */
  readonly busyCores: number;
  /** Time of those that are taken, from coming to going. */
  readonly meanMs: number;
  readonly p99Ms: number;
}

/** The 99th percentile over the mean, by v. */
const P99 = { alone: Math.log(100), linear: 0.64, square: 0.15 } as const;

/** Weights beyond it are scaled down, so that no rate, however high, is beyond a double. */
const HUGE = 1e150;

/** @param rps λ, 0 or more; at 0 the times are those of a single request. */
export function congestion({ cores, demandMs, capacity }: Queue, rps: number): Congestion {
  const load = (rps * demandMs) / 1_000;
  // p(n) up to a factor, and sums of them over n < K: those whom an arrival that is taken finds there.
  let weight = 1;
  let taken = 0;
  let slowness = 0;
  let slownessSquared = 0;
  for (let n = 1; n <= capacity; n++) {
    const rate = Math.min(n, cores);
    const slow = n / rate;
    taken += weight;
    slowness += weight * slow;
    slownessSquared += weight * slow * slow;
    weight *= load / rate;
    if (weight < HUGE) continue;
    taken /= HUGE;
    slowness /= HUGE;
    slownessSquared /= HUGE;
    weight /= HUGE;
  }
  const mean = slowness / taken;
  const variation = Math.max(0, slownessSquared / taken / (mean * mean) - 1);
  return {
    refused: weight / (taken + weight),
    // Of the offered load; written so that it is never more than there are, by rounding.
    busyCores: Math.min(cores, (load * taken) / (taken + weight)),
    meanMs: demandMs * mean,
    p99Ms: demandMs * mean * P99.alone * (1 + P99.linear * variation + P99.square * variation * variation),
  };
}
