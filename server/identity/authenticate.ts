/**
 * Who a token is. Looked up by its hash through a function that sees all tenants' tokens and nothing else; kept for a moment, because
 * every request asks. What is kept is forgotten at once when the bus says that a token was revoked, and in any case after KEPT_MS, so
 * that a lost message delays a revocation by no more than that.
 *
 * Nobody has been limited yet when a token is looked up, and one that is nobody's costs a query each time. So few are looked up at a time
 * and few wait: a flood of them takes neither the connections that mutations work on nor memory. Tokens that were valid a moment ago have
 * places of their own, and don't notice it.
 */
import type { MikroORM } from "@mikro-orm/postgresql";
import type { Clock } from "../domain/clock.ts";
import { RequestError } from "../domain/request-error.ts";
import { createSemaphore } from "../domain/semaphore.ts";
import type { Role } from "../domain/states.ts";
import type { Bus } from "../realtime/bus.ts";
import { hashToken } from "./token.ts";
import type { Viewer } from "./viewer.ts";

export interface AuthenticatorOptions {
  /** Connected as selvedge_api. */
  readonly orm: MikroORM;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Told when last use could not be noted: nothing depends on it. */
  readonly onError?: (error: unknown) => void;
}

export interface Authenticator {
  /**
   * The viewer, or null where the token is unknown, revoked or expired.
   * @throws RequestError RATE_LIMITED when too many unknown tokens wait; else what the database said
   */
  authenticate(token: string): Promise<Viewer | null>;
  /** Notes what was last used, and stops. */
  close(): Promise<void>;
}

const KEPT_MS = 2_000;
const MAX_KEPT = 10_000;
const TOUCH_EVERY_MS = 10_000;
/** Of tokens that are not known, and of those that are: both together leave most of the ORM's connections to others. */
const LOOK_UPS_AT_ONCE = 2;
const MAX_WAITING = 100;
const RETRY_MS = 1_000;
/** No token is longer; what is, is not hashed at all. */
const MAX_TOKEN = 1_024;

interface TokenRow {
  readonly tenant_id: string;
  readonly token_id: string;
  readonly token_name: string;
  readonly role: Role;
  readonly namespaces: string[] | null;
  readonly namespace_ids: string[] | null;
  readonly expires_at: Date | string | null;
  readonly revoked_at: Date | string | null;
}

interface Kept {
  readonly viewer: Promise<Viewer | null>;
  /** The same once it is there: what is kept is asked for by every request. */
  found?: Viewer;
  /** Wall time; what is older is looked up again. */
  until: number;
}

export function createAuthenticator({ orm, bus, clock, onError }: AuthenticatorOptions): Authenticator {
  const kept = new Map<string, Kept>();
  const used = new Set<string>();
  const ofStrangers = createSemaphore(LOOK_UPS_AT_ONCE, MAX_WAITING);
  const ofKnown = createSemaphore(LOOK_UPS_AT_ONCE, MAX_KEPT);

  const lookUp = async (hash: Buffer): Promise<Viewer | null> => {
    const [row] = await orm.em.fork().execute<TokenRow[]>("select * from app.authenticate(?)", [hash]);
    return row && row.revoked_at === null ? viewerOf(row) : null;
  };
  const forgetOld = (now: number): void => {
    for (const [key, entry] of kept) if (entry.until <= now) kept.delete(key);
    // Still too many: the oldest go, which come first.
    for (const key of kept.keys()) {
      if (kept.size < MAX_KEPT) break;
      kept.delete(key);
    }
  };
  const find = (token: string): Viewer | Promise<Viewer | null> => {
    const hash = hashToken(token);
    const key = hash.toString("base64");
    const now = performance.now();
    const known = kept.get(key);
    if (known && known.until > now) return known.found ?? known.viewer;
    const places = known?.found ? ofKnown : ofStrangers;
    if (places.isFull) throw new RequestError("RATE_LIMITED", "Too many tokens are being looked up; try again", { retryAfterMs: RETRY_MS });
    kept.delete(key);
    if (kept.size >= MAX_KEPT) forgetOld(now);
    // Callers of the same moment share one look-up; what fails, or finds nobody, is not kept.
    const entry: Kept = { viewer: places.run(() => lookUp(hash)), until: now + KEPT_MS };
    kept.set(key, entry);
    const forget = (): void => {
      if (kept.get(key) === entry) kept.delete(key);
    };
    entry.viewer.then((viewer) => (viewer === null ? forget() : (entry.found = viewer)), forget);
    return entry.viewer;
  };

  const touch = async (): Promise<void> => {
    if (used.size === 0) return;
    const ids = [...used];
    used.clear();
    await orm.em.fork().execute("select app.touch_tokens(?::uuid[], ?)", [`{${ids.join(",")}}`, new Date(clock.now())]);
  };
  const timer = setInterval(() => void touch().catch((error: unknown) => onError?.(error)), TOUCH_EVERY_MS);
  timer.unref();
  const unsubscribe = bus.subscribe("tokens", () => {
    for (const entry of kept.values()) entry.until = 0;
  });

  return {
    authenticate: async (token) => {
      if (token.length === 0 || token.length > MAX_TOKEN) return null;
      const found = find(token);
      const viewer = found instanceof Promise ? await found : found;
      if (!viewer || (viewer.expiresAt !== null && viewer.expiresAt <= clock.now())) return null;
      if (used.size < MAX_KEPT) used.add(viewer.tokenId);
      return viewer;
    },
    close: async () => {
      clearInterval(timer);
      unsubscribe();
      await touch().catch((error: unknown) => onError?.(error));
    },
  };
}

const viewerOf = (row: TokenRow): Viewer => ({
  tenantId: row.tenant_id,
  tokenId: row.token_id,
  tokenName: row.token_name,
  role: row.role,
  namespaces: row.namespaces,
  namespaceIds: row.namespace_ids,
  expiresAt: row.expires_at === null ? null : new Date(row.expires_at).getTime(),
});
