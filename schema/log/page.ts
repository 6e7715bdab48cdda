import { RequestError } from "../../server/domain/request-error.ts";
import type { LogSelection } from "../../server/telemetry/logs-chunks.ts";
import type { LogReader } from "../../server/telemetry/logs-read.ts";
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from "../shared/mapping/kinds.ts";
import type { LogPage } from "./type.ts";

export interface LogPageArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** A page of lines, newest first, both ways as of any connection. @throws RequestError BAD_USER_INPUT */
export async function logPage(reader: LogReader, selection: LogSelection, { first, after, last, before }: LogPageArgs): Promise<LogPage> {
  if (first != null && last != null) throw new RequestError("BAD_USER_INPUT", 'A page is asked for by "first" or by "last", not by both');
  const size = sized("first", first) ?? sized("last", last) ?? DEFAULT_PAGE_SIZE;
  const newer = after == null ? null : reader.parse("after", after);
  const older = before == null ? null : reader.parse("before", before);
  const backward = last != null;
  const walked = await reader.walk(selection, backward ? { ascending: true, start: older, end: newer, limit: size } : { ascending: false, start: newer, end: older, limit: size });
  const lines = backward ? walked.lines.toReversed() : walked.lines;
  const edges = lines.map(({ key, value }) => ({ cursor: reader.cursorOf(key, walked), node: value }));
  // Where a search stopped for having looked at enough, its end is the page's, also where it found nothing.
  const end = walked.end === null ? null : reader.cursorOf(walked.end, walked);
  const [startCursor = null, endCursor = null] = [edges[0]?.cursor, edges.at(-1)?.cursor];
  return {
    edges,
    pageInfo: backward
      ? { hasNextPage: older !== null, hasPreviousPage: end !== null, startCursor: end ?? startCursor, endCursor }
      : { hasNextPage: end !== null, hasPreviousPage: newer !== null, startCursor, endCursor: end ?? endCursor },
  };
}

function sized(name: "first" | "last", value: number | null | undefined): number | null {
  if (value == null) return null;
  if (value < 1 || value > MAX_PAGE_SIZE) throw new RequestError("BAD_USER_INPUT", `The argument "${name}" must be 1 to ${MAX_PAGE_SIZE}`);
  return value;
}
