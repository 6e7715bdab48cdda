/**
 * What a stream of state has told so far, as rows by id. A snapshot comes in one or several messages: `snapshot` on the first says "forget what
 * you hold", `complete` on the last that it is whole. Between the two the old rows stay, so that a picture does not go blank when a stream
 * begins anew; what the snapshot did not name is gone once it is complete.
 *
 * Invariants: a row is held exactly when the server's set has it and it matches. An event is told once, and only for a row that differs.
 * Holds as many rows as the server's set has.
 */
export interface Message<Row> {
  readonly snapshot: boolean;
  readonly complete: boolean;
  readonly upserted: readonly Row[];
  readonly removedIds: readonly string[];
  readonly at: string;
}

export interface RowEvent<Row> {
  readonly kind: "added" | "changed" | "removed";
  readonly row: Row;
}

export interface LiveSet<Row> {
  /** Takes a message in and says what became different, in the message's order. */
  apply(message: Message<Row>): RowEvent<Row>[];
  readonly rows: readonly Row[];
  /** Whether a first snapshot has come whole. */
  readonly known: boolean;
}

export function createLiveSet<Row extends { readonly id: string }>(matches: (row: Row) => boolean = () => true): LiveSet<Row> {
  const held = new Map<string, { readonly row: Row; readonly text: string }>();
  let named: Set<string> | null = null;
  let known = false;

  const drop = (id: string): RowEvent<Row>[] => {
    const before = held.get(id);
    held.delete(id);
    return before === undefined ? [] : [{ kind: "removed", row: before.row }];
  };
  const take = (row: Row): RowEvent<Row>[] => {
    if (!matches(row)) return drop(row.id);
    const before = held.get(row.id);
    const text = JSON.stringify(row);
    if (before?.text === text) return [];
    held.set(row.id, { row, text });
    return [{ kind: before === undefined ? "added" : "changed", row }];
  };

  return {
    apply(message) {
      if (message.snapshot) named = new Set();
      const events: RowEvent<Row>[] = [];
      for (const row of message.upserted) {
        named?.add(row.id);
        events.push(...take(row));
      }
      for (const id of message.removedIds) {
        named?.delete(id);
        events.push(...drop(id));
      }
      if (message.complete && named !== null) {
        const whole = named;
        named = null;
        known = true;
        for (const id of [...held.keys()].filter((other) => !whole.has(other))) events.push(...drop(id));
      }
      return events;
    },
    get rows() {
      return [...held.values()].map(({ row }) => row);
    },
    get known() {
      return known;
    },
  };
}
