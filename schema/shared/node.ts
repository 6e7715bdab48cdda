import { parseGlobalId } from "../../server/domain/ids.ts";
import { builder } from "../builder.ts";

builder.queryFields((t) => ({
  node: t.node((_root, { id }) => parseGlobalId(id), {
    args: { id: t.arg.id({ required: true }) },
    description: "The object with this id, or null where there is none for the caller.",
  }),
  nodes: t.nodes((_root, { ids }) => ids.map(parseGlobalId), {
    args: { ids: t.arg.idList({ required: true }) },
    weight: 20,
    description: "The objects with these ids (at most 200), in their order.",
  }),
}));
