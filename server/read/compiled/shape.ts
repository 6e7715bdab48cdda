import type { FieldNode, GraphQLField, GraphQLLeafType, GraphQLObjectType } from "graphql";
import type { Mapping } from "../../../schema/shared/mapping/kinds.ts";
import type { BoundColumn, BoundType } from "../bind.ts";
import type { PageSelection } from "../page.ts";

/**
 * Shapes: what an operation selects, field by field in the answer's order, with the place where each value lies. Made once for a document and the
 * values of its @skip and @include; nothing of a request is in them. objects.ts writes a shape over a row as SQL, documents.ts over a jsonb value, and
 * assemble.ts puts the root together.
 */
export interface ObjectShape {
  /** Within the plan. */
  readonly number: number;
  readonly type: GraphQLObjectType;
  readonly fields: readonly RowField[];
}

/** Rows of an entity, and what is selected of each. */
export interface RowsShape {
  readonly bound: BoundType;
  readonly shape: ObjectShape;
}
/** The rows of each concrete type where several are possible; undefined for a type without rows, or that has no id. */
export type RowsOf = (typeName: string) => RowsShape | undefined;

/** A field of the document with what its arguments are made of. */
export interface Asked {
  readonly field: GraphQLField<unknown, unknown>;
  readonly node: FieldNode;
}

interface Keyed {
  readonly key: string;
}
/** What is known from the document alone. */
export interface TextField extends Keyed {
  readonly kind: "text";
  readonly json: string;
}
export const isText = (field: { readonly kind: string }): field is TextField => field.kind === "text";
interface Valued extends Keyed {
  readonly nullable: boolean;
}

/** A field of a row. */
export type RowField =
  | TextField
  | (Keyed & { readonly kind: "globalId"; readonly typeName: string; readonly column: BoundColumn })
  | (Valued & { readonly kind: "column"; readonly column: BoundColumn; readonly leaf: GraphQLLeafType; readonly list: boolean; readonly nullableItems: boolean })
  /** The same row seen as another type; `bound` where that is an entity's type. */
  | (Keyed & { readonly kind: "part"; readonly shape: ObjectShape; readonly bound: BoundType | null })
  | (Valued & Asked & { readonly kind: "sql"; readonly mapping: Mapping & { readonly kind: "sql" }; readonly names: ReadonlySet<string>; readonly value: Value })
  | (Valued & { readonly kind: "doc"; readonly column: BoundColumn; readonly value: Value })
  | (Valued & { readonly kind: "one"; readonly property: BoundColumn; readonly rows: RowsShape })
  | (Keyed & Asked & { readonly kind: "many"; readonly mapping: Mapping & { readonly kind: "many" | "list" }; readonly rows: RowsShape })
  | (Keyed & Asked & { readonly kind: "page"; readonly mapping: Mapping & { readonly kind: "page" }; readonly connection: ConnectionShape })
  | (Valued & { readonly kind: "ref"; readonly type: BoundColumn; readonly id: BoundColumn; readonly rowsOf: RowsOf });

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
  | TextField
  /** `otherwise`: what stands for a member that the document leaves out, as JSON. */
  | (Valued & { readonly kind: "member"; readonly property: string; readonly value: Value; readonly otherwise: string | null })
  | (Valued & { readonly kind: "entity"; readonly property: string; readonly rows: RowsShape });

export interface ConnectionShape {
  readonly number: number;
  readonly bound: BoundType;
  readonly fields: readonly ConnectionField[];
  readonly selection: PageSelection;
}
export type ConnectionField =
  | TextField
  | (Keyed & { readonly kind: "totalCount" })
  | (Keyed & { readonly kind: "nodes"; readonly shape: ObjectShape })
  | (Keyed & { readonly kind: "edges"; readonly fields: readonly EdgeField[] })
  | (Keyed & { readonly kind: "pageInfo"; readonly fields: readonly PageInfoField[] });
export type EdgeField =
  | TextField
  | (Keyed & { readonly kind: "cursor" })
  | (Keyed & { readonly kind: "node"; readonly shape: ObjectShape });
export type PageInfoField = TextField | (Keyed & { readonly kind: "fact"; readonly name: PageInfoName });
export type PageInfoName = "hasNextPage" | "hasPreviousPage" | "startCursor" | "endCursor";

/** A field of the operation's root, or of a subscription's message. */
export type RootField =
  | TextField
  | (Valued & Asked & { readonly kind: "find"; readonly mapping: Mapping & { readonly kind: "find" }; readonly rows: RowsShape })
  | (Keyed & Asked & { readonly kind: "list"; readonly mapping: Mapping & { readonly kind: "list" }; readonly rows: RowsShape })
  | (Keyed & Asked & { readonly kind: "pageOf"; readonly mapping: Mapping & { readonly kind: "pageOf" }; readonly connection: ConnectionShape })
  | (Valued & Asked & { readonly kind: "entity"; readonly mapping: Mapping & { readonly kind: "entity" }; readonly rows: RowsShape })
  | (Keyed & Asked & { readonly kind: "entities"; readonly mapping: Mapping & { readonly kind: "entities" }; readonly rows: RowsShape })
  | (Valued & Asked & { readonly kind: "node"; readonly mapping: Mapping & { readonly kind: "node" }; readonly rowsOf: RowsOf })
  | (Keyed & Asked & { readonly kind: "nodes"; readonly mapping: Mapping & { readonly kind: "nodes" }; readonly rowsOf: RowsOf })
  /** What the parent says itself: a leaf or a list of them, made in code. */
  | (Valued & { readonly kind: "given"; readonly leaf: GraphQLLeafType; readonly list: boolean; readonly nullableItems: boolean; readonly from: (parent: never) => unknown })
  /** A subscription's message, whose fields are read of it. */
  | (Keyed & Asked & { readonly kind: "message"; readonly fields: readonly RootField[] });

export interface CompiledOperation {
  /** Within the process. */
  readonly number: number;
  readonly fields: readonly RootField[];
  /** About how many fields there are. */
  readonly weight: number;
}
