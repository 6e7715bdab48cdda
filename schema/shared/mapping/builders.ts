import {
  type FieldKind,
  type FieldNullability,
  ImplementableObjectRef,
  type InputFieldMap,
  type InputShapeFromFields,
  type InterfaceParam,
  type ObjectTypeOptions,
  type RootName,
  type SchemaTypes,
  type ShapeFromTypeParam,
  type TypeParam,
} from "@pothos/core";
import type { GraphQLResolveInfo } from "graphql";
import type { ObjectKey } from "../../../server/domain/errors.ts";
import type { Role } from "../../../server/domain/states.ts";
import type { EntityMapping, Request, Source, Told } from "./kinds.ts";
import type { MappingPlugin } from "./plugin.ts";
import type { Columns, EntityToken, Sql } from "./sql.ts";

/**
 * What schema files write: the field builders of the mapping (the kinds are told in kinds.ts), typed by the entities, and the static `access`
 * and `weight` of types and fields. A property, relation or row that does not fit the entity does not compile. plugin.ts makes it run.
 */
declare const planned: unique symbol;
/** A row that the reader loaded for this place of the selection. Nothing else can be returned for an entity's type. */
export type Planned<E> = E & { readonly [planned]: true };

/** The string properties of E whose values fit V. */
export type PropertiesOf<E, V> = { [K in keyof E]-?: E[K] extends V ? K : never }[keyof E] & string;
/** A property, or with '-' before it from the largest down. The last is the id. */
export type OrderKey<E> = `${"" | "-"}${PropertiesOf<E, string | number | Date>}`;
export type Order<E> = readonly OrderKey<E>[];

/** An object type whose values are an entity's rows. */
export class EntityRef<Types extends SchemaTypes, E extends object> extends ImplementableObjectRef<Types, Planned<E>, E> implements EntityToken<E> {
  readonly entity: string;
  readonly options: EntityOptions;
  /** The connection type, once a page of it is described. */
  connection: unknown;
  declare readonly $row?: E;

  constructor(builder: PothosSchemaTypes.SchemaBuilder<Types>, name: string, options: EntityOptions) {
    super(builder, name);
    this.entity = options.entity ?? name;
    this.options = options;
  }

  override implement<const Interfaces extends InterfaceParam<Types>[]>(
    options: Omit<ObjectTypeOptions<Types, ImplementableObjectRef<Types, Planned<E>, E>, E, Interfaces>, "name">,
  ): PothosSchemaTypes.ObjectRef<Types, Planned<E>, E> {
    const entity: EntityMapping = { entity: this.entity, source: this.options.source, told: this.options.told, records: this.options.records };
    return super.implement({ ...accessOf(this.options), ...options, extensions: { ...options.extensions, entity } });
  }
}

export interface EntityOptions {
  /** The least role for the type, its connection and its edges. */
  readonly access?: Role;
  /** Where it is not the type's name. */
  readonly entity?: string;
  readonly source?: Source;
  readonly told?: Told;
  /** False where counting would cost the whole store. */
  readonly totalCount?: boolean;
  /** Records: stored once, never changed, with the transaction's id in the property `xid`. Cursors of their lists and of their streams fit each other. */
  readonly records?: boolean;
}

