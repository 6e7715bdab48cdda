import { existsSync } from "node:fs";
import { constants, enableCompileCache, flushCompileCache } from "node:module";
import path from "node:path";
import type { Logger } from "pino";

/**
 * What V8 made of our code is kept in the data directory, where only we write, and need not be made again at the next start: loading code is most of what a
 * start takes. Each thread asks for itself, before it loads what it runs. Node looks after what is stale. A first start has no directory yet, and keeps what it made when `keepCompiled` is called.
 */
export function useCompiled(dataDirectory: string): void {
  if (existsSync(dataDirectory)) enable(dataDirectory);
}

/** Written now, not when the process ends, for it may be killed. */
export function keepCompiled(dataDirectory: string, logger: Logger): void {
  const { status, message } = enable(dataDirectory);
  if (status === constants.compileCacheStatus.FAILED) logger.debug({ reason: message }, "what was compiled is not kept");
  flushCompileCache();
}

const enable = (dataDirectory: string) => enableCompileCache(path.join(dataDirectory, "compiled"));
