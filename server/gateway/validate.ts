/**
 * What an agent may say. Types alone don't hold here: an agent is another machine. Each check answers the first fault, in words for the
 * agent's log, or null. What passes can be stored: identifiers are uuids, texts have an end and no NUL, numbers fit their columns.
 */
import { isIP } from "node:net";
import { isUuid } from "../domain/ids.ts";
import { CHUNK_SPAN_MS, LOG_LINE_LIMIT, LOG_STREAMS, type LogLineEntry } from "../domain/logs.ts";
import { ASSIGNMENT_KINDS } from "../domain/placement.ts";
import { isSealingKey } from "../domain/sealing.ts";
import { CLUSTER_NODE_STATUSES, CLUSTER_TIERS, CONTAINER_STATES, EVENT_TYPES, ISPS, POD_PHASES } from "../domain/states.ts";
import { SAMPLE_MS } from "../domain/metric-times.ts";
import { END_REASONS, MAX_OUTPUT, MAX_SEQUENCE, OUTPUT_WINDOW } from "../domain/terminal-rules.ts";
import { BATCH_LIMIT, EVENTS_LIMIT, LOG_BATCH_BYTES, LOG_BATCH_CHUNKS, LOG_CHUNK_LINES, PROOF_LIMIT, type AgentMessage } from "../fleet/link.ts";

type Check = (value: unknown, path: string) => string | null;

const STORE = /^[\w-]{1,64}$/;
const REASON = /^[A-Za-z][A-Za-z0-9]{0,127}$/;
const DECIMAL = /^\d{1,12}(\.\d{1,9})?$/;
const MAX_INTEGER = 2_147_483_646;
/** The year 9999. */
const MAX_TIME = 253_402_300_799_999;
const MAX_OBJECTS = 100_000;
const MAX_NODES = 5_000;
const MAX_CONTAINERS = 64;
const MAX_PINGED = 100_000;
const MAX_RECORDS = 16 * 1_024 * 1_024;

const uuid: Check = (value, path) => (typeof value === "string" && isUuid(value) ? null : `${path} is no uuid`);
const text = (most: number): Check => (value, path) =>
  typeof value === "string" && value.length <= most && !value.includes("\0") && value.isWellFormed() ? null : `${path} is no text of at most ${most} characters`;
const integer = (least: number, most = MAX_INTEGER): Check => (value, path) =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most ? null : `${path} is no integer between ${least} and ${most}`;
const real = (least: number, most: number): Check => (value, path) =>
  typeof value === "number" && value >= least && value <= most ? null : `${path} is no number between ${least} and ${most}`;
const boolean: Check = (value, path) => (typeof value === "boolean" ? null : `${path} is neither true nor false`);
const oneOf = (values: readonly string[]): Check => (value, path) => (values.includes(value as string) ? null : `${path} is none of ${values.join(", ")}`);
const matching = (pattern: RegExp): Check => (value, path) => (typeof value === "string" && pattern.test(value) ? null : `${path} is malformed`);
const address: Check = (value, path) => (typeof value === "string" && isIP(value) !== 0 ? null : `${path} is no IP address`);
const nullable = (check: Check): Check => (value, path) => (value === null ? null : check(value, path));
const optional = (check: Check): Check => (value, path) => (value === undefined ? null : check(value, path));
const list = (most: number, check: Check): Check => (value, path) => {
  if (!Array.isArray(value) || value.length > most) return `${path} is no list of at most ${most}`;
  for (let index = 0; index < value.length; index += 1) {
    const fault = check(value[index], `${path}[${index}]`);
    if (fault) return fault;
  }
  return null;
};
const distinct = (key: string, check: Check): Check => (value, path) =>
  check(value, path) ?? (new Set((value as Record<string, unknown>[]).map((item) => item[key])).size === (value as unknown[]).length ? null : `${path} names an ${key} twice`);
/** Unknown members are allowed: that is how versions live together. */
const object = (members: Readonly<Record<string, Check>>): Check => {
  const entries = Object.entries(members);
  return (value, path) => {
    if (typeof value !== "object" || value === null) return `${path} is no object`;
    for (const [name, check] of entries) {
      const fault = check((value as Record<string, unknown>)[name], path === "" ? name : `${path}.${name}`);
      if (fault) return fault;
    }
    return null;
  };
};
const record: Check = (value, path) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return `${path} is no map`;
  const entries = Object.entries(value);
  if (entries.length > 64) return `${path} has more than 64 members`;
  for (const [key, member] of entries) {
    const fault = text(253)(key, `${path} key`) ?? text(253)(member, `${path}.${key}`);
    if (fault) return fault;
  }
  return null;
};

