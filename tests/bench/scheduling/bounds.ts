/**
 * How few nodes could do: lower bounds of bin packing. L2 is that of S. Martello and P. Toth, "Lower bounds and reduction procedures for the bin packing problem"
 * (Discrete Applied Mathematics 28, 1990): it also sees that items larger than half a bin don't share one. Of several resources the largest bound holds, because each alone is a
 * relaxation (A. Caprara and P. Toth, "Lower bounds and algorithms for the 2-dimensional vector packing problem", Discrete Applied Mathematics 111, 2001).
 */
export interface Sized {
  readonly cpuMillis: number;
  readonly memoryMiB: number;
}

export interface Bin extends Sized {
  readonly pods: number;
}

/** Sizes are whole numbers of 0 to `capacity`. */
export function martelloToth(sizes: readonly number[], capacity: number): number {
  const descending = sizes.toSorted((a, b) => b - a);
  const sums = [0];
  for (const size of descending) sums.push((sums.at(-1) ?? 0) + size);
  /** How many are larger than this. */
  const larger = (than: number): number => {
    let [low, high] = [0, descending.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((descending[middle] as number) > than) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const aboveHalf = larger(capacity / 2);
  const sum = (from: number, to: number): number => (sums[to] as number) - (sums[from] as number);
  let best = 0;
  for (const threshold of new Set([0, ...sizes.filter((size) => size <= capacity / 2)])) {
    const alone = larger(capacity - threshold);
    const halves = Math.max(0, aboveHalf - alone);
    const rest = sum(alone + halves, threshold === 0 ? descending.length : larger(threshold - 1)) - (halves * capacity - sum(alone, alone + halves));
    best = Math.max(best, alone + halves + Math.max(0, Math.ceil(rest / capacity)));
  }
  return best;
}

export const fewestNodes = (pods: readonly Sized[], node: Bin): number =>
  Math.max(
    martelloToth(pods.map(({ cpuMillis }) => cpuMillis), node.cpuMillis),
    martelloToth(pods.map(({ memoryMiB }) => memoryMiB), node.memoryMiB),
    Math.ceil(pods.length / node.pods),
  );
