import { type Hello, REPORT_WINDOW } from "../fleet/link.ts";

export interface Known {
  /** The last report that the centre has stored. */
  readonly epoch: number;
  readonly ackedSeq: number;
  /** The agent knows a later term than the database's. */
  readonly outranked: boolean;
  /** Objects of which the agent holds a later generation than there was, or other content in the same one. */
  readonly raised: number;
}
export type Forgetful = "agent" | "centre";

/**
 * Who of the two has forgotten what both once knew, as a hello shows it: the agent, whose store was restored or lost, or the centre, whose database was. Both find
 * together again by themselves, but people should know. null: nobody, as far as can be seen.
 *
 * An agent holds all reports that it has made and knows no ack of, REPORT_WINDOW at most: one that has made more beyond the centre's last has lost none, the centre has.
 */
export function backInTime(hello: Pick<Hello, "epoch" | "lastSeq">, { epoch, ackedSeq, outranked, raised }: Known): Forgetful | null {
  if (outranked || raised > 0) return "centre";
  if (hello.epoch < epoch || (hello.epoch === epoch && hello.lastSeq < ackedSeq)) return "agent";
  return hello.epoch === epoch && hello.lastSeq > ackedSeq + REPORT_WINDOW ? "centre" : null;
}
