import { comparePositions, type Position } from "./cursor.ts";

/**
 * What a stream offers so that several subscribers may be served by it (shared-streams.ts). It works in rounds: it takes a place on the timeline, looks at what
 * is before that, and tells it in one message or several.
 */
export interface Sharing {
  /** Of the round under way, or else of the last one. */
  readonly place: Position;
  /** What the cursor of its last message says to have been told. Behind `place` amid a round that takes several messages. */
  readonly told: Position;
  /** Grows with each round. */
  readonly round: number;
  /** Whoever is served by it knows all up to `place`: it may be left there for another stream, or be joined by others from now on. */
  readonly whole: boolean;
  /** It may be joined: nothing is under way that has to be told to one from its beginning on. */
  readonly open: boolean;
  /**
   * This stream speaks also to who was served by that one, which is at rest and has looked no less far than this one. What the other remembers for its
   * subscriber is taken over by the first round beyond the other's place: earlier ones tell nothing to who has joined.
   */
  absorb(other: Sharing): void;
}

/** An iterator of messages that has it: what a field's `subscribe` gives. */
export interface Shareable {
  readonly sharing: Sharing;
}

export const sharingOf = (source: object): Sharing | null => ("sharing" in source ? (source as Shareable).sharing : null);

/** Whether who has looked as far as `reached` knows all that is told at `place`. */
export const reaches = (reached: Position, place: Position): boolean => reached.term === place.term && comparePositions(reached, place) >= 0;

/** What is remembered for those who join a stream, until a round goes beyond the place of the stream that served them before. Not that stream itself, which is over. */
export class Joining<Memory> {
  #waiting: { readonly place: Position; readonly memory: Memory }[] = [];

  add(place: Position, memory: Memory): void {
    this.#waiting.push({ place, memory });
  }

  /** What a round at this place takes over. */
  due(place: Position): Memory[] {
    if (this.#waiting.length === 0) return [];
    const { due = [], waiting = [] } = Object.groupBy(this.#waiting, (one) => (reaches(one.place, place) ? "waiting" : "due"));
    this.#waiting = waiting;
    return due.map(({ memory }) => memory);
  }

  /** Of those who wait. */
  *places(): Generator<Position> {
    for (const { place } of this.#waiting) yield place;
  }
}
