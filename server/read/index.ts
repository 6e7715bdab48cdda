import type { GraphQLResolveInfo } from "graphql";
import type { Condition } from "../../schema/shared/mapping/kinds.ts";
import type { RecordReader } from "../domain/records.ts";
import type { RecordSelection } from "./records.ts";

/** What reads one operation's data: under the viewer's scope, by the schema's mapping. */
export interface Reader {
  /** The value of a mapped field at a root or in a payload, with all that the selection below it needs. Called by the mapping's resolvers. */
  load(parent: unknown, args: Readonly<Record<string, unknown>>, context: unknown, info: GraphQLResolveInfo): Promise<unknown>;
  /**
   * The uuids of the type's rows that match what the root page field of the type would show for these arguments (`{ filter }`), in the order
   * of the uuids. `among` narrows to some, `after` goes on behind a uuid; at most `limit`.
   */
  matching(type: string, args: Readonly<Record<string, unknown>>, options: MatchingOptions): Promise<string[]>;
  /**
   * Which of these uuids are objects of the type that `node` would show, and that meet the condition; none of a type that the viewer's role may not
   * see, or that has no objects with ids.
   */
  existing(type: string, among: readonly string[], where?: Condition): Promise<string[]>;
  /** What streams of the type's records read: pages of uuids. */
  records<E>(type: string, selection: RecordSelection<E>): RecordReader<string>;
}

export interface MatchingOptions {
  readonly among?: readonly string[];
  readonly after?: string;
  readonly limit: number;
}