const sealingKey: Check = (value, path) => (typeof value === "string" && value.length <= 64 && isSealingKey(value) ? null : `${path} is no X25519 key of 32 bytes in base64`);

const time = integer(0, MAX_TIME);
const count = integer(0);
const name = text(253);
const problem = text(1_024);

const hello = object({
  clusterId: uuid,
  protocols: list(32, integer(0)),
  store: matching(STORE),
  term: integer(0),
  epoch: integer(1),
  lastSeq: integer(0, Number.MAX_SAFE_INTEGER),
  holds: distinct("objectId", list(MAX_OBJECTS, object({ kind: optional(oneOf(ASSIGNMENT_KINDS)), objectId: uuid, term: integer(0), generation: integer(0), hash: optional(text(128)) }))),
  templates: list(MAX_OBJECTS, text(128)),
  sealingKey: optional(sealingKey),
  contents: optional(list(MAX_OBJECTS, text(128))),
  takes: optional(list(32, text(64))),
  description: object({
    code: name, name, region: object({ code: name, name }), province: name, city: name, tier: oneOf(CLUSTER_TIERS), isp: oneOf(ISPS),
    latitude: real(-90, 90), longitude: real(-180, 180),
    prices: object({
      currency: text(8), cpuCoreHour: matching(DECIMAL), memoryGiBHour: matching(DECIMAL), publicGiB: matching(DECIMAL), eipHour: matching(DECIMAL),
      spotDiscount: real(0, 1), offPeakDiscount: real(0, 1),
    }),
    nodes: distinct("id", distinct("name", list(MAX_NODES, object({ id: uuid, name, labels: record, cpuMillis: count, memoryMiB: count, pods: count })))),
  }),
});

const container = object({
  name, image: text(512), state: oneOf(CONTAINER_STATES), ready: boolean, restartCount: count, reason: nullable(text(253)),
  exitCode: nullable(integer(-MAX_INTEGER)), startedAt: nullable(time),
});

/** What else an event's object says, by its kind. */
const EVENT_OBJECTS: Readonly<Record<string, Check>> = {
  pod: object({ id: uuid, name, placementId: uuid }),
  placement: object({ id: uuid }),
  service: object({ id: uuid }),
  node: object({ id: uuid, name }),
  cluster: object({}),
};
const eventObject: Check = (value, path) => object({ kind: oneOf(Object.keys(EVENT_OBJECTS)) })(value, path) ?? (EVENT_OBJECTS[(value as { readonly kind: string }).kind] as Check)(value, path);

const report = object({
  clusterId: uuid,
  epoch: integer(1),
  seq: integer(1, Number.MAX_SAFE_INTEGER),
  at: time,
  full: optional(boolean),
  fullEnds: optional(boolean),
  more: optional(boolean),
  pods: distinct("id", list(BATCH_LIMIT, object({
    id: uuid, placementId: uuid, revisionId: uuid, name, nodeId: nullable(uuid), phase: oneOf(POD_PHASES), ready: boolean, reason: nullable(text(253)),
    message: nullable(text(2_048)), privateIp: nullable(address), restartCount: count, containers: list(MAX_CONTAINERS, container), createdAt: time, startedAt: nullable(time),
  }))),
  gone: list(MAX_OBJECTS, uuid),
  placements: distinct("placementId", list(MAX_OBJECTS, object({
    placementId: uuid, term: integer(0), generation: integer(0), created: count, ready: count, updated: count, configured: optional(count),
    removed: optional(boolean), problem: optional(problem),
  }))),
  nodes: distinct("nodeId", list(MAX_NODES, object({ nodeId: uuid, status: oneOf(CLUSTER_NODE_STATUSES) }))),
  services: optional(distinct("serviceId", list(MAX_OBJECTS, object({
    serviceId: uuid, term: integer(0), generation: integer(0), removed: optional(boolean), problem: optional(problem),
  })))),
  events: optional(distinct("id", list(EVENTS_LIMIT, object({
    id: uuid, at: time, type: oneOf(EVENT_TYPES), reason: matching(REASON), message: text(1_024), count: integer(1), firstAt: time, object: eventObject, faultId: optional(uuid),
  })))),
});

