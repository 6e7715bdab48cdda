import type { LogLine as LogLineValue } from "../../server/telemetry/logs-chunks.ts";
import { LOG_STREAMS } from "../../server/domain/logs.ts";
import { builder, PageInfo, type PageInfoValue } from "../builder.ts";
import { Pod } from "../pod/ref.ts";

export const LogStream = builder.enumType("LogStream", { description: "SYSTEM: a marker in the platform's words: restarted, replaced, N lines lost.", values: LOG_STREAMS });

export const LogLine = builder.objectRef<LogLineValue>("LogLine").implement({
  access: "VIEWER",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime" }),
    podName: t.exposeString("podName"),
    pod: t.entity(Pod, ({ podId }) => podId, { description: "null once it is gone." }),
    container: t.exposeString("container"),
    stream: t.expose("stream", { type: LogStream }),
    line: t.exposeString("line"),
  }),
});

export interface LogLineEdgeValue {
  readonly cursor: string;
  readonly node: LogLineValue;
}
const LogLineEdge = builder.objectRef<LogLineEdgeValue>("LogLineEdge").implement({
  access: "VIEWER",
  fields: (t) => ({ cursor: t.exposeString("cursor"), node: t.expose("node", { type: LogLine }) }),
});

export interface LogPage {
  readonly edges: readonly LogLineEdgeValue[];
  readonly pageInfo: PageInfoValue;
}
export const LogLineConnection = builder.objectRef<LogPage>("LogLineConnection").implement({
  access: "VIEWER",
  description: "No totalCount: it would count the store. A search looks at a bounded number of lines for each page: one that found few, or none, and has a next page goes on from endCursor.",
  fields: (t) => ({
    edges: t.expose("edges", { type: [LogLineEdge] }),
    nodes: t.field({ type: [LogLine], resolve: ({ edges }) => edges.map(({ node }) => node) }),
    pageInfo: t.expose("pageInfo", { type: PageInfo }),
  }),
});
