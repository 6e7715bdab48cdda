import { MAX_NODE_IDS } from "../../../schema/shared/mapping/kinds.ts";
import { nothing } from "../../../schema/shared/mapping/sql.ts";
import type { ObjectKey } from "../../domain/errors.ts";
import { RequestError } from "../../domain/request-error.ts";
import { maySee } from "../bind.ts";
import { orderOf } from "../cursor.ts";
import { hasNextPage, hasPreviousPage, NO_FACTS, type PageFacts } from "../page.ts";
import { NotCompiled } from "./not-compiled.ts";
import { PagePlan } from "./connections.ts";
import { argumentsOf, type Input } from "./objects.ts";
import type { Pieces } from "./pieces.ts";
import type { ConnectionField, ObjectShape, PageInfoName, RootField, RowsOf, RowsShape, TextField } from "./shape.ts";
import type { FactsSource, PageSource, Source, SourceRow } from "./sources.ts";

/**
 * The root of an operation: which sources its fields need, and how the answer is put together of what these gave.
 *
 *   gather each field ──▶ sources, all of one statement ──▶ their rows ──▶ write each field
 */
export interface Gathering {
  readonly input: Input;
  /** Adds a source of rows, and answers what gives them once they are there. */
  rows(source: Source & { kind: "list" | "ids" }): () => readonly SourceRow[];
  /** Adds what one page is made of; all of it is of one moment. */
  page(views: readonly PageSource[], facts: FactsSource | null): { readonly views: readonly (() => readonly SourceRow[])[]; readonly facts: () => PageFacts };
}
/** Writes a field's value. @throws MissingValue */
export type Write = (out: Pieces) => void;

/** A null where there must be none: the interpreter tells where, and how far it spreads. */
export class MissingValue extends Error {}

/** @throws what graphql-js, or a condition, says of the arguments; NotCompiled where an id names what only code can show */
export function gather(gathering: Gathering, fields: readonly RootField[], parent: unknown): Write {
  const writes = fields.map((field) => (field.kind === "text" ? null : gatherField(gathering, field, parent)));
  return (out) => void out.members(fields, (_field, index) => writes[index]?.(out));
}

function gatherField(gathering: Gathering, field: Exclude<RootField, TextField>, parent: unknown): Write {
  const { input } = gathering;
  switch (field.kind) {
    case "given":
      return given(field, parent);
    case "message":
      // Not needed here, but refused here as anywhere.
      argumentsOf(field, input);
      return gather(gathering, field.fields, parent);
    case "find": {
      const { bound } = field.rows;
      const where = field.mapping.where(bound.entity.main, argumentsOf(field, input) as never, input.request);
      if (where === nothing) return absent(field.nullable);
      const rows = gathering.rows({ kind: "list", rows: field.rows, from: bound.entity.from, where, order: null });
      return (out) => one(out, rows()[0]?.object ?? null, field.nullable);
    }
    case "list": {
      const { bound } = field.rows;
      const args = argumentsOf(field, input);
      const where = field.mapping.where?.(bound.entity.main, args as never, input.request) ?? null;
      if (where === nothing) return (out) => void out.literal("[]");
      const rows = gathering.rows({ kind: "list", rows: field.rows, from: field.mapping.from ?? bound.entity.from, where, order: orderOf(bound, field.mapping, args) });
      return (out) => list(out, rows().map(({ object }) => object));
    }
    case "pageOf":
      return gatherPage(gathering, field);
    case "entity": {
      const id = field.mapping.key(parent as never, argumentsOf(field, input) as never);
      if (id === null) return absent(field.nullable);
      const objects = byIds(gathering, field.rows, [id], field.mapping.from);
      return (out) => one(out, objects().get(id) ?? null, field.nullable);
    }
    case "entities": {
      const ids = field.mapping.key(parent as never, argumentsOf(field, input) as never);
      const objects = byIds(gathering, field.rows, ids);
      return (out) => {
        const found = objects();
        list(out, ids.flatMap((id) => found.get(id) ?? []));
      };
    }
    case "node": {
      const [objects] = byKeys(gathering, field.rowsOf, [field.mapping.key(parent as never, argumentsOf(field, input) as never)]);
      return (out) => one(out, objects?.() ?? null, field.nullable);
    }
    case "nodes": {
      const keys = field.mapping.key(parent as never, argumentsOf(field, input) as never);
      if (keys.length > MAX_NODE_IDS) throw new RequestError("BAD_USER_INPUT", `At most ${MAX_NODE_IDS} ids at once`);
      const objects = byKeys(gathering, field.rowsOf, keys);
      return (out) => {
        const found = objects.map((object) => object());
        list(out, field.mapping.existing ? found.filter((object) => object !== null) : found);
      };
    }
  }
}

// ---------------------------------------------------------------- values

function given({ leaf, list: isList, nullable, nullableItems, from }: RootField & { kind: "given" }, parent: unknown): Write {
  const json = (value: unknown, mayBeNull: boolean): string => {
    const shown: unknown = value === null || value === undefined ? null : leaf.coerceOutputValue(value);
    if ((shown ?? null) === null && !mayBeNull) throw new MissingValue();
    return JSON.stringify(shown ?? null);
  };
  const value = from(parent as never);
  const text = isList && value !== null && value !== undefined ? `[${(value as readonly unknown[]).map((item) => json(item, nullableItems)).join(",")}]` : json(value, nullable);
  return (out) => void out.literal(text);
}

