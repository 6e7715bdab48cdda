import { parseGlobalId, uuidOf } from "../../server/domain/ids.ts";
import { type Column, isOneOf, type Sql } from "./mapping/sql.ts";

/** Conditions that filters are made of. What a filter leaves out asks for nothing; an empty list matches nothing. */
type Given<T> = T | null | undefined;

export const amongTexts = (column: Column, values: Given<readonly string[]>): Sql | null => (values ? isOneOf(column, values, "text[]") : null);

/** Global ids of this type; what is no such id matches nothing. */
export const amongIds = (type: string, column: Column, ids: Given<readonly string[]>): Sql | null => (ids ? isOneOf(column, uuidsOf(type, ids), "uuid[]") : null);

export const uuidsOf = (type: string, ids: readonly string[]): string[] => ids.map((id) => uuidOf(type, id)).filter((id) => id !== null);

/** Global ids of any type. */
export const amongAnyIds = (column: Column, ids: Given<readonly string[]>): Sql | null =>
  ids ? isOneOf(column, ids.map((id) => parseGlobalId(id)?.id).filter((id) => id !== undefined), "uuid[]") : null;
