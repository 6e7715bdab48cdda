import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applicationStatus, type PlacementProgress, readyOnRevision } from "#server/domain/application-status.ts";
import type { ApplicationStatus } from "#server/domain/states.ts";

const ready = (desired: number): PlacementProgress => ({ desired, created: desired, ready: desired, updated: desired, removing: false, inSync: true, everConfirmed: true, problem: null });
const unconfirmed = (desired: number): PlacementProgress => ({ ...ready(desired), created: 0, ready: 0, updated: 0, inSync: false, everConfirmed: false });
const outOfSync = (desired: number): PlacementProgress => ({ ...ready(desired), inSync: false });
const lacking: PlacementProgress = { ...ready(3), ready: 2 };

describe("the status after a look", () => {
  test.each<[string, ApplicationStatus, PlacementProgress[], ApplicationStatus, string | null]>([
    ["nobody confirmed", "PENDING", [unconfirmed(2), unconfirmed(1)], "PENDING", "0 of 2 clusters have confirmed the newest change, 0 of 3 pods are ready."],
    ["one confirmed", "PENDING", [{ ...unconfirmed(2), inSync: true, everConfirmed: true }, unconfirmed(1)], "DEPLOYING", "1 of 2 clusters have confirmed the newest change, 0 of 3 pods are ready."],
    ["first pods crash", "DEPLOYING", [lacking], "DEPLOYING", "2 of 3 pods are ready."],
    ["complete", "DEPLOYING", [ready(2), ready(1)], "RUNNING", null],
    ["complete again", "DEGRADED", [ready(2)], "RUNNING", null],
    ["a pod crashed", "RUNNING", [lacking, ready(2)], "DEGRADED", "4 of 5 pods are ready."],
    ["a change that nobody confirmed", "RUNNING", [outOfSync(2)], "UPDATING", "0 of 1 cluster has confirmed the newest change, 2 of 2 pods are ready."],
    ["a confirmed change that rolls", "UPDATING", [{ ...ready(3), updated: 1 }], "UPDATING", "3 of 3 pods are ready."],
    ["a surge pod too many", "UPDATING", [{ ...ready(3), created: 4 }], "UPDATING", "3 of 3 pods are ready."],
    ["degraded, and changed", "DEGRADED", [{ ...lacking, inSync: false }], "UPDATING", "0 of 1 cluster has confirmed the newest change, 2 of 3 pods are ready."],
    ["leaving a cluster", "RUNNING", [ready(2), { ...ready(0), created: 2, removing: true }], "UPDATING", "It is being removed from 1 cluster, 2 of 2 pods are ready."],
    ["scaled to nothing", "UPDATING", [ready(0)], "STOPPED", "No pods are wanted."],
    ["scaled to nothing, pods left", "UPDATING", [{ ...ready(0), created: 2, ready: 2 }], "UPDATING", "2 pods are left to remove."],
    ["nowhere", "RUNNING", [], "STOPPED", "No pods are wanted."],
    ["complete, but for what its cluster says", "RUNNING", [{ ...ready(2), problem: "its secret can't be opened" }], "DEGRADED", "2 of 2 pods are ready."],
    ["started again", "STOPPED", [outOfSync(2)], "UPDATING", "0 of 1 cluster has confirmed the newest change, 2 of 2 pods are ready."],
  ])("%s", (_, before, placements, status, reason) => {
    expect(applicationStatus(before, false, placements)).toEqual({ status, reason });
    expect(applicationStatus(status, false, placements)).toEqual({ status, reason });
  });

  test.each<[string, Parameters<typeof applicationStatus>[3], string]>([
    ["one reason on one cluster", { troubles: [{ clusterCode: "shaoxing-2", reason: "CrashLoopBackOff", pods: 3 }] }, "2 of 3 pods are ready; 3 CrashLoopBackOff (shaoxing-2)."],
    [
      "reasons by how many pods they have, clusters too",
      {
        troubles: [
          { clusterCode: "a", reason: "ImagePullBackOff", pods: 1 }, { clusterCode: "a", reason: "CrashLoopBackOff", pods: 1 },
          { clusterCode: "b", reason: "CrashLoopBackOff", pods: 2 },
        ],
      },
      "2 of 3 pods are ready; 3 CrashLoopBackOff, 1 ImagePullBackOff (a, b).",
    ],
    [
      "more than fit",
      { troubles: ["A", "B", "C", "D", "E"].map((reason, index) => ({ clusterCode: `c${index}`, reason, pods: 9 - index })) },
      "2 of 3 pods are ready; 9 A, 8 B, 7 C, 11 other (c0, c1, c2, 2 more).",
    ],
    ["what clusters say", { problems: [{ clusterCode: "b", problem: "No room." }, { clusterCode: "a", problem: "no key" }] }, "2 of 3 pods are ready; a: no key; b: No room."],
    [
      "more clusters than fit", { problems: ["a", "b", "c", "d"].map((clusterCode) => ({ clusterCode, problem: "no" })) },
      "2 of 3 pods are ready; a: no; b: no; c: no; 1 cluster more has problems.",
    ],
  ])("the reason names %s", (_, facts, reason) => expect(applicationStatus("RUNNING", false, [lacking], facts)).toEqual({ status: "DEGRADED", reason }));

  test("a stopped one says so once nothing is left", () => {
    expect(applicationStatus("UPDATING", false, [ready(0)], { stopped: true })).toEqual({ status: "STOPPED", reason: "It was stopped." });
    expect(applicationStatus("RUNNING", false, [{ ...ready(0), created: 1 }], { stopped: true })).toEqual({ status: "DEGRADED", reason: "1 pod is left to remove." });
  });

  test("deletion outranks everything", () => {
    expect(applicationStatus("RUNNING", true, [{ ...ready(0), created: 1, removing: true }])).toEqual({ status: "DELETING", reason: "1 pod on 1 cluster is left to remove." });
  });
});

test("pods that are ready on the revision are never counted too high, and exactly while old pods are ready", () => {
  const pods = fc.array(fc.record({ old: fc.boolean(), ready: fc.boolean() }), { maxLength: 12 });
  fc.assert(fc.property(pods, fc.nat(12), (all, desired) => {
    const counts = { desired, created: all.length, ready: all.filter(({ ready }) => ready).length, updated: all.filter(({ old }) => !old).length };
    const truly = Math.min(desired, all.filter(({ old, ready: isReady }) => !old && isReady).length);
    expect(readyOnRevision(counts)).toBeLessThanOrEqual(truly);
    if (all.every(({ old, ready: isReady }) => !old || isReady)) expect(readyOnRevision(counts)).toBe(truly);
  }));
});
