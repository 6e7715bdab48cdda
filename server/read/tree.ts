import { nothing } from "../../schema/shared/mapping/sql.ts";
import { RequestError } from "../domain/request-error.ts";
import type { Role } from "../domain/states.ts";
import type { Binding } from "./bind.ts";
import { branchOf, type Json, pageBranch, type Tree } from "./branch.ts";
import { askedOf, connectionOf, type Question } from "./connection.ts";
import { writeOrder } from "./page.ts";
import type { Plan, PlannedPage, Selected } from "./plan.ts";
import { type Statement, StatementWriter, writeWhere } from "./render.ts";
import type { Row, RowLoader } from "./rows.ts";
import type { TickedStatements } from "./tick.ts";

/**
 * The mixed way: all that a root needs by one statement, whose rows bring what lies below them as JSON (branch.ts). The very rows are made of it that the
 * interpreter makes. A root whose statement would be too long, or can't be written because of a value that Postgres can't hold, is loaded by the interpreter:
 * that one tells what is wrong only where there are rows to ask it of.
 */
export interface TreeOptions {
  readonly binding: Binding;
  readonly asking: TickedStatements;
  readonly role: Role;
  readonly otherwise: RowLoader;
}

/** The statement would be longer than is worth planning. */
class TooLarge extends Error {}

export class TreeRows implements RowLoader {
  readonly #options: TreeOptions;

  constructor(options: TreeOptions) {
    this.#options = options;
  }

  async selected(selected: Selected): Promise<Row[]> {
    const { plan, where, order } = selected;
    if (isFlat(plan) || where === nothing) return this.#options.otherwise.selected(selected);
    const asked = this.#written((tree) => {
      const { place, shape, write } = branchOf(tree, plan);
      const { writer } = tree;
      writer.write("select ");
      write();
      writer.write(` from ${place.entity.from} ${place.alias} where true`);
      writeWhere(writer, where, place);
      if (order) writeOrder(writer, order, true, place.alias);
      else writer.write(" limit 1");
      return (raws) => raws.map(([text]) => shape.make(parse(text)));
    });
    return asked ? asked.answer(await this.#options.asking.ask(asked.statement)) : this.#options.otherwise.selected(selected);
  }

  async byIds(plan: Plan, ids: readonly string[], from = plan.bound.entity.from): Promise<Map<string, Row>> {
    if (isFlat(plan)) return this.#options.otherwise.byIds(plan, ids, from);
    const asked = this.#written((tree) => {
      const { place, shape, write } = branchOf(tree, plan);
      const { writer } = tree;
      writer.write(`select ${place.alias}."id", `);
      write();
      writer.write(` from ${from} ${place.alias} where ${place.alias}."id" = any (`).param(ids, "uuid[]").write(")");
      return (raws) => new Map(raws.map(([id, text]) => [id as string, shape.make(parse(text))]));
    });
    return asked ? asked.answer(await this.#options.asking.ask(asked.statement)) : this.#options.otherwise.byIds(plan, ids, from);
  }

  /** The facts come before the rows, as a row of their own with the number 0: one large JSON of all would be copied for each level that it passes. */
  async page(page: PlannedPage): Promise<Row> {
    const { rows: asksRows, facts: asksFacts, views } = askedOf(page);
    if (page.where === nothing || !asksRows || (!asksFacts && views.every(({ plan }) => isFlat(plan)))) return this.#options.otherwise.page(page);
    const asked = this.#written((tree) => {
      const { rows, facts } = pageBranch(tree, page, null);
      const { writer } = tree;
      if (facts) {
        writer.write("select 0::bigint, ");
        facts.write();
        writer.write(" union all ");
      }
      rows?.write(true);
      writer.write(" order by 1");
      return (raws) => {
        const found = raws.map(([, text]) => (text === null ? null : parse(text)));
        const told = facts?.decode(found.shift() as Json);
        return connectionOf(page, rows?.decode(found), told);
      };
    });
    return asked ? asked.answer(await this.#options.asking.ask(asked.statement)) : this.#options.otherwise.page(page);
  }

  /** Null where it has to be loaded otherwise. */
  #written<Answer>(write: (tree: Tree) => Question<Answer>["answer"]): Asked<Answer> | null {
    const { binding, role } = this.#options;
    const writer = new StatementWriter(binding, null, () => new TooLarge());
    try {
      const answer = write({ binding, role, writer });
      return { statement: writer.statement(), answer };
    } catch (error) {
      if (error instanceof TooLarge || error instanceof RequestError) return null;
      throw error;
    }
  }
}

/** Written, and to be asked. */
type Asked<Answer> = Question<Answer> & { readonly statement: Statement };

/** Nothing lies below its rows: the interpreter asks one statement as well, and its values need no JSON. */
const isFlat = (plan: Plan): boolean => plan.relations.length === 0 && plan.parts.every((part) => isFlat(part.plan));

const parse = (text: string | null | undefined): Json => JSON.parse(text as string) as Json;
