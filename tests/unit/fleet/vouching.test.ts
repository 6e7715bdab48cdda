import { describe, expect, it } from "vitest";
import { Vouching, vouches } from "#server/fleet/agent/vouching.ts";
import { type Report, VOUCH_LIMIT_MS } from "#server/fleet/link.ts";

const report = (seq: number, more = false): Report => ({ type: "report", clusterId: "c", epoch: 1, seq, at: 0, pods: [], gone: [], placements: [], nodes: [], ...(more ? { more } : {}) });

describe("a ping vouches for a cluster", () => {
  it.each([
    ["which the centre has caught up with", { isAbreast: true, waitingSinceMs: null }, 0, true],
    ["whose oldest report has waited as long as it may", { isAbreast: true, waitingSinceMs: 100 }, 100 + VOUCH_LIMIT_MS, true],
    ["no longer once it has waited longer", { isAbreast: true, waitingSinceMs: 100 }, 101 + VOUCH_LIMIT_MS, false],
    ["never before the centre has caught up", { isAbreast: false, waitingSinceMs: null }, 0, false],
  ])("%s", (_, standing, now, expected) => {
    expect(vouches(standing, now)).toBe(expected);
  });

  it("at once after a welcome where there is nothing to say, and owes it", () => {
    const vouching = new Vouching();
    expect(vouching.vouches(0)).toBe(false);
    vouching.welcomed(7, true);
    expect([vouching.vouches(0), vouching.owesPing]).toEqual([true, true]);
    vouching.pinged();
    expect(vouching.owesPing).toBe(false);
    vouching.lost();
    expect(vouching.vouches(0)).toBe(false);
  });

  it("else only once a report is acknowledged that was made since, and left nothing out", () => {
    const vouching = new Vouching();
    vouching.made([report(1), report(2)], 0);
    vouching.welcomed(2, false);
    vouching.acked([report(1), report(2)], false);
    expect(vouching.vouches(10)).toBe(false);
    vouching.made([report(3, true), report(4)], 10);
    vouching.acked([report(3, true)], false);
    expect(vouching.vouches(10)).toBe(false);
    vouching.acked([report(4)], false);
    expect(vouching.vouches(10)).toBe(true);
  });

  it("not while the oldest of several reports waits too long, whatever came after it", () => {
    const vouching = new Vouching();
    vouching.welcomed(0, true);
    vouching.made([report(1)], 1_000);
    vouching.made([report(2)], 9_000);
    expect(vouching.vouches(1_000 + VOUCH_LIMIT_MS)).toBe(true);
    expect(vouching.vouches(1_001 + VOUCH_LIMIT_MS)).toBe(false);
    vouching.acked([report(1)], false);
    expect(vouching.vouches(9_000 + VOUCH_LIMIT_MS)).toBe(true);
  });
});
