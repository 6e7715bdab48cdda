import {
  type DocumentNode, type FieldNode, getNamedType, type GraphQLField, type GraphQLSchema, isInputObjectType, isObjectType, type InlineFragmentNode, Kind, parse, print, type SelectionSetNode, visit,
} from "graphql";
import { type Condition, exposedProperty, type Expression, type Mapping, mappingOf } from "#schema/shared/mapping/kinds.ts";
import { sql } from "#schema/shared/mapping/sql.ts";
import type { Aim } from "./random-askings.ts";
import type { RandomOperation } from "./random-operation.ts";
import { fieldAt } from "./schema-clone.ts";
import type { Coordinate } from "./schema-paths.ts";
import type { Asked } from "./three-ways.ts";

/**
 * Faults that a way of reading could have, each at a seam that no code of the product knows of: a schema whose mapping is wrong in one place and that this way alone is
 * given; an operation that it takes for another one; an answer that is changed on its way out. The others must notice.
 *
 *   schema     what a wrong expression, column, join, order or key would answer
 *   asked      what a wrong collection of fields would answer: directives, fragments, aliases, merging
 *   answered   what wrong writing would answer: the order of keys, cursors, counts
 */
export interface Mutant {
  /** The kind of mapping, or the part of the reading, that it is in. */
  readonly of: string;
  readonly name: string;
  /** May tell by what an operation selects that it has nothing to do with it. */
  readonly concerns: (operation: RandomOperation) => boolean;
  /** What operations are to reach for it to show, where that is seldom reached by chance. */
  readonly aim?: Aim;
  readonly schema?: (clone: GraphQLSchema) => void;
  readonly asked?: (asked: Asked) => Asked;
  readonly answered?: (data: unknown) => unknown;
  /** It shows in messages of subscriptions only. */
  readonly ofMessages?: boolean;
}

type Field = GraphQLField<unknown, unknown>;
type Of<K extends Mapping["kind"]> = Extract<Mapping, { readonly kind: K }>;
type Loose = Record<string, unknown>;
const selects = (...coordinates: readonly string[]) => ({ uses }: RandomOperation): boolean => coordinates.every((coordinate) => uses.has(coordinate));
const asks = (pattern: RegExp) => ({ query }: RandomOperation): boolean => pattern.test(query);

function remap<K extends Mapping["kind"]>(field: Field, kind: K, change: (mapping: Of<K>) => Partial<Of<K>>): void {
  const mapping = mappingOf(field);
  if (mapping?.kind !== kind) throw new Error(`${field.name} is of the kind ${mapping?.kind}, not ${kind}`);
  (field as { extensions: object }).extensions = { ...field.extensions, mapping: { ...mapping, ...change(mapping as Of<K>) } };
}
/** One field's mapping is wrong. */
function mapped<K extends Mapping["kind"]>(kind: K, coordinate: Coordinate, name: string, change: (mapping: Of<K>) => Partial<Of<K>>, more: Partial<Mutant> & { readonly resolve?: Field["resolve"] } = {}): Mutant {
  const { resolve, ...rest } = more;
  return {
    of: kind, name: `${coordinate} ${name}`, concerns: selects(coordinate), aim: { goals: [coordinate] },
    schema: (clone) => {
      const field = fieldAt(clone, coordinate);
      remap(field, kind, change);
      if (resolve) field.resolve = resolve;
    },
    ...rest,
  };
}
/** A field answers what another one of its type and kind does. */
const instead = (of: string, coordinate: Coordinate, other: Coordinate): Mutant => ({
  of, name: `${coordinate} answers ${other}`, concerns: selects(coordinate), aim: { goals: [coordinate] },
  schema: (clone) => {
    const { resolve, extensions } = fieldAt(clone, other);
    const exposed = exposedProperty(fieldAt(clone, other));
    Object.assign(fieldAt(clone, coordinate), { extensions, resolve: exposed === undefined ? resolve : (parent: unknown) => (parent as Loose)[exposed] });
  },
});
const never: Condition = () => sql`false and true`;
const zero: Expression = () => sql`0`;

