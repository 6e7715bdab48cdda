import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as ws from "ws";
import { Payload } from "#server/transport/payload.ts";
import { writeFrames } from "#server/transport/wire.ts";

/** What a client of the library ws makes of the bytes. */
async function received(bytes: Buffer, count: number): Promise<string[]> {
  const receiver = new (ws as unknown as { Receiver: new (options: object) => NodeJS.WritableStream }).Receiver({ isServer: false });
  const messages: string[] = [];
  const all = new Promise<void>((resolve, reject) => {
    receiver.on("message", (data: Buffer) => {
      messages.push(data.toString());
      if (messages.length === count) resolve();
    });
    receiver.on("error", reject);
  });
  receiver.write(bytes);
  await all;
  return messages;
}

describe("frames on the wire", () => {
  it("are what the protocol asks for, whatever the id and however long the payloads", async () => {
    const value = fc.oneof(fc.string({ unit: "grapheme", maxLength: 60 }), fc.constantFrom(50, 80, 125, 126, 300, 65_400, 65_536, 70_000).map((length) => "x".repeat(length)));
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), fc.array(value, { minLength: 1, maxLength: 5 }), async (id, values) => {
        const stream = new PassThrough();
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
        const payloads = values.map((text) => new Payload({ data: { text } }));
        writeFrames(stream, `{"id":${JSON.stringify(id)},"type":"next","payload":`, payloads);
        await new Promise((resolve) => stream.end(resolve));
        const messages = await received(Buffer.concat(chunks), values.length);
        expect(messages.map((message) => JSON.parse(message) as unknown)).toEqual(values.map((text) => ({ id, type: "next", payload: { data: { text } } })));
      }),
      { numRuns: 40 },
    );
  });
});
