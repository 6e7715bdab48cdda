import type { Join, Link } from "../../schema/shared/mapping/kinds.ts";
import { nothing, type Sql } from "../../schema/shared/mapping/sql.ts";
import type { Role } from "../domain/states.ts";
import { type Binding, columnOf, maySee } from "./bind.ts";
import { askedOf, connectionOf, type PageRows } from "./connection.ts";
import { encodeCursor, PAGE_SNAPSHOT } from "./cursor.ts";
import { type PageFacts, writeBeyond, writeOrder } from "./page.ts";
import type { Plan, PlannedPage, PlanOf, Relation } from "./plan.ts";
import { jsonDecoderOf, type Place, printed, selected, type StatementWriter, wrapped, writeWhere } from "./render.ts";
import { type RowShape, SelectList, type Value, type Values } from "./rows.ts";

/**
 * The branches of a tree of rows: what lies below a row as JSON within that row's own, by sub-selects that are correlated through the aliases around
 * them. JSON arrays without keys, in the order of the select list that reads them:
 *
 *   row       [value, …]                     columns, expressions, relations
 *   one       row | null
 *   many      [row, …]
 *   page      [[row | null, …], [total, …]]  of which those are there that are asked for; null for the row beyond the page
 *   ref       [type's number, row] | null
 *
 * Where there is a limit, it stands in a sub-select of its own within: what costs something is computed of the rows that are left. Each array's
 * order is said where the array is made, never taken over from a sub-select.
 */
export interface Tree {
  readonly binding: Binding;
  readonly role: Role;
  readonly writer: StatementWriter;
}

/** An array of the statement's JSON. */
export type Json = readonly unknown[];

/** Rows of one occurrence of an entity. */
export interface Branch {
  readonly place: Place;
  readonly shape: RowShape;
  /** The JSON array of a row. */
  write(): void;
}

export function branchOf(tree: Tree, plan: Plan): Branch {
  const place = tree.writer.place(plan.bound.entity);
  const list = new SelectList(valuesOf(tree, place));
  return { place, shape: list.shape(plan), write: () => list.writeArray(tree.writer) };
}

function valuesOf(tree: Tree, place: Place): Values {
  return {
    column: (column) => ({ write: (writer) => writer.write(selected(column, place.alias)), decode: jsonDecoderOf(column.kind) }),
    expression: ({ write, kind }) => {
      // What is read as text may be of any type, and JSON would say it otherwise. The first text is there to tell an empty one from null.
      const [before = "", after = ""] = kind === "text" ? ["concat_ws('|', '', ", ")"] : wrapped("\0", kind).split("\0");
      const decode = kind === "text" ? (text: string) => (text === "" ? null : text.slice(1)) : jsonDecoderOf(kind);
      return { write: (writer) => writer.write(`${before}(`).sql(write, place).write(`)${after}`), decode };
    },
    relation: (relation) => relationOf(tree, place, relation),
  };
}

const named = (place: Place, property: string): string => `${place.alias}.${columnOf(place.entity, property).name}`;
/** Nothing has to be read for it. */
const known = (make: () => unknown): Value => ({ write: (writer) => writer.write("0"), decode: make });

function relationOf(tree: Tree, parent: Place, relation: Relation): Value {
  switch (relation.kind) {
    case "one": {
      const branch = branchOf(tree, relation.plan);
      return {
        write(writer) {
          writer.write("(select ");
          branch.write();
          writeWithId(writer, branch.place, named(parent, relation.property));
        },
        decode: (row: Json) => branch.shape.make(row),
      };
    }
    case "many": {
      const { plan, where, order } = relation.rows;
      if (where === nothing) return known(() => []);
      const branch = branchOf(tree, plan);
      const { place } = branch;
      return {
        write(writer) {
          writer.write("array(select ");
          branch.write();
          writer.write(` from ${place.entity.from} ${place.alias} where ${named(place, relation.property)} = ${named(parent, "id")}`);
          writeWhere(writer, where, place);
          if (order) writeOrder(writer, order, true, place.alias);
          writer.write(")");
        },
        decode: (rows: readonly Json[]) => rows.map((row) => branch.shape.make(row)),
      };
    }
    case "page":
      return pageOf(tree, relation.page, { place: parent, join: relation.join, linked: relation.linked });
    case "ref":
      return refOf(tree, parent, relation);
  }
}

