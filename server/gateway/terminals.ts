/**
 * Terminals between the store and the agents. Level-triggered: what a session needs is looked up, and sent where it was not: after a hello, when the bus says so, and
 * with every poll for what the bus lost. Which gateway an agent is connected to does not matter to anybody else.
 *
 *   down   a session that the agent was not told of is opened, or gone on with; what was typed follows in its order, as far as no number is missing
 *   up     what was shown is stored with its number in one transaction, and only then acknowledged; what comes twice is ignored
 *
 * - Of a session that has ended the agent is told to close it; of one that nobody knows, when it speaks of it.
 * - What was typed is opened here, on its way down, and what is shown is sealed on its way up: neither is kept, or logged.
 * - Every gateway looks every now and then for sessions of all clusters that may not go on.
 */
import type { Pool, PoolClient } from "pg";
import type { Logger } from "pino";
import { inPoolScope } from "../database/scope.ts";
import type { Clock } from "../domain/clock.ts";
import { EnvelopeBroken, type KeyRing } from "../domain/envelope.ts";
import { type KeptEnvelope, openText, sealText } from "../domain/terminal-envelope.ts";
import { INPUT_WINDOW, KILLED_EXIT_CODE, OUTPUT_KEPT, OUTPUT_WINDOW, TERMINAL_IDLE_MS, TERMINAL_KEPT_MS, type TerminalEndReason } from "../domain/terminal-rules.ts";
import { HIGH_WATER_BYTES, type TerminalExit, type TerminalOutputs } from "../fleet/link.ts";
import type { Bus } from "../realtime/bus.ts";
import { createLanes } from "./lanes.ts";
import type { ClusterSession } from "./session.ts";

export interface TerminalsOptions {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Simulated seconds a second. */
  readonly speed: number;
  readonly keyRing: KeyRing;
  readonly logger: Logger;
}

export interface Terminals {
  /** The cluster said hello: its agent is told of all its sessions again. */
  welcomed(session: ClusterSession): void;
  /** Its session ended. */
  left(session: ClusterSession): void;
  /** Sends what was not sent, of one cluster or of all. Looks that are asked for while one is under way are one. */
  look(clusterId?: string): Promise<void>;
  /** Resolves once it is stored. */
  receive(session: ClusterSession, message: TerminalOutputs | TerminalExit): Promise<void>;
  /** Ends those that may not go on. */
  endOverdue(): Promise<void>;
  expire(): Promise<void>;
  idle(): Promise<void>;
}

/** What the agent was told of a session. */
interface Told {
  readonly tenantId: string;
  /** Of the last input that was sent. */
  input: number;
  inputTaken: number;
  inputSentAt: number;
  size: string;
  limit: number;
}

interface Row extends KeptEnvelope {
  readonly tenant_id: string;
  readonly id: string;
  readonly cluster_id: string;
  readonly pod_id: string;
  readonly container: string;
  readonly columns: number;
  readonly rows: number;
  readonly state: "OPENING" | "OPEN";
  readonly input_taken: number;
  readonly output_stored: number;
  readonly output_taken: number;
}
interface InputRow extends KeptEnvelope {
  readonly session_id: string;
  readonly sequence: number;
}

const EXPIRED_AT_A_TIME = 200;
/** What the agent had no room for it has not taken: it is sent again after so long. */
const AGAIN_MS = 1_000;

