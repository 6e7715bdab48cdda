import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnswerCounter, type Answered } from "#tests/bench/reads/answers.ts";

const answer = (status: number, body: string): Buffer =>
  Buffer.from(`HTTP/1.1 ${status} Fine\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nx: é\r\n\r\n${body}`);

/** The bytes in pieces that end at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % bytes.length))].filter((end) => end > 0).toSorted((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

describe("counting answers", () => {
  test("one answer after another is told once, with its last byte, however it is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ status: fc.constantFrom(200, 400, 503), body: fc.string({ maxLength: 200 }), places: fc.array(fc.nat(400), { maxLength: 8 }) }), { minLength: 1, maxLength: 4 }),
        (answers) => {
          const counter = new AnswerCounter();
          for (const { status, body, places } of answers) {
            const told: (Answered | null)[] = cut(answer(status, body), places).map((piece) => counter.take(piece));
            expect(told.pop()).toEqual({ status, bodyBytes: Buffer.byteLength(body) });
            expect(told.every((one) => one === null)).toBe(true);
          }
        },
      ),
    );
  });

  test("what lies in the buffer behind the bytes that were read is not looked at", () => {
    const bytes = answer(200, "abc");
    const buffer = Buffer.concat([bytes, Buffer.from("left from before")]);
    expect(new AnswerCounter().take(buffer, bytes.length)).toEqual({ status: 200, bodyBytes: 3 });
  });

  test("more than the answer, an answer without a length, and a head without an end are faults", () => {
    expect(() => new AnswerCounter().take(Buffer.concat([answer(200, "abc"), Buffer.from("d")]))).toThrow("More came");
    expect(() => new AnswerCounter().take(Buffer.from("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"))).toThrow("without status or content-length");
    expect(() => new AnswerCounter().take(Buffer.alloc(20_000, "x"))).toThrow("does not end");
  });
});
