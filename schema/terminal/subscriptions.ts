import { builder } from "../builder.ts";
import { TerminalOutput } from "./type.ts";

builder.subscriptionFields((t) => ({
  terminal: t.message({
    type: TerminalOutput,
    access: "OPERATOR",
    description: "What a terminal shows, each piece once and in order; ends after the one with the exit code.",
    args: { sessionId: t.arg.id({ required: true }), after: t.arg.int() },
    subscribe: (_root, { sessionId, after }, { services, actor }) => services.terminals.follow(actor, sessionId, after ?? 0),
  }),
}));
