import type { ConfigMapQuery } from "../../typescript/index.ts";
import { count, stateCell } from "../format.ts";
import type { Session } from "../session.ts";
import { formatTable } from "../table.ts";

/** The applications whose present revisions refer to a ConfigMap or Secret: while there are any it can't be deleted. */
export function usedByLines({ style, width }: Session, { totalCount, nodes }: ConfigMapQuery["configMaps"]["nodes"][number]["users"]): string[] {
  const lines = ["", style("bold", totalCount === 0 ? "Used by no application" : `Used by ${count(totalCount, "application")}`)];
  if (nodes.length > 0) lines.push(...formatTable([{ header: "NAME", cell: ({ name }) => name }, { header: "STATUS", cell: ({ status }) => stateCell(status) }], nodes, style, width));
  if (nodes.length < totalCount) lines.push(style("dim", `… and ${totalCount - nodes.length} more`));
  return lines;
}
