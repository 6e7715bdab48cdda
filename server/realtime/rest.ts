/** Resolves after `ms`, or when the signal fires. */
export function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0 || signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}

interface Waiting {
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Resolves as soon as one of these does, after `ms`, or when the signal fires; none of them is left waiting. */
export async function waitForAny(some: readonly Waiting[], ms: number, signal: AbortSignal): Promise<void> {
  const [first, ...others] = some;
  if (!first) return rest(ms, signal);
  if (others.length === 0) return first.wait(ms, signal);
  const settled = new AbortController();
  const end = (): void => settled.abort();
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  await Promise.race(some.map((one) => one.wait(ms, settled.signal)));
  signal.removeEventListener("abort", end);
  end();
}
