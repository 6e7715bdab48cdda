/**
 * `POST /agent/enrol`: an agent tells the public keys of its clusters, and shows the ticket that lets it. All of them or none, in one transaction, once:
 * the same again, because the answer was lost, is answered the same. Whoever fails too often has to wait.
 *
 *   {"ticket": "slvt_…", "clusters": [{"clusterId": …, "code": …, "publicKey": …}, …]}   →   {"enrolled": 2}   or   {"error": "a sentence"}
 */
import type { Pool } from "pg";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { Clock } from "../domain/clock.ts";
import { CLUSTER_CODE, hashTicket, isTicket, MAX_CLUSTER_CODE, MAX_ENROLLED, publicKeyBytes, ticketPrefix } from "../domain/cluster-key.ts";
import { isUuid } from "../domain/ids.ts";
import { createFailureLimit } from "./failures.ts";
import { enrolmentMetrics } from "./metrics.ts";

export interface EnrolmentAnswer {
  readonly status: number;
  readonly body: { readonly enrolled: number } | { readonly error: string };
}

export interface Enrolment {
  /** `source`: the address that it came from. */
  enrol(body: string, source: string): Promise<EnrolmentAnswer>;
}

export interface EnrolmentOptions {
  /** Connected as selvedge_gateway. */
  readonly pool: Pool;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry?: Registry;
  /** Milliseconds of a rising clock. */
  readonly now: () => number;
}

/** A body for MAX_ENROLLED clusters has about 1.7 MB. */
export const MAX_ENROLMENT_BYTES = 2 * 1_024 * 1_024;
const FAILURES = { burst: 10, everyMs: 6_000, sources: 20 };
const AT_ONCE = 4;

interface Wanted {
  readonly ticket: string;
  readonly clusters: readonly { readonly clusterId: string; readonly code: string; readonly publicKey: Buffer }[];
}

/** Words of app.enrol_clusters. An unknown ticket and one that is over look the same to who has none. */
const FAULTS: Readonly<Record<string, (code: string) => string>> = {
  UNKNOWN: () => "the ticket is unknown, was used, or has expired",
  USED: () => "the ticket is unknown, was used, or has expired",
  EXPIRED: () => "the ticket is unknown, was used, or has expired",
  TOO_MANY: () => "the ticket is for fewer clusters",
  NOT_NAMED: (code) => `the ticket is not for the cluster ${code}`,
  OTHER_CLUSTER: (code) => `the code ${code} belongs to another cluster, or its cluster to another code`,
  ENROLLED: (code) => `the cluster ${code} is enrolled: only a ticket that names it may give it another key`,
  REVOKED: (code) => `the key of the cluster ${code} was revoked: it needs a new one`,
};

export function createEnrolment({ pool, clock, logger, registry, now }: EnrolmentOptions): Enrolment {
  const counted = enrolmentMetrics(registry);
  const failures = createFailureLimit(FAILURES);
  let underWay = 0;

  const attempt = async (body: string): Promise<EnrolmentAnswer> => {
    const wanted = parse(body);
    if (typeof wanted === "string") return { status: 400, body: { error: wanted } };
    const { ticket, clusters } = wanted;
    const { rows } = await pool.query<{ fault: string | null; fault_code: string | null }>({
      name: "enrol-clusters", text: "select fault, fault_code from app.enrol_clusters($1, $2, $3, $4, $5)",
      values: [hashTicket(ticket), clusters.map(({ clusterId }) => clusterId), clusters.map(({ code }) => code), clusters.map(({ publicKey }) => publicKey), new Date(clock.now())],
    });
    const { fault, fault_code: code } = rows[0] ?? { fault: "UNKNOWN", fault_code: null };
    if (fault === null) {
      logger.info({ clusters: clusters.length, ticket: ticketPrefix(ticket) }, "clusters were enrolled");
      return { status: 200, body: { enrolled: clusters.length } };
    }
    return { status: 403, body: { error: FAULTS[fault]?.(code ?? "") ?? fault } };
  };

  return {
    enrol: async (body, source) => {
      if (failures.isExceeded(source, now())) {
        counted("LIMITED");
        return { status: 429, body: { error: "too many enrolments failed; try again in a minute" } };
      }
      if (underWay >= AT_ONCE) {
        counted("FAILED");
        return { status: 503, body: { error: "others are enrolling at the moment; try again" } };
      }
      underWay += 1;
      try {
        const answer = await attempt(body);
        counted(answer.status === 200 ? "ENROLLED" : "REFUSED");
        if (answer.status !== 200) {
          failures.failed(source, now());
          logger.warn({ source, reason: "error" in answer.body ? answer.body.error : null }, "refused an enrolment");
        }
        return answer;
      } catch (error) {
        counted("FAILED");
        logger.error({ err: error }, "an enrolment could not be stored");
        return { status: 503, body: { error: "the centre could not store it; try again" } };
      } finally {
        underWay -= 1;
      }
    },
  };
}

/** What is asked for, or what is wrong with it. It is never repeated: it may hold the ticket. */
function parse(body: string): Wanted | string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return "the body is no JSON";
  }
  const { ticket, clusters } = (value ?? {}) as { ticket?: unknown; clusters?: unknown };
  if (typeof ticket !== "string" || !isTicket(ticket)) return "ticket is no enrolment ticket";
  if (!Array.isArray(clusters) || clusters.length < 1 || clusters.length > MAX_ENROLLED) return `clusters is no list of 1 to ${MAX_ENROLLED}`;
  const wanted: Wanted["clusters"][number][] = [];
  for (const [index, cluster] of (clusters as unknown[]).entries()) {
    const { clusterId, code, publicKey } = (cluster ?? {}) as { clusterId?: unknown; code?: unknown; publicKey?: unknown };
    if (typeof clusterId !== "string" || !isUuid(clusterId)) return `clusters[${index}].clusterId is no uuid`;
    if (typeof code !== "string" || code.length > MAX_CLUSTER_CODE || !CLUSTER_CODE.test(code)) return `clusters[${index}].code is no cluster's code`;
    const bytes = typeof publicKey === "string" ? publicKeyBytes(publicKey) : null;
    if (bytes === null) return `clusters[${index}].publicKey is no Ed25519 key of 32 bytes in base64`;
    wanted.push({ clusterId, code, publicKey: bytes });
  }
  for (const key of ["clusterId", "code"] as const) if (new Set(wanted.map((one) => one[key])).size < wanted.length) return `clusters names a ${key} twice`;
  return { ticket, clusters: wanted };
}
