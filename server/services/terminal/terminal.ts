/**
 * Terminals are opened and closed like every other change. Who opened one, by its token, alone may use it: to all others it looks like one that does not exist.
 * What is typed and how large the terminal is are no changes that are audited: they come with each key, and what is typed is a secret (input.ts).
 */
import { randomUUIDv7 } from "node:crypto";
import type { KeyRing } from "../../domain/envelope.ts";
import { accepted, type DomainError, invalidState, notFound, type Outcome, refused } from "../../domain/errors.ts";
import { uuidOf } from "../../domain/ids.ts";
import { checkTerminal, CLOSED_EXIT_CODE, MAX_TERMINALS_A_TENANT, TERMINAL_LASTS_MS } from "../../domain/terminal-rules.ts";
import { sealText } from "../../domain/terminal-envelope.ts";
import { quoted } from "../../domain/text.ts";
import { Cluster } from "../../entities/cluster.ts";
import { Pod } from "../../entities/pod.ts";
import { TerminalSession } from "../../entities/terminal-session.ts";
import type { Transaction } from "../transaction.ts";

export interface OpenTerminalInput {
  readonly podId: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly columns: number;
  readonly rows: number;
  readonly idempotencyKey?: string | null | undefined;
}

export interface CloseTerminalInput {
  readonly sessionId: string;
}

export interface TerminalResult {
  readonly sessionId: string;
  /** Where it is. */
  readonly clusterId: string;
}

export const noSuchTerminal = (sessionId: string): DomainError => notFound(["input", "sessionId"], `There is no terminal session ${quoted(sessionId)}.`);

export async function openTerminal(tx: Transaction, ring: KeyRing, speed: number, input: OpenTerminalInput): Promise<Outcome<TerminalResult>> {
  const { em, actor, at, now } = tx;
  const faults = checkTerminal(input);
  const podId = uuidOf("Pod", input.podId);
  const pod = podId === null ? null : await em.findOne(Pod, { tenantId: actor.tenantId, id: podId });
  if (!pod) return refused(...faults, notFound(["input", "podId"], `There is no pod ${quoted(input.podId)}.`));
  tx.about({ type: "Pod", id: pod.id, name: pod.name, namespaceId: pod.namespaceId });
  const container = pod.containers.find(({ name }) => name === input.container);
  if (!container) {
    const names = pod.containers.map(({ name }) => name).join(", ");
    faults.push(notFound(["input", "container"], `The pod ${pod.name} has no container ${quoted(input.container)}; it has ${names || "none yet"}.`));
  }
  if (faults.length > 0) return refused(...faults);
  const cluster = await em.findOneOrFail(Cluster, { id: pod.clusterId });
  if (cluster.status !== "ONLINE") return refused(placed(["input", "podId"], invalidState("CLUSTER_DISCONNECTED", `The cluster ${cluster.code}, which the pod ${pod.name} is on, is not heard from: no terminal can be opened there.`)));
  if (pod.phase !== "RUNNING") return refused(placed(["input", "podId"], invalidState(pod.phase, `The pod ${pod.name} is ${pod.phase}, not RUNNING: there is nothing to open a terminal in.`)));
  if (container?.state !== "RUNNING") return refused(placed(["input", "container"], invalidState(container?.state ?? "WAITING", `The container ${input.container} does not run.`)));

  // One after the other, so that what is counted stays so.
  await em.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", [`terminals ${actor.tenantId}`]);
  const [{ open } = { open: 0 }] = await em.execute<{ open: number }[]>("select count(*)::int as open from terminal_session where tenant_id = ? and state <> 'ENDED'", [actor.tenantId]);
  if (open >= MAX_TERMINALS_A_TENANT) return refused(invalidState("TOO_MANY_TERMINALS", `${open} terminals are open; ${MAX_TERMINALS_A_TENANT} are the most. Close some of them first.`));

  const id = randomUUIDv7();
  const { keyId, wrappedKey, ciphertext } = sealText(ring, JSON.stringify(input.command), { tenantId: actor.tenantId, sessionId: id, what: "command", sequence: 0 });
  await em.insert(TerminalSession, {
    tenantId: actor.tenantId, id, namespaceId: pod.namespaceId, applicationId: pod.applicationId, clusterId: pod.clusterId, podId: pod.id, podName: pod.name, container: input.container,
    tokenId: actor.tokenId, tokenName: actor.tokenName, keyId, wrappedKey: Buffer.from(wrappedKey), ciphertext: Buffer.from(ciphertext), columns: input.columns, rows: input.rows,
    state: "OPENING", openedAt: at, expiresAt: new Date(now + TERMINAL_LASTS_MS * speed), activeAt: at, endedAt: null, endReason: null, exitCode: null,
  });
  tx.about({ type: "TerminalSession", id, name: pod.name, namespaceId: pod.namespaceId });
  return accepted({ sessionId: id, clusterId: pod.clusterId });
}

const placed = (path: readonly string[], error: DomainError): DomainError => ({ ...error, path });

/** Closing again what is over changes nothing and is accepted. */
export async function closeTerminal(tx: Transaction, { sessionId }: CloseTerminalInput): Promise<Outcome<TerminalResult>> {
  const { em, actor, at } = tx;
  const id = uuidOf("TerminalSession", sessionId);
  const session = id === null ? null : await em.findOne(TerminalSession, { tenantId: actor.tenantId, id, tokenId: actor.tokenId });
  if (!session) return refused(noSuchTerminal(sessionId));
  tx.about({ type: "TerminalSession", id: session.id, name: session.podName, namespaceId: session.namespaceId });
  await em.execute("update terminal_session set state = 'ENDED', ended_at = ?, end_reason = 'CLOSED', exit_code = ? where tenant_id = ? and id = ? and state <> 'ENDED'", [
    at, CLOSED_EXIT_CODE, actor.tenantId, session.id,
  ]);
  return accepted({ sessionId: session.id, clusterId: session.clusterId });
}

/** What the audit log shows of an opening: never the command, whose words may be secret. */
export const auditedOpening = ({ podId, container, columns, rows }: OpenTerminalInput): object => ({ podId, container, columns, rows });

