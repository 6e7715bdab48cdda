import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnswerText } from "#server/read/answer.ts";
import { createFrames } from "#server/transport/frames.ts";
import { inOnePiece, textResult } from "#server/transport/text.ts";
import { anyCharacter } from "#tests/support/any-character.ts";
import { textOf } from "#tests/support/scripted-reads.ts";

const message = (id: string, payload: unknown): string => JSON.stringify({ id, type: "next", payload });

describe("text in the messages of graphql-ws", () => {
  it("stands where the payload would, whatever is in ids, texts and the messages between them", () => {
    const piece = fc.oneof(fc.string({ unit: anyCharacter }), fc.constantFrom('"payload":null}', "null}", '","type":"next","payload":null}'));
    fc.assert(
      fc.property(fc.array(fc.record({ id: piece, value: piece, compiled: fc.boolean(), size: fc.integer({ min: 1, max: 9 }) }), { maxLength: 10 }), (messages) => {
        const frames = createFrames();
        for (const { id, value, compiled, size } of messages) {
          const result = { data: { value } };
          const payload = compiled ? frames.payload(textOf(JSON.stringify(result), size)) : frames.payload(result);
          if (!compiled) expect(payload).toBeUndefined();
          expect(String(frames.frame(message(id, payload ?? result)))).toBe(message(id, result));
        }
      }),
    );
  });

  it("is never put into a message of another form", () => {
    const frames = createFrames();
    const payload = frames.payload(textOf('{"data":1}'));
    const other = JSON.stringify({ payload, id: "1" });
    expect(() => frames.frame(other)).toThrow("another form");
    // And not into the next one.
    expect(frames.frame(message("1", null))).toBe(message("1", null));
  });
});

it("pieces are put together between what stands around them", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 9 }), (json, before, after, size) => {
      const text: AnswerText = textOf(json, size);
      expect(inOnePiece(text, before, after).equals(Buffer.from(before + Buffer.from(json).toString() + after))).toBe(true);
    }),
  );
});

it("what Yoga writes is one line", () => {
  expect(textResult(textOf('{\r\n"data":\n1}')).stringify()).toBe('{  "data": 1}');
});
