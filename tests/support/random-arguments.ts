import {
  getNamedType, getNullableType, type GraphQLCompositeType, type GraphQLField, type GraphQLInputType, isAbstractType, isEnumType, isInputObjectType, isListType, isNonNullType, isRequiredArgument,
} from "graphql";
import { mappingOf } from "#schema/shared/mapping/kinds.ts";
import type { Dice } from "./random.ts";
import type { Coordinate } from "./schema-paths.ts";

/** Random arguments of one operation's fields, as literals and as variables, of values that mean something to the schema. */
export interface OperationHints {
  /** Global ids that the viewer may see, by type. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
  readonly foreignIds: readonly string[];
  /** By the name of an argument, or of an input's member. */
  readonly words: ReadonlyMap<string, readonly string[]>;
  readonly labels: readonly { readonly key: string; readonly value: string }[];
  /** That pages gave out, by the type of their rows and the order: `Pod:name,id`. */
  readonly cursors: ReadonlyMap<string, readonly string[]>;
}

export interface ArgumentsOptions {
  readonly hints: OperationHints;
  readonly dice: Dice;
  /** Types of which the role may see no object. */
  readonly hidden: readonly string[];
  /** Takes what is given, as `Type.field:Input.member`. */
  readonly uses: Set<string>;
  /** The member of a filter that is to be given, where its field comes. */
  readonly wanted: Wanted | null;
}
interface Wanted {
  readonly coordinate: Coordinate;
  readonly member: string;
}

export function shuffled<T>(dice: Dice, items: readonly T[]): T[] {
  const left = [...items];
  return items.map(() => left.splice(dice.below(left.length), 1)[0] as T);
}

export class RandomArguments {
  readonly definitions: Definition[] = [];
  readonly variables: Record<string, unknown> = {};
  readonly #hints: OperationHints;
  readonly #dice: Dice;
  readonly #hidden: readonly string[];
  readonly #uses: Set<string>;
  #wanted: Wanted | null;
  #names = 0;

  constructor({ hints, dice, hidden, uses, wanted }: ArgumentsOptions) {
    this.#hints = hints;
    this.#dice = dice;
    this.#hidden = hidden;
    this.#uses = uses;
    this.#wanted = wanted;
  }

  /** What an @include or @skip is given. */
  condition(value: boolean): string {
    const { chance } = this.#dice;
    if (chance(0.5)) return String(value);
    const another = (): boolean => !value;
    if (chance(0.6)) return this.#variable("Boolean!", "Boolean!", "", value, another);
    return this.#variable("Boolean!", "Boolean", ` = ${value}`, undefined, another);
  }

  /** With their parentheses; empty where there are none. `of`: of which type the ids of an abstract place should be. */
  of(coordinate: Coordinate, field: GraphQLField<unknown, unknown>, depth: number, onTheWay: boolean, of: GraphQLCompositeType | null): string {
    const { chance } = this.#dice;
    const wanted = onTheWay && this.#wanted?.coordinate === coordinate ? this.#wanted.member : null;
    const given = new Set(field.args.filter((arg) => isRequiredArgument(arg) || chance(onTheWay ? 0.12 : 0.4)).map(({ name }) => name));
    const isPage = field.args.some(({ name }) => name === "first");
    if (isPage) {
      for (const name of ["first", "last", "after", "before"]) given.delete(name);
      if (chance(depth > 2 ? 0.97 : 0.85)) given.add(chance(0.72) ? "first" : "last");
      if (chance(0.01)) given.add("first").add("last");
      if (chance(onTheWay ? 0.08 : 0.25)) given.add("after");
      if (chance(onTheWay ? 0.04 : 0.15)) given.add("before");
      if (wanted !== null) given.add("filter");
    } else if (mappingOf(field)?.kind === "find" && !chance(0.04)) {
      // One that is looked up in one of several ways.
      const byId = chance(0.6);
      given.clear();
      for (const { name } of field.args) if (byId === (name === "id") || chance(0.05)) given.add(name);
    }
    // Cursors come last: which of them fit depends on the order that is asked for.
    const args = field.args.filter(({ name }) => given.has(name)).toSorted((a, b) => Number(isCursor(a.name)) - Number(isCursor(b.name)));
    if (args.length === 0) return "";
    const values: Record<string, unknown> = {};
    const written = args.map((arg) => {
      const at: Position = { coordinate, field, name: arg.name, input: null, of, depth, onTheWay, wanted, values };
      values[arg.name] = this.#value(arg.type, at);
      return `${arg.name}: ${this.#given(arg.type, values[arg.name], at)}`;
    });
    return `(${shuffled(this.#dice, written).join(", ")})`;
  }