const OF_FIELDS: readonly Mutant[] = [
  instead("exposed column", "Application.description", "Application.name"),
  instead("exposed column", "Application.updatedAt", "Application.createdAt"),
  instead("exposed column", "Pod.reason", "Pod.message"),
  mapped("globalId", "Revision.id", "answers the application's", () => ({ property: "applicationId" }), { resolve: (row) => `Revision.${String((row as Loose)["applicationId"])}` }),
  instead("part", "ReplicaCounts.updated", "ReplicaCounts.unavailable"),
  instead("part", "ComputeResources.memoryMiB", "ComputeResources.pods"),
  instead("one", "Rollout.to", "Rollout.from"),
  mapped("one", "Pod.placement", "is looked for by another id", () => ({ property: "applicationId" })),
  mapped("many", "Vpc.subnets", "comes in another order", () => ({ order: ["-name", "-id"] })),
  mapped("many", "Vpc.subnets", "has those of others", () => ({ property: "clusterId" })),
  mapped("page", "Application.revisions", "comes in another order", () => ({ order: ["number", "id"] })),
  mapped("page", "Application.pods", "is joined by another column", () => ({ join: [["placementId", "id"]] })),
  mapped("page", "Service.endpoints", "is joined by one of its two columns only", () => ({ join: [["applicationId", "applicationId"]] })),
  mapped("page", "Service.endpoints", "has lost its condition", () => ({ where: () => sql`t.private_ip is not null` })),
  mapped("page", "ConfigMap.usedBy", "is linked by nothing", () => ({ linked: () => sql`true` })),
  mapped("page", "Secret.usedBy", "is linked to none", () => ({ linked: () => sql`false` })),
  mapped("sql", "Cluster.podCount", "counts none", () => ({ sql: zero })),
  mapped("sql", "Application.stale", "is never so", () => ({ sql: () => sql`false` })),
  mapped("sql", "Overview.pods", "does not know what is selected", ({ sql: expression }) => ({ sql: (columns, args, request) => (expression)(columns, args, request, new Set()) })),
  mapped("sql", "Revision.changes", "compares with nothing", () => ({ sql: ((columns: Loose) => sql`jsonb_build_object('before', null::jsonb, 'after', ${columns["template"] as never})`) as never })),
  mapped("doc", "Application.updateStrategy", "is of another document", () => ({ property: "rolloutStrategy" }), { resolve: (row) => (row as Loose)["rolloutStrategy"] }),
  mapped("member", "PodTemplate.volumes", "is taken for left out", () => ({ property: "nowhere" }), { resolve: () => [] }),
  instead("exposed member", "ContainerPort.protocol", "ContainerPort.name"),
  instead("exposed member", "HttpHeader.value", "HttpHeader.name"),
  { of: "union", name: "forgets a member of VolumeSource", concerns: asks(/on SecretVolume/), aim: { goals: ["SecretVolume.secret"] }, asked: withoutFragmentsOn((name) => name === "SecretVolume") },
  { of: "union", name: "forgets a member of ProbeHandler", concerns: asks(/on HttpGetProbe/), aim: { goals: ["HttpGetProbe.port"] }, asked: withoutFragmentsOn((name) => name === "HttpGetProbe") },
  mapped("ref", "Operation.target", "is looked for by another id", () => ({ idProperty: "id" })),
  mapped("ref", "AuditEntry.target", "is of the other type", () => ({ typeProperty: "targetName" })),
  mapped("entity", "ConfigMapVolume.configMap", "in a document is not there", () => ({ key: () => null, property: "nowhere" })),
  mapped("entity", "SecretKey.secret", "in a document is not there", () => ({ key: () => null, property: "nowhere" })),
  mapped("find", "Query.application", "finds none", () => ({ where: never })),
  mapped("list", "Query.regions", "has none", () => ({ where: never })),
  mapped("list", "Overview.distribution", "has all", () => ({ where: () => null })),
  mapped("pageOf", "Query.operations", "comes in another order", () => ({ order: ["createdAt", "id"] })),
  mapped("pageOf", "Query.tenants", "has its own only", () => ({ from: undefined })),
  mapped("entity", "Query.pod", "is not there", () => ({ key: () => null })),
  mapped("node", "Query.node", "is not there", () => ({ key: () => null })),
  mapped("nodes", "Query.nodes", "comes in another order", ({ key }) => ({ key: (parent, args) => key(parent, args).toReversed() })),
  mapped("nodes", "Query.nodes", "leaves out what is not there", () => ({ existing: true })),
  // Of messages.
  mapped("entities", "PodsChange.upserted", "comes in another order", ({ key }) => ({ key: (parent, args) => key(parent, args).toReversed() }), { ofMessages: true }),
  mapped("entity", "Subscription.operation", "is another", () => ({ key: () => "00000000-0000-7000-8000-000000000000" }), { ofMessages: true }),
  mapped("nodes", "NodesChange.upserted", "comes in another order", ({ key }) => ({ key: (parent, args) => key(parent, args).toReversed() }), { ofMessages: true }),
  mapped("pure", "ApplicationsChange.removedIds", "removes nothing", () => ({ from: () => [] }), { ofMessages: true, resolve: () => [] }),
  { ...instead("message", "ClustersChange.complete", "ClustersChange.snapshot"), ofMessages: true },
];

