import { describe, expect, it } from "vitest";
import { formatRecordCursor, parseRecordCursor } from "#server/domain/record-cursor.ts";
import { formatCursor, parseCursor } from "#server/realtime/cursor.ts";
import type { Sharing } from "#server/realtime/sharing.ts";
import { playShared, type SharedMutant, type SharedOutcome } from "#tests/support/shared-history.ts";
import { playSharedRecords } from "#tests/support/shared-records.ts";
import { testSeed } from "#tests/support/seed.ts";

const SEED = testSeed();
const HISTORIES = Number(process.env["TEST_HISTORIES"] ?? 16);
/** They wait more than they work. */
const AT_ONCE = 8;

type Play = (seed: number, options?: { readonly mutant?: SharedMutant }) => Promise<SharedOutcome>;

/** Until so many have been played, or one is as is looked for. */
async function playAll(play: Play, from: number, count: number, mutant: SharedMutant, found: (outcome: SharedOutcome, seed: number) => boolean): Promise<void> {
  let next = 0;
  let enough = false;
  const lane = async (): Promise<void> => {
    while (next < count && !enough) {
      const seed = from + next++;
      if (found(await play(seed, { mutant }), seed)) enough = true;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** A stream that says something else of itself than is true. */
const changed = (changes: Partial<Sharing>): SharedMutant => ({
  open: ({ iterator, sharing }) => {
    if (!sharing) return { iterator, sharing };
    const wrapped: Sharing & { readonly of: Sharing } = {
      of: sharing,
      get place() { return changes.place ?? sharing.place; },
      get told() { return changes.told ?? sharing.told; },
      get round() { return changes.round ?? sharing.round; },
      get whole() { return changes.whole ?? sharing.whole; },
      get open() { return changes.open ?? sharing.open; },
      absorb: changes.absorb ?? ((other) => sharing.absorb((other as typeof wrapped).of)),
    };
    return { iterator, sharing: wrapped };
  },
});
const EARLIEST = { term: 1, xid: 0, seq: 0 };
const LATEST = { term: 1, xid: 1e9, seq: 0 };
const ahead = (cursor: string, xids: number): string => {
  const parsed = parseCursor(cursor);
  return formatCursor({ ...parsed, position: { ...parsed.position, xid: parsed.position.xid + xids } });
};
const recordsAhead = (cursor: string, xids: number): string => {
  const [of = "", ...parts] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as string[];
  const parsed = parseRecordCursor(of, parts, 2);
  if (!parsed?.place) throw new Error("a stream's cursor has a place");
  return formatRecordCursor({ ...parsed, place: { xid: parsed.place.xid + xids, key: null } });
};

const KINDS: readonly { readonly name: string; readonly play: Play; readonly mutants: Record<string, SharedMutant> }[] = [
  {
    name: "a state",
    play: playShared,
    mutants: {
      "joins a group that has looked further": changed({ place: EARLIEST }),
      "forgets what who joins was shown": changed({ absorb: () => undefined }),
      "tells who has joined a cursor from before": changed({ told: LATEST }),
      "is joined amid a snapshot": changed({ open: true, whole: true }),
      "resumes who was slow where the others are": { resume: (cursor) => cursor && ahead(cursor, 3) },
    },
  },
  {
    name: "records",
    play: playSharedRecords,
    mutants: {
      "joins a group that has looked further": changed({ place: EARLIEST }),
      "looks across the place of who has joined": changed({ absorb: () => undefined }),
      "is left, or joined, before all up to its place is told": changed({ whole: true }),
      "resumes who was slow where the others are": { resume: (cursor) => cursor && recordsAhead(cursor, 3) },
    },
  },
];

describe.each(KINDS)("members of one group that are told $name", ({ play, mutants }) => {
  it(`are told what one alone would be, whoever comes, goes and stalls (seed ${SEED})`, { timeout: 60_000 + HISTORIES * 2_000 }, async () => {
    let [made, sent, resumed] = [0, 0, 0];
    await playAll(play, SEED, HISTORIES, {}, (outcome, seed) => {
      expect(outcome.violations, `seed ${seed}`).toEqual([]);
      if (outcome.members > 0) expect(outcome.streams, `seed ${seed}`).toBe(1);
      made += outcome.made;
      sent += outcome.sent;
      resumed += outcome.resumed;
      return false;
    });
    expect(sent).toBeGreaterThan(made);
    expect(resumed).toBeGreaterThan(0);
  });

  it.each(Object.entries(mutants))("show it when a group %s", { timeout: 90_000 }, async (_, mutant) => {
    const found: string[] = [];
    await playAll(play, 1000, 400, mutant, ({ violations }) => {
      found.push(...violations);
      return found.length > 0;
    });
    expect(found.length).toBeGreaterThan(0);
  });
});
