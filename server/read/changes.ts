import type { Told } from "../../schema/shared/mapping/kinds.ts";

/**
 * What is known of changes, by looking at the timeline: what remembered text is checked against. Looks are numbered. What was read after look n
 * had ended, and is not changed since n, is as the database was when the newest look began, or newer.
 */
export interface Changes {
  /**
   * The number of the newest look whose result is known, where it began recently enough to vouch for what this tenant is answered, and after the last change
   * that this process made for it; null: nothing remembered may be answered now.
   */
  current(tenantId: string): number | null;
  /** Whether what this dependency names may have changed for the tenant since look `since` ended. True where that is too long ago to be known. */
  changedSince(tenantId: string, dependency: Dependency, since: number): boolean;
}

/** Rows of the timeline of this kind; those that name this id; or those that concern this application. With neither: all of them. */
export interface Dependency {
  readonly kind: Told["kind"];
  readonly id?: string;
  readonly owner?: string;
}
