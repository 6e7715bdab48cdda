import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { watchPods } from "#clients/cli/commands/watch.ts";
import type { Session } from "#clients/cli/session.ts";
import { styleFor } from "#clients/cli/terminal.ts";
import { widthOf } from "#clients/cli/text.ts";
import { createLiveSet, type Message } from "#clients/cli/watch/live-set.ts";
import { drawnLines, type Look } from "#clients/cli/watch/view.ts";
import { podColumns } from "#clients/cli/commands/columns.ts";
import type { PodRowFragment, SelvedgeClient, StreamState } from "#clients/typescript/index.ts";
import { type RecordedTerminal, recordedTerminal } from "#tests/support/terminal.ts";

interface Row {
  readonly id: string;
  readonly value: number;
}

const AT = "2026-11-26T06:03:12.000Z";
const message = <T>(change: Partial<Message<T>>): Message<T> => ({ snapshot: false, complete: true, upserted: [], removedIds: [], at: AT, ...change });
const row = (id: string, value = 0): Row => ({ id, value });

describe("a live set", () => {
  it("tells each difference once", () => {
    const set = createLiveSet<Row>();
    expect(set.apply(message({ snapshot: true, upserted: [row("a"), row("b")] })).map(({ kind, row: { id } }) => `${kind} ${id}`)).toEqual(["added a", "added b"]);
    expect(set.apply(message({ upserted: [row("a"), row("b", 1)] }))).toEqual([{ kind: "changed", row: row("b", 1) }]);
    expect(set.apply(message({ removedIds: ["a", "never"] }))).toEqual([{ kind: "removed", row: row("a") }]);
    expect(set.apply(message({}))).toEqual([]);
    expect(set.rows).toEqual([row("b", 1)]);
  });

  it("keeps what it holds until a new snapshot is whole, and drops then what that does not name", () => {
    const set = createLiveSet<Row>();
    set.apply(message({ snapshot: true, upserted: [row("a"), row("b"), row("c")] }));
    expect(set.apply(message({ snapshot: true, complete: false, upserted: [row("b")] }))).toEqual([]);
    expect(set.rows.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(set.apply(message({ complete: true, upserted: [row("d")] })).map(({ kind, row: { id } }) => `${kind} ${id}`)).toEqual(["added d", "removed a", "removed c"]);
  });

  it("is not known before its first snapshot is whole", () => {
    const set = createLiveSet<Row>();
    set.apply(message({ snapshot: true, complete: false, upserted: [row("a")] }));
    expect(set.known).toBe(false);
    set.apply(message({}));
    expect(set.known).toBe(true);
  });

  it("holds only what matches, also when a row stops matching", () => {
    const set = createLiveSet<Row>(({ value }) => value > 0);
    set.apply(message({ snapshot: true, upserted: [row("a", 1), row("b", 0)] }));
    expect(set.apply(message({ upserted: [row("a", 0), row("b", 2)] })).map(({ kind, row: { id } }) => `${kind} ${id}`)).toEqual(["removed a", "added b"]);
  });

  it("ends as the server's set, whatever way it was told, and its events lead there", () => {
    const upserts = fc.array(fc.record({ id: fc.constantFrom("a", "b", "c", "d"), value: fc.nat(2) }), { maxLength: 4 });
    const change = fc.record({ snapshot: fc.boolean(), upserted: upserts, removedIds: fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 2 }) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        const set = createLiveSet<Row>();
        const server = new Map<string, Row>();
        const told = new Map<string, Row>();
        for (const one of [{ snapshot: true, upserted: [], removedIds: [] }, ...changes]) {
          const removedIds = one.removedIds.filter((id) => !one.upserted.some((other) => other.id === id));
          if (one.snapshot) server.clear();
          for (const upserted of one.upserted) server.set(upserted.id, upserted);
          for (const id of removedIds) server.delete(id);
          for (const event of set.apply(message({ ...one, removedIds }))) {
            expect(told.has(event.row.id)).toBe(event.kind !== "added");
            if (event.kind === "removed") told.delete(event.row.id);
            else told.set(event.row.id, event.row);
          }
        }
        const byId = (rows: Iterable<Row>) => [...rows].toSorted((a, b) => (a.id < b.id ? -1 : 1));
        expect(byId(set.rows)).toEqual(byId(server.values()));
        expect(byId(told.values())).toEqual(byId(server.values()));
      }),
    );
  });
});

const pod = (name: string, change: Partial<PodRowFragment> = {}): PodRowFragment => ({
  id: `Pod.${name}`,
  name,
  application: { id: "Application.1", name: "web", namespace: { id: "Namespace.1", name: "shop" } },
  cluster: { id: "Cluster.1", code: "xian-1" },
  node: { id: "ClusterNode.1", name: "node-1" },
  revision: { id: "Revision.1", number: 1 },
  phase: "STARTING",
  ready: false,
  reason: null,
  privateIp: "10.0.0.2",
  restartCount: 0,
  createdAt: "2026-11-26T06:00:00.000Z",
  startedAt: null,
  observedAt: AT,
  stale: false,
  ...change,
});
const PODS: Look<PodRowFragment> = { one: "pod", columns: podColumns, order: (a, b) => (a.name < b.name ? -1 : 1) };
const uncolored = (_color: string, text: string): string => text;

