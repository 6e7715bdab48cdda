/**
 * What a cluster says of what happens in it, with the reasons that users of Kubernetes know. Who is told of what:
 *
 * - Everything that goes wrong with a pod (FailedScheduling, Failed, BackOff, Unhealthy, FailedMount, FailedPostStartHook), each time. How much of that is
 *   worth sending is for the agent to say, which combines what is alike.
 * - Every change of what a placement should be (ScalingReplicaSet). Of nodes outages.ts tells.
 * - That all goes well (Scheduled, Pulling, Pulled, Started, Killing) only of pods that are *followed*: made or removed few at a time, BATCH_LIMIT in one
 *   instant at most, and not more than the cluster's allowance, BURST and then one each REFILL_MS. Nobody reads five lines for each of a thousand pods that
 *   start as they should: of those the placement's line says how many, and the pods themselves how they are. And so a pod that is not
 *   followed costs one look into a small map.
 *
 * What containers write at these moments is told by logs/cluster-logs.ts.
 *
 * The allowance and the followed pods are not stored: after a restart, pods that were just starting are followed no longer.
 */
import type { PlacementSpec } from "../link.ts";
import type { Happening } from "./cluster-options.ts";
import type { EndCause } from "./health.ts";
import type { ClusterLogs } from "./logs/cluster-logs.ts";
import { nameOf, podObject, variantOf, type ClusterParts } from "./parts.ts";
import { CRASHED, CREATING, PENDING, PULL_FAILED, PULLING, RUNNING, TERMINATING, type WaitingReason } from "./pods.ts";

const BATCH_LIMIT = 10;
const BURST = 10;
const REFILL_MS = 6_000;

export class Happenings {
  readonly #parts: ClusterParts;
  readonly #tell: (happening: Happening) => void;
  readonly #logs: ClusterLogs;
  /** Slots of followed pods, with when their images began to be pulled: NaN where none was. */
  readonly #followed = new Map<number, number>();
  #allowance = BURST;
  #refilledAt = -Infinity;

  constructor(parts: ClusterParts, logs: ClusterLogs, tell: (happening: Happening) => void) {
    this.#parts = parts;
    this.#logs = logs;
    this.#tell = tell;
  }

  // -------------------------------------------------------------- placements and nodes

  /** A placement should be another than it was. */
  assigned(placementId: string, before: PlacementSpec | null, spec: PlacementSpec | null, now: number): void {
    const message = scaling(before, spec);
    if (message === null) return;
    this.#tell({ at: now, type: "NORMAL", reason: "ScalingReplicaSet", message, object: { kind: "placement", id: placementId } });
  }

  // -------------------------------------------------------------- a pod's way

