import type { TimelineRow } from "./tailer.ts";
import type { TimelineKind } from "./timeline.ts";

/**
 * From one tailer to all subscribers of a process. A subscriber holds no messages but a set: which objects changed since it last looked.
 * However slow it is, the set merges, and once it is larger than a bound it is dropped for the word that everything may have changed. So
 * nothing here grows with what is written, only with how many subscribe, and no subscriber waits for another.
 */
export interface Interest {
  readonly tenantId: string;
  /** Which rows matter, and what of them is noted: the ids that they name, or the cluster that they come from. */
  readonly kinds: Partial<Record<TimelineKind, "ids" | "cluster">>;
  /** Of what is noted, only these matter. */
  readonly only?: ReadonlySet<string>;
}

export interface Changes {
  readonly ids: ReadonlySet<string>;
  /** Too many to name them. */
  readonly everything: boolean;
}

export interface Subscriber {
  /** What changed since the last take. */
  take(): Changes;
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

interface Member {
  readonly interest: Interest;
  note(id: string): void;
  noteAll(): void;
}

export function createFanout(maxIds: number = MAX_CHANGED_IDS): Fanout {
  const tenants = new Map<string, Set<Member>>();

  const noteRow = (members: Iterable<Member>, row: TimelineRow): void => {
    for (const { interest, note } of members) {
      const what = interest.kinds[row.kind];
      if (what === undefined) continue;
      if (what === "cluster") {
        if (row.clusterId !== null) note(row.clusterId);
        continue;
      }
      for (const id of row.ids) note(id);
      for (const id of row.removedIds) note(id);
    }
  };

  return {
    subscribe(interest) {
      let ids = new Set<string>();
      let everything = false;
      let wake = (): void => undefined;
      const member: Member = {
        interest,
        note(id) {
          if (everything || (interest.only && !interest.only.has(id))) return;
          ids.add(id);
          if (ids.size > maxIds) member.noteAll();
          else wake();
        },
        noteAll() {
          everything = true;
          ids = new Set();
          wake();
        },
      };
      const members = tenants.get(interest.tenantId) ?? new Set();
      tenants.set(interest.tenantId, members.add(member));
      const hasChanges = (): boolean => everything || ids.size > 0;
      return {
        take() {
          const changes = { ids, everything };
          ids = new Set();
          everything = false;
          return changes;
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
        if (row.tenantId !== null) noteRow(tenants.get(row.tenantId) ?? [], row);
        else for (const members of tenants.values()) noteRow(members, row);
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
