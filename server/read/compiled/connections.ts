import type { Selects } from "../../../schema/shared/mapping/kinds.ts";
import { nothing, type Sql } from "../../../schema/shared/mapping/sql.ts";
import { type BoundOrder, orderOf, PAGE_SNAPSHOT } from "../cursor.ts";
import { type PageArguments, pageArguments, type PageAsks, pageAsks, writeBeyond, writeOrder } from "../page.ts";
import { type Occurrence, printed, type StatementWriter, writeWhere } from "../render.ts";
import { JsonText } from "./json-text.ts";
import type { Input, ObjectWriter } from "./objects.ts";
import type { ConnectionShape, EdgeField, ObjectShape, PageInfoName } from "./shape.ts";

/** One page: which rows, in which order, and what its arguments say. */
export class PagePlan {
  readonly connection: ConnectionShape;
  readonly from: string;
  readonly where: Sql | null;
  readonly order: BoundOrder;
  readonly args: PageArguments;
  readonly asks: PageAsks;
  /** Its rows belong to the application that the text is of. */
  readonly owned: boolean;
  readonly #join: ((place: Occurrence) => void) | null;

  /** @throws RequestError for page arguments and cursors that are refused */
  constructor(connection: ConnectionShape, selects: Selects, args: Readonly<Record<string, unknown>>, { request }: Input, join: ((place: Occurrence) => void) | null, owned = false) {
    const { entity } = connection.bound;
    this.connection = connection;
    this.from = selects.from ?? entity.from;
    this.order = orderOf(connection.bound, selects, args);
    this.args = pageArguments(this.order, args);
    this.asks = pageAsks(this.args, connection.selection);
    this.where = selects.where?.(entity.main, args as never, request) ?? null;
    this.owned = owned;
    this.#join = join;
  }

  get isEmpty(): boolean {
    return this.where === nothing;
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
    writer.write(" limit ").param(size + (this.asks.more ? 1 : 0), "integer").write(`) ${alias}`);
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
    const { columns, records } = this.order;
    // Of what a page could see nothing is remembered: the timeline tells of no snapshots.
    if (records) writer.touched?.untold();
    const said = [...columns.map(({ column }) => printed(column, alias)), ...(records ? PAGE_SNAPSHOT : [])];
    const values = said.map((text) => ` || ', ' || to_json(${text})::text`).join("");
    writer.write(`translate(encode(convert_to('[${JSON.stringify(this.order.signature)}'${values} || ']', 'UTF8'), 'base64'), E'+/=\\n', '-_')`);
  }
}

/** What is written for each value of a connection: expressions of type text. */
interface Values {
  total(): void;
  nodes(shape: ObjectShape): void;
  edges(fields: readonly EdgeField[]): void;
  pageInfo(name: PageInfoName): void;
}

/** Writes a connection below a row, as a piece of its text. */
export class ConnectionWriter {
  readonly #objects: ObjectWriter;
  readonly #writer: StatementWriter;
  readonly #plan: PagePlan;

  constructor(objects: ObjectWriter, plan: PagePlan) {
    this.#objects = objects;
    this.#writer = objects.writer;
    this.#plan = plan;
  }

