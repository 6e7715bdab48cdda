import type { FieldNode, GraphQLField, GraphQLLeafType, GraphQLObjectType } from "graphql";
import type { Mapping } from "../../../schema/shared/mapping/kinds.ts";
import type { Columns } from "../../../schema/shared/mapping/sql.ts";
import type { BoundColumn, BoundType } from "../bind.ts";

/**
 * Shapes: what an operation selects, field by field in the answer's order, with the place where each value lies. Made once for a document and the
 * values of its @skip and @include; nothing of a request is in them. objects.ts writes a shape over a row as SQL, documents.ts over a jsonb value, and
 * assemble.ts puts the root together.
 */
export interface ObjectShape {
  readonly type: GraphQLObjectType;
  readonly fields: readonly RowField[];
}

/** Rows of an entity, at one place of the operation. `columns` is this place's own occurrence of the table, which conditions are written with. */
export interface Place {
  readonly bound: BoundType;
  readonly columns: Columns<never>;
  readonly shape: ObjectShape;
}
/** The place for each concrete type at an abstract one; undefined for a type without rows, or that has no id. */
export type PlaceOf = (typeName: string) => Place | undefined;

/** A field of the document with what its arguments are made of. */
export interface Asked {
  readonly field: GraphQLField<unknown, unknown>;
  readonly node: FieldNode;
}

interface Keyed {
  readonly key: string;
}
interface Valued extends Keyed {
  readonly nullable: boolean;
}

/** A field of a row. */
export type RowField =
  | (Keyed & { readonly kind: "text"; readonly json: string })
  | (Keyed & { readonly kind: "globalId"; readonly typeName: string; readonly column: BoundColumn })
  | (Valued & { readonly kind: "column"; readonly column: BoundColumn; readonly leaf: GraphQLLeafType; readonly list: boolean; readonly nullableItems: boolean })
  /** The same row seen as another type; with columns of its own where that is an entity's type. */
  | (Keyed & { readonly kind: "part"; readonly shape: ObjectShape; readonly columns: Columns<never> | null; readonly bound: BoundType | null })
  | (Valued & Asked & { readonly kind: "sql"; readonly mapping: Mapping & { readonly kind: "sql" }; readonly names: ReadonlySet<string>; readonly value: Value })
  | (Valued & { readonly kind: "doc"; readonly column: BoundColumn; readonly value: Value })
  | (Valued & { readonly kind: "one"; readonly property: BoundColumn; readonly place: Place })
  | (Keyed & Asked & { readonly kind: "many"; readonly mapping: Mapping & { readonly kind: "many" | "list" }; readonly place: Place })
  | (Keyed & Asked & { readonly kind: "page"; readonly mapping: Mapping & { readonly kind: "page" }; readonly connection: ConnectionShape })
  | (Keyed & { readonly kind: "ref"; readonly type: BoundColumn; readonly id: BoundColumn; readonly placeOf: PlaceOf });

/** A value inside a document. */
export type Value =
  | { readonly kind: "leaf"; readonly leaf: GraphQLLeafType }
  | { readonly kind: "list"; readonly item: Value; readonly nullableItems: boolean }
  | { readonly kind: "object"; readonly shape: DocumentShape }
  | { readonly kind: "union"; readonly shapes: ReadonlyMap<string, DocumentShape> };

export interface DocumentShape {
  readonly fields: readonly DocumentField[];
}
export type DocumentField =
  | (Keyed & { readonly kind: "text"; readonly json: string })
  /** `otherwise`: what stands for a member that the document leaves out, as JSON. */
  | (Valued & { readonly kind: "member"; readonly property: string; readonly value: Value; readonly otherwise: string | null })
  | (Valued & { readonly kind: "entity"; readonly property: string; readonly place: Place });

export interface ConnectionShape {
  readonly bound: BoundType;
  readonly columns: Columns<never>;
  readonly fields: readonly ConnectionField[];
  readonly pageInfo: ReadonlySet<string>;
}
export type ConnectionField =
  | (Keyed & { readonly kind: "text"; readonly json: string })
  | (Keyed & { readonly kind: "totalCount" })
  | (Keyed & { readonly kind: "nodes"; readonly shape: ObjectShape })
  | (Keyed & { readonly kind: "edges"; readonly fields: readonly EdgeField[] })
  | (Keyed & { readonly kind: "pageInfo"; readonly fields: readonly PageInfoField[] });
export type EdgeField =
  | (Keyed & { readonly kind: "text"; readonly json: string })
  | (Keyed & { readonly kind: "cursor" })
  | (Keyed & { readonly kind: "node"; readonly shape: ObjectShape });
export type PageInfoField = (Keyed & { readonly kind: "text"; readonly json: string }) | (Keyed & { readonly kind: "fact"; readonly name: PageFact });
export type PageFact = "hasNextPage" | "hasPreviousPage" | "startCursor" | "endCursor";

/** A field of the operation's root, or of a subscription's message. */
export type RootField =
  | (Keyed & { readonly kind: "text"; readonly json: string })
  | (Valued & Asked & { readonly kind: "find"; readonly mapping: Mapping & { readonly kind: "find" }; readonly place: Place })
  | (Keyed & Asked & { readonly kind: "list"; readonly mapping: Mapping & { readonly kind: "list" }; readonly place: Place })
  | (Keyed & Asked & { readonly kind: "pageOf"; readonly mapping: Mapping & { readonly kind: "pageOf" }; readonly connection: ConnectionShape })
  | (Valued & Asked & { readonly kind: "entity"; readonly mapping: Mapping & { readonly kind: "entity" }; readonly place: Place })
  | (Keyed & Asked & { readonly kind: "entities"; readonly mapping: Mapping & { readonly kind: "entities" }; readonly place: Place })
  | (Valued & Asked & { readonly kind: "node"; readonly mapping: Mapping & { readonly kind: "node" }; readonly placeOf: PlaceOf })
  | (Keyed & Asked & { readonly kind: "nodes"; readonly mapping: Mapping & { readonly kind: "nodes" }; readonly placeOf: PlaceOf })
  /** What the parent says itself: a leaf or a list of them, made in code. */
  | (Valued & { readonly kind: "given"; readonly leaf: GraphQLLeafType; readonly list: boolean; readonly nullableItems: boolean; readonly from: (parent: never) => unknown })
  /** A subscription's message, whose fields are read of it. */
  | (Keyed & { readonly kind: "message"; readonly fields: readonly RootField[] });

export interface CompiledOperation {
  readonly fields: readonly RootField[];
}
