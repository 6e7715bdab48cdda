import { randomUUID } from "node:crypto";
import {
  accepted,
  type ApplicationActionInput,
  type OperationRowFragment,
  RestartApplicationDocument,
  StartApplicationDocument,
  StopApplicationDocument,
  type UserError,
} from "../../typescript/index.ts";
import { confirm } from "../confirm.ts";
import type { ExitCode } from "../exit.ts";
import { finish, RETRYING } from "../finish.ts";
import { findApplication } from "../lookup.ts";
import type { Session } from "../session.ts";
import type { ChangeOptions } from "./change.ts";

interface Payload {
  readonly operation: OperationRowFragment | null;
  readonly userErrors: readonly UserError[];
}

/** Stopping interrupts those who use the application: on a terminal it asks. A script means what it says. */
export function stopApplication(session: Session, name: string, options: ChangeOptions & { readonly yes: boolean }): Promise<ExitCode> {
  const question = options.yes ? null : (pods: number) => `Stop application ${name} in ${options.namespace} and take its pods (${pods}) away?`;
  const stop = async (input: ApplicationActionInput): Promise<Payload> => (await session.client.executeWith(RETRYING, StopApplicationDocument, { input })).stopApplication;
  return act(session, name, options, stop, { doing: "stopping", work: "The stopping", already: `${name} is stopped already.`, question });
}

export function startApplication(session: Session, name: string, options: ChangeOptions): Promise<ExitCode> {
  const start = async (input: ApplicationActionInput): Promise<Payload> => (await session.client.executeWith(RETRYING, StartApplicationDocument, { input })).startApplication;
  return act(session, name, options, start, { doing: "starting", work: "The start", already: `${name} is started already.`, question: null });
}

export function restartApplication(session: Session, name: string, options: ChangeOptions): Promise<ExitCode> {
  const restart = async (input: ApplicationActionInput): Promise<Payload> => (await session.client.executeWith(RETRYING, RestartApplicationDocument, { input })).restartApplication;
  return act(session, name, options, restart, { doing: "restarting", work: "The restart", already: `${name} has no pods to restart.`, question: null });
}

interface Wording {
  readonly doing: string;
  readonly work: string;
  readonly already: string;
  readonly question: ((pods: number) => string) | null;
}

async function act(session: Session, name: string, options: ChangeOptions, mutation: (input: ApplicationActionInput) => Promise<Payload>, wording: Wording): Promise<ExitCode> {
  const application = await findApplication(session, options.namespace, name);
  if (wording.question !== null && session.terminal.input.isTTY === true) await confirm(session.terminal, wording.question(application.replicas.created));
  const { operation } = accepted(await mutation({ applicationId: application.id, expectedVersion: application.version, idempotencyKey: randomUUID() }));
  return finish(session, operation, options, { title: `${wording.doing} ${name}`, work: wording.work }, wording.already);
}
