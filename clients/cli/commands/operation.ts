import { randomUUID } from "node:crypto";
import { accepted, CancelOperationDocument, OperationDocument, type OperationQuery, RetryOperationDocument } from "../../typescript/index.ts";
import { confirm } from "../confirm.ts";
import { type ExitCode, FailedError } from "../exit.ts";
import { finish, type FinishOptions, RETRYING } from "../finish.ts";
import { words } from "../format.ts";
import type { Format } from "../output.ts";
import type { Session } from "../session.ts";

type Found = NonNullable<OperationQuery["operation"]>;

/** Follows an operation that was begun before. */
export async function waitForOperation(session: Session, id: string, options: { readonly output: Format }): Promise<ExitCode> {
  const operation = await findOperation(session, id);
  return finish(session, operation, { output: options.output, wait: true }, { title: titleOf(operation), work: "The operation", patient: true }, "");
}

/** Turns an operation around, and follows it until all is as it was. Done means CANCELLED. */
export async function cancelOperation(session: Session, id: string, options: FinishOptions & { readonly yes: boolean }): Promise<ExitCode> {
  const operation = await findOperation(session, id);
  if (!options.yes && session.terminal.input.isTTY === true) await confirm(session.terminal, `Cancel ${titleOf(operation)} (${operation.progress.completed} of ${operation.progress.total} done) and go back?`);
  const { cancelOperation: payload } = await session.client.executeWith(RETRYING, CancelOperationDocument, { input: { operationId: id, idempotencyKey: randomUUID() } });
  const { operation: turned } = accepted(payload);
  return finish(session, turned, options, { title: `cancelling ${titleOf(operation)}`, work: "The cancellation", patient: true }, "There was nothing to go back to.", "CANCELLED");
}

/** Tries again where an operation failed: another operation, which this follows. */
export async function retryOperation(session: Session, id: string, options: FinishOptions): Promise<ExitCode> {
  const operation = await findOperation(session, id);
  const { retryOperation: payload } = await session.client.executeWith(RETRYING, RetryOperationDocument, { input: { operationId: id, idempotencyKey: randomUUID() } });
  const { operation: next } = accepted(payload);
  return finish(session, next, options, { title: `${titleOf(operation)}, again`, work: "The operation" }, "There was nothing to try again.");
}

async function findOperation(session: Session, id: string): Promise<Found> {
  const { operation } = await session.client.execute(OperationDocument, { id, steps: 1 });
  if (operation === null) throw new FailedError(`There is no operation ${id}.`);
  session.named.set(id, titleOf(operation));
  return operation;
}

const titleOf = ({ kind, targetName }: Pick<Found, "kind" | "targetName">): string => `${words(kind)} ${targetName}`;
