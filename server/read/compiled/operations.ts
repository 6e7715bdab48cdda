import type { OperationDefinitionNode, ValidatedExecutionArgs } from "graphql";
import type { Request } from "../../../schema/shared/mapping/kinds.ts";
import type { Viewer } from "../../identity/viewer.ts";
import type { OperationReads, ReadOutcome, Reason, Way } from "../answer.ts";
import type { Binding } from "../bind.ts";
import type { ByteRow, ScopedStatements, ScopeSettings } from "../scoped.ts";
import { AskedRequest } from "./asked.ts";
import { gather, type Gathering, MissingValue, type Write } from "./assemble.ts";
import { compile, conditionVariables, NotCompiled } from "./compile.ts";
import { type Input, MISSING } from "./objects.ts";
import { Pieces } from "./pieces.ts";
import { type Memory, Recall, type RequestMemory, Vanished } from "./remembering.ts";
import type { CompiledOperation } from "./shape.ts";
import { type Facts, factsOf, rowsBySource, type Source, sourceRow, type SourceRow, statementOf, type TouchedBySource } from "./sources.ts";

export interface CompiledReadsOptions {
  readonly binding: Binding;
  readonly statements: ScopedStatements;
  readonly settingsOf: (viewer: Viewer) => ScopeSettings;
  readonly requestOf: (viewer: Viewer) => Request;
  readonly ways: ReadonlySet<Way>;
  /** null: nothing is remembered. */
  readonly memory: Memory | null;
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
  #drawn = 0;

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
    const read = (memory: RequestMemory | null): ReadOutcome | Promise<ReadOutcome> => this.#read(plan, execution, parent, viewer, memory);
    const recall = this.#options.memory && Recall.of(this.#options.memory, plan, execution.variableValues.coerced, viewer);
    if (recall === null) return read(null);
    const known = recall.now();
    if (known !== null) return read(known);
    return recall.isWorthALook ? recall.later().then((memory) => (memory === null ? reading(recall, read) : read(memory))) : reading(recall, read);
  }

  #read(plan: CompiledOperation, execution: ValidatedExecutionArgs, parent: unknown, viewer: Viewer, memory: RequestMemory | null): ReadOutcome | Promise<ReadOutcome> {
    const request = new AskedRequest(this.#options.requestOf(viewer));
    const input = { binding: this.#options.binding, request, role: viewer.role, variables: execution.variableValues };
    const gathered = new Gathered(input, memory);
    let write: Write;
    let timed: boolean;
    let asked: ReturnType<typeof statementOf>;
    try {
      write = gather(gathered, plan.fields, parent);
      if (gathered.sources.length === 0) return answered(write, gathered.recalled);
      timed = request.asked > 0;
      asked = statementOf(gathered.sources, input, memory !== null);
    } catch (error) {
      return this.#again(error);
    }
    const { statement, touched } = asked;
    return this.#options.statements.runBytes(this.#options.settingsOf(viewer), [statement]).then(
      ([rows]) => {
        try {
          gathered.come(rows as ByteRow[], touched, timed);
          return answered(write, false);
        } catch (error) {
          return error instanceof Vanished ? this.#read(plan, execution, parent, viewer, null) : this.#again(error);
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
      this.#drawn += 1;
      plan = draw({ binding: this.#options.binding, document, operation, conditions: variableValues.coerced, number: this.#drawn });
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

/** Reads all of it, and notes what that takes. */
function reading(recall: Recall, read: (memory: null) => ReadOutcome | Promise<ReadOutcome>): ReadOutcome | Promise<ReadOutcome> {
  const began = performance.now();
  const outcome = read(null);
  if (!(outcome instanceof Promise)) return outcome;
  return outcome.then((came) => {
    if ("text" in came) recall.took(performance.now() - began);
    return came;
  });
}

function answered(write: Write, remembered: boolean): ReadOutcome {
  const out = new Pieces().literal('{"data":');
  write(out);
  return { way: "compiled", text: out.literal("}").text(), remembered };
}

type RowsSource = Exclude<Source, { kind: "facts" }>;
type FactsSource = Source & { readonly kind: "facts" };

/** The sources of one request: what is remembered of each, what is asked, and what came. */
class Gathered implements Gathering {
  readonly input: Input;
  /** What is to be asked. */
  readonly sources: Source[] = [];
  readonly #memory: RequestMemory | null;
  #came: readonly (readonly SourceRow[] | Facts)[] = [];
  #asked = 0;

  constructor(input: Input, memory: RequestMemory | null) {
    this.input = input;
    this.#memory = memory;
  }

  /** Whether there was something to know, and it was all known. */
  get recalled(): boolean {
    return this.#asked > 0 && this.sources.length === 0;
  }

  rows(source: RowsSource): () => readonly SourceRow[] {
    this.#asked += 1;
    const { ask, complete } = this.#memory?.rows(source) ?? { ask: source, complete: (asked: readonly SourceRow[]) => asked };
    if (ask === null) return () => complete([]);
    const index = this.sources.push(ask) - 1;
    return () => complete(this.#came[index] as readonly SourceRow[]);
  }

  facts(source: FactsSource): () => Facts {
    this.#asked += 1;
    const known = this.#memory?.facts(source);
    if (known) return () => known;
    const index = this.sources.push(source) - 1;
    return () => this.#came[index] as Facts;
  }

  /** What the statement gave. It is kept for others; `timed`: not the lists, since the time or the token decided what is in them. */
  come(rows: readonly ByteRow[], touched: readonly TouchedBySource[], timed: boolean): void {
    const groups = rowsBySource(rows, this.sources.length);
    this.#came = this.sources.map((source, index) => {
      const group = groups[index] as readonly ByteRow[];
      const of = touched[index];
      if (source.kind === "facts") {
        const facts = factsOf(group[0]);
        if (of && !timed) this.#memory?.keepFacts(source, of, facts);
        return facts;
      }
      const found = group.map(sourceRow);
      if (of) this.#memory?.keepRows(source, of, found, timed);
      return found;
    });
  }
}
