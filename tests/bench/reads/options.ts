import { parseArgs } from "node:util";
import { CASES, type CaseName } from "./cases.ts";
import { SIDES, type SideName } from "./sides.ts";

export interface Options {
  readonly only: readonly CaseName[];
  readonly sides: readonly SideName[];
  readonly rounds: number;
  /** Of each side in each round. */
  readonly seconds: number;
  /** Whether to install the peers where they are not. */
  readonly install: boolean;
}

export const HELP = `npm run bench -- reads [options]

Requests a second over HTTP: ours in each of its ways, the raw limit, and two peers, one after another in each round; medians, and ratios to the limit.
Every floor that does not hold makes the exit code 1.

  --peers           install PostGraphile and Mercurius into tests/bench/peers where they are not; installed ones are always measured
  --only q1,q2      these cases only: ${Object.keys(CASES).join(", ")}
  --sides a,b       these sides only, and the limit: ${SIDES.join(", ")}
  --rounds 5        rounds; the order of the sides moves on by one in each
  --seconds 3       seconds that each side has in each round
  --help            this`;

/** What was asked for; null: help. @throws with what is wrong with it */
export function parseOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: { peers: { type: "boolean" }, only: { type: "string" }, sides: { type: "string" }, rounds: { type: "string" }, seconds: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return null;
  const sides = namesOf("sides", values.sides, SIDES);
  return {
    only: namesOf("only", values.only, Object.keys(CASES) as CaseName[]),
    sides: sides.includes("limit") ? sides : ["limit", ...sides],
    rounds: wholeNumber("rounds", values.rounds, 5),
    seconds: wholeNumber("seconds", values.seconds, 3),
    install: values.peers === true,
  };
}

function namesOf<Name extends string>(option: string, value: string | undefined, known: readonly Name[]): readonly Name[] {
  if (value === undefined) return known;
  const asked = value.split(",");
  const unknown = asked.filter((name) => !(known as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`--${option} does not know ${unknown.join(", ")}: there are ${known.join(", ")}`);
  return known.filter((name) => asked.includes(name));
}

function wholeNumber(option: string, value: string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new Error(`--${option} is a whole number from 1 on, not ${value}`);
  return Number(value);
}
