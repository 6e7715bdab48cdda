import {
  getNamedType, type GraphQLCompositeType, type GraphQLField, type GraphQLObjectType, type GraphQLSchema, isAbstractType, isCompositeType,
  isInputObjectType, isInterfaceType, isObjectType, isRequiredArgument,
} from "graphql";
import { permits } from "#schema/shared/mapping/access.ts";
import { exposedProperty, mappingOf } from "#schema/shared/mapping/kinds.ts";
import type { Role } from "#server/domain/states.ts";
import type { Dice } from "./random.ts";
import { type Definition, type OperationHints, RandomArguments, shuffled } from "./random-arguments.ts";
import { type Coordinate, coordinateOf, permittedFields, schemaPaths, type SchemaPaths, type Step } from "./schema-paths.ts";

/**
 * Random operations of a schema, valid but for a few that are meant to be refused. Each has a goal, a field that was selected seldom so far, and a random way
 * there; the rest of it is chance. What makes an operation valid that chance alone would not:
 *
 *   scope   the response keys of one place, fragments followed: a key is given twice only where the two selections merge
 *   hints   where values come from that mean something: ids, cursors, words
 *
 * The same dice give the same operations.
 */
export interface RandomOperation {
  readonly query: string;
  readonly operationName?: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Other values that the same document may be asked with; null where it has no variables. */
  readonly others: Readonly<Record<string, unknown>> | null;
  /** The fields that it selects, as `Type.field`, and the members of inputs that it gives, as `Type.field:Input.member`. */
  readonly uses: ReadonlySet<string>;
}

export interface GeneratorOptions {
  readonly schema: GraphQLSchema;
  readonly hints: OperationHints;
  readonly dice: Dice;
}

export interface OperationOptions {
  /** What it has to select, as `Type.field`, or to filter by, as `Type.field:Input.member`; the dice choose where none is said. */
  readonly goal?: string | undefined;
  /** In place of the generator's. */
  readonly hints?: OperationHints;
}

const MAX_DEPTH = 13;
/** Fields of an operation, about. */
const SIZE = 24;
const STATICALLY_INVALID = 0.015;
/** What only code can answer is asked for less often, because it keeps the whole operation from being compiled. */
const RESOLVED = 0.06;

/** The response keys of one place. */
type Scope = Map<string, Selected>;
interface Selected {
  readonly coordinate: Coordinate;
  readonly type: string;
  readonly args: string;
  readonly below: Scope;
}
interface Fragment {
  readonly name: string;
  readonly on: GraphQLCompositeType;
  readonly text: string;
  readonly scope: Scope;
}

/** Whether both may stand in one place; of objects that can't be the same one nothing else than the shape would matter, but that is not used here. */
function merges(one: Scope, other: Scope): boolean {
  for (const [key, selected] of other) {
    const known = one.get(key);
    if (!known) continue;
    const same = known.coordinate === selected.coordinate ? known.args === selected.args : known.args === "" && selected.args === "" && fieldName(known) === fieldName(selected);
    if (!same || known.type !== selected.type || !merges(known.below, selected.below)) return false;
  }
  return true;
}
const fieldName = ({ coordinate }: Selected): string => coordinate.slice(coordinate.indexOf(".") + 1);
function merge(into: Scope, from: Scope): void {
  for (const [key, selected] of from) {
    const known = into.get(key);
    if (known) merge(known.below, selected.below);
    else {
      const below: Scope = new Map();
      merge(below, selected.below);
      into.set(key, { ...selected, below });
    }
  }
}

export class OperationGenerator {
  readonly #options: GeneratorOptions;
  readonly #paths = new Map<string, SchemaPaths>();
  /** How often each field was selected so far, and how often there was something then. */
  readonly #counts = new Map<string, number>();
  readonly #landed = new Map<string, number>();

  constructor(options: GeneratorOptions) {
    this.#options = options;
  }

  query(role: Role, { goal, hints }: OperationOptions = {}): RandomOperation {
    return this.#made(role, this.#options.schema.getQueryType() as GraphQLObjectType, null, goal, hints);
  }

  /** Whether a role may have this goal; in a subscription, where its root field is given. */
  reaches(role: Role, goal: string, subscription?: string): boolean {
    const { schema } = this.#options;
    const root = (subscription === undefined ? schema.getQueryType() : schema.getSubscriptionType()) as GraphQLObjectType;
    return goal === `${root.name}.${subscription}` || this.#targets(root, role, subscription ?? null).some((target) => nameOf(target) === goal);
  }

