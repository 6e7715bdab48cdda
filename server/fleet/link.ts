/**
 * The link: how a cluster's agent and the centre's gateway talk. One connection carries any number of clusters; every message names its own.
 *
 *   agent                                   gateway
 *     | <---- challenge (nonce, clock) ------- |   between machines only: first of all, once a connection
 *     | -- proof (signatures) ---------------> |   any number of them, each for some clusters
 *     | <-------- proven (who may not go on) - |   an answer for each; hello only then
 *     | -- hello (who, what it holds) -------> |   once a cluster and connection; repeated after a reconnect
 *     | <------ welcome (term, position) ----- |   or refuse
 *     | <------ assign (objects, templates) -- |   whatever the agent does not hold in its newest generation; tombstones too
 *     | -- report (epoch, seq, changes) -----> |   numbered by one; at most REPORT_WINDOW without an ack
 *     | <------ ack (epoch, seq) ------------- |   after the batch and its number were committed in one transaction
 *     | -- samples (at, pods' metrics) ------> |   of a window; at most SAMPLES_WINDOW without an answer
 *     | <------ sampled (at) ----------------- |   after they were stored
 *     | -- ping -----> <----- pong ----------- |   every PING_INTERVAL_MS when nothing else was sent
 *     | -- logs (epoch, from, to) -----------> |   where the gateway takes them; one at a time, a cluster
 *     | <------ logsAck (epoch, position) ---- |   where the agent is to go on: after the lines and that position were committed in one transaction
 *
 * Invariants
 * - The agent stores an assignment, and the report that confirms it, durably before the report leaves. The centre stores a report and its
 *   number in one transaction. So either side may be killed at any moment, and every report counts exactly once.
 * - Assignments are ordered by (term, generation). An agent never replaces an object by an older pair; it confirms the pair that it holds.
 *   A term is a life of the centre's database: a centre restored from a backup takes a higher term, which outranks all old generations.
 *   One that learns from `hello` that the agent knows a later term than its own outranks that too, for this cluster: an agent that lies
 *   about it changes nothing for any other.
 * - Reports are ordered by (epoch, seq). An epoch is a life of the agent's store. An agent that learns from `welcome` that the centre
 *   acknowledged more than it holds (its store was restored or lost) starts a new epoch and sends its whole state: reports with `full`
 *   set, the last of them with `fullEnds`; pods that the new epoch did not name by then are gone.
 * - The centre never commands a pod. It says what should be; names, nodes, addresses, restarts and replacements are the agent's.
 * - Unknown fields are ignored, unknown message types are answered by `refuse` and nothing else: that is how versions live together. What came after the first version is sent only to
 *   a side whose hello or welcome says that it `takes` it.
 * - A cluster answers to one agent: a hello from another store is refused while the one before is heard from, and takes the cluster over
 *   once that was silent for the stale time. Two fleets that believe to be the same clusters can't undo each other's work.
 * - Configuration (contents of ConfigMaps and Secrets) travels like templates, beside the assignments that name it, once each; but sealed to the
 *   key that the cluster said hello with, and kept so by the agent. What can't be opened or carried out is reported as the object's `problem`,
 *   with the pair that it was found in: the object is held, and works as far as it can.
 * - What happened on a cluster travels as events, in the order in which they are told, each once: they are kept by the agent until a report with them is acknowledged. Of what
 *   waits, EVENT_BUFFER events are kept at most; where older ones had to go, one event says how many. A repeat is another event, with a raised count; an
 *   event that no report had is raised itself.
 * - Between machines a cluster's messages count once its key was proven on their connection, and until the key is revoked. Inside one process
 *   both ends are the same program, and trust each other.
 * - A ping vouches for the clusters that it names: that the centre has what they have to say, but for what is on its way. So it leaves out a cluster of which something has waited
 *   to be told, or for its report's ack, longer than VOUCH_LIMIT_MS, however well the connection does, and one that the centre has not caught up with since the welcome (agent/vouching.ts).
 * - A report vouches for its cluster as it was when the report was made, `more` for nothing; a hello for nothing either: what is shown stays as old as it is.
 *   A ping vouches for the moment `at` which it was sent: the clocks of both sides have to agree within seconds.
 * - Faults are for whoever simulates a cluster, and carries them out beside its agent. They go to the connection that the cluster last said hello on, also while the cluster is
 *   cut off: how else could that end early? Those of a cluster that has said hello on none, for it was cut off before, go to all; who does not simulate it ignores them.
 *   All that are in force are named each time; what is not named has ended. What has ended does not begin again. A real agent ignores them.
 * - Terminals are between a person and a container; the agent has them in its memory, the centre what was typed and shown. What is typed is numbered down, what is shown is
 *   numbered up, from 1; each side says up to which number it has it (`inputTaken`, `stored`), sends again after a welcome what the other has not, and ignores what comes
 *   twice. `limit` is the highest number that may be shown: nobody holds more than a reader wants. What the centre does not know, or has ended, it answers with
 *   `terminalClose`; what the agent does not know any more, with `terminalExit`. What is typed and shown is secret: it is in no log.
 * - A service is an object like a placement. Its endpoints are the ready pods of its application, which the agent knows by itself.
 * - Lines of logs have positions of their own, which begin anew with each epoch. A batch is stored where it follows what is stored, else the answer says where to go on.
 *   An agent keeps LOG_BUFFER_BYTES of them at most; of older ones that had to go, lines of the platform's own say how many, and of when.
 * - Samples are what was measured in a window of the clock, the same windows for all, and known by (cluster, window): stored once, however often they are sent. They are kept
 *   in memory until they are answered, so many windows at most; windows that were not measured or kept are gaps. One that comes too late to be stored is answered all the same.
 * - Times are milliseconds of the simulation's clock, which is the wall clock where the speed is 1.
 */
