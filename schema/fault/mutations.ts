import { MAX_FAULT_SECONDS, MIN_FAULT_SECONDS } from "../../server/domain/fault-rules.ts";
import type { FaultResult } from "../../server/services/index.ts";
import { builder } from "../builder.ts";
import { DisconnectMode, FaultKind } from "../shared/enums.ts";
import { type Answered, answered, UserError } from "../shared/user-errors.ts";
import { Fault } from "./ref.ts";

const InjectFaultInput = builder.inputType("InjectFaultInput", {
  description:
    "Exactly one target: DISCONNECT_CLUSTER takes a clusterId, FAIL_NODE a nodeId, CRASH_POD a podId, SLOW_IMAGE_PULL and RECLAIM_SPOT a clusterId or a nodeId. Of a kind, one at a time on a target.",
  fields: (t) => ({
    kind: t.field({ type: FaultKind, required: true }),
    clusterId: t.id(),
    nodeId: t.id(),
    podId: t.id(),
    durationSeconds: t.int({ required: true, description: `${MIN_FAULT_SECONDS} to ${MAX_FAULT_SECONDS}, on the simulation's clock.` }),
    mode: t.field({ type: DisconnectMode, description: "Of DISCONNECT_CLUSTER: default BOTH_WAYS." }),
    seed: t.int({ description: "What chance decides within it follows from this; default: any." }),
    idempotencyKey: t.string(),
  }),
});

const EndFaultInput = builder.inputType("EndFaultInput", {
  description: "Ending again what is over changes nothing.",
  fields: (t) => ({ faultId: t.id({ required: true }), idempotencyKey: t.string() }),
});

const FaultPayload = builder.objectRef<Answered<FaultResult>>("FaultPayload").implement({
  access: "PLATFORM_ADMIN",
  fields: (t) => ({
    fault: t.entity(Fault, ({ value }) => value?.faultId ?? null),
    userErrors: t.expose("userErrors", { type: [UserError] }),
  }),
});

builder.mutationFields((t) => ({
  injectFault: t.field({
    type: FaultPayload,
    access: "PLATFORM_ADMIN",
    description: "PLATFORM_ADMIN, on a simulated fleet. Begins at once, and ends after its duration or with endFault.",
    args: { input: t.arg({ type: InjectFaultInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.faults.inject(actor, input)),
  }),
  endFault: t.field({
    type: FaultPayload,
    access: "PLATFORM_ADMIN",
    description: "PLATFORM_ADMIN.",
    args: { input: t.arg({ type: EndFaultInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.faults.end(actor, input)),
  }),
}));
