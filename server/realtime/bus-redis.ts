import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { createClient } from "redis";
import type { Bus, BusChannel } from "./bus.ts";
import { createListeners } from "./listeners.ts";

export interface RedisBusOptions {
  readonly url: string;
  /** The same for all processes of one installation, another for another on the same Redis. */
  readonly installation: string;
  readonly logger?: Logger;
  /** Longest pause between two attempts to connect, milliseconds. */
  readonly maxPauseMs?: number;
}

interface Message {
  readonly from: string;
  readonly channel: BusChannel;
  readonly detail?: string;
}

/** Messages under way to Redis; beyond it they are dropped, as they may be. */
const MAX_QUEUED = 1_000;
const FIRST_PAUSE_MS = 50;

/**
 * The bus between processes, over Redis pub/sub. While Redis is away messages between processes are dropped (readers look by themselves), and
 * those of this process still arrive. Connects in the background and for ever.
 */
export function createRedisBus({ url, installation, logger, maxPauseMs = 1_000 }: RedisBusOptions): Bus & { readonly ready: boolean } {
  const listeners = createListeners(logger);
  const self = randomUUID();
  const topic = `selvedge:${installation}:bus`;
  const reconnectStrategy = (retries: number): number => {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(retries, 10), maxPauseMs);
    return pause / 2 + Math.random() * (pause / 2);
  };
  const publisher = createClient({ url, disableOfflineQueue: true, commandsQueueMaxLength: MAX_QUEUED, socket: { reconnectStrategy } });
  const subscriber = createClient({ url, socket: { reconnectStrategy } });

  const state = { away: false, subscribed: false };
  for (const client of [publisher, subscriber]) {
    client.on("error", (error: Error) => {
      if (!state.away && !listeners.closed) logger?.warn({ err: error }, "Redis is away: other processes learn of changes a little later");
      state.away = true;
    });
    client.on("ready", () => {
      if (state.away) logger?.info("Redis is back");
      state.away = false;
    });
    // Rejects only when closed while it tries.
    client.connect().catch(() => undefined);
  }
  const hear = (text: string): void => {
    const message = JSON.parse(text) as Message;
    if (message.from !== self) listeners.call(message.channel, message.detail);
  };
  // Held by the client until it is connected, and again after each reconnect.
  subscriber.subscribe(topic, hear).then(
    () => (state.subscribed = true),
    () => undefined,
  );

  return {
    get ready() {
      return publisher.isReady && subscriber.isReady && state.subscribed;
    },
    publish: (channel, detail) => {
      if (listeners.closed) return;
      queueMicrotask(() => listeners.call(channel, detail));
      if (!publisher.isReady) return;
      const message: Message = { from: self, channel, ...(detail === undefined ? {} : { detail }) };
      publisher.publish(topic, JSON.stringify(message)).catch(() => undefined);
    },
    subscribe: listeners.add,
    close: async () => {
      listeners.close();
      publisher.destroy();
      subscriber.destroy();
    },
  };
}
