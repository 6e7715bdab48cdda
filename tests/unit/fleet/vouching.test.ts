import { describe, expect, it } from "vitest";
import { Vouching, vouches } from "#server/fleet/agent/vouching.ts";
import { type Report, VOUCH_LIMIT_MS } from "#server/fleet/link.ts";

const report = (seq: number, more = false): Report => ({ type: "report", clusterId: "c", epoch: 1, seq, at: 0, pods: [], gone: [], placements: [], nodes: [], ...(more ? { more } : {}) });

describe("a ping vouches for a cluster", () => {
  it.each([
    ["which the centre has caught up with", { isAbreast: true, waitingSinceMs: null }, 0, true],
    ["whose oldest news have waited as long as they may", { isAbreast: true, waitingSinceMs: 100 }, 100 + VOUCH_LIMIT_MS, true],
    ["no longer once they have waited longer", { isAbreast: true, waitingSinceMs: 100 }, 101 + VOUCH_LIMIT_MS, false],
    ["never before the centre has caught up", { isAbreast: false, waitingSinceMs: null }, 0, false],
  ])("%s", (_, standing, now, expected) => {
    expect(vouches(standing, now)).toBe(expected);
  });
});

describe("the centre has caught up with a cluster", () => {
  it("at once after a welcome where there is nothing to say, and is owed a ping", () => {
    const vouching = new Vouching();
    expect(vouching.isAbreast).toBe(false);
    vouching.welcomed(7, true);
    expect([vouching.isAbreast, vouching.owesPing]).toEqual([true, true]);
    vouching.pinged();
    expect(vouching.owesPing).toBe(false);
    vouching.lost();
    expect(vouching.isAbreast).toBe(false);
  });

  it("else only once a report is acknowledged that was made since, and left nothing out", () => {
    const vouching = new Vouching();
    vouching.welcomed(2, false);
    vouching.acked([report(1), report(2)], false);
    expect(vouching.isAbreast).toBe(false);
    vouching.acked([report(3, true)], false);
    expect(vouching.isAbreast).toBe(false);
    vouching.acked([report(4)], false);
    expect(vouching.isAbreast).toBe(true);
  });
});
