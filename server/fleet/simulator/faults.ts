/**
 * Faults that are rehearsed on a cluster (link.ts, `Faults`), carried out beside its agent, on the simulation's time.
 *
 *   WAITING ──startsAt──▶ ACTIVE ──endsAt, or not named any more──▶ ENDED ──endsAt──▶ forgotten
 *
 * Invariants
 * - What is ordered is a set: the same order again changes nothing, whatever a fault does once it does once, and what has ended does not begin again.
 *   So a record is kept until nobody can name its fault any more, and is stored with the engine.
 * - A fault ends at its time whether or not anything is heard of the centre.
 * - All chance follows from the fault's seed: the cluster's own streams are not drawn from.
 *
 * What each kind does:
 *   DISCONNECT_CLUSTER  says what of the cluster's messages is lost (cuts.ts); whoever carries them asks
 *   FAIL_NODE           the node does not answer (outages.ts)
 *   CRASH_POD           one container ends; where none runs, as soon as one does
 *   SLOW_IMAGE_PULL     pulls that begin meanwhile take a factor longer
 *   RECLAIM_SPOT        pods of SPOT capacity that are there when it begins are told, and terminated when their notice is over, or with the fault
 */
import type { EventObject, FaultOrder } from "../link.ts";
import type { Happening } from "./cluster-options.ts";
import { bothOf, type Cut, cutOf, type Turn, turnAt, WHOLE } from "./cuts.ts";
import type { Outages } from "./outages.ts";
import { podObject, variantOf, type ClusterParts } from "./parts.ts";
import { isSpot } from "./placements.ts";
import { LOST, PENDING, TERMINATING } from "./pods.ts";
import { drawnFrom } from "./random.ts";
import type { Stages } from "./stages.ts";

type FaultState = "WAITING" | "ACTIVE" | "ENDED";

/** As it is stored. */
export interface FaultRecord {
  readonly order: FaultOrder;
  readonly state: FaultState;
  /** When it does what it does once; null: it was done, or there is nothing of the kind. */
  readonly actsAt: number | null;
  /** Of RECLAIM_SPOT: the serial number of the youngest pod that was there when it began. */
  readonly upTo?: number;
}

export interface FaultsOptions {
  readonly parts: ClusterParts;
  readonly stages: Stages;
  readonly outages: Outages;
  /** Of the youngest pod. */
  readonly serial: () => number;
  readonly slotOf: (podId: string) => number | null;
  readonly listener: {
    /** What is stored of faults is another. */
    faultsChanged(): void;
    happened(happening: Happening): void;
  };
}

/** Records at most: beyond them those that ended first are forgotten. Far more than the centre has in force at a time. */
const MAX_RECORDS = 1_000;

export class Faults {
  readonly #options: FaultsOptions;
  readonly #records = new Map<string, FaultRecord>();
  /** Of those that are FLAPPING. */
  readonly #turns = new Map<string, Turn>();
  #cut: Cut = WHOLE;
  #due = Infinity;

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  /** What of the cluster's messages is lost now. */
  get cut(): Cut {
    return this.#cut;
  }

