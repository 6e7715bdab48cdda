import { createClient, type Page, RefusedError, type SelvedgeClient } from "../typescript/index.ts";
import { thousands } from "./format.ts";
import { readSettings } from "./settings.ts";
import { type Style, styleFor, type Terminal } from "./terminal.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
}

/** A command's surroundings while it talks to a server. */
export interface Session {
  readonly client: SelvedgeClient;
  readonly terminal: Terminal;
  /** Of the standard output. */
  readonly style: Style;
  /** Columns that a table may take; null where nobody watches and nothing is cut. */
  readonly width: number | null;
  /** Codes and names of the objects that the command looked up, by id: a refusal speaks of ids, a person typed these. */
  readonly named: Map<string, string>;
  readonly print: (lines: readonly string[]) => void;
}

/** Runs a command against the server that the settings name, and closes the connection whatever happens. */
export async function withSession<T>(terminal: Terminal, options: GlobalOptions, run: (session: Session) => Promise<T>): Promise<T> {
  const client = createClient({ ...(await readSettings(options, terminal)), signal: terminal.interrupted });
  const named = new Map<string, string>();
  try {
    return await run({
      client,
      terminal,
      style: styleFor(terminal.out, terminal.env),
      width: terminal.out.isTTY === true ? (terminal.out.columns ?? null) : null,
      named,
      print: (lines) => void (lines.length > 0 && terminal.out.write(`${lines.join("\n")}\n`)),
    });
  } catch (error) {
    throw error instanceof RefusedError ? inWordsOf(named, error) : error;
  } finally {
    await client.close();
  }
}

function inWordsOf(named: ReadonlyMap<string, string>, { userErrors }: RefusedError): RefusedError {
  const worded = (message: string): string => [...named].reduce((text, [id, name]) => text.replaceAll(id, () => name), message);
  return new RefusedError(userErrors.map((error) => ({ ...error, message: worded(error.message) })));
}

/** As large as the server allows. */
export const PAGE_SIZE = 200;
const QUIET_MS = 1_000;

/**
 * Every node of a connection, page after page; a long collection shows on a terminal how far it is. `now` is the server's clock at the last
 * page, for ages.
 */
export async function collect<Data extends { readonly server: { readonly now: string } }, Node>(
  terminal: Terminal,
  pages: AsyncIterable<{ readonly data: Data; readonly page: Page<Node> }>,
): Promise<{ readonly nodes: Node[]; readonly now: string }> {
  const nodes: Node[] = [];
  const began = performance.now();
  let now = "";
  let shown = false;
  for await (const { data, page } of pages) {
    nodes.push(...page.nodes);
    now = data.server.now;
    terminal.interrupted.throwIfAborted();
    if (terminal.err.isTTY === true && page.pageInfo.hasNextPage && performance.now() - began > QUIET_MS) {
      shown = true;
      terminal.err.write(`\r\u001b[K${thousands(nodes.length)} of ${thousands(page.totalCount ?? nodes.length)}…`);
    }
  }
  if (shown) terminal.err.write("\r\u001b[K");
  return { nodes, now };
}