  write(text: JsonText): void {
    const { connection, asks, isEmpty } = this.#plan;
    const lists = connection.fields.filter(({ kind }) => kind === "nodes" || kind === "edges");
    const tellsOfRows = asks.more || asks.cursors;
    if (isEmpty || (lists.length === 0 && !tellsOfRows)) this.#members(text, this.#withoutRows);
    // The usual form: nothing but nodes is asked for.
    else if (lists.length === 1 && lists[0]?.kind === "nodes" && !tellsOfRows) this.#members(text, { ...this.#withoutRows, nodes: (shape) => this.#nodes(shape) });
    // All are aggregates over one set of rows, of which there is at least one here: without one it would be a row for each row.
    else text.value(() => this.#aggregated());
  }

  #members(text: JsonText, values: Values): void {
    text.members(this.#plan.connection.fields, (field) => {
      switch (field.kind) {
        case "totalCount":
          text.value(() => values.total());
          break;
        case "nodes":
          text.value(() => values.nodes(field.shape));
          break;
        case "edges":
          text.value(() => values.edges(field.fields));
          break;
        case "pageInfo":
          text.members(field.fields, ({ name }) => void text.value(() => values.pageInfo(name)));
      }
    });
  }

  /** Where no row is shown, or there is none. */
  get #withoutRows(): Values {
    const writer = this.#writer;
    const plan = this.#plan;
    const none = (): void => void writer.write("'[]'::text");
    return {
      total: () => (plan.isEmpty ? void writer.write("'0'::text") : plan.writeTotal(writer)),
      nodes: none,
      edges: none,
      pageInfo: (name) => {
        if (name === "startCursor" || name === "endCursor") {
          writer.write("'null'::text");
          return;
        }
        writer.write("(");
        plan.writeBeyondCursor(writer, name === "hasNextPage" ? "before" : "after");
        writer.write(")::text");
      },
    };
  }

  #nodes(shape: ObjectShape): void {
    const writer = this.#writer;
    const place = this.#plan.occurrence(writer);
    writer.write("('[' || array_to_string(array(select ");
    this.#objects.object(shape, place);
    this.#plan.writeRows(writer, place, false);
    writeOrder(writer, this.#plan.order, true, place.alias);
    writer.write("), ',') || ']')");
  }

  /** Several things of one set of rows: all as aggregates over it. */
  #aggregated(): void {
    const writer = this.#writer;
    const plan = this.#plan;
    const place = plan.occurrence(writer);
    const list = (write: () => void): void => {
      writer.write("('[' || coalesce(string_agg(");
      write();
      writer.write(`, ',' order by ${place.alias}.n_${plan.args.forward ? "" : " desc"})`);
      this.#writeWithinPage(place);
      writer.write(", '') || ']')");
    };
    writer.write("(select ");
    const text = new JsonText(writer);
    this.#members(text, {
      total: () => plan.writeTotal(writer),
      nodes: (shape) => list(() => this.#objects.object(shape, place)),
      edges: (fields) => list(() => this.#edge(fields, place)),
      pageInfo: (name) => this.#pageInfo(name, place),
    });
    text.close();
    plan.writeRows(writer, place, true);
    writer.write(")");
  }

  /** ` filter (…)`: without the row beyond the page, where that is there. */
  #writeWithinPage({ alias }: Occurrence): void {
    const { asks, args } = this.#plan;
    if (asks.more) this.#writer.write(` filter (where ${alias}.n_ <= `).param(args.size, "integer").write(")");
  }

  #edge(fields: readonly EdgeField[], place: Occurrence): void {
    const text = new JsonText(this.#writer);
    text
      .members(fields, (field) => {
        if (field.kind === "node") text.value(() => this.#objects.object(field.shape, place));
        else text.literal('"').value(() => this.#plan.writeCursor(this.#writer, place)).literal('"');
      })
      .close();
  }

  #pageInfo(name: PageInfoName, place: Occurrence): void {
    const writer = this.#writer;
    const { args } = this.#plan;
    switch (name) {
      case "hasNextPage":
      case "hasPreviousPage":
        writer.write("(");
        if ((name === "hasNextPage") === args.forward) writer.write("count(*) > ").param(args.size, "integer").write(" or ");
        this.#plan.writeBeyondCursor(writer, name === "hasNextPage" ? "before" : "after");
        writer.write(")::text");
        return;
      case "startCursor":
      case "endCursor":
        // The rows are numbered in the page's direction.
        writer.write("coalesce('\"' || (array_agg(");
        this.#plan.writeCursor(writer, place);
        writer.write(` order by ${place.alias}.n_${(name === "startCursor") === args.forward ? "" : " desc"})`);
        this.#writeWithinPage(place);
        writer.write(")[1] || '\"', 'null')");
    }
  }
}
