import { Application } from "../application/ref.ts";
import { builder } from "../builder.ts";
import { Pod } from "../pod/ref.ts";
import { LogFilter, selectionOf } from "./filter.ts";
import { logPage } from "./page.ts";
import { LogLineConnection } from "./type.ts";

const DESCRIPTION = "Newest first.";

builder.objectField(Pod, "logs", (t) =>
  t.code({
    type: LogLineConnection,
    description: DESCRIPTION,
    needs: ["id"],
    args: { first: t.arg.int(), after: t.arg.string(), last: t.arg.int(), before: t.arg.string(), filter: t.arg({ type: LogFilter }) },
    resolve: ({ id }, { filter, ...page }, { actor, logs }) => logPage(logs.of(actor), selectionOf({ podId: id }, filter), page),
  }),
);

builder.objectField(Application, "logs", (t) =>
  t.code({
    type: LogLineConnection,
    description: "Of all its pods, also those that are gone; newest first.",
    needs: ["id"],
    args: { first: t.arg.int(), after: t.arg.string(), last: t.arg.int(), before: t.arg.string(), filter: t.arg({ type: LogFilter }) },
    resolve: ({ id }, { filter, ...page }, { actor, logs }) => logPage(logs.of(actor), selectionOf({ applicationId: id }, filter), page),
  }),
);
