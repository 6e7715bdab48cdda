import type { GraphQLSchema } from "graphql";
import { type Condition, mappingOf } from "#schema/shared/mapping/kinds.ts";
import { sql } from "#schema/shared/mapping/sql.ts";
import type { PlacedFault } from "./mutated-graph.ts";
import type { Aim } from "./random-askings.ts";
import type { RandomOperation } from "./random-operation.ts";
import { fieldAt } from "./schema-clone.ts";

/** Faults in the text of the compiler, and of what it works with: what somebody who changes it could get wrong. */
export interface CompilerMutant extends PlacedFault {
  /** The part of the answer that it spoils. */
  readonly of: string;
  /** May tell by what an operation selects that it has nothing to do with it; all may have, where nothing is said. */
  readonly concerns?: (operation: RandomOperation) => boolean;
  /** What operations are to reach for it to show, where that is seldom reached by chance. */
  readonly aim?: Aim;
  /** Another guard that would hide it. */
  readonly also?: PlacedFault;
  /** What the product's mapping has nothing of yet: changed for the interpreter as well. */
  readonly schema?: (clone: GraphQLSchema) => void;
  /** It shows in messages of subscriptions only. */
  readonly ofMessages?: boolean;
}

type More = Pick<CompilerMutant, "concerns" | "aim" | "also" | "schema" | "ofMessages">;
/** In one file: what it is of, its name, what is replaced, and by what. */
const inFile = (path: string) => (of: string, name: string, text: string, by: string, more: More = {}): CompilerMutant => ({ path, of, name, text, by, ...more });
const asks = (pattern: RegExp) => ({ query }: RandomOperation): boolean => pattern.test(query);
/** Where something is torn. */
const torn = (...goals: readonly string[]): More => ({ aim: { goals, torn: true } });
const toward = (...goals: readonly string[]): More => ({ aim: { goals } });

const leaf = inFile("server/read/compiled/leaf.ts");
const LEAVES: readonly CompilerMutant[] = [
  leaf("enum", "is said in small letters", `return \`('"' || \${column} || '"')\``, `return \`('"' || lower(\${column}) || '"')\``),
  leaf("Int", "of a column is rounded to tens", 'WHOLE_NUMBERS.has(type) ? `${column}::text` : `${column}::int::text`', 'WHOLE_NUMBERS.has(type) ? `round(${column}, -1)::text` : `${column}::int::text`'),
  leaf("Int", "of an expression is rounded to tens", "return `${value}::int::text`;", "return `round(${value}::int, -1)::text`;"),
  leaf("Float", "of a column loses its last digits", "`${column}::text` : finite(column)", "`${column}::text` : `${column}::float4::text`"),
  leaf("Boolean", "of a column is a letter", 'case "Boolean":\n    case "JSON":\n      return `${column}::text`;', 'case "Boolean":\n      return `to_json(concat(${column}))::text`;\n    case "JSON":\n      return `${column}::text`;'),
  leaf("String", "of a column is not escaped", 'kind === "text" ? `to_json(${column})::text`', 'kind === "text" ? `(\'"\' || ${column} || \'"\')`'),
  leaf("String", "of a column escapes quotes alone", 'kind === "text" ? `to_json(${column})::text`', 'kind === "text" ? `(\'"\' || replace(${column}::text, \'"\', \'\\\\"\') || \'"\')`'),
  leaf("String", "of an address has its mask", 'kind === "text" ? `to_json(${column})::text`', 'kind === "text" ? `to_json(${column}::text)::text`', toward("Pod.privateIp", "AuditEntry.sourceAddress")),
  leaf("String", "of an expression is not escaped", "return `to_json(${value})::text`;", 'return `(\'"\' || ${value} || \'"\')`;'),
  leaf("DateTime", "has microseconds", "HH24:MI:SS.MS", "HH24:MI:SS.US"),
  leaf("DateTime", "has twelve hours a day", "HH24:MI:SS.MS", "HH12:MI:SS.MS"),
  leaf("DateTime", "is a number of days off", "|| to_char(${value} at time zone", "|| to_char((${value} + interval '1 day') at time zone"),
  leaf("DateTime", "in a document is in seconds", "to_timestamp((${text})::float8 / 1000)", "to_timestamp((${text})::float8)", toward("Container.startedAt")),
  leaf("Int", "in a document is a text", '(["number", `(${text})::int::text`])', '(["number", `to_json(${text})::text`])'),
  leaf("Float", "in a document is whole", "(${text})::float8::text", "round((${text})::float8)::text", toward("PriceSheet.spotDiscount")),
  leaf("Boolean", "in a document is never so", '(["boolean", `(${json})::text`])', '(["boolean", `\'false\'`])'),
  leaf("String", "in a document is not escaped", '(["string", `(${json})::text`])', '(["string", `(\'"\' || (${text}) || \'"\')`])'),
  leaf("String", "in a document may be of any type", "when 'null' then null else ${missing} end`;", "when 'null' then null else (${json})::text end`;", torn("ContainerSpec.image")),
];

