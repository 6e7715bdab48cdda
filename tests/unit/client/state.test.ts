import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advance, BEGINNING, type Standing, type StreamEvent, type StreamState } from "#clients/typescript/state.ts";
import { testSeed } from "#tests/support/seed.ts";

const SEED = testSeed();
const at = (ms: number): Date => new Date(ms);
const opened: StreamEvent = { kind: "opened" };
const lost: StreamEvent = { kind: "lost", reason: "cut" };
const heard = (ms: number): StreamEvent => ({ kind: "heard", at: at(ms) });
const taken = (ms: number, whole = true): StreamEvent => ({ kind: "taken", whole, at: at(ms) });

/** The states that were shown, in order, each once. */
function shown(...events: readonly StreamEvent[]): StreamState[] {
  const states = [BEGINNING.state];
  let standing: Standing = BEGINNING;
  for (const event of events) {
    standing = advance(standing, event);
    if (standing.state !== states.at(-1)) states.push(standing.state);
  }
  return states;
}

describe("a stream's state", () => {
  it("goes from connecting over catching up to live, when the first whole state is taken", () => {
    expect(shown(opened, heard(1), taken(1, false), heard(2), taken(2, false), heard(3), taken(3))).toEqual([
      { kind: "connecting" },
      { kind: "catching-up", staleSince: null, anew: false },
      { kind: "live" },
    ]);
  });

  it("says since when what is held is stale, until it is whole again", () => {
    expect(shown(opened, heard(1), taken(1), heard(5), taken(5), lost, lost, opened, heard(9), taken(9, false), heard(10), taken(10))).toEqual([
      { kind: "connecting" },
      { kind: "catching-up", staleSince: null, anew: false },
      { kind: "live" },
      { kind: "reconnecting", attempt: 1, reason: "cut", staleSince: at(5) },
      { kind: "reconnecting", attempt: 2, reason: "cut", staleSince: at(5) },
      { kind: "catching-up", staleSince: at(5), anew: false },
      { kind: "live" },
    ]);
  });

  it("has no age where nothing whole was ever held", () => {
    expect(shown(lost, opened, heard(1), taken(1, false), lost).filter(({ kind }) => kind === "reconnecting")).toEqual([
      { kind: "reconnecting", attempt: 1, reason: "cut", staleSince: null },
      { kind: "reconnecting", attempt: 1, reason: "cut", staleSince: null },
    ]);
  });

  it("tells a snapshot that answers a cursor, also where it is a single message", () => {
    expect(shown(opened, heard(1), taken(1), lost, opened, heard(7), { kind: "anew" }, taken(7)).slice(-3)).toEqual([
      { kind: "catching-up", staleSince: at(1), anew: false },
      { kind: "catching-up", staleSince: at(1), anew: true },
      { kind: "live" },
    ]);
  });

  it("stays lost when what had come before the loss is taken after it", () => {
    expect(shown(opened, heard(1), heard(2), lost, taken(1), taken(2)).at(-1)).toMatchObject({ kind: "reconnecting" });
  });

  const event: fc.Arbitrary<StreamEvent> = fc.oneof(
    fc.constant(opened),
    fc.constant(lost),
    fc.constant<StreamEvent>({ kind: "anew" }),
    fc.nat(1e6).map(heard),
    fc.record({ ms: fc.nat(1e6), whole: fc.boolean() }).map(({ ms, whole }) => taken(ms, whole)),
  );
  it(`keeps its laws whatever happens (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let standing = BEGINNING;
        let losses = 0;
        let whole: Date | null = null;
        for (const happened of events) {
          const before = standing;
          standing = advance(standing, happened);
          if (happened.kind === "heard") losses = 0;
          if (happened.kind === "lost") losses += 1;
          if (happened.kind === "taken" && happened.whole && before.state.kind !== "reconnecting") whole = happened.at;
          const { state } = standing;
          expect(standing.attempt).toBe(losses);
          // Live means: a whole state was taken, and nothing was lost since.
          if (state.kind === "live") expect(happened.kind === "taken" || before.state.kind === "live").toBe(true);
          if (state.kind === "reconnecting") expect(state.attempt).toBeGreaterThan(0);
          if (before.state.kind === "reconnecting" && state.kind !== "reconnecting") expect(["opened", "heard"]).toContain(happened.kind);
          if ("staleSince" in state && state !== before.state) expect(state.staleSince).toEqual(whole);
        }
        const over = advance(standing, { kind: "over", how: "aborted" });
        expect(events.reduce(advance, over)).toBe(over);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
