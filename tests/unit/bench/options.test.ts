import { describe, expect, test } from "vitest";
import { parseOptions } from "#tests/bench/reads/options.ts";

describe("the read bench's options", () => {
  test("without any, all sides are measured on all cases, and nothing is installed", () => {
    expect(parseOptions([])).toMatchObject({ only: ["q1", "q2", "unchanged"], rounds: 5, seconds: 3, install: false, sides: expect.arrayContaining(["limit", "remembered", "mercurius"]) });
  });

  test("names are taken in the table's order, and the limit is always among the sides", () => {
    expect(parseOptions(["--only=unchanged,q1", "--sides", "mercurius,compiled", "--rounds", "2", "--seconds=1", "--peers"])).toEqual({
      only: ["q1", "unchanged"], sides: ["limit", "compiled", "mercurius"], rounds: 2, seconds: 1, install: true,
    });
  });

  test("help is nothing to run", () => {
    expect(parseOptions(["--help"])).toBeNull();
  });

  test.each([["--only", "q3"], ["--sides", ""], ["--rounds", "0"], ["--seconds", "1.5"], ["--seconds", "many"], ["--unknown"], ["stray"]])("%s %s is refused", (...args) => {
    expect(() => parseOptions(args.filter((argument) => argument !== undefined))).toThrow(/--only|--sides|--rounds|--seconds|--unknown|stray/);
  });
});
