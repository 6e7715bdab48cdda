import { schema } from "#schema/index.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { type Aim, type RandomAsking, RandomAskings, runningOf } from "./random-askings.ts";
import { diceOf } from "./random.ts";
import { hintsOf } from "./read-hints.ts";
import { createReadWorld, type ReadWorld } from "./read-world.ts";
import type { OperationHints } from "./random-arguments.ts";
import { observed } from "./schema-clone.ts";
import { answer, type Answered, openSides, type Running, type Side, type Sides } from "./three-ways.ts";

/**
 * Random operations with the answers that are right, for whoever looks for faults. All faults are looked for among the same operations first, which are those that the
 * comparison of the ways draws; where these don't reach a fault's place, in more: where something aims at it, by the same generator, whose goal is not left to the dice.
 *
 *   shared ──all looked at──▶ more, drawn as they are needed, up to a number of them
 */
export interface Candidate {
  readonly asking: RandomAsking;
  readonly running: Running;
  readonly expected: Answered;
  /** Counted through those that were drawn, also where they were refused. */
  readonly number: number;
}

export interface FaultSearchOptions {
  readonly seed: number;
  readonly queries: number;
  readonly messages: number;
  /** With each aim, and without one, at the most. */
  readonly more: number;
}

export const AT_ONCE = 6;
const BATCH = 100;
/** What a fault needs may be in the first few. */
const FEW = 20;

type Kind = "queries" | "messages";

export class FaultSearch {
  readonly sides: Sides;
  readonly #options: FaultSearchOptions;
  readonly #database: TestDatabase;
  readonly #world: ReadWorld;
  readonly #hints: OperationHints;
  readonly #reference: Side;
  readonly #landed: Map<string, number>;
  readonly #shared: Record<Kind, Candidate[]> = { queries: [], messages: [] };
  readonly #more = new Map<string, Batches>();

  private constructor(options: FaultSearchOptions, database: TestDatabase, world: ReadWorld, sides: Sides, hints: OperationHints, reference: Side, landed: Map<string, number>) {
    this.#options = options;
    this.#database = database;
    this.#world = world;
    this.sides = sides;
    this.#hints = hints;
    this.#reference = reference;
    this.#landed = landed;
  }

  static async open(options: FaultSearchOptions): Promise<FaultSearch> {
    const database = await createTestDatabase();
    const world = await createReadWorld(database.admin);
    const sides = await openSides(database, { max: AT_ONCE });
    const landed = new Map<string, number>();
    const reference = sides.side(observed(schema, (coordinate) => landed.set(coordinate, (landed.get(coordinate) ?? 0) + 1)), { ways: ["interpreter"] });
    const search = new FaultSearch(options, database, world, sides, await hintsOf(world, sides, reference), reference, landed);
    search.#shared.queries = await search.#draw("queries", options.queries);
    search.#shared.messages = await search.#draw("messages", options.messages);
    return search;
  }

  close(): Promise<void> {
    return this.#database.drop();
  }

  /** Those that all faults are looked for among. */
  shared(of: Kind): readonly Candidate[] {
    return this.#shared[of];
  }

  async *candidates(of: Kind, aim?: Aim): AsyncGenerator<Candidate, void, void> {
    yield* this.#shared[of];
    const drawn = this.#options[of];
    const more = this.#moreOf(of, aim);
    for (let index = 0; index < this.#options.more; index += FEW) {
      // oxlint-disable-next-line no-await-in-loop -- it ends where the fault is found
      for (const candidate of await more.batch(index / FEW)) yield { ...candidate, number: drawn + index + candidate.number };
    }
  }

  /** The goals of an aim that nobody has. */
  unreached(of: Kind, aim: Aim): string[] {
    return this.#askings(of, 0).unreached(aim);
  }

  #moreOf(of: Kind, aim?: Aim): Batches {
    const name = JSON.stringify([of, aim]);
    const known = this.#more.get(name);
    if (known) return known;
    const askings = this.#askings(of, [...name].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, this.#options.seed));
    const made = new Batches(() => this.#answered(askings.batch(FEW, aim)));
    this.#more.set(name, made);
    return made;
  }

  #askings(of: Kind, seed: number): RandomAskings {
    return new RandomAskings({ schema, world: this.#world, hints: this.#hints, dice: diceOf(seed), of });
  }

  async #draw(of: Kind, count: number): Promise<Candidate[]> {
    const askings = this.#askings(of, this.#options.seed);
    const all: Candidate[] = [];
    for (let drawn = 0; drawn < count; drawn += BATCH) {
      this.#landed.clear();
      // oxlint-disable-next-line no-await-in-loop -- what one batch answers decides what the next one asks for
      for (const candidate of await this.#answered(askings.batch(Math.min(BATCH, count - drawn)))) all.push({ ...candidate, number: drawn + candidate.number });
      askings.landed(this.#landed);
    }
    return all;
  }

  async #answered(batch: readonly RandomAsking[]): Promise<Candidate[]> {
    // Admitted one after the other, so that who asks the same document again has the same operation.
    const runs = batch.flatMap((asking, index) => {
      const running = runningOf(this.sides, asking);
      return running ? [{ asking, running, number: index + 1 }] : [];
    });
    const found: Candidate[] = [];
    await inTurn(runs, async (run) => void found.push({ ...run, expected: await answer(this.#reference, "interpreter", run.running) }));
    return found.toSorted((a, b) => a.number - b.number);
  }
}

/** Batches that are drawn once, whoever asks for them. */
class Batches {
  readonly #draw: () => Promise<Candidate[]>;
  readonly #batches: Promise<Candidate[]>[] = [];

  constructor(draw: () => Promise<Candidate[]>) {
    this.#draw = draw;
  }

  batch(index: number): Promise<Candidate[]> {
    while (this.#batches.length <= index) this.#batches.push(this.#draw());
    return this.#batches[index] as Promise<Candidate[]>;
  }
}

/** Several at once. */
export async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  }));
}
