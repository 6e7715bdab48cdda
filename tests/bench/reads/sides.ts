import type { Data } from "./data.ts";
import { POSTGRAPHILE_Q1, POSTGRAPHILE_Q2, Q1, Q2 } from "./operations.ts";
import type { OursOptions } from "./ours.ts";

/** Who is measured, each in a process of its own, in the order of a table. */
export const SIDES = ["limit", "compiled", "interpreter", "remembered", "postgraphile", "mercurius"] as const;
export type SideName = (typeof SIDES)[number];
export const PEERS: readonly SideName[] = ["postgraphile", "mercurius"];

export type OperationName = "q1" | "q2";

interface Side {
  readonly label: string;
  /** Run with the target, and what is said of ours, as its arguments. */
  readonly file: string;
  readonly ours?: OursOptions;
  /** The bodies that are sent in turn. */
  readonly bodies: (operation: OperationName, data: Data) => string[];
}

const REMEMBERED_BYTES = 64 * 1024 * 1024;

const ourBodies = (operation: OperationName, { applicationIds }: Data): string[] =>
  operation === "q1" ? applicationIds.map((id) => JSON.stringify({ query: Q1, variables: { id: `Application.${id}` } })) : [JSON.stringify({ query: Q2 })];

const postgraphileBodies = (operation: OperationName, { tenantId, applicationIds }: Data): string[] =>
  operation === "q1"
    ? applicationIds.map((id) => JSON.stringify({ query: POSTGRAPHILE_Q1, variables: { tenantId, id } }))
    : [JSON.stringify({ query: POSTGRAPHILE_Q2, variables: { tenantId } })];

export const SIDE: Readonly<Record<SideName, Side>> = {
  limit: { label: "limit", file: "limit.ts", bodies: ourBodies },
  compiled: { label: "ours, compiled", file: "ours.ts", ours: { ways: null, rememberedBytes: 0 }, bodies: ourBodies },
  interpreter: { label: "ours, interpreter", file: "ours.ts", ours: { ways: [], rememberedBytes: 0 }, bodies: ourBodies },
  remembered: { label: "ours, remembered", file: "ours.ts", ours: { ways: null, rememberedBytes: REMEMBERED_BYTES }, bodies: ourBodies },
  postgraphile: { label: "PostGraphile", file: "../peers/postgraphile.mjs", bodies: postgraphileBodies },
  mercurius: { label: "Mercurius", file: "../peers/mercurius.mjs", bodies: ourBodies },
};
