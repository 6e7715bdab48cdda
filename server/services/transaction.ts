import type { EntityManager } from "@mikro-orm/postgresql";
import { type Amounts, NOTHING, total } from "../domain/capacity.ts";
import type { Outcome } from "../domain/errors.ts";
import type { Actor } from "../identity/viewer.ts";
import { enqueue } from "../jobs/enqueue.ts";
import { arrayText } from "../database/arrays.ts";
import { appendTimeline, type TimelineKind } from "../realtime/timeline.ts";
import type { AuditTarget } from "./audit.ts";

/**
 * One mutation under way: the entity manager of its transaction, and what has to be written at its end, once: timeline rows (one a kind),
 * jobs (one an application), the audit entry's target.
 */
export class Transaction {
  readonly em: EntityManager;
  readonly actor: Actor;
  /** Milliseconds on the simulation's clock, the same all through the mutation. */
  readonly now: number;
  target: AuditTarget | null = null;
  readonly #changed = new Map<TimelineKind, Set<string>>();
  readonly #removed = new Map<TimelineKind, Set<string>>();
  readonly #applications = new Set<string>();
  /** By cluster; null where reservations are made at once. */
  #postponed: ReadonlyMap<string, Amounts> | null = null;

  constructor(em: EntityManager, actor: Actor, now: number) {
    this.em = em;
    this.actor = actor;
    this.now = now;
  }

  /** The same as `now`, as the columns want it. */
  get at(): Date {
    return new Date(this.now);
  }

  /** These objects were written: whoever watches them is told with the commit. */
  changed(kind: TimelineKind, ...ids: readonly string[]): void {
    add(this.#changed, kind, ids);
  }

  removed(kind: TimelineKind, ...ids: readonly string[]): void {
    add(this.#removed, kind, ids);
  }

  /** The desired state of this application changed, or someone waits for it: the worker is to look at it. */
  reconcile(applicationId: string): void {
    this.#applications.add(applicationId);
  }

  /** From now on reservations are collected, for work that goes on long after its first: clusters' rows are what all tenants share. */
  postponeReservations(): void {
    this.#postponed ??= new Map();
  }

  /** What is collected by cluster, or null where reservations are made at once. */
  get postponed(): ReadonlyMap<string, Amounts> | null {
    return this.#postponed;
  }

  postpone(clusterId: string, change: Amounts): void {
    this.#postponed = new Map(this.#postponed).set(clusterId, total(this.#postponed?.get(clusterId) ?? NOTHING, change));
  }

  /** What the audit entry names. */
  about(target: AuditTarget): void {
    this.target = target;
  }

  /**
   * Work that may be refused without ending the mutation: under a savepoint, so that a refusal undoes all of it. What is thrown still
   * ends the whole mutation.
   */
  async attempt<T>(work: (tx: Transaction) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    await this.em.flush();
    await this.em.execute("savepoint attempt");
    const inner = new Transaction(this.em, this.actor, this.now);
    inner.#postponed = this.#postponed;
    const outcome = await work(inner);
    if (outcome.ok) {
      await this.em.flush();
      for (const [kind, ids] of inner.#changed) this.changed(kind, ...ids);
      for (const [kind, ids] of inner.#removed) this.removed(kind, ...ids);
      for (const id of inner.#applications) this.reconcile(id);
      this.#postponed = inner.#postponed;
    } else {
      await this.em.execute("rollback to savepoint attempt");
    }
    await this.em.execute("release savepoint attempt");
    // What it loaded may have been undone, and is not needed again.
    this.em.clear();
    return outcome;
  }

  /** What became of rollouts, as events of their applications: each state once. */
  async #tellRollouts(): Promise<void> {
    const rollouts = this.#changed.get("rollout");
    if (!rollouts) return;
    const told = await this.em.execute<{ event_id: string }[]>("select event_id from app.tell_rollouts(?::uuid[], ?)", [arrayText([...rollouts]), new Date(this.now).toISOString()]);
    this.changed("event", ...told.map(({ event_id }) => event_id));
  }

  /** Writes what was collected; the last statements of the transaction, because jobs and the timeline are where transactions meet. */
  async finish(): Promise<void> {
    await this.em.flush();
    const { tenantId } = this.actor;
    await this.#tellRollouts();
    const kinds = new Set([...this.#changed.keys(), ...this.#removed.keys()]);
    await appendTimeline(
      this.em,
      ...[...kinds].map((kind) => ({
        tenantId,
        kind,
        ids: [...(this.#changed.get(kind) ?? [])],
        removedIds: [...(this.#removed.get(kind) ?? [])],
        at: this.now,
      })),
    );
    await enqueue(
      this.em,
      "reconcile_application",
      [...this.#applications].map((applicationId) => ({ tenantId, applicationId })),
    );
  }
}

function add(map: Map<TimelineKind, Set<string>>, kind: TimelineKind, ids: readonly string[]): void {
  if (ids.length === 0) return;
  const set = map.get(kind) ?? new Set();
  for (const id of ids) set.add(id);
  map.set(kind, set);
}
