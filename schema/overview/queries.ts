import { builder } from "../builder.ts";
import { Overview } from "./ref.ts";

builder.queryField("overview", (t) => t.find(Overview, { nullable: false, where: () => null }));
