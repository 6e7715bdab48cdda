import type { Lru } from "../../domain/lru.ts";
import type { Viewer } from "../../identity/viewer.ts";
import type { Changes } from "../changes.ts";
import { NO_FACTS, type PageFacts } from "../page.ts";
import type { Remembered } from "../remembered.ts";
import type { CompiledOperation } from "./shape.ts";
import type { FactsSource, PageSource, RowsSource, Source, SourceRow, TouchedBySource } from "./sources.ts";

/**
 * What a request need not read again: objects, each as its text, and lists, each as the ids and cursors that it has. They are looked up source by source:
 *
 *   page, list   known, and most of its objects are ──▶ the missing objects by their ids, or nothing
 *                else ──▶ all of it, with a page's facts
 *   ids          those that are not known
 *
 * A key says for whom (tenant, role, namespaces), what (plan, variables, shape) and which (id). What is stored is as of the look that had ended before the
 * request began.
 *
 * Where no look vouches for anything, because nobody asks often enough that looks happen by themselves, or because this process has just changed something for the tenant:
 *
 *   never asked before, or cheap ──▶ read as if nothing were remembered
 *   asked again, and dear        ──▶ a look, and what it leaves to read
 */
export type Kept = { readonly text: Uint8Array } | { readonly ids: readonly string[]; readonly cursors: readonly string[] };

export interface Memory {
  readonly changes: Changes;
  readonly store: Remembered<Kept>;
  /** By what is asked and for whom: the milliseconds that it took to read when nothing vouched. Weights are lengths of keys. */
  readonly took: Lru<string, number>;
}
/** Several times what a look takes, which may show that all has to be read after all. */
const WORTH_A_LOOK_MS = 2;

/** What is known of a source's rows, and what is left to ask. */
export interface Recalled {
  /** null: nothing. */
  readonly ask: RowsSource | null;
  /** The rows, given what was asked. */
  complete(asked: readonly SourceRow[]): readonly SourceRow[];
}

/** An object of a remembered list is gone: the list is not what it was, and has to be read. */
export class Vanished extends Error {}

/** Variables longer than this name too many things to be asked for twice. */
const MAX_VARIABLES = 2_000;

/** Whether a request may be answered from memory, and what it may then be answered from. */
export class Recall {
  readonly #memory: Memory;
  readonly #tenantId: string;
  readonly #prefix: string;

  private constructor(memory: Memory, tenantId: string, prefix: string) {
    this.#memory = memory;
    this.#tenantId = tenantId;
    this.#prefix = prefix;
  }

  /** null: it is not remembered. */
  static of(memory: Memory, plan: CompiledOperation, variables: Readonly<Record<string, unknown>>, { tenantId, role, namespaceIds }: Viewer): Recall | null {
    const values = JSON.stringify(variables);
    if (values.length > MAX_VARIABLES) return null;
    return new Recall(memory, tenantId, `${tenantId} ${role} ${namespaceIds?.join() ?? "*"} ${plan.number} ${values} `);
  }

  /** null: nothing remembered may be answered now, and nothing be stored. */
  now(): RequestMemory | null {
    return this.#as(this.#memory.changes.current(this.#tenantId));
  }

  /** The same after a look. */
  async later(): Promise<RequestMemory | null> {
    return this.#as(await this.#memory.changes.look(this.#tenantId));
  }

  get isWorthALook(): boolean {
    return (this.#memory.took.get(this.#prefix) ?? 0) >= WORTH_A_LOOK_MS;
  }

  /** All of it was read. */
  took(ms: number): void {
    this.#memory.took.set(this.#prefix, ms, this.#prefix.length);
  }

  #as(since: number | null): RequestMemory | null {
    return since === null ? null : new RequestMemory(this.#memory, this.#tenantId, since, this.#prefix);
  }
}

/** What is remembered, for one request: as of look `since`. */
export class RequestMemory {
  readonly #memory: Memory;
  readonly #tenantId: string;
  readonly #since: number;
  readonly #prefix: string;

  constructor(memory: Memory, tenantId: string, since: number, prefix: string) {
    this.#memory = memory;
    this.#tenantId = tenantId;
    this.#since = since;
    this.#prefix = prefix;
  }

