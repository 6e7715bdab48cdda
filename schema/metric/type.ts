import { METRIC_NAMES, type MetricName as MetricNameValue } from "../../server/domain/metric.ts";
import type { ChartPoint, ChartSeries } from "../../server/domain/metric-chart.ts";
import type { MetricSample as MetricSampleValue } from "../../server/telemetry/metrics-newest.ts";
import { builder } from "../builder.ts";

export const MetricName = builder.enumType("MetricName", { values: METRIC_NAMES });

export const MetricsInput = builder.inputType("MetricsInput", {
  description: "Kept 90 days; one query spans at most 31 days and at most 1,500 points a series: stepSeconds is rounded up to what fits, and to what is kept.",
  fields: (t) => ({
    from: t.field({ type: "DateTime", required: true }),
    to: t.field({ type: "DateTime", required: true }),
    stepSeconds: t.int(),
    metrics: t.field({ type: [MetricName], description: "Default: all." }),
  }),
});

const MetricPoint = builder.objectRef<ChartPoint>("MetricPoint").implement({
  access: "VIEWER",
  description: "value is the mean over the step; null where nothing was reported (a gap is not a zero).",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "When the step begins." }),
    value: t.exposeFloat("value", { nullable: true }),
    min: t.exposeFloat("min", { nullable: true }),
    max: t.exposeFloat("max", { nullable: true }),
  }),
});

export const MetricSeries = builder.objectRef<ChartSeries>("MetricSeries").implement({
  access: "VIEWER",
  fields: (t) => ({
    metric: t.expose("metric", { type: MetricName }),
    unit: t.exposeString("unit"),
    stepSeconds: t.exposeInt("stepSeconds"),
    points: t.expose("points", { type: [MetricPoint] }),
  }),
});

const MetricValue = builder.objectRef<{ readonly metric: MetricNameValue; readonly value: number | null }>("MetricValue").implement({
  access: "VIEWER",
  fields: (t) => ({ metric: t.expose("metric", { type: MetricName }), value: t.exposeFloat("value", { nullable: true }) }),
});

export const MetricSample = builder.objectRef<MetricSampleValue>("MetricSample").implement({
  access: "VIEWER",
  description: "The newest that is known; null where nothing was reported lately.",
  fields: (t) => ({ at: t.expose("at", { type: "DateTime" }), values: t.expose("values", { type: [MetricValue] }) }),
});
