/**
 * Mutations of many objects that answer item by item: each is carried out under a savepoint of its own, and one that is refused leaves the others
 * as they are. The key of such a mutation stands for all of it: given again, the same results come back, refusals as well.
 */
import { accepted, type DomainError, invalid, type Outcome, refused } from "../domain/errors.ts";
import type { DeleteResult } from "./application/delete.ts";
import type { Transaction } from "./transaction.ts";

export const MAX_BATCH = 100;

/** The input of mutations that delete several objects of one kind. */
export interface DeleteManyInput {
  /** Global ids, 1 to 100. */
  readonly ids: readonly string[];
  readonly idempotencyKey?: string | null | undefined;
}

/** What became of one of the ids. */
export interface BatchItem {
  /** As it was given. */
  readonly id: string;
  /** null where it was refused. */
  readonly deletion: DeleteResult | null;
  readonly errors: readonly DomainError[];
}

export interface BatchResult {
  /** One for each id, in their order. */
  readonly items: readonly BatchItem[];
}

/** `path` leads to the id. */
export type DeleteOne = (tx: Transaction, id: string, path: readonly string[]) => Promise<Outcome<DeleteResult>>;

export async function deleteEach(tx: Transaction, { ids }: DeleteManyInput, deleteOne: DeleteOne): Promise<Outcome<BatchResult>> {
  if (ids.length < 1 || ids.length > MAX_BATCH) return refused(invalid(["input", "ids"], `${ids.length} ids are given; 1 to ${MAX_BATCH} are allowed.`));
  const items: BatchItem[] = [];
  for (const [index, id] of ids.entries()) {
    const outcome = await tx.attempt(async (inner) => {
      const one = await deleteOne(inner, id, ["input", "ids", String(index)]);
      // An entry of the audit log names one object; of several it has the ids, in the input.
      if (ids.length === 1 && inner.target) tx.about(inner.target);
      return one;
    });
    items.push({ id, deletion: outcome.ok ? outcome.value : null, errors: outcome.ok ? [] : outcome.errors });
  }
  return accepted({ items });
}
