import type { FieldNode, GraphQLResolveInfo } from "graphql";
import { type Condition, MAX_NODE_IDS, mappingOf, type Request } from "../../schema/shared/mapping/kinds.ts";
import { TYPE_NAME } from "../../schema/shared/mapping/slots.ts";
import { nothing } from "../../schema/shared/mapping/sql.ts";
import type { ObjectKey } from "../domain/errors.ts";
import type { RecordReader } from "../domain/records.ts";
import { RequestError } from "../domain/request-error.ts";
import type { Role } from "../domain/states.ts";
import type { Viewer } from "../identity/viewer.ts";
import { type Binding, maySee } from "./bind.ts";
import type { MatchingOptions, Reader } from "./index.ts";
import { Planner } from "./plan.ts";
import { recordReader, type RecordSelection } from "./records.ts";
import { StatementWriter, writeWhere } from "./render.ts";
import type { Row, RowLoader } from "./rows.ts";
import { afterThisTick, type TickedStatements } from "./tick.ts";

/**
 * The reader of one operation, or of one message of a subscription: what each root asks for, whatever the way its rows are loaded. It remembers nothing
 * but what it is asked in one tick, which goes to the database together.
 */
export interface ReaderOptions {
  readonly binding: Binding;
  readonly asking: TickedStatements;
  readonly rows: RowLoader;
  readonly role: Role;
  readonly request: Request;
  readonly scannedRecords?: number | undefined;
}

type Args = Readonly<Record<string, unknown>>;

