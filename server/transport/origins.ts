import type { IncomingMessage } from "node:http";

/**
 * Which web pages may talk to us. Callers without an Origin (command lines, other servers) are not pages, and pass. Nothing here stands
 * for a permission: there are no cookies, so a page can do only what the token that it holds allows.
 */
export interface Origins {
  /** The page's origin where it is allowed, null where the caller is no page, false where it is refused. */
  judge(request: IncomingMessage): string | null | false;
}

/** `allowed`: exact origins such as https://console.example.org; null: only pages that this server itself serves. */
export function createOrigins(allowed: readonly string[] | null): Origins {
  const list = allowed === null ? null : new Set(allowed.map((origin) => origin.toLowerCase()));
  return {
    judge(request) {
      const { origin, host } = request.headers;
      if (origin === undefined) return null;
      if (list?.has(origin.toLowerCase())) return origin;
      return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase() ? origin : false;
    },
  };
}
