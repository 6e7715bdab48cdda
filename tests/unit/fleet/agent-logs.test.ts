import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { followsStored, type LogChunk, type LogPosition } from "#server/domain/logs.ts";
import { LogBuffer, type LogState, type StoredSegment } from "#server/fleet/agent/logs.ts";
import type { Logs } from "#server/fleet/link.ts";
import { checkMessage } from "#server/gateway/validate.ts";

const CLUSTER = "01932c07-0000-7000-8000-000000000001";
const PLACEMENT = "01932c07-0000-7000-8000-000000000002";
const pod = (number: number): string => `01932c07-0000-7000-8000-0000000001${String(number).padStart(2, "0")}`;

/** A buffer with a store that can be gone back to, as the agent's own transactions are. */
class Agent {
  buffer: LogBuffer;
  stored = new Map<number, StoredSegment>();
  state: LogState | null = null;
  readonly #changed = new Set<number>();
  readonly #limit: number | undefined;

  constructor(limit?: number) {
    this.#limit = limit;
    this.buffer = this.#made();
  }

  #made(): LogBuffer {
    const stored = [...this.stored.values()].toSorted((a, b) => a.position - b.position);
    return new LogBuffer({ clusterId: CLUSTER, state: this.state, stored, changed: (position) => this.#changed.add(position), ...(this.#limit === undefined ? {} : { limit: this.#limit }) });
  }

  write(podNumber: number, at: number, line: string): void {
    this.buffer.write({ podId: pod(podNumber), podName: `web-${podNumber}`, placementId: PLACEMENT, container: "main", at, stream: "STDOUT", line });
  }

  save(): void {
    this.buffer.seal();
    for (const position of this.#changed) {
      const segment = this.buffer.at(position);
      if (segment === null) this.stored.delete(position);
      else this.stored.set(position, structuredClone(segment));
    }
    this.#changed.clear();
    this.state = this.buffer.stateAt(0);
  }

  /** What was not saved is gone. */
  restart(): void {
    this.#changed.clear();
    this.buffer = this.#made();
  }
}

class Centre {
  position: LogPosition | null = null;
  readonly chunks: LogChunk[] = [];

  store(batch: Logs): LogPosition {
    const checked = checkMessage(batch);
    if (!checked.ok) throw new Error(checked.reason);
    if (followsStored(this.position, batch)) {
      this.chunks.push(...batch.chunks);
      this.position = { epoch: batch.epoch, position: batch.to };
    }
    return this.position ?? { epoch: batch.epoch, position: 0 };
  }

  lines(podNumber: number): string[] {
    return this.chunks.filter(({ podId }) => podId === pod(podNumber)).flatMap(({ lines }) => lines.filter(([, stream]) => stream !== "SYSTEM").map(([, , line]) => line));
  }

