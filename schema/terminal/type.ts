import { builder, Node } from "../builder.ts";
import { Pod } from "../pod/ref.ts";
import type { TerminalOutput as TerminalOutputValue } from "../../server/services/index.ts";
import { TerminalSession } from "./ref.ts";

TerminalSession.implement({
  description: "A terminal into a container. It is used by the token that opened it alone, and is there as long as its pod, and for some minutes after its end.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.globalId("id"),
    pod: t.one(Pod, "podId"),
    container: t.exposeString("container"),
    openedAt: t.expose("openedAt", { type: "DateTime" }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", description: "When it ends at the latest; it also does when nothing was typed or shown for a while." }),
  }),
});

export const TerminalOutput = builder.objectRef<TerminalOutputValue>("TerminalOutput").implement({
  access: "OPERATOR",
  fields: (t) => ({
    sequence: t.exposeInt("sequence", { description: "Rises by one; resume with after." }),
    data: t.exposeString("data"),
    exitCode: t.exposeInt("exitCode", { nullable: true, description: "In the last one alone." }),
  }),
});
