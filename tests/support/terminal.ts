import { Readable } from "node:stream";
import type { Terminal } from "#clients/cli/terminal.ts";

/** A terminal that keeps what was written to it. Not a TTY unless said: no colours, no redrawing, nobody to ask. */
export interface RecordedTerminal extends Terminal {
  readonly written: { out: string; err: string };
  readonly interrupt: AbortController;
}

export function recordedTerminal(
  options: { readonly env?: Record<string, string>; readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number; readonly folder?: string; readonly input?: string } = {},
): RecordedTerminal {
  const written = { out: "", err: "" };
  const interrupt = new AbortController();
  const shape = { isTTY: options.isTTY ?? false, columns: options.columns ?? 100, rows: options.rows ?? 30 };
  return {
    out: { ...shape, write: (text) => void (written.out += text) },
    err: { ...shape, write: (text) => void (written.err += text) },
    input: Object.assign(Readable.from([options.input ?? ""]), { isTTY: false }),
    // A home of its own: a test must not find the login of the person who runs it.
    env: { XDG_CONFIG_HOME: "/nonexistent", SELVEDGE_DATA_DIR: "/nonexistent", ...options.env },
    folder: options.folder ?? process.cwd(),
    interrupted: interrupt.signal,
    interrupt,
    written,
  };
}
