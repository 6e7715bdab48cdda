/**
 * The containers of watched pods (templates.ts), each by itself: it runs its course (health.ts), ends, waits its back-off and starts again, whatever
 * the others of its pod do. The pod is CRASHED while one of them waits, else READY when all are, else RUNNING.
 *
 *   waits ──back-off, then postStart──▶ runs ──course ends, or a crash from outside──▶ waits
 *
 * A start is over when the postStart hook is: with a hook that fails the container is killed then and waits again. What is kept of a container
 * is its history; where it has none, it runs since the pod does. All that chance decides of a run follows from the pod's serial number, the
 * container and the number of the run, so nothing of it is kept.
 */
import type { ContainerSpec } from "../../domain/pod-template.ts";
import type { Range } from "./behaviours.ts";
import type { Happenings } from "./happenings.ts";
import { courseOf, isFailingAt, isReadyAt, nextChangeAt, type Course, type EndCause } from "./health.ts";
import { variantOf, type ClusterParts } from "./parts.ts";
import { CRASHED, READY, RUNNING, type ContainerHistory } from "./pods.ts";
import { drawnFrom } from "./random.ts";
import type { CompiledContainer, CompiledTemplate } from "./templates.ts";

/** What a pod is with all its containers, and when the next of them changes (Infinity for never). */
export interface Outlook {
  readonly state: number;
  readonly nextAt: number;
}

/** How one container stands. */
export interface ContainerOutlook {
  readonly runs: boolean;
  readonly ready: boolean;
  /** What its readiness probe fails with while it is not ready; null when nothing is known. */
  readonly failure: string | null;
}

interface End {
  readonly cause: EndCause;
  readonly exitCode: number;
  readonly why: string;
}

/** Draws of one run are told apart by it. */
const DRAWS = { warmUp: 1, crash: 2, hang: 3, postStart: 4, preStop: 5 } as const;

export class Containers {
  readonly #parts: ClusterParts;
  /** Another one for each seed and cluster. */
  readonly #salt: number;
  readonly #happenings: Happenings;
  readonly #onRestart: (slot: number, history: ContainerHistory) => void;

  /** @param onRestart is told of each start but the first of a pod. */
  constructor(parts: ClusterParts, salt: number, happenings: Happenings, onRestart: (slot: number, history: ContainerHistory) => void) {
    this.#parts = parts;
    this.#salt = salt;
    this.#happenings = happenings;
    this.#onRestart = onRestart;
  }

  /** The pod runs from now on: its containers do, but those whose hook fails. */
  begin(slot: number, now: number): void {
    this.#template(slot).containers.forEach((container, index) => this.#endOnFailedHook(slot, index, container, now));
  }

  /** Lets happen what is due by now. */
  advance(slot: number, now: number): Outlook {
    const template = this.#template(slot);
    let nextAt = Infinity;
    let waits = false;
    let isReady = true;
    for (const index of template.containers.keys()) {
      const history = this.#parts.pods.histories.get(slot)?.[index] ?? null;
      if (history?.startedAt === null && (history.restartAt ?? now) <= now) this.#restart(slot, index, history, now);
      const until = this.#follow(slot, index, now);
      nextAt = Math.min(nextAt, until.nextAt);
      waits ||= !until.runs;
      isReady &&= until.ready;
    }
    return { state: waits ? CRASHED : isReady ? READY : RUNNING, nextAt };
  }

