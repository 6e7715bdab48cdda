/**
 * The instants that follow from a container's health, compared with probing it: one probe after the other, counting results in a row, by
 * somebody who knows nothing of what comes. fast-check prints the seed of a failure.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ContainerSpec, Probe, ProbeHandler } from "#server/domain/pod-template.ts";
import { DEFAULT_BEHAVIOURS, IMAGE_KINDS_BY_WEIGHT, type ImageKind } from "#server/fleet/simulator/behaviours.ts";
import { answersOf, courseOf, isFailingAt, isReadyAt, nextChangeAt, type Course } from "#server/fleet/simulator/health.ts";
import { template } from "../../unit/fleet/scripted-gateway.ts";

const HORIZON_MS = 240_000;

const handler: fc.Arbitrary<ProbeHandler> = fc.oneof(
  fc.record({ type: fc.constant("HttpGetProbe" as const), path: fc.constant("/"), port: fc.constantFrom(80, 81), headers: fc.constant([]) }),
  fc.record({ type: fc.constant("TcpSocketProbe" as const), port: fc.constantFrom(80, 81) }),
  fc.record({ type: fc.constant("GrpcProbe" as const), port: fc.constantFrom(80, 81), service: fc.constant(null) }),
  fc.record({
    type: fc.constant("ExecProbe" as const),
    command: fc.constantFrom(["true"], ["false"], ["sh", "-c", "exit 3"], ["sleep", "2"], ["sleep", "15"], ["sh", "-c", "sleep 1; exit 1"]),
  }),
);
const probe: fc.Arbitrary<Probe> = fc.record({
  handler,
  initialDelaySeconds: fc.nat(20),
  periodSeconds: fc.integer({ min: 1, max: 12 }),
  timeoutSeconds: fc.integer({ min: 1, max: 20 }),
  successThreshold: fc.integer({ min: 1, max: 4 }),
  failureThreshold: fc.integer({ min: 1, max: 5 }),
});

interface Case {
  readonly readiness: Probe | undefined;
  readonly liveness: Probe | undefined;
  readonly kind: ImageKind;
  readonly declares: boolean;
  readonly hangsAt: number;
  readonly exitsAt: number;
}
const cases: fc.Arbitrary<Case> = fc
  .record({
    readiness: fc.option(probe, { nil: undefined }),
    liveness: fc.option(probe, { nil: undefined }),
    kind: fc.constantFrom(...IMAGE_KINDS_BY_WEIGHT),
    declares: fc.boolean(),
    hangsAt: fc.integer({ min: 0, max: 120_000 }),
    exitsAt: fc.integer({ min: 1, max: 900 }),
  })
  .map((made) => ({ ...made, hangsAt: made.kind === "HANGS" ? made.hangsAt : Infinity, exitsAt: made.kind === "CRASHING" ? made.exitsAt : Infinity }));

const WARM_UP_MS = 250;

const containerOf = ({ readiness, liveness, declares }: Case): ContainerSpec => ({
  ...(template("shop/web:1").containers[0] as ContainerSpec),
  ports: declares ? [{ name: null, containerPort: 80, protocol: "TCP" }, { name: null, containerPort: 81, protocol: "UDP" }] : [],
  ...(readiness === undefined ? {} : { readinessProbe: readiness }),
  ...(liveness === undefined ? {} : { livenessProbe: liveness }),
});

const courseFor = (made: Case, container = containerOf(made)): Course =>
  courseOf(container, { kind: made.kind, warmUpMs: WARM_UP_MS, hangsAt: made.hangsAt, exitsAt: made.exitsAt }, DEFAULT_BEHAVIOURS);

/** The results of a probe in the order of time, as a prober gets them that knows nothing of what comes. */
function* results(purpose: "readiness" | "liveness", made: Probe, container: ContainerSpec, { kind, hangsAt }: Case): Generator<{ at: number; passed: boolean }> {
  const { before, after } = answersOf(purpose, made, container, kind, DEFAULT_BEHAVIOURS);
  let startsAt = made.initialDelaySeconds * 1_000;
  for (;;) {
    const answer = startsAt < hangsAt ? before : after;
    yield { at: startsAt + answer.tookMs, passed: answer.failure === null };
    startsAt += Math.max(made.periodSeconds * 1_000, answer.tookMs);
  }
}

interface Seen {
  readonly at: number;
  readonly ready: boolean;
  readonly failing: boolean;
}

/** Every change of (ready, failing) until the end or the horizon, and the end. */
function probed(made: Case, container: ContainerSpec): { seen: Seen[]; endsAt: number } {
  let endsAt = made.exitsAt;
  if (made.liveness !== undefined) {
    let inRow = 0;
    for (const { at, passed } of results("liveness", made.liveness, container, made)) {
      if (at > HORIZON_MS) break;
      inRow = passed ? 0 : inRow + 1;
      if (inRow < made.liveness.failureThreshold) continue;
      endsAt = Math.min(endsAt, at);
      break;
    }
  }
  const seen: Seen[] = [];
  const see = (at: number, ready: boolean, failing: boolean): void => {
    const last = seen.at(-1) ?? { ready: false, failing: false };
    if (last.ready !== ready || last.failing !== failing) seen.push({ at, ready, failing });
  };
  if (made.readiness === undefined) {
    if (made.kind !== "CRASHING") see(WARM_UP_MS, true, false);
  } else {
    let ready = false;
    let failing = false;
    let successes = 0;
    let failures = 0;
    for (const { at, passed } of results("readiness", made.readiness, container, made)) {
      if (at > HORIZON_MS) break;
      successes = passed ? successes + 1 : 0;
      failures = passed ? 0 : failures + 1;
      if (successes >= made.readiness.successThreshold) ready = true;
      if (failures >= made.readiness.failureThreshold) ready = false;
      failing = !ready && (failing || !passed);
      see(at, ready, failing);
    }
  }
  return { seen: seen.filter(({ at }) => at < endsAt), endsAt };
}

/** The same, from the course: only at the instants that it names. */
function foreseen(course: Course): { seen: Seen[]; endsAt: number } {
  const seen: Seen[] = [];
  let last = { ready: false, failing: false };
  for (let at = 0; at <= HORIZON_MS && at < course.endsAt; at = nextChangeAt(course, at)) {
    const now = { ready: isReadyAt(course, at), failing: isFailingAt(course, at) };
    if (now.ready !== last.ready || now.failing !== last.failing) seen.push({ at, ...now });
    last = now;
  }
  return { seen, endsAt: course.endsAt > HORIZON_MS && course.end.cause === "LIVENESS" ? Infinity : course.endsAt };
}

describe("a container's course", () => {
  it("is what probing it, one probe after the other, finds", () => {
    fc.assert(
      fc.property(cases, (made) => {
        const container = containerOf(made);
        expect(foreseen(courseFor(made, container))).toEqual(probed(made, container));
      }),
      { numRuns: 4_000 },
    );
  });

  it("is found wrong where a threshold is counted one off", () => {
    const offByOne = (made: Case): Case => ({
      ...made,
      ...(made.liveness === undefined ? {} : { liveness: { ...made.liveness, failureThreshold: made.liveness.failureThreshold + 1 } }),
    });
    expect(() =>
      fc.assert(
        fc.property(cases, (made) => expect(foreseen(courseFor(offByOne(made)))).toEqual(probed(made, containerOf(made)))),
        { numRuns: 1_000, seed: 1 },
      ),
    ).toThrow();
  });
});
