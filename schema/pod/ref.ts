import type { Pod as PodRow } from "../../server/entities/pod.ts";
import { builder } from "../builder.ts";

export const Pod = builder.entity<PodRow>("Pod", { access: "VIEWER", told: { kind: "pod", owner: "applicationId" } });