  /** Ends a container that runs, as a crash would. False where it waits. */
  crash(slot: number, index: number, now: number): boolean {
    if (this.#parts.pods.histories.get(slot)?.[index]?.startedAt === null) return false;
    this.#end(slot, index, now, { cause: "EXIT", exitCode: this.#parts.behaviours.crashExitCode, why: "" });
    return true;
  }

  outlook(slot: number, index: number, now: number): ContainerOutlook {
    if (this.#parts.pods.histories.get(slot)?.[index]?.startedAt === null) return { runs: false, ready: false, failure: null };
    const course = this.#course(slot, index);
    const sinceMs = now - this.#since(slot, index);
    return { runs: true, ready: isReadyAt(course, sinceMs), failure: isFailingAt(course, sinceMs) ? course.failure : null };
  }

  /** Whether a container runs and answers no more; those of pods that nobody watches always do. */
  hasHung(slot: number, index: number, at: number): boolean {
    const { isWatched, containers } = this.#template(slot);
    if (!isWatched || containers[index]?.kind !== "HANGS") return false;
    const history = this.#parts.pods.histories.get(slot)?.[index] ?? null;
    if (history?.startedAt === null) return false;
    return at - this.#since(slot, index) >= this.#draw(slot, index, history?.restartCount ?? 0, "hang", this.#parts.behaviours.containers.hang);
  }

  backOffMs(failures: number): number {
    const { firstMs, factor, maxMs } = this.#parts.behaviours.backOff;
    return Math.min(maxMs, firstMs * factor ** Math.max(0, failures - 1));
  }

  /** How long the postStart hooks of a pod that starts take, one after the other. */
  postStartMs(slot: number): number {
    return this.#template(slot).containers.reduce((sum, container, index) => sum + this.#postStartMs(slot, index, container, 0), 0);
  }

  /** How long the preStop hooks take, side by side. */
  preStopMs(slot: number): number {
    const lengths = this.#template(slot).containers.map(({ preStop }, index) =>
      preStop === null ? 0 : (preStop.tookMs ?? this.#draw(slot, index, 0, "preStop", this.#parts.behaviours.containers.hook)),
    );
    return Math.max(0, ...lengths);
  }

  // -------------------------------------------------------------- one container

  #follow(slot: number, index: number, now: number): { runs: boolean; ready: boolean; nextAt: number } {
    const history = this.#parts.pods.histories.get(slot)?.[index] ?? null;
    if (history?.startedAt === null) return { runs: false, ready: false, nextAt: history.restartAt ?? now };
    const course = this.#course(slot, index);
    const since = this.#since(slot, index);
    if (now - since === course.failingAt && isFailingAt(course, now - since)) this.#happenings.unready(slot, course.failure, now);
    if (now - since < course.endsAt) return { runs: true, ready: isReadyAt(course, now - since), nextAt: since + nextChangeAt(course, now - since) };
    const { cause, exitCode, message } = course.end;
    return { runs: false, ready: false, nextAt: this.#end(slot, index, now, { cause, exitCode, why: message }) };
  }

  #restart(slot: number, index: number, history: ContainerHistory, now: number): void {
    const { pods } = this.#parts;
    pods.restarts[slot] = (pods.restarts[slot] as number) + 1;
    history.restartCount += 1;
    history.startedAt = now;
    this.#onRestart(slot, history);
    this.#happenings.restarted(slot, index, now);
    this.#endOnFailedHook(slot, index, this.#template(slot).containers[index] as CompiledContainer, now);
  }

  #endOnFailedHook(slot: number, index: number, { postStart }: CompiledContainer, now: number): void {
    if (postStart === null || postStart.exitCode === 0) return;
    const why = `PostStartHook failed: command exited with ${postStart.exitCode}`;
    this.#end(slot, index, now, { cause: "POST_START", exitCode: this.#parts.behaviours.containers.killedExitCode, why });
  }

  /** Says when it starts again. */
  #end(slot: number, index: number, now: number, { cause, exitCode, why }: End): number {
    const { behaviours, pods } = this.#parts;
    const { containers } = this.#template(slot);
    const ranMs = now - this.#since(slot, index);
    let histories = pods.histories.get(slot);
    if (histories === undefined) pods.histories.set(slot, (histories = containers.map(() => null)));
    const history = (histories[index] ??= { restartCount: 0, startedAt: null, exitCode: null });
    const failures = Math.min(255, (ranMs >= behaviours.backOff.resetAfterMs ? 0 : (history.failures ?? 0)) + 1);
    const hookMs = this.#postStartMs(slot, index, containers[index] as CompiledContainer, history.restartCount + 1);
    const restartAt = now + Math.max(1, this.backOffMs(failures)) + hookMs;
    Object.assign(history, { startedAt: null, exitCode, failures, restartAt, cause, why });
    pods.culprit[slot] = index;
    this.#happenings.ended(slot, index, cause, why, now);
    return restartAt;
  }

  /** When a container that runs was started. */
  #since(slot: number, index: number): number {
    const { pods } = this.#parts;
    return pods.histories.get(slot)?.[index]?.startedAt ?? (pods.runningSince[slot] as number);
  }

  #course(slot: number, index: number): Course {
    const { behaviours, pods } = this.#parts;
    const { template, containers } = this.#template(slot);
    const { kind, course } = containers[index] as CompiledContainer;
    if (course !== null) return course;
    const run = pods.histories.get(slot)?.[index]?.restartCount ?? 0;
    const { warmUp, crash, hang } = behaviours.containers;
    return courseOf(template.containers[index] as ContainerSpec, {
      kind,
      warmUpMs: this.#draw(slot, index, run, "warmUp", warmUp),
      hangsAt: kind === "HANGS" ? this.#draw(slot, index, run, "hang", hang) : Infinity,
      exitsAt: kind === "CRASHING" ? this.#draw(slot, index, run, "crash", crash) : Infinity,
    }, behaviours);
  }

  #postStartMs(slot: number, index: number, { postStart }: CompiledContainer, run: number): number {
    if (postStart === null) return 0;
    return postStart.tookMs ?? this.#draw(slot, index, run, "postStart", this.#parts.behaviours.containers.hook);
  }

  #draw(slot: number, index: number, run: number, what: keyof typeof DRAWS, { minMs, maxMs }: Range): number {
    return drawnFrom([this.#salt, this.#parts.pods.serial[slot] as number, index, run, DRAWS[what]], minMs, maxMs);
  }

  #template(slot: number): CompiledTemplate {
    return variantOf(this.#parts, slot).template;
  }
}
