import { randomUUIDv7 } from "node:crypto";
import { arrayText } from "../database/arrays.ts";
import { CLUSTER_CODE, hashTicket, MAX_CLUSTER_CODE, MAX_ENROLLED, ticketPrefix } from "../domain/cluster-key.ts";
import { accepted, type DomainError, invalid, notFound, type Outcome, refused } from "../domain/errors.ts";
import { quoted } from "../domain/text.ts";
import { requireWholeTenant } from "../identity/authorise.ts";
import type { Transaction } from "./transaction.ts";

export interface CreateEnrolmentTicketInput {
  /** Either these, which may get another key by it, */
  readonly clusterCodes?: readonly string[] | null | undefined;
  /** or so many of any that have none yet. */
  readonly maxClusters?: number | null | undefined;
  readonly expiresAt?: Date | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
}

export interface TicketResult {
  readonly prefix: string;
  readonly clusterCodes: readonly string[] | null;
  readonly maxClusters: number;
  /** Milliseconds on the simulation's clock. */
  readonly expiresAt: number;
}

export interface RevokeClusterKeyInput {
  readonly clusterCode: string;
  readonly idempotencyKey?: string | null | undefined;
}

export interface ClusterKeyResult {
  readonly clusterId: string;
}

/** Of the wall clock. */
const DEFAULT_LIFE_MS = 3_600_000;
const LONGEST_LIFE_MS = 30 * 24 * 3_600_000;

/** Only the ticket's hash is kept. `speed`: simulated seconds a second. */
export async function createEnrolmentTicket(tx: Transaction, input: CreateEnrolmentTicketInput, ticket: string, speed: number): Promise<Outcome<TicketResult>> {
  requireWholeTenant(tx.actor);
  const faults = checkTicket(input, tx.now, speed);
  if (faults.length > 0) return refused(...faults);
  const clusterCodes = input.clusterCodes ? [...new Set(input.clusterCodes)] : null;
  const maxClusters = clusterCodes?.length ?? input.maxClusters ?? 0;
  const expiresAt = input.expiresAt ?? new Date(tx.now + DEFAULT_LIFE_MS * speed);
  const id = randomUUIDv7();
  const prefix = ticketPrefix(ticket);
  tx.about({ type: "EnrolmentTicket", id, name: prefix, namespaceId: null });
  await tx.em.execute("select app.create_enrolment_ticket(?, ?, ?, ?::text[], ?, ?, ?)", [
    id, hashTicket(ticket), prefix, clusterCodes && arrayText(clusterCodes), maxClusters, tx.at, expiresAt,
  ]);
  return accepted({ prefix, clusterCodes, maxClusters, expiresAt: expiresAt.getTime() });
}

export function checkTicket({ clusterCodes, maxClusters, expiresAt }: CreateEnrolmentTicketInput, now: number, speed: number): DomainError[] {
  const errors: DomainError[] = [];
  const [named, counted] = [clusterCodes ?? null, maxClusters ?? null];
  if ((named === null) === (counted === null)) errors.push(invalid(["input"], "A ticket is either for the clusters that clusterCodes names, or for maxClusters of any: exactly one of both is to be given."));
  if (named !== null && (named.length < 1 || named.length > MAX_ENROLLED)) errors.push(invalid(["input", "clusterCodes"], `${named.length} clusters are named; 1 to ${MAX_ENROLLED} are allowed.`));
  for (const [index, code] of (named ?? []).slice(0, MAX_ENROLLED).entries()) {
    if (code.length > MAX_CLUSTER_CODE || !CLUSTER_CODE.test(code)) errors.push(invalid(["input", "clusterCodes", String(index)], `${quoted(code)} is no cluster's code: lower-case letters, digits and single hyphens, at most ${MAX_CLUSTER_CODE}.`));
  }
  if (counted !== null && (counted < 1 || counted > MAX_ENROLLED)) errors.push(invalid(["input", "maxClusters"], `${counted} is not from 1 to ${MAX_ENROLLED}.`));
  if (expiresAt && !(expiresAt.getTime() > now)) errors.push(invalid(["input", "expiresAt"], `${expiresAt.toISOString()} is not in the future.`));
  if (expiresAt && expiresAt.getTime() > now + LONGEST_LIFE_MS * speed) errors.push(invalid(["input", "expiresAt"], "A ticket is valid for 30 days at most."));
  return errors;
}

/** Its agent is refused from then on, and its connection's part ended within seconds. Revoking again changes nothing and is accepted. */
export async function revokeClusterKey(tx: Transaction, { clusterCode }: RevokeClusterKeyInput): Promise<Outcome<ClusterKeyResult>> {
  requireWholeTenant(tx.actor);
  const [found] = await tx.em.execute<{ cluster_id: string | null }[]>("select cluster_id from app.find_cluster_key(?)", [clusterCode]);
  const clusterId = found?.cluster_id ?? null;
  if (clusterId === null) return refused(notFound(["input", "clusterCode"], `No cluster was enrolled under the code ${quoted(clusterCode)}.`));
  tx.about({ type: "Cluster", id: clusterId, name: clusterCode, namespaceId: null });
  await tx.em.execute("select app.revoke_cluster_key(?, ?)", [clusterId, tx.at]);
  return accepted({ clusterId });
}
