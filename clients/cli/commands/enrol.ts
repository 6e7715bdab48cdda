import { randomUUID } from "node:crypto";
import { accepted, CreateEnrolmentTicketDocument, RevokeClusterKeyDocument } from "../../typescript/index.ts";
import { confirm } from "../confirm.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Format, show } from "../output.ts";
import type { Session } from "../session.ts";
import { plain } from "../text.ts";
import { fromNow } from "./token.ts";

export interface EnrolOptions {
  readonly output: Format;
  readonly cluster?: readonly string[] | undefined;
  readonly any?: number | undefined;
  /** Milliseconds from now. */
  readonly expires?: number | undefined;
}

/** No retrying here: a replay answers without the ticket, so one would be there that nobody could use. */
export async function enrol(session: Session, { output, cluster, any, expires }: EnrolOptions): Promise<ExitCode> {
  const input = {
    clusterCodes: cluster ?? null,
    maxClusters: any ?? null,
    expiresAt: expires === undefined ? null : await fromNow(session, expires),
    idempotencyKey: randomUUID(),
  };
  const { createEnrolmentTicket: payload } = await session.client.execute(CreateEnrolmentTicketDocument, { input });
  const { ticket, clusterCodes, maxClusters, expiresAt } = accepted(payload);
  show(session, output, { ticket, clusterCodes, maxClusters, expiresAt }, () => [ticket ?? ""]);
  // Apart from the ticket, so that `SELVEDGE_ENROLMENT_TICKET=$(selvedge enrol …)` holds nothing else.
  if (output === "table") {
    const whom = clusterCodes === null ? `${maxClusters} clusters that have no key yet` : clusterCodes.map((code) => plain(code)).join(", ");
    session.terminal.err.write(`A ticket for ${whom}, once, until ${expiresAt}. This is the only time that it is shown.\n`);
  }
  return EXIT.done;
}

export async function deleteClusterKey(session: Session, code: string, { output, yes }: { readonly output: Format; readonly yes: boolean }): Promise<ExitCode> {
  if (!yes) await confirm(session.terminal, `Revoke the key of cluster ${code}? Its agent is cut off until it is enrolled again.`);
  const { revokeClusterKey: payload } = await session.client.executeWith({ retryForMs: 30_000 }, RevokeClusterKeyDocument, { input: { clusterCode: code, idempotencyKey: randomUUID() } });
  const { cluster } = accepted(payload);
  show(session, output, { cluster }, () => [`The key of cluster ${plain(code)} is revoked.`]);
  return EXIT.done;
}
