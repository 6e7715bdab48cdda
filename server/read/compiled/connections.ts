import type { Selects } from "../../../schema/shared/mapping/kinds.ts";
import { nothing, type Sql } from "../../../schema/shared/mapping/sql.ts";
import { type BoundOrder, bindOrder } from "../cursor.ts";
import { type PageArguments, pageArguments, writeBeyond, writeOrder } from "../page.ts";
import { type Occurrence, printed, type StatementWriter, writeWhere } from "../render.ts";
import { JsonText } from "./json-text.ts";
import type { Input, ObjectWriter } from "./objects.ts";
import type { ConnectionShape, EdgeField, ObjectShape, PageFact } from "./shape.ts";

/** One page: which rows, in which order, and what its arguments say. */
export class PagePlan {
  readonly connection: ConnectionShape;
  readonly from: string;
  readonly where: Sql | null;
  readonly order: BoundOrder;
  readonly args: PageArguments;
  /** Its rows belong to the application that the text is of. */
  readonly owned: boolean;
  readonly #join: ((place: Occurrence) => void) | null;

  /** @throws RequestError for page arguments and cursors that are refused */
  constructor(connection: ConnectionShape, selects: Selects, args: Readonly<Record<string, unknown>>, { request }: Input, join: ((place: Occurrence) => void) | null, owned = false) {
    const { type, entity } = connection.bound;
    this.connection = connection;
    this.from = selects.from ?? entity.from;
    this.order = bindOrder(type.name, entity, typeof selects.order === "function" ? selects.order(args as never) : selects.order);
    this.args = pageArguments(this.order, args);
    this.where = selects.where?.(entity.main, args as never, request) ?? null;
    this.owned = owned;
    this.#join = join;
  }

  get isEmpty(): boolean {
    return this.where === nothing;
  }

  /** Whether it is asked if there is one more row, in the page's direction. */
  get asksMore(): boolean {
    return this.connection.pageInfo.has(this.args.forward ? "hasNextPage" : "hasPreviousPage");
  }

  occurrence(writer: StatementWriter): Occurrence {
    if (this.from !== this.connection.bound.entity.from) writer.touched?.untold();
    for (const { column } of this.order.columns) writer.touched?.column(this.connection.bound.entity, column.property);
    return writer.occurrence(this.connection.bound.entity, this.owned);
  }

  /** ` from … where …`: all rows that belong to the list. */
  writeFrom(writer: StatementWriter, place: Occurrence): void {
    writer.write(` from ${this.from} ${place.alias} where true`);
    this.#join?.(place);
    writeWhere(writer, this.where, place);
  }

  /**
   * ` from (…) alias`: the page's rows, and the one more that tells whether there is another page where that is asked; numbered in the page's direction as `n_`
   * where `numbered`.
   */
  writeRows(writer: StatementWriter, place: Occurrence, numbered: boolean): void {
    const { alias } = place;
    const { after, before, forward, size } = this.args;
    writer.write(` from (select ${alias}.*`);
    if (numbered) {
      writer.write(", row_number() over (");
      writeOrder(writer, this.order, forward, alias);
      writer.write(") as n_");
    }
    this.writeFrom(writer, place);
    for (const [side, key] of [["after", after], ["before", before]] as const) {
      if (!key) continue;
      writer.write(" and ");
      writeBeyond(writer, this.order, key, side, false, alias);
    }
    writeOrder(writer, this.order, forward, alias);
    // As a parameter: else each size would be a statement of its own.
    writer.write(" limit ").param(size + (this.asksMore ? 1 : 0), "integer").write(`) ${alias}`);
  }

  /** The number of the list's rows, as text. */
  writeTotal(writer: StatementWriter): void {
    const place = this.occurrence(writer);
    writer.write("(select count(*)::int::text");
    this.writeFrom(writer, place);
    writer.write(")");
  }

  /** Whether there are rows up to `after`, or from `before` on; as boolean. */
  writeBeyondCursor(writer: StatementWriter, side: "after" | "before"): void {
    const key = this.args[side];
    if (!key || this.isEmpty) {
      writer.write("false");
      return;
    }
    const place = this.occurrence(writer);
    writer.write("exists (select");
    this.writeFrom(writer, place);
    writer.write(" and ");
    // Up to the cursor `after` is what lies before it, or at it; and the other way round.
    writeBeyond(writer, this.order, key, side === "after" ? "before" : "after", true, place.alias);
    writer.write(")");
  }

  /** The row's cursor, as text: what encodeCursor makes, letter for letter. */
  writeCursor(writer: StatementWriter, { alias }: Occurrence): void {
    const values = this.order.columns.map(({ column }) => ` || ', ' || to_json(${printed(column, alias)})::text`).join("");
    writer.write(`translate(encode(convert_to('[${JSON.stringify(this.order.signature)}'${values} || ']', 'UTF8'), 'base64'), E'+/=\\n', '-_')`);
  }
}

/** Writes a connection below a row, as a piece of its text. */
export class ConnectionWriter {
  readonly #objects: ObjectWriter;
  readonly #plan: PagePlan;

  constructor(objects: ObjectWriter, plan: PagePlan) {
    this.#objects = objects;
    this.#plan = plan;
  }

