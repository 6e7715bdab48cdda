import type { Rollout as RolloutRow } from "../../server/entities/rollout.ts";
import { builder } from "../builder.ts";

export const Rollout = builder.entity<RolloutRow>("Rollout", { access: "VIEWER", told: { kind: "rollout", owner: "applicationId" } });
