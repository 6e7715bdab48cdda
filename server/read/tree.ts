import { nothing } from "../../schema/shared/mapping/sql.ts";
import { RequestError } from "../domain/request-error.ts";
import type { Role } from "../domain/states.ts";
import type { Binding } from "./bind.ts";
import { branchOf, pageOf, TooLarge, type Tree, unread } from "./branch.ts";
import { writeOrder } from "./page.ts";
import type { Plan, PlannedPage, Selected } from "./plan.ts";
import { type Statement, StatementWriter, writeWhere } from "./render.ts";
import type { RawRow, Row, RowLoader } from "./rows.ts";
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

/** Characters of one statement. */
const MAX_LENGTH = 65_536;

export class TreeRows implements RowLoader {
  readonly #options: TreeOptions;

  constructor(options: TreeOptions) {
    this.#options = options;
  }

  async selected(selected: Selected): Promise<Row[]> {
    const { plan, where, order } = selected;
    if (where === nothing) return [];
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

  async page(page: PlannedPage): Promise<Row> {
    const asked = this.#written((tree) => {
      const value = pageOf(tree, page, null);
      if (!value) return null;
      value.write(tree.writer.write("select "));
      return ([raw]) => value.decode(parse(raw?.[0]) as never) as Row;
    });
    if (!asked) return this.#options.otherwise.page(page);
    return asked.answer ? asked.answer(await this.#options.asking.ask(asked.statement)) : unread(page);
  }

  /** Null where it has to be loaded otherwise. */
  #written<Answer extends ((raws: readonly RawRow[]) => unknown) | null>(write: (tree: Tree) => Answer): { readonly statement: Statement; readonly answer: Answer } | null {
    const { binding, role } = this.#options;
    const writer = new StatementWriter(binding);
    const check = (): void => {
      if (writer.length > MAX_LENGTH) throw new TooLarge();
    };
    try {
      const answer = write({ binding, role, writer, check });
      check();
      return { statement: writer.statement(), answer };
    } catch (error) {
      if (error instanceof TooLarge || error instanceof RequestError) return null;
      throw error;
    }
  }
}

const parse = (text: string | null | undefined): readonly unknown[] => JSON.parse(text as string) as readonly unknown[];