  write(text: JsonText): void {
    const { fields } = this.#plan.connection;
    const lists = fields.filter(({ kind }) => kind === "nodes" || kind === "edges");
    const [only] = lists;
    if (this.#plan.isEmpty || (lists.length === 0 && !this.#countsRows)) this.#fields(text, () => this.#objects.writer.write("'[]'::text"));
    else if (lists.length === 1 && only?.kind === "nodes" && !this.#countsRows) this.#fields(text, (shape) => this.#nodes(shape));
    // All are aggregates over one set of rows, of which there is at least one here: without one it would be a row for each row.
    else text.value(() => this.#aggregated());
  }

  /** Whether the page's own rows tell something about the page. */
  get #countsRows(): boolean {
    const { connection, asksMore } = this.#plan;
    return asksMore || connection.pageInfo.has("startCursor") || connection.pageInfo.has("endCursor");
  }

  /** The usual form: nothing but nodes is asked for. */
  #nodes(shape: ObjectShape): void {
    const { writer } = this.#objects;
    const place = this.#plan.occurrence(writer);
    writer.write("('[' || array_to_string(array(select ");
    this.#objects.object(shape, place);
    this.#plan.writeRows(writer, place, false);
    writeOrder(writer, this.#plan.order, true, place.alias);
    writer.write("), ',') || ']')");
  }

  #fields(text: JsonText, list: (shape: ObjectShape) => void): void {
    text.literal("{");
    for (const [index, field] of this.#plan.connection.fields.entries()) {
      text.literal(`${index > 0 ? "," : ""}"${field.key}":`);
      switch (field.kind) {
        case "text":
          text.literal(field.json);
          break;
        case "totalCount":
          if (this.#plan.isEmpty) text.literal("0");
          else text.value(() => this.#plan.writeTotal(this.#objects.writer));
          break;
        case "nodes":
          text.value(() => list(field.shape));
          break;
        case "edges":
          text.literal("[]");
          break;
        case "pageInfo":
          text.literal("{");
          for (const [at, fact] of field.fields.entries()) {
            text.literal(`${at > 0 ? "," : ""}"${fact.key}":`);
            if (fact.kind === "text") text.literal(fact.json);
            else if (fact.name === "startCursor" || fact.name === "endCursor") text.literal("null");
            else text.value(() => this.#beyond(fact.name === "hasNextPage" ? "before" : "after"));
          }
          text.literal("}");
      }
    }
    text.literal("}");
  }

  #beyond(side: "after" | "before"): void {
    const { writer } = this.#objects;
    writer.write("(");
    this.#plan.writeBeyondCursor(writer, side);
    writer.write(")::text");
  }

  /** Several things of one set of rows: all as aggregates over it. */
  #aggregated(): void {
    const { writer } = this.#objects;
    const plan = this.#plan;
    const { connection, args } = plan;
    const place = plan.occurrence(writer);
    const within = plan.asksMore ? ` filter (where ${place.alias}.n_ <= ${args.size})` : "";
    const list = (write: () => void): void => {
      writer.write("('[' || coalesce(string_agg(");
      write();
      writer.write(`, ',' order by ${place.alias}.n_${args.forward ? "" : " desc"})${within}, '') || ']')`);
    };
    writer.write("(select ");
    const text = new JsonText(writer);
    text.literal("{");
    for (const [index, field] of connection.fields.entries()) {
      text.literal(`${index > 0 ? "," : ""}"${field.key}":`);
      switch (field.kind) {
        case "text":
          text.literal(field.json);
          break;
        case "totalCount":
          text.value(() => plan.writeTotal(writer));
          break;
        case "nodes":
          text.value(() => list(() => this.#objects.object(field.shape, place)));
          break;
        case "edges":
          text.value(() => list(() => this.#edge(field.fields, place)));
          break;
        case "pageInfo":
          text.literal("{");
          for (const [at, fact] of field.fields.entries()) {
            text.literal(`${at > 0 ? "," : ""}"${fact.key}":`);
            if (fact.kind === "text") text.literal(fact.json);
            else text.value(() => this.#fact(fact.name, place, within));
          }
          text.literal("}");
      }
    }
    text.literal("}").close();
    plan.writeRows(writer, place, true);
    writer.write(")");
  }

  #edge(fields: readonly EdgeField[], place: Occurrence): void {
    const { writer } = this.#objects;
    const text = new JsonText(writer).literal("{");
    for (const [index, field] of fields.entries()) {
      text.literal(`${index > 0 ? "," : ""}"${field.key}":`);
      if (field.kind === "text") text.literal(field.json);
      else if (field.kind === "node") text.value(() => this.#objects.object(field.shape, place));
      else text.literal('"').value(() => this.#plan.writeCursor(writer, place)).literal('"');
    }
    text.literal("}").close();
  }

  #fact(name: PageFact, place: Occurrence, within: string): void {
    const { writer } = this.#objects;
    const { args } = this.#plan;
    switch (name) {
      case "hasNextPage":
      case "hasPreviousPage": {
        const inDirection = (name === "hasNextPage") === args.forward;
        writer.write("(");
        if (inDirection) writer.write(`count(*) > ${args.size} or `);
        this.#plan.writeBeyondCursor(writer, name === "hasNextPage" ? "before" : "after");
        writer.write(")::text");
        return;
      }
      case "startCursor":
      case "endCursor": {
        // The rows are numbered in the page's direction.
        const first = (name === "startCursor") === args.forward;
        writer.write("coalesce('\"' || (array_agg(");
        this.#plan.writeCursor(writer, place);
        writer.write(` order by ${place.alias}.n_${first ? "" : " desc"})${within})[1] || '"', 'null')`);
      }
    }
  }
}
