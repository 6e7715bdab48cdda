import type { FieldNode, GraphQLResolveInfo } from "graphql";
import { permits } from "../../schema/shared/mapping/access.ts";
import { type Condition, MAX_NODE_IDS, mappingOf, type Request } from "../../schema/shared/mapping/kinds.ts";
import { TYPE_NAME } from "../../schema/shared/mapping/slots.ts";
import { nothing } from "../../schema/shared/mapping/sql.ts";
import type { ObjectKey } from "../domain/errors.ts";
import { RequestError } from "../domain/request-error.ts";
import type { Role } from "../domain/states.ts";
import type { Viewer } from "../identity/viewer.ts";
import type { Binding } from "./bind.ts";
import { connectionOf, type Parents, parentsOf, type Question, pageFacts, pageRows } from "./connection.ts";
import type { MatchingOptions, Reader } from "./index.ts";
import { writeOrder } from "./page.ts";
import { type Plan, type PlannedPage, Planner, type PlanOf, type Relation, type Selected } from "./plan.ts";
import { StatementWriter, writeWhere } from "./render.ts";
import { type RawRow, type Row, type RowShape, SelectList } from "./rows.ts";
import type { ScopedStatements, ScopeSettings } from "./scoped.ts";
import { afterThisTick, TickedStatements } from "./tick.ts";

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
  readonly #asking: TickedStatements;
  readonly #batches = new Map<FieldNode, Batch[]>();

  constructor(options: InterpreterOptions) {
    this.#options = options;
    this.#asking = new TickedStatements(options.statements, options.settings);
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
        const id = mapping.key(parent as never, args as never);
        if (id === null) return null;
        if (mapping.from !== undefined) return (await this.#byIds(planner.plan(mapping.entity, info.fieldNodes), [id], mapping.from)).get(id) ?? null;
        return (await this.#byKeys([{ type: mapping.entity, id }], planner, info))[0];
      }
      case "entities": {
        const ids = mapping.key(parent as never, args as never);
        const rows = await this.#byKeys(ids.map((id) => ({ type: mapping.entity, id })), planner, info);
        return rows.filter((row) => row !== null);
      }
      case "node":
        return (await this.#nodes([mapping.key(parent as never, args as never)], context, planner, info))[0];
      case "nodes": {
        const keys = mapping.key(parent as never, args as never);
        if (keys.length > MAX_NODE_IDS) throw new RequestError("BAD_USER_INPUT", `At most ${MAX_NODE_IDS} ids at once`);
        const found = await this.#nodes(keys, context, planner, info);
        return mapping.existing ? found.filter((node) => node !== null) : found;
      }
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
    return (await this.#asking.ask(writer.statement())).map(([id]) => id as string);
  }

  async existing(type: string, among: readonly string[], where?: Condition): Promise<string[]> {
    const { binding, role, request } = this.#options;
    const extensions = binding.schema.getType(type)?.extensions as TypeExtensions | undefined;
    if (among.length === 0 || !permits(role, extensions?.access)) return [];
    const bound = binding.type(type);
    if (!bound?.isNode) return among.filter((id) => extensions?.exists?.(id, request.viewer) === true);
    const condition = where?.(bound.entity.main, {} as never, request) ?? null;
    if (condition === nothing) return [];
    const writer = new StatementWriter(binding, bound.entity).write(`select t."id" from ${bound.entity.from} t where t."id" = any (`).param(among, "uuid[]").write(")");
    writeWhere(writer, condition);
    return (await this.#asking.ask(writer.statement())).map(([id]) => id as string);
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
    return this.#make(shape, await this.#asking.ask(writer.statement()), 0);
  }

  // ---------------------------------------------------------------- objects by their keys

  /** Null for what does not exist, for what is another tenant's, and for a type that the viewer's role may not see. */
  async #nodes(keys: readonly (ObjectKey | null)[], context: unknown, planner: Planner, info: GraphQLResolveInfo): Promise<(object | null)[]> {
    const { binding, role } = this.#options;
    const seen = keys.map((key) => {
      const extensions = (key === null ? undefined : binding.schema.getType(key.type)?.extensions) as TypeExtensions | undefined;
      return key !== null && permits(role, extensions?.access) ? { key, made: extensions?.node, hasRows: binding.type(key.type)?.isNode === true } : null;
    });
    const rows = await this.#byKeys(seen.filter((one) => one?.hasRows === true).map((one) => (one as { key: ObjectKey }).key), planner, info);
    let next = 0;
    return seen.map((one) => {
      if (one?.hasRows === true) return rows[next++] ?? null;
      const value = one?.made?.(one.key.id, context) ?? null;
      return value && { ...value, [TYPE_NAME]: one?.key.type };
    });
  }

  /** Rows by their keys, in the order asked. Joins what other parents of the same field ask for in this tick. */
  async #byKeys(keys: readonly ObjectKey[], planner: Planner, { fieldNodes }: GraphQLResolveInfo): Promise<(Row | null)[]> {
    if (keys.length === 0) return [];
    const first = fieldNodes[0] as FieldNode;
    const open = this.#batches.get(first) ?? [];
    let batch = open.find(({ nodes }) => nodes.length === fieldNodes.length && nodes.every((node, index) => node === fieldNodes[index]));
    if (!batch) {
      const made = new Batch(fieldNodes, async ({ ids }) => {
        this.#batches.set(first, (this.#batches.get(first) ?? []).filter((other) => other !== made));
        return new Map(await Promise.all([...ids].map(async ([type, some]) => [type, await this.#byIds(planner.plan(type, fieldNodes), [...some])] as const)));
      });
      this.#batches.set(first, [...open, made]);
      batch = made;
    }
    for (const key of keys) batch.add(key);
    const rows = await batch.rows;
    return keys.map(({ type, id }) => rows.get(type)?.get(id) ?? null);
  }

  /** Rows by their uuids; those that the viewer can't see are missing. */
  async #byIds(plan: Plan, ids: readonly string[], from = plan.bound.entity.from): Promise<Map<string, Row>> {
    if (ids.length === 0) return new Map();
    const list = new SelectList();
    const shape = list.shape(plan);
    const writer = new StatementWriter(this.#options.binding, plan.bound.entity).write('select t."id", ');
    list.write(writer);
    writer.write(` from ${from} t where t."id" = any (`).param(ids, "uuid[]").write(")");
    const raws = await this.#asking.ask(writer.statement());
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
        const { parents, indexOf } = parentsOf(rows, relation);
        const connections = await this.#pages(relation.page, parents);
        for (const row of rows) row[slot] = connections[indexOf(row)];
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
    const raws = await this.#asking.ask(writer.statement());
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
        const access = type === null ? undefined : (this.#options.binding.schema.getType(type)?.extensions as TypeExtensions | undefined)?.access;
        const plan = type !== null && permits(this.#options.role, access) ? planOf(type) : undefined;
        const found = plan ? await this.#byIds(plan, distinct(group, idProperty)) : undefined;
        for (const row of group) row[slot] = found?.get(row[idProperty] as string) ?? null;
      }),
    );
  }

  // ---------------------------------------------------------------- pages

  /** A connection for each parent, in the order of their keys; one without a parent. */
  async #pages(page: PlannedPage, parents: Parents | null): Promise<Row[]> {
    const { binding } = this.#options;
    const rows = pageRows(binding, page, parents);
    const [read, facts] = await Promise.all([this.#question(rows), this.#question(pageFacts(binding, page, parents))]);
    const connections = Array.from({ length: parents?.keys.length ?? 1 }, (_, index) => connectionOf(page, read?.[index], facts?.[index]));
    if (rows && read) await Promise.all(rows.shapes.map((shape, view) => this.#fill(shape, read.flatMap((part) => part.rows[view] as Row[]))));
    return connections;
  }

  async #question<Answer>(question: Question<Answer> | null): Promise<Answer | undefined> {
    return question?.answer(question.statement ? await this.#asking.ask(question.statement) : []);
  }

  // ---------------------------------------------------------------- statements

  /** `select … from … t where true`, for conditions to be added. */
  #select(writer: StatementWriter, list: SelectList, from: string): StatementWriter {
    writer.write("select ");
    list.write(writer);
    return writer.write(` from ${from} t where true`);
  }
}

interface TypeExtensions {
  readonly access?: Role;
  /** For types whose objects are no rows: the one with this id, and whether there is one. */
  readonly node?: (id: string, context: unknown) => object | null;
  readonly exists?: (id: string, viewer: Viewer) => boolean;
}

type RowsByType = ReadonlyMap<string, ReadonlyMap<string, Row>>;

/** Keys that one field's parents ask for in one tick, and their rows. */
class Batch {
  readonly nodes: readonly FieldNode[];
  readonly ids = new Map<string, Set<string>>();
  readonly rows: Promise<RowsByType>;

  constructor(nodes: readonly FieldNode[], load: (batch: Batch) => Promise<RowsByType>) {
    this.nodes = nodes;
    this.rows = afterThisTick(() => load(this));
  }

  add({ type, id }: ObjectKey): void {
    const ids = this.ids.get(type);
    if (ids) ids.add(id);
    else this.ids.set(type, new Set([id]));
  }
}

/** The values of a property that are not null, each once. */
function distinct(rows: readonly Row[], property: string): string[] {
  const values = new Set<string>();
  for (const row of rows) {
    const value = row[property];
    if (value !== null) values.add(value as string);
  }
  return [...values];
}