const documents = inFile("server/read/compiled/documents.ts");
const DOCUMENTS: readonly CompilerMutant[] = [
  documents("doc list", "comes backwards", "order by ${item}.n)", "order by ${item}.n desc)"),
  documents("doc list", "leaves out the last", "from jsonb_array_elements(${source.json}) with", "from jsonb_array_elements(${source.json} - -1) with"),
  documents("doc list", "has nulls where there must be none", "value.nullableItems ? \"'null'\" : missing", "\"'null'\"", torn("ContainerSpec.command")),
  documents("doc union", "is always the first", "case ${json} ->> 'type'`", "case '${[...value.shapes.keys()][0]}'`"),
  documents("doc union", "of a type that is not known is null", " else ${missing} end`);\n      });", " else 'null' end`);\n      });", torn("Volume.source")),
  documents("doc object", "is made of what is none", "= 'object' then `", "<> 'object' then `"),
  documents("doc member", "is null where it was left out", "? `'${field.otherwise}'` :", "? \"'null'\" :"),
  documents("doc member", "may be null where it must not", 'field.nullable ? "\'null\'" : null;', "\"'null'\";", torn("ContainerSpec.image")),
  documents("doc member", "must not be null where it may", 'field.nullable ? "\'null\'" : null;', "null;"),
  documents("doc entity", "is looked for by what it is not", "(${json} ->> '${field.property}')::uuid`", "null::uuid`", toward("ConfigMapVolume.configMap", "SecretKey.secret")),
  documents("doc object", "with a null in it is null", "writer.write(`, ${missing})`);\n}", "writer.write(`, 'null')`);\n}", torn("ContainerSpec.image")),
];

const objects = inFile("server/read/compiled/objects.ts");
const OBJECTS: readonly CompilerMutant[] = [
  objects("globalId", "does not say of which type it is", '`"${field.typeName}.`', "'\"'"),
  objects("part", "is null", "this.#fields(text, field.shape, field.bound ? { ...place, entity: field.bound.entity } : place);", 'text.literal("null");'),
  objects("column", "must not be null where it may", 'this.writer.write(nullable ? "coalesce(" : "(");\n      write();\n      this.writer.write(nullable ? ", \'null\')" : ")");', 'this.writer.write("(");\n      write();\n      this.writer.write(")");'),
  objects("column", "may be null where it must not", 'this.writer.write(nullable ? "coalesce(" : "(");\n      write();\n      this.writer.write(nullable ? ", \'null\')" : ")");', 'this.writer.write("coalesce(");\n      write();\n      this.writer.write(", \'null\')");', torn("Pod.revision", "Pod.application")),
  objects("object", "with a null in it is null", ".close();\n    writer.write(`, ${missingAt(place)})`);", ".close();\n    writer.write(\", 'null')\");", torn("Pod.revision", "Pod.application")),
  objects("list column", "has no quotes", "else this.writer.write(`case when array_position(${column}, null) is null then to_json(${column})::text else", "else this.writer.write(`case when array_position(${column}, null) is null then '[' || array_to_string(${column}, ',') || ']' else", toward("ConfigMap.keys")),
  objects("one", "is joined by nothing", '${place.alias} where ${place.alias}."id" = ${id})`', '${place.alias} where ${id} is not null order by 1 limit 1)`'),
  objects("one", "that is not there raises", "case \"one\":\n        this.#value(text, field.nullable,", "case \"one\":\n        this.#value(text, false,"),
  objects("many", "comes backwards", "writeWhere(writer, where, place);\n    writeOrder(writer, order, true, place.alias);", "writeWhere(writer, where, place);\n    writeOrder(writer, order, false, place.alias);"),
  objects("many", "comes in no order", "    writeOrder(writer, order, true, place.alias);\n", ""),
  objects("many", "has those of all", '= ${parent.alias}."id"` : "true"', '= ${parent.alias}."id" or true` : "true"', toward("Vpc.subnets")),
  objects("many", "has lost its condition", "    writeWhere(writer, where, place);\n    writeOrder(writer, order", "    writeOrder(writer, order", toward("Overview.distribution", "Operation.steps")),
  objects("page", "is joined by the first of two columns", "of mapping.join) writer", "of mapping.join.slice(0, 1)) writer", toward("Service.endpoints")),
  objects("page", "is linked to all", "if (mapping.linked) writeWhere(", "if (mapping.linked) void (", toward("ConfigMap.usedBy", "Secret.usedBy")),
  objects("sql", "does not know what is selected", "input.request, field.names)", "input.request, new Set())", toward("Overview.pods")),
  objects("sql", "does not get its arguments", "argumentsOf(field, input) as never, input.request, field.names", "{} as never, input.request, field.names", toward("ConfigMap.data")),
  objects("ref", "shows what the role may not see", "maySee(input.binding, input.role, name) ? rowsOf(name) : undefined", "rowsOf(name)", { concerns: asks(/target/), aim: { goals: ["Operation.target"], roles: ["VIEWER"] } }),
  objects("ref", "is never of the last type", "of input.binding.nodes) {\n      const rows", "of input.binding.nodes.slice(0, -1)) {\n      const rows", { concerns: asks(/target/), aim: { goals: ["Operation.target", "AuditEntry.target"] } }),
  objects("ref", "is looked for by its id alone", "` when '${name}' then `", "` when '${name === \"Application\" ? \"Pod\" : name}' then `"),
];