function absent(nullable: boolean): Write {
  if (!nullable) throw new MissingValue();
  return (out) => void out.literal("null");
}

function one(out: Pieces, object: Uint8Array | null, nullable: boolean): void {
  if (object) out.bytes(object);
  else if (nullable) out.literal("null");
  else throw new MissingValue();
}

function list(out: Pieces, objects: readonly (Uint8Array | null)[]): void {
  out.literal("[");
  for (const [index, object] of objects.entries()) {
    if (index > 0) out.literal(",");
    if (object) out.bytes(object);
    else out.literal("null");
  }
  out.literal("]");
}

// ---------------------------------------------------------------- objects by their ids

function byIds(gathering: Gathering, rows: RowsShape, ids: readonly string[], from = rows.bound.entity.from): () => ReadonlyMap<string, Uint8Array> {
  if (ids.length === 0) return () => new Map();
  const found = gathering.rows({ kind: "ids", rows, from, ids: [...new Set(ids)] });
  return () => new Map(found().map(({ id, object }) => [id, object as Uint8Array]));
}

/** Null for what does not exist, for what is another tenant's, and for a type that the viewer's role may not see. */
function byKeys(gathering: Gathering, rowsOf: RowsOf, keys: readonly (ObjectKey | null)[]): (() => Uint8Array | null)[] {
  const { binding, role } = gathering.input;
  const seen = keys.map((key) => {
    if (key === null || !maySee(binding, role, key.type)) return null;
    // Objects that are no rows are made by code.
    if (binding.schema.getType(key.type)?.extensions["node"]) throw new NotCompiled("resolver");
    return key;
  });
  const ids = new Map<string, string[]>();
  for (const key of seen) {
    if (!key) continue;
    const some = ids.get(key.type);
    if (some) some.push(key.id);
    else ids.set(key.type, [key.id]);
  }
  const objects = new Map<string, () => ReadonlyMap<string, Uint8Array>>();
  for (const [type, some] of ids) {
    const rows = rowsOf(type);
    if (rows) objects.set(type, once(byIds(gathering, rows, some)));
  }
  return seen.map((key) => () => (key && objects.get(key.type)?.().get(key.id)) ?? null);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

// ---------------------------------------------------------------- pages

function gatherPage(gathering: Gathering, field: RootField & { kind: "pageOf" }): Write {
  const { connection } = field;
  const plan = new PagePlan(connection, field.mapping, argumentsOf(field, gathering.input), gathering.input, null);
  const { args, asks } = plan;
  const shapes = connection.fields.flatMap(shapesOf);
  // Each way to show the rows has a source of its own; the first also has their cursors.
  const sources = (shapes.length === 0 ? [null] : shapes).map((shape, index): PageSource => ({ kind: "page", plan, shape, cursors: asks.cursors && index === 0 }));
  const page = plan.isEmpty ? NO_PAGE : gathering.page(asks.rows ? sources : [], asks.facts ? { kind: "facts", plan, total: asks.total } : null);

  return (out) => {
    const views = (page.views.length === 0 ? NO_PAGE.views : page.views).map((source) => {
      const rows = [...source()];
      const more = rows.length > args.size;
      if (more) rows.pop();
      if (!args.forward) rows.reverse();
      return { rows, more };
    });
    const [{ rows, more }] = views as [(typeof views)[0]];
    const facts = page.facts();
    const objectsOf = new Map(shapes.map((shape, index) => [shape, (views[index]?.rows ?? []).map(({ object }) => object as Uint8Array)]));
    const cursor = (at: number): string => `"${rows.at(at)?.cursor ?? ""}"`;
    const pageInfo = (name: PageInfoName): string => {
      switch (name) {
        case "hasNextPage":
          return String(hasNextPage(args, more, facts));
        case "hasPreviousPage":
          return String(hasPreviousPage(args, more, facts));
        default:
          return rows.length === 0 ? "null" : cursor(name === "startCursor" ? 0 : -1);
      }
    };
    out.members(connection.fields, (part) => {
      switch (part.kind) {
        case "totalCount":
          out.literal(String(facts.total));
          break;
        case "nodes":
          list(out, objectsOf.get(part.shape) ?? []);
          break;
        case "edges":
          out.literal("[");
          for (const index of rows.keys()) {
            if (index > 0) out.literal(",");
            out.members(part.fields, (of) => {
              if (of.kind === "node") out.bytes(objectsOf.get(of.shape)?.[index] as Uint8Array);
              else out.literal(cursor(index));
            });
          }
          out.literal("]");
          break;
        case "pageInfo":
          out.members(part.fields, ({ name }) => void out.literal(pageInfo(name)));
      }
    });
  };
}

const NO_PAGE: ReturnType<Gathering["page"]> = { views: [() => []], facts: () => NO_FACTS };

function shapesOf(field: ConnectionField): ObjectShape[] {
  if (field.kind === "nodes") return [field.shape];
  return field.kind === "edges" ? field.fields.flatMap((of) => (of.kind === "node" ? [of.shape] : [])) : [];
}
