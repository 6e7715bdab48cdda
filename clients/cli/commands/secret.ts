import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { stringify } from "yaml";
import {
  accepted,
  type ConfigEntryInput,
  CreateSecretDocument,
  DeleteSecretDocument,
  RevealSecretDocument,
  SecretDocument,
  type SecretQuery,
  type SecretRowFragment,
  SecretsDocument,
  type SecretType,
  UpdateSecretDocument,
} from "../../typescript/index.ts";
import { confirm } from "../confirm.ts";
import { readEntries, readText, readTextOrInput } from "../entries.ts";
import { EXIT, type ExitCode, FailedError, UsageError } from "../exit.ts";
import { finish, RETRYING } from "../finish.ts";
import { age, count } from "../format.ts";
import { missingFrom } from "../lookup.ts";
import { type Format, show } from "../output.ts";
import { collect, PAGE_SIZE, type Session } from "../session.ts";
import { didYouMean } from "../suggest.ts";
import { type Column, formatFacts } from "../table.ts";
import { plain, plainLines } from "../text.ts";
import type { ChangeOptions } from "./change.ts";
import type { CreateConfigOptions, UpdateConfigOptions } from "./config-map.ts";
import type { DescribeOptions } from "./describe.ts";
import { type Lister, listing, mustExist, mustHaveAll } from "./get.ts";
import { usedByLines } from "./used-by.ts";

type Found = SecretQuery["secrets"]["nodes"][number];

export async function createOpaqueSecret(session: Session, name: string, options: CreateConfigOptions): Promise<ExitCode> {
  return create(session, name, "OPAQUE", await readEntries(options, session.terminal.folder), options);
}

export interface RegistryOptions extends ChangeOptions {
  readonly description?: string | undefined;
  readonly server: string;
  readonly username: string;
  readonly password?: string | undefined;
  readonly passwordFile?: string | undefined;
}

/** A registry's login. The password best comes from a file or a pipe: what stands on a command line is in the shell's history. */
export async function createRegistrySecret(session: Session, name: string, options: RegistryOptions): Promise<ExitCode> {
  const { server, username, password, passwordFile } = options;
  if ((password === undefined) === (passwordFile === undefined)) throw new UsageError("Give the password once: --password-file <file>, - for standard input, or --password <text>");
  const secret = password ?? (await readTextOrInput(passwordFile ?? "", session.terminal, "the password")).replace(/\r?\n$/, "");
  return create(session, name, "REGISTRY", Object.entries({ server, username, password: secret }).map(([key, value]) => ({ key, value })), options);
}

export interface TlsOptions extends ChangeOptions {
  readonly description?: string | undefined;
  readonly cert: string;
  readonly key: string;
}

export async function createTlsSecret(session: Session, name: string, options: TlsOptions): Promise<ExitCode> {
  const read = (file: string): Promise<string> => readText(resolve(session.terminal.folder, file), file);
  return create(session, name, "TLS", [{ key: "tls.crt", value: await read(options.cert) }, { key: "tls.key", value: await read(options.key) }], options);
}

async function create(session: Session, name: string, type: SecretType, data: readonly ConfigEntryInput[], options: ChangeOptions & { readonly description?: string | undefined }): Promise<ExitCode> {
  const input = { name, namespace: options.namespace, description: options.description ?? null, type, data, idempotencyKey: randomUUID() };
  const { createSecret: payload } = await session.client.executeWith(RETRYING, CreateSecretDocument, { input });
  const { secret } = accepted(payload);
  show(session, options.output, secret, () => [`Secret ${plain(name)} is there, with ${count(data.length, "key")}.`]);
  return EXIT.done;
}

/** Sets keys, removes keys, and keeps the others. */
export async function updateSecret(session: Session, name: string, options: UpdateConfigOptions): Promise<ExitCode> {
  const data = await readEntries(options, session.terminal.folder);
  const removeKeys = options.remove ?? [];
  if (data.length === 0 && removeKeys.length === 0 && options.description === undefined) throw new UsageError("What shall change? --from-literal, --from-file, --remove or --description say it");
  const { secret } = await findSecret(session, options.namespace, name);
  const input = { secretId: secret.id, description: options.description ?? null, data, removeKeys, expectedVersion: secret.version, idempotencyKey: randomUUID() };
  const { updateSecret: payload } = await session.client.executeWith(RETRYING, UpdateSecretDocument, { input });
  const { operation } = accepted(payload);
  return finish(session, operation, options, { title: `bringing ${name} to its pods`, work: "The update" }, `Secret ${name} is saved; no pods have to be told.`);
}

export const getSecrets: Lister = async (session, names, options) => {
  const filter = { ...(options.namespace === undefined ? {} : { namespaces: [options.namespace] }), ...(names.length === 0 ? {} : { names }) };
  const { nodes, now } = await secretsOf(session, filter);
  if (nodes.length === 0 && options.namespace !== undefined) await mustExist(session, options.namespace);
  await mustHaveAll("Secret", names, nodes.map(({ name }) => name), async () => (await secretsOf(session, {})).nodes.map(({ name }) => name));
  show(session, options.output, nodes, () => listing(session, "Secrets", secretColumns(now), nodes));
};