export function createTerminals({ pool, bus, clock, speed, keyRing, logger }: TerminalsOptions): Terminals {
  const clusters = new Map<string, { readonly session: ClusterSession; readonly told: Map<string, Told> }>();
  const lanes = createLanes();
  let dirty = new Set<string>();
  let looking: Promise<void> | null = null;

  const lookOnce = async (clusterIds: readonly string[]): Promise<void> => {
    if (clusterIds.length === 0) return;
    await inPoolScope(pool, { clusterIds }, async (client) => {
      const { rows } = await client.query<Row>({ name: "find-terminals", text: SESSIONS, values: [clusterIds] });
      const byCluster = Map.groupBy(rows, ({ cluster_id }) => cluster_id);
      for (const clusterId of clusterIds) tell(clusterId, byCluster.get(clusterId) ?? []);
      await sendInputs(client, rows);
    });
  };

  const tell = (clusterId: string, rows: readonly Row[]): void => {
    const cluster = clusters.get(clusterId);
    if (cluster === undefined) return;
    const { session, told } = cluster;
    const live = new Set(rows.map(({ id }) => id));
    for (const id of told.keys()) {
      if (live.has(id)) continue;
      told.delete(id);
      session.connection.send({ type: "terminalClose", clusterId, sessionId: id });
    }
    for (const row of rows) {
      const size = `${row.columns} ${row.rows}`;
      const limit = row.output_taken + OUTPUT_WINDOW;
      const known = told.get(row.id);
      if (known === undefined) {
        const command = open(row);
        if (command === null) continue;
        told.set(row.id, { tenantId: row.tenant_id, input: row.input_taken, inputTaken: row.input_taken, inputSentAt: 0, size, limit });
        session.connection.send({
          type: "terminalOpen", clusterId, sessionId: row.id, isNew: row.state === "OPENING", podId: row.pod_id, container: row.container, command, columns: row.columns, rows: row.rows,
          inputTaken: row.input_taken, outputStored: row.output_stored, limit,
        });
        continue;
      }
      if (known.size !== size) session.connection.send({ type: "terminalResize", clusterId, sessionId: row.id, columns: row.columns, rows: row.rows });
      if (limit > known.limit) session.connection.send({ type: "terminalAck", clusterId, sessionId: row.id, stored: row.output_stored, limit });
      if (known.inputTaken !== row.input_taken) known.inputTaken = row.input_taken;
      else if (known.input > row.input_taken && performance.now() - known.inputSentAt > AGAIN_MS) known.input = row.input_taken;
      known.size = size;
      known.limit = Math.max(known.limit, limit);
    }
  };

  /** null: its key is not known here. */
  const open = (row: Row): readonly string[] | null => {
    try {
      return JSON.parse(openText(keyRing, row, { tenantId: row.tenant_id, sessionId: row.id, what: "command", sequence: 0 })) as string[];
    } catch (error) {
      if (!(error instanceof EnvelopeBroken)) throw error;
      logger.error({ err: error, sessionId: row.id }, "a terminal can't be opened: is its key among the encryption keys?");
      return null;
    }
  };

  const sendInputs = async (client: PoolClient, rows: readonly Row[]): Promise<void> => {
    const known = rows.flatMap((row) => {
      const cluster = clusters.get(row.cluster_id);
      const told = cluster?.told.get(row.id);
      return cluster === undefined || told === undefined || cluster.session.connection.buffered > HIGH_WATER_BYTES ? [] : [{ row, told, session: cluster.session }];
    });
    if (known.length === 0) return;
    const values = [known.map(({ row }) => row.tenant_id), known.map(({ row }) => row.id), known.map(({ told }) => told.input), INPUT_WINDOW];
    const { rows: inputs } = await client.query<InputRow>({ name: "find-terminal-input", text: INPUTS, values });
    const bySession = Map.groupBy(inputs, ({ session_id }) => session_id);
    for (const { row, told, session } of known) {
      for (const input of bySession.get(row.id) ?? []) {
        // A gap waits.
        if (input.sequence !== told.input + 1) break;
        const data = openText(keyRing, input, { tenantId: row.tenant_id, sessionId: row.id, what: "input", sequence: input.sequence });
        session.connection.send({ type: "terminalInput", clusterId: row.cluster_id, sessionId: row.id, sequence: input.sequence, data });
        told.input = input.sequence;
        told.inputSentAt = performance.now();
      }
    }
  };

  const look = (clusterId?: string): Promise<void> => {
    for (const id of clusterId === undefined ? clusters.keys() : [clusterId]) if (clusters.has(id)) dirty.add(id);
    looking ??= (async () => {
      while (dirty.size > 0) {
        const some = [...dirty];
        dirty = new Set();
        await lookOnce(some);
      }
    })().finally(() => (looking = null));
    return looking;
  };

  const close = (session: ClusterSession, sessionId: string): void => {
    clusters.get(session.clusterId)?.told.delete(sessionId);
    session.connection.send({ type: "terminalClose", clusterId: session.clusterId, sessionId });
  };

  const store = async (session: ClusterSession, { sessionId, inputTaken, outputs }: TerminalOutputs): Promise<void> => {
    const { clusterId } = session;
    const now = new Date(clock.now());
    const done = await inPoolScope(pool, { clusterIds: [clusterId] }, async (client) => {
      const { rows } = await client.query<Locked>({ name: "lock-terminal", text: LOCK, values: [clusterId, sessionId] });
      const [row] = rows;
      if (row === undefined) return null;
      let stored = row.output_stored;
      const fresh: { readonly sequence: number; readonly data: string }[] = [];
      for (const output of outputs) {
        if (output.sequence !== stored + 1 || stored >= row.output_taken + OUTPUT_WINDOW) continue;
        fresh.push(output);
        stored = output.sequence;
      }
      const sealed = fresh.map(({ sequence, data }) => sealText(keyRing, data, { tenantId: row.tenant_id, sessionId, what: "output", sequence }));
      const taken = Math.max(row.input_taken, Math.min(inputTaken, row.input_taken + INPUT_WINDOW));
      await client.query({
        name: "store-terminal", text: STORE,
        values: [row.tenant_id, sessionId, stored, taken, now, clusterId, fresh.map(({ sequence }) => sequence), sealed.map(({ keyId }) => keyId), sealed.map(({ wrappedKey }) => Buffer.from(wrappedKey)), sealed.map(({ ciphertext }) => Buffer.from(ciphertext))],
      });
      // Seldom: each time that so many more were shown.
      if (Math.floor(stored / OUTPUT_WINDOW) > Math.floor(row.output_stored / OUTPUT_WINDOW)) {
        await client.query({ name: "forget-terminal-output", text: FORGET, values: [row.tenant_id, sessionId, Math.min(stored, row.output_taken) - OUTPUT_KEPT] });
      }
      return { stored, limit: row.output_taken + OUTPUT_WINDOW, hasShown: fresh.length > 0, hasTaken: taken > row.input_taken };
    });
    if (done === null) return close(session, sessionId);
    if (done.hasShown) bus.publish("terminalOutput", sessionId);
    if (outputs.length > 0) session.connection.send({ type: "terminalAck", clusterId, sessionId, stored: done.stored, limit: done.limit });
  };

  const end = async (session: ClusterSession, { sessionId, sequence, exitCode, reason }: TerminalExit): Promise<void> => {
    const { clusterId } = session;
    const outcome = await inPoolScope(pool, { clusterIds: [clusterId] }, async (client) => {
      const values = [clusterId, sessionId, new Date(clock.now()), exitCode, reason satisfies TerminalEndReason, sequence - 1];
      if ((await client.query({ name: "end-terminal", text: END, values })).rowCount === 1) return "ended";
      return (await client.query({ name: "lock-terminal", text: LOCK, values: [clusterId, sessionId] })).rowCount === 1 ? "ahead" : "over";
    });
    // Something that it has shown is not stored: the agent says all of it again after its next hello.
    if (outcome === "ahead") return;
    if (outcome === "ended") bus.publish("terminalOutput", sessionId);
    close(session, sessionId);
  };

  return {
    welcomed: (session) => {
      if (!session.takes.has("terminalOpen")) return;
      clusters.set(session.clusterId, { session, told: new Map() });
    },
    left: (session) => {
      if (clusters.get(session.clusterId)?.session === session) clusters.delete(session.clusterId);
    },
    look,
    receive: (session, message) => lanes.run(message.sessionId, () => (message.type === "terminalExit" ? end(session, message) : store(session, message))),
    endOverdue: async () => {
      const now = clock.now();
      const values = [new Date(now), new Date(now - TERMINAL_IDLE_MS * speed), KILLED_EXIT_CODE];
      const { rows } = await pool.query<{ id: string; cluster_id: string }>({ name: "end-terminals", text: "select id, cluster_id from app.end_terminals($1, $2, $3)", values });
      for (const { id, cluster_id: clusterId } of rows) {
        bus.publish("terminalOutput", id);
        bus.publish("terminalInput", clusterId);
      }
    },
    expire: async () => {
      await pool.query("select app.expire_terminals($1, $2)", [new Date(clock.now() - TERMINAL_KEPT_MS * speed), EXPIRED_AT_A_TIME]);
    },
    idle: () => lanes.idle(),
  };
}

