import type { TerminalResult } from "../../server/services/index.ts";
import { builder } from "../builder.ts";
import { type Answered, answered, UserError } from "../shared/user-errors.ts";
import { TerminalSession } from "./ref.ts";

const OpenTerminalInput = builder.inputType("OpenTerminalInput", {
  description: "columns and rows of 0 both: no terminal but a pipe. Nothing is echoed or edited then, and the character U+0004 is the end of what is typed.",
  fields: (t) => ({
    podId: t.id({ required: true }),
    container: t.string({ required: true }),
    command: t.stringList({ required: true, defaultValue: ["sh"] }),
    columns: t.int({ required: true, defaultValue: 80 }),
    rows: t.int({ required: true, defaultValue: 24 }),
    idempotencyKey: t.string(),
  }),
});

const TerminalInputInput = builder.inputType("TerminalInputInput", {
  description: "sequence: from 1, by one: a repeat is ignored, a gap waits, so that retries and parallel requests type nothing twice or out of order.",
  fields: (t) => ({ sessionId: t.id({ required: true }), sequence: t.int({ required: true }), data: t.string({ required: true }) }),
});

const ResizeTerminalInput = builder.inputType("ResizeTerminalInput", {
  fields: (t) => ({ sessionId: t.id({ required: true }), columns: t.int({ required: true }), rows: t.int({ required: true }) }),
});

const CloseTerminalInput = builder.inputType("CloseTerminalInput", {
  description: "Closing again what is over changes nothing.",
  fields: (t) => ({ sessionId: t.id({ required: true }) }),
});

const TerminalPayload = builder.objectRef<Answered<TerminalResult>>("TerminalPayload").implement({
  access: "OPERATOR",
  fields: (t) => ({
    session: t.entity(TerminalSession, ({ value }) => value?.sessionId ?? null),
    userErrors: t.expose("userErrors", { type: [UserError] }),
  }),
});

builder.mutationFields((t) => ({
  openTerminal: t.field({
    type: TerminalPayload,
    access: "OPERATOR",
    description: "OPERATOR; audited, without the command.",
    args: { input: t.arg({ type: OpenTerminalInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.terminals.open(actor, input)),
  }),
  sendTerminalInput: t.field({
    type: TerminalPayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: TerminalInputInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.terminals.send(actor, input)),
  }),
  resizeTerminal: t.field({
    type: TerminalPayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: ResizeTerminalInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.terminals.resize(actor, input)),
  }),
  closeTerminal: t.field({
    type: TerminalPayload,
    access: "OPERATOR",
    description: "OPERATOR; audited.",
    args: { input: t.arg({ type: CloseTerminalInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.terminals.close(actor, input)),
  }),
}));