interface Described {
  readonly description?: string;
  readonly deprecationReason?: string;
  readonly access?: Role;
  readonly weight?: number;
}
interface MaybeNull extends Described {
  readonly nullable?: boolean;
}
interface Selection<E, Args extends InputFieldMap> extends Described {
  readonly args?: Args;
  /** Which rows: null for all. */
  readonly where?: (columns: Columns<E>, args: InputShapeFromFields<Args>, request: Request) => Sql | null;
  /** Default: by name, then id. */
  readonly order?: Order<E> | ((args: InputShapeFromFields<Args>) => Order<E>);
}
interface SqlField<Types extends SchemaTypes, ParentShape, Type extends TypeParam<Types>, Nullable extends FieldNullability<Type>, Args extends InputFieldMap>
  extends Described {
  readonly type: Type;
  readonly nullable?: Nullable;
  readonly args?: Args;
  /** `selected`: the names of the fields asked for below this one. */
  readonly sql: (columns: Columns<ParentShape>, args: InputShapeFromFields<Args>, request: Request, selected: ReadonlySet<string>) => Sql;
  /** Makes the field's value of what SQL said, where only code can: pure. */
  readonly read?: (value: unknown, args: InputShapeFromFields<Args>) => ShapeFromTypeParam<Types, Type, Nullable>;
}
/** Pure: it may be called where there is no context. */
type KeyFrom<ParentShape, Args extends InputFieldMap, Key> = (parent: ParentShape, args: InputShapeFromFields<Args>) => Key;
interface Keyed<Args extends InputFieldMap> extends MaybeNull {
  readonly args?: Args;
}
interface KeyedList<Args extends InputFieldMap> extends Described {
  readonly args?: Args;
}

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      mapping: MappingPlugin<Types>;
    }

    export interface SchemaBuilderOptions<Types extends SchemaTypes> {
      /** The types that the mapping makes fields of, given late because the builder comes first. */
      mapping: { readonly node: () => unknown; readonly pageInfo: () => unknown };
    }

    export interface SchemaBuilder<Types extends SchemaTypes> {
      /** An object type whose values are rows of the entity E. */
      entity<E extends object>(name: string, options?: EntityOptions): EntityRef<Types, E>;
    }

    export interface ObjectTypeOptions<Types extends SchemaTypes = SchemaTypes, Shape = unknown> {
      /** The least role for the type's fields, where they don't say otherwise. */
      access?: Role;
    }
    export interface RootTypeOptions<Types extends SchemaTypes, Type extends RootName> {
      access?: Role;
    }
    export interface InterfaceTypeOptions<Types extends SchemaTypes = SchemaTypes, Shape = unknown, Interfaces extends InterfaceParam<Types>[] = InterfaceParam<Types>[], ResolveType = unknown> {
      access?: Role;
    }
    export interface FieldOptions<Types extends SchemaTypes = SchemaTypes, ParentShape = unknown, Type extends TypeParam<Types> = TypeParam<Types>,
      Nullable extends FieldNullability<Type> = FieldNullability<Type>, Args extends InputFieldMap = InputFieldMap, ResolveShape = unknown, ResolveReturnShape = unknown> {
      /** The least role for this field. */
      access?: Role;
      /** What one occurrence costs. */
      weight?: number;
    }

    export interface RootFieldBuilder<Types extends SchemaTypes, ParentShape, Kind extends FieldKind = FieldKind> {
      /** This row's uuid as a global id of its type. */
      globalId(property: PropertiesOf<ParentShape, string>, options?: Described): FieldRef<Types, string, Kind>;
      /** The same row, seen as another type. */
      part<Shape, Parent>(type: PothosSchemaTypes.ObjectRef<Types, Shape, Parent> & (ParentShape extends Parent ? unknown : never), options?: Described): FieldRef<Types, unknown, Kind>;
      /** The row whose id this row has in `property`. */
      one<E extends object>(of: EntityRef<Types, E>, property: PropertiesOf<ParentShape, string | null | undefined>, options?: MaybeNull): FieldRef<Types, unknown, Kind>;
      /** All rows that have this row's id in `property`; for sets that are small by nature. */
      many<E extends object, Args extends InputFieldMap = {}>(of: EntityRef<Types, E>, property: PropertiesOf<E, string | null | undefined>, options?: Selection<E, Args>): FieldRef<Types, unknown, Kind>;
      /**
       * A Relay connection over the rows that have this row's id in a property; or over those whose properties equal these of this row; or over those
       * that a condition links to it.
       */
      page<E extends object, Args extends InputFieldMap = {}>(
        of: EntityRef<Types, E>,
        by:
          | PropertiesOf<E, string | null | undefined>
          | Partial<Record<PropertiesOf<E, string | null | undefined>, PropertiesOf<ParentShape, string>>>
          | ((columns: Columns<E>, parentId: Sql) => Sql),
        options?: Selection<E, Args>,
      ): FieldRef<Types, unknown, Kind>;
      /** How many rows have this row's id in `property`. */
      count<E extends object>(of: EntityRef<Types, E>, property: PropertiesOf<E, string | null | undefined>, options?: Described & { readonly where?: (columns: Columns<E>) => Sql }): FieldRef<Types, number, Kind>;
      /** What SQL says of this row. Lists and objects as jsonb. */
      sql<Type extends TypeParam<Types>, Nullable extends FieldNullability<Type> = false, Args extends InputFieldMap = {}>(options: SqlField<Types, ParentShape, Type, Nullable, Args>): FieldRef<Types, unknown, Kind>;
      /** A jsonb property; plain fields read what is inside. */
      doc<Type extends TypeParam<Types>, Property extends keyof ParentShape & string, Nullable extends FieldNullability<Type> = false>(
        property: Property,
        options: Described & { readonly type: ParentShape[Property] extends ShapeFromTypeParam<Types, Type, Nullable> ? Type : never; readonly nullable?: Nullable },
      ): FieldRef<Types, unknown, Kind>;
      /** The object that two columns name: its GraphQL type and its uuid. Null where there is none (any more); non-null where `nullable: false` is said: then the row names what is there. */
      ref(typeProperty: PropertiesOf<ParentShape, string | null | undefined>, idProperty: PropertiesOf<ParentShape, string | null | undefined>, options?: MaybeNull): FieldRef<Types, unknown, Kind>;
      /** What only code can find out; it is given the row with the properties that it needs. Such a field is never compiled. */
      code<Type extends TypeParam<Types>, Property extends keyof ParentShape & string, Nullable extends FieldNullability<Type> = false, Args extends InputFieldMap = {}>(
        options: Described & {
          readonly type: Type;
          readonly nullable?: Nullable;
          readonly needs: readonly Property[];
          readonly args?: Args;
          readonly resolve: (row: Pick<ParentShape, Property>, args: InputShapeFromFields<Args>, context: Types["Context"]) => ShapeFromTypeParam<Types, Type, Nullable> | Promise<ShapeFromTypeParam<Types, Type, Nullable>>;
        },
      ): FieldRef<Types, unknown, Kind>;
      /** A member of a document that may leave it out, which means none. */
      member<Type extends TypeParam<Types>, Property extends keyof ParentShape & string>(
        property: Property,
        options: Described & { readonly type: NonNullable<ParentShape[Property]> extends ShapeFromTypeParam<Types, Type, false> ? Type : never; readonly otherwise: readonly [] },
      ): FieldRef<Types, unknown, Kind>;
      /** What pure code makes of what a message says. */
      pure<Type extends TypeParam<Types>, Nullable extends FieldNullability<Type> = false>(
        options: Described & { readonly type: Type; readonly nullable?: Nullable; readonly from: (message: ParentShape) => ShapeFromTypeParam<Types, Type, Nullable> },
      ): FieldRef<Types, unknown, Kind>;
      /** Of a subscription: the message itself. */
      message<Type extends TypeParam<Types>, Args extends InputFieldMap = {}>(
        options: Described & {
          readonly type: Type;
          readonly args?: Args;
          readonly subscribe: (
            root: object,
            args: InputShapeFromFields<Args>,
            context: Types["Context"],
            info: GraphQLResolveInfo,
          ) => AsyncIterable<ShapeFromTypeParam<Types, Type, false>> | Promise<AsyncIterable<ShapeFromTypeParam<Types, Type, false>>>;
        },
      ): FieldRef<Types, unknown, Kind>;

      /** The one row that the condition selects, or null. */
      find<E extends object, Args extends InputFieldMap = {}>(
        of: EntityRef<Types, E>,
        options: Described & { readonly args?: Args; readonly nullable?: boolean; readonly where: (columns: Columns<E>, args: InputShapeFromFields<Args>, request: Request) => Sql | null },
      ): FieldRef<Types, unknown, Kind>;
      /** All rows that the condition selects; for sets that are small by nature. */
      list<E extends object, Args extends InputFieldMap = {}>(of: EntityRef<Types, E>, options?: Selection<E, Args>): FieldRef<Types, unknown, Kind>;
      /** A Relay connection over the rows that the condition selects; `from`: of a set-returning function with the entity's columns. */
      pageOf<E extends object, Args extends InputFieldMap = {}>(of: EntityRef<Types, E>, options?: Selection<E, Args> & { readonly from?: string }): FieldRef<Types, unknown, Kind>;
      /**
       * The row with this uuid (or with the one that this member of a document has), read afresh: for payloads and messages. Non-null where `nullable: false` is said; `from`: of a set-returning
       * function with the entity's columns.
       */
      entity<E extends object, Args extends InputFieldMap = {}>(
        of: EntityRef<Types, E>,
        key: KeyFrom<ParentShape, Args, string | null> | PropertiesOf<ParentShape, string>,
        options?: Keyed<Args> & { readonly from?: string },
      ): FieldRef<Types, unknown, Kind>;
      /** The rows with these uuids, in their order; those that don't exist for the viewer are left out. */
      entities<E extends object, Args extends InputFieldMap = {}>(of: EntityRef<Types, E>, key: KeyFrom<ParentShape, Args, readonly string[]>, options?: KeyedList<Args>): FieldRef<Types, unknown, Kind>;
      /** The object of any type with this key, or null. */
      node<Args extends InputFieldMap = {}>(key: KeyFrom<ParentShape, Args, ObjectKey | null>, options?: Keyed<Args>): FieldRef<Types, unknown, Kind>;
      /** The objects with these keys, in their order; null for one that doesn't exist, or left out where `items: "existing"`. */
      nodes<Args extends InputFieldMap = {}>(
        key: KeyFrom<ParentShape, Args, readonly (ObjectKey | null)[]>,
        options?: KeyedList<Args> & { readonly items?: "nullable" | "existing" },
      ): FieldRef<Types, unknown, Kind>;
    }
  }
}

export const accessOf = (options: { readonly access?: Role | undefined }): { access?: Role } => (options.access ? { access: options.access } : {});
