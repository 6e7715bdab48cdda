import type { Subnet as SubnetRow } from "../../server/entities/subnet.ts";
import type { Vpc as VpcRow } from "../../server/entities/vpc.ts";
import { builder } from "../builder.ts";

export const Vpc = builder.entity<VpcRow>("Vpc", { access: "VIEWER" });
export const Subnet = builder.entity<SubnetRow>("Subnet", { access: "VIEWER" });
