import { GraphQLError, type OperationDefinitionNode, type ValidatedExecutionArgs } from "graphql";
import type { Request } from "../../../schema/shared/mapping/kinds.ts";
import { createLru } from "../../domain/lru.ts";
import { RequestError } from "../../domain/request-error.ts";
import type { Viewer } from "../../identity/viewer.ts";
import type { OperationReads, ReadOutcome, Reason, Way } from "../answer.ts";
import type { Binding } from "../bind.ts";
import { NO_FACTS, type PageFacts } from "../page.ts";
import type { ByteRow, ScopedStatements, ScopeSettings } from "../scoped.ts";
import { AskedRequest } from "./asked.ts";
import { gather, type Gathering, MissingValue, type Write } from "./assemble.ts";
import { compile } from "./compile.ts";
import { NotCompiled } from "./not-compiled.ts";
import { type Input, MISSING } from "./objects.ts";
import { Pieces } from "./pieces.ts";
import { type Memory, Recall, type Recalled, type RequestMemory, Vanished } from "./remembering.ts";
import { conditionVariables } from "./selections.ts";
import type { CompiledOperation } from "./shape.ts";
import { factsOf, type FactsSource, type PageSource, rowsBySource, type RowsSource, type Source, sourceRow, type SourceRow, statementOf, type TouchedBySource } from "./sources.ts";

export interface CompiledReadsOptions {
  readonly binding: Binding;
  readonly statements: ScopedStatements;
  readonly settingsOf: (viewer: Viewer) => ScopeSettings;
  readonly requestOf: (viewer: Viewer) => Request;
  readonly ways: ReadonlySet<Way>;
  /** null: nothing is remembered. */
  readonly memory: Memory | null;
  /** Told of a statement that Postgres did not understand, or that could not be written, which is our own fault: the interpreter answers, and nobody else would notice. */
  readonly onFault: (error: Error) => void;
}

/** What is known of a document's operation; its plans are kept by its number and the values of the variables that @skip and @include ask for. */
interface Known {
  readonly number: number;
  readonly conditions: readonly string[];
}
/** query_canceled by a time-out, and transaction_timeout. */
const OUT_OF_TIME: ReadonlySet<string> = new Set(["57014", "25P04"]);
/** Of all operations together; a field of a plan is about 1 KB. */
const MAX_PLANS = 2_000;
const MAX_PLANNED_FIELDS = 60_000;

/** Runs operations the compiled way, and says which way the others go. Plans are kept, within a bound, while the transport keeps the parsed operation. */
export class CompiledReads implements OperationReads {
  readonly #options: CompiledReadsOptions;
  readonly #known = new WeakMap<OperationDefinitionNode, Known>();
  readonly #plans = createLru<string, CompiledOperation | Reason>({ maxEntries: MAX_PLANS, maxWeight: MAX_PLANNED_FIELDS });
  #operations = 0;
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
    if (!this.#options.ways.has("compiled")) return this.#other("off");
    const key = this.#planKey(execution);
    try {
      const plan = this.#planOf(key, execution);
      if (typeof plan === "string") return this.#other(plan);
      const read = (memory: RequestMemory | null): ReadOutcome | Promise<ReadOutcome> => this.#read(key, plan, execution, parent, viewer, memory);
      const recall = this.#options.memory && Recall.of(this.#options.memory, plan, execution.variableValues.coerced, viewer);
      if (recall === null) return read(null);
      const known = recall.now();
      if (known !== null) return read(known);
      return recall.isWorthALook ? recall.later().then((memory) => (memory === null ? reading(recall, read) : read(memory))) : reading(recall, read);
    } catch (error) {
      return this.#again(error);
    }
  }

