import { LOGS_KEPT_DAYS, logsKeptSince } from "../../server/domain/logs.ts";
import { RequestError } from "../../server/domain/request-error.ts";
import type { RecordBatch } from "../../server/realtime/record-stream.ts";
import type { LogLine as LogLineValue, LogSelection } from "../../server/telemetry/logs-chunks.ts";
import type { LogReader } from "../../server/telemetry/logs-read.ts";
import { builder } from "../builder.ts";
import { LogFilter, LogTargetInput, selectionOf, targetOf } from "./filter.ts";
import { LogLine } from "./type.ts";

const LogBatch = builder.objectRef<RecordBatch<LogLineValue>>("LogBatch").implement({
  access: "VIEWER",
  description: "Lines in the order in which they were stored, those of one message by time: each once. Empty every few seconds where there are none.",
  fields: (t) => ({
    cursor: t.exposeString("cursor", { description: "The next `after`; of the connection as well." }),
    lines: t.expose("records", { type: [LogLine] }),
  }),
});

const MAX_TAIL = 1_000;
const DAY_MS = 86_400_000;
/** Real time that a stream may take to begin with the oldest lines before they are dropped. */
const MARGIN_MS = 120_000;

builder.subscriptionField("logs", (t) =>
  t.message({
    type: LogBatch,
    description:
      "Each line once, as it is stored, of a pod or of a whole application through all replacements of its pods. From now on; with `tail` from so many lines before that, at most 1,000; with the filter's `since` and no `tail` from then on; or from behind a cursor of this stream or of a connection.",
    args: {
      target: t.arg({ type: LogTargetInput, required: true }),
      filter: t.arg({ type: LogFilter }),
      after: t.arg.string(),
      tail: t.arg.int({ description: "Lines to send first from what is stored." }),
    },
    subscribe: async (_root, { target, filter, after, tail }, { actor, clock, live, logs, server }) => {
      if (tail != null && (tail < 0 || tail > MAX_TAIL)) throw new RequestError("BAD_USER_INPUT", `"tail" must be 0 to ${MAX_TAIL}`);
      const found = targetOf(target);
      const reader = logs.of(actor);
      const applicationId = found === null ? null : await reader.applicationOf(found);
      if (found === null || applicationId === null) throw new RequestError("BAD_USER_INPUT", "There is no such pod or application.");
      const selection = selectionOf(found, filter);
      const oldest = logsKeptSince(clock.now()) + MARGIN_MS * server.speed;
      return live.records({
        kind: "log",
        owners: [applicationId],
        keptMs: LOGS_KEPT_DAYS * DAY_MS,
        after: after ?? (await beginning(reader, selection, tail ?? null, oldest)),
        reader: (viewer) => logs.of(viewer).records(selection),
      });
    },
  }),
);

/** The cursor that a stream without one begins behind; null: now. */
async function beginning(reader: LogReader, selection: LogSelection, tail: number | null, oldest: number): Promise<string | null> {
  if (tail === 0 || (tail === null && selection.since == null)) return null;
  const walked = await reader.walk(selection, { ascending: false, start: null, limit: (tail ?? 0) + 1 });
  const since = Math.max(oldest, selection.since ?? 0);
  const from = tail === null ? null : (walked.lines[tail]?.key ?? walked.end);
  return reader.cursorOf(from !== null && from.at > since ? from : { at: since, xid: 0, seq: 0, index: 0 }, walked);
}
