import type { EntityManager } from "@mikro-orm/postgresql";
import { CompiledQuery } from "kysely";
import type { ClientBase } from "pg";
import { jobKey, type TaskName, type Tasks } from "./tasks.ts";

export interface EnqueueOptions {
  /**
   * Not before this moment of the wall clock. Such a job has a key of its own: a request without a time must not wait for it.
   */
  readonly at?: Date;
}

const ENQUEUE = "select app.enqueue_many($1, $2::json[], $3::text[], $4)";

/**
 * Asks for jobs in the caller's transaction: committed, they will run; rolled back, they never existed. Payloads of one call are ordered by
 * their keys, so that two transactions that ask for the same jobs wait for each other instead of deadlocking.
 */
export async function enqueue<T extends TaskName>(em: EntityManager, task: T, payload: Tasks[T] | readonly Tasks[T][], options: EnqueueOptions = {}): Promise<void> {
  const parameters = enqueueParameters(task, payload, options);
  if (parameters) await em.getKysely().executeQuery(CompiledQuery.raw(ENQUEUE, parameters));
}

/** The same on a connection that is inside a transaction. */
export async function enqueueOn<T extends TaskName>(client: ClientBase, task: T, payload: Tasks[T] | readonly Tasks[T][], options: EnqueueOptions = {}): Promise<void> {
  const parameters = enqueueParameters(task, payload, options);
  if (parameters) await client.query({ name: "enqueue", text: ENQUEUE, values: parameters });
}

function enqueueParameters<T extends TaskName>(task: T, payload: Tasks[T] | readonly Tasks[T][], { at }: EnqueueOptions): unknown[] | null {
  const payloads = (Array.isArray(payload) ? payload : [payload]) as readonly Tasks[T][];
  const byKey = new Map(payloads.map((one) => [at ? `${jobKey(task, one)}:later` : jobKey(task, one), JSON.stringify(one)]));
  const keys = [...byKey.keys()].toSorted();
  return keys.length === 0 ? null : [task, keys.map((key) => byKey.get(key)), keys, at ?? null];
}
