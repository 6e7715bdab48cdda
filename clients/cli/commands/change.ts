import { randomUUID } from "node:crypto";
import {
  accepted,
  CreateNamespaceDocument,
  DeleteApplicationDocument,
  DeleteNamespaceDocument,
  ScaleApplicationDocument,
} from "../../typescript/index.ts";
import { confirm } from "../confirm.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { finish, type FinishOptions, RETRYING } from "../finish.ts";
import { allNamespaces, clusterId, findApplication, noSuchNamespace } from "../lookup.ts";
import { type Format, show } from "../output.ts";
import type { Session } from "../session.ts";
import { plain } from "../text.ts";

export interface ChangeOptions extends FinishOptions {
  readonly namespace: string;
}

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
