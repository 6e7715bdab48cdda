import { getNamedType, type GraphQLSchema, isObjectType } from "graphql";
import { mappingOf } from "#schema/shared/mapping/kinds.ts";
import { parseGlobalId } from "#server/domain/ids.ts";
import { LOG_STREAMS } from "#server/domain/logs.ts";
import { METRIC_NAMES } from "#server/domain/metric.ts";
import type { RecordBatch } from "#server/realtime/record-stream.ts";
import type { ObjectState, StateChange } from "#server/realtime/state-stream.ts";
import type { TerminalOutput } from "#server/services/index.ts";
import type { LogLine } from "#server/telemetry/logs-chunks.ts";
import type { MetricSample } from "#server/telemetry/metrics-newest.ts";
import type { OperationHints } from "./random-arguments.ts";
import type { Dice } from "./random.ts";
import { NOW } from "./reading.ts";

/** A message as the sources of subscriptions make them, about what is there, what is gone, and what is another's. */
export function randomMessage(schema: GraphQLSchema, rootField: string, hints: Pick<OperationHints, "ids" | "foreignIds">, dice: Dice): StateChange | ObjectState | RecordBatch<LogLine | string> | MetricSample | TerminalOutput {
  const field = schema.getSubscriptionType()?.getFields()[rootField];
  const mapping = field && mappingOf(field);
  const uuids = (type: string, many: number): string[] =>
    Array.from({ length: many }, () => (hints.ids.has(type) && dice.chance(0.85) ? (parseGlobalId(dice.pick(hints.ids.get(type) as string[]))?.id as string) : dice.chance(0.5) ? dice.uuid() : (parseGlobalId(dice.pick(hints.foreignIds))?.id as string)));
  if (mapping?.kind === "entity") return { id: dice.chance(0.05) ? null : (uuids(mapping.entity, 1)[0] as string) };

  const message = field && getNamedType(field.type);
  if (isObjectType(message) && message.name === "LogBatch") {
    const line = (): LogLine => ({
      at: NOW - dice.below(1_000_000), podId: uuids("Pod", 1)[0] as string, podName: dice.pick(["web-1", "\""]), container: "main", stream: dice.pick(LOG_STREAMS), line: dice.pick(["", "\u{1F600}\\", "line"]),
    });
    return { cursor: dice.pick(["1.2.3", "\""]), records: Array.from({ length: dice.below(6) }, line) };
  }
  if (isObjectType(message) && message.name === "EventBatch") return { cursor: dice.pick(["1.2.3", "\""]), records: uuids("Event", dice.below(6)) };
  if (isObjectType(message) && message.name === "MetricSample") {
    const values = METRIC_NAMES.slice(dice.below(METRIC_NAMES.length)).map((metric) => ({ metric, value: dice.pick([null, 0, 0.25, 1_000_000]) }));
    return { at: NOW - dice.below(1_000_000), values };
  }
  if (isObjectType(message) && message.name === "TerminalOutput") return { sequence: dice.below(1_000), data: dice.pick(["", "\u{1F600}\\", "$ "]), exitCode: dice.pick([null, 0, 137]) };
  const upserted = isObjectType(message) ? message.getFields()["upserted"] : undefined;
  const items = upserted && mappingOf(upserted);
  const some = (many: number): string[] => {
    if (items?.kind === "entities") return uuids(items.entity, many);
    if (items?.kind !== "nodes") throw new Error(`No message of ${rootField} is known`);
    return Array.from({ length: many }, () => (dice.chance(0.9) ? dice.pick(hints.ids.get(dice.pick([...hints.ids.keys()])) as string[]) : dice.pick([...hints.foreignIds, "", `Nothing.${dice.uuid()}`])));
  };
  const shown = some(dice.chance(0.1) ? 0 : 1 + dice.below(6));
  return {
    cursor: dice.pick(["1.2.3", "\"", "\u{1F600}\\"]), snapshot: dice.chance(0.3), complete: dice.chance(0.8), at: NOW - dice.below(1_000_000),
    upserted: shown.length > 0 && dice.chance(0.1) ? [...shown, shown[0] as string] : shown, removed: some(dice.below(3)),
  };
}
