import { type GraphQLLeafType, isEnumType } from "graphql";
import type { BoundColumn } from "../bind.ts";

/**
 * Scalars in SQL: expressions of the JSON text that a value has, equal to what the scalar's `serialize` gives, null where the value is null. What `serialize`
 * would refuse, or turn into another type of value, raises (`missing`, or another error of SQLSTATE class 22): the interpreter tells.
 */
const WHOLE_NUMBERS: ReadonlySet<string> = new Set(["int", "integer", "smallint"]);

/** Of a column: a name that costs nothing to say twice. */
export function ofColumn(leaf: GraphQLLeafType, { kind, type }: BoundColumn, column: string, missing: string): string {
  // Enum values equal their stored texts, which check constraints hold to letters: nothing to escape.
  if (isEnumType(leaf)) return `('"' || ${column} || '"')`;
  switch (leaf.name) {
    case "Int":
      return WHOLE_NUMBERS.has(type) ? `${column}::text` : `${column}::int::text`;
    case "Float":
      return WHOLE_NUMBERS.has(type) ? `${column}::text` : finite(column);
    case "Boolean":
    case "JSON":
      return `${column}::text`;
    case "DateTime":
      return dateTime(column, missing);
    default:
      return kind === "text" ? `to_json(${column})::text` : `to_json(${column}::text)::text`;
  }
}

/** Of a value whose type only Postgres knows, under a name. */
export function ofValue(leaf: GraphQLLeafType, value: string, missing: string): string {
  switch (leaf.name) {
    case "Int":
      return `${value}::int::text`;
    case "Float":
      return finite(value);
    case "Boolean":
      return `${value}::boolean::text`;
    case "JSON":
      return `${value}::text`;
    case "DateTime":
      return dateTime(value, missing);
    default:
      return `to_json(${value})::text`;
  }
}

/** Of a value inside a document, which says itself of which type it is. */
export function ofDocument(leaf: GraphQLLeafType, { json, text }: { readonly json: string; readonly text: string }, missing: string): string {
  if (leaf.name === "JSON") return `(${json})::text`;
  const byType = (...cases: readonly (readonly [type: string, then: string])[]): string =>
    `case coalesce(jsonb_typeof(${json}), 'null')${cases.map(([type, then]) => ` when '${type}' then ${then}`).join("")} when 'null' then null else ${missing} end`;
  switch (leaf.name) {
    case "Int":
      return byType(["number", `(${text})::int::text`]);
    case "Float":
      return byType(["number", `(${text})::float8::text`]);
    case "Boolean":
      return byType(["boolean", `(${json})::text`]);
    case "DateTime":
      // RFC 3339, or milliseconds since 1970.
      return byType(["string", dateTime(`(${text})::timestamptz`, missing)], ["number", dateTime(`to_timestamp((${text})::float8 / 1000)`, missing)]);
    default:
      return byType(["string", `(${json})::text`]);
  }
}

/** Neither NaN nor an infinity is JSON. */
const finite = (value: string): string => `${value}::text::jsonb::text`;

/** To milliseconds, as JavaScript's dates have them: what is smaller is cut, not rounded. Years have four digits. */
const dateTime = (value: string, missing: string): string =>
  `case when ${value} >= timestamptz '0001-01-01 00:00:00+00' and ${value} < timestamptz '10000-01-01 00:00:00+00' then ` +
  `'"' || to_char(${value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"' when ${value} is null then null else ${missing} end`;
