import { getArgumentValues, type ValidatedExecutionArgs } from "graphql";
import { nothing } from "../../../schema/shared/mapping/sql.ts";
import type { Role } from "../../domain/states.ts";
import { type Binding, type BoundColumn, type BoundType, columnOf, maySee } from "../bind.ts";
import { orderOf } from "../cursor.ts";
import { writeOrder } from "../page.ts";
import { type Occurrence, type StatementWriter, writeWhere } from "../render.ts";
import type { AskedRequest } from "./asked.ts";
import { ConnectionWriter, PagePlan } from "./connections.ts";
import { named, writeValue } from "./documents.ts";
import { JsonText } from "./json-text.ts";
import { ofColumn, ofValue } from "./leaf.ts";
import type { Asked, ObjectShape, RowField, RowsShape, TextField } from "./shape.ts";

/** What a request brings to the shapes. */
export interface Input {
  readonly binding: Binding;
  readonly request: AskedRequest;
  readonly role: Role;
  readonly variables: ValidatedExecutionArgs["variableValues"];
}

const NO_ARGUMENTS: Readonly<Record<string, unknown>> = Object.freeze({});

/** @throws what graphql-js says of the arguments */
export const argumentsOf = ({ field, node }: Asked, { variables }: Pick<Input, "variables">): Readonly<Record<string, unknown>> =>
  field.args.length === 0 ? NO_ARGUMENTS : getArgumentValues(field, node, variables);

/** Raises SQLSTATE 22P02 where it is evaluated. It reads the row and is not immutable, so that Postgres evaluates it nowhere else. */
const missingAt = ({ alias }: Occurrence): string => `concat('${MISSING}', ${alias}."id")::int::text`;
/** How the error's message tells it from a value that can't be shown. */
export const MISSING = "missing: ";

/**
 * Writes rows as JSON text, as an expression in a statement. Related rows are correlated sub-selects: an index scan for each row, with a limit inside and
 * what is shown of a row computed outside of it. An object is null nowhere by accident: a null in one of its pieces makes all of it null, and that raises.
 */
export class ObjectWriter {
  readonly writer: StatementWriter;
  readonly input: Input;

  constructor(writer: StatementWriter, input: Input) {
    this.writer = writer;
    this.input = input;
  }

  /** A column of the row at this place. */
  column({ entity, alias }: Occurrence, { name, property }: BoundColumn): string {
    this.writer.touched?.column(entity, property);
    return `${alias}.${name}`;
  }

  /** The object of the row at this place; never null. */
  object(shape: ObjectShape, place: Occurrence): void {
    const { writer } = this;
    writer.write("coalesce(");
    const text = new JsonText(writer);
    this.#fields(text, shape, place).close();
    writer.write(`, ${missingAt(place)})`);
  }

  /** The object of the row with this id, which is an SQL expression; null where there is none for the viewer. */
  row({ bound, shape }: RowsShape, id: string, owned = false): void {
    const place = this.writer.occurrence(bound.entity, owned);
    this.writer.write("(select ");
    this.object(shape, place);
    this.writer.write(` from ${bound.entity.from} ${place.alias} where ${place.alias}."id" = ${id})`);
  }

  #fields(text: JsonText, { fields }: ObjectShape, place: Occurrence): JsonText {
    return text.members(fields, (field) => this.#field(text, field, place));
  }

