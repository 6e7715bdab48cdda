import type { ApplicationStatus, NetworkStatus, OperationState, PodPhase, RolloutState } from "../typescript/index.ts";
import type { Cell } from "./table.ts";
import type { Color } from "./terminal.ts";

/** A span of time for people, in its two largest units: 42s, 3m12s, 5h7m, 2d3h. Negative spans (clocks apart) show as 0s. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const units: readonly (readonly [string, number])[] = [["d", 86_400], ["h", 3_600], ["m", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first === -1) return "0s";
  const [letter, size] = units[first] as readonly [string, number];
  const next = units[first + 1];
  const rest = next === undefined ? 0 : Math.floor((seconds % size) / next[1]);
  return `${Math.floor(seconds / size)}${letter}${rest > 0 && next !== undefined ? `${rest}${next[0]}` : ""}`;
}

/** How long ago, by the server's clock: its times may run faster than this machine's. */
export const age = (then: string | null, now: string): string => (then === null ? "-" : duration(Date.parse(now) - Date.parse(then)));

/** Cores: 250m, 2, 1.5. */
export const cores = (millis: number): string => (millis > 0 && millis < 1000 ? `${millis}m` : String(Math.round(millis / 10) / 100));

/** Memory: 512Mi, 1.5Gi. */
export const memory = (mebibytes: number): string => (mebibytes === 0 ? "0" : mebibytes < 1024 ? `${mebibytes}Mi` : `${Math.round((mebibytes / 1024) * 10) / 10}Gi`);

export const count = (number: number, one: string, many = `${one}s`): string => `${thousands(number)} ${number === 1 ? one : many}`;

export const thousands = (number: number): string => number.toLocaleString("en-US");

/** Ready of desired: 5/5. */
export const readiness = (replicas: { readonly ready: number; readonly desired: number }): Cell => ({
  text: `${replicas.ready}/${replicas.desired}`,
  color: replicas.ready >= replicas.desired ? null : "yellow",
});

const GOOD: ReadonlySet<string> = new Set(["RUNNING", "COMPLETED", "SUCCEEDED", "ONLINE", "READY", "ACTIVE"]);
const BAD: ReadonlySet<string> = new Set(["FAILED", "DEGRADED", "DISCONNECTED", "NOT_READY", "ROLLED_BACK", "PARTIALLY_SUCCEEDED", "ABORTED"]);
const colorOf = (word: string): Color | null => (GOOD.has(word) ? "green" : BAD.has(word) ? "red" : "yellow");

/** A state; marked where it is old news from a cluster that has gone silent. */
export const stateCell = (state: ApplicationStatus | NetworkStatus | OperationState | PodPhase | RolloutState | (string & {}), stale = false): Cell =>
  stale ? { text: `${state} (stale)`, color: "yellow" } : { text: state, color: colorOf(state) };

/** A pod's phase, or what keeps it from it: "PENDING: ImagePullBackOff". */
export const phaseCell = (pod: { readonly phase: PodPhase; readonly reason: string | null; readonly stale: boolean }): Cell =>
  stateCell(pod.reason === null ? pod.phase : `${pod.phase}: ${pod.reason}`, pod.stale);

/** An enum's word for the middle of a sentence: ROLLED_BACK is "rolled back". */
export const words = (name: string): string => name.toLowerCase().replaceAll("_", " ");