/** When a window begins. */
const windowTime: Check = (value, path) => time(value, path) ?? ((value as number) % SAMPLE_MS === 0 ? null : `${path} is not the beginning of a window`);
/** What is in the records is looked at when they are decoded. */
const records: Check = (value, path) => (typeof value === "string" && value.length <= MAX_RECORDS && value.length % 4 === 0 ? null : `${path} is no base64 of at most ${MAX_RECORDS} characters`);

const samples = object({
  clusterId: uuid, at: windowTime, nodes: list(MAX_NODES, uuid),
  placements: distinct("placementId", list(MAX_OBJECTS, object({ placementId: uuid, lostRps: real(0, 1e12), pods: records }))),
});

const ping = object({ clusterIds: list(MAX_PINGED, uuid), at: time });

const line: Check = (value, path) => {
  if (!Array.isArray(value) || value.length !== 3) return `${path} is no line`;
  const [at, stream, said] = value as readonly unknown[];
  const fault = time(at, `${path}[0]`) ?? oneOf(LOG_STREAMS)(stream, `${path}[1]`) ?? text(LOG_LINE_LIMIT)(said, `${path}[2]`);
  return fault ?? (/[\r\n]/.test(said as string) ? `${path}[2] has an end of a line in it` : null);
};
/** Its lines go forward in time, and not far. */
const lines: Check = (value, path) => {
  const fault = list(LOG_CHUNK_LINES, line)(value, path);
  if (fault !== null) return fault;
  const entries = value as readonly LogLineEntry[];
  const [first] = entries;
  if (first === undefined) return `${path} is empty`;
  if (entries.reduce((sum, [, , said]) => sum + said.length, 0) > 2 * LOG_BATCH_BYTES) return `${path} has more than ${2 * LOG_BATCH_BYTES} characters`;
  if (entries.some(([at], index) => index > 0 && at < (entries[index - 1] as LogLineEntry)[0])) return `${path} goes back in time`;
  return (entries.at(-1) as LogLineEntry)[0] - first[0] > CHUNK_SPAN_MS ? `${path} spans more than ${CHUNK_SPAN_MS} ms` : null;
};
const position = integer(0, Number.MAX_SAFE_INTEGER);
const logs = object({
  clusterId: uuid,
  epoch: integer(1),
  from: position,
  to: position,
  skips: optional(boolean),
  chunks: list(LOG_BATCH_CHUNKS, object({ podId: uuid, podName: name, placementId: uuid, container: name, lines })),
});
const orderedLogs: Check = (value, path) => logs(value, path) ?? ((value as { from: number }).from <= (value as { to: number }).to ? null : "to is before from");

const proof = object({ clusters: distinct("clusterId", list(PROOF_LIMIT, object({ clusterId: uuid, signature: text(128) }))) });

const terminalNumber = integer(0, MAX_SEQUENCE + 1);
const terminalOutput = object({
  clusterId: uuid, sessionId: uuid, inputTaken: terminalNumber,
  outputs: list(OUTPUT_WINDOW, object({ sequence: terminalNumber, data: text(MAX_OUTPUT) })),
});
const terminalExit = object({ clusterId: uuid, sessionId: uuid, sequence: terminalNumber, exitCode: integer(0, 255), reason: oneOf(END_REASONS) });

const CHECKS: Readonly<Record<AgentMessage["type"], Check>> = { hello, report, samples, ping, logs: orderedLogs, terminalOutput, terminalExit };

export type Checked =
  | { readonly ok: true; readonly message: AgentMessage }
  /** `clusterId`: whom the fault concerns, null where the message doesn't say. */
  | { readonly ok: false; readonly clusterId: string | null; readonly reason: string };

export function checkMessage(value: unknown): Checked {
  const message = (typeof value === "object" && value !== null ? value : {}) as { readonly type?: unknown; readonly clusterId?: unknown };
  const clusterId = uuid(message.clusterId, "") === null ? (message.clusterId as string) : null;
  if (typeof message.type !== "string" || !Object.hasOwn(CHECKS, message.type)) return { ok: false, clusterId, reason: "unknown message type" };
  const fault = CHECKS[message.type as AgentMessage["type"]](value, "");
  return fault === null ? { ok: true, message: value as AgentMessage } : { ok: false, clusterId, reason: `malformed ${message.type}: ${fault}` };
}

/** What is wrong with a proof, which comes before everything else. */
export function checkProof(value: unknown): string | null {
  const fault = proof(value, "");
  return fault === null ? null : `malformed proof: ${fault}`;
}
