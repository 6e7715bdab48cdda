import { styleText } from "node:util";

/** What the command line has of its surroundings. Injected, so that a test is a terminal too. */
export interface Terminal {
  readonly out: Output;
  /** Progress and complaints; never what `-o json` prints. */
  readonly err: Output;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined; unref?(): unknown; setRawMode?(isRaw: boolean): unknown };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative file names start. */
  readonly folder: string;
  /** Aborts on Ctrl-C. */
  readonly interrupted: AbortSignal;
}

export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
  /** Where it is a terminal: told when its size changes. */
  on?(event: "resize", listener: () => void): unknown;
  removeListener?(event: "resize", listener: () => void): unknown;
}

/** Takes away what stands on a terminal's current line, be it a count of ours or the ^C that it echoed. */
export const clearLine = (output: Output): unknown => (output.isTTY === true ? output.write("\r\u001b[K") : undefined);

export type Color = "green" | "yellow" | "red" | "dim" | "bold" | "cyan";
export type Style = (color: Color, text: string) => string;

/** Colours only where a person looks, and never against NO_COLOR. */
export function styleFor(output: Output, env: Terminal["env"]): Style {
  const enabled = output.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  return enabled ? (color, text) => styleText(color, text, { validateStream: false }) : (_color, text) => text;
}
