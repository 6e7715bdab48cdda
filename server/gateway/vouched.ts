import type { Report } from "../fleet/link.ts";

/** The moment that a report vouches for, null for none. One that was made an hour ago, and comes only now, says how things were then. */
export const vouchedBy = ({ at, more = false }: Pick<Report, "at" | "more">, now: number): number | null => (more ? null : Math.min(at, now));
