import type { TimelineRow } from "./tailer.ts";
import type { TimelineKind } from "./timeline.ts";

/**
 * From one tailer to all subscribers of a process. A subscriber holds no messages but a set: which objects changed since it last looked.
 * However slow it is, the set merges, and once it is larger than a bound it is dropped for the word that everything may have changed. So
 * nothing here grows with what is written, only with how many subscribe, and no subscriber waits for another.
 */
export interface Interest {
  readonly tenantId: string;
  readonly kinds: Watched;
  /** Of the objects that are watched, only these matter. */
  readonly only?: ReadonlySet<string>;
  /** Of rows that say which applications they concern, only those of these matter: for kinds that wake. */
  readonly owners?: ReadonlySet<string>;
}

/**
 * Rows of which kind matter, and what of them is noted:
 *   ids       the ids that they name: they are of what is watched
 *   cluster   the cluster that they come from: it is what is watched
 * Of objects of another type than the one watched, which may concern it:
 *   apart     their ids
 *   gone      the ids of those that were removed
 *   wakes     nothing but that there are some: who watches reads them by itself
 *   around    their ids; of those that were removed nothing can be looked up any more, so in place of these the cluster that they were on
 */
export type Watched = Partial<Record<TimelineKind, "ids" | "cluster" | "apart" | "gone" | "around" | "wakes">>;

/** In place of a cluster's id, where a row does not say which. */
export const ANYWHERE = "00000000-0000-0000-0000-000000000000";

export interface Changes {
  readonly ids: ReadonlySet<string>;
  /** Those of `ids` that were deleted, or may have been. */
  readonly deleted: ReadonlySet<string>;
  readonly apart: ReadonlySet<string>;
}

export interface Taken extends Changes {
  /** Too many to name them. */
  readonly everything: boolean;
}

export interface Subscriber {
  /** What changed since the last take. */
  take(): Taken;
  readonly hasChanges: boolean;
  /** Resolves when there are changes, after `ms`, or when the signal fires. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface Fanout {
  subscribe(interest: Interest): Subscriber;
  deliver(rows: readonly TimelineRow[]): void;
  /** Everything may have changed, for everybody. */
  reset(): void;
  readonly size: number;
}

export const MAX_CHANGED_IDS = 5000;

/** What rows say to who is interested in them. */
export function changesOf(rows: Iterable<TimelineRow>, interest: Pick<Interest, "kinds" | "only">): Changes {
  const changes = nothing();
  for (const row of rows) noteRow(row, interest, changes);
  return changes;
}

interface Noted extends Changes {
  readonly ids: Set<string>;
  readonly deleted: Set<string>;
  readonly apart: Set<string>;
}
const nothing = (): Noted => ({ ids: new Set(), deleted: new Set(), apart: new Set() });
const sizeOf = ({ ids, apart }: Noted): number => ids.size + apart.size;

function noteRow(row: TimelineRow, { kinds, only, owners }: Pick<Interest, "kinds" | "only" | "owners">, { ids, deleted, apart }: Noted): void {
  const matters = (id: string): boolean => only === undefined || only.has(id);
  switch (kinds[row.kind]) {
    case "cluster":
      if (row.clusterId !== null && matters(row.clusterId)) ids.add(row.clusterId);
      break;
    case "apart":
      for (const some of [row.ids, row.removedIds]) for (const id of some) apart.add(id);
      break;
    case "gone":
      for (const id of row.removedIds) apart.add(id);
      break;
    case "around":
      for (const id of row.ids) apart.add(id);
      if (row.removedIds.length > 0) apart.add(row.clusterId ?? ANYWHERE);
      break;
    case "wakes":
      if (owners === undefined || row.ownerIds === null || row.ownerIds.some((id) => owners.has(id))) apart.add(ANYWHERE);
      break;
    case undefined:
      break;
    case "ids":
      for (const id of row.ids) if (matters(id)) ids.add(id);
      for (const id of row.removedIds) {
        if (!matters(id)) continue;
        ids.add(id);
        deleted.add(id);
      }
  }
}

interface Member {
  note(row: TimelineRow): void;
  noteAll(): void;
}

export function createFanout(maxIds: number = MAX_CHANGED_IDS): Fanout {
  const tenants = new Map<string, Set<Member>>();

  return {
    subscribe(interest) {
      let noted = nothing();
      let everything = false;
      let wake = (): void => undefined;
      const hasChanges = (): boolean => everything || sizeOf(noted) > 0;
      const member: Member = {
        note(row) {
          if (everything) return;
          noteRow(row, interest, noted);
          if (sizeOf(noted) > maxIds) member.noteAll();
          else if (hasChanges()) wake();
        },
        noteAll() {
          everything = true;
          noted = nothing();
          wake();
        },
      };
      const members = tenants.get(interest.tenantId) ?? new Set();
      tenants.set(interest.tenantId, members.add(member));
      return {
        take() {
          const taken = { ...noted, everything };
          noted = nothing();
          everything = false;
          return taken;
        },
        get hasChanges() {
          return hasChanges();
        },
        wait: (ms, signal) =>
          new Promise((resolve) => {
            if (signal.aborted || hasChanges() || ms <= 0) return resolve();
            const timer = setTimeout(done, ms);
            function done(): void {
              clearTimeout(timer);
              signal.removeEventListener("abort", done);
              wake = () => undefined;
              resolve();
            }
            signal.addEventListener("abort", done);
            wake = done;
          }),
        close() {
          members.delete(member);
          if (members.size === 0 && tenants.get(interest.tenantId) === members) tenants.delete(interest.tenantId);
        },
      };
    },
    deliver(rows) {
      for (const row of rows) {
        const concerned = row.tenantId === null ? tenants.values() : [tenants.get(row.tenantId) ?? []];
        for (const members of concerned) for (const member of members) member.note(row);
      }
    },
    reset() {
      for (const members of tenants.values()) for (const member of members) member.noteAll();
    },
    get size() {
      let size = 0;
      for (const members of tenants.values()) size += members.size;
      return size;
    },
  };
}