/** ` from …`: the one row with this id. */
function writeWithId(writer: StatementWriter, { entity, alias }: Place, id: string): void {
  writer.write(` from ${entity.from} ${alias} where ${alias}."id" = ${id} limit 1)`);
}

/** The types are planned as they are written, so that the limit of the text is one of that work as well. */
function refOf(tree: Tree, parent: Place, { planOf, typeProperty, idProperty }: { planOf: PlanOf; typeProperty: string; idProperty: string }): Value {
  const types = tree.binding.nodes.filter(({ type }) => maySee(tree.binding, tree.role, type.name));
  if (types.length === 0) return known(() => null);
  const shapes: RowShape[] = [];
  return {
    write(writer) {
      writer.write(`case ${named(parent, typeProperty)}`);
      for (const { type } of types) {
        const branch = branchOf(tree, planOf(type.name) as Plan);
        writer.write(` when '${type.name}' then (select json_array(${shapes.push(branch.shape) - 1}, `);
        branch.write();
        writer.write(")");
        writeWithId(writer, branch.place, named(parent, idProperty));
      }
      writer.write(" end");
    },
    decode: ([shape, row]: readonly [number, Json]) => (shapes[shape] as RowShape).make(row),
  };
}

// ---------------------------------------------------------------- pages

/** Whose page it is. */
interface Parent {
  readonly place: Place;
  readonly join: Join;
  readonly linked: Link | undefined;
}

/** What a page takes. */
interface PageBranch {
  readonly rows: PageRowsBranch | null;
  readonly facts: PageFactsBranch | null;
}
interface PageRowsBranch {
  readonly alias: string;
  /** `select … from …`: each row's JSON, in no order. `numbered`: behind its number from 1, in the page's order. */
  write(numbered: boolean): void;
  /** Of the rows in order. */
  decode(rows: (Json | null)[]): PageRows;
}
interface PageFactsBranch {
  write(): void;
  decode(facts: Json): PageFacts;
}

export function pageBranch(tree: Tree, page: PlannedPage, parent: Parent | null): PageBranch {
  const { rows, facts } = askedOf(page);
  const place = tree.writer.place(page.bound.entity);
  return { rows: rows ? rowsOf(tree, page, place, parent) : null, facts: facts ? factsOf(tree, page, place, parent) : null };
}

/** A connection below a row: `[[row, …], [total, …]]`. */
function pageOf(tree: Tree, page: PlannedPage, parent: Parent): Value {
  const asked = askedOf(page);
  if (page.where === nothing || !(asked.rows || asked.facts)) {
    const none = asked.rows ? { rows: asked.views.map(() => []), cursors: [], more: false, count: 0 } : undefined;
    return known(() => connectionOf(page, none, undefined));
  }
  const { rows, facts } = pageBranch(tree, page, parent);
  const parts = new SelectList();
  if (rows) {
    parts.add((writer) => {
      writer.write("array(");
      rows.write(false);
      writeOrder(writer, page.order, page.args.forward, rows.alias);
      writer.write(")");
    });
  }
  if (facts) parts.add(() => facts.write());
  return {
    write: (writer) => parts.writeArray(writer),
    decode: (json: Json) => connectionOf(page, rows?.decode(json[0] as (Json | null)[]), facts?.decode(json.at(-1) as Json)),
  };
}

