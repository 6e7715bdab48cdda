import { expect, test } from "vitest";
import { createSemaphore, TooManyWaiting } from "#server/domain/semaphore.ts";

interface Job {
  readonly finish: (error?: Error) => void;
  readonly done: Promise<unknown>;
}

/** Work that ends when it is told to, and the order in which it began. */
function jobs(places: number, maxWaiting?: number) {
  const semaphore = createSemaphore(places, maxWaiting);
  const begun: number[] = [];
  let next = 0;
  const start = (): Job => {
    const name = next++;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const done = semaphore.run(() => {
      begun.push(name);
      return promise;
    });
    done.catch(() => undefined);
    return { done, finish: (error) => (error ? reject(error) : resolve(name)) };
  };
  return { semaphore, begun, start };
}

test("so many run, the others begin in order as places get free, also after a failure", async () => {
  const { begun, start } = jobs(2);
  const [a, b, c, d] = [start(), start(), start(), start()];
  expect(begun).toEqual([0, 1]);
  b.finish(new Error("it failed"));
  await expect(b.done).rejects.toThrow("it failed");
  expect(begun).toEqual([0, 1, 2]);
  a.finish();
  expect(await a.done).toBe(0);
  expect(begun).toEqual([0, 1, 2, 3]);
  c.finish();
  d.finish();
  expect(await Promise.all([c.done, d.done])).toEqual([2, 3]);
  // All places are free again.
  start();
  start();
  start();
  expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
});

test("whoever comes when too many wait is turned away, and begins nothing", async () => {
  const { semaphore, begun, start } = jobs(1, 1);
  const [running, waiting] = [start(), start()];
  expect(semaphore.isFull).toBe(true);
  await expect(start().done).rejects.toThrow(TooManyWaiting);
  running.finish();
  await running.done;
  expect(semaphore.isFull).toBe(false);
  waiting.finish();
  await waiting.done;
  expect(begun).toEqual([0, 1]);
});

test("without a queue, a place that is free is still given", async () => {
  const { semaphore, start } = jobs(1, 0);
  expect(semaphore.isFull).toBe(false);
  const only = start();
  await expect(start().done).rejects.toThrow(TooManyWaiting);
  only.finish();
  expect(await only.done).toBe(0);
});
