/**
 * SQL as data. A mapping says what it wants of the database in terms of entities' properties and of values; nothing here knows a table's or a
 * column's name, opens a connection or makes text. `server/read/render.ts` turns it into a statement, its values beside it in the same walk.
 *
 *   column   a property of an entity's row; `columns.clusterId` inside a template
 *   table    the entity itself, in a `from`; `${pod}` where `pod` came from `rows(Pod, (pod) => …)`
 *   param    a value with its SQL type; it travels beside the text, never inside it
 *   rows     a sub-select over another entity, correlated through the columns around it
 */
export interface Sql {
  readonly kind: "sql";
  readonly parts: readonly SqlPart[];
}

export interface Table {
  readonly kind: "table";
  readonly entity: string;
}

export interface Column {
  readonly kind: "column";
  readonly table: Table;
  readonly property: string;
}

export type ParamType = "uuid" | "uuid[]" | "text" | "text[]" | "integer" | "boolean" | "timestamptz" | "jsonb";

export interface Param {
  readonly kind: "param";
  readonly value: unknown;
  readonly type: ParamType;
}

export interface Rows {
  readonly kind: "rows";
  readonly entity: string;
  readonly build: (columns: never) => Sql;
}

export type SqlPart = string | Sql | Table | Column | Param | Rows;

export const TABLE: unique symbol = Symbol("table");

/** The columns of one occurrence of an entity in a statement, by property; itself it stands for the table. */
export type Columns<E> = { readonly [K in keyof E & string]: Column } & { readonly [TABLE]: Table };

/** Anything that stands for an entity and knows its row's type. */
export interface EntityToken<E> {
  readonly entity: string;
  readonly $row?: E;
}

type Interpolation = Sql | Column | Param | Rows | Columns<object>;

export function sql(strings: TemplateStringsArray, ...values: readonly Interpolation[]): Sql {
  const parts: SqlPart[] = [strings[0] as string];
  for (const [index, value] of values.entries()) {
    parts.push(TABLE in value ? value[TABLE] : value, strings[index + 1] as string);
  }
  return { kind: "sql", parts };
}

export const param = (value: unknown, type: ParamType): Param => ({ kind: "param", value, type });
export const uuid = (value: string): Param => param(value, "uuid");
export const uuids = (values: readonly string[]): Param => param(values, "uuid[]");
export const text = (value: string): Param => param(value, "text");
export const texts = (values: readonly string[]): Param => param(values, "text[]");
export const integer = (value: number): Param => param(value, "integer");
export const time = (value: Date): Param => param(value, "timestamptz");

/** A select over another entity, to stand inside parentheses: `(${rows(Pod, (pod) => sql`select count(*) from ${pod} where …`)})`. */
export const rows = <E>(of: EntityToken<E>, build: (columns: Columns<E>) => Sql): Rows => ({ kind: "rows", entity: of.entity, build });

/** The condition that no row meets. The interpreter knows it and asks the database nothing. */
export const nothing: Sql = { kind: "sql", parts: ["false"] };

/** All of these; what is null or undefined asks for nothing. Null where nothing is asked. */
export function every(conditions: readonly (Sql | null | undefined)[]): Sql | null {
  const present = conditions.filter((condition) => condition != null);
  if (present.includes(nothing)) return nothing;
  if (present.length === 0) return null;
  return { kind: "sql", parts: present.flatMap((condition, index): SqlPart[] => [index === 0 ? "(" : " and (", condition, ")"]) };
}

/** Whether the text has this word in it, whatever the case of either. */
export const contains = (column: Column, keyword: string): Sql => sql`strpos(lower(${column}), lower(${text(keyword)})) > 0`;
/** One of a list of uuids or texts; an empty list matches nothing. */
export const isOneOf = (column: Column, values: readonly string[], type: "uuid[]" | "text[]"): Sql =>
  values.length === 0 ? nothing : sql`${column} = any (${param(values, type)})`;