/** The page's rows for all its views, and their cursors. */
function rowsOf(tree: Tree, page: PlannedPage, place: Place, parent: Parent | null): PageRowsBranch {
  const { order, args } = page;
  const { views, cursors, more } = askedOf(page);
  const { writer } = tree;
  const { alias } = place;
  const list = new SelectList(valuesOf(tree, place));
  const shapes = views.map(({ plan }) => list.shape(plan));
  const said = [...order.columns.map(({ column }) => printed(column, alias)), ...(order.records ? PAGE_SNAPSHOT : [])];
  const keys = cursors ? said.map((sql) => list.add(() => writer.write(sql))) : [];
  const writeNumber = (): void => {
    writer.write("row_number() over (");
    writeOrder(writer, order, args.forward, alias);
    writer.write(")");
  };
  return {
    alias,
    write(numbered) {
      writer.write("select ");
      if (numbered) writeNumber();
      writer.write(numbered ? ", " : "");
      if (more) {
        // Of the row beyond the page it is known that it is there, and nothing else.
        writer.write("case when ");
        writeNumber();
        writer.write(" <= ").param(args.size, "integer").write(" then ");
      }
      list.writeArray(writer);
      writer.write(`${more ? " end" : ""} from (select ${alias}.*`);
      writeFrom(writer, page, place, parent);
      for (const side of ["after", "before"] as const) {
        const key = args[side];
        if (!key) continue;
        writer.write(" and ");
        writeBeyond(writer, order, key, side, false, alias);
      }
      writeOrder(writer, order, args.forward, alias);
      writer.write(" limit ").param(more ? args.size + 1 : args.size, "integer").write(`) ${alias}`);
    },
    decode(rows) {
      const beyond = rows.length > args.size;
      if (beyond) rows.pop();
      if (!args.forward) rows.reverse();
      const found = rows as Json[];
      return {
        rows: shapes.map((shape) => found.map((row) => shape.make(row))),
        cursors: cursors ? found.map((row) => encodeCursor(order, keys.map((key) => row[key] as string))) : [],
        more: beyond,
        count: found.length,
      };
    },
  };
}

/** What the rows don't tell: `[total, upToAfter, fromBefore]`, with what is not asked for left at 0 and false. */
function factsOf(tree: Tree, page: PlannedPage, place: Place, parent: Parent | null): PageFactsBranch {
  const { args, order } = page;
  const asked = askedOf(page);
  const { writer } = tree;
  const exists = (key: readonly string[] | null | false, side: "after" | "before"): void => {
    if (!key) {
      writer.write(", false");
      return;
    }
    writeFrom(writer.write(", exists (select"), page, place, parent).write(" and ");
    writeBeyond(writer, order, key, side, true, place.alias);
    writer.write(")");
  };
  return {
    write() {
      writer.write("json_array(");
      if (asked.total) writeFrom(writer.write("(select count(*)"), page, place, parent).write(")");
      else writer.write("0");
      // Up to the cursor `after` is what lies before it, or at it; and the other way round.
      exists(asked.upToAfter && args.after, "before");
      exists(asked.fromBefore && args.before, "after");
      writer.write(")");
    },
    decode: ([total, upToAfter, fromBefore]) => ({ total: total as number, upToAfter: upToAfter === true, fromBefore: fromBefore === true }),
  };
}

/** ` from … where …`, of the parent where there is one. */
function writeFrom(writer: StatementWriter, page: PlannedPage, place: Place, parent: Parent | null): StatementWriter {
  writer.write(` from ${page.from} ${place.alias} where true`);
  if (parent?.linked) writeWhere(writer, parent.linked(place.columns, idOf(parent)));
  else for (const [theirs, own] of parent?.join ?? []) writer.write(` and ${named(place, theirs)} = ${named((parent as Parent).place, own)}`);
  writeWhere(writer, page.where, place);
  return writer;
}

/** The parent's id, which is the one thing that a condition links by. */
const idOf = ({ place }: Parent): Sql => ({ kind: "sql", parts: [named(place, "id")] });