/** What a document would be to who does not read it right. */
function reread(change: (document: DocumentNode) => DocumentNode): (asked: Asked) => Asked {
  return (asked) => ({ ...asked, query: print(change(parse(asked.query))) });
}
function withoutFragmentsOn(fits: (name: string) => boolean): (asked: Asked) => Asked {
  return reread((document) => visit(document, { InlineFragment: (node: InlineFragmentNode) => (node.typeCondition && fits(node.typeCondition.name.value) ? { ...node, selectionSet: { kind: Kind.SELECTION_SET, selections: [] } } : undefined) }));
}
const fields = (change: (node: FieldNode) => FieldNode | null | undefined) => reread((document) => visit(document, { Field: change }));
const keyOf = (node: FieldNode): string => node.alias?.value ?? node.name.value;

const OF_DOCUMENTS: readonly Mutant[] = [
  { of: "skip", name: "does not look at @skip", concerns: asks(/@skip/), asked: reread((document) => visit(document, { Directive: (node) => (node.name.value === "skip" ? null : undefined) })) },
  { of: "include", name: "does not look at @include", concerns: asks(/@include/), asked: reread((document) => visit(document, { Directive: (node) => (node.name.value === "include" ? null : undefined) })) },
  { of: "aliases", name: "cuts names at 63 bytes", concerns: asks(/\w{64}/), asked: fields((node) => (keyOf(node).length > 63 && node.alias ? { ...node, alias: { ...node.alias, value: keyOf(node).slice(0, 63) } } : undefined)) },
  { of: "aliases", name: "does not look at aliases of fields without selections", concerns: asks(/\w+: \w+/), asked: fields((node) => (node.alias && !node.selectionSet && (node.arguments ?? []).length === 0 ? { ...node, alias: undefined } : undefined)) },
  {
    of: "merging", name: "takes the first of several selections of a field", concerns: () => true,
    asked: reread((document) => visit(document, { SelectionSet: (set: SelectionSetNode) => ({ ...set, selections: set.selections.filter((one, index) => one.kind !== Kind.FIELD || set.selections.findIndex((other) => other.kind === Kind.FIELD && keyOf(other) === keyOf(one)) === index) }) })),
  },
  { of: "fragments", name: "does not look into fragments on interfaces", concerns: asks(/on Node/), asked: withoutFragmentsOn((name) => name === "Node") },
  { of: "fragments", name: "does not look into fragments that are spread", concerns: asks(/\.\.\.F\d/), asked: reread((document) => visit(document, { FragmentDefinition: (node) => ({ ...node, selectionSet: { kind: Kind.SELECTION_SET, selections: [] } }) })) },
  { of: "__typename", name: "forgets __typename", concerns: asks(/__typename/), asked: fields((node) => (node.name.value === "__typename" ? null : undefined)) },
  { of: "pageInfo", name: "takes the next page for the one before", concerns: selects("PageInfo.hasNextPage"), aim: { goals: ["PageInfo.hasNextPage"] }, asked: fields((node) => (node.name.value === "hasNextPage" ? { ...node, alias: { kind: Kind.NAME, value: keyOf(node) }, name: { kind: Kind.NAME, value: "hasPreviousPage" } } : undefined)) },
  { of: "pageInfo", name: "takes the first cursor for the last", concerns: selects("PageInfo.endCursor"), aim: { goals: ["PageInfo.endCursor"] }, asked: fields((node) => (node.name.value === "endCursor" ? { ...node, alias: { kind: Kind.NAME, value: keyOf(node) }, name: { kind: Kind.NAME, value: "startCursor" } } : undefined)) },
  ...(["after", "before"] as const).map((name): Mutant => ({ of: "cursors", name: `does not look at ${name}`, concerns: asks(new RegExp(`${name}: ["$]`)), asked: fields((node) => ({ ...node, arguments: (node.arguments ?? []).filter((argument) => argument.name.value !== name) })) })),
  { of: "direction", name: "takes the last for the first", concerns: asks(/last: /), asked: reread((document) => visit(document, { Argument: (node) => (node.name.value === "last" ? { ...node, name: { ...node.name, value: "first" } } : undefined) })) },
  { of: "page size", name: "gives one more than was asked for", concerns: asks(/first: \d/), asked: reread((document) => visit(document, { Argument: (node) => (node.name.value === "first" && node.value.kind === Kind.INT ? { ...node, value: { ...node.value, value: String(Math.min(200, Number(node.value.value) + 1)) } } : undefined) })) },
];

