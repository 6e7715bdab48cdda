import type { OperationName, SideName } from "./sides.ts";

/** A requirement of one side's rate: a share of the limit's, and, where peers are measured, a multiple of PostGraphile's. */
interface Requirement {
  readonly floor: number;
  readonly goal?: number;
  readonly goalOfPostgraphile?: number;
}

export interface Case {
  readonly label: string;
  readonly operation: OperationName;
  readonly sides: readonly SideName[];
  readonly requirements: Partial<Readonly<Record<SideName, Requirement>>>;
}

export const CASES = {
  q1: {
    label: "Q1: one application, two leaves",
    operation: "q1",
    sides: ["limit", "compiled", "interpreter", "remembered", "postgraphile", "mercurius"],
    requirements: { compiled: { floor: 0.75, goal: 0.85 }, interpreter: { floor: 0.35 } },
  },
  q2: {
    label: "Q2: a dashboard of 740 objects",
    operation: "q2",
    sides: ["limit", "compiled", "interpreter", "postgraphile", "mercurius"],
    requirements: { compiled: { floor: 0.8, goal: 0.9, goalOfPostgraphile: 2.3 }, interpreter: { floor: 0.2 } },
  },
  unchanged: {
    label: "Q2 unchanged: the same dashboard, asked again and again",
    operation: "q2",
    sides: ["limit", "remembered", "postgraphile", "mercurius"],
    requirements: { remembered: { floor: 1, goal: 10 } },
  },
} as const satisfies Record<string, Case>;
export type CaseName = keyof typeof CASES;

/** How one side stands to what is required of it. */
export interface Verdict {
  readonly ofLimit: number;
  /** null: it was not measured. */
  readonly ofPostgraphile: number | null;
  /** null: nothing is required, or the side does not do yet what it is required of. */
  readonly floorHolds: boolean | null;
  readonly goalHolds: boolean | null;
}

/**
 * `rates`: requests a second. `works`: whether the side does what its name says; where it doesn't, as without the compiled way, there is nothing
 * that a floor could hold of.
 */
export function judge(some: Case, side: SideName, rates: ReadonlyMap<SideName, number>, works: boolean): Verdict {
  const [own, limit, postgraphile] = [rates.get(side), rates.get("limit"), rates.get("postgraphile")];
  if (own === undefined || limit === undefined) throw new Error(`The rate of ${side} or of the limit is missing`);
  const ofLimit = own / limit;
  const ofPostgraphile = postgraphile === undefined ? null : own / postgraphile;
  const required = works ? some.requirements[side] : undefined;
  return { ofLimit, ofPostgraphile, floorHolds: required ? ofLimit >= required.floor : null, goalHolds: goalHolds(required, ofLimit, ofPostgraphile) };
}

/** A goal that names PostGraphile can be missed without it, but not be reached. */
function goalHolds(required: Requirement | undefined, ofLimit: number, ofPostgraphile: number | null): boolean | null {
  if (required?.goal === undefined) return null;
  if (ofLimit < required.goal) return false;
  if (required.goalOfPostgraphile === undefined) return true;
  return ofPostgraphile === null ? null : ofPostgraphile >= required.goalOfPostgraphile;
}
