/**
 * What of a cluster's messages is lost under DISCONNECT_CLUSTER, as pure functions of the order and the time.
 *
 * FLAPPING is cut both ways and whole by turns, cut first. Each turn's length follows from the seed and its number, so nothing of it is kept.
 */
import type { FaultOrder } from "../link.ts";
import type { Range } from "./behaviours.ts";
import { drawnFrom } from "./random.ts";

export interface Cut {
  /** What the cluster says is lost. */
  readonly toCentre: boolean;
  /** What it is told is lost. */
  readonly toCluster: boolean;
}

export const WHOLE: Cut = { toCentre: false, toCluster: false };

export interface Turn {
  readonly number: number;
  /** When the next begins. */
  readonly until: number;
}

/** The turn that an instant is in; `from`: one that it is not before, to begin the search with. */
export function turnAt({ seed, startsAt }: Pick<FaultOrder, "seed" | "startsAt">, now: number, { minMs, maxMs }: Range, from?: Turn): Turn {
  const lengthOf = (number: number): number => drawnFrom([seed, number], minMs, maxMs);
  let turn = from ?? { number: 0, until: startsAt + lengthOf(0) };
  while (turn.until <= now) turn = { number: turn.number + 1, until: turn.until + lengthOf(turn.number + 1) };
  return turn;
}

/** What one order cuts; of FLAPPING, in this turn. */
export function cutOf({ mode = "BOTH_WAYS" }: Pick<FaultOrder, "mode">, turn: Turn | null): Cut {
  const isOut = mode !== "FLAPPING" || (turn?.number ?? 0) % 2 === 0;
  return { toCentre: isOut && mode !== "TO_CLUSTER", toCluster: isOut && mode !== "TO_CENTRE" };
}

export const bothOf = (a: Cut, b: Cut): Cut => ({ toCentre: a.toCentre || b.toCentre, toCluster: a.toCluster || b.toCluster });
