import { randomUUID } from "node:crypto";
import {
  accepted,
  CreateNamespaceDocument,
  DeleteApplicationDocument,
  DeleteNamespaceDocument,
  OperationDocument,
  type OperationRowFragment,
  ScaleApplicationDocument,
} from "../../typescript/index.ts";
import { confirm } from "../confirm.ts";
import { EXIT, type ExitCode, FailedError } from "../exit.ts";
import { follow, type FollowOptions, outcome } from "../follow.ts";
import { duration } from "../format.ts";
import { allNamespaces, clusterId, findApplication, noSuchNamespace } from "../lookup.ts";
import { type Format, show } from "../output.ts";
import type { Session } from "../session.ts";
import { plain } from "../text.ts";

export interface ChangeOptions {
  readonly output: Format;
  readonly namespace: string;
  readonly wait: boolean;
}

/** A lost answer is asked for again with the same key: what was done is not done twice. */
const RETRYING = { retryForMs: 30_000 };

export async function scaleApplication(
  session: Session,
  name: string,
  options: ChangeOptions & { readonly replicas: number; readonly cluster?: string | undefined },
): Promise<ExitCode> {
  const application = await findApplication(session, options.namespace, name);
  const input = {
    applicationId: application.id,
    clusterId: options.cluster === undefined ? null : await clusterId(session, options.cluster),
    replicas: options.replicas,
    expectedVersion: application.version,
    idempotencyKey: randomUUID(),
  };
  const { scaleApplication: payload } = await session.client.executeWith(RETRYING, ScaleApplicationDocument, { input });
  const { operation } = accepted(payload);
  return finish(session, operation, options, { title: `scaling ${name}`, work: "The scaling" }, `${name} is at ${options.replicas} already.`);
}

export async function deleteApplication(session: Session, name: string, options: ChangeOptions & { readonly yes: boolean }): Promise<ExitCode> {
  const application = await findApplication(session, options.namespace, name);
  if (!options.yes) await confirm(session.terminal, `Delete application ${name} in ${options.namespace} and its pods (${application.replicas.created})?`);
  const input = { applicationId: application.id, confirmName: name, idempotencyKey: randomUUID() };
  const { deleteApplication: payload } = await session.client.executeWith(RETRYING, DeleteApplicationDocument, { input });
  const { operation } = accepted(payload);
  return finish(session, operation, options, { title: `deleting ${name}`, work: "The deletion" }, `${name} is gone.`);
}

export async function createNamespace(session: Session, name: string, options: { readonly output: Format; readonly description?: string | undefined }): Promise<ExitCode> {
  const input = { name, description: options.description ?? null, idempotencyKey: randomUUID() };
  const { createNamespace: payload } = await session.client.executeWith(RETRYING, CreateNamespaceDocument, { input });
  const { namespace } = accepted(payload);
  show(session, options.output, namespace, () => [`Namespace ${plain(namespace?.name ?? name)} is there.`]);
  return EXIT.done;
}

export async function deleteNamespace(session: Session, name: string, options: { readonly output: Format; readonly yes: boolean }): Promise<ExitCode> {
  const namespace = (await allNamespaces(session)).nodes.find((other) => other.name === name);
  if (namespace === undefined) throw await noSuchNamespace(session, name);
  session.named.set(namespace.id, name);
  if (!options.yes) await confirm(session.terminal, `Delete namespace ${name}?`);
  const { deleteNamespace: payload } = await session.client.executeWith(RETRYING, DeleteNamespaceDocument, { input: { id: namespace.id, idempotencyKey: randomUUID() } });
  const { deletedId } = accepted(payload);
  show(session, options.output, { deletedId }, () => [`Namespace ${plain(name)} is gone.`]);
  return EXIT.done;
}

/** Follows an operation that was begun before. */
export async function waitForOperation(session: Session, id: string, options: { readonly output: Format }): Promise<ExitCode> {
  const { operation } = await session.client.execute(OperationDocument, { id, steps: 1 });
  if (operation === null) throw new FailedError(`There is no operation ${id}.`);
  return finish(session, operation, { output: options.output, wait: true }, { title: `${operation.kind.toLowerCase().replaceAll("_", " ")} ${operation.targetName}`, work: "The operation" }, "");
}

async function finish(
  session: Session,
  operation: Pick<OperationRowFragment, "id"> | null,
  options: Pick<ChangeOptions, "output" | "wait">,
  following: FollowOptions,
  nothingToDo: string,
): Promise<ExitCode> {
  if (operation === null || !options.wait) {
    show(session, options.output, { operation }, () => [operation === null ? plain(nothingToDo) : `To follow it: selvedge wait ${operation.id}`]);
    return EXIT.done;
  }
  const began = performance.now();
  const ended = await follow(session, operation, following);
  const { ok, lines } = outcome(ended, duration(performance.now() - began));
  show(session, options.output, { operation: ended }, () => lines.map((line, index) => (index === 0 ? session.style(ok ? "green" : "red", line) : line)));
  return ok ? EXIT.done : EXIT.refused;
}
