import { expect, it } from "vitest";
import { REPORT_WINDOW } from "#server/fleet/link.ts";
import { backInTime } from "#server/gateway/back-in-time.ts";

const centre = { epoch: 3, ackedSeq: 10, outranked: false, raised: 0 };

it.each([
  ["goes on where it was", { epoch: 3, lastSeq: 10 }, centre, null],
  ["holds all that the centre has not", { epoch: 3, lastSeq: 10 + REPORT_WINDOW }, centre, null],
  ["began an epoch", { epoch: 4, lastSeq: 2 }, centre, null],
  ["is of an older epoch", { epoch: 2, lastSeq: 99 }, centre, "agent"],
  ["has made less than the centre has", { epoch: 3, lastSeq: 9 }, centre, "agent"],
  ["has had more acknowledged than the centre has", { epoch: 3, lastSeq: 11 + REPORT_WINDOW }, centre, "centre"],
  ["holds a later generation", { epoch: 3, lastSeq: 10 }, { ...centre, raised: 1 }, "centre"],
  ["knows a later term", { epoch: 1, lastSeq: 1 }, { ...centre, outranked: true }, "centre"],
] as const)("an agent that %s tells who went back in time", (_, hello, welcomed, expected) => {
  expect(backInTime(hello, welcomed)).toBe(expected);
});