  get records(): readonly FaultRecord[] {
    return [...this.#records.values()];
  }

  /** When the next of them begins, acts or ends; Infinity for never. */
  nextDue(): number {
    return this.#due;
  }

  restore(records: readonly FaultRecord[], now: number): void {
    for (const record of records) this.#records.set(record.order.id, record);
    this.#derive(now);
  }

  /** All that are in force, or are to begin: what is not named has ended. */
  order(orders: readonly FaultOrder[], now: number): void {
    const named = new Set(orders.map(({ id }) => id));
    for (const record of this.#records.values()) if (!named.has(record.order.id) && record.state !== "ENDED") this.#end(record, now, "early");
    for (const order of orders) {
      if (this.#records.has(order.id) || order.endsAt <= now) continue;
      this.#set({ order, state: "WAITING", actsAt: null });
    }
    for (const { order, state } of this.#records.values()) {
      if (this.#records.size <= MAX_RECORDS) break;
      if (state === "ENDED") this.#records.delete(order.id);
    }
    this.#derive(now);
  }

  /** Lets happen what is due by now. */
  advance(now: number): void {
    for (const { order } of this.#records.values()) {
      if (this.#records.get(order.id)?.state === "WAITING" && order.startsAt <= now) this.#begin(order, now);
      const record = this.#records.get(order.id);
      if (record?.state === "ACTIVE" && record.actsAt !== null && record.actsAt <= now) this.#act(record, now);
      if (order.endsAt > now) continue;
      const last = this.#records.get(order.id);
      if (last?.state === "ACTIVE") this.#end(last, now, "by itself");
      this.#records.delete(order.id);
      this.#options.listener.faultsChanged();
    }
    this.#derive(now);
  }

  // -------------------------------------------------------------- one fault's life

  #set(record: FaultRecord): void {
    this.#records.set(record.order.id, record);
    this.#options.listener.faultsChanged();
  }

  #begin(order: FaultOrder, now: number): void {
    if (order.endsAt <= now) return this.#set({ order, state: "ENDED", actsAt: null });
    this.#set({ order, state: "ACTIVE", actsAt: null });
    this.#tell(order, "WARNING", "FaultBegan", `${nameOf(order)} until ${new Date(order.endsAt).toISOString()}`, this.#objectOf(order), now);
    switch (order.kind) {
      case "FAIL_NODE": {
        const index = this.#options.parts.nodes.indexOf(order.nodeId ?? "");
        if (index < 0) this.#nothing(order, "There is no such node here", now);
        else this.#options.outages.fail(index, now, order.id);
        return;
      }
      case "CRASH_POD":
        return this.#set({ order, state: "ACTIVE", actsAt: now });
      case "RECLAIM_SPOT":
        return this.#giveNotice(order, now);
      case "DISCONNECT_CLUSTER":
      case "SLOW_IMAGE_PULL":
        return;
    }
  }

  #act(record: FaultRecord, now: number): void {
    if (record.order.kind === "CRASH_POD") this.#crash(record, now);
    if (record.order.kind === "RECLAIM_SPOT") this.#reclaim(record, now);
  }

  #end(record: FaultRecord, now: number, how: "early" | "by itself"): void {
    const { order, state } = record;
    this.#set({ order, state: "ENDED", actsAt: null });
    if (state !== "ACTIVE") return;
    this.#tell(order, "NORMAL", "FaultEnded", `${nameOf(order)} ended ${how}`, this.#objectOf(order), now);
    if (order.kind !== "FAIL_NODE") return;
    const isDownYet = [...this.#records.values()].some((other) => other.state === "ACTIVE" && other.order.kind === "FAIL_NODE" && other.order.nodeId === order.nodeId);
    const index = this.#options.parts.nodes.indexOf(order.nodeId ?? "");
    if (index >= 0 && !isDownYet) this.#options.outages.recover(index, now);
  }

  // -------------------------------------------------------------- CRASH_POD

  #crash({ order }: FaultRecord, now: number): void {
    const { parts, slotOf, stages } = this.#options;
    const slot = slotOf(order.podId ?? "");
    if (slot === null) {
      this.#set({ order, state: "ACTIVE", actsAt: null });
      return this.#nothing(order, "The pod is gone: nothing crashed", now);
    }
    const { containers } = variantOf(parts, slot).template.template;
    const first = drawnFrom([order.seed], 0, containers.length - 1);
    const struck = containers.keys().map((step) => (first + step) % containers.length).find((index) => stages.crash(slot, index, now));
    if (struck === undefined) return this.#set({ order, state: "ACTIVE", actsAt: now + parts.behaviours.faults.crashRetryMs });
    this.#set({ order, state: "ACTIVE", actsAt: null });
    this.#tell(order, "WARNING", "Crashed", `Container ${containers[struck]?.name} ended with ${parts.behaviours.crashExitCode}`, podObject(this.#options.parts, slot), now);
  }

  // -------------------------------------------------------------- RECLAIM_SPOT

  #giveNotice(order: FaultOrder, now: number): void {
    const upTo = this.#options.serial();
    const slots = this.#spotPods(order, upTo);
    if (slots.length === 0) return this.#nothing(order, "No pod of SPOT capacity runs here: nothing is reclaimed", now);
    const actsAt = Math.min(order.endsAt, now + this.#options.parts.behaviours.faults.spotNoticeMs);
    this.#set({ order, state: "ACTIVE", actsAt, upTo });
    const message = `SPOT capacity is taken back: the pod is terminated in ${Math.round((actsAt - now) / 1_000)} s`;
    for (const slot of slots) this.#tell(order, "WARNING", "SpotReclaimNotice", message, podObject(this.#options.parts, slot), now);
  }

  #reclaim({ order, upTo = 0 }: FaultRecord, now: number): void {
    this.#set({ order, state: "ACTIVE", actsAt: null });
    for (const slot of this.#spotPods(order, upTo)) {
      this.#tell(order, "WARNING", "SpotReclaimed", "SPOT capacity was taken back: the pod is terminated, and replaced", podObject(this.#options.parts, slot), now);
      this.#options.stages.enter(slot, TERMINATING, now);
    }
  }