interface Locked {
  readonly tenant_id: string;
  readonly input_taken: number;
  readonly output_stored: number;
  readonly output_taken: number;
}

const SESSIONS = /* sql */ `
select tenant_id, id, cluster_id, pod_id, container, columns, rows, state, key_id, wrapped_key, ciphertext, input_taken, output_stored, output_taken
from terminal_session where cluster_id = any ($1::uuid[]) and state <> 'ENDED' order by id`;

const INPUTS = /* sql */ `
select i.session_id, i.sequence, i.key_id, i.wrapped_key, i.ciphertext
from unnest($1::uuid[], $2::uuid[], $3::int[]) as wanted (tenant_id, session_id, after)
cross join lateral (
  select * from terminal_input t where t.tenant_id = wanted.tenant_id and t.session_id = wanted.session_id and t.sequence > wanted.after order by t.sequence limit $4) i
order by i.session_id, i.sequence`;

const LOCK = /* sql */ `
select tenant_id, input_taken, output_stored, output_taken from terminal_session where cluster_id = $1 and id = $2 and state <> 'ENDED' for no key update`;

const STORE = /* sql */ `
with shown as (
  insert into terminal_output (tenant_id, session_id, sequence, cluster_id, key_id, wrapped_key, ciphertext)
  select $1, $2, o.sequence, $6, o.key_id, o.wrapped_key, o.ciphertext from unnest($7::int[], $8::text[], $9::bytea[], $10::bytea[]) as o (sequence, key_id, wrapped_key, ciphertext)),
taken as (delete from terminal_input where tenant_id = $1 and session_id = $2 and sequence <= $4)
update terminal_session set state = 'OPEN', output_stored = $3, input_taken = $4, active_at = $5 where tenant_id = $1 and id = $2`;

const FORGET = `delete from terminal_output where tenant_id = $1 and session_id = $2 and sequence <= $3`;

const END = /* sql */ `
update terminal_session set state = 'ENDED', ended_at = $3, exit_code = $4, end_reason = $5
where cluster_id = $1 and id = $2 and state <> 'ENDED' and output_stored = $6`;
