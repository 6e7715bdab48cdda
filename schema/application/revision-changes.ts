import type { PodTemplate } from "../../server/domain/pod-template.ts";
import { type Change as ChangeValue, changesOf } from "../../server/domain/changes.ts";
import { RequestError } from "../../server/domain/request-error.ts";
import type { Revision as RevisionRow } from "../../server/entities/revision.ts";
import { builder } from "../builder.ts";
import { type Columns, integer, rows, type Sql, sql } from "../shared/mapping/sql.ts";
import { Revision } from "./ref.ts";

export const Change = builder.objectRef<ChangeValue>("Change").implement({
  access: "VIEWER",
  description: "A field's place, and its value before and after: null where it is not there.",
  fields: (t) => ({
    path: t.exposeString("path"),
    before: t.expose("before", { type: "JSON", nullable: true }),
    after: t.expose("after", { type: "JSON", nullable: true }),
  }),
});

interface FromArgs {
  readonly from?: number | null | undefined;
}

/** The template, and that of the revision it is compared with: the one of this number, or the one before. */
export const templatesToCompare = (revision: Columns<RevisionRow>, { from }: FromArgs): Sql => {
  const other = rows(Revision, (one) => {
    const which = from == null ? sql`${one.number} < ${revision.number} order by ${one.number} desc limit 1` : sql`${one.number} = ${integer(from)}`;
    return sql`select ${one.template} from ${one} where ${one.applicationId} = ${revision.applicationId} and ${which}`;
  });
  return sql`jsonb_build_object('before', (${other}), 'after', ${revision.template})`;
};

/** Nothing has changed from what was never there: the first revision has no changes. */
export function changesBetween(templates: unknown, { from }: FromArgs): ChangeValue[] {
  const { before, after } = templates as { readonly before: PodTemplate | null; readonly after: PodTemplate };
  if (before) return changesOf(before, after);
  if (from != null) throw new RequestError("BAD_USER_INPUT", `The application has no revision ${from}.`);
  return [];
}