export class MappingReader implements Reader {
  readonly #options: ReaderOptions;
  readonly #batches = new Map<FieldNode, Batch[]>();

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  async load(parent: unknown, args: Args, context: unknown, info: GraphQLResolveInfo): Promise<unknown> {
    const field = info.parentType.getFields()[info.fieldName];
    const mapping = field && mappingOf(field);
    const { binding, request, rows } = this.#options;
    const planner = new Planner(binding, info, request);
    switch (mapping?.kind) {
      case "find": {
        const plan = planner.plan(mapping.entity, info.fieldNodes);
        const [row] = await rows.selected({ plan, where: planner.where(plan.bound.entity, mapping.where, args), order: null });
        return row ?? null;
      }
      case "list":
        return rows.selected(planner.selected(planner.plan(mapping.entity, info.fieldNodes), mapping, args));
      case "pageOf":
        return rows.page(planner.page(mapping.entity, mapping, args, info.fieldNodes));
      case "entity": {
        const id = mapping.key(parent as never, args as never);
        if (id === null) return null;
        if (mapping.from !== undefined) return (await rows.byIds(planner.plan(mapping.entity, info.fieldNodes), [id], mapping.from)).get(id) ?? null;
        return (await this.#byKeys([{ type: mapping.entity, id }], planner, info))[0];
      }
      case "entities": {
        const ids = mapping.key(parent as never, args as never);
        const found = await this.#byKeys(ids.map((id) => ({ type: mapping.entity, id })), planner, info);
        return found.filter((row) => row !== null);
      }
      case "node":
        return (await this.#nodes([mapping.key(parent as never, args as never)], context, planner, info))[0];
      case "nodes": {
        const keys = mapping.key(parent as never, args as never);
        if (keys.length > MAX_NODE_IDS) throw new RequestError("BAD_USER_INPUT", `At most ${MAX_NODE_IDS} ids at once`);
        const found = await this.#nodes(keys, context, planner, info);
        return mapping.existing ? found.filter((node) => node !== null) : found;
      }
      default:
        throw new Error(`${info.parentType.name}.${info.fieldName} is not mapped to a root`);
    }
  }

  async matching(type: string, args: Args, { among, after, limit }: MatchingOptions): Promise<string[]> {
    const { binding } = this.#options;
    const bound = binding.type(type);
    const mapping = binding.rootPage(type);
    if (!bound || !mapping) throw new Error(`No root field pages over ${type}`);
    const where = mapping.where?.(bound.entity.main, args as never, this.#options.request) ?? null;
    if (where === nothing || among?.length === 0) return [];
    const writer = new StatementWriter(binding, bound.entity).write(`select t."id" from ${bound.entity.from} t where true`);
    writeWhere(writer, where);
    if (among) writer.write(' and t."id" = any (').param(among, "uuid[]").write(")");
    if (after !== undefined) writer.write(' and t."id" > ').param(after, "uuid");
    writer.write(' order by t."id" limit ').param(limit, "integer");
    return (await this.#options.asking.ask(writer.statement())).map(([id]) => id as string);
  }

  async existing(type: string, among: readonly string[], where?: Condition): Promise<string[]> {
    const { binding, role, request } = this.#options;
    if (among.length === 0 || !maySee(binding, role, type)) return [];
    const bound = binding.type(type);
    if (!bound?.isNode) return among.filter((id) => extensionsOf(binding, type)?.exists?.(id, request.viewer) === true);
    const condition = where?.(bound.entity.main, {} as never, request) ?? null;
    if (condition === nothing) return [];
    const writer = new StatementWriter(binding, bound.entity).write(`select t."id" from ${bound.entity.from} t where t."id" = any (`).param(among, "uuid[]").write(")");
    writeWhere(writer, condition);
    return (await this.#options.asking.ask(writer.statement())).map(([id]) => id as string);
  }

  records<E>(type: string, selection: RecordSelection<E>): RecordReader<string> {
    const { binding, request, asking, scannedRecords: scanned } = this.#options;
    return recordReader(type, selection, { binding, request, ask: (statement) => asking.ask(statement), scanned });
  }

  // ---------------------------------------------------------------- objects by their keys

  /** Null for what does not exist, for what is another tenant's, and for a type that the viewer's role may not see. */
  async #nodes(keys: readonly (ObjectKey | null)[], context: unknown, planner: Planner, info: GraphQLResolveInfo): Promise<(object | null)[]> {
    const { binding, role } = this.#options;
    const seen = keys.map((key) =>
      key !== null && maySee(binding, role, key.type) ? { key, made: extensionsOf(binding, key.type)?.node, hasRows: binding.type(key.type)?.isNode === true } : null,
    );
    const rows = await this.#byKeys(seen.filter((one) => one?.hasRows === true).map((one) => (one as { key: ObjectKey }).key), planner, info);
    let next = 0;
    return seen.map((one) => {
      if (one?.hasRows === true) return rows[next++] ?? null;
      const value = one?.made?.(one.key.id, context) ?? null;
      return value && { ...value, [TYPE_NAME]: one?.key.type };
    });
  }

  /** Rows by their keys, in the order asked. Joins what other parents of the same field ask for in this tick. */
  async #byKeys(keys: readonly ObjectKey[], planner: Planner, { fieldNodes }: GraphQLResolveInfo): Promise<(Row | null)[]> {
    if (keys.length === 0) return [];
    const first = fieldNodes[0] as FieldNode;
    const open = this.#batches.get(first) ?? [];
    let batch = open.find(({ nodes }) => nodes.length === fieldNodes.length && nodes.every((node, index) => node === fieldNodes[index]));
    if (!batch) {
      const made = new Batch(fieldNodes, async ({ ids }) => {
        this.#batches.set(first, (this.#batches.get(first) ?? []).filter((other) => other !== made));
        return new Map(await Promise.all([...ids].map(async ([type, some]) => [type, await this.#options.rows.byIds(planner.plan(type, fieldNodes), [...some])] as const)));
      });
      this.#batches.set(first, [...open, made]);
      batch = made;
    }
    for (const key of keys) batch.add(key);
    const rows = await batch.rows;
    return keys.map(({ type, id }) => rows.get(type)?.get(id) ?? null);
  }
}

/** One that can only say what went wrong before: at each root that asks. */
export function failedReader(failure: Error): Reader {
  const fail = (): Promise<never> => Promise.reject(failure);
  const refuse = (): never => {
    throw failure;
  };
  return { load: fail, matching: fail, existing: fail, records: refuse };
}

interface TypeExtensions {
  /** For types whose objects are no rows: the one with this id, and whether there is one. */
  readonly node?: (id: string, context: unknown) => object | null;
  readonly exists?: (id: string, viewer: Viewer) => boolean;
}
const extensionsOf = (binding: Binding, type: string): TypeExtensions | undefined => binding.schema.getType(type)?.extensions as TypeExtensions | undefined;

type RowsByType = ReadonlyMap<string, ReadonlyMap<string, Row>>;

/** Keys that one field's parents ask for in one tick, and their rows. */
class Batch {
  readonly nodes: readonly FieldNode[];
  readonly ids = new Map<string, Set<string>>();
  readonly rows: Promise<RowsByType>;

  constructor(nodes: readonly FieldNode[], load: (batch: Batch) => Promise<RowsByType>) {
    this.nodes = nodes;
    this.rows = afterThisTick(() => load(this));
  }

  add({ type, id }: ObjectKey): void {
    const ids = this.ids.get(type);
    if (ids) ids.add(id);
    else this.ids.set(type, new Set([id]));
  }
}
