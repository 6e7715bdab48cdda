import { JsonText } from "./json-text.ts";
import { ofDocument } from "./leaf.ts";
import type { DocumentShape, Value } from "./shape.ts";
import type { ObjectWriter } from "./objects.ts";

/**
 * What lies in a jsonb document, as JSON text of what is selected of it. Expressions here are null where the value is missing or null, so that
 * whoever asked decides what that means; where something inside must not be null, they raise (`missing`).
 */
export interface Source {
  /** An SQL expression of type jsonb, and the same value as text. */
  readonly json: string;
  readonly text: string;
  /** It costs something to evaluate it: a column or a variable does not. */
  readonly computed: boolean;
}

/** A column, or a variable. */
export const named = (json: string): Source => ({ json, text: `${json} #>> '{}'`, computed: false });

const memberOf = (json: string, name: string): Source => ({ json: `${json} -> '${name}'`, text: `${json} ->> '${name}'`, computed: true });

export function writeValue(objects: ObjectWriter, value: Value, source: Source, missing: string): void {
  const { writer } = objects;
  switch (value.kind) {
    case "leaf":
      writer.write(ofDocument(value.leaf, source, missing));
      return;
    case "list": {
      const item = writer.alias();
      writer.write(`case when jsonb_typeof(${source.json}) = 'array' then '[' || array_to_string(array(select coalesce(`);
      writeValue(objects, value.item, named(`${item}.v`), missing);
      writer.write(`, ${value.nullableItems ? "'null'" : missing}) from jsonb_array_elements(${source.json}) with ordinality ${item} (v, n) order by ${item}.n), ',') || ']' end`);
      return;
    }
    case "object":
      writeWithin(objects, source, missing, (json) => writeMembers(objects, value.shape, json, missing));
      return;
    case "union":
      writeWithin(objects, source, missing, (json) => {
        writer.write(`case ${json} ->> 'type'`);
        for (const [name, shape] of value.shapes) {
          writer.write(` when '${name}' then `);
          writeMembers(objects, shape, json, missing);
        }
        writer.write(` else ${missing} end`);
      });
  }
}

/** Where the value is an object; it is computed once, however many of its members are asked for. What is neither that nor null raises: only the interpreter knows what it makes of it. */
function writeWithin({ writer }: ObjectWriter, { json, computed }: Source, missing: string, write: (json: string) => void): void {
  const value = computed ? writer.alias() : null;
  const within = value === null ? json : `${value}.v`;
  writer.write(`${value === null ? "" : "(select "}case when jsonb_typeof(${within}) = 'object' then `);
  write(within);
  writer.write(` when jsonb_typeof(${within}) <> 'null' then ${missing}`);
  writer.write(value === null ? " end" : ` end from (select ${json} as v offset 0) ${value})`);
}

function writeMembers(objects: ObjectWriter, { fields }: DocumentShape, json: string, missing: string): void {
  const { writer } = objects;
  writer.write("coalesce(");
  const text = new JsonText(writer);
  text
    .members(fields, (field) => {
      text.value(() => {
        const absent = field.kind === "member" && field.otherwise !== null ? `'${field.otherwise}'` : field.nullable ? "'null'" : null;
        writer.write(absent === null ? "(" : "coalesce(");
        if (field.kind === "member") writeValue(objects, field.value, memberOf(json, field.property), missing);
        else objects.row(field.rows, `(${json} ->> '${field.property}')::uuid`);
        writer.write(absent === null ? ")" : `, ${absent})`);
      });
    })
    .close();
  writer.write(`, ${missing})`);
}
