import { parseArgs } from "node:util";

export const SIDES = ["raw", "ours", "graphql-ws", "mercurius"] as const;
export type SideName = (typeof SIDES)[number];

export interface Options {
  readonly subscribers: number;
  readonly events: number;
  readonly sides: readonly SideName[];
}

export const HELP = `npm run bench -- fanout [options]

One event to many WebSocket subscribers of the same subscription, and bursts of 20 events: ours, as users run it, and peers, against a socket that sends a
frame which is there already. Each side and the subscribers are processes of their own; the sides take turns; medians, and ratios to the raw socket.

  --subscribers 1000   of each side at once (the goals are for 5000 of single events, 1000 of bursts)
  --events 5           of each kind that each side has; the first is not counted
  --sides a,b          these only, and the raw socket: ${SIDES.join(", ")} (mercurius where the peers of the bench reads are installed)
  --help               this`;

/** What was asked for; null: help. @throws with what is wrong with it */
export function parseOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: { subscribers: { type: "string" }, events: { type: "string" }, sides: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return null;
  const asked = values.sides?.split(",") ?? SIDES;
  const unknown = asked.filter((side) => !(SIDES as readonly string[]).includes(side));
  if (unknown.length > 0) throw new Error(`--sides does not know ${unknown.join(", ")}: there are ${SIDES.join(", ")}`);
  return {
    subscribers: wholeNumber("subscribers", values.subscribers, 1000),
    events: wholeNumber("events", values.events, 5),
    sides: SIDES.filter((side) => side === "raw" || asked.includes(side)),
  };
}

function wholeNumber(option: string, value: string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (!/^[1-9]\d{0,4}$/.test(value)) throw new Error(`--${option} is a whole number from 1 on, not ${value}`);
  return Number(value);
}