import type { PodTemplate } from "../domain/pod-template.ts";
import type { PriceSheet } from "../domain/fleet.ts";
import type { LogBatch, LogPosition } from "../domain/logs.ts";
import type { AssignmentKind, PlacementSpec } from "../domain/placement.ts";
import type { ContainerStatus } from "../domain/pod.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { TerminalEndReason } from "../domain/terminal-rules.ts";
import type { ClusterNodeStatus, ClusterTier, DisconnectMode, EventType, FaultKind, Isp, PodPhase } from "../domain/states.ts";

export type { ConfigUse, PlacementSpec } from "../domain/placement.ts";
export type { ServiceSpec } from "../domain/service.ts";

/** Versions of the protocol that this program speaks, best first. */
export const LINK_PROTOCOLS: readonly number[] = [1];
/** Types of messages beyond those of the first version that this program's agents, and its gateway, take. */
export const AGENT_TAKES: readonly string[] = ["logsAck", "sampled", "terminalOpen", "terminalInput", "terminalResize", "terminalClose", "terminalAck"];
export const GATEWAY_TAKES: readonly string[] = ["logs", "samples", "terminalOutput", "terminalExit"];
/** Unacknowledged reports an agent may have under way. */
export const REPORT_WINDOW = 4;
/** Pods in one report, and objects in one assign, at most. */
export const BATCH_LIMIT = 500;
/** Objects the gateway may have sent without a confirmation, a cluster. */
export const ASSIGN_WINDOW = 1_000;
/** Wall-clock milliseconds. */
export const PING_INTERVAL_MS = 5_000;
export const VOUCH_LIMIT_MS = 10_000;
/** Events that a cluster keeps for the centre, and those of one report, at most. */
export const EVENT_BUFFER = 10_000;
export const EVENTS_LIMIT = 500;
/** Characters of lines that a cluster keeps for the centre, and those of one batch, about; and the sources and lines of a batch, at most. */
export const LOG_BUFFER_BYTES = 128 * 1_024;
export const LOG_BATCH_BYTES = 64 * 1_024;
export const LOG_BATCH_CHUNKS = 1_000;
export const LOG_CHUNK_LINES = 1_000;
/** Windows of samples that a cluster may have under way. */
export const SAMPLES_WINDOW = 4;
/** Signatures in one proof, at most. */
export const PROOF_LIMIT = 500;
/** Bytes that wait to be sent beyond which a side makes nothing more for this connection until they have drained. */
export const HIGH_WATER_BYTES = 4 * 1_024 * 1_024;

// ---------------------------------------------------------------- agent → gateway

export interface Hello {
  readonly type: "hello";
  readonly clusterId: string;
  /** Protocol versions the agent speaks, best first. */
  readonly protocols: readonly number[];
  /** Names the life of the agent's store: the same after every restart, another one once the store was lost. */
  readonly store: string;
  readonly description: ClusterDescription;
  /** The highest that the agent was ever told, 0 for none. */
  readonly term: number;
  readonly epoch: number;
  /** The newest report that the agent has made, 0 for none; it still holds all that were not acknowledged. */
  readonly lastSeq: number;
  readonly holds: readonly HeldObject[];
  /** Hashes of the templates that it has. */
  readonly templates: readonly string[];
  /** The cluster's public key (X25519, 32 bytes in base64): what configuration is sealed to. Absent where it can take none. */
  readonly sealingKey?: string;
  /** Names of the contents that it has, and can open. What is not named is to be sent with the next object that names it. */
  readonly contents?: readonly string[];
  /** Types of messages that it takes, beyond those of the first version. */
  readonly takes?: readonly string[];
}