  /** Those that run where the fault strikes, and were there when it began. */
  #spotPods({ nodeId }: FaultOrder, upTo: number): number[] {
    const { parts } = this.#options;
    const { nodes, pods } = parts;
    const node = nodeId === undefined ? null : nodes.indexOf(nodeId);
    return [...pods.slots()].filter((slot) => {
      const state = pods.state[slot];
      if (state === PENDING || state === TERMINATING || state === LOST || (pods.serial[slot] as number) > upTo) return false;
      return (node === null || pods.node[slot] === node) && isSpot(variantOf(parts, slot));
    });
  }

  // -------------------------------------------------------------- what follows from all of them

  #derive(now: number): void {
    const { parts } = this.#options;
    const { behaviours, nodes, pullFactors } = parts;
    let cut = WHOLE;
    let due = Infinity;
    pullFactors.fill(1);
    for (const { order, state, actsAt } of this.#records.values()) {
      due = Math.min(due, state === "WAITING" ? order.startsAt : order.endsAt, actsAt ?? Infinity);
      if (state !== "ACTIVE") {
        this.#turns.delete(order.id);
        continue;
      }
      if (order.kind === "DISCONNECT_CLUSTER") {
        const turn = order.mode === "FLAPPING" ? turnAt(order, now, behaviours.faults.flap, this.#turns.get(order.id)) : null;
        if (turn !== null) this.#turns.set(order.id, turn);
        due = Math.min(due, turn?.until ?? Infinity);
        cut = bothOf(cut, cutOf(order, turn));
      }
      if (order.kind === "SLOW_IMAGE_PULL") {
        const { minFactor, maxFactor } = behaviours.faults.slowPull;
        const factor = drawnFrom([order.seed], minFactor, maxFactor);
        for (let index = 0; index < nodes.size; index++) {
          if (order.nodeId === undefined || nodes.idOf(index) === order.nodeId) pullFactors[index] = Math.max(pullFactors[index] as number, factor);
        }
      }
    }
    for (const id of this.#turns.keys()) if (!this.#records.has(id)) this.#turns.delete(id);
    this.#cut = cut;
    this.#due = due;
  }

  #nothing(order: FaultOrder, message: string, now: number): void {
    this.#tell(order, "NORMAL", "FaultWithoutEffect", message, this.#objectOf(order), now);
  }

  #tell({ id }: FaultOrder, type: Happening["type"], reason: string, message: string, object: EventObject, now: number): void {
    this.#options.listener.happened({ at: now, type, reason, message, object, faultId: id });
  }

  /** What it strikes; the cluster, where that is not here. */
  #objectOf({ nodeId, podId }: FaultOrder): EventObject {
    const node = this.#options.parts.nodes.descriptions.find(({ id }) => id === nodeId);
    if (node !== undefined) return { kind: "node", id: node.id, name: node.name };
    const slot = podId === undefined ? null : this.#options.slotOf(podId);
    return slot === null ? { kind: "cluster" } : podObject(this.#options.parts, slot);
  }
}

const nameOf = ({ kind, mode }: FaultOrder): string => (mode === undefined ? kind : `${kind} (${mode})`);
