import type { Told } from "../../schema/shared/mapping/kinds.ts";
import type { Binding, BoundEntity } from "./bind.ts";
import type { Dependency } from "./changes.ts";
import type { Occurrence } from "./render.ts";

/**
 * What a part of a statement touches, noted while it is written: which entities, and whether each change of what it reads is told by the timeline. What
 * is not told, or depends on the time, can't be remembered. Denied by default: an entity that says of no rows that they tell of it, and SQL that calls a function of
 * ours, touch what nothing tells.
 */
export class Touched {
  readonly #binding: Binding;
  readonly #tellings = new Map<string, Telling>();
  #told = true;

  /** `root`: the rows that the text is of, one text each; null where it is of all of them. */
  constructor(binding: Binding, root: Occurrence | null) {
    this.#binding = binding;
    if (root) this.#add(root.entity, false, true);
  }

  /** A table, in any part of the statement. `owned`: its rows belong to the application that the root is, or belongs to. */
  table(entity: BoundEntity, owned = false): void {
    this.#add(entity, owned, false);
  }

  column(entity: BoundEntity, property: string): void {
    if (this.#binding.told(entity.name)?.untold?.includes(property)) this.#told = false;
  }

  /** SQL of the mapping, as it stands. */
  text(sql: string): void {
    if (sql.includes("app.")) this.#told = false;
  }

  /** Something that no timeline tells. */
  untold(): void {
    this.#told = false;
  }

  /** What the text of the row with this id depends on; null: it can't be remembered. */
  get dependencies(): ((id: string) => Dependency[]) | null {
    if (!this.#told) return null;
    const tellings = [...this.#tellings.values()];
    return (id) => tellings.map(({ kind, of }) => (of === "all" ? { kind } : { kind, [of]: id }));
  }

  #add(entity: BoundEntity, owned: boolean, isRoot: boolean): void {
    const told = this.#binding.told(entity.name);
    if (!told) {
      this.#told = false;
      return;
    }
    const of = isRoot ? (told.by === undefined ? "id" : "all") : owned ? ownedBy(told) : "all";
    this.#tellings.set(`${told.kind} ${of}`, { kind: told.kind, of });
  }
}

interface Telling {
  readonly kind: Told["kind"];
  /** Rows of the timeline that name the root, that concern it as an application, or all of the kind. */
  readonly of: "id" | "owner" | "all";
}

/** What an application's own rows tell of names it; the others say whom they concern. */
const ownedBy = (told: Told): Telling["of"] => (told.kind === "application" ? "id" : told.owner === undefined ? "all" : "owner");

/** An application itself: what belongs to it says so by its id. */
export const isOwner = (told: Told | undefined): boolean => told?.kind === "application" && told.by === undefined;