/** An object that lacks contents which it names is left out, so that it is sent again, with them. */
export interface HeldObject {
  /** A placement where it is absent. */
  readonly kind?: AssignmentKind;
  readonly objectId: string;
  readonly term: number;
  readonly generation: number;
  /** The content hash of its spec (domain/canonical.ts). Another one than the centre's for the same pair: one of the two went back in time. */
  readonly hash?: string;
}

export interface Report {
  readonly type: "report";
  readonly clusterId: string;
  readonly epoch: number;
  readonly seq: number;
  /** When the agent made it. */
  readonly at: number;
  /** A part of the whole state, sent at the start of an epoch. */
  readonly full?: boolean;
  readonly fullEnds?: boolean;
  /** There was more to say than it says: it does not vouch for its cluster. */
  readonly more?: boolean;
  /** The newest state of pods that changed. */
  readonly pods: readonly PodReport[];
  /** Ids of pods that are gone. */
  readonly gone: readonly string[];
  readonly placements: readonly PlacementReport[];
  readonly nodes: readonly NodeReport[];
  readonly services?: readonly ServiceReport[];
  /** In the order in which the agent tells of them. */
  readonly events?: readonly EventReport[];
}

/** Something that happened on a cluster, once and for good. */
export interface EventReport {
  /** A uuid of the agent's, the same however often it is sent. */
  readonly id: string;
  readonly at: number;
  readonly type: EventType;
  /** One word, as Kubernetes has them: e.g. BackOff, Killing, FailedScheduling. */
  readonly reason: string;
  readonly message: string;
  /** How often it has happened to the same object for the same reason, this time included. */
  readonly count: number;
  readonly firstAt: number;
  readonly object: EventObject;
  /** The fault behind it. */
  readonly faultId?: string;
  /** Of EventsLost: how many this one stands for, and when the first and the last of them were. `count` is of all that were lost. */
  readonly lost?: { readonly events: number; readonly from: number; readonly to: number };
}

/** What it happened to. A pod may be gone by the time that the centre hears of it. */
export type EventObject =
  | { readonly kind: "pod"; readonly id: string; readonly name: string; readonly placementId: string }
  | { readonly kind: "placement" | "service"; readonly id: string }
  | { readonly kind: "node"; readonly id: string; readonly name: string }
  | { readonly kind: "cluster" };

export interface PodReport {
  readonly id: string;
  readonly placementId: string;
  readonly revisionId: string;
  readonly name: string;
  /** null while no node has room. */
  readonly nodeId: string | null;
  readonly phase: PodPhase;
  readonly ready: boolean;
  /** E.g. Unschedulable, ImagePullBackOff, CrashLoopBackOff; null when all is well. */
  readonly reason: string | null;
  readonly message: string | null;
  readonly privateIp: string | null;
  readonly restartCount: number;
  readonly containers: readonly ContainerStatus[];
  readonly createdAt: number;
  readonly startedAt: number | null;
}

/** How far a placement has come, and so its confirmation: (term, generation) is what the agent holds and works on. */
export interface PlacementReport {
  readonly placementId: string;
  readonly term: number;
  readonly generation: number;
  /** Pods there are, terminating ones left out. */
  readonly created: number;
  readonly ready: number;
  /** Pods of the assigned revision. */
  readonly updated: number;
  /** Pods whose mounted files show the configuration that is assigned; terminating ones left out. All that are created, where nothing is mounted. */
  readonly configured?: number;
  /** A tombstone was carried out: no pod of it is left. */
  readonly removed?: boolean;
  /** Why it can't be carried out as assigned, a sentence; absent when it can. */
  readonly problem?: string;
}

/** That a service is as (term, generation) says. */
export interface ServiceReport {
  readonly serviceId: string;
  readonly term: number;
  readonly generation: number;
  /** A tombstone was carried out. */
  readonly removed?: boolean;
  readonly problem?: string;
}

export interface NodeReport {
  readonly nodeId: string;
  readonly status: ClusterNodeStatus;
}

export interface Ping {
  readonly type: "ping";
  readonly clusterIds: readonly string[];
  readonly at: number;
}

/** Lines that containers wrote, and the platform about them. */
export interface Logs extends LogBatch {
  readonly type: "logs";
}

