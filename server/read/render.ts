import type { Column, ParamType, Sql, SqlPart, Table } from "../../schema/shared/mapping/sql.ts";
import { RequestError } from "../domain/request-error.ts";
import { type Binding, type BoundColumn, type BoundEntity, columnsOf, mainTable } from "./bind.ts";

/** A statement: its text, and a value for each of its parameters, as Postgres reads them. */
export interface Statement {
  readonly text: string;
  readonly values: readonly (string | null)[];
}

/**
 * Writes one statement. Text and values come out of the same walk, because Postgres refuses a parameter that the text does not use.
 * The main table is `t`; sub-selects get `t1`, `t2`, …
 */
export class StatementWriter {
  readonly #binding: Binding;
  readonly #main: Table;
  readonly #entity: BoundEntity;
  readonly #tables = new Map<Table, { readonly alias: string; readonly entity: BoundEntity }>();
  readonly #values: (string | null)[] = [];
  #text = "";

  constructor(binding: Binding, entity: BoundEntity) {
    this.#binding = binding;
    this.#entity = entity;
    this.#main = mainTable(entity.main);
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

  sql(sql: Sql): this {
    for (const part of sql.parts) this.#part(part);
    return this;
  }

  statement(): Statement {
    return { text: this.#text, values: this.#values };
  }

  #part(part: SqlPart): void {
    if (typeof part === "string") {
      this.#text += part;
      return;
    }
    switch (part.kind) {
      case "sql":
        this.sql(part);
        break;
      case "param":
        this.param((part).value, part.type);
        break;
      case "column":
        this.#column(part);
        break;
      case "table":
        this.#text += this.#tableText(part);
        break;
      case "rows": {
        const entity = this.#binding.entity(part.entity);
        const columns = columnsOf(entity);
        this.#tables.set(mainTable(columns), { alias: `t${this.#tables.size + 1}`, entity });
        this.sql(part.build(columns as never));
        break;
      }
    }
  }

  #column(column: Column): void {
    const { alias, entity } = this.#tableOf(column.table);
    const bound = entity.columns.get(column.property);
    if (!bound) throw new Error(`${entity.name} has no property ${column.property} that can be read`);
    this.#text += `${alias}.${bound.name}`;
  }

  #tableText(table: Table): string {
    const { alias, entity } = this.#tableOf(table);
    return `${entity.from} ${alias}`;
  }

  #tableOf(table: Table): { readonly alias: string; readonly entity: BoundEntity } {
    if (table === this.#main) return { alias: "t", entity: this.#entity };
    const found = this.#tables.get(table);
    if (!found) throw new Error(`A table of ${table.entity} is named outside its select`);
    return found;
  }
}

/** A further condition; null asks for nothing. */
export function writeWhere(writer: StatementWriter, where: Sql | null): void {
  if (where) writer.write(" and (").sql(where).write(")");
}

/** The value of a column of the main table as text that does not depend on the session's settings. */
export const selected = (column: BoundColumn, table = "t"): string => wrapped(`${table}.${column.name}`, column.kind);
export const wrapped = (expression: string, kind: BoundColumn["kind"]): string => {
  if (kind === "time") return `(${expression} at time zone 'UTC')`;
  return kind === "array" ? `to_json(${expression})` : expression;
};

// ---------------------------------------------------------------- values

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

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
  if (typeof value !== "string" || !UUID.test(value)) throw new Error("A uuid was expected");
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
