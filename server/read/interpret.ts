import type { FieldNode, GraphQLResolveInfo } from "graphql";
import { permits } from "../../schema/shared/mapping/access.ts";
import { type Mapping, MAX_NODE_IDS, mappingOf, type Request } from "../../schema/shared/mapping/kinds.ts";
import { TYPE_NAME } from "../../schema/shared/mapping/slots.ts";
import { nothing, type Sql } from "../../schema/shared/mapping/sql.ts";
import type { ObjectKey } from "../domain/errors.ts";
import { RequestError } from "../domain/request-error.ts";
import type { Role } from "../domain/states.ts";
import type { Binding } from "./bind.ts";
import { encodeCursor } from "./cursor.ts";
import type { MatchingOptions, Reader } from "./index.ts";
import { writeBeyond, writeOrder } from "./page.ts";
import { type Plan, type PlannedPage, Planner, type PlanOf, type Relation, type Selected } from "./plan.ts";
import { type Statement, StatementWriter } from "./render.ts";
import { type RawRow, type Row, type RowShape, SelectList } from "./rows.ts";
import type { ScopedStatements, ScopeSettings } from "./scoped.ts";

/**
 * The interpreter: loads what a mapped field and the selection below it need, level by level. All that a level asks for goes to the database as
 * one group of statements, one for each relation whatever the number of parents; the values are put into the parents' slots, so that
 * the resolvers below only take them. One interpreter serves one operation, or one message of a subscription, and remembers nothing.
 */
export interface InterpreterOptions {
  readonly binding: Binding;
  readonly statements: ScopedStatements;
  readonly settings: ScopeSettings;
  readonly role: Role;
  readonly request: Request;
}

type Args = Readonly<Record<string, unknown>>;

export class Interpreter implements Reader {
  readonly #options: InterpreterOptions;
  readonly #pending: Pending[] = [];
  readonly #batches = new Map<FieldNode, Batch[]>();

  constructor(options: InterpreterOptions) {
    this.#options = options;
  }