/** What was measured of a cluster's pods in a window. */
export interface Samples {
  readonly type: "samples";
  readonly clusterId: string;
  /** When the window began: a multiple of SAMPLE_MS (domain/metric-times.ts). */
  readonly at: number;
  /** Ids of the cluster's nodes; records name them by their index here. */
  readonly nodes: readonly string[];
  readonly placements: readonly PlacementSamples[];
}

export interface PlacementSamples {
  readonly placementId: string;
  /** Requests a second that no pod was sent, for none was ready. */
  readonly lostRps: number;
  /** A record for each pod whose containers run (domain/metric-values.ts), in base64. */
  readonly pods: string;
}

/** What a terminal has shown, in order, and how much it has taken of what was typed. */
export interface TerminalOutputs {
  readonly type: "terminalOutput";
  readonly clusterId: string;
  readonly sessionId: string;
  readonly inputTaken: number;
  readonly outputs: readonly { readonly sequence: number; readonly data: string }[];
}

/** A terminal is over. Said behind all that it has shown: `sequence` is the next number. */
export interface TerminalExit {
  readonly type: "terminalExit";
  readonly clusterId: string;
  readonly sessionId: string;
  readonly sequence: number;
  readonly exitCode: number;
  readonly reason: TerminalEndReason;
}

export type AgentMessage = Hello | Report | Samples | Ping | Logs | TerminalOutputs | TerminalExit;

/** That the agent holds the keys of these clusters: see domain/cluster-key.ts for what is signed. */
export interface Proof {
  readonly type: "proof";
  readonly clusters: readonly { readonly clusterId: string; /** Base64. */ readonly signature: string }[];
}

// ---------------------------------------------------------------- gateway → agent

export interface Welcome {
  readonly type: "welcome";
  readonly clusterId: string;
  readonly protocol: number;
  readonly term: number;
  /** The last report that the centre has stored: an agent of that epoch goes on behind it. */
  readonly epoch: number;
  readonly ackedSeq: number;
  /** Types of messages that the gateway takes, beyond those of the first version. */
  readonly takes?: readonly string[];
}

export interface Assign {
  readonly type: "assign";
  readonly clusterId: string;
  readonly term: number;
  readonly objects: readonly AssignedObject[];
  /** By hash: only those that the agent has not said to hold. */
  readonly templates: Readonly<Record<string, PodTemplate>>;
  /** By name: contents that the agent has not said to hold, each a SealedContent as base64 of its sealed JSON. */
  readonly contents?: Readonly<Record<string, string>>;
}

/** What is sealed: all keys with their values. The additional data of the seal are the content's name. */
export interface SealedContent {
  readonly entries: readonly { readonly key: string; readonly value: string }[];
}

export type AssignedObject = AssignedPlacement | AssignedService;

interface Assigned<Kind extends AssignmentKind, Spec> {
  readonly objectId: string;
  readonly kind: Kind;
  readonly generation: number;
  /** null: a tombstone, remove it and everything it made. */
  readonly spec: Spec | null;
}
export type AssignedPlacement = Assigned<"placement", PlacementSpec>;
export type AssignedService = Assigned<"service", ServiceSpec>;

export interface Ack {
  readonly type: "ack";
  readonly clusterId: string;
  readonly epoch: number;
  readonly seq: number;
}

/** How far the centre has the cluster's lines, whatever the batch was that it answers. */
export interface LogsAck extends LogPosition {
  readonly type: "logsAck";
  readonly clusterId: string;
}

/** The samples of this window need not be sent again. */
export interface Sampled {
  readonly type: "sampled";
  readonly clusterId: string;
  readonly at: number;
}

/** The answer to a proof: which of its clusters may not go on, and why, in words. */
export interface Proven {
  readonly type: "proven";
  readonly refused: readonly {
    readonly clusterId: string;
    readonly reason: string;
    /** It was proven with a key that was revoked: only with another one can it come back. */
    readonly revoked?: boolean;
  }[];
}

/** All faults that are in force on a cluster, or are to begin. */
export interface Faults {
  readonly type: "faults";
  readonly clusterId: string;
  readonly faults: readonly FaultOrder[];
}

export interface FaultOrder {
  readonly id: string;
  readonly kind: FaultKind;
  /** Of FAIL_NODE, and where SLOW_IMAGE_PULL and RECLAIM_SPOT concern one node only. */
  readonly nodeId?: string;
  /** Of CRASH_POD. */
  readonly podId?: string;
  /** Of DISCONNECT_CLUSTER. */
  readonly mode?: DisconnectMode;
  /** What chance decides within it follows from this. */
  readonly seed: number;
  readonly startsAt: number;
  readonly endsAt: number;
}

