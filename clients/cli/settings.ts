import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { UsageError } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Which server, and with which token. In this order: the command's own options, SELVEDGE_URL and SELVEDGE_TOKEN, what `login` stored, and
 * for a server on this machine the token that it keeps in its data directory. A stored token is sent to the address that it belongs to and
 * to no other.
 */
export interface Settings {
  readonly url: string;
  readonly token: string | null;
}

export interface Login {
  readonly url: string;
  readonly token: string;
}

export async function readSettings(options: { readonly url?: string | undefined; readonly token?: string | undefined }, terminal: Terminal): Promise<Settings> {
  const { env } = terminal;
  const login = await readLogin(env);
  const url = checkUrl(options.url ?? (env["SELVEDGE_URL"] || undefined) ?? login?.url ?? `http://127.0.0.1:${env["PORT"] || "4000"}`);
  const given = options.token ?? (env["SELVEDGE_TOKEN"] || undefined);
  if (given !== undefined) return { url, token: given };
  if (login !== null && new URL(login.url).origin === new URL(url).origin) return { url, token: login.token };
  return { url, token: isThisMachine(url) ? await readIfThere(join(resolve(env["SELVEDGE_DATA_DIR"] || ".selvedge"), "token")) : null };
}

/** Where `login` keeps url and token: 0600, under the XDG configuration folder. */
export const loginFile = (env: Terminal["env"]): string => join(env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config"), "selvedge", "login.json");

export async function writeLogin(login: Login, env: Terminal["env"]): Promise<string> {
  const file = loginFile(env);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
  return file;
}

async function readLogin(env: Terminal["env"]): Promise<Login | null> {
  const file = loginFile(env);
  const text = await readIfThere(file);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "url" in value && "token" in value && typeof value.url === "string" && typeof value.token === "string") {
      return { url: checkUrl(value.url), token: value.token };
    }
  } catch {
    // Falls through: both an unreadable and a wrong file are answered alike.
  }
  throw new UsageError(`${file} is not what login wrote; run \`selvedge login\` again.`);
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EACCES" || error.code === "ENOTDIR")) return null;
    throw error;
  }
}

export function checkUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) throw new UsageError(`${text} is no address of a server: http://host:port or https://host`);
  return text;
}

const isThisMachine = (url: string): boolean => ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
