import type { Join, Link } from "../../schema/shared/mapping/kinds.ts";
import { nothing, type Sql } from "../../schema/shared/mapping/sql.ts";
import type { Role } from "../domain/states.ts";
import { type Binding, maySee } from "./bind.ts";
import { askedOf, connectionOf, type PageFacts, type PageRows } from "./connection.ts";
import { encodeCursor } from "./cursor.ts";
import { writeBeyond, writeOrder } from "./page.ts";
import type { Plan, PlannedPage, PlanOf, Relation } from "./plan.ts";
import { jsonDecoderOf, type Place, printed, selected, type StatementWriter, wrapped, writeWhere } from "./render.ts";
import { type Row, type RowShape, SelectList, type Value, type Values } from "./rows.ts";

/**
 * The branches of a tree of rows: what lies below a row as JSON within that row's own, by sub-selects that are correlated through the aliases around
 * them. JSON arrays without keys, in the order of the select list that reads them:
 *
 *   row       [value, …]                     columns, expressions, relations
 *   one       row | null
 *   many      [row, …]
 *   page      [[row | null, …], total, …]    what is asked for; null for the row that is there beyond the page
 *   ref       [type's number, row] | null
 *
 * Where there is a limit, it stands in a sub-select of its own within: what costs something is computed of the rows that are left. Each array's
 * order is said where the array is made, never taken over from a sub-select.
 */
export interface Tree {
  readonly binding: Binding;
  readonly role: Role;
  readonly writer: StatementWriter;
  /** @throws TooLarge */
  check(): void;
}

/** The statement would be longer than is worth planning. */
export class TooLarge extends Error {}

type Json = readonly unknown[];

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
  return { place, shape: list.shape(plan), write: () => writeRow(tree, list) };
}

function writeRow(tree: Tree, list: SelectList): void {
  tree.check();
  list.writeArray(tree.writer);
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

const named = (place: Place, property: string): string => `${place.alias}.${place.entity.columns.get(property)?.name}`;
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
      return pageOf(tree, relation.page, { place: parent, join: relation.join, linked: relation.linked }) ?? known(() => unread(relation.page));
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
  const shapes: RowShape[] = [];
  return {
    write(writer) {
      writer.write(`case ${named(parent, typeProperty)}`);
      for (const { type } of tree.binding.nodes) {
        const plan = maySee(tree.binding, tree.role, type.name) ? planOf(type.name) : undefined;
        if (!plan) continue;
        const branch = branchOf(tree, plan);
        writer.write(` when '${type.name}' then (select json_array(${shapes.push(branch.shape) - 1}, `);
        branch.write();
        writer.write(")");
        writeWithId(writer, branch.place, named(parent, idProperty));
      }
      writer.write(shapes.length > 0 ? " end" : " when '' then null::json end");
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

/** What a page is of which nothing has to be read. */
export function unread(page: PlannedPage): Row {
  const { rows, views } = askedOf(page);
  return connectionOf(page, rows ? { rows: views.map(() => []), cursors: [], more: false, count: 0 } : undefined, undefined);
}

/** A connection; null where nothing has to be read for it. */
export function pageOf(tree: Tree, page: PlannedPage, parent: Parent | null): Value | null {
  const { bound, args, where } = page;
  const asked = askedOf(page);
  if (where === nothing || !(asked.rows || asked.total || asked.upToAfter || asked.fromBefore)) return null;
  const place = tree.writer.place(bound.entity);
  const parts = new SelectList();
  const rows = asked.rows ? rowsOf(tree, page, place, parent) : null;
  if (rows) parts.add(rows.write);
  const total = asked.total ? parts.add((writer) => writeFrom(writer.write("(select count(*)"), page, place, parent).write(")")) : null;
  const exists = (key: readonly string[] | null, side: "after" | "before"): number =>
    parts.add((writer) => {
      writeFrom(writer.write("exists (select"), page, place, parent).write(" and ");
      writeBeyond(writer, page.order, key as readonly string[], side, true, place.alias);
      writer.write(")");
    });
  // Up to the cursor `after` is what lies before it, or at it; and the other way round.
  const upToAfter = asked.upToAfter ? exists(args.after, "before") : null;
  const fromBefore = asked.fromBefore ? exists(args.before, "after") : null;
  return {
    write: (writer) => parts.writeArray(writer),
    decode(json: Json) {
      const facts: PageFacts = { total: total === null ? 0 : (json[total] as number), upToAfter: upToAfter !== null && json[upToAfter] === true, fromBefore: fromBefore !== null && json[fromBefore] === true };
      return connectionOf(page, rows?.decode(json[0] as (Json | null)[]), facts);
    },
  };
}

/** The page's rows for all its views, and their cursors. */
function rowsOf(tree: Tree, page: PlannedPage, place: Place, parent: Parent | null): { write: Value["write"]; decode: (tuples: (Json | null)[]) => PageRows } {
  const { order, args } = page;
  const { views, cursors, more } = askedOf(page);
  const list = new SelectList(valuesOf(tree, place));
  const shapes = views.map(({ plan }) => list.shape(plan));
  const keys = cursors ? order.columns.map(({ column }) => list.add((writer) => writer.write(printed(column, place.alias)))) : [];
  return {
    write(writer) {
      writer.write("array(select ");
      if (more) {
        // Of the row beyond the page it is known that it is there, and nothing else.
        writer.write("case when row_number() over (");
        writeOrder(writer, order, args.forward, place.alias);
        writer.write(") <= ").param(args.size, "integer").write(" then ");
      }
      writeRow(tree, list);
      if (more) writer.write(" end");
      writer.write(` from (select ${place.alias}.*`);
      writeFrom(writer, page, place, parent);
      for (const side of ["after", "before"] as const) {
        const key = args[side];
        if (!key) continue;
        writer.write(" and ");
        writeBeyond(writer, order, key, side, false, place.alias);
      }
      writeOrder(writer, order, args.forward, place.alias);
      writer.write(" limit ").param(more ? args.size + 1 : args.size, "integer").write(`) ${place.alias}`);
      writeOrder(writer, order, args.forward, place.alias);
      writer.write(")");
    },
    decode(tuples) {
      const beyond = tuples.length > args.size;
      if (beyond) tuples.pop();
      if (!args.forward) tuples.reverse();
      const found = tuples as Json[];
      return {
        rows: shapes.map((shape) => found.map((tuple) => shape.make(tuple))),
        cursors: cursors ? found.map((tuple) => encodeCursor(order, keys.map((key) => tuple[key] as string))) : [],
        more: beyond,
        count: found.length,
      };
    },
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