  #read(key: string, plan: CompiledOperation, execution: ValidatedExecutionArgs, parent: unknown, viewer: Viewer, memory: RequestMemory | null): ReadOutcome | Promise<ReadOutcome> {
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
      if (error instanceof NotCompiled && error.reason === "large") this.#plans.set(key, "large");
      return this.#again(error);
    }
    const { statement, touched } = asked;
    return this.#options.statements.runBytes(this.#options.settingsOf(viewer), [statement]).then(
      ([rows]) => {
        try {
          gathered.come(rows as ByteRow[], touched, timed);
          return answered(write, false);
        } catch (error) {
          return error instanceof Vanished ? this.#read(key, plan, execution, parent, viewer, null) : this.#again(error);
        }
      },
      (error: Error & { readonly code?: string }) => {
        // It was ended because it took too long: whoever asks again gets it level by level.
        if (error.code !== undefined && OUT_OF_TIME.has(error.code)) this.#plans.set(key, "large");
        const outcome = this.#failed(error);
        // Once is enough to know.
        if ("reason" in outcome && outcome.reason === "statement") this.#plans.set(key, "statement");
        return outcome;
      },
    );
  }

  #planKey({ document, operation, variableValues }: ValidatedExecutionArgs): string {
    let known = this.#known.get(operation);
    if (!known) {
      this.#operations += 1;
      this.#known.set(operation, (known = { number: this.#operations, conditions: conditionVariables(document) }));
    }
    return known.conditions.length === 0 ? String(known.number) : `${known.number} ${known.conditions.map((name) => String(variableValues.coerced[name])).join()}`;
  }

  #planOf(key: string, { document, operation, variableValues }: ValidatedExecutionArgs): CompiledOperation | Reason {
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      this.#drawn += 1;
      plan = draw({ binding: this.#options.binding, document, operation, conditions: variableValues.coerced, number: this.#drawn });
      this.#plans.set(key, plan, typeof plan === "string" ? 1 : plan.weight);
    }
    return plan;
  }

  /** What can't be compiled. */
  #other(reason: Reason): ReadOutcome {
    const mixed = this.#options.ways.has("mixed") && (reason === "resolver" || reason === "mutation" || reason === "off");
    return { way: mixed ? "mixed" : "interpreter", reason, again: false };
  }

  /** What was refused before there was a statement, or has no value that it must have. */
  #again(error: unknown): ReadOutcome {
    if (error instanceof NotCompiled) return this.#other(error.reason);
    if (error instanceof MissingValue) return { way: "interpreter", reason: "null", again: true };
    if (error instanceof RequestError || error instanceof GraphQLError) return { way: "interpreter", reason: "argument", again: true };
    this.#options.onFault(error as Error);
    return { way: "interpreter", reason: "statement", again: true };
  }

  /** Only what the statement's own values can be the reason of is run again; what failed otherwise fails in any way. */
  #failed(error: Error & { readonly code?: string }): ReadOutcome {
    const again = (reason: Reason): ReadOutcome => ({ way: "interpreter", reason, again: true });
    switch (error.code?.slice(0, 2)) {
      case "22":
        return again(error.message.includes(`"${MISSING}`) ? "null" : "data");
      case "54":
        return again("limit");
      // No code: not Postgres said it, or the connection broke. Else it has no resources, is told to stop, or has a fault of its own.
      case undefined:
      case "08":
      case "40":
      case "53":
      case "55":
      case "57":
      case "58":
      case "25":
        return { way: "compiled", failure: error };
      default:
        this.#options.onFault(error);
        return again("statement");
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

const unknown = (source: RowsSource): Recalled => ({ ask: source, complete: (asked) => asked });

/** The sources of one request: what is remembered of each, what is asked, and what came. */
class Gathered implements Gathering {
  readonly input: Input;
  /** What is to be asked. */
  readonly sources: Source[] = [];
  readonly #memory: RequestMemory | null;
  #came: readonly (readonly SourceRow[] | PageFacts)[] = [];
  #asked = 0;

  constructor(input: Input, memory: RequestMemory | null) {
    this.input = input;
    this.#memory = memory;
  }

  /** Whether there was something to know, and it was all known. */
  get recalled(): boolean {
    return this.#asked > 0 && this.sources.length === 0;
  }

  rows(source: Source & { kind: "list" | "ids" }): () => readonly SourceRow[] {
    this.#asked += 1;
    return this.#completed(this.#memory?.rows(source) ?? unknown(source));
  }

  page(views: readonly PageSource[], facts: FactsSource | null): ReturnType<Gathering["page"]> {
    this.#asked += 1;
    const known = this.#memory?.page(views, facts);
    if (known) return { views: [this.#completed(known.rows)], facts: () => known.facts };
    const index = facts && this.sources.push(facts) - 1;
    return { views: views.map((view) => this.#completed(unknown(view))), facts: () => (index === null ? NO_FACTS : (this.#came[index] as PageFacts)) };
  }

  #completed({ ask, complete }: Recalled): () => readonly SourceRow[] {
    if (ask === null) return () => complete([]);
    const index = this.sources.push(ask) - 1;
    return () => complete(this.#came[index] as readonly SourceRow[]);
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