const connections = inFile("server/read/compiled/connections.ts");
const CONNECTIONS: readonly CompilerMutant[] = [
  connections("page", "has one more than was asked for", "size + (this.asks.more ? 1 : 0)", "size + 1"),
  connections("page", "never knows whether there is more", "size + (this.asks.more ? 1 : 0)", "size"),
  connections("page", "is the first where it should be the last", "writeOrder(writer, this.order, forward, alias);\n    // As", "writeOrder(writer, this.order, true, alias);\n    // As"),
  connections("page", "does not look at before", '[["after", after], ["before", before]]', '[["after", after]]', { concerns: asks(/before/) }),
  connections("page", "has the row of its cursor", "writeBeyond(writer, this.order, key, side, false, alias);", "writeBeyond(writer, this.order, key, side, true, alias);", { concerns: asks(/after|before/) }),
  connections("page", "has lost its condition", "    writeWhere(writer, this.where, place);\n", ""),
  connections("totalCount", "of none is one", "writer.write(\"'0'::text\")", "writer.write(\"'1'::text\")", toward("Application.pods:PodFilter.clusterIds", "Application.pods:PodFilter.phases", "Application.pods:PodFilter.applicationIds")),
  connections("totalCount", "counts without the filter", 'writer.write("(select count(*)::int::text");\n    this.writeFrom(writer, place);', 'writer.write(`(select count(*)::int::text from ${this.from} ${place.alias}`);'),
  connections("nodes", "below a row come backwards in the last page", "writeOrder(writer, this.#plan.order, true, place.alias);\n    writer.write(\"), ','", "writeOrder(writer, this.#plan.order, this.#plan.args.forward, place.alias);\n    writer.write(\"), ','", { concerns: asks(/last/) }),
  connections("nodes", "below a row come in no order", "    writeOrder(writer, this.#plan.order, true, place.alias);\n", ""),
  connections("edges", "below a row come backwards", 'n_${plan.args.forward ? "" : " desc"})`', 'n_${plan.args.forward ? " desc" : ""})`'),
  connections("edges", "below a row are nodes", "list(() => this.#edge(fields, place))", "list(() => void fields)"),
  connections("edges", "have the one that is beyond the page", "if (asks.more) this.#writer.write(", "if (asks.more && args.size < 0) this.#writer.write("),
  connections("cursor", "has its keys in another order", "[...columns.map(({ column }) => printed(column, alias))", "[...columns.toReversed().map(({ column }) => printed(column, alias))"),
  connections("cursor", "is of another column", "columns.map(({ column }) => printed(column, alias))", "columns.map(({ column }) => printed({ ...column, name: '\"id\"', kind: \"text\" }, alias))"),
  connections("cursor", "is base64 with padding", "E'+/=\\\\n', '-_'", "E'+/\\\\n', '-_'"),
  connections("pageInfo", "says that there is more where it is just full", 'writer.write("count(*) > ")', 'writer.write("count(*) >= ")', toward("PageInfo.hasNextPage")),
  connections("pageInfo", "takes one cursor for the other", 'this.#plan.writeBeyondCursor(writer, name === "hasNextPage" ? "before" : "after");', 'this.#plan.writeBeyondCursor(writer, name === "hasNextPage" ? "after" : "before");', { concerns: asks(/after|before/), ...toward("PageInfo.hasPreviousPage", "PageInfo.hasNextPage") }),
  connections("pageInfo", "takes the last cursor for the first", 'n_${(name === "startCursor") === args.forward', 'n_${(name === "endCursor") === args.forward', toward("PageInfo.startCursor")),
  connections("pageInfo", "does not count the cursor's own row", 'side === "after" ? "before" : "after", true, place.alias', 'side === "after" ? "before" : "after", false, place.alias', { concerns: asks(/after|before/), ...toward("PageInfo.hasPreviousPage", "PageInfo.hasNextPage") }),
];

