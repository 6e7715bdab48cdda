import { describe, expect, it } from "vitest";
import { formatCursor, parseCursor } from "#server/realtime/cursor.ts";
import type { Sharing } from "#server/realtime/sharing.ts";
import { playShared, type SharedMutant } from "#tests/support/shared-history.ts";

const SEED = Number(process.env["TEST_SEED"] ?? Date.now() % 1e9);
const HISTORIES = 12;

describe("members of one group", () => {
  it(`are told what one alone would be, whoever comes, goes and stalls (seed ${SEED})`, { timeout: 90_000 }, async () => {
    let [made, sent, resumed] = [0, 0, 0];
    for (let n = 0; n < HISTORIES; n += 1) {
      const outcome = await playShared(SEED + n);
      expect(outcome.violations, `seed ${SEED + n}`).toEqual([]);
      if (outcome.members > 0) expect(outcome.streams).toBe(1);
      made += outcome.made;
      sent += outcome.sent;
      resumed += outcome.resumed;
    }
    expect(sent).toBeGreaterThan(made);
    expect(resumed).toBeGreaterThan(0);
  });

  const changed = (sharing: Sharing | null, change: (of: Sharing) => Partial<Sharing>): Sharing | null => {
    if (!sharing) return null;
    const changes = change(sharing);
    const wrapped: Sharing & { readonly of: Sharing } = {
      of: sharing,
      get place() { return changes.place ?? sharing.place; },
      get told() { return changes.told ?? sharing.told; },
      get round() { return changes.round ?? sharing.round; },
      get whole() { return changes.whole ?? sharing.whole; },
      get open() { return changes.open ?? sharing.open; },
      absorb: (other) => (changes.absorb ?? ((one: Sharing) => sharing.absorb(one)))((other as Sharing & { of?: Sharing }).of ?? other),
    };
    return wrapped;
  };
  const earliest = { term: 1, xid: 0, seq: 0 };
  const latest = { term: 1, xid: 1e9, seq: 0 };
  const MUTANTS: Record<string, SharedMutant> = {
    "joins a group that has looked further": { open: (opened) => ({ ...opened, sharing: changed(opened.sharing, () => ({ place: earliest })) }) },
    "forgets what who joins was shown": { open: (opened) => ({ ...opened, sharing: changed(opened.sharing, () => ({ absorb: () => undefined })) }) },
    "tells who has joined a cursor from before": { open: (opened) => ({ ...opened, sharing: changed(opened.sharing, () => ({ told: latest })) }) },
    "is joined amid a snapshot": { open: (opened) => ({ ...opened, sharing: changed(opened.sharing, () => ({ open: true, whole: true })) }) },
    "resumes who was slow where the others are": {
      resume: (cursor) => {
        if (cursor === null) return null;
        const parsed = parseCursor(cursor);
        return formatCursor({ ...parsed, position: { ...parsed.position, xid: parsed.position.xid + 3 } });
      },
    },
  };
  it.each(Object.entries(MUTANTS))("show it when a group %s", { timeout: 90_000 }, async (_, mutant) => {
    const found: string[] = [];
    for (let n = 0; n < 40 && found.length === 0; n += 1) found.push(...(await playShared(1000 + n, { mutant })).violations);
    expect(found.length).toBeGreaterThan(0);
  });
});
