import type { GraphQLField, GraphQLNamedType } from "graphql";
import type { ObjectKey } from "../../../server/domain/errors.ts";
import type { Viewer } from "../../../server/identity/viewer.ts";
import type { TimelineKind } from "../../../server/realtime/timeline.ts";
import type { Columns, Sql } from "./sql.ts";

/**
 * The mapping: where the value of a field lies. It stands in the field's `extensions.mapping`, and the entity of an object type in the type's.
 *
 *   (none)     Pothos' own expose: a property of the row, under `extensions.pothosExposedField`
 *   globalId   the row's uuid as a global id of its type
 *   part       the same row seen as another type
 *   one        another entity's row, whose id this row has in a property
 *   many       all rows of another entity that have this row's id in a property
 *   page       a page of them; or of those that agree with this row in several properties; or of those that a condition links to it
 *   sql        an expression over the row; what it says may be turned into the value by pure code
 *   doc        a jsonb property; what is inside is read by plain fields
 *   ref        an object of one of several types, by a type and an id column
 *   code       what only code can find out, elsewhere than in these tables; it has the properties of the row that it needs
 * Inside a document, and of a message:
 *   (none)     a member, under `extensions.pothosExposedField`
 *   member     a member that a document may leave out, and what stands for it then
 *   pure       made by pure code of what a subscription's message says
 * At a root, or in a payload:
 *   find, list, pageOf    one row, all rows, a page of rows that a condition selects
 *   entity, entities      rows whose ids a parent value has, always read afresh; the parent may be inside a document: then a member of it has the id
 *   node, nodes           objects of any type by their keys
 *   message               of a subscription: its message, whose fields say what is in it
 *
 * Invariants: conditions and orders are pure functions of (columns, arguments, request values). An order's keys are never null and end in
 * `id`, so that it is total. Roles and weights are static. A row is loaded with just the properties that the selection below it needs.
 */
export type Mapping =
  | { readonly kind: "globalId"; readonly property: string }
  | { readonly kind: "part" }
  | { readonly kind: "one"; readonly entity: string; readonly property: string }
  | ({ readonly kind: "many"; readonly entity: string; readonly property: string } & Selects)
  | ({ readonly kind: "page"; readonly entity: string; readonly join: Join; readonly linked?: Link | undefined } & Selects)
  /** `read`: what it says is not the value yet. */
  | { readonly kind: "sql"; readonly sql: Expression; readonly read: boolean }
  | { readonly kind: "doc"; readonly property: string }
  | { readonly kind: "ref"; readonly typeProperty: string; readonly idProperty: string }
  | { readonly kind: "code"; readonly needs: readonly string[] }
  | { readonly kind: "member"; readonly property: string; readonly otherwise: readonly [] }
  | { readonly kind: "pure"; readonly from: (parent: never) => unknown }
  | { readonly kind: "find"; readonly entity: string; readonly where: Condition }
  | ({ readonly kind: "list"; readonly entity: string } & Selects)
  | ({ readonly kind: "pageOf"; readonly entity: string } & Selects)
  | { readonly kind: "entity"; readonly entity: string; readonly key: KeyOf<string | null>; readonly property?: string | undefined; readonly from?: string | undefined }
  | { readonly kind: "entities"; readonly entity: string; readonly key: KeyOf<readonly string[]> }
  | { readonly kind: "node"; readonly key: KeyOf<ObjectKey | null> }
  | { readonly kind: "nodes"; readonly key: KeyOf<readonly (ObjectKey | null)[]>; readonly existing: boolean }
  | { readonly kind: "message" };

/** Values of the request that conditions may compare with; never SQL's now(), because the product's time is the simulation's. */
export interface Request {
  readonly now: Date;
  /** A cluster last seen before this is stale. */
  readonly staleBefore: Date;
  readonly viewer: Viewer;
}

/** A property of the other entity, and this row's that it equals; none of them is ever null here. The others' id: `[["applicationId", "id"]]`. */
export type Join = readonly (readonly [property: string, own: string])[];

/** As the field builders keep them: the builders check the types, the interpreter calls with what belongs together. */
export type Condition = (columns: Columns<never>, args: never, request: Request) => Sql | null;
export type Expression = (columns: Columns<never>, args: never, request: Request, selected: ReadonlySet<string>) => Sql;
/** Which rows belong to a parent: a condition over their columns and the parent's id. It stands in place of the join's, whose one pair is the ids. */
export type Link = (columns: Columns<never>, parentId: Sql) => Sql;
type KeyOf<T> = (parent: never, args: never) => T;

export interface Selects {
  readonly where?: Condition | undefined;
  readonly order: readonly string[] | ((args: never) => readonly string[]);
  /** What stands in `from` in place of the entity's table, with the same columns. */
  readonly from?: string | undefined;
}

export const DEFAULT_ORDER: readonly string[] = ["name", "id"];

/** Page size: 1 to MAX_PAGE_SIZE. */
export const DEFAULT_PAGE_SIZE = 20;
export const MAX_PAGE_SIZE = 200;
/** Ids that `nodes` takes at once. */
export const MAX_NODE_IDS = 200;

/** What an object type's rows are. */
export interface EntityMapping {
  /** The entity's name: that of `defineEntity`, and where `source` is absent also of its table. */
  readonly entity: string;
  readonly source?: Source | undefined;
  readonly told?: Told | undefined;
  /** Its rows are stored once and never change, and the property `xid` says in which transaction: they are told by streams as they are committed. */
  readonly records?: boolean | undefined;
}

/** Which rows of the timeline tell that rows of an entity changed, came or went. An entity that does not say so is never remembered. */
export interface Told {
  readonly kind: TimelineKind;
  /** Those rows name this row by its own id (default), or by the id in this property, as an operation's steps are told by the operation. */
  readonly by?: string;
  /**
   * The property with the application that the row belongs to: the timeline's rows of this kind say which these are. Of an operation, its target: where
   * that is something else, the timeline says of none.
   */
  readonly owner?: string;
  /** Properties that change without being told. */
  readonly untold?: readonly string[];
}

/** Rows that are no table of their own: a set-returning function, or one made-up row; columns by property, with their SQL types. */
export interface Source {
  readonly from: string;
  readonly columns: Readonly<Record<string, { readonly name: string; readonly type: string }>>;
}

interface WithExtensions {
  readonly extensions: Readonly<Record<string | symbol, unknown>>;
}

export const mappingOf = (field: GraphQLField<unknown, unknown>): Mapping | undefined =>
  (field as WithExtensions).extensions["mapping"] as Mapping | undefined;
export const exposedProperty = (field: GraphQLField<unknown, unknown>): string | undefined =>
  (field as WithExtensions).extensions["pothosExposedField"] as string | undefined;
export const entityOf = (type: GraphQLNamedType): EntityMapping | undefined => (type as WithExtensions).extensions["entity"] as EntityMapping | undefined;