  /** That fields answered something so often: goals are those of which that is seldom true. */
  landed(times: ReadonlyMap<string, number>): void {
    for (const [coordinate, count] of times) this.#landed.set(coordinate, (this.#landed.get(coordinate) ?? 0) + count);
  }

  /** With this root field. */
  subscription(role: Role, field: string, { goal, hints }: OperationOptions = {}): RandomOperation {
    const root = this.#options.schema.getSubscriptionType() as GraphQLObjectType;
    return this.#made(role, root, field, goal === `${root.name}.${field}` ? undefined : goal, hints);
  }

  #made(role: Role, root: GraphQLObjectType, only: string | null, wanted: string | undefined, hints = this.#options.hints): RandomOperation {
    const { dice } = this.#options;
    const paths = this.#pathsOf(root, role, only);
    const count = (name: string): number => this.#counts.get(name) ?? 0;
    // What a field of an interface answers is noted of the objects' fields.
    const seldom = (one: Target): number =>
      1 / (one.member === null && isObjectType(one.type) ? (1 + (this.#landed.get(one.coordinate) ?? 0)) ** 2 * (1 + count(one.coordinate) / 10) : (1 + count(nameOf(one))) ** 2);
    const targets = this.#targets(root, role, only).filter((one) => wanted === undefined || nameOf(one) === wanted);
    const target = dice.weighted(targets, (one) => (isResolved(one.field) ? 0.3 : 1) * seldom(one));
    const goal: Step[] = [...paths.path(target.type, dice), ...stepsInto(target, dice)];
    const writing = new Writing({ ...this.#options, hints }, role, this.#counts, target);
    const operation = only === null ? writing.query(root, goal) : writing.subscription(root, goal);
    for (const used of operation.uses) this.#counts.set(used, (this.#counts.get(used) ?? 0) + 1);
    return operation;
  }

  #targets(root: GraphQLObjectType, role: Role, only: string | null): Target[] {
    const { fields, ofInterfaces } = this.#pathsOf(root, role, only);
    return [...fields, ...ofInterfaces].flatMap(targetsOf);
  }

  #pathsOf(root: GraphQLObjectType, role: Role, only: string | null): SchemaPaths {
    const key = `${root.name} ${only} ${role}`;
    let paths = this.#paths.get(key);
    if (!paths) {
      const all = schemaPaths(this.#options.schema, root, role);
      if (only !== null) {
        const below = getNamedType(root.getFields()[only]?.type) as GraphQLCompositeType;
        const first: Step = { from: root, field: root.getFields()[only] as GraphQLField<unknown, unknown>, to: below };
        const inner = schemaPaths(this.#options.schema, below, role);
        paths = { ...inner, path: (to, dice) => [first, ...inner.path(to, dice)] };
      } else paths = all;
      this.#paths.set(key, paths);
    }
    return paths;
  }
}

/** A field; or a member of its filter, as `Input.member`. */
interface Target {
  readonly coordinate: Coordinate;
  readonly type: GraphQLCompositeType;
  readonly field: GraphQLField<unknown, unknown>;
  readonly member: string | null;
}

const nameOf = ({ coordinate, member }: Target): string => (member === null ? coordinate : `${coordinate}:${member}`);
function targetsOf(one: Omit<Target, "member">): Target[] {
  const filter = getNamedType(one.field.args.find(({ name }) => name === "filter")?.type);
  const members = isInputObjectType(filter) ? Object.keys(filter.getFields()).map((name) => `${filter.name}.${name}`) : [];
  return [{ ...one, member: null }, ...members.map((member) => ({ ...one, member }))];
}

/** The target itself; of a filter also which rows it leaves, or nobody would see what it did. */
function stepsInto({ type, field, member }: Target, dice: Dice): Step[] {
  const step = (from: GraphQLCompositeType, of: GraphQLField<unknown, unknown>): Step => ({ from, field: of, to: getNamedType(of.type) as GraphQLCompositeType });
  const connection = getNamedType(field.type);
  const count = member !== null && isObjectType(connection) ? connection.getFields()["totalCount"] : undefined;
  if (count && dice.chance(0.2)) return [step(type, field), step(connection as GraphQLObjectType, count)];
  const nodes = member !== null && isObjectType(connection) ? connection.getFields()["nodes"] : undefined;
  const node = nodes && getNamedType(nodes.type);
  const id = isObjectType(node) ? node.getFields()["id"] : undefined;
  return [step(type, field), ...(nodes ? [step(connection as GraphQLObjectType, nodes)] : []), ...(id ? [step(node as GraphQLObjectType, id)] : [])];
}

/** Not of the mapping, or one that runs code with a row. */
function isResolved(field: GraphQLField<unknown, unknown>): boolean {
  const mapping = mappingOf(field);
  return (mapping?.kind === "sql" && mapping.read) || (mapping === undefined && exposedProperty(field) === undefined && RESOLVED_FIELDS.has(field.name));
}
const RESOLVED_FIELDS: ReadonlySet<string> = new Set(["viewer", "server"]);

/** One operation while it is written. */
class Writing {
  readonly #schema: GraphQLSchema;
  readonly #dice: Dice;
  readonly #arguments: RandomArguments;
  readonly #fieldsOf: (type: GraphQLCompositeType) => readonly GraphQLField<unknown, unknown>[];
  readonly #counts: ReadonlyMap<string, number>;
  readonly #uses = new Set<string>();
  readonly #fragments: Fragment[] = [];
  #left: number;
  #names = 0;

  constructor({ schema, hints, dice }: GeneratorOptions, role: Role, counts: ReadonlyMap<string, number>, target: Target) {
    this.#schema = schema;
    this.#dice = dice;
    const fields = new Map<GraphQLCompositeType, readonly GraphQLField<unknown, unknown>[]>();
    this.#fieldsOf = (type) => {
      const known = fields.get(type) ?? permittedFields(type, role);
      fields.set(type, known);
      return known;
    };
    this.#counts = counts;
    const hidden = [...hints.ids.keys()].filter((type) => !permits(role, schema.getType(type)?.extensions["access"] as Role | undefined));
    this.#arguments = new RandomArguments({ hints, dice, hidden, uses: this.#uses, wanted: target.member === null ? null : { coordinate: target.coordinate, member: target.member } });
    this.#left = 4 + dice.below(SIZE);
  }

  query(root: GraphQLObjectType, goal: readonly Step[]): RandomOperation {
    const { below, chance } = this.#dice;
    const scope: Scope = new Map();
    const parts = [this.#toward(scope, goal, 1)];
    // The same again, with other arguments or below other parents: what is kept of one must not be taken for the other.
    if (chance(0.08)) parts.push(this.#toward(scope, goal, 1));
    const more = chance(0.5) ? 0 : 1 + below(2);
    for (let n = 0; n < more; n += 1) parts.push(this.#selection(root, scope, 1));
    if (chance(0.01)) parts.push('__type(name: "Pod") { name fields { name } }');
    const written = shuffled(this.#dice, parts.filter((part) => part !== null)).join(" ");
    return this.#operation("query", chance(STATICALLY_INVALID) ? `${written} ${this.#dice.pick(INVALID)}` : written);
  }

  /** A subscription has one root field, without conditions. */
  subscription(root: GraphQLObjectType, [first, ...goal]: readonly Step[]): RandomOperation {
    const { field, to } = first as Step;
    const written = this.#field(root, field as GraphQLField<unknown, unknown>, new Map(), 1, goal);
    if (written === null) throw new Error(`${to.name} can't be selected`);
    return this.#operation("subscription", written);
  }

  #operation(kind: string, selections: string): RandomOperation {
    const { chance } = this.#dice;
    const used = new Map<string, Fragment>();
    const follow = (text: string): void => {
      for (const [, name] of text.matchAll(/\.\.\.(F\d+)/g)) {
        const fragment = this.#fragments.find((one) => one.name === name);
        if (!fragment || used.has(fragment.name)) continue;
        used.set(fragment.name, fragment);
        follow(fragment.text);
      }
    };
    follow(selections);
    const fragments = [...used.values()].map(({ text }) => text);
    const all = [selections, ...fragments].join(" ");
    const definitions = this.#arguments.definitions.filter(({ name }) => new RegExp(`\\$${name}\\b`).test(all));
    const variables = Object.fromEntries(Object.entries(this.#arguments.variables).filter(([name]) => definitions.some((definition) => definition.name === name)));
    const named = definitions.length > 0 || kind !== "query" || chance(0.2);
    const head = named ? `${kind} Q${definitions.length > 0 ? `(${definitions.map(({ text }) => text).join(", ")})` : ""} ` : "";
    const several = named && kind === "query" && chance(0.03);
    const query = shuffled(this.#dice, [`${head}{ ${selections} }`, ...fragments, ...(several ? ["query Other { __typename }"] : [])]).join("\n");
    const uses = new Set(this.#uses);
    return { query, variables, others: this.#others(definitions, variables), uses, ...(several ? { operationName: "Q" } : {}) };
  }

  #others(definitions: readonly Definition[], variables: Readonly<Record<string, unknown>>): RandomOperation["others"] {
    if (definitions.length === 0) return null;
    return Object.fromEntries(definitions.map(({ name, another }) => [name, this.#dice.chance(0.6) ? another() : variables[name]]).filter(([, value]) => value !== undefined));
  }

  // ---------------------------------------------------------------- selections

  /** Selections of a place, with at least one in them. `goal`: what has to be selected here, and below. */
  #selections(type: GraphQLCompositeType, scope: Scope, depth: number, goal: readonly Step[]): string {
    const parts: string[] = [];
    // The grammar has no empty selections, but graphql-js takes them.
    if (goal.length === 0 && this.#dice.chance(0.003)) return "";
    const wanted = goal.length > 0 ? this.#toward(scope, goal, depth) : null;
    if (wanted !== null) parts.push(wanted);
    const more = depth >= MAX_DEPTH ? 1 : 1 + this.#dice.below(wanted === null ? 4 : 3);
    for (let n = 0; n < more && (parts.length === 0 || this.#left > 0); n += 1) {
      const made = this.#selection(type, scope, depth);
      if (made !== null) parts.push(made);
    }
    if (parts.length === 0) parts.push(this.#typename(scope));
    return shuffled(this.#dice, parts).join(" ");
  }

  #toward(scope: Scope, [step, ...rest]: readonly Step[], depth: number): string | null {
    const { from, field, to } = step as Step;
    const next = rest[0];
    if (field === null) return `... on ${to.name} { ${this.#selections(to, scope, depth, rest)} }`;
    const written = this.#field(from, field, scope, depth, rest, next?.field === null ? next.to : null);
    if (written === null || !this.#dice.chance(0.1)) return written;
    return `... on ${from.name}${this.#directives(true)} { ${written} }`;
  }

  #selection(type: GraphQLCompositeType, scope: Scope, depth: number): string | null {
    const { chance, below, pick } = this.#dice;
    this.#left -= 1;
    if (chance(0.05)) return this.#typename(scope);
    if (isAbstractType(type)) {
      if (isInterfaceType(type) && chance(0.25)) return this.#anyField(type, scope, depth);
      const roll = below(10);
      if (roll === 0) return `...${this.#directives(false)} { ${this.#selections(type, scope, depth, [])} }`;
      if (roll === 1) return `... on ${type.name} { ${this.#selections(type, scope, depth, [])} }`;
      if (roll < 4) return this.#spread(type, scope, depth);
      const possible = pick(this.#schema.getPossibleTypes(type).filter((one) => this.#fieldsOf(one).length > 0));
      return `... on ${possible.name}${this.#directives(false)} { ${this.#selections(possible, scope, depth, [])} }`;
    }
    if (chance(0.07) && depth < MAX_DEPTH) {
      const [interfaceType] = isObjectType(type) ? type.getInterfaces() : [];
      const on = interfaceType && chance(0.3) ? interfaceType : type;
      return `...${chance(0.3) && on === type ? "" : ` on ${on.name}`}${this.#directives(false)} { ${this.#selections(on, scope, depth, [])} }`;
    }
    if (chance(0.08) && depth < MAX_DEPTH) return this.#spread(type, scope, depth);
    return this.#anyField(type, scope, depth);
  }

  #typename(scope: Scope): string {
    const alias = this.#dice.chance(0.4) ? this.#alias() : null;
    scope.set(alias ?? "__typename", { coordinate: "Any.__typename", type: "String!", args: "", below: new Map() });
    return alias === null ? "__typename" : `${alias}: __typename`;
  }

  /** Aliases are all different; some are longer than what Postgres allows a name to be, and some are names that SQL or JavaScript take for something else. */
  #alias(): string {
    const { chance, pick } = this.#dice;
    this.#names += 1;
    if (chance(0.02)) return `a${this.#names}_${"long".repeat(18)}`;
    return `${pick(["a", "b", "x", "select", "T", "__proto", "constructor", "_", "nodes"])}${this.#names}`;
  }

  #anyField(type: GraphQLCompositeType, scope: Scope, depth: number): string | null {
    const fields = this.#fieldsOf(type).filter((field) => !isCompositeType(getNamedType(field.type)) || (depth < MAX_DEPTH && this.#left > 0));
    if (fields.length === 0) return null;
    const field = this.#dice.weighted(fields, (one) => (isResolved(one) ? RESOLVED : 1) / Math.sqrt(1 + (this.#counts.get(coordinateOf(type, one)) ?? 0)));
    return this.#field(type, field, scope, depth, []);
  }

  /** `of`: of which type the ids of an abstract place should be. */
  #field(parent: GraphQLCompositeType, field: GraphQLField<unknown, unknown>, scope: Scope, depth: number, goal: readonly Step[], of: GraphQLCompositeType | null = null): string | null {
    const { chance } = this.#dice;
    const coordinate = coordinateOf(parent, field);
    const type = String(field.type);
    let alias = chance(0.18) ? this.#alias() : null;
    let known = scope.get(alias ?? field.name);
    if (known && (known.coordinate === coordinate ? of !== null || chance(0.5) : known.type !== type || known.args !== "" || fieldName(known) !== field.name)) {
      alias = this.#alias();
      known = undefined;
    }
    const args = known ? known.args : this.#arguments.of(coordinate, field, depth, goal.length > 0, of);
    // The same name in two types of an abstract place, with arguments in the one that comes second.
    if (known && known.coordinate !== coordinate && field.args.some(isRequiredArgument)) return null;
    const selected: Selected = known ?? { coordinate, type, args, below: new Map() };
    scope.set(alias ?? field.name, selected);
    this.#uses.add(coordinate);
    const named = getNamedType(field.type);
    // Below a goal of a composite type anything will do.
    const directives = this.#directives(goal.length > 0 || of !== null);
    const below = isCompositeType(named) ? ` { ${this.#selections(named, selected.below, depth + 1, goal)} }` : "";
    return `${alias === null ? "" : `${alias}: `}${field.name}${args}${parent === this.#schema.getSubscriptionType() ? "" : directives}${below}`;
  }

  // ---------------------------------------------------------------- fragments and conditions

  #spread(type: GraphQLCompositeType, scope: Scope, depth: number): string | null {
    const { chance, pick } = this.#dice;
    const fits = this.#fragments.filter(({ on, scope: theirs }) => this.#mayBe(type, on) && merges(scope, theirs));
    let fragment = fits.length > 0 && chance(0.6) ? pick(fits) : null;
    if (!fragment) {
      const [interfaceType] = isObjectType(type) ? type.getInterfaces() : [];
      const possible = isAbstractType(type) ? this.#schema.getPossibleTypes(type).filter((one) => this.#fieldsOf(one).length > 0) : [];
      const on = possible.length > 0 && chance(0.7) ? pick(possible) : interfaceType && chance(0.25) ? interfaceType : type;
      const theirs: Scope = new Map();
      const selections = this.#selections(on, theirs, depth + 1, []);
      this.#names += 1;
      const name = `F${this.#names}`;
      fragment = { name, on, scope: theirs, text: `fragment ${name} on ${on.name} { ${selections} }` };
      this.#fragments.push(fragment);
      if (!merges(scope, theirs)) return null;
    }
    merge(scope, fragment.scope);
    return `...${fragment.name}${this.#directives(false)}`;
  }

  /** Whether a fragment on the second may stand in a place of the first. */
  #mayBe(type: GraphQLCompositeType, on: GraphQLCompositeType): boolean {
    if (type === on) return true;
    if (isAbstractType(type) && isObjectType(on)) return this.#schema.isSubType(type, on);
    return isAbstractType(on) && isObjectType(type) && this.#schema.isSubType(on, type);
  }

  #directives(kept: boolean): string {
    const { chance, below } = this.#dice;
    if (!chance(0.07)) return "";
    const include = kept || chance(0.7);
    const skip = kept ? false : chance(0.3);
    const roll = below(5);
    const parts = [...(roll === 0 || roll > 2 ? [`@include(if: ${this.#arguments.condition(include)})`] : []), ...(roll === 0 || (roll > 0 && roll < 3) ? [`@skip(if: ${this.#arguments.condition(skip)})`] : [])];
    return ` ${shuffled(this.#dice, parts).join(" ")}`;
  }
}

/** Beside whatever else is selected at the root. */
const INVALID: readonly string[] = [
  "nope", "pods { nope }", "pods", "viewer { id { x } }", "pods { nodes { ... on Cluster { id } } }", "pod { id }", "pod(id: 1.5) { id }", "pods(first: \"1\") { totalCount }", "pods(filter: { nope: 1 }) { totalCount }",
  "...Nowhere", "twice: pods { totalCount } twice: clusters { totalCount }", "pods(first: $nowhere) { totalCount }", "pods @include { totalCount }",
];