  #field(text: JsonText, field: Exclude<RowField, TextField>, place: Occurrence): void {
    switch (field.kind) {
      case "globalId":
        text.literal(`"${field.typeName}.`).value(() => this.writer.write(`${this.column(place, field.column)}::text`)).literal('"');
        return;
      case "part":
        this.#fields(text, field.shape, field.bound ? { ...place, entity: field.bound.entity } : place);
        return;
      case "column":
        this.#value(text, field.nullable, () => {
          const column = this.column(place, field.column);
          if (!field.list) this.writer.write(ofColumn(field.leaf, field.column, column, missingAt(place)));
          else if (field.nullableItems) this.writer.write(`to_json(${column})::text`);
          else this.writer.write(`case when array_position(${column}, null) is null then to_json(${column})::text else ${missingAt(place)} end`);
        });
        return;
      case "doc":
        this.#value(text, field.nullable, () => {
          const column = this.column(place, field.column);
          writeValue(this, field.value, named(column), missingAt(place));
        });
        return;
      case "sql":
        this.#value(text, field.nullable, () => this.#expression(field, place));
        return;
      case "one":
        this.#value(text, field.nullable, () => this.row(field.rows, this.column(place, field.property), this.#owns(place, field.rows.bound)));
        return;
      case "many":
        text.value(() => this.#many(field, place));
        return;
      case "page":
        this.#page(text, field, place);
        return;
      case "ref":
        this.#value(text, field.nullable, () => this.#ref(field, place));
    }
  }

  /** A value that is null where there is none: "null" where that is allowed; else the object that it is in becomes null, which raises. */
  #value(text: JsonText, nullable: boolean, write: () => void): void {
    text.value(() => {
      this.writer.write(nullable ? "coalesce(" : "(");
      write();
      this.writer.write(nullable ? ", 'null')" : ")");
    });
  }

  #expression(field: RowField & { kind: "sql" }, place: Occurrence): void {
    const { writer, input } = this;
    const sql = field.mapping.sql(place.entity.main, argumentsOf(field, input) as never, input.request, field.names);
    // Under a name, so that it is computed once, however often it is said.
    const alias = writer.alias();
    const leaf = field.value.kind === "leaf" ? field.value.leaf : null;
    writer.write("(select ");
    if (leaf) writer.write(ofValue(leaf, `${alias}.v`, missingAt(place)));
    else writeValue(this, field.value, named(`${alias}.v`), missingAt(place));
    writer.write(" from (select (").sql(sql, place).write(`)${leaf ? "" : "::jsonb"} as v offset 0) ${alias})`);
  }

  #many(field: RowField & { kind: "many" }, parent: Occurrence): void {
    const { writer, input } = this;
    const { mapping, rows } = field;
    const { bound } = rows;
    const args = argumentsOf(field, input);
    const where = mapping.where?.(bound.entity.main, args as never, input.request) ?? null;
    if (where === nothing) {
      writer.write("'[]'::text");
      return;
    }
    const order = orderOf(bound, mapping, args);
    const place = writer.occurrence(bound.entity, mapping.kind === "many" && this.#owns(parent, bound));
    if (mapping.from !== undefined) writer.touched?.untold();
    writer.write("('[' || array_to_string(array(select ");
    this.object(rows.shape, place);
    writer.write(` from ${mapping.from ?? bound.entity.from} ${place.alias} where `);
    writer.write(mapping.kind === "many" ? `${this.column(place, columnOf(bound.entity, mapping.property))} = ${parent.alias}."id"` : "true");
    writeWhere(writer, where, place);
    writeOrder(writer, order, true, place.alias);
    writer.write("), ',') || ']')");
  }

  #page(text: JsonText, field: RowField & { kind: "page" }, parent: Occurrence): void {
    const { mapping, connection } = field;
    const join = (place: Occurrence): void => {
      const { writer } = this;
      if (mapping.linked) writeWhere(writer, mapping.linked(place.entity.main, { kind: "sql", parts: [`${parent.alias}."id"`] }), place);
      else for (const [theirs, own] of mapping.join) writer.write(` and ${this.column(place, columnOf(place.entity, theirs))} = ${this.column(parent, columnOf(parent.entity, own))}`);
    };
    const owned = !mapping.linked && this.#owns(parent, connection.bound);
    new ConnectionWriter(this, new PagePlan(connection, mapping, argumentsOf(field, this.input), this.input, join, owned)).write(text);
  }

  /** Whether rows that this row leads to belong to the application that it is, or belongs to. */
  #owns({ owned }: Occurrence, { entity }: BoundType): boolean {
    return owned === true && this.input.binding.told(entity.name)?.owner !== undefined;
  }

  #ref({ type, id, rowsOf }: RowField & { kind: "ref" }, place: Occurrence): void {
    const { writer, input } = this;
    writer.write(`case ${this.column(place, type)}`);
    for (const { type: { name } } of input.binding.nodes) {
      const rows = maySee(input.binding, input.role, name) ? rowsOf(name) : undefined;
      if (!rows) continue;
      writer.write(` when '${name}' then `);
      this.row(rows, `${this.column(place, id)}::uuid`);
    }
    writer.write(" end");
  }
}