  get lost(): number {
    return this.chunks.flatMap(({ lines }) => lines).reduce((sum, [, stream, line]) => sum + (stream === "SYSTEM" ? Number(/^(\d+) lines? lost/.exec(line)?.[1] ?? 0) : 0), 0);
  }
}

type Step = "write" | "save" | "send" | "arrive" | "answer" | "cut" | "restart" | "epoch";
const steps = fc.array(fc.constantFrom<Step>("write", "write", "write", "save", "send", "send", "arrive", "arrive", "answer", "answer", "cut", "restart", "epoch"), { maxLength: 120 });

describe("lines on their way", () => {
  test("each arrives once and in order, whatever is cut, lost on the way, or started again", () => {
    fc.assert(fc.property(steps, (some) => {
      const agent = new Agent();
      const centre = new Centre();
      let written = 0;
      let epoch = 1;
      let sent: Logs | null = null;
      let answer: LogPosition | null = null;
      const expected: string[] = [];
      let unsaved: string[] = [];
      const send = (): void => {
        const batch = agent.buffer.next();
        // It leaves with the commit.
        agent.save();
        expected.push(...unsaved);
        unsaved = [];
        sent = batch ?? sent;
      };
      const arrive = (): void => {
        if (sent !== null) answer = centre.store(sent);
        sent = null;
      };
      const heard = (): void => {
        if (answer !== null) agent.buffer.acked(answer);
        answer = null;
      };
      const cut = (): void => {
        sent = answer = null;
        agent.buffer.lost();
      };
      for (const step of some) {
        if (step === "write") {
          written += 1;
          unsaved.push(String(written));
          agent.write(1, written * 100, String(written));
        } else if (step === "save") {
          agent.save();
          expected.push(...unsaved);
          unsaved = [];
        } else if (step === "send") send();
        else if (step === "arrive") arrive();
        else if (step === "answer") heard();
        else if (step === "cut") cut();
        else if (step === "restart") {
          cut();
          agent.restart();
          unsaved = [];
        } else if (sent === null && answer === null && agent.buffer.isDue === (agent.stored.size > 0)) {
          // A new epoch begins where both sides are known to agree.
          cut();
          for (let round = 0; round < 50; round += 1) {
            send();
            arrive();
            heard();
          }
          agent.buffer.startEpoch(++epoch);
        }
      }
      for (let round = 0; round < 50; round += 1) {
        cut();
        send();
        arrive();
        heard();
      }
      agent.save();
      expect(centre.lines(1)).toEqual(expected);
      expect(centre.lost).toBe(0);
      expect(agent.buffer.isDue).toBe(false);
      expect(agent.stored.size).toBe(0);
    }), { numRuns: 300 });
  });

  test("of what does not fit the newest stay, and a note of each source says how many had to go; together they are all", () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 400 })), { minLength: 1, maxLength: 200 }), fc.boolean(), (writes, restarts) => {
      const agent = new Agent(2_000);
      const centre = new Centre();
      // Slowly enough for the rate's limit.
      for (const [index, [podNumber, length]] of writes.entries()) {
        agent.write(podNumber, index * 1_000, "x".repeat(length));
        agent.save();
      }
      if (restarts) agent.restart();
      for (let batch = agent.buffer.next(); batch !== null; batch = agent.buffer.next()) agent.buffer.acked(centre.store(batch));
      const arrived = [1, 2, 3, 4].reduce((sum, number) => sum + centre.lines(number).length, 0);
      expect(arrived + centre.lost).toBe(writes.length);
    }), { numRuns: 100 });
  });

  test("what is written at once beyond the rate is told as lost, of several pods together where they are many", () => {
    const agent = new Agent();
    const centre = new Centre();
    for (let number = 0; number < 1_000; number += 1) agent.write(number % 90, 5_000, "x");
    for (let batch = agent.buffer.next(); batch !== null; batch = agent.buffer.next()) agent.buffer.acked(centre.store(batch));
    const arrived = centre.chunks.flatMap(({ lines }) => lines).filter(([, stream]) => stream !== "SYSTEM").length;
    expect(arrived).toBe(200);
    expect(centre.lost).toBe(800);
    expect(centre.chunks.some(({ podName }) => podName === "several pods")).toBe(true);
  });

  test("an agent whose store went back goes on behind what the centre has", () => {
    const agent = new Agent();
    const centre = new Centre();
    centre.position = { epoch: 1, position: 50 };
    agent.write(1, 1_000, "new");
    const first = agent.buffer.next();
    expect(first).toMatchObject({ from: 0 });
    agent.buffer.acked(centre.store(first as Logs));
    agent.write(1, 2_000, "newer");
    for (let batch = agent.buffer.next(); batch !== null; batch = agent.buffer.next()) agent.buffer.acked(centre.store(batch));
    expect(centre.lines(1)).toEqual(["newer"]);
    expect(centre.position).toEqual({ epoch: 1, position: 51 });
  });

  test("a centre whose database went back is given what there is, and the rest is skipped", () => {
    const agent = new Agent();
    const centre = new Centre();
    for (const line of ["a", "b", "c"]) {
      agent.write(1, 1_000, line);
      agent.buffer.acked(centre.store(agent.buffer.next() as Logs));
    }
    centre.position = { epoch: 1, position: 1 };
    agent.write(1, 2_000, "d");
    for (let batch = agent.buffer.next(); batch !== null; batch = agent.buffer.next()) agent.buffer.acked(centre.store(batch));
    expect(centre.lines(1)).toEqual(["a", "b", "c", "d"]);
    expect(centre.position).toEqual({ epoch: 1, position: 4 });
  });
});