describe("the picture on a terminal", () => {
  it("is never wider or higher than it, else it could not be taken away", () => {
    fc.assert(
      fc.property(fc.nat(60), fc.integer({ min: 24, max: 200 }), fc.integer({ min: 6, max: 50 }), fc.boolean(), fc.boolean(), (many, columns, rows, trouble, colored) => {
        const style = colored ? styleFor({ isTTY: true, write: () => {} }, {}) : uncolored;
        const lines = drawnLines(PODS, Array.from({ length: many }, (_, index) => pod(`web-${index}`)), AT, trouble ? "gone" : null, { columns, rows }, style);
        expect(lines.length).toBeLessThan(rows);
        for (const line of lines) expect(widthOf(line)).toBeLessThan(columns);
      }),
    );
  });

  it("says how current it is", () => {
    const size = { columns: 100, rows: 30 };
    expect(drawnLines(PODS, [], null, null, size, uncolored)).toEqual(["waiting for the server…"]);
    expect(drawnLines(PODS, [], AT, null, size, uncolored)).toEqual(["No pods, live at 06:03:12; Ctrl-C ends"]);
    expect(drawnLines(PODS, [pod("web-1")], AT, "connection lost", size, uncolored).at(-1)).toBe("1 pod, as of 06:03:12, stale; reconnecting… (connection lost)");
    expect(drawnLines(PODS, [pod("a"), pod("b"), pod("c")], AT, null, { columns: 100, rows: 6 }, uncolored)).toContain("… and 2 more");
  });
});

type Step = Message<PodRowFragment> | StreamState | "Ctrl-C";

/** A session whose stream of pods is these steps, and then waits for Ctrl-C as a real one does. */
function sessionOf(terminal: RecordedTerminal, steps: readonly Step[]): Session {
  const client = {
    async *subscribe(_document: unknown, _variables: unknown, options: { readonly onState: (state: StreamState) => void }) {
      for (const step of steps) {
        if (step === "Ctrl-C") terminal.interrupt.abort();
        else if ("kind" in step) options.onState(step);
        else yield { pods: step };
        if (terminal.interrupted.aborted) return;
      }
    },
  } as unknown as SelvedgeClient;
  return { client, terminal, style: styleFor(terminal.out, terminal.env), width: null, named: new Map(), print: (lines) => void (lines.length > 0 && terminal.out.write(`${lines.join("\n")}\n`)) };
}

const lost = (attempt: number): StreamState => ({ kind: "reconnecting", attempt, reason: "connection lost", staleSince: null });
const story: readonly Step[] = [
  message({ snapshot: true, upserted: [pod("web-1"), pod("other-1", { application: { id: "Application.2", name: "other", namespace: { id: "Namespace.2", name: "default" } } })] }),
  message({ upserted: [pod("web-1", { observedAt: "2026-11-26T06:03:13.000Z" })], at: "2026-11-26T06:03:13.000Z" }),
  lost(1),
  lost(2),
  message({ snapshot: true, upserted: [pod("web-1", { phase: "RUNNING", ready: true }), pod("web-22")] }),
  { kind: "live" },
  message({ removedIds: ["Pod.web-22"] }),
  "Ctrl-C",
];
const inShop = (one: PodRowFragment): boolean => one.application.namespace.name === "shop";

describe("a watch in a pipe", () => {
  it("writes a line for each change of what a line says, across a lost connection", async () => {
    const terminal = recordedTerminal();
    await expect(watchPods(sessionOf(terminal, story), {}, "table", inShop)).rejects.toThrow("aborted");
    expect(terminal.written.out.split("\n").map((line) => line.replaceAll(/ +/g, " "))).toEqual([
      "EVENT NAMESPACE NAME CLUSTER NODE PHASE READY RESTARTS IP AGE",
      "added shop web-1 xian-1 node-1 STARTING no 0 10.0.0.2 3m12s",
      "changed shop web-1 xian-1 node-1 RUNNING yes 0 10.0.0.2 3m12s",
      "added shop web-22 xian-1 node-1 STARTING no 0 10.0.0.2 3m12s",
      "removed shop web-22 xian-1 node-1 STARTING no 0 10.0.0.2 3m12s",
      "",
    ]);
    expect(terminal.written.err).toBe("reconnecting… (connection lost); what was shown is stale\nconnected again\n");
  });

  it("keeps its columns in line with those before", async () => {
    const terminal = recordedTerminal();
    await watchPods(sessionOf(terminal, story), {}, "table", inShop).catch(() => {});
    const starts = terminal.written.out.trimEnd().split("\n").map((line) => line.indexOf(line.startsWith("EVENT") ? "NAMESPACE" : "shop"));
    expect(new Set(starts).size).toBe(1);
  });

  it("writes a JSON record for each change", async () => {
    const terminal = recordedTerminal();
    await watchPods(sessionOf(terminal, story), {}, "json", inShop).catch(() => {});
    const records = terminal.written.out.trimEnd().split("\n").map((line) => JSON.parse(line) as { event: string; at: string; object: PodRowFragment });
    expect(records.map(({ event, object: { name } }) => `${event} ${name}`)).toEqual(["added web-1", "changed web-1", "changed web-1", "added web-22", "removed web-22"]);
    expect(records[1]?.at).toBe("2026-11-26T06:03:13.000Z");
  });
});

describe("a watch on a terminal", () => {
  it("ends with the last picture, marked stale where the connection was lost", async () => {
    const live = recordedTerminal({ isTTY: true, columns: 120, env: { NO_COLOR: "1" } });
    await watchPods(sessionOf(live, story), {}, "table", inShop).catch(() => {});
    expect(live.written.out.trimEnd().split("\n").at(-1)).toBe("1 pod, live at 06:03:12; Ctrl-C ends");
    const cut = recordedTerminal({ isTTY: true, columns: 120, env: { NO_COLOR: "1" } });
    await watchPods(sessionOf(cut, [...story.slice(0, 3), "Ctrl-C"]), {}, "table", inShop).catch(() => {});
    expect(cut.written.out.trimEnd().split("\n").at(-1)).toBe("1 pod, as of 06:03:13, stale; reconnecting… (connection lost)");
  });
});
