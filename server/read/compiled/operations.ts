import type { OperationDefinitionNode, ValidatedExecutionArgs } from "graphql";
import type { Request } from "../../../schema/shared/mapping/kinds.ts";
import type { Viewer } from "../../identity/viewer.ts";
import type { OperationReads, ReadOutcome, Reason, Way } from "../answer.ts";
import type { Binding } from "../bind.ts";
import type { ByteRow, ScopedStatements, ScopeSettings } from "../scoped.ts";
import { gather, MissingValue, type Write } from "./assemble.ts";
import { compile, conditionVariables, NotCompiled } from "./compile.ts";
import { MISSING } from "./objects.ts";
import { Pieces } from "./pieces.ts";
import type { CompiledOperation } from "./shape.ts";
import { rowsBySource, type Source, statementOf } from "./sources.ts";

export interface CompiledReadsOptions {
  readonly binding: Binding;
  readonly statements: ScopedStatements;
  readonly settingsOf: (viewer: Viewer) => ScopeSettings;
  readonly requestOf: (viewer: Viewer) => Request;
  readonly ways: ReadonlySet<Way>;
  /** Told of a statement that Postgres did not understand, which is our own fault: the interpreter answers, and nobody else would notice. */
  readonly onFault: (error: Error) => void;
}

/** Plans of one document's operation: by the values that @skip and @include have. */
interface Plans {
  readonly conditions: readonly string[];
  readonly byConditions: Map<string, CompiledOperation | Reason>;
}
/** Each is asked for by a caller: beyond that many, one that is asked for again is drawn again. */
const MAX_PLANS = 32;

/**
 * Runs operations the compiled way, and says which way the others go. Plans are kept with the parsed operation, hence as long as the transport keeps
 * its document.
 */
export class CompiledReads implements OperationReads {
  readonly #options: CompiledReadsOptions;
  readonly #plans = new WeakMap<OperationDefinitionNode, Plans>();

  constructor(options: CompiledReadsOptions) {
    this.#options = options;
  }

  query(execution: ValidatedExecutionArgs, viewer: Viewer): ReadOutcome | Promise<ReadOutcome> {
    return this.#run(execution, undefined, viewer);
  }

  message(execution: ValidatedExecutionArgs, message: unknown, viewer: Viewer): ReadOutcome | Promise<ReadOutcome> {
    return this.#run(execution, message, viewer);
  }

  #run(execution: ValidatedExecutionArgs, parent: unknown, viewer: Viewer): ReadOutcome | Promise<ReadOutcome> {
    const plan = this.#options.ways.has("compiled") ? this.#planOf(execution) : "off";
    if (typeof plan === "string") return this.#other(plan);
    const input = { binding: this.#options.binding, request: this.#options.requestOf(viewer), role: viewer.role, variables: execution.variableValues };
    const sources: Source[] = [];
    let groups: readonly (readonly ByteRow[])[] = [];
    let write: Write;
    let statement;
    try {
      const gathering = {
        input,
        source: (source: Source): (() => readonly ByteRow[]) => {
          const index = sources.push(source) - 1;
          return () => groups[index] as readonly ByteRow[];
        },
      };
      write = gather(gathering, plan.fields, parent);
      if (sources.length === 0) return answered(write);
      statement = statementOf(sources, input);
    } catch (error) {
      return this.#again(error);
    }
    return this.#options.statements.runBytes(this.#options.settingsOf(viewer), [statement]).then(
      ([rows]) => {
        groups = rowsBySource(rows as ByteRow[], sources.length);
        try {
          return answered(write);
        } catch (error) {
          return this.#again(error);
        }
      },
      (error: unknown) => this.#failed(error as Error & { readonly code?: string }),
    );
  }

  #planOf({ document, operation, variableValues }: ValidatedExecutionArgs): CompiledOperation | Reason {
    let plans = this.#plans.get(operation);
    if (!plans) this.#plans.set(operation, (plans = { conditions: conditionVariables(document), byConditions: new Map() }));
    const { conditions, byConditions } = plans;
    const key = conditions.length === 0 ? "" : conditions.map((name) => String(variableValues.coerced[name])).join();
    let plan = byConditions.get(key);
    if (plan === undefined) {
      plan = draw({ binding: this.#options.binding, document, operation, conditions: variableValues.coerced });
      if (byConditions.size >= MAX_PLANS) byConditions.clear();
      byConditions.set(key, plan);
    }
    return plan;
  }

  /** What can't be compiled. */
  #other(reason: Reason): ReadOutcome {
    const mixed = this.#options.ways.has("mixed") && reason !== "introspection" && reason !== "large";
    return { way: mixed ? "mixed" : "interpreter", reason, again: false };
  }

  /** What was refused before there was a statement, or has no value that it must have. */
  #again(error: unknown): ReadOutcome {
    if (error instanceof NotCompiled) return this.#other(error.reason);
    return { way: "interpreter", reason: error instanceof MissingValue ? "null" : "argument", again: true };
  }

  /** Only what the statement's own values can be the reason of is run again; what failed otherwise fails in any way. */
  #failed(error: Error & { readonly code?: string }): ReadOutcome {
    const again = (reason: Reason): ReadOutcome => ({ way: "interpreter", reason, again: true });
    switch (error.code?.slice(0, 2)) {
      case "22":
        return again(error.message.includes(`"${MISSING}`) ? "null" : "data");
      case "54":
        return again("limit");
      case "42":
        this.#options.onFault(error);
        return again("statement");
      default:
        return { way: "compiled", failure: error };
    }
  }
}

function draw(options: Parameters<typeof compile>[0]): CompiledOperation | Reason {
  try {
    return compile(options);
  } catch (error) {
    if (error instanceof NotCompiled) return error.reason;
    throw error;
  }
}

function answered(write: Write): ReadOutcome {
  const out = new Pieces().literal('{"data":');
  write(out);
  return { way: "compiled", text: out.literal("}").text(), remembered: false };
}
