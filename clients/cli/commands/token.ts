import { randomUUID } from "node:crypto";
import {
  accepted,
  CreateApiTokenDocument,
  RevokeApiTokenDocument,
  type Role,
  ServerDocument,
  TokensDocument,
  type TokensQuery,
} from "../../typescript/index.ts";
import { confirm } from "../confirm.ts";
import { EXIT, type ExitCode, FailedError } from "../exit.ts";
import { age, duration } from "../format.ts";
import { type Format, show } from "../output.ts";
import { collect, PAGE_SIZE, type Session } from "../session.ts";
import { didYouMean } from "../suggest.ts";
import type { Cell, Column } from "../table.ts";
import { plain } from "../text.ts";
import { type GetOptions, listing, mustHaveAll } from "./get.ts";

type Token = TokensQuery["viewer"]["tenant"]["apiTokens"]["nodes"][number];

export interface CreateTokenOptions {
  readonly output: Format;
  readonly role: Role;
  readonly namespace?: readonly string[] | undefined;
  /** Milliseconds from now; absent for a token that does not expire. */
  readonly expires?: number | undefined;
}

/** No retrying here: a replay answers without the secret, so the token would be there and nobody could use it. */
export async function createToken(session: Session, name: string, { output, role, namespace, expires }: CreateTokenOptions): Promise<ExitCode> {
  const input = {
    name,
    role,
    namespaces: namespace ?? null,
    expiresAt: expires === undefined ? null : await fromNow(session, expires),
    idempotencyKey: randomUUID(),
  };
  const { createApiToken: payload } = await session.client.execute(CreateApiTokenDocument, { input });
  const { apiToken, secret } = accepted(payload);
  show(session, output, { apiToken, secret }, () => [secret ?? ""]);
  // Apart from the secret, so that `TOKEN=$(selvedge create token …)` holds nothing else.
  if (output === "table") session.terminal.err.write(`Token ${plain(name)} (${role}) is there. This is the only time that it is shown.\n`);
  return EXIT.done;
}

/** By the server's clock, which may run faster than this machine's. */
export async function fromNow(session: Session, milliseconds: number): Promise<string> {
  const { server } = await session.client.execute(ServerDocument);
  return new Date(Date.parse(server.now) + milliseconds).toISOString();
}

export async function getTokens(session: Session, names: readonly string[], options: GetOptions): Promise<void> {
  const { nodes: all, now } = await allTokens(session);
  const nodes = names.length === 0 ? all : all.filter(({ id, name }) => names.includes(name) || names.includes(id));
  const known = all.flatMap(({ id, name }) => [name, id]);
  await mustHaveAll("token", names, known, async () => all.map(({ name }) => name));
  show(session, options.output, nodes, () => listing(session, "tokens", tokenColumns(now), nodes));
}

const tokenColumns = (now: string): Column<Token>[] => [
  { header: "NAME", cell: ({ name }) => name },
  { header: "ROLE", cell: ({ role }) => role },
  { header: "NAMESPACES", cell: ({ namespaces }) => namespaces?.join(", ") ?? "all" },
  { header: "PREFIX", cell: ({ prefix }) => prefix },
  { header: "STATE", cell: (token) => stateOf(token, now) },
  { header: "USED", right: true, cell: ({ lastUsedAt }) => (lastUsedAt === null ? "never" : `${age(lastUsedAt, now)} ago`) },
  { header: "AGE", right: true, cell: ({ createdAt }) => age(createdAt, now) },
  { header: "ID", cell: ({ id }) => id },
];

function stateOf({ revokedAt, expiresAt }: Token, now: string): Cell {
  if (revokedAt !== null) return { text: "revoked", color: "dim" };
  if (expiresAt === null) return { text: "valid", color: "green" };
  const left = Date.parse(expiresAt) - Date.parse(now);
  return left <= 0 ? { text: "expired", color: "dim" } : { text: `valid for ${duration(left)}`, color: "green" };
}

/** By id, or by a name that only one unrevoked token has. */
export async function deleteToken(session: Session, wanted: string, { output, yes }: { readonly output: Format; readonly yes: boolean }): Promise<ExitCode> {
  const token = await findToken(session, wanted);
  session.named.set(token.id, token.name);
  if (!yes) await confirm(session.terminal, `Revoke token ${token.name} (${token.role}, ${token.prefix}…)?`);
  const { revokeApiToken: payload } = await session.client.executeWith({ retryForMs: 30_000 }, RevokeApiTokenDocument, { input: { id: token.id, idempotencyKey: randomUUID() } });
  const { apiToken } = accepted(payload);
  show(session, output, { apiToken }, () => [`Token ${plain(token.name)} is revoked.`]);
  return EXIT.done;
}

async function findToken(session: Session, wanted: string): Promise<Token> {
  const { nodes } = await allTokens(session);
  const byId = nodes.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const valid = nodes.filter(({ revokedAt }) => revokedAt === null);
  const named = valid.filter(({ name }) => name === wanted);
  if (named.length > 1) throw new FailedError(`${named.length} tokens are called ${wanted}; give the id: ${named.map(({ id }) => id).join(" or ")}`);
  const [token] = named;
  if (token === undefined) throw new FailedError(`There is no token ${wanted}.${didYouMean(wanted, valid.map(({ name }) => name))}`);
  return token;
}

const allTokens = (session: Session) =>
  collect(
    session.terminal,
    session.client.pages(TokensDocument, { first: PAGE_SIZE }, (data) => data.viewer.tenant.apiTokens),
  );