  rows(source: RowsSource): Recalled {
    if (source.kind === "ids") return this.#ids(source.rows.shape.number, source);
    const list = this.#get(this.#listKey(source));
    if (!list || !("ids" in list)) return { ask: source, complete: (asked) => asked };
    const { shape, size, rows } = source.kind === "page"
      ? { shape: source.shape, size: source.plan.args.size, rows: source.shape && { bound: source.plan.connection.bound, shape: source.shape } }
      : { shape: source.rows.shape, size: list.ids.length, rows: source.rows };
    // The one beyond the page only says that there is another.
    const shown = list.ids.slice(0, size);
    const { ask, complete } = shape && rows ? this.#ids(shape.number, { kind: "ids", rows, from: rows.bound.entity.from, ids: shown }) : NOTHING;
    if (ask?.kind === "ids" && ask.ids.length * 2 > shown.length) return { ask: source, complete: (asked) => asked };
    return {
      ask,
      complete: (asked) => {
        const objects = new Map(complete(asked).map(({ id, object }) => [id, object]));
        if (shape && objects.size < shown.length) throw new Vanished();
        return list.ids.map((id, index) => ({ id, object: objects.get(id) ?? null, cursor: list.cursors[index] ?? null }));
      },
    };
  }

  /** What is known of a page, where that is all that it is made of but some objects: null where it has to be read, so that all of it is of one moment. */
  page(views: readonly PageSource[], facts: FactsSource | null): { readonly rows: Recalled; readonly facts: PageFacts } | null {
    const [view] = views;
    if (views.length > 1) return null;
    const known = facts ? this.#facts(facts) : NO_FACTS;
    const rows = view ? this.rows(view) : NOTHING;
    return known === null || rows.ask?.kind === "page" ? null : { rows, facts: known };
  }

  #facts(source: FactsSource): PageFacts | null {
    const kept = this.#get(this.#listKey(source));
    return kept && "text" in kept ? (JSON.parse(Buffer.from(kept.text).toString()) as PageFacts) : null;
  }

  keepRows(source: RowsSource, { list, objects }: TouchedBySource, rows: readonly SourceRow[], timed: boolean): void {
    if (source.kind !== "ids" && !timed && list.dependencies) {
      this.#set(this.#listKey(source), { ids: rows.map(({ id }) => id), cursors: rows.flatMap(({ cursor }) => cursor ?? []) }, list.dependencies(""));
    }
    const shape = source.kind === "page" ? source.shape : source.rows.shape;
    const dependencies = objects?.dependencies;
    if (!shape || !dependencies) return;
    for (const { id, object } of rows) if (object) this.#set(`${this.#prefix}${shape.number} ${id}`, { text: object }, dependencies(id));
  }

  keepFacts(source: FactsSource, { list }: TouchedBySource, facts: PageFacts): void {
    if (list.dependencies) this.#set(this.#listKey(source), { text: Buffer.from(JSON.stringify(facts)) }, list.dependencies(""));
  }

  #ids(shape: number, source: Source & { kind: "ids" }): Recalled {
    if (source.from !== source.rows.bound.entity.from) return { ask: source, complete: (asked) => asked };
    const known: SourceRow[] = [];
    const missing: string[] = [];
    for (const id of source.ids) {
      const kept = this.#get(`${this.#prefix}${shape} ${id}`);
      if (kept && "text" in kept) known.push({ id, object: kept.text, cursor: null });
      else missing.push(id);
    }
    return { ask: missing.length === 0 ? null : { ...source, ids: missing }, complete: (asked) => (asked.length === 0 ? known : [...known, ...asked]) };
  }

  #listKey(source: Source): string {
    switch (source.kind) {
      case "page":
        return `${this.#prefix}page ${source.plan.connection.number} ${source.cursors}`;
      case "facts":
        return `${this.#prefix}facts ${source.plan.connection.number}`;
      default:
        return `${this.#prefix}list ${source.kind === "list" ? source.rows.shape.number : ""}`;
    }
  }

  #get(key: string): Kept | undefined {
    return this.#memory.store.get(key, this.#tenantId, this.#memory.changes, this.#since);
  }

  #set(key: string, value: Kept, dependencies: Parameters<Remembered<Kept>["set"]>[3]): void {
    this.#memory.store.set(key, value, this.#since, dependencies);
  }
}

const NOTHING: Recalled = { ask: null, complete: () => [] };
