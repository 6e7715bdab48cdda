import type { Column, Columns, ParamType, Rows, Sql, SqlPart, Table } from "../../schema/shared/mapping/sql.ts";
import { isUuid } from "../domain/ids.ts";
import { RequestError } from "../domain/request-error.ts";
import { type Binding, type BoundColumn, type BoundEntity, columnsOf, mainTable } from "./bind.ts";
import type { Touched } from "./touched.ts";

/** A statement: its text, and a value for each of its parameters, as Postgres reads them. */
export interface Statement {
  readonly text: string;
  readonly values: readonly (string | null)[];
  /** One plan fits whatever the values are, so that it is made once a connection and not for every run; absent: Postgres decides. It follows from the text. */
  readonly plannedOnce?: boolean;
}

/**
 * Planning a statement takes time and memory that grow with its sub-selects, and a prepared one keeps them: at 50 KB of text and some hundred sub-selects that is
 * half a second and 10 MB a connection.
 */
const MAX_ALIASES = 150;
const MAX_CHARACTERS = 24_000;

/** One occurrence of an entity in a statement. */
export interface Occurrence {
  readonly entity: BoundEntity;
  readonly alias: string;
  /** It is the application that the text is of, or its rows belong to that. */
  readonly owned?: boolean;
}
/** With columns of its own. */
export interface Place extends Occurrence {
  readonly columns: Columns<never>;
}

/**
 * Writes one statement. Text and values come out of the same walk, because Postgres refuses a parameter that the text does not use.
 * The main table is `t`; sub-selects and further occurrences get `t1`, `t2`, …
 */
export class StatementWriter {
  readonly #binding: Binding;
  readonly #places = new Map<Table, Occurrence>();
  readonly #values: (string | null)[] = [];
  #aliases = 0;
  #text = "";
  #inCondition = false;
  #plannedOnce = true;
  readonly #tooLarge: (() => Error) | null;
  /** Told of what is read, where somebody wants to know. */
  touched: Touched | null = null;

  /** `entity`: of the main table, where there is one. `tooLarge`: what is thrown for a statement that is not worth planning, as soon as it is seen; else any is taken. */
  constructor(binding: Binding, entity: BoundEntity | null, tooLarge: (() => Error) | null = null) {
    this.#binding = binding;
    this.#tooLarge = tooLarge;
    if (entity) this.#places.set(mainTable(entity.main), { alias: "t", entity });
  }

  /** A further occurrence of the entity, with an alias of its own. */
  place(entity: BoundEntity): Place {
    const columns = columnsOf(entity);
    const place: Place = { entity, alias: this.alias(), columns };
    this.#places.set(mainTable(columns), place);
    return place;
  }

  /** A further occurrence that conditions are said of by the entity's main columns. */
  occurrence(entity: BoundEntity, owned = false): Occurrence {
    this.touched?.table(entity, owned);
    return { entity, alias: this.alias(), owned };
  }

  /** A name that nothing else in the statement has. */
  alias(): string {
    this.#aliases += 1;
    this.#check();
    return `t${this.#aliases}`;
  }

  /** Text of ours: never a caller's. */
  write(text: string): this {
    this.#text += text;
    return this;
  }

  param(value: unknown, type: string): this {
    this.#values.push(encode(value, type as ParamType));
    this.#text += `$${this.#values.length}::${type}`;
    return this;
  }

  /** `place`: what was made of the entity's main columns is said of this occurrence. */
  sql(sql: Sql, place?: Occurrence): this {
    if (!place) {
      for (const part of sql.parts) this.#part(part);
      return this;
    }
    const main = mainTable(place.entity.main);
    const before = this.#places.get(main);
    this.#places.set(main, place);
    this.sql(sql);
    if (before) this.#places.set(main, before);
    else this.#places.delete(main);
    return this;
  }

  /**
   * What rows are asked for. Its values decide on the plan where they may fit most rows or next to none: a page of pods in a phase is found by its order or by the phase. One
   * object's id fits few, whichever it is.
   */
  condition(sql: Sql, place?: Occurrence): this {
    this.#inCondition = true;
    this.sql(sql, place);
    this.#inCondition = false;
    return this;
  }

