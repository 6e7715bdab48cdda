import type { MetadataStorage } from "@mikro-orm/postgresql";
import type { GraphQLSchema } from "graphql";
import type { Pool } from "pg";
import type { Request } from "../../schema/shared/mapping/kinds.ts";
import type { Clock } from "../domain/clock.ts";
import { STALE_AFTER_SECONDS } from "../domain/states.ts";
import { createLru } from "../domain/lru.ts";
import { scopeSettings } from "../database/scope.ts";
import type { Viewer } from "../identity/viewer.ts";
import { type OperationReads, type ReaderChoice, type Way, WAYS } from "./answer.ts";
import { bind } from "./bind.ts";
import type { Changes } from "./changes.ts";
import { CompiledReads } from "./compiled/reads.ts";
import type { Kept, Memory } from "./compiled/remembering.ts";
import type { Reader } from "./index.ts";
import { Interpreter } from "./interpret.ts";
import { failedReader, MappingReader } from "./reader.ts";
import { createRemembered, type Lookup, type Remembered } from "./remembered.ts";
import type { Statement } from "./render.ts";
import { type ScopeSettings, ScopedStatements } from "./scoped.ts";
import { TickedStatements } from "./tick.ts";
import { TreeRows } from "./tree.ts";

export interface ReadsOptions {
  readonly schema: GraphQLSchema;
  /** MikroORM's, discovered: `orm.getMetadata()`. */
  readonly metadata: MetadataStorage;
  /** Connections as selvedge_api. */
  readonly pool: Pool;
  readonly clock: Clock;
  /** Simulated seconds a second: what is stale is told in real time. */
  readonly speed: number;
  /** Reads that may wait for a connection. */
  readonly maxWaiting?: number;
  /** Ways that may be taken besides the interpreter; all, where nothing is said. */
  readonly ways?: readonly Way[];
  /** What remembered text is checked against; nothing is remembered without. */
  readonly changes?: Changes;
  /** Bytes that are remembered at most; 0: nothing is. */
  readonly rememberedBytes?: number;
  /** Rows that one look for records of a stream walks at most. */
  readonly scannedRecords?: number;
  /** Told of each time that something is looked for in what is remembered, for measuring. */
  readonly onLookup?: (lookup: Lookup) => void;
  /** Told of a compiled statement that Postgres did not understand: the interpreter answered, but the fault is ours. */
  readonly onFault: (error: Error) => void;
  /** Told of each group of statements that goes to the database, for measuring. */
  readonly onGroup?: (statements: readonly Statement[]) => void;
}

const REMEMBERED_BYTES = 64 * 1024 * 1024;
/** Operations of which it is known how long they took, and the length of their keys together. */
const MAX_TIMED = 10_000;
const MAX_TIMED_LENGTH = 4_000_000;

/** What reads are run with, made once a process. */
export interface Reads {
  readonly operations: OperationReads;
  /** For one operation, or one message of a subscription; the interpreter where nothing is said. */
  reader(viewer: Viewer, choice?: ReaderChoice): Reader;
  /** What is remembered now; null: nothing ever is. */
  readonly remembered: Pick<Remembered<Kept>, "size" | "bytes"> | null;
}

/** @throws where the schema's mapping names what the entities don't have */
export function createReads(options: ReadsOptions): Reads {
  const { clock, speed } = options;
  const binding = bind(options.schema, options.metadata);
  const statements = new ScopedStatements({ pool: options.pool, maxWaiting: options.maxWaiting, onGroup: options.onGroup });
  const settingsOf = (viewer: Viewer): ScopeSettings => scopeSettings({ tenantId: viewer.tenantId, namespaceIds: viewer.namespaceIds });
  const requestOf = (viewer: Viewer): Request => {
    const now = clock.now();
    return { now: new Date(now), staleBefore: new Date(now - STALE_AFTER_SECONDS * 1000 * speed), viewer };
  };
  const memory = memoryOf(options);
  const operations = new CompiledReads({ binding, statements, settingsOf, requestOf, ways: new Set(options.ways ?? WAYS), memory, onFault: options.onFault });
  return {
    operations,
    remembered: memory && memory.store,
    reader: (viewer, choice = "interpreter") => {
      if (choice instanceof Error) return failedReader(choice);
      const { role } = viewer;
      const asking = new TickedStatements(statements, settingsOf(viewer));
      const interpreter = new Interpreter({ binding, asking, role });
      const rows = choice === "mixed" ? new TreeRows({ binding, asking, role, otherwise: interpreter }) : interpreter;
      return new MappingReader({ binding, asking, rows, role, request: requestOf(viewer), scannedRecords: options.scannedRecords });
    },
  };
}

function memoryOf({ changes, rememberedBytes = REMEMBERED_BYTES, onLookup }: ReadsOptions): Memory | null {
  if (!changes || rememberedBytes === 0) return null;
  return {
    changes,
    store: createRemembered<Kept>({ maxBytes: rememberedBytes, ...(onLookup ? { onLookup } : {}) }),
    took: createLru({ maxEntries: MAX_TIMED, maxWeight: MAX_TIMED_LENGTH }),
  };
}
