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
  /**
   * The same for who would rather wait for a look than read all again: where nothing vouches now, what a look says that is under way or begins at once. It vouches for
   * what had been changed before the call. null: it took too long, or failed.
   */
  look(tenantId: string): Promise<number | null>;
  /** Whether what this dependency names may have changed for the tenant since look `since` ended. True where that is too long ago to be known. */
  changedSince(tenantId: string, dependency: Dependency, since: number): boolean;
}

/** Rows of the timeline of this kind; those that name this id; or those that concern this application. With neither: all of them. */
export interface Dependency {
  readonly kind: Told["kind"];
  readonly id?: string;
  readonly owner?: string;
}