const assemble = inFile("server/read/compiled/assemble.ts");
const ROOTS: readonly CompilerMutant[] = [
  assemble("find", "that finds nothing is refused", "if (where === nothing) return absent(field.nullable);", "if (where === nothing) return absent(false);"),
  assemble("list", "comes in no order", "order: orderOf(bound, field.mapping, args) });", "order: orderOf(bound, { ...field.mapping, order: [\"-id\"] }, args) });", toward("Query.regions", "Overview.distribution")),
  assemble("entity", "is null", "one(out, objects().get(id) ?? null, field.nullable)", "one(out, null, field.nullable)", { ofMessages: true }),
  assemble("entities", "come in the order that they were read in, each once", "list(out, ids.flatMap((id) => found.get(id) ?? []));", "list(out, [...found.values()]);", { ofMessages: true }),
  assemble("entities", "that are gone are null", "ids.flatMap((id) => found.get(id) ?? [])", "ids.map((id) => found.get(id) ?? null)", { ofMessages: true }),
  assemble("node", "is shown to who may not see it", "if (key === null || !maySee(binding, role, key.type)) return null;", "if (key === null) return null;", { concerns: ({ uses }) => uses.has("Query.node") || uses.has("Query.nodes"), aim: { goals: ["Query.node", "Query.nodes"], roles: ["VIEWER"] } }),
  assemble("nodes", "come backwards", "return seen.map((key) => () =>", "return seen.toReversed().map((key) => () =>", { concerns: asks(/nodes\(/), ...toward("Query.nodes") }),
  assemble("nodes", "of another type are left out", "else ids.set(key.type, [key.id]);", "else if (ids.size === 0) ids.set(key.type, [key.id]);", { concerns: asks(/nodes\(/), ...toward("Query.nodes") }),
  assemble("nodes", "of a message that are gone are null", "field.mapping.existing ? found.filter((object) => object !== null) : found", "found", { ofMessages: true, ...toward("NodesChange.upserted") }),
  assemble("given", "is not what its scalar makes of it", "null : leaf.coerceOutputValue(value);", "null : value;", { ofMessages: true }),
  assemble("given", "has one item of a list", "(value as readonly unknown[]).map((item) => json(item, nullableItems))", "(value as readonly unknown[]).slice(0, 1).map((item) => json(item, nullableItems))", { ofMessages: true, ...toward("ApplicationsChange.removedIds") }),
  assemble("page", "shows the row that is beyond it", "      if (more) rows.pop();\n", ""),
  assemble("page", "has the last rows backwards", "      if (!args.forward) rows.reverse();\n", "", { concerns: asks(/last/) }),
  assemble("page", "is said to have more where it is full", "const more = rows.length > args.size;", "const more = rows.length >= args.size;"),
  assemble("pageInfo", "does not know of rows before the cursor", "String(hasPreviousPage(args, more, facts))", "String(hasPreviousPage(args, more, NO_FACTS))", { concerns: asks(/after/), ...toward("PageInfo.hasPreviousPage") }),
  assemble("pageInfo", "takes the last cursor for the first", '"startCursor" ? 0 : -1', '"endCursor" ? 0 : -1'),
  assemble("edges", "have the nodes' selection", "out.bytes(objectsOf.get(of.shape)?.[index] as Uint8Array);", "out.bytes(objectsOf.get(shapes[0] as ObjectShape)?.[index] as Uint8Array);"),
  assemble("edges", "have no cursors where there are nodes too", "cursors: asks.cursors && index === 0", "cursors: asks.cursors && index > 0", toward("PodEdge.cursor")),
];

const compile = inFile("server/read/compiled/compile.ts");
const selections = inFile("server/read/compiled/selections.ts");
const SELECTIONS: readonly CompilerMutant[] = [
  selections("conditions", "are looked for in @skip alone", 'directive.name.value === "skip" || directive.name.value === "include" ?', 'directive.name.value === "skip" ?', { concerns: asks(/@include\(if: \$/) }),
  selections("conditions", "leave out only what both of them leave out", 'condition("skip") !== true && condition("include") !== false', 'condition("skip") !== true || condition("include") !== false', { concerns: asks(/@/) }),
  selections("aliases", "are not looked at", "const key = selection.alias?.value ?? selection.name.value;", "const key = selection.name.value;"),
  selections("aliases", "are cut like names of Postgres", "const key = selection.alias?.value ?? selection.name.value;", "const key = (selection.alias?.value ?? selection.name.value).slice(0, 63);", { concerns: asks(/\w{64}/) }),
  selections("fragments", "apply to any type", "if (this.#applies(type, selection.typeCondition?.name.value)) this", "this"),
  selections("fragments", "that are spread apply to any type", "if (fragment && this.#applies(type, fragment.typeCondition.name.value)) this", "if (fragment) this"),
  selections("fragments", "on interfaces apply to none", "return isAbstractType(abstract) && this.#schema.isSubType(abstract, type);", "return false;", { concerns: asks(/on (Node|VolumeSource|ProbeHandler)/), ...toward("Node.id") }),
  selections("fragments", "are looked into once, whatever is selected by them", "const visited = new Set<string>();\n    for (const node of nodes)", "const visited = ((this.#fragments as { seen?: Set<string> }).seen ??= new Set<string>());\n    for (const node of nodes)"),
  selections("merging", "takes the first of several selections", "for (const node of nodes) if (node.selectionSet) this.#visit(", "for (const node of nodes.slice(0, 1)) if (node.selectionSet) this.#visit("),
  compile("__typename", "is the interface's", 'json: `"${type.name}"` }', 'json: `"${type.getInterfaces()[0]?.name ?? type.name}"` }'),
  compile("pageInfo", "does not say what is asked of it", "              pageInfo.add(name);\n", ""),
];

const reads = inFile("server/read/compiled/reads.ts");
const sources = inFile("server/read/compiled/sources.ts");
const remembering = inFile("server/read/compiled/remembering.ts");
const asked = inFile("server/read/compiled/asked.ts");
const pieces = inFile("server/read/compiled/pieces.ts");
const STATEMENTS: readonly CompilerMutant[] = [
  reads("plans", "are taken for other conditions", "known.conditions.map((name) => String(variableValues.coerced[name])).join()", '"any"', { concerns: asks(/if: \$/) }),
  sources("sources", "of several come backwards", '" order by 1, 2"', '" order by 1, 2 desc"'),
  sources("sources", "are taken for each other", "groups[Number(row[0])]", "groups[groups.length - 1 - Number(row[0])]"),
  sources("facts", "of the cursors are swapped", 'ascii(row?.[3]) === "true", fromBefore: ascii(row?.[4])', 'ascii(row?.[4]) === "true", fromBefore: ascii(row?.[3])', { concerns: asks(/after|before/), ...toward("PageInfo.hasPreviousPage", "PageInfo.hasNextPage") }),
  sources("list", "comes backwards", "else if (!numbered) writeOrder(writer, order, true, place.alias);", "else if (!numbered) writeOrder(writer, order, false, place.alias);", toward("Query.regions")),
  pieces("text", "does not count what it joins", "    this.#push(Buffer.from(this.#literal));", "    this.#pieces.push(Buffer.from(this.#literal));"),
];
/** All that depends on the time also depends on when clusters were seen, which is not told either: what does is kept out twice. */
const SEEN_IS_TOLD: PlacedFault = { path: "server/read/touched.ts", name: "takes all columns as told", text: "?.untold?.includes(property)) this.#told = false;", by: "?.untold?.includes(property)) return;" };
/** Nor is it of a token or of the log, one of which anything may refer to: what differs by role alone. */
const ALL_IS_TOLD: PlacedFault = { path: "server/read/touched.ts", name: "takes all entities as told", text: "    if (!told) {\n      this.#told = false;\n      return;", by: "    if (!told) {\n      return;" };
/** At another time there are others. */
function byTheTime(clone: GraphQLSchema): void {
  const where: Condition = (_columns, _args, { staleBefore }) => (staleBefore.getTime() % 3 === 0 ? sql`false and true` : null);
  const field = fieldAt(clone, "Query.applications");
  (field as { extensions: object }).extensions = { ...field.extensions, mapping: { ...mappingOf(field), where } };
}
const REMEMBERED: readonly CompilerMutant[] = [
  remembering("remembered", "for whatever variables there are", "${plan.number} ${values} `", "${plan.number} `", { concerns: asks(/\$v/), aim: { goals: ["Query.applications", "Query.pods", "Query.clusters"], again: 0.7 } }),
  remembering("remembered", "for any role, if all that may be referred to were told", "`${tenantId} ${role} ", "`${tenantId} ", { also: ALL_IS_TOLD, aim: { goals: ["Operation.target"], roles: ["OWNER", "VIEWER"], again: 0.7 } }),
  remembering("remembered", "for any namespaces", '${namespaceIds?.join() ?? "*"} ', ""),
  remembering("remembered", "for any tenant", "`${tenantId} ${role}", "`${role}"),
  remembering("remembered", "for any selection of an object", "if (object) this.#set(`${this.#prefix}${shape.number} ${id}`", "if (object) this.#set(`${this.#prefix}${1} ${id}`"),
  remembering("remembered", "for any page of the operation", "page ${source.plan.connection.number} ${source.cursors}", "page ${source.cursors}", { aim: { goals: ["PageInfo.endCursor", "PageInfo.startCursor"], again: 0.5 } }),
  remembering("remembered", "with the row that is beyond the page left out", "list.ids.slice(0, size);", "list.ids.slice(0, size - 1);"),
  reads("remembered", "though the time decides which there are", "timed = request.asked > 0;", "timed = false;", { concerns: ({ uses }) => uses.has("Query.applications"), schema: byTheTime, aim: { goals: ["Query.applications"], again: 0.7 } }),
  sources("remembered", "though the time decides what is shown, if it were told when clusters were seen", "input.request.asked > asked || ", "", { also: SEEN_IS_TOLD, aim: { goals: ["Application.stale", "Cluster.status"], again: 0.7 } }),
  asked("remembered", "though it asked when something is stale, if it were told when clusters were seen", "get staleBefore(): Date {\n    this.asked += 1;", "get staleBefore(): Date {", { also: SEEN_IS_TOLD, aim: { goals: ["Application.stale", "Cluster.status"], again: 0.7 } }),
];

const page = inFile("server/read/page.ts");
const render = inFile("server/read/render.ts");
const SHARED: readonly CompilerMutant[] = [
  page("order", "is never descending", '${descending === forward ? " desc" : ""}', '${forward ? "" : " desc"}'),
  page("cursors", "lie on the other side", '(side === "after") === descending ? "<" : ">"', '(side === "after") === descending ? ">" : "<"', { concerns: asks(/after|before/) }),
  page("cursors", "compare the first key alone", "for (const index of columns.keys()) {\n      if (index > 0)", "for (const index of columns.keys()) {\n      if (index > 9)", { concerns: asks(/after|before/) }),
  page("page", "is of one more", "size: first ?? last ?? DEFAULT_PAGE_SIZE", "size: (first ?? last ?? DEFAULT_PAGE_SIZE) + 1"),
  page("page", "takes last for first", "forward: last === null", "forward: true", { concerns: asks(/last/) }),
  render("sql", "loses its conditions", "if (where) writer.write(\" and (\")", "if (where && !place) writer.write(\" and (\")"),
  render("cursor", "of a time has its zone", 'if (kind === "time") return', 'if (kind === "json") return', toward("OperationEdge.cursor", "ApplicationEdge.cursor")),
  render("parameters", "lose what is quoted", '.replace(/["\\\\]/g, "\\\\$&")', '.replace(/["\\\\]/g, "")', { concerns: asks(/names|keys|labels|namespaces|cities/), ...toward("Query.applications:ApplicationFilter.names", "Query.vpcs:NetworkFilter.names") }),
];

export const COMPILER_MUTANTS: readonly CompilerMutant[] = [...LEAVES, ...DOCUMENTS, ...OBJECTS, ...CONNECTIONS, ...ROOTS, ...SELECTIONS, ...STATEMENTS, ...REMEMBERED, ...SHARED];
