import { RequestError } from "../../server/domain/request-error.ts";
import { uuidOf } from "../../server/domain/ids.ts";
import type { LogSelection, LogTarget } from "../../server/telemetry/logs-chunks.ts";
import { builder } from "../builder.ts";
import { uuidsOf } from "../shared/conditions.ts";
import { LogStream } from "./type.ts";

export const LogFilter = builder.inputType("LogFilter", {
  description: "Kept 14 days.",
  fields: (t) => ({
    since: t.field({ type: "DateTime" }),
    until: t.field({ type: "DateTime", description: "Not included." }),
    container: t.string(),
    keyword: t.string({ description: "In the line, whatever the case." }),
    stream: t.field({ type: LogStream }),
    podIds: t.idList({ description: "At most 200; also of pods that are gone." }),
  }),
});
export type LogFilter = typeof LogFilter.$inferInput;

export const LogTargetInput = builder.inputType("LogTargetInput", { isOneOf: true, fields: (t) => ({ podId: t.id(), applicationId: t.id() }) });
export type LogTargetInput = typeof LogTargetInput.$inferInput;

const MAX_PODS = 200;
const MAX_KEYWORD = 256;

/** null: no id of such an object. */
export function targetOf({ podId, applicationId }: { readonly podId?: string | null; readonly applicationId?: string | null }): LogTarget | null {
  if (podId != null) {
    const id = uuidOf("Pod", podId);
    return id === null ? null : { podId: id };
  }
  const id = applicationId == null ? null : uuidOf("Application", applicationId);
  return id === null ? null : { applicationId: id };
}

/** @throws RequestError BAD_USER_INPUT */
export function selectionOf(target: LogTarget, filter: LogFilter | null | undefined): LogSelection {
  const { since, until, container, keyword, stream, podIds } = filter ?? {};
  if ((podIds?.length ?? 0) > MAX_PODS) throw new RequestError("BAD_USER_INPUT", `At most ${MAX_PODS} podIds at once`);
  if ((keyword?.length ?? 0) > MAX_KEYWORD) throw new RequestError("BAD_USER_INPUT", `A keyword has at most ${MAX_KEYWORD} characters`);
  return {
    target,
    since: since?.getTime() ?? null,
    until: until?.getTime() ?? null,
    container: container ?? null,
    // No text holds it.
    keyword: keyword?.replaceAll("\0", "\u{fffd}") ?? null,
    stream: stream ?? null,
    podIds: podIds == null ? null : uuidsOf("Pod", podIds),
  };
}