  statement(): Statement {
    this.#check();
    return { text: this.#text, values: this.#values, plannedOnce: this.#plannedOnce };
  }

  #part(part: SqlPart): void {
    if (typeof part === "string") {
      this.touched?.text(part);
      this.#text += part;
      return;
    }
    switch (part.kind) {
      case "sql":
        this.sql(part);
        break;
      case "param":
        if (this.#inCondition && part.type !== "uuid") this.#plannedOnce = false;
        this.param((part).value, part.type);
        break;
      case "column":
        this.#column(part);
        break;
      case "table":
        this.#text += this.#tableText(part);
        break;
      case "rows":
        this.#rows(part);
        break;
    }
  }

  #check(): void {
    if (this.#tooLarge && (this.#aliases > MAX_ALIASES || this.#text.length > MAX_CHARACTERS)) throw this.#tooLarge();
  }

  #rows({ entity: name, build }: Rows): void {
    const entity = this.#binding.entity(name);
    this.touched?.table(entity);
    this.sql(build(this.place(entity).columns as never));
  }

  #column(column: Column): void {
    const { alias, entity } = this.#tableOf(column.table);
    const bound = entity.columns.get(column.property);
    if (!bound) throw new Error(`${entity.name} has no property ${column.property} that can be read`);
    this.touched?.column(entity, column.property);
    this.#text += `${alias}.${bound.name}`;
  }

  #tableText(table: Table): string {
    const { alias, entity } = this.#tableOf(table);
    return `${entity.from} ${alias}`;
  }

  #tableOf(table: Table): Occurrence {
    const found = this.#places.get(table);
    if (!found) throw new Error(`A table of ${table.entity} is named outside its select`);
    return found;
  }
}

/** A further condition; null asks for nothing. */
export function writeWhere(writer: StatementWriter, where: Sql | null, place?: Occurrence): void {
  if (where) writer.write(" and (").condition(where, place).write(")");
}

/** The value of a column as text that does not depend on the session's settings. */
export const selected = (column: BoundColumn, alias = "t"): string => wrapped(`${alias}.${column.name}`, column.kind);
/** The very text that Postgres sends for it, as a text of SQL: a cast to text says an address or a boolean otherwise. Of a column that is never null. */
export const printed = (column: BoundColumn, alias = "t"): string => `concat(${selected(column, alias)})`;
export const wrapped = (expression: string, kind: BoundColumn["kind"]): string => {
  if (kind === "time") return `(${expression} at time zone 'UTC')`;
  return kind === "array" ? `to_json(${expression})` : expression;
};

// ---------------------------------------------------------------- values


/** @throws RequestError BAD_USER_INPUT for a text that Postgres can't hold */
function encode(value: unknown, type: ParamType): string | null {
  if (value === null || value === undefined) return null;
  switch (type) {
    case "uuid":
      return uuidText(value);
    case "uuid[]":
      return `{${(value as readonly unknown[]).map(uuidText).join(",")}}`;
    case "text[]":
      return `{${(value as readonly string[]).map((item) => `"${plainText(item).replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
    case "timestamptz":
      return (value as Date).toISOString();
    case "jsonb":
      return JSON.stringify(value, (_key, item: unknown) => (typeof item === "string" ? plainText(item).toWellFormed() : item));
    default:
      return plainText(`${value as string | number | boolean}`);
  }
}

function uuidText(value: unknown): string {
  if (typeof value !== "string" || !isUuid(value)) throw new Error("A uuid was expected");
  return value;
}

function plainText(value: string): string {
  if (value.includes("\0")) throw new RequestError("BAD_USER_INPUT", "Text must not contain the character U+0000");
  return value;
}

// ---------------------------------------------------------------- what comes back

type Decode = (text: string) => unknown;

/** Columns of time come without a zone, in UTC. */
const DECODE: Readonly<Record<BoundColumn["kind"], Decode>> = {
  text: (text) => text,
  number: Number,
  boolean: (text) => text === "t",
  time: (text) => new Date(`${text.replace(" ", "T")}Z`),
  json: (text) => JSON.parse(text) as unknown,
  array: (text) => JSON.parse(text) as unknown,
};
export const decoderOf = (kind: BoundColumn["kind"]): Decode => DECODE[kind];

/** The same of what came as a part of a JSON document. */
export const jsonDecoderOf = (kind: BoundColumn["kind"]): Decode => JSON_DECODE[kind];
const asItIs = (value: unknown): unknown => value;
const JSON_DECODE: Readonly<Record<BoundColumn["kind"], Decode>> = { ...DECODE, boolean: asItIs, json: asItIs, array: asItIs };
