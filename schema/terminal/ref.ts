import type { TerminalSession as TerminalSessionRow } from "../../server/entities/terminal-session.ts";
import { builder } from "../builder.ts";

/** Nothing tells of its going with its pod: it is never remembered. */
export const TerminalSession = builder.entity<TerminalSessionRow>("TerminalSession", {
  access: "OPERATOR",
  source: {
    from: "app.terminal_sessions()",
    columns: {
      id: { name: "id", type: "uuid" },
      podId: { name: "pod_id", type: "uuid" },
      container: { name: "container", type: "text" },
      openedAt: { name: "opened_at", type: "timestamptz" },
      expiresAt: { name: "expires_at", type: "timestamptz" },
    },
  },
});
