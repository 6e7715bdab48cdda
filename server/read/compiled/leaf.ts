import { type GraphQLLeafType, isEnumType } from "graphql";
import type { BoundColumn } from "../bind.ts";

/**
 * A scalar's form in SQL: the JSON text of a value, equal to what the scalar's `serialize` gives. What `serialize` would refuse raises, in SQLSTATE
 * class 22, and so is told by the interpreter. Each is what stands before and after the expression of the value; null stays null.
 */
export type Form = readonly [before: string, after: string];

/** To milliseconds, as JavaScript's dates have them: what is smaller is cut, not rounded. */
const DATE_TIME: Form = ["('\"' || to_char((", `) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"')`];
/** Neither NaN nor an infinity is JSON. */
const FLOAT: Form = ["((", ")::text::jsonb)::text"];
const INT: Form = ["((", ")::int)::text"];
const AS_TEXT: Form = ["(", ")::text"];
const BOOLEAN: Form = ["((", ")::boolean)::text"];
const STRING: Form = ["to_json(", ")::text"];
const STRING_OF_ANY: Form = ["to_json((", ")::text)::text"];
/** Enum values equal their stored texts, which check constraints hold to letters: nothing to escape. */
const ENUM: Form = ["('\"' || ", " || '\"')"];

const WHOLE_NUMBERS: ReadonlySet<string> = new Set(["int", "integer", "smallint"]);

export function formOfColumn(leaf: GraphQLLeafType, { kind, type }: BoundColumn): Form {
  if (isEnumType(leaf)) return ENUM;
  switch (leaf.name) {
    case "Int":
      return WHOLE_NUMBERS.has(type) ? AS_TEXT : INT;
    case "Float":
      return WHOLE_NUMBERS.has(type) ? AS_TEXT : FLOAT;
    case "Boolean":
    case "JSON":
      return AS_TEXT;
    case "DateTime":
      return DATE_TIME;
    default:
      return kind === "text" ? STRING : STRING_OF_ANY;
  }
}

/** Of an expression whose type only Postgres knows. */
export function formOfExpression(leaf: GraphQLLeafType): Form {
  switch (leaf.name) {
    case "Int":
      return INT;
    case "Float":
      return FLOAT;
    case "Boolean":
      return BOOLEAN;
    case "JSON":
      return AS_TEXT;
    case "DateTime":
      return DATE_TIME;
    default:
      return STRING;
  }
}

/** Of a value inside a document, given as jsonb and as text. */
export function inDocument(leaf: GraphQLLeafType, { json, text }: { readonly json: string; readonly text: string }): string {
  switch (leaf.name) {
    case "JSON":
      return `(${json})::text`;
    case "DateTime": {
      // Milliseconds since 1970, or RFC 3339.
      const [before, after] = DATE_TIME;
      return `${before}case jsonb_typeof(${json}) when 'number' then to_timestamp((${text})::float8 / 1000) else (${text})::timestamptz end${after}`;
    }
    case "Float":
      return `((${text})::jsonb)::text`;
    default: {
      const [before, after] = formOfExpression(leaf);
      return `${before}${text}${after}`;
    }
  }
}
