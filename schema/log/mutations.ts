import { notFound, refused } from "../../server/domain/errors.ts";
import type { LogDownload as LogDownloadValue } from "../../server/telemetry/logs-download.ts";
import { builder } from "../builder.ts";
import { type Answered, answered, UserError } from "../shared/user-errors.ts";
import { LogFilter, LogTargetInput, selectionOf, targetOf } from "./filter.ts";

const LogDownload = builder.objectRef<LogDownloadValue>("LogDownload").implement({
  access: "VIEWER",
  description: "A signed URL that streams the lines as text; valid until expiresAt.",
  fields: (t) => ({ url: t.exposeString("url"), expiresAt: t.expose("expiresAt", { type: "DateTime" }) }),
});

const CreateLogDownloadInput = builder.inputType("CreateLogDownloadInput", {
  fields: (t) => ({ target: t.field({ type: LogTargetInput, required: true }), filter: t.field({ type: LogFilter }) }),
});

const LogDownloadPayload = builder.objectRef<Answered<LogDownloadValue>>("LogDownloadPayload").implement({
  access: "VIEWER",
  fields: (t) => ({
    download: t.field({ type: LogDownload, nullable: true, resolve: ({ value }) => value }),
    userErrors: t.expose("userErrors", { type: [UserError] }),
  }),
});

builder.mutationField("createLogDownload", (t) =>
  t.field({
    type: LogDownloadPayload,
    access: "VIEWER",
    description: "The oldest line first. The URL needs no token: it is as good as the caller's own, for these lines, and no longer than that one.",
    args: { input: t.arg({ type: CreateLogDownloadInput, required: true }) },
    resolve: async (_root, { input: { target, filter } }, { actor, logs }) => {
      const found = targetOf(target);
      if (found === null || (await logs.of(actor).applicationOf(found)) === null) {
        return answered(refused(notFound(["input", "target"], "There is no such pod or application.")));
      }
      return { value: logs.downloads.create(actor, selectionOf(found, filter)), userErrors: [] };
    },
  }),
);
