import { accepted, notFound, type Outcome, planRefused, refused } from "../../domain/errors.ts";
import type { Application } from "../../entities/application.ts";
import { Revision } from "../../entities/revision.ts";
import { Rollout } from "../../entities/rollout.ts";
import type { Transaction } from "../transaction.ts";
import type { ApplicationResult } from "./create.ts";
import type { RollBackApplicationInput } from "./input.ts";
import { lockApplication, revisionOf } from "./lookup.ts";
import { FULL_ROLLOUT, rollOut } from "./rollout.ts";
import { checkReferences } from "./template.ts";

/**
 * Back to a revision that there is already, which keeps its number. To the present one changes nothing. A rollout under way ends here: the way
 * back starts from wherever it got to. Nothing turns the way back around by itself: where it gets stuck, it is STALLED.
 */
export async function rollBackApplication(tx: Transaction, input: RollBackApplicationInput): Promise<Outcome<ApplicationResult>> {
  const found = await lockApplication(tx, input.applicationId, input);
  if (!found.ok) return found;
  const application = found.value;
  const path = ["input", "toRevision"];
  const present = await revisionOf(tx, application);
  const { toRevision } = input;
  const revision = typeof toRevision === "number" ? await revisionNumbered(tx, application, toRevision) : await revisionBefore(tx, application, present);
  if (!revision) {
    const message = typeof toRevision === "number" ? `has no revision ${toRevision}` : `has no revision before ${present.number}`;
    return refused(notFound(path, `Application ${application.name} ${message}.`));
  }
  if (revision.id === present.id) return accepted({ applicationId: application.id, operationId: null });
  const missing = await checkReferences(tx, application.namespaceId, revision.template);
  if (missing.length > 0) return refused(planRefused("PLAN_REFUSED", missing, path));
  return rollOut(tx, application, { kind: "ROLL_BACK_APPLICATION", revision, manner: { ...FULL_ROLLOUT, autoRollback: false }, path });
}

const revisionNumbered = (tx: Transaction, application: Application, number: number): Promise<Revision | null> =>
  tx.em.findOne(Revision, { tenantId: tx.actor.tenantId, applicationId: application.id, number });

/**
 * What an upgrade to the present one came from, else the one of the next lower number: a revision that was given up is not gone back to. While a
 * rollout goes back already, the one that it goes back to.
 */
async function revisionBefore(tx: Transaction, application: Application, present: Revision): Promise<Revision | null> {
  const { tenantId } = tx.actor;
  const last = application.rolloutId ? await tx.em.findOne(Rollout, { tenantId, id: application.rolloutId }) : null;
  if (last?.state === "ABORTING") return present;
  if (last?.toRevisionId === present.id && last.fromRevisionId) {
    const from = await tx.em.findOne(Revision, { tenantId, id: last.fromRevisionId });
    if (from && from.number < present.number) return from;
  }
  const [lower] = await tx.em.find(
    Revision,
    { tenantId, applicationId: application.id, number: { $lt: present.number } },
    { orderBy: { number: "desc" }, limit: 1 },
  );
  return lower ?? null;
}
