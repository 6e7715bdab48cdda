import { createHash } from "node:crypto";
import type { Logger } from "pino";
import type { Clock } from "../domain/clock.ts";
import type { Viewer } from "../identity/viewer.ts";

/** The viewer of a token, or null where the token is unknown, revoked or expired. */
export type Authenticate = (token: string) => Promise<Viewer | null>;

/**
 * A caller who stays: a WebSocket or an event stream. Its token is looked up again every few seconds, and at once when the bus says that it
 * was revoked, so that `viewer()` is never older than that, and `ended` fires within that.
 *
 *   live ──token revoked or expired──▶ ended (for good)
 *
 * A look-up that fails, because the database is away, changes nothing: what a stream could deliver comes from the same database.
 */
export interface Session {
  /** null once ended. */
  viewer(): Viewer | null;
  readonly ended: AbortSignal;
  /** Who is told at once that it has ended; an abort signal for each would be most of what a stream weighs. Answers whether it had not ended before. */
  watch(watcher: EndWatcher): boolean;
  unwatch(watcher: EndWatcher): void;
  /** The caller has gone. */
  release(): void;
}

export interface EndWatcher {
  revoke(): void;
}

export interface Sessions {
  /** null: the token is not valid. */
  open(token: string): Promise<Session | null>;
  /** A token was revoked, by its id: look now. */
  recheck(tokenId: string | undefined): void;
  close(): void;
}

export interface SessionsOptions {
  readonly authenticate: Authenticate;
  readonly clock: Clock;
  readonly recheckMs: number;
  readonly logger: Logger;
}

/** All sessions of one token share one look-up. Tokens are held as hashes only as keys; the text is needed to look it up again. */
interface Watched {
  readonly token: string;
  viewer: Viewer;
  readonly ending: AbortController;
  readonly watchers: Set<EndWatcher>;
  sessions: number;
  looking: boolean;
  /** Asked for while a look-up was under way, which may have seen what was before. */
  again: boolean;
}

const LOOKUPS_AT_ONCE = 4;

export function createSessions({ authenticate, clock, recheckMs, logger }: SessionsOptions): Sessions {
  const watched = new Map<string, Watched>();
  const keyOf = (token: string): string => createHash("sha256").update(token).digest("base64");
  const hasExpired = (viewer: Viewer): boolean => viewer.expiresAt !== null && clock.now() >= viewer.expiresAt;

  const end = (entry: Watched): void => {
    if (entry.ending.signal.aborted) return;
    entry.ending.abort();
    for (const watcher of entry.watchers) watcher.revoke();
    entry.watchers.clear();
    const key = keyOf(entry.token);
    if (watched.get(key) === entry) watched.delete(key);
  };
  const lookAgain = async (entry: Watched): Promise<void> => {
    if (entry.ending.signal.aborted) return;
    if (entry.looking) {
      entry.again = true;
      return;
    }
    entry.looking = true;
    entry.again = false;
    try {
      const viewer = await authenticate(entry.token);
      if (viewer && !hasExpired(viewer)) entry.viewer = viewer;
      else end(entry);
    } catch (error) {
      logger.warn({ err: error }, "could not look a token up again; its streams go on until it can be");
      if (hasExpired(entry.viewer)) end(entry);
    } finally {
      entry.looking = false;
    }
    if (entry.again) await lookAgain(entry);
  };
  const lookAgainAtAll = async (): Promise<void> => {
    const waiting = [...watched.values()];
    const lane = async (): Promise<void> => {
      for (let entry = waiting.pop(); entry; entry = waiting.pop()) await lookAgain(entry);
    };
    await Promise.all(Array.from({ length: LOOKUPS_AT_ONCE }, lane));
  };

  let round: Promise<void> | undefined;
  const timer = setInterval(() => {
    round ??= lookAgainAtAll().finally(() => (round = undefined));
  }, recheckMs);
  timer.unref();

  return {
    async open(token) {
      const viewer = await authenticate(token);
      if (!viewer || hasExpired(viewer)) return null;
      const key = keyOf(token);
      let found = watched.get(key);
      if (found) found.viewer = viewer;
      else watched.set(key, (found = { token, viewer, ending: new AbortController(), watchers: new Set(), sessions: 0, looking: false, again: false }));
      const entry = found;
      entry.sessions += 1;
      let released = false;
      return {
        viewer() {
          if (hasExpired(entry.viewer)) end(entry);
          return entry.ending.signal.aborted ? null : entry.viewer;
        },
        ended: entry.ending.signal,
        watch(watcher) {
          if (entry.ending.signal.aborted) return false;
          entry.watchers.add(watcher);
          return true;
        },
        unwatch: (watcher) => void entry.watchers.delete(watcher),
        release() {
          if (released) return;
          released = true;
          entry.sessions -= 1;
          if (entry.sessions === 0 && watched.get(key) === entry) watched.delete(key);
        },
      };
    },
    recheck(tokenId) {
      for (const entry of watched.values()) if (tokenId === undefined || entry.viewer.tokenId === tokenId) void lookAgain(entry);
    },
    close() {
      clearInterval(timer);
    },
  };
}
