import { uuidOf } from "../../server/domain/ids.ts";
import { builder } from "../builder.ts";
import { changeOf, followed, following } from "../shared/changes.ts";
import { onClusters } from "../shared/staleness.ts";
import { ApplicationFilter } from "./filter.ts";
import { Application } from "./ref.ts";

const ApplicationsChange = changeOf("ApplicationsChange", Application);

builder.subscriptionFields((t) => ({
  application: t.entity(Application, followed, {
    description: "null once it is deleted; then ends.",
    args: { id: t.arg.id({ required: true }) },
    nullable: true,
    ...following<{ id: string }>(({ id }, { live }) =>
      live.object({ type: "Application", id: uuidOf("Application", id), kinds: { application: "ids", cluster: "apart" }, concernedBy: onClusters(null) })),
  }),
  applications: t.message({
    type: ApplicationsChange,
    args: { filter: t.arg({ type: ApplicationFilter }), after: t.arg.string() },
    subscribe: (_root, { filter, after }, { live }) =>
      live.changes({ type: "Application", args: { filter }, after, kinds: { application: "ids", cluster: "apart" }, concernedBy: onClusters(filter) }),
  }),
}));
