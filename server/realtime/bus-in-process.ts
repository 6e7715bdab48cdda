import { BroadcastChannel } from "node:worker_threads";
import type { Logger } from "pino";
import type { Bus, BusChannel } from "./bus.ts";
import { createListeners } from "./listeners.ts";

export interface InProcessBusOptions {
  /** The same for the threads of one server, another for each server that runs. */
  readonly instance: string;
  readonly logger?: Logger;
}

interface Message {
  readonly channel: BusChannel;
  readonly detail: string | undefined;
}

/** The bus between the threads of one process. Does not keep the process alive. */
export function createInProcessBus({ instance, logger }: InProcessBusOptions): Bus {
  const listeners = createListeners(logger);
  const broadcast = new BroadcastChannel(`selvedge-bus-${instance}`);
  broadcast.onmessage = (event: unknown) => {
    const { channel, detail } = (event as { data: Message }).data;
    listeners.call(channel, detail);
  };
  broadcast.unref();
  return {
    publish: (channel, detail) => {
      if (listeners.closed) return;
      const message: Message = { channel, detail };
      broadcast.postMessage(message);
      // A channel does not hear itself.
      queueMicrotask(() => listeners.call(channel, detail));
    },
    subscribe: listeners.add,
    close: async () => {
      listeners.close();
      broadcast.close();
    },
  };
}
