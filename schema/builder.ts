import SchemaBuilder from "@pothos/core";
import type { Context } from "./context.ts";
import "./shared/mapping/plugin.ts";
import type { EntityRef } from "./shared/mapping/builders.ts";
import { TYPE_NAME } from "./shared/mapping/slots.ts";

/**
 * The one builder that every schema file adds to. Fields are non-null unless they say `nullable: true`, as the contract is.
 * Denied by default: a type or a field says `access`, or nobody may select it (shared/mapping/access.ts).
 */
export interface Types {
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    /** Out: a Date, or milliseconds since 1970. */
    DateTime: { Input: Date; Output: Date | number };
    CIDR: { Input: string; Output: string };
    IPAddress: { Input: string; Output: string };
    JSON: { Input: unknown; Output: unknown };
    Decimal: { Input: string; Output: string };
  };
}

export const builder = new SchemaBuilder<Types>({
  plugins: ["mapping"],
  defaultFieldNullability: false,
  mapping: { node: (): unknown => Node, pageInfo: (): unknown => PageInfo },
});

/** An entity's ref as this schema has them. */
export type Entity<E extends object> = EntityRef<PothosSchemaTypes.ExtendDefaultTypes<Types>, E>;

export const Node = builder.interfaceRef<{ id: string }>("Node");
Node.implement({
  access: "VIEWER",
  description: "An object with an id that is opaque, globally unique, and useless outside its tenant.",
  // The reader loads rows for the concrete type and says which it is.
  resolveType: (value) => (value as { [TYPE_NAME]?: string })[TYPE_NAME],
  fields: (t) => ({ id: t.globalId("id") }),
});

export interface PageInfoValue {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}
export const PageInfo = builder.objectRef<PageInfoValue>("PageInfo");
PageInfo.implement({
  access: "VIEWER",
  fields: (t) => ({
    hasNextPage: t.exposeBoolean("hasNextPage"),
    hasPreviousPage: t.exposeBoolean("hasPreviousPage"),
    startCursor: t.exposeString("startCursor", { nullable: true }),
    endCursor: t.exposeString("endCursor", { nullable: true }),
  }),
});

builder.queryType({ access: "VIEWER" });
builder.mutationType({});
