import type { ContainerState } from "./states.ts";

/** What a cluster last said of one container of a pod, as the pod's row keeps it. Times are milliseconds of the simulation's clock. */
export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly state: ContainerState;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly reason: string | null;
  readonly exitCode: number | null;
  readonly startedAt: number | null;
}
