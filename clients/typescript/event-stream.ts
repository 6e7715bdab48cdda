import { timerMs } from "./backoff.ts";
import { parseAnswer, reasonOf, requestOf } from "./http.ts";
import { createListeners, type Loss, type Transport, type TransportOptions } from "./transport.ts";

/**
 * Subscriptions over event streams (GraphQL over SSE, distinct connections): a POST each, answered by `text/event-stream`. Plain HTTP, for
 * where WebSockets do not get through. A browser keeps at most six connections to a server that speaks HTTP/1.1: there it suits few subscriptions.
 *
 *   event: next      data: { data?, errors? }
 *   event: complete  nothing follows
 *   : …              a comment: the server is alive
 *
 * An event stream that ends without `complete` was cut.
 */
const CONNECT_WITHIN_MS = 10_000;
/** The server writes something at least every 12 seconds. */
const DEAD_AFTER_MS = 30_000;
/** Characters of one event; the server's messages are far smaller. */
const LONGEST_EVENT = 64 * 1024 * 1024;

export function createEventStreamTransport({ url, token, deadAfterMs = DEAD_AFTER_MS }: TransportOptions): Transport {
  const running = new Set<AbortController>();
  const connected = createListeners();

  return {
    subscribe(payload, sink) {
      const ending = new AbortController();
      running.add(ending);
      let over = false;
      let timer: NodeJS.Timeout | undefined;
      const leave = (): boolean => {
        if (over) return false;
        over = true;
        clearTimeout(timer);
        running.delete(ending);
        ending.abort();
        return true;
      };
      const lose = (loss: Loss): void => {
        if (leave()) sink.lost(loss);
      };
      const aliveFor = (ms: number, reason: string): void => {
        clearTimeout(timer);
        if (!over) timer = setTimeout(() => lose({ kind: "lost", reason }), timerMs(ms));
      };

      const run = async (): Promise<void> => {
        aliveFor(Math.min(CONNECT_WITHIN_MS, deadAfterMs), "no answer in time");
        const response = await fetch(url, { ...requestOf(token, "text/event-stream", payload.query, payload.variables), signal: ending.signal });
        const type = response.headers.get("content-type") ?? "";
        if (!type.startsWith("text/event-stream") || response.body === null) {
          const answer = parseAnswer(await response.text());
          if (answer?.errors !== undefined && answer.errors.length > 0) return lose({ kind: "refused", errors: answer.errors });
          return lose({ kind: "foreign", reason: `it answered ${response.status} without an event stream` });
        }
        aliveFor(deadAfterMs, "the connection fell silent");
        if (over) return;
        sink.opened();
        connected.call();
        const parser = createEventParser(LONGEST_EVENT);
        const decoder = new TextDecoder();
        // Not `for await`: not every browser can iterate over a body.
        const reader = response.body.getReader();
        for (let read = await reader.read(); !read.done; read = await reader.read()) {
          aliveFor(deadAfterMs, "the connection fell silent");
          for (const { event, data } of parser.read(decoder.decode(read.value, { stream: true }))) {
            // The reader may have left while it was handed the one before.
            if (over) return;
            if (event === "next") sink.next(JSON.parse(data));
            if (event !== "complete") continue;
            if (leave()) sink.complete();
            return;
          }
        }
        lose({ kind: "lost", reason: "the connection was cut" });
      };
      run().catch((error: unknown) => lose(error instanceof SyntaxError ? { kind: "foreign", reason: "it did not speak the protocol" } : { kind: "lost", reason: reasonOf(error) }));
      return () => void leave();
    },
    onConnected: connected.add,
    async close() {
      for (const ending of running) ending.abort();
      running.clear();
    },
  };
}

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Cuts the text of an event stream into events, however it was cut into pieces on the way. Throws SyntaxError for one that is too long. */
export function createEventParser(longest: number): { read(text: string): ServerEvent[] } {
  let rest = "";
  let event = "";
  let data: string[] = [];
  let size = 0;

  return {
    read(text) {
      const events: ServerEvent[] = [];
      // What is left from before has no line end in it, and is not searched again.
      let searched = rest.length;
      let from = 0;
      rest += text;
      for (let end = rest.indexOf("\n", searched); end !== -1; end = rest.indexOf("\n", searched)) {
        const line = rest.slice(from, rest[end - 1] === "\r" && end > from ? end - 1 : end);
        from = searched = end + 1;
        if (line === "") {
          if (event !== "" || data.length > 0) events.push({ event: event || "message", data: data.join("\n") });
          event = "";
          data = [];
          size = 0;
          continue;
        }
        const colon = line.indexOf(":");
        const field = colon === -1 ? line : line.slice(0, colon);
        const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
        if (field === "event") event = value;
        else if (field === "data") {
          data.push(value);
          size += value.length;
        }
      }
      rest = rest.slice(from);
      if (rest.length + size > longest) throw new SyntaxError("an event of the stream is too long");
      return events;
    },
  };
}