/** Objects of an answer, the inner ones first. */
function objects(change: (object: Loose) => Loose): (data: unknown) => unknown {
  const within = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(within);
    if (value === null || typeof value !== "object") return value;
    return change(Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, within(inner)])));
  };
  return within;
}
const OF_ANSWERS: readonly Mutant[] = [
  { of: "key order", name: "turns the order of keys round", concerns: () => true, answered: objects((object) => Object.fromEntries(Object.entries(object).toReversed())) },
  { of: "totalCount", name: "counts the page", concerns: asks(/totalCount/), answered: objects((object) => ("totalCount" in object && Array.isArray(object["nodes"]) ? { ...object, totalCount: object["nodes"].length } : object)) },
  { of: "cursors", name: "writes cursors without their blanks", concerns: asks(/cursor/), answered: objects((object) => (typeof object["cursor"] === "string" ? { ...object, cursor: Buffer.from(JSON.stringify(JSON.parse(Buffer.from(object["cursor"], "base64url").toString()))).toString("base64url") } : object)) },
  { of: "times", name: "loses milliseconds", concerns: () => true, answered: objects((object) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, typeof value === "string" ? value.replace(/(T\d\d:\d\d:\d\d)\.\d{3}Z$/, "$1.000Z") : value]))) },
  { of: "null", name: "leaves out what is null", concerns: () => true, answered: objects((object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null))) },
];

const OF_ROLES: readonly Mutant[] = [
  // Shown through an interface to who may not select a field of the type itself.
  { of: "roles", name: "shows a node of a type to who may not see it", concerns: ({ uses }) => uses.has("Query.node") || uses.has("Query.nodes"), aim: { goals: ["Query.node", "Query.nodes"], roles: ["VIEWER"] }, schema: (clone) => void Object.assign(clone.getType("AuditEntry") ?? {}, { extensions: { ...clone.getType("AuditEntry")?.extensions, access: "VIEWER" } }) },
  { of: "roles", name: "shows what is referred to, of a type that the caller may not see", concerns: selects("Operation.target"), aim: { goals: ["Operation.target"], roles: ["VIEWER"] }, schema: (clone) => void Object.assign(clone.getType("ApiToken") ?? {}, { extensions: { ...clone.getType("ApiToken")?.extensions, access: "VIEWER" } }) },
];

/** Each argument that decides which rows there are, and each member of a filter: a way that does not look at it. */
export function ignoringMutants(schema: GraphQLSchema): Mutant[] {
  const mutants: Mutant[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type === schema.getMutationType() || type === schema.getSubscriptionType()) continue;
    for (const field of Object.values(type.getFields())) {
      const mapping = mappingOf(field);
      if (mapping?.kind !== "page" && mapping?.kind !== "pageOf" && mapping?.kind !== "sql" && mapping?.kind !== "find") continue;
      const coordinate: Coordinate = `${type.name}.${field.name}`;
      for (const arg of field.args.filter(({ name }) => !PAGE_ARGUMENTS.has(name))) {
        const input = getNamedType(arg.type);
        if (isInputObjectType(input) && arg.name === "filter") {
          for (const member of Object.keys(input.getFields())) {
            mutants.push({
              of: `filter ${input.name}`, name: `${coordinate} does not look at ${input.name}.${member}`, concerns: selects(`${coordinate}:${input.name}.${member}`), aim: { goals: [`${coordinate}:${input.name}.${member}`] },
              schema: ignoring(coordinate, (args) => (args["filter"] === null || args["filter"] === undefined ? args : { ...args, filter: { ...(args["filter"] as Loose), [member]: undefined } })),
            });
          }
        } else {
          mutants.push({ of: "arguments", name: `${coordinate} does not look at ${arg.name}`, concerns: (operation) => operation.uses.has(coordinate) && operation.query.includes(`${arg.name}: `), aim: { goals: [coordinate] }, schema: ignoring(coordinate, (args) => ({ ...args, [arg.name]: undefined })) });
        }
      }
    }
  }
  return mutants;
}
const PAGE_ARGUMENTS: ReadonlySet<string> = new Set(["first", "last", "after", "before"]);

function ignoring(coordinate: Coordinate, change: (args: Loose) => Loose): (clone: GraphQLSchema) => void {
  return (clone) => {
    const field = fieldAt(clone, coordinate);
    const mapping = mappingOf(field) as Loose;
    const changed = (name: string): Loose => {
      const given = mapping[name];
      if (typeof given !== "function") return {};
      const argsAt = name === "order" ? 0 : 1;
      return { [name]: (...call: unknown[]): unknown => (given as (...all: unknown[]) => unknown)(...call.map((value, index) => (index === argsAt ? change(value as Loose) : value))) };
    };
    (field as { extensions: object }).extensions = { ...field.extensions, mapping: { ...mapping, ...changed("where"), ...changed("order"), ...changed("sql") } };
  };
}

export const MUTANTS: readonly Mutant[] = [...OF_FIELDS, ...OF_DOCUMENTS, ...OF_ANSWERS, ...OF_ROLES];
