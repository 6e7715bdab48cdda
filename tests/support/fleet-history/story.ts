/**
 * A history: what users, pods, networks, processes and backups do to a fleet and its centre, each at its instant. It is a pure function of its seed, and stays one
 * whatever of it is left out, so that a failing one can be made short.
 */
import { diceOf, type Dice } from "../random.ts";

export type Action = UserAction | PodAction | Fault;

export type UserAction = { readonly at: number; readonly app: number } & (
  | { readonly kind: "create"; readonly template: number; readonly replicas: number; readonly clusters: number }
  | { readonly kind: "scale"; readonly replicas: number }
  | { readonly kind: "upgrade"; readonly template: number }
  | { readonly kind: "restart" | "configure" | "delete" }
  | { readonly kind: "serve"; readonly address: number }
  | { readonly kind: "unserve" }
);

export type PodAction = { readonly at: number } & { readonly kind: "crash"; readonly cluster: number; readonly pick: number };

/** When an agent's process dies: between two ticks, before a commit, before what it has committed leaves, in the middle of that. */
export type Moment = "idle" | "unsaved" | "unsent" | "half sent";

export type Fault = { readonly at: number; readonly forMs: number } & (
  /** `reset`: both sides learn of it; else what is sent that way waits, as long as the connection lasts. */
  | { readonly kind: "cut"; readonly site: number; readonly way: "both" | "up" | "down" | "reset" }
  | { readonly kind: "slow"; readonly site: number; readonly delayMs: number }
  | { readonly kind: "kill agents"; readonly site: number; readonly moment: Moment }
  | { readonly kind: "restore agents"; readonly site: number; readonly ageMs: number }
  | { readonly kind: "lose store"; readonly site: number }
  | { readonly kind: "full disk"; readonly site: number }
  | { readonly kind: "node"; readonly cluster: number; readonly node: number }
  | { readonly kind: "kill centre" }
  | { readonly kind: "restore centre"; readonly ageMs: number; readonly termRises: boolean }
);

export interface Story {
  readonly seed: number;
  /** Fleet processes, by the number of their clusters. */
  readonly sites: readonly number[];
  readonly actions: readonly Action[];
}

export const APPS = 3;
/** Users and faults act in the first part; then all heals. */
const ACTIVE_MS = 30_000;

const isFault = (action: Action): action is Fault => "forMs" in action;
/** After a lost store another agent takes a cluster over once the one before was silent for the stale time, and it asks every ten seconds. */
const TAKEOVER_MS = 42_000;
export const endOf = (action: Action): number =>
  action.at + (isFault(action) ? action.forMs + (action.kind === "lose store" ? TAKEOVER_MS : 0) : 0);
export const lastEnd = ({ actions }: Story): number => actions.reduce((last, action) => Math.max(last, endOf(action)), 0);
export const isCalm = ({ actions }: Story): boolean => !actions.some(isFault);

export function storyOf(seed: number): Story {
  const dice = diceOf(seed);
  const sites = dice.pick([[1], [2], [1, 1], [2, 1], [1, 2]]);
  const clusters = sites.reduce((sum, size) => sum + size, 0);
  const actions: Action[] = [{ kind: "create", at: dice.below(2_000), app: 0, template: dice.below(4), replicas: 1 + dice.below(4), clusters: 7 }];
  for (let left = 2 + dice.below(8); left > 0; left -= 1) actions.push(userAction(dice));
  for (let left = dice.below(4); left > 0; left -= 1) actions.push({ kind: "crash", at: at(dice), cluster: dice.below(clusters), pick: dice.below(20) });
  if (!dice.chance(0.15)) for (let left = 1 + dice.below(5); left > 0; left -= 1) actions.push(fault(dice, sites.length, clusters));
  return { seed, sites, actions: actions.toSorted((a, b) => a.at - b.at) };
}

const at = (dice: Dice): number => 1_000 + dice.below(ACTIVE_MS);

function userAction(dice: Dice): UserAction {
  const common = { at: at(dice), app: dice.below(APPS) };
  const kind = dice.weighted(["create", "scale", "upgrade", "restart", "configure", "delete", "serve", "unserve"] as const, (each) => WEIGHTS[each]);
  switch (kind) {
    case "create":
      return { ...common, kind, template: dice.below(4), replicas: dice.below(5), clusters: 1 + dice.below(7) };
    case "scale":
      return { ...common, kind, replicas: dice.below(6) };
    case "upgrade":
      return { ...common, kind, template: dice.below(4) };
    case "serve":
      return { ...common, kind, address: dice.below(2) };
    default:
      return { ...common, kind };
  }
}

const WEIGHTS = { create: 3, scale: 5, upgrade: 3, restart: 1, configure: 2, delete: 2, serve: 2, unserve: 1 };

function fault(dice: Dice, sites: number, clusters: number): Fault {
  const common = { at: at(dice), forMs: dice.pick([200, 1_000, 3_000, 8_000, 20_000, 35_000]) };
  const site = dice.below(sites);
  const short = { ...common, forMs: dice.below(3_000) };
  switch (dice.weighted(["cut", "slow", "kill agents", "restore agents", "lose store", "full disk", "node", "kill centre", "restore centre"] as const, (each) => FAULTS[each])) {
    case "cut":
      return { ...common, kind: "cut", site, way: dice.pick(["both", "up", "down", "reset"]) };
    case "slow":
      return { ...common, kind: "slow", site, delayMs: dice.pick([300, 1_500, 4_000]) };
    case "kill agents":
      return { ...common, kind: "kill agents", site, moment: dice.pick(["idle", "unsaved", "unsent", "half sent"]) };
    case "restore agents":
      return { ...short, kind: "restore agents", site, ageMs: 500 + dice.below(15_000) };
    case "lose store":
      return { ...short, kind: "lose store", site };
    case "full disk":
      return { ...common, kind: "full disk", site };
    case "node":
      return { ...common, kind: "node", cluster: dice.below(clusters), node: dice.below(3) };
    case "kill centre":
      return { ...common, kind: "kill centre" };
    case "restore centre":
      return { ...short, kind: "restore centre", ageMs: 500 + dice.below(15_000), termRises: dice.chance(0.5) };
  }
}

const FAULTS = { "cut": 8, "slow": 2, "kill agents": 5, "restore agents": 2, "lose store": 0.5, "full disk": 1, "node": 1, "kill centre": 3, "restore centre": 2 };

/** For people: one line an action. */
export const told = ({ seed, sites, actions }: Story): string =>
  [`seed ${seed}, sites of ${sites.join(" and ")} clusters`, ...actions.map(({ at: when, kind, ...rest }) => `  ${String(when).padStart(6)} ms  ${kind} ${JSON.stringify(rest)}`)].join("\n");
