import { nothing } from "../../schema/shared/mapping/sql.ts";
import type { Role } from "../domain/states.ts";
import { type Binding, maySee } from "./bind.ts";
import { connectionOf, type Parents, parentsOf, type Question, pageFacts, pageRows } from "./connection.ts";
import { writeOrder } from "./page.ts";
import type { Plan, PlannedPage, PlanOf, Relation, Selected } from "./plan.ts";
import { StatementWriter, writeWhere } from "./render.ts";
import { type RawRow, type Row, type RowLoader, type RowShape, SelectList } from "./rows.ts";
import type { TickedStatements } from "./tick.ts";

/**
 * The interpreter: loads what the selection below a root needs, level by level. All that a level asks for goes to the database as
 * one group of statements, one for each relation whatever the number of parents; the values are put into the parents' slots, so that
 * the resolvers below only take them. It is the reference: what any other way answers is what this one would.
 */
export interface InterpreterOptions {
  readonly binding: Binding;
  readonly asking: TickedStatements;
  readonly role: Role;
}

export class Interpreter implements RowLoader {
  readonly #options: InterpreterOptions;

  constructor(options: InterpreterOptions) {
    this.#options = options;
  }

  // ---------------------------------------------------------------- roots

  async selected({ plan, where, order }: Selected): Promise<Row[]> {
    if (where === nothing) return [];
    const list = new SelectList();
    const shape = list.shape(plan);
    const writer = this.#select(new StatementWriter(this.#options.binding, plan.bound.entity), list, plan.bound.entity.from);
    writeWhere(writer, where);
    if (order) writeOrder(writer, order, true);
    else writer.write(" limit 1");
    return this.#make(shape, await this.#options.asking.ask(writer.statement()), 0);
  }

  /** Rows by their uuids; those that the viewer can't see are missing. */
  async byIds(plan: Plan, ids: readonly string[], from = plan.bound.entity.from): Promise<Map<string, Row>> {
    if (ids.length === 0) return new Map();
    const list = new SelectList();
    const shape = list.shape(plan);
    const writer = new StatementWriter(this.#options.binding, plan.bound.entity).write('select t."id", ');
    list.write(writer);
    writer.write(` from ${from} t where t."id" = any (`).param(ids, "uuid[]").write(")");
    const raws = await this.#options.asking.ask(writer.statement());
    const rows = await this.#make(shape, raws, 1);
    return new Map(raws.map((raw, index) => [raw[0] as string, rows[index] as Row]));
  }

  async page(page: PlannedPage): Promise<Row> {
    return (await this.#pages(page, null))[0] as Row;
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
        const found = await this.byIds(relation.plan, distinct(rows, relation.property));
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
    const raws = await this.#options.asking.ask(writer.statement());
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
        const plan = type !== null && maySee(this.#options.binding, this.#options.role, type) ? planOf(type) : undefined;
        const found = plan ? await this.byIds(plan, distinct(group, idProperty)) : undefined;
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
    return question?.answer(question.statement ? await this.#options.asking.ask(question.statement) : []);
  }

  // ---------------------------------------------------------------- statements

  /** `select … from … t where true`, for conditions to be added. */
  #select(writer: StatementWriter, list: SelectList, from: string): StatementWriter {
    writer.write("select ");
    list.write(writer);
    return writer.write(` from ${from} t where true`);
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
