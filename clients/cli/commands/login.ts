import { ViewerDocument } from "../../typescript/index.ts";
import { withSession } from "../session.ts";
import { checkUrl, readSettings, writeLogin } from "../settings.ts";
import { UsageError } from "../exit.ts";
import type { Terminal } from "../terminal.ts";
import { plain } from "../text.ts";

/** Tries url and token, and stores them once the server has accepted them. */
export async function login(terminal: Terminal, options: { readonly url?: string | undefined; readonly token?: string | undefined }): Promise<void> {
  const settings = await readSettings(options, terminal);
  if (settings.token === null) throw new UsageError("login needs a token: --token, SELVEDGE_TOKEN, or the data directory of a server on this machine");
  const { token } = settings;
  const { viewer } = await withSession(terminal, { url: settings.url, token }, ({ client }) => client.execute(ViewerDocument));
  const file = await writeLogin({ url: checkUrl(settings.url), token }, terminal.env);
  terminal.out.write(`Logged in to ${settings.url} as ${plain(viewer.name)} (${viewer.role}, tenant ${plain(viewer.tenant.name)}); kept in ${file}\n`);
}
