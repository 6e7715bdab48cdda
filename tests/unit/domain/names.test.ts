import { describe, expect, test } from "vitest";
import { isImageReference } from "#server/domain/image-reference.ts";
import { checkDescription, checkDisplayName, checkLabels, checkObjectName } from "#server/domain/names.ts";
import { characterCount, quoted, unstorableText } from "#server/domain/text.ts";

describe("names of objects", () => {
  test.each(["a", "web", "web-2", "a".repeat(63), "a-"])("%s is one", (name) => expect(checkObjectName([], "It", name)).toEqual([]));
  test.each(["", "A", "1a", "-a", "a_b", "a.b", "a b", "a".repeat(64), "wéb", "a\n", "web\0"])("%j is none", (name) => {
    expect(checkObjectName(["input", "name"], "It", name)).toMatchObject([{ code: "INVALID_ARGUMENT", path: ["input", "name"] }]);
  });
});

describe("names for people", () => {
  test.each(["a", "CI of the shop", "商店", "x".repeat(64)])("%s is one", (name) => expect(checkDisplayName([], "It", name)).toEqual([]));
  test.each(["", " a", "a ", "a\tb", "a\u0000", "x".repeat(65)])("%j is none", (name) =>
    expect(checkDisplayName([], "It", name)).toHaveLength(1),
  );
});

test("descriptions have 0 to 256 characters, as people count them", () => {
  expect(checkDescription([], "")).toEqual([]);
  expect(checkDescription([], "边".repeat(256))).toEqual([]);
  expect(checkDescription([], "\u{1f600}".repeat(256))).toEqual([]);
  expect(checkDescription([], "\u{1f600}".repeat(257))).toHaveLength(1);
  expect(characterCount("a\u{1f600}")).toBe(2);
});

describe("labels", () => {
  test.each([
    ["app", "web"],
    ["app.kubernetes.io/name", "web"],
    ["a", ""],
    ["A_b-c.d", "1.0"],
    ["x".repeat(63), "y".repeat(63)],
  ])("%s: %s is one", (key, value) => {
    expect(checkLabels([], [{ key, value }])).toEqual([]);
  });
  test.each([
    ["", "a"],
    ["a/b/c", "a"],
    ["/a", "a"],
    ["UPPER.io/a", "a"],
    ["a/", "a"],
    ["x".repeat(64), "a"],
    [`${"a.".repeat(127)}aa/x`, "a"],
    ["a", "-"],
    ["a", "y".repeat(64)],
    ["a", " "],
  ])("%j: %j is none", (key, value) => expect(checkLabels([], [{ key, value }])).toHaveLength(1));
});

describe("image references", () => {
  test.each([
    "nginx",
    "nginx:1.27",
    "library/nginx",
    "registry.example/shop/web:1.0",
    "localhost/web",
    "localhost:5000/web:dev",
    "registry.example:443/a/b_c/d__e/f-g.h:v1.2-rc.1",
    `nginx@sha256:${"a".repeat(64)}`,
    `ghcr.io/a/b:1@sha256:${"0".repeat(64)}`,
    "us-central1-docker.pkg.dev/online-boutique-ci/microservices-demo/frontend:v0.10.6",
  ])("%s is one", (image) => expect(isImageReference(image)).toBe(true));
  test.each([
    "",
    " ",
    "nginx latest",
    "Nginx",
    "nginx:",
    ":1.0",
    "nginx:1:2",
    "nginx@sha256:abc",
    "nginx@",
    "a//b",
    "/a",
    "a/",
    "-a",
    "a-",
    "a..b",
    "a___b",
    "registry.example:port/a",
    "registry..example/a",
    `nginx:${"t".repeat(129)}`,
    "a".repeat(256),
    `nginx@sha256:${"a".repeat(64)}@sha256:${"a".repeat(64)}`,
    "http://registry.example/a",
    "nginx\n",
    "nginx;rm",
  ])("%j is none", (image) => expect(isImageReference(image)).toBe(false));
  test("a long hostile text is answered at once", () => {
    const started = performance.now();
    for (const text of ["a-".repeat(100_000), "a_".repeat(127), "a/".repeat(100_000), "-".repeat(100_000), `${"a".repeat(200_000)}!`])
      expect(isImageReference(text)).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

test("text that can't be stored is found wherever it is, with its path", () => {
  const input = { name: "ok", list: [{ value: "a\0" }, { value: "\ud800" }], at: new Date(0), none: null, nothing: undefined };
  expect(unstorableText(input, ["input"]).map((error) => error.path)).toEqual([
    ["input", "list", "0", "value"],
    ["input", "list", "1", "value"],
  ]);
  expect(
    unstorableText(
      Array.from({ length: 100 }, () => "\0"),
      [],
    ),
  ).toHaveLength(5);
});

test("values in messages are quoted and cut", () => {
  expect(quoted('a"b\n')).toBe('"a\\"b\\n"');
  expect(quoted("x".repeat(1_000)).length).toBeLessThan(90);
  expect(quoted(`${"x".repeat(76)}\u{1f600}${"y".repeat(50)}`).isWellFormed()).toBe(true);
});
