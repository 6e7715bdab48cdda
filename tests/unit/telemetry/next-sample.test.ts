import { expect, test } from "vitest";
import { nextSample } from "#server/telemetry/metrics-newest.ts";

test.each([
  ["the first window that is stored comes at once", 60, 1_000, null, { earliest: 1_000, latest: 63_000 }],
  ["who asks for each window waits for one that is late, and gets one that is early", 15, 1_000, 1_000, { earliest: 14_000, latest: 18_000 }],
  ["who asks more often than there are windows is told at each interval", 1, 1_000, 1_000, { earliest: 1_750, latest: 2_000 }],
  ["what was told again is no new window", 5, 11_000, 1_000, { earliest: 4_750, latest: 16_000 }],
] as const)("%s", (_name, intervalSeconds, sent, sentNew, expected) => expect(nextSample(intervalSeconds, sent, sentNew)).toEqual(expected));
