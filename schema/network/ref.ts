import type { Pod as PodRow } from "../../server/entities/pod.ts";
import type { Service as ServiceRow } from "../../server/entities/service.ts";
import type { Subnet as SubnetRow } from "../../server/entities/subnet.ts";
import type { Vpc as VpcRow } from "../../server/entities/vpc.ts";
import { builder } from "../builder.ts";

export const Vpc = builder.entity<VpcRow>("Vpc", { access: "VIEWER", told: { kind: "vpc" } });
export const Subnet = builder.entity<SubnetRow>("Subnet", { access: "VIEWER", told: { kind: "subnet" } });
export const Service = builder.entity<ServiceRow>("Service", { access: "VIEWER", told: { kind: "service", owner: "applicationId" } });
/** A pod as its application's services on its cluster reach it. */
export const ServiceEndpoint = builder.entity<PodRow>("ServiceEndpoint", { access: "VIEWER", entity: "Pod", told: { kind: "pod", owner: "applicationId" } });