  /** A value for a position, as a client would put it into its variables. */
  #value(given: GraphQLInputType, at: Position): unknown {
    const { chance, below, pick } = this.#dice;
    const type = getNullableType(given);
    if (isNonNullType(type)) return this.#value(type.ofType, at);
    if (type !== given ? false : chance(0.03)) return null;
    if (isListType(type)) return this.#list(type.ofType, at);
    if (isEnumType(type)) return pick(type.getValues()).name;
    if (isInputObjectType(type)) {
      if (type.name === "LabelInput") return chance(0.9) ? pick(this.#hints.labels) : { key: "none", value: "none" };
      if (type.name === "MetricsInput" && !chance(0.1)) return this.#chart();
      const members = Object.values(type.getFields());
      const wanted = members.filter(({ name }) => at.wanted === `${type.name}.${name}`);
      if (wanted.length > 0) this.#wanted = null;
      const others = wanted.length > 0 ? (chance(0.8) ? 0 : 1) : chance(0.05) ? 0 : 1 + below(2);
      const chosen = members.filter((member) => isNonNullType(member.type)).concat(wanted, shuffled(this.#dice, members.filter((member) => !isNonNullType(member.type) && !wanted.includes(member))).slice(0, others));
      for (const { name } of chosen) this.#uses.add(`${at.coordinate}:${type.name}.${name}`);
      return Object.fromEntries(chosen.map((member) => [member.name, this.#value(member.type, { ...at, name: member.name, input: type.name })]));
    }
    switch (type.name) {
      case "Boolean":
        return chance(0.5);
      case "Int":
        return this.#int(at);
      case "ID":
        return this.#id(at);
      case "DateTime":
        return pick(["2026-05-01T00:00:00.000Z", "2026-05-01T00:00:00.001Z", "2026-05-01T02:00:01+02:00", "2026-04-30T23:59:59.9999Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2026-06-01T11:59:59Z", "2026-06-01T11:00:00.000Z", "2026-05-31T12:00:00Z"]);
      default:
        return this.#text(at);
    }
  }

  /** Times of which there is something, mostly: where hours are in chunks and where they are not. */
  #chart(): Record<string, unknown> {
    const { chance, pick } = this.#dice;
    const metrics = ["CPU_MILLIS", "LATENCY_P99_MS", "ERROR_PERCENT", "READY_REPLICAS"];
    return {
      from: pick(["2026-06-01T10:58:00.000Z", "2026-06-01T10:00:01.000Z", "2026-06-01T11:00:00.000Z", "2026-05-20T00:00:00.000Z"]), to: pick(["2026-06-01T11:02:30.000Z", "2026-06-01T11:01:00.000Z", "2026-06-01T11:00:00.000Z"]),
      ...(chance(0.7) ? { stepSeconds: pick([60, 300, 3_600, 15, 0, null]) } : {}),
      metrics: chance(0.05) ? null : [pick(metrics), pick(metrics)].slice(0, pick([0, 1, 1, 2])),
    };
  }

  #list(item: GraphQLInputType, at: Position): unknown[] {
    const { chance, below } = this.#dice;
    const isNodes = at.input === null && at.name === "ids";
    if (isNodes && chance(0.004)) return Array.from({ length: 201 }, () => this.#id(at));
    const length = chance(at.wanted === `${at.input}.${at.name}` ? 0.1 : 0.05) ? 0 : isNodes ? 1 + below(8) : 1 + below(3);
    const items = Array.from({ length }, () => this.#value(item, at));
    // Twice the same.
    return items.length > 0 && chance(0.1) ? [...items, items[0]] : items;
  }

  #int({ name, depth, onTheWay }: Position): number {
    const { chance, pick } = this.#dice;
    if (onTheWay && chance(0.7)) return pick([4, 5, 6]);
    if (name === "first" || name === "last") return chance(0.01) ? pick([0, -1, 201]) : chance(0.08) && depth < 2 ? pick([19, 20, 21, 200]) : pick([1, 2, 2, 3, 3, 4, 5]);
    return chance(0.9) ? pick([1, 2, 3]) : pick([0, 4, -1, 2_147_483_647]);
  }

  #id({ name, field, input, of }: Position): string {
    const { chance, pick } = this.#dice;
    const all = [...this.#hints.ids.keys()];
    if (chance(0.1)) {
      const some = pick(this.#hints.ids.get(pick(all)) as string[]);
      const foreign = this.#hints.foreignIds.length > 0 ? pick(this.#hints.foreignIds) : some;
      return pick([some, foreign, foreign, `${pick(all)}.${this.#dice.uuid()}`, "", "Application.", some.toUpperCase(), `${some} `, `Nothing.${this.#dice.uuid()}`, "\u{1F600}", `OperationStep.${this.#dice.uuid()}`]);
    }
    // What must not be shown is asked for most where nothing else says of which type it is.
    if (of === null && input === null && this.#hidden.length > 0 && isAbstractType(getNamedType(field.type)) && chance(0.25)) return pick(this.#hints.ids.get(pick(this.#hidden)) as string[]);
    const type = of?.name ?? (input === null && name === "id" ? getNamedType(field.type).name : ID_TYPES[`${input ?? ""}.${name}`] ?? ID_TYPES[name]);
    return pick(this.#hints.ids.get(type ?? pick(all)) ?? (this.#hints.ids.get(pick(all)) as string[]));
  }

  #text({ name, field, values }: Position): string {
    const { chance, pick, below } = this.#dice;
    if (isCursor(name)) {
      const own = this.#hints.cursors.get(orderOf(field, values)) ?? [];
      const others = [...this.#hints.cursors.values()].flat();
      if (own.length > 0 && !chance(0.06)) return pick(own);
      if (others.length === 0) return "";
      const other = pick(others);
      return pick([other, "", "W10", `${other.slice(0, -2)}AA`, other.slice(below(4)), `${other}=`]);
    }
    const words = this.#hints.words.get(name);
    if (words && words.length > 0 && !chance(0.05)) return pick(words);
    return pick(["", "nothing", "\"\\'\n\u2028", "\u{1F600}", "x".repeat(300), "\0"]);
  }

  // ---------------------------------------------------------------- literals and variables

  /** The value where it is written: as a literal or a variable, or partly so. */
  #given(type: GraphQLInputType, value: unknown, at: Position): string {
    const { chance } = this.#dice;
    if (chance(0.22)) return this.#asVariable(type, value, at);
    const nullable = getNullableType(type);
    if (value === null) return "null";
    if (isListType(nullable)) {
      const items = (value as readonly unknown[]).map((item) => this.#given(nullable.ofType, item, at));
      // One item stands for a list of it; but a variable of the item's type does not.
      return items.length === 1 && chance(0.1) && !(items[0] as string).startsWith("$") ? (items[0] as string) : `[${items.join(", ")}]`;
    }
    if (isInputObjectType(nullable)) {
      const members = Object.entries(value as Record<string, unknown>).map(([name, member]) => `${name}: ${this.#given(nullable.getFields()[name]?.type as GraphQLInputType, member, { ...at, name, input: nullable.name })}`);
      return `{ ${members.join(", ")} }`;
    }
    return isEnumType(nullable) ? (value as string) : JSON.stringify(value);
  }

  #asVariable(type: GraphQLInputType, value: unknown, at: Position): string {
    const { below, chance } = this.#dice;
    const position = String(type);
    const same = this.definitions.filter((definition) => definition.position === position);
    if (same.length > 0 && chance(0.1)) return `$${(same[below(same.length)] as { name: string }).name}`;
    const nullable = String(getNullableType(type));
    const roll = below(100);
    const literal = literalOf(type, value);
    const variable = (declared: string, defaultValue: string, given: unknown): string => this.#variable(position, declared, defaultValue, given, () => this.#value(type, at) ?? value ?? undefined);
    if (isNonNullType(type)) {
      if (roll < 86) return variable(position, "", value);
      if (roll < 94) return variable(nullable, ` = ${literal}`, undefined);
      if (roll < 98) return variable(nullable, ` = ${literal}`, value);
      return variable(nullable, ` = ${literal}`, null);
    }
    if (roll < 66) return variable(nullable, "", value);
    if (roll < 78) return variable(nullable, ` = ${literal}`, undefined);
    if (roll < 84) return variable(nullable, " = null", value);
    if (roll < 88) return variable(nullable, "", null);
    if (roll < 92) return variable(nullable, "", undefined);
    if (roll < 94) return variable(nullable, ` = ${literal}`, null);
    return value === null ? variable(nullable, "", null) : variable(`${nullable}!`, "", value);
  }

  /** `value`: undefined where it is left out. */
  #variable(position: string, type: string, defaultValue: string, value: unknown, another: () => unknown): string {
    this.#names += 1;
    const name = `v${this.#names}`;
    this.definitions.push({ name, position, text: `$${name}: ${type}${defaultValue}`, another });
    if (value !== undefined) this.variables[name] = value;
    return `$${name}`;
  }
}

/** Of a variable. */
export interface Definition {
  readonly name: string;
  readonly position: string;
  readonly text: string;
  /** Another value for it. */
  readonly another: () => unknown;
}

interface Position {
  readonly coordinate: Coordinate;
  readonly field: GraphQLField<unknown, unknown>;
  readonly name: string;
  /** The input type that has the member of this name. */
  readonly input: string | null;
  readonly of: GraphQLCompositeType | null;
  readonly depth: number;
  readonly onTheWay: boolean;
  /** Of the filter, the member to be given. */
  readonly wanted: string | null;
  /** Of the arguments so far. */
  readonly values: Readonly<Record<string, unknown>>;
}

const isCursor = (name: string): boolean => name === "after" || name === "before";
/** As its cursors name it. */
function orderOf(field: GraphQLField<unknown, unknown>, values: Readonly<Record<string, unknown>>): string {
  const mapping = mappingOf(field);
  if (mapping?.kind !== "page" && mapping?.kind !== "pageOf") return "";
  const order = typeof mapping.order === "function" ? mapping.order(values as never) : mapping.order;
  return `${mapping.entity}:${order.join(",")}`;
}

const ID_TYPES: Readonly<Record<string, string>> = { "ClusterFilter.ids": "Cluster", clusterIds: "Cluster", applicationIds: "Application", vpcIds: "Vpc" };

function literalOf(type: GraphQLInputType, value: unknown): string {
  const nullable = getNullableType(type);
  if (value === null || value === undefined) return "null";
  if (isListType(nullable)) return `[${(value as readonly unknown[]).map((item) => literalOf(nullable.ofType, item)).join(", ")}]`;
  if (isInputObjectType(nullable)) {
    return `{ ${Object.entries(value as Record<string, unknown>).map(([name, member]) => `${name}: ${literalOf(nullable.getFields()[name]?.type as GraphQLInputType, member)}`).join(", ")} }`;
  }
  return isEnumType(nullable) ? (value as string) : JSON.stringify(value);
}
