import { METRIC_NAMES } from "../../server/domain/metric.ts";
import type { MetricOwner } from "../../server/domain/metric-times.ts";
import { uuidOf } from "../../server/domain/ids.ts";
import { RequestError } from "../../server/domain/request-error.ts";
import type { MetricTarget } from "../../server/telemetry/metrics-newest.ts";
import { builder } from "../builder.ts";
import { MetricName, MetricSample } from "./type.ts";

const MetricTargetInput = builder.inputType("MetricTargetInput", {
  isOneOf: true,
  fields: (t) => ({ podId: t.id(), applicationId: t.id(), clusterId: t.id(), clusterNodeId: t.id() }),
});

const TYPES = { podId: "Pod", applicationId: "Application", clusterId: "Cluster", clusterNodeId: "ClusterNode" } as const;
const OWNERS: Readonly<Record<keyof typeof TYPES, MetricOwner>> = { podId: "pod", applicationId: "application", clusterId: "cluster", clusterNodeId: "node" };
const DEFAULT_INTERVAL_SECONDS = 15;
/** A day: a timer takes no more than some weeks. */
const MAX_INTERVAL_SECONDS = 86_400;

function targetOf(target: typeof MetricTargetInput.$inferInput): MetricTarget & { readonly type: string } {
  for (const member of ["podId", "applicationId", "clusterId", "clusterNodeId"] as const) {
    const given = target[member];
    if (given == null) continue;
    const id = uuidOf(TYPES[member], given);
    if (id === null) break;
    return { owner: OWNERS[member], id, type: TYPES[member] };
  }
  throw new RequestError("BAD_USER_INPUT", 'The argument "target" names no object');
}

builder.subscriptionFields((t) => ({
  metrics: t.message({
    type: MetricSample,
    description: "A sample at once, and then at each interval: one that is new as soon as it is stored. Ends when the target is gone.",
    args: { target: t.arg({ type: MetricTargetInput, required: true }), metrics: t.arg({ type: [MetricName] }), intervalSeconds: t.arg.int({ description: "Default 15; at least 1." }) },
    subscribe: async (_root, { target, metrics, intervalSeconds }, { metrics: live, read }) => {
      const { owner, id, type } = targetOf(target);
      const seconds = intervalSeconds ?? DEFAULT_INTERVAL_SECONDS;
      if (seconds < 1 || seconds > MAX_INTERVAL_SECONDS) throw new RequestError("BAD_USER_INPUT", `The argument "intervalSeconds" must be 1 to ${MAX_INTERVAL_SECONDS}`);
      if ((await read.existing(type, [id])).length === 0) throw new RequestError("BAD_USER_INPUT", 'The argument "target" names no object that is there');
      return live.follow({ target: { owner, id }, metrics: [...new Set(metrics ?? METRIC_NAMES)], intervalSeconds: seconds });
    },
  }),
}));
