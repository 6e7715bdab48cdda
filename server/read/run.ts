import type { MetadataStorage } from "@mikro-orm/postgresql";
import type { GraphQLSchema } from "graphql";
import type { Pool } from "pg";
import type { Clock } from "../domain/clock.ts";
import { STALE_AFTER_SECONDS } from "../domain/states.ts";
import { scopeSettings } from "../database/scope.ts";
import type { Viewer } from "../identity/viewer.ts";
import { bind } from "./bind.ts";
import type { Reader } from "./index.ts";
import { Interpreter } from "./interpret.ts";
import type { Statement } from "./render.ts";
import { ScopedStatements } from "./scoped.ts";

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
  /** Told of each group of statements that goes to the database, for measuring. */
  readonly onGroup?: (statements: readonly Statement[]) => void;
}

/** What reads are run with, made once a process. */
export interface Reads {
  /** For one operation, or one message of a subscription. */
  reader(viewer: Viewer): Reader;
}

/** @throws where the schema's mapping names what the entities don't have */
export function createReads(options: ReadsOptions): Reads {
  const { clock, speed } = options;
  const binding = bind(options.schema, options.metadata);
  const statements = new ScopedStatements({ pool: options.pool, maxWaiting: options.maxWaiting, onGroup: options.onGroup });
  return {
    reader: (viewer) => {
      const now = clock.now();
      return new Interpreter({
        binding,
        statements,
        settings: scopeSettings({ tenantId: viewer.tenantId, namespaceIds: viewer.namespaceIds }),
        role: viewer.role,
        request: { now: new Date(now), staleBefore: new Date(now - STALE_AFTER_SECONDS * 1000 * speed), viewer },
      });
    },
  };
}
