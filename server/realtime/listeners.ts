import type { Logger } from "pino";
import type { BusChannel } from "./bus.ts";

type Listener = (detail: string | undefined) => void;

/** Who listens to which channel of a bus. One that throws is logged, and the others are still called. */
export interface Listeners {
  readonly closed: boolean;
  add(channel: BusChannel, listener: Listener): () => void;
  call(channel: BusChannel, detail: string | undefined): void;
  close(): void;
}

export function createListeners(logger: Logger | undefined): Listeners {
  const byChannel = new Map<BusChannel, Set<{ readonly listener: Listener }>>();
  const state = { closed: false };
  return {
    get closed() {
      return state.closed;
    },
    add: (channel, listener) => {
      // An entry of its own for each call: the same function may listen twice.
      const entry = { listener };
      const entries = byChannel.get(channel) ?? new Set();
      byChannel.set(channel, entries.add(entry));
      return () => void entries.delete(entry);
    },
    call: (channel, detail) => {
      if (state.closed) return;
      for (const { listener } of byChannel.get(channel) ?? []) {
        try {
          listener(detail);
        } catch (error) {
          logger?.error({ err: error, channel }, "a listener on the bus failed");
        }
      }
    },
    close: () => {
      state.closed = true;
      byChannel.clear();
    },
  };
}
