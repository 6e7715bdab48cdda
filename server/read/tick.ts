import type { Statement } from "./render.ts";
import type { RawRow } from "./rows.ts";
import type { ScopedStatements, ScopeSettings } from "./scoped.ts";

interface Pending {
  readonly statement: Statement;
  readonly resolve: (rows: RawRow[]) => void;
  readonly reject: (error: Error) => void;
}

/** What one operation asks in one tick, and in the microtasks of it, goes to the database together: a group a level. */
export class TickedStatements {
  readonly #statements: ScopedStatements;
  readonly #settings: ScopeSettings;
  #pending: Pending[] = [];

  constructor(statements: ScopedStatements, settings: ScopeSettings) {
    this.#statements = statements;
    this.#settings = settings;
  }

  ask(statement: Statement): Promise<RawRow[]> {
    return new Promise((resolve, reject) => {
      if (this.#pending.push({ statement, resolve, reject }) === 1) process.nextTick(() => this.#send());
    });
  }

  #send(): void {
    const pending = this.#pending;
    this.#pending = [];
    this.#statements.run(this.#settings, pending.map(({ statement }) => statement)).then(
      (results) => {
        for (const [index, { resolve }] of pending.entries()) resolve(results[index] as RawRow[]);
      },
      (error: Error) => {
        for (const { reject } of pending) reject(error);
      },
    );
  }
}

/** Runs when all that this tick and its microtasks do is done. */
export const afterThisTick = <T>(work: () => Promise<T>): Promise<T> => new Promise((resolve) => process.nextTick(() => resolve(work())));
