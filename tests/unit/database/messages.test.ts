import fc from "fast-check";
import { serialize } from "pg-protocol";
import { expect, test } from "vitest";
import { FrontendMessages } from "#server/database/messages.ts";
import { anyCharacter } from "#tests/support/any-character.ts";

/** Without U+0000, which no text of Postgres has. */
const text = fc.string({ unit: anyCharacter, maxLength: 300 }).map((value) => value.replaceAll("\0", "")).filter((value) => value.isWellFormed());
const name = fc.string({ minLength: 1, maxLength: 20 }).map((value) => value.replaceAll("\0", "x"));

/** What a Bind message says; pg gives each parameter a format, which is longer and the same. */
function boundBy(message: Buffer): { statement: string; values: (string | null)[]; end: number } {
  expect(message.toString("latin1", 0, 1)).toBe("B");
  let at = 5;
  const string = (): string => {
    const end = message.indexOf(0, at);
    const read = message.toString("utf8", at, end);
    at = end + 1;
    return read;
  };
  const count = (): number => message.readUInt16BE((at += 2) - 2);
  expect(string()).toBe("");
  const statement = string();
  for (let formats = count(); formats > 0; formats -= 1) expect(count()).toBe(0);
  const values = Array.from({ length: count() }, () => {
    const length = message.readInt32BE((at += 4) - 4);
    if (length < 0) return null;
    return message.toString("utf8", at, (at += length));
  });
  for (let formats = count(); formats > 0; formats -= 1) expect(count()).toBe(0);
  expect(at).toBe(message.readInt32BE(1) + 1);
  return { statement, values, end: at };
}

test("messages say what pg would say: byte for byte, but for the formats of what is bound", () => {
  fc.assert(
    fc.property(fc.record({ name, text, values: fc.array(fc.option(text), { maxLength: 12 }) }), (statement) => {
      const written = (write: (messages: FrontendMessages) => FrontendMessages): Buffer => write(new FrontendMessages()).bytes();
      expect(written((messages) => messages.closeStatement(statement.name))).toEqual(serialize.close({ type: "S", name: statement.name }));
      expect(written((messages) => messages.parse(statement.name, statement.text))).toEqual(serialize.parse({ name: statement.name, text: statement.text }));
      expect(written((messages) => messages.execute())).toEqual(serialize.execute({}));
      expect(written((messages) => messages.sync())).toEqual(serialize.sync());
      const bound = boundBy(written((messages) => messages.bind(statement.name, statement.values)));
      expect(bound).toMatchObject({ statement: statement.name, values: statement.values });
      const { statement: theirs, values } = boundBy(serialize.bind({ statement: statement.name, values: statement.values }));
      expect({ statement: theirs, values }).toEqual({ statement: bound.statement, values: bound.values });
    }),
    { numRuns: 1_000 },
  );
});

test("one behind the other, what is large, and many values", () => {
  const large = "ü€😀".repeat(100_000);
  const values = Array.from({ length: 40_000 }, (_, index) => (index % 3 === 0 ? null : String(index)));
  const bytes = new FrontendMessages().parse("s", large).bind("s", [large, ...values]).execute().sync().bytes();
  const parsed = serialize.parse({ name: "s", text: large });
  expect(bytes.subarray(0, parsed.length).equals(parsed)).toBe(true);
  const bound = boundBy(bytes.subarray(parsed.length));
  expect(bound.values).toEqual([large, ...values]);
  expect(bytes.subarray(parsed.length + bound.end).equals(Buffer.concat([serialize.execute({}), serialize.sync()]))).toBe(true);
});

test("a zero within a text, which would cut it off, is refused", () => {
  expect(() => new FrontendMessages().parse("s", "select 1\0; drop table pod")).toThrow("U+0000");
});
