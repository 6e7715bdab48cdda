import { uuidOf } from "../../server/domain/ids.ts";
import { builder } from "../builder.ts";
import { podConditions, PodFilter } from "./filter.ts";
import { Pod } from "./ref.ts";

builder.queryFields((t) => ({
  pods: t.pageOf(Pod, { args: { filter: t.arg({ type: PodFilter }) }, where: (pod, { filter }) => podConditions(pod, filter) }),
  pod: t.entity(Pod, (_root, { id }) => uuidOf("Pod", id), { args: { id: t.arg.id({ required: true }) } }),
}));
