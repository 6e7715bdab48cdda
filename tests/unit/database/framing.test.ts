/**
 * Framing, judged by pg's own parser: an answer that is cut into chunks anywhere and framed gives the same messages, in the same order, as pg reads from it whole; rows that were
 * wanted as bytes are the bytes of the strings that pg would have made. fast-check prints the seed of a failure.
 */
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import fc from "fast-check";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { BackendFraming, type ByteRow } from "#server/database/framing.ts";

type Framing = typeof BackendFraming;
type Field = string | null;
/** What the server sends for one query, up to its ReadyForQuery. */
interface Answer {
  readonly bytes: boolean;
  readonly messages: readonly Buffer[];
}

// ---------------------------------------------------------------- what a server sends

const message = (code: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.write(code);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const int16 = (value: number): Buffer => Buffer.from([(value >> 8) & 0xff, value & 0xff]);
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const dataRow = (fields: readonly Field[]): Buffer =>
  message("D", Buffer.concat([int16(fields.length), ...fields.flatMap((field) => (field === null ? [int32(-1)] : [int32(Buffer.byteLength(field)), Buffer.from(field)]))]));
const description = (names: readonly string[]): Buffer => message("T", Buffer.concat([int16(names.length), ...names.map((name) => Buffer.concat([Buffer.from(`${name}\0`), Buffer.alloc(18)]))]));
const report = (code: "E" | "N", text: string): Buffer => message(code, Buffer.from(`SERROR\0C22012\0M${text}\0\0`));
const notification = (payload: string): Buffer => message("A", Buffer.from(`\0\0\0\u0001channel\0${payload}\0`));
const copyOut = (texts: readonly string[]): Buffer => Buffer.concat([message("H", Buffer.from([0, 0, 1, 0, 0])), ...texts.map((text) => message("d", Buffer.from(text))), message("c", Buffer.alloc(0))]);
const PARSED = message("1", Buffer.alloc(0));
const BOUND = message("2", Buffer.alloc(0));
const complete = (tag: string): Buffer => message("C", Buffer.from(`${tag}\0`));
const READY = message("Z", Buffer.from("I"));

const streamOf = (answers: readonly Answer[]): Buffer => Buffer.concat([READY, ...answers.flatMap(({ messages }) => [...messages, READY])]);

// ---------------------------------------------------------------- what a client is told

type Told = readonly [name: string, what: unknown];
const NAMES = ["dataRow", "rowDescription", "parseComplete", "bindComplete", "commandComplete", "readyForQuery", "errorMessage", "notice", "notification", "copyOutResponse", "copyData", "copyDone"];

/** All that a connection of pg's tells of; who asks sends the next query as soon as it may, as pg's client does. */
function listen(answers: readonly Answer[], submit: (answer: Answer) => void): { readonly connection: pg.Connection; readonly told: Told[] } {
  const connection = new pg.Connection({ stream: (() => new EventEmitter()) as never });
  const told: Told[] = [];
  let next = 0;
  let active: Answer | undefined;
  for (const name of NAMES) {
    connection.on(name, (what: { fields?: readonly (Field | Buffer)[]; chunk?: Buffer }) => {
      if (name === "dataRow") {
        const wanted = active?.bytes === true;
        told.push(["row", (what.fields ?? []).map((field) => (typeof field === "string" && wanted ? ["bytes", field] : Buffer.isBuffer(field) ? ["bytes", field.toString()] : field))]);
      } else told.push([name, JSON.stringify({ ...what, chunk: what.chunk?.toString() })]);
      if (name !== "readyForQuery") return;
      active = answers[next++];
      if (active) submit(active);
    });
  }
  return { connection, told };
}

function plainly(answers: readonly Answer[]): Told[] {
  const { connection, told } = listen(answers, () => undefined);
  const stream = new EventEmitter();
  connection.attachListeners(stream);
  stream.emit("data", streamOf(answers));
  return told;
}

function framed(answers: readonly Answer[], cuts: readonly number[], Framing: Framing): Told[] {
  const { connection, told } = listen(answers, ({ bytes }) => bytes && framing.takeRows());
  const passed = new EventEmitter();
  connection.attachListeners(passed);
  const framing = new Framing({
    pass: (bytes) => passed.emit("data", bytes),
    row: (row) => connection.emit("dataRow", { fields: row }),
    broken: (error) => told.push(["broken", error.message]),
  });
  const stream = streamOf(answers);
  const at = [0, ...new Set(cuts.map((cut) => cut % stream.length))].toSorted((a, b) => a - b);
  for (const [index, from] of at.entries()) {
    const chunk = Buffer.from(stream.subarray(from, at[index + 1] ?? stream.length));
    framing.push(chunk);
  }
  return told;
}

// ---------------------------------------------------------------- the laws

/** All kinds of messages in few bytes, so that every pair of cuts can be tried. */
const SMALL: readonly Answer[] = [
  { bytes: true, messages: [BOUND, dataRow(["é"]), dataRow([null, ""]), complete("S"), report("N", "n"), dataRow([]), complete("S")] },
  { bytes: false, messages: [dataRow(["x"]), complete("S"), notification("D")] },
  { bytes: true, messages: [PARSED, dataRow(["😀"]), report("E", "e")] },
];

function holdsForEveryPairOfCuts(Framing: Framing): void {
  const expected = plainly(SMALL);
  const asText = JSON.stringify(expected);
  const { length } = streamOf(SMALL);
  const holds = (cuts: readonly number[]): void => {
    const told = framed(SMALL, cuts, Framing);
    // Thousands of times: compared as text, and by value only to show the difference.
    if (JSON.stringify(told) !== asText) expect(told, `cut at ${cuts.join(", ")}`).toEqual(expected);
  };
  for (let first = 0; first < length; first += 1) for (let second = first; second < length; second += 1) holds([first, second]);
  holds(Array.from({ length }, (_, index) => index));
}

const text = fc.string({ unit: "grapheme", maxLength: 30 });
const field = fc.oneof({ weight: 6, arbitrary: text }, { weight: 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: text.map((part) => part.repeat(200)) });
const cstring = text.map((one) => one.replaceAll("\0", ""));
const anyMessage = fc.oneof(
  { weight: 6, arbitrary: fc.array(field, { maxLength: 6 }).map(dataRow) },
  fc.array(cstring, { maxLength: 3 }).map(description),
  fc.constantFrom(PARSED, BOUND),
  cstring.map(complete),
  cstring.map((one) => report("N", one)),
  cstring.map((one) => report("E", one)),
  cstring.map(notification),
  fc.array(text, { maxLength: 3 }).map(copyOut),
);
const anyAnswers = fc.array(fc.record({ bytes: fc.boolean(), messages: fc.array(anyMessage, { maxLength: 12 }) }), { maxLength: 6 });

function holdsForAnything(Framing: Framing): void {
  fc.assert(
    fc.property(anyAnswers, fc.array(fc.nat(100_000), { maxLength: 60 }), (answers, cuts) => {
      expect(framed(answers, cuts, Framing)).toEqual(plainly(answers));
    }),
    { numRuns: 400 },
  );
}

test("the same is told however a stream is cut: at every pair of places", () => holdsForEveryPairOfCuts(BackendFraming));
test("the same is told of any answers, cut anywhere", () => holdsForAnything(BackendFraming));

// ---------------------------------------------------------------- memory

interface Heard {
  readonly rows: ByteRow[];
  readonly passed: Buffer[];
  readonly broken: string[];
}
function hear(): { readonly framing: BackendFraming; readonly heard: Heard } {
  const heard: Heard = { rows: [], passed: [], broken: [] };
  const framing = new BackendFraming({ pass: (bytes) => heard.passed.push(bytes), row: (row) => heard.rows.push(row), broken: ({ message: reason }) => heard.broken.push(reason) });
  return { framing, heard };
}

test("a row holds neither the chunk nor, where it is large, more than it needs", () => {
  const { framing, heard } = hear();
  framing.takeRows();
  const chunk = Buffer.concat([dataRow(["a", "bc", null]), dataRow(["x".repeat(100_000)])]);
  framing.push(chunk.subarray(0, 50_000));
  framing.push(chunk.subarray(50_000));
  chunk.fill(0xff);
  expect(heard.rows.map((row) => row.map((value) => value?.toString() ?? null))).toEqual([["a", "bc", null], ["x".repeat(100_000)]]);
  expect(heard.rows.map(([first]) => first?.buffer.byteLength)).toEqual([Buffer.poolSize, 2 + 4 + 100_000]);
});

test("what is passed is not copied", () => {
  const { framing, heard } = hear();
  const chunk = Buffer.concat([BOUND, dataRow(["a"]), complete("SELECT 1"), READY]);
  framing.push(chunk);
  expect(heard.passed).toHaveLength(1);
  expect(heard.passed[0]?.buffer).toBe(chunk.buffer);
});

// ---------------------------------------------------------------- what no Postgres sends

describe("an answer that can't be", () => {
  const row = (body: Buffer): Buffer => message("D", body);
  const header = (code: string, length: number): Buffer => {
    const bytes = Buffer.alloc(5);
    bytes.write(code);
    bytes.writeUInt32BE(length, 1);
    return bytes;
  };
  test.each([
    ["a length that does not count itself", header("C", 3)],
    ["a row of more than 1 GiB", header("D", 1024 ** 3 + 1)],
    ["any other message of more than 1 GiB", header("d", 0xff_ff_ff_ff)],
    ["a row without a count", row(Buffer.from([0]))],
    ["more fields than there is room for", row(Buffer.concat([int16(2), int32(0)]))],
    ["as many fields as a count can tell", row(Buffer.concat([Buffer.from([0xff, 0xff]), int32(0)]))],
    ["a field longer than its row", row(Buffer.concat([int16(1), int32(2), Buffer.from("a")]))],
    ["a field's length below that of null", row(Buffer.concat([int16(1), int32(-2)]))],
    ["a cut length", row(Buffer.concat([int16(2), int32(3), Buffer.from("abc"), Buffer.from([0])]))],
    ["more bytes than fields", row(Buffer.concat([int16(1), int32(0), Buffer.from("a")]))],
  ])("%s: told once, with all that came before it, and nothing after", (_name, bytes) => {
    const before = [BOUND, dataRow(["before"]), complete("SELECT 1")];
    const stream = Buffer.concat([...before, bytes, dataRow(["after"]), READY]);
    for (let cut = 0; cut < stream.length; cut += 1) {
      const { framing, heard } = hear();
      framing.takeRows();
      framing.push(stream.subarray(0, cut));
      framing.push(stream.subarray(cut));
      framing.push(dataRow(["later"]));
      expect(heard.broken).toHaveLength(1);
      expect(Buffer.concat(heard.passed)).toEqual(Buffer.concat([before[0] as Buffer, before[2] as Buffer]));
      expect(heard.rows.map((one) => one.map(String))).toEqual([["before"]]);
    }
  });
});

// ---------------------------------------------------------------- faults that the laws must find

describe("a planted bug is found", () => {
  const source = readFileSync(new URL("../../../server/database/framing.ts", import.meta.url), "utf8");
  test.each([
    ["a header that was cut is forgotten", "this.#held += taken;", "this.#held = 0;"],
    ["the cut header of what is passed is lost", "this.#sink.pass(Buffer.from(this.#header))", "void 0"],
    ["a row's second part goes to its beginning", "this.#row.length - this.#left, at,", "0, at,"],
    ["what came before a row is told after it", "if (this.#takes(code) || !isLength(length)) passRun();", ""],
    ["a row is passed as well", "if (this.#row) start = at;\n        if (this.#left", "if (this.#left"],
    ["rows are taken on", "if (code === READY_FOR_QUERY) this.#taking = false;", ""],
    ["the next query is submitted too late", "else if (this.#code === READY_FOR_QUERY) passRun();", ""],
    ["null is a field without a length", "fields.push(null);", "fields.push(Buffer.alloc(0));"],
  ] as const)("%s", async (_name, from, to) => {
    expect(source.split(from)).toHaveLength(2);
    const faulty = stripTypeScriptTypes(source.replace(from, to));
    const { BackendFraming: Faulty } = (await import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(faulty).toString("base64")}`)) as { BackendFraming: Framing };
    expect(() => {
      holdsForEveryPairOfCuts(Faulty);
      holdsForAnything(Faulty);
    }).toThrow();
  });
});