export interface Pong {
  readonly type: "pong";
  readonly at: number;
}

export interface Refuse {
  readonly type: "refuse";
  /** null: the whole connection. */
  readonly clusterId: string | null;
  readonly reason: string;
}

/** Opens a terminal (`isNew`), or goes on with one: what was typed and shown up to these numbers is here. */
export interface TerminalOpen {
  readonly type: "terminalOpen";
  readonly clusterId: string;
  readonly sessionId: string;
  readonly isNew: boolean;
  readonly podId: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly columns: number;
  readonly rows: number;
  readonly inputTaken: number;
  readonly outputStored: number;
  readonly limit: number;
}
export interface TerminalInput {
  readonly type: "terminalInput";
  readonly clusterId: string;
  readonly sessionId: string;
  readonly sequence: number;
  readonly data: string;
}
export interface TerminalResize {
  readonly type: "terminalResize";
  readonly clusterId: string;
  readonly sessionId: string;
  readonly columns: number;
  readonly rows: number;
}
export interface TerminalClose {
  readonly type: "terminalClose";
  readonly clusterId: string;
  readonly sessionId: string;
}
/** What was shown up to `stored` is stored. */
export interface TerminalAck {
  readonly type: "terminalAck";
  readonly clusterId: string;
  readonly sessionId: string;
  readonly stored: number;
  readonly limit: number;
}
export type TerminalDown = TerminalOpen | TerminalInput | TerminalResize | TerminalClose | TerminalAck;

export type GatewayMessage = Welcome | Assign | Ack | LogsAck | Sampled | Faults | Pong | Refuse | TerminalDown;

/** Asks for proofs, and says what time it is: a fleet on another machine follows the centre's clock. */
export interface Challenge {
  readonly type: "challenge";
  /** 32 random bytes in base64, another one on each connection. */
  readonly nonce: string;
  /** On the simulation's clock. */
  readonly now: number;
  /** Simulated seconds a second. */
  readonly speed: number;
}

// ---------------------------------------------------------------- what a cluster is

export interface ClusterDescription {
  readonly code: string;
  readonly name: string;
  readonly region: { readonly code: string; readonly name: string };
  readonly province: string;
  readonly city: string;
  readonly tier: ClusterTier;
  readonly isp: Isp;
  readonly latitude: number;
  readonly longitude: number;
  readonly prices: PriceSheet;
  readonly nodes: readonly NodeDescription[];
}

export interface NodeDescription {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cpuMillis: number;
  readonly memoryMiB: number;
  readonly pods: number;
}

// ---------------------------------------------------------------- transports

/** A two-way, ordered, message-framed connection. `send` never blocks; a side that sees `buffered` beyond HIGH_WATER_BYTES makes nothing more until `onDrain` has called. */
export interface LinkConnection<Out, In> {
  send(message: Out): void;
  /** Bytes that were sent and have not left; 0 where the transport has no such bound. */
  readonly buffered: number;
  /** Called each time that `buffered` falls below HIGH_WATER_BYTES again. */
  onDrain(listener: () => void): void;
  /** A listener may return a promise of being done with the message: a transport that can, reads no more while HIGH_WATER_BYTES of messages wait for that. */
  onMessage(listener: (message: In) => unknown): void;
  onClose(listener: (reason: string) => void): void;
  close(reason: string): void;
}

export type AgentConnection = LinkConnection<AgentMessage, GatewayMessage>;
export type GatewayConnection = LinkConnection<GatewayMessage, AgentMessage>;

/** What the ends of an untrusted connection say before there is a hello. */
export type ProvingAgent = LinkConnection<AgentMessage | Proof, GatewayMessage | Challenge | Proven>;
export interface ProvingGateway extends LinkConnection<GatewayMessage | Challenge | Proven, AgentMessage | Proof> {
  /** Somebody is known here: until then only so much is read as a proof may need. */
  admit(): void;
}

/** The gateway's end: calls back for every fleet that dials in. */
export interface LinkListener {
  onConnection(listener: (connection: GatewayConnection) => void): void;
  close(): Promise<void>;
}

/** The best version that both sides speak; null where there is none. Whose list it is that is in order decides what is best. */
export const commonProtocol = (bestFirst: readonly number[], others: readonly number[]): number | null => bestFirst.find((version) => others.includes(version)) ?? null;

/** The fleet's end: dials until it is told to stop; a lost connection is dialled again by the caller. */
export interface LinkDialer {
  dial(): Promise<AgentConnection>;
}