  /** A pod is made, one of so many in this instant. */
  made(slot: number, batch: number, now: number): void {
    if (this.#isWorthTelling(batch, now)) this.#followed.set(slot, NaN);
  }

  /** A pod is to be removed, one of so many in this instant; of one without a node nothing runs anywhere. */
  removed(slot: number, batch: number, now: number): void {
    this.#followed.delete(slot);
    if (this.#parts.pods.state[slot] === PENDING || !this.#isWorthTelling(batch, now)) return;
    this.#ofPod(slot, now, "NORMAL", "Killing", `Stopping ${this.#containers(slot)}`);
  }

  /** Its slot may be another's from now on. */
  gone(slot: number): void {
    this.#followed.delete(slot);
  }

  unschedulable(slot: number, { message }: WaitingReason, now: number): void {
    this.#ofPod(slot, now, "WARNING", "FailedScheduling", message);
  }

  bound(slot: number, now: number): void {
    if (!this.#followed.has(slot)) return;
    const node = this.#parts.nodes.descriptions[this.#parts.pods.node[slot] as number];
    this.#ofPod(slot, now, "NORMAL", "Scheduled", `Successfully assigned ${nameOf(this.#parts, slot)} to ${node?.name}`);
  }

  /** It ends to make room for another. */
  preempted(slot: number, now: number): void {
    this.#ofPod(slot, now, "NORMAL", "Preempted", this.#parts.pods.waiting.get(slot)?.message ?? "");
  }

  /** Before what follows from its new state is decided. */
  entered(slot: number, from: number, to: number, now: number): void {
    this.#logs.entered(slot, from, to, now);
    if (to === PULL_FAILED) return this.#pullFailed(slot, now);
    if (to === CRASHED) return this.#backsOff(slot, this.#parts.pods.culprit[slot] as number, now);
    if (!this.#followed.has(slot)) return;
    if (to === PULLING) return this.#pulling(slot, now);
    if (to === CREATING && from === PULLING) return this.#pulled(slot, now);
    if (to === TERMINATING || to === RUNNING) this.#followed.delete(slot);
    if (to === RUNNING) this.#ofPod(slot, now, "NORMAL", "Started", `Started ${this.#containers(slot)}`);
  }

  /** Its containers can't be created for want of configuration. */
  unconfigured(slot: number, { message }: WaitingReason, now: number): void {
    const mounts = variantOf(this.#parts, slot).template.mounted.length > 0;
    this.#ofPod(slot, now, "WARNING", mounts ? "FailedMount" : "Failed", mounts ? `MountVolume.SetUp failed: ${message}` : `Error: ${message}`);
  }

  // -------------------------------------------------------------- containers that are looked after one by one

  ended(slot: number, index: number, cause: EndCause, why: string, now: number): void {
    this.#logs.ended(slot, index, cause, why, now);
    if (cause === "LIVENESS") {
      this.#ofPod(slot, now, "WARNING", "Unhealthy", why);
      this.#ofPod(slot, now, "NORMAL", "Killing", `Container ${this.#container(slot, index)} failed liveness probe, will be restarted`);
    }
    if (cause === "POST_START") this.#ofPod(slot, now, "WARNING", "FailedPostStartHook", why);
    this.#backsOff(slot, index, now);
  }

  restarted(slot: number, index: number, now: number): void {
    this.#logs.restarted(slot, index, now);
  }

  /** Its readiness probe began to fail. */
  unready(slot: number, failure: string, now: number): void {
    this.#ofPod(slot, now, "WARNING", "Unhealthy", failure);
  }

  // -------------------------------------------------------------- parts

  #isWorthTelling(batch: number, now: number): boolean {
    if (batch > BATCH_LIMIT) return false;
    const refill = Math.floor((now - this.#refilledAt) / REFILL_MS);
    // A clock that was set back refills nothing, and begins to count anew.
    if (refill > 0) this.#allowance = Math.min(BURST, this.#allowance + refill);
    if (refill !== 0) this.#refilledAt = now;
    if (this.#allowance === 0) return false;
    this.#allowance -= 1;
    return true;
  }

  #pulling(slot: number, now: number): void {
    const { images, pods } = this.#parts;
    const { images: wanted } = variantOf(this.#parts, slot).template;
    const lacking = wanted.filter((image) => images[pods.node[slot] as number]?.has(image) !== true);
    if (lacking.length === 0) return this.#ofPod(slot, now, "NORMAL", "Pulled", `${quoted("Container image", wanted)} already present on machine`);
    this.#followed.set(slot, now);
    this.#ofPod(slot, now, "NORMAL", "Pulling", quoted("Pulling image", lacking));
  }

  #pulled(slot: number, now: number): void {
    const since = this.#followed.get(slot) ?? NaN;
    if (Number.isNaN(since)) return;
    const { images } = variantOf(this.#parts, slot).template;
    this.#ofPod(slot, now, "NORMAL", "Pulled", `${quoted("Successfully pulled image", images)} in ${(now - since) / 1_000}s`);
  }

  #pullFailed(slot: number, now: number): void {
    const image = variantOf(this.#parts, slot).template.template.containers[this.#parts.pods.culprit[slot] as number]?.image;
    this.#ofPod(slot, now, "WARNING", "Failed", `Failed to pull image "${image}": not found`);
    this.#ofPod(slot, now, "NORMAL", "BackOff", `Back-off pulling image "${image}"`);
  }

  #backsOff(slot: number, index: number, now: number): void {
    this.#ofPod(slot, now, "WARNING", "BackOff", `Back-off restarting failed container ${this.#container(slot, index)} in pod ${nameOf(this.#parts, slot)}`);
  }

  #container(slot: number, index: number): string {
    return variantOf(this.#parts, slot).template.template.containers[index]?.name ?? "";
  }

  #containers(slot: number): string {
    const names = variantOf(this.#parts, slot).template.template.containers.map(({ name }) => name);
    return `${names.length === 1 ? "container" : "containers"} ${names.join(", ")}`;
  }

  #ofPod(slot: number, now: number, type: Happening["type"], reason: string, message: string): void {
    this.#tell({ at: now, type, reason, message, object: podObject(this.#parts, slot) });
  }
}

const quoted = (what: string, images: readonly string[]): string => `${what}${images.length === 1 ? "" : "s"} ${images.map((image) => `"${image}"`).join(", ")}`;

/** null where nobody need be told. */
function scaling(before: PlacementSpec | null, spec: PlacementSpec | null): string | null {
  const [was, is] = [before?.replicas ?? 0, spec?.replicas ?? 0];
  const isReplaced = before !== null && spec !== null && (before.revisionId !== spec.revisionId || (before.restarts ?? 0) !== (spec.restarts ?? 0));
  if (isReplaced && was > 0 && is > 0) {
    const by = before.revisionId === spec.revisionId ? "new ones, as was asked for" : `those of revision ${spec.revisionNumber}`;
    return `Replacing ${was === 1 ? "1 pod" : `${was} pods`} by ${by}${was === is ? "" : `, from ${was} to ${is}`}`;
  }
  if (was === is) return null;
  return `Scaled ${was < is ? "up" : "down"} from ${was} to ${is} pods`;
}