  async load(parent: unknown, args: Args, context: unknown, info: GraphQLResolveInfo): Promise<unknown> {
    const field = info.parentType.getFields()[info.fieldName];
    const mapping = field && mappingOf(field);
    const planner = new Planner(this.#options.binding, info, this.#options.request);
    switch (mapping?.kind) {
      case "find": {
        const plan = planner.plan(mapping.entity, info.fieldNodes);
        const [row] = await this.#selected({ plan, where: planner.where(plan.bound.entity, mapping.where, args), order: null });
        return row ?? null;
      }
      case "list":
        return this.#selected(planner.selected(planner.plan(mapping.entity, info.fieldNodes), mapping, args));
      case "pageOf":
        return (await this.#pages(planner.page(mapping.entity, mapping, args, info.fieldNodes), null))[0];
      case "entity": {
        const id = mapping.key(parent as never, args as never, context as never);
        if (id === null || mapping.from === undefined) return id === null ? null : this.#byKey({ type: mapping.entity, id }, planner, info);
        return (await this.#byIds(planner.plan(mapping.entity, info.fieldNodes), [id], mapping.from)).get(id) ?? null;
      }
      case "entities": {
        const ids = mapping.key(parent as never, args as never, context as never);
        const rows = await Promise.all(ids.map((id) => this.#byKey({ type: mapping.entity, id }, planner, info)));
        return rows.filter((row) => row !== null);
      }
      case "node": {
        const key = mapping.key(parent as never, args as never, context as never);
        return key === null ? null : this.#node(key, context, planner, info);
      }
      case "nodes":
        return this.#nodes(mapping, mapping.key(parent as never, args as never, context as never), context, planner, info);
      default:
        throw new Error(`${info.parentType.name}.${info.fieldName} is not mapped to a root`);
    }
  }

  async matching(type: string, args: Args, { among, after, limit }: MatchingOptions): Promise<string[]> {
    const { binding } = this.#options;
    const bound = binding.type(type);
    const mapping = binding.rootPage(type);
    if (!bound || !mapping) throw new Error(`No root field pages over ${type}`);
    const where = mapping.where?.(bound.entity.main, args as never, this.#options.request) ?? null;
    if (where === nothing || among?.length === 0) return [];
    const writer = new StatementWriter(binding, bound.entity).write(`select t."id" from ${bound.entity.from} t where true`);
    writeWhere(writer, where);
    if (among) writer.write(' and t."id" = any (').param(among, "uuid[]").write(")");
    if (after !== undefined) writer.write(' and t."id" > ').param(after, "uuid");
    writer.write(' order by t."id" limit ').param(limit, "integer");
    return (await this.#ask(writer.statement())).map(([id]) => id as string);
  }

  // ---------------------------------------------------------------- roots

  async #selected({ plan, where, order }: Selected): Promise<Row[]> {
    if (where === nothing) return [];
    const list = new SelectList();
    const shape = list.shape(plan);
    const writer = this.#select(new StatementWriter(this.#options.binding, plan.bound.entity), list, plan.bound.entity.from);
    writeWhere(writer, where);
    if (order) writeOrder(writer, order, true);
    else writer.write(" limit 1");
    return this.#make(shape, await this.#ask(writer.statement()), 0);
  }

  // ---------------------------------------------------------------- objects by their keys

  async #nodes(mapping: Mapping & { kind: "nodes" }, keys: readonly (ObjectKey | null)[], context: unknown, planner: Planner, info: GraphQLResolveInfo): Promise<unknown> {
    if (keys.length > MAX_NODE_IDS) throw new RequestError("BAD_USER_INPUT", `At most ${MAX_NODE_IDS} ids at once`);
    const found = await Promise.all(keys.map((key) => (key === null ? null : this.#node(key, context, planner, info))));
    return mapping.existing ? found.filter((node) => node !== null) : found;
  }

  /** Null for what does not exist, for what is another tenant's, and for a type that the viewer's role may not see. */
  #node(key: ObjectKey, context: unknown, planner: Planner, info: GraphQLResolveInfo): unknown {
    const type = this.#options.binding.schema.getType(key.type);
    const { access, node } = (type?.extensions ?? {}) as { access?: Role; node?: (id: string, context: unknown) => object | null };
    if (!permits(this.#options.role, access)) return null;
    if (node) {
      const value = node(key.id, context);
      return value && { ...value, [TYPE_NAME]: key.type };
    }
    return this.#options.binding.type(key.type)?.isNode ? this.#byKey(key, planner, info) : null;
  }

  /** Joins what other parents of the same field ask for in this tick. */
  async #byKey(key: ObjectKey, planner: Planner, info: GraphQLResolveInfo): Promise<Row | null> {
    const nodes = info.fieldNodes;
    const first = nodes[0] as FieldNode;
    const batches = this.#batches.get(first) ?? [];
    let batch = batches.find((open) => open.nodes.length === nodes.length && open.nodes.every((node, index) => node === nodes[index]));
    if (!batch) {
      const made = new Batch(nodes);
      batch = made;
      this.#batches.set(first, [...batches, made]);
      made.rows = afterThisTick(async () => {
        this.#batches.set(first, (this.#batches.get(first) ?? []).filter((open) => open !== made));
        const byType = await Promise.all([...made.ids].map(([type, ids]) => this.#byIds(planner.plan(type, nodes), [...ids])));
        return new Map(byType.flatMap((rows) => [...rows]));
      });
    }
    batch.add(key);
    return (await batch.rows).get(key.id) ?? null;
  }

  /** Rows by their uuids; those that the viewer can't see are missing. */
  async #byIds(plan: Plan, ids: readonly string[], from = plan.bound.entity.from): Promise<Map<string, Row>> {
    if (ids.length === 0) return new Map();
    const list = new SelectList();
    const shape = list.shape(plan);
    const writer = new StatementWriter(this.#options.binding, plan.bound.entity).write('select t."id", ');
    list.write(writer);
    writer.write(` from ${from} t where t."id" = any (`).param(ids, "uuid[]").write(")");
    const raws = await this.#ask(writer.statement());
    const rows = await this.#make(shape, raws, 1);
    return new Map(raws.map((raw, index) => [raw[0] as string, rows[index] as Row]));
  }

  // ---------------------------------------------------------------- below rows

  /** Rows with all that their plan asks for below them. */
  async #make(shape: RowShape, raws: readonly RawRow[], offset: number): Promise<Row[]> {
    const rows = raws.map((raw) => shape.make(raw, offset));
    await this.#fill(shape, rows);
    return rows;
  }

  async #fill(shape: RowShape, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const { relations } = shape.plan;
    await Promise.all([
      ...relations.map((relation) => this.#relate(relation, rows)),
      ...shape.parts.map((part) => this.#fill(part.shape, rows.map((row) => row[part.slot] as Row))),
    ]);
  }

  async #relate(relation: Relation, rows: readonly Row[]): Promise<void> {
    const { slot } = relation;
    switch (relation.kind) {
      case "one": {
        const found = await this.#byIds(relation.plan, distinct(rows, relation.property));
        for (const row of rows) row[slot] = found.get(row[relation.property] as string) ?? null;
        return;
      }
      case "many": {
        const found = await this.#many(relation.rows, relation.property, distinct(rows, "id"));
        for (const row of rows) row[slot] = found.get(row["id"] as string) ?? [];
        return;
      }
      case "page": {
        const ids = distinct(rows, "id");
        const connections = await this.#pages(relation.page, { property: relation.property, ids });
        const byId = new Map(ids.map((id, index) => [id, connections[index]]));
        for (const row of rows) row[slot] = byId.get(row["id"] as string);
        return;
      }
      case "ref":
        return this.#refer(relation.planOf, relation, rows);
    }
  }

  async #many({ plan, where, order }: Selected, property: string, ids: readonly string[]): Promise<Map<string, Row[]>> {
    const groups = new Map<string, Row[]>();
    if (where === nothing) return groups;
    const list = new SelectList();
    const shape = list.shape(plan);
    const key = plan.bound.entity.columns.get(property)?.name;
    const writer = new StatementWriter(this.#options.binding, plan.bound.entity).write(`select t.${key}, `);
    list.write(writer);
    writer.write(` from ${plan.bound.entity.from} t where t.${key} = any (`).param(ids, "uuid[]").write(")");
    writeWhere(writer, where);
    if (order) writeOrder(writer, order, true);
    const raws = await this.#ask(writer.statement());
    const rows = await this.#make(shape, raws, 1);
    for (const [index, raw] of raws.entries()) {
      const group = groups.get(raw[0] as string);
      if (group) group.push(rows[index] as Row);
      else groups.set(raw[0] as string, [rows[index] as Row]);
    }
    return groups;
  }

  async #refer(planOf: PlanOf, { slot, typeProperty, idProperty }: { slot: string; typeProperty: string; idProperty: string }, rows: readonly Row[]): Promise<void> {
    const byType = Map.groupBy(rows, (row) => row[typeProperty] as string | null);
    await Promise.all(
      [...byType].map(async ([type, group]) => {
        const access = type === null ? undefined : (this.#options.binding.schema.getType(type)?.extensions as { access?: Role } | undefined)?.access;
        const plan = type !== null && permits(this.#options.role, access) ? planOf(type) : undefined;
        const found = plan ? await this.#byIds(plan, distinct(group, idProperty)) : undefined;
        for (const row of group) row[slot] = found?.get(row[idProperty] as string) ?? null;
      }),
    );
  }

  // ---------------------------------------------------------------- pages

  /** A connection for each parent, in the order of their ids; one without a parent. */
  async #pages(page: PlannedPage, parents: Parents | null): Promise<Row[]> {
    const count = parents?.ids.length ?? 1;
    const views = [...page.nodes, ...page.edges.flatMap((edge) => edge.nodes)];
    const asksRows = views.length > 0 || page.edges.length > 0 || page.pageInfo.size > 0;
    const [read, facts] = await Promise.all([asksRows ? this.#pageRows(page, parents) : undefined, this.#pageFacts(page, parents)]);

    const connections = Array.from({ length: count }, (_, index) => {
      const part = read?.parents[index];
      return connectionOf(page, part, facts?.[index]);
    });
    if (read) {
      await Promise.all(
        read.shapes.map((shape, view) =>
          this.#fill(shape, read.parents.flatMap((part) => part.rows[view] as Row[])),
        ),
      );
    }
    return connections;
  }

  async #pageRows(page: PlannedPage, parents: Parents | null): Promise<{ shapes: RowShape[]; parents: PageRows[] }> {
    const { bound, order, args } = page;
    const shapes: RowShape[] = [];
    const list = new SelectList();
    for (const { plan } of [...page.nodes, ...page.edges.flatMap((edge) => edge.nodes)]) shapes.push(list.shape(plan));
    const withCursors = page.edges.some((edge) => edge.cursor) || page.pageInfo.has("startCursor") || page.pageInfo.has("endCursor");
    const keys = withCursors || parents ? order.columns.map(({ column }) => list.column(column)) : [];
    const empty = (): PageRows => ({ rows: shapes.map(() => []), cursors: [], more: false, count: 0 });
    const result = Array.from({ length: parents?.ids.length ?? 1 }, empty);
    if (page.where === nothing) return { shapes, parents: result };

    const writer = new StatementWriter(this.#options.binding, bound.entity);
    if (parents) writer.write("select k.n, x.* from unnest(").param(parents.ids, "uuid[]").write(") with ordinality k (id, n) cross join lateral (");
    this.#select(writer, list, page.from);
    if (parents) writer.write(` and t.${bound.entity.columns.get(parents.property)?.name} = k.id`);
    writeWhere(writer, page.where);
    for (const side of ["after", "before"] as const) {
      const key = args[side];
      if (!key) continue;
      writer.write(" and ");
      writeBeyond(writer, order, key, side);
    }
    writeOrder(writer, order, args.forward);
    writer.write(" limit ").param(args.size + 1, "integer");
    if (parents) writer.write(`) x order by k.n${keys.map((key, index) => `, x.c${key}${order.columns[index]?.descending === args.forward ? " desc" : ""}`).join("")}`);

    const offset = parents ? 1 : 0;
    const raws = await this.#ask(writer.statement());
    const groups: RawRow[][] = result.map(() => []);
    for (const raw of raws) (groups[parents ? Number(raw[0]) - 1 : 0] as RawRow[]).push(raw);
    for (const [index, group] of groups.entries()) {
      const more = group.length > args.size;
      if (more) group.pop();
      if (!args.forward) group.reverse();
      result[index] = {
        rows: shapes.map((shape) => group.map((raw) => shape.make(raw, offset))),
        cursors: withCursors ? group.map((raw) => encodeCursor(order, keys.map((key) => raw[key + offset] as string))) : [],
        more,
        count: group.length,
      };
    }
    return { shapes, parents: result };
  }

  /** What the page's rows don't tell: how many there are in all, and whether there are others beyond its cursors. */
  async #pageFacts(page: PlannedPage, parents: Parents | null): Promise<PageFacts[] | undefined> {
    const { bound, order, args, where } = page;
    const asksAfter = args.after !== null && page.pageInfo.has("hasPreviousPage");
    const asksBefore = args.before !== null && page.pageInfo.has("hasNextPage");
    if (!page.totalCount && !asksAfter && !asksBefore) return undefined;
    if (where === nothing) return Array.from({ length: parents?.ids.length ?? 1 }, () => ({ total: 0, upToAfter: false, fromBefore: false }));

    const writer = new StatementWriter(this.#options.binding, bound.entity);
    const from = (): void => {
      writer.write(` from ${page.from} t where true`);
      if (parents) writer.write(` and t.${bound.entity.columns.get(parents.property)?.name} = k.id`);
      writeWhere(writer, where);
    };
    const exists = (asked: boolean, key: readonly string[] | null, side: "after" | "before"): void => {
      if (!asked || !key) {
        writer.write(", false");
        return;
      }
      writer.write(", exists (select");
      from();
      writer.write(" and ");
      // Up to the cursor `after` is what lies before it, or at it; and the other way round.
      writeBeyond(writer, order, key, side === "after" ? "before" : "after", true);
      writer.write(")");
    };
    writer.write(parents ? "select k.n, " : "select 1, ");
    if (page.totalCount) {
      writer.write("(select count(*)");
      from();
      writer.write(")");
    } else writer.write("0");
    exists(asksAfter, args.after, "after");
    exists(asksBefore, args.before, "before");
    if (parents) writer.write(" from unnest(").param(parents.ids, "uuid[]").write(") with ordinality k (id, n) order by k.n");
    const raws = await this.#ask(writer.statement());
    return raws.map(([, total, upToAfter, fromBefore]) => ({ total: Number(total), upToAfter: upToAfter === "t", fromBefore: fromBefore === "t" }));
  }

  // ---------------------------------------------------------------- statements

  /** `select … from … t where true`, for conditions to be added. */
  #select(writer: StatementWriter, list: SelectList, from: string): StatementWriter {
    writer.write("select ");
    list.write(writer);
    return writer.write(` from ${from} t where true`);
  }

  /** What is asked in one tick goes to the database together. */
  #ask(statement: Statement): Promise<RawRow[]> {
    return new Promise((resolve, reject) => {
      if (this.#pending.push({ statement, resolve, reject }) === 1) process.nextTick(() => this.#flush());
    });
  }

  #flush(): void {
    const pending = this.#pending.splice(0);
    this.#options.statements.run(this.#options.settings, pending.map(({ statement }) => statement)).then(
      (results) => {
        for (const [index, { resolve }] of pending.entries()) resolve(results[index] as RawRow[]);
      },
      (error: Error) => {
        for (const { reject } of pending) reject(error);
      },
    );
  }
}

interface Parents {
  /** The target's property that has the parent's id. */
  readonly property: string;
  readonly ids: readonly string[];
}
interface PageRows {
  /** For each view, the page's rows. */
  readonly rows: readonly Row[][];
  readonly cursors: readonly string[];
  readonly more: boolean;
  readonly count: number;
}
interface PageFacts {
  readonly total: number;
  readonly upToAfter: boolean;
  readonly fromBefore: boolean;
}
interface Pending {
  readonly statement: Statement;
  readonly resolve: (rows: RawRow[]) => void;
  readonly reject: (error: Error) => void;
}

/** Keys that one field's parents ask for in one tick. */
class Batch {
  readonly nodes: readonly FieldNode[];
  readonly ids = new Map<string, Set<string>>();
  rows: Promise<Map<string, Row>> = Promise.resolve(new Map());

  constructor(nodes: readonly FieldNode[]) {
    this.nodes = nodes;
  }

  add({ type, id }: ObjectKey): void {
    const ids = this.ids.get(type);
    if (ids) ids.add(id);
    else this.ids.set(type, new Set([id]));
  }
}

/** Runs when all that this tick and its microtasks do is done. */
const afterThisTick = <T>(work: () => Promise<T>): Promise<T> => new Promise((resolve) => process.nextTick(() => resolve(work())));

/** The values of a property that are not null, each once. */
function distinct(rows: readonly Row[], property: string): string[] {
  const values = new Set<string>();
  for (const row of rows) {
    const value = row[property];
    if (value !== null) values.add(value as string);
  }
  return [...values];
}

function writeWhere(writer: StatementWriter, where: Sql | null): void {
  if (where) writer.write(" and (").sql(where).write(")");
}

/** The object that the connection's resolvers take from. */
function connectionOf(page: PlannedPage, read: PageRows | undefined, facts: PageFacts | undefined): Row {
  const connection: Row = {};
  if (page.totalCount) connection["totalCount"] = facts?.total ?? 0;
  if (!read) return connection;
  let view = 0;
  for (const { slot } of page.nodes) connection[slot] = read.rows[view++];
  for (const edge of page.edges) {
    const views = edge.nodes.map(({ slot }) => ({ slot, rows: read.rows[view++] as Row[] }));
    connection[edge.slot] = Array.from({ length: read.count }, (_, index) => {
      const object: Row = { cursor: read.cursors[index] };
      for (const { slot, rows } of views) object[slot] = rows[index];
      return object;
    });
  }
  if (page.pageInfo.size > 0) {
    const { forward } = page.args;
    connection["pageInfo"] = {
      hasNextPage: (forward && read.more) || (facts?.fromBefore ?? false),
      hasPreviousPage: (!forward && read.more) || (facts?.upToAfter ?? false),
      startCursor: read.cursors[0] ?? null,
      endCursor: read.cursors.at(-1) ?? null,
    };
  }
  return connection;
}