const secretsOf = (session: Session, filter: { readonly namespaces?: readonly string[]; readonly names?: readonly string[] }) =>
  collect(session.terminal, session.client.pages(SecretsDocument, { first: PAGE_SIZE, filter }, (data) => data.secrets));

const secretColumns = (now: string): Column<SecretRowFragment>[] => [
  { header: "NAMESPACE", spare: 2, cell: ({ namespace }) => namespace.name },
  { header: "NAME", whole: true, cell: ({ name }) => name },
  { header: "TYPE", cell: ({ type }) => type },
  { header: "KEYS", right: true, cell: ({ keys }) => keys.length },
  { header: "USED BY", right: true, cell: ({ usedBy }) => usedBy.totalCount },
  { header: "VERSION", right: true, cell: ({ version }) => version },
  { header: "AGE", right: true, cell: ({ createdAt }) => age(createdAt, now) },
  { header: "DESCRIPTION", spare: 3, cell: ({ description }) => description },
];

export async function describeSecret(session: Session, name: string, { namespace, output }: DescribeOptions): Promise<void> {
  const { secret, now } = await findSecret(session, namespace, name);
  const { style } = session;
  show(session, output, secret, () => [
    ...formatFacts(
      [
        ["Name", secret.name],
        ["Namespace", secret.namespace.name],
        ["Id", secret.id],
        ["Type", secret.type],
        ["Description", secret.description],
        ["Version", secret.version],
        ["Age", age(secret.createdAt, now)],
        ["Changed", `${age(secret.updatedAt, now)} ago`],
      ],
      style,
    ),
    "",
    style("bold", count(secret.keys.length, "key")),
    ...secret.keys.map((key) => `${plain(key)}: ${style("dim", "not shown")}`),
    style("dim", `Values: selvedge reveal secret ${plain(secret.name)}${namespace === "default" ? "" : ` -n ${plain(namespace)}`}`),
    ...usedByLines(session, secret.users),
  ]);
}

export async function deleteSecret(session: Session, name: string, options: ChangeOptions & { readonly yes: boolean }): Promise<ExitCode> {
  const { secret } = await findSecret(session, options.namespace, name);
  if (!options.yes) await confirm(session.terminal, `Delete Secret ${name} in ${options.namespace} with its ${count(secret.keys.length, "key")}?`);
  const input = { id: secret.id, expectedVersion: secret.version, idempotencyKey: randomUUID() };
  const { deleteSecret: payload } = await session.client.executeWith(RETRYING, DeleteSecretDocument, { input });
  const { operation, deletedId } = accepted(payload);
  if (operation !== null) return finish(session, operation, options, { title: `deleting ${name}`, work: "The deletion" }, "");
  show(session, options.output, { deletedId }, () => [`Secret ${plain(name)} is gone.`]);
  return EXIT.done;
}

export interface RevealOptions {
  readonly output: Format;
  readonly namespace: string;
  readonly key?: readonly string[] | undefined;
  readonly yes: boolean;
}

/**
 * Prints values, once it was confirmed. One key: the bare value, so that it can be piped on; several: YAML of them. On a terminal without
 * control characters; elsewhere byte for byte.
 */
export async function revealSecret(session: Session, name: string, options: RevealOptions): Promise<ExitCode> {
  const { secret } = await findSecret(session, options.namespace, name);
  const keys = options.key ?? [];
  const missing = keys.find((key) => !secret.keys.includes(key));
  if (missing !== undefined) throw new FailedError(`Secret ${name} has no key ${missing}.${didYouMean(missing, secret.keys)}`);
  if (!options.yes) await confirm(session.terminal, `Show ${keys.length === 0 ? "every value" : keys.join(", ")} of Secret ${name}? The audit log keeps that you asked.`);
  const { revealSecret: payload } = await session.client.execute(RevealSecretDocument, { input: { id: secret.id, keys: keys.length === 0 ? null : keys } });
  const { data } = accepted(payload);
  const [only] = data;
  if (options.output === "table" && keys.length === 1 && only !== undefined) writeValue(session, only.value);
  else if (options.output === "table") session.print(stringify(Object.fromEntries(data.map(({ key, value }) => [key, value]))).trimEnd().split("\n").map(plain));
  else show(session, options.output, data, () => []);
  return EXIT.done;
}

function writeValue({ terminal, print }: Session, value: string): void {
  if (terminal.out.isTTY === true) print(plainLines(value));
  else terminal.out.write(value);
}

async function findSecret(session: Session, namespace: string, name: string): Promise<{ readonly secret: Found; readonly now: string }> {
  const { secrets, server } = await session.client.execute(SecretDocument, { namespace, name });
  const [secret] = secrets.nodes;
  if (secret === undefined) throw missingFrom("Secret", namespace, name, (await secretsOf(session, {})).nodes);
  session.named.set(secret.id, name);
  return { secret, now: server.now };
}
