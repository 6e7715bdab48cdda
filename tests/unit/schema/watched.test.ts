import { type GraphQLObjectType, isObjectType } from "graphql";
import { expect, test } from "vitest";
import { schema } from "#schema/index.ts";
import { WATCHED } from "#schema/shared/watched.ts";
import { TIMELINE_KINDS } from "#server/realtime/timeline.ts";

const nodes = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && type.getInterfaces().some(({ name }) => name === "Node"));

test("every type with an id says what it is watched by", () => {
  expect(nodes.length).toBeGreaterThan(15);
  expect(nodes.filter(({ name }) => !Object.hasOwn(WATCHED, name)).map(({ name }) => `${name}: say in schema/shared/watched.ts which rows of the timeline tell of it`)).toEqual([]);
});

test("every kind of the timeline is somebody's own, but that of lines, which have no ids", () => {
  const own = new Set(Object.values(WATCHED).flatMap((watched) => Object.entries({ ...watched.kinds, ...watched.for?.kinds }).filter(([, noted]) => noted === "ids").map(([kind]) => kind)));
  expect(TIMELINE_KINDS.filter((kind) => !own.has(kind))).toEqual(["log"]);
});

test("what is told only to who asks for a field names fields that there are", () => {
  const known = Object.entries(WATCHED).flatMap(([type, watched]) => [...(watched.for?.fields ?? [])].map((field) => ({ type, field })));
  expect(known.length).toBeGreaterThan(4);
  expect(known.filter(({ type, field }) => !Object.hasOwn((schema.getType(type) as GraphQLObjectType).getFields(), field))).toEqual([]);
});
