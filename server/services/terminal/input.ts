/**
 * What is typed: stored where it is the next, or waits for what is missing before it; a repeat is ignored. One statement a piece, which is durable when it is answered;
 * the gateway takes the pieces in their order from there. Nothing of it is in an audit entry, a log or an error.
 */
import type { Pool } from "pg";
import { inPoolScope, type Scope } from "../../database/scope.ts";
import type { KeyRing } from "../../domain/envelope.ts";
import { accepted, invalid, invalidState, type Outcome, refused } from "../../domain/errors.ts";
import { uuidOf } from "../../domain/ids.ts";
import { sealText } from "../../domain/terminal-envelope.ts";
import { checkSize, endInWords, INPUT_WINDOW, MAX_INPUT, MAX_SEQUENCE, type TerminalEndReason } from "../../domain/terminal-rules.ts";
import { unstorableText } from "../../domain/text.ts";
import { requireRole } from "../../identity/authorise.ts";
import type { Actor } from "../../identity/viewer.ts";
import { noSuchTerminal, type TerminalResult } from "./terminal.ts";

export interface TerminalInput {
  readonly sessionId: string;
  readonly sequence: number;
  readonly data: string;
}
export interface ResizeTerminalInput {
  readonly sessionId: string;
  readonly columns: number;
  readonly rows: number;
}

export const scopeOfActor = ({ tenantId, namespaceIds }: Actor): Scope => ({ tenantId, namespaceIds });

interface Row {
  readonly cluster_id: string;
  readonly state: string;
  readonly end_reason: TerminalEndReason | null;
  readonly input_taken: number;
}

export async function sendTerminalInput(pool: Pool, ring: KeyRing, actor: Actor, { sessionId, sequence, data }: TerminalInput): Promise<Outcome<TerminalResult>> {
  requireRole(actor, "OPERATOR");
  const faults = [
    ...unstorableText(data, ["input", "data"]),
    ...(data.length > MAX_INPUT ? [invalid(["input", "data"], `The data has ${data.length} characters; at most ${MAX_INPUT} may be sent at once.`)] : []),
    ...(sequence >= 1 && sequence <= MAX_SEQUENCE ? [] : [invalid(["input", "sequence"], `Input is numbered from 1, by one; ${sequence} is no such number.`)]),
  ];
  if (faults.length > 0) return refused(...faults);
  const id = uuidOf("TerminalSession", sessionId);
  if (id === null) return refused(noSuchTerminal(sessionId));
  const { keyId, wrappedKey, ciphertext } = sealText(ring, data, { tenantId: actor.tenantId, sessionId: id, what: "input", sequence });
  const values = [actor.tenantId, id, actor.tokenId, sequence, INPUT_WINDOW, keyId, Buffer.from(wrappedKey), Buffer.from(ciphertext)];
  const row = await inPoolScope(pool, scopeOfActor(actor), async (client) => (await client.query<Row>({ name: "terminal-input", text: STORE, values })).rows[0]);
  if (!row) return refused(noSuchTerminal(sessionId));
  if (row.state === "ENDED") return refused(isOver(row.end_reason));
  if (sequence > row.input_taken + INPUT_WINDOW) {
    return refused({ ...invalidState("INPUT_WAITS", `The container has taken the input up to ${row.input_taken}; at most ${INPUT_WINDOW} more may wait. Send it again a little later.`), path: ["input", "sequence"] });
  }
  return accepted({ sessionId: id, clusterId: row.cluster_id });
}

export async function resizeTerminal(pool: Pool, actor: Actor, { sessionId, columns, rows }: ResizeTerminalInput): Promise<Outcome<TerminalResult>> {
  requireRole(actor, "OPERATOR");
  const faults = checkSize({ columns, rows });
  if (faults.length > 0) return refused(...faults);
  const id = uuidOf("TerminalSession", sessionId);
  const row = id === null ? undefined : await inPoolScope(pool, scopeOfActor(actor), async (client) =>
    (await client.query<Row>({ name: "terminal-resize", text: RESIZE, values: [actor.tenantId, id, actor.tokenId, columns, rows] })).rows[0]);
  if (id === null || !row) return refused(noSuchTerminal(sessionId));
  return row.state === "ENDED" ? refused(isOver(row.end_reason)) : accepted({ sessionId: id, clusterId: row.cluster_id });
}

const isOver = (reason: TerminalEndReason | null) => invalidState("ENDED", `The terminal session is over: ${endInWords(reason ?? "EXITED")}.`);

const STORE = /* sql */ `
with session as (select * from terminal_session where tenant_id = $1 and id = $2 and token_id = $3),
stored as (
  insert into terminal_input (tenant_id, session_id, sequence, cluster_id, key_id, wrapped_key, ciphertext)
  select tenant_id, id, $4, cluster_id, $6, $7, $8 from session where state <> 'ENDED' and $4 > input_taken and $4 <= input_taken + $5
  on conflict do nothing)
select cluster_id, state, end_reason, input_taken from session`;

const RESIZE = /* sql */ `
with session as (select * from terminal_session where tenant_id = $1 and id = $2 and token_id = $3),
resized as (
  update terminal_session t set columns = $4, rows = $5 from session where t.tenant_id = session.tenant_id and t.id = session.id and session.state <> 'ENDED' and session.columns > 0)
select cluster_id, state, end_reason, input_taken from session`;
