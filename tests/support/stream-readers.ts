import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { SelvedgeClient } from "#clients/typescript/index.ts";
import { eventually } from "./eventually.ts";
import type { FaultyNetwork } from "./faulty-network.ts";
import type { History } from "./planted-bugs.ts";
import { type Checker, check, createChecker, difference, type HistoryEvent, type Row } from "./stream-history.ts";
import type { Subject } from "./stream-subjects.ts";

/** One who follows a subject through a network that breaks, and keeps a history of all it was told. */
export interface Reader {
  readonly name: string;
  readonly network: FaultyNetwork;
  readonly history: History;
  readonly counted: { readonly messages: number; readonly reconnects: number; readonly clients: number };
  violations(): readonly string[];
  /** What the checker says of another history. */
  find(planted: History): readonly string[];
  /** Waits until what is held is what there is, and notes it in the history. */
  quiet(acknowledged: ReadonlyMap<string, number>): Promise<void>;
  stop(): Promise<void>;
}

export interface ReaderOptions {
  readonly name: string;
  readonly network: FaultyNetwork;
  /** A client through that network. */
  connect(): SelvedgeClient;
  /** One that nothing stands in the way of. */
  readonly witness: SelvedgeClient;
  readonly select: (statement: string) => Promise<{ readonly id: string; readonly row: unknown }[]>;
  /**
   * A wanderer goes from client to client with its cursor: it leaves amid its first snapshot, then after so many messages, and now and then
   * forgets where it was. null: one client stays.
   */
  readonly wanders: { readonly patience: () => number; readonly forgets: () => boolean } | null;
  readonly quietWithinMs: number;
}

export function startReader<Item extends Row>(about: Subject<Item>, options: ReaderOptions): Reader {
  const { network, wanders, witness, select } = options;
  const name = `${about.name} ${options.name}`;
  const history: HistoryEvent<Item>[] = [];
  const checker: Checker<Item> = createChecker(about.rules);
  const counted = { messages: 0, reconnects: 0, clients: 0 };
  let cursor: string | null = null;
  let client: SelvedgeClient | null = null;
  let going = true;
  const note = (event: HistoryEvent<Item>): void => {
    history.push(event);
    checker.accept(event);
  };
  const loop = (async () => {
    while (going) {
      client = options.connect();
      counted.clients += 1;
      if (wanders?.forgets()) cursor = null;
      note({ kind: "asked", after: cursor });
      let patience = wanders === null ? Infinity : counted.clients === 1 ? 1 : wanders.patience();
      const following = about.follow(client, cursor, () => {
        counted.reconnects += 1;
        note({ kind: "asked again" });
      });
      for await (const change of following) {
        counted.messages += 1;
        note({ kind: "message", change });
        ({ cursor } = change);
        if ((patience -= 1) === 0) break;
      }
      await client.close();
    }
  })();
  return {
    name,
    network,
    history,
    counted,
    violations: () => checker.violations.map((violation) => `${name}: ${violation}`),
    find: (planted) => check(planted as readonly HistoryEvent<Item>[], about.rules),
    async quiet(written) {
      const acknowledged = new Map(written);
      // Whatever is still under way in the fleet: the two readings of the truth, and what is held, have to meet.
      await eventually(
        async () => {
          const [truth, rows] = [await about.truth(witness), await select(about.select)];
          const wrong = difference(checker.held, truth, about.rules);
          if (wrong !== null) throw new Error(`${name}: ${wrong}`);
          expect(new Map([...truth].map(([id, item]) => [id, about.row(item)]))).toEqual(new Map(rows.map(({ id, row }) => [id, row])));
          note({ kind: "quiet", truth, acknowledged });
        },
        { deadlineMs: options.quietWithinMs, everyMs: 200 },
      );
    },
    async stop() {
      going = false;
      await client?.close();
      await loop;
    },
  };
}

export interface Faults {
  readonly everyMs: () => number;
  readonly lastsMs: () => number;
  readonly pick: <T>(items: readonly T[]) => T;
}

/** For as long as `going`, one thing after the other happens to a network. */
export async function breakNow(network: FaultyNetwork, { everyMs, lastsMs, pick }: Faults, going: () => boolean): Promise<void> {
  const faults: readonly (() => unknown)[] = [
    () => network.cut(),
    () => network.halfClose("client"),
    () => network.halfClose("server"),
    () => (network.stall(), sleep(lastsMs())),
    () => (network.refuse(), network.cut(), sleep(lastsMs())),
  ];
  while (going()) {
    await sleep(everyMs());
    await pick(faults)();
    network.heal();
  }
}
