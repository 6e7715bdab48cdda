import { randomUUID } from "node:crypto";
import {
  accepted,
  ConfigMapDocument,
  type ConfigMapQuery,
  type ConfigMapRowFragment,
  ConfigMapsDocument,
  CreateConfigMapDocument,
  DeleteConfigMapDocument,
  UpdateConfigMapDocument,
} from "../../typescript/index.ts";
import { confirm } from "../confirm.ts";
import { type EntrySources, readEntries } from "../entries.ts";
import { EXIT, type ExitCode, FailedError, UsageError } from "../exit.ts";
import { finish, RETRYING } from "../finish.ts";
import { age, count } from "../format.ts";
import { missingFrom } from "../lookup.ts";
import { show } from "../output.ts";
import { collect, PAGE_SIZE, type Session } from "../session.ts";
import { didYouMean } from "../suggest.ts";
import { type Column, formatFacts } from "../table.ts";
import { plain, plainLines } from "../text.ts";
import type { ChangeOptions } from "./change.ts";
import type { DescribeOptions } from "./describe.ts";
import { type Lister, listing, mustExist, mustHaveAll } from "./get.ts";
import { usedByLines } from "./used-by.ts";

type Found = ConfigMapQuery["configMaps"]["nodes"][number];

export interface CreateConfigOptions extends ChangeOptions, EntrySources {
  readonly description?: string | undefined;
}

export async function createConfigMap(session: Session, name: string, options: CreateConfigOptions): Promise<ExitCode> {
  const data = await readEntries(options, session.terminal.folder);
  const input = { name, namespace: options.namespace, description: options.description ?? null, data, idempotencyKey: randomUUID() };
  const { createConfigMap: payload } = await session.client.executeWith(RETRYING, CreateConfigMapDocument, { input });
  const { configMap } = accepted(payload);
  show(session, options.output, configMap, () => [`ConfigMap ${plain(name)} is there, with ${count(data.length, "key")}.`]);
  return EXIT.done;
}

export interface UpdateConfigOptions extends CreateConfigOptions {
  readonly remove?: readonly string[] | undefined;
}

/** Sets keys, removes keys, and keeps the others: the server takes the whole data, so it is read first, and a change in between is refused. */
export async function updateConfigMap(session: Session, name: string, options: UpdateConfigOptions): Promise<ExitCode> {
  const given = await readEntries(options, session.terminal.folder);
  const gone = new Set(options.remove);
  if (given.length === 0 && gone.size === 0 && options.description === undefined) throw new UsageError("What shall change? --from-literal, --from-file, --remove or --description say it");
  const { configMap } = await findConfigMap(session, options.namespace, name);
  const missing = [...gone].find((key) => !configMap.keys.includes(key));
  if (missing !== undefined) throw new FailedError(`ConfigMap ${name} has no key ${missing}.${didYouMean(missing, configMap.keys)}`);
  const data = new Map(configMap.data.map(({ key, value }) => [key, value]));
  for (const key of gone) data.delete(key);
  for (const { key, value } of given) data.set(key, value);
  const input = {
    configMapId: configMap.id,
    description: options.description ?? null,
    data: [...data].map(([key, value]) => ({ key, value })),
    expectedVersion: configMap.version,
    idempotencyKey: randomUUID(),
  };
  const { updateConfigMap: payload } = await session.client.executeWith(RETRYING, UpdateConfigMapDocument, { input });
  const { operation } = accepted(payload);
  return finish(session, operation, options, { title: `bringing ${name} to its pods`, work: "The update" }, `ConfigMap ${name} is saved; no pods have to be told.`);
}

export const getConfigMaps: Lister = async (session, names, options) => {
  const filter = { ...(options.namespace === undefined ? {} : { namespaces: [options.namespace] }), ...(names.length === 0 ? {} : { names }) };
  const { nodes, now } = await configMapsOf(session, filter);
  if (nodes.length === 0 && options.namespace !== undefined) await mustExist(session, options.namespace);
  await mustHaveAll("ConfigMap", names, nodes.map(({ name }) => name), async () => (await configMapsOf(session, {})).nodes.map(({ name }) => name));
  show(session, options.output, nodes, () => listing(session, "ConfigMaps", configMapColumns(now), nodes));
};

const configMapsOf = (session: Session, filter: { readonly namespaces?: readonly string[]; readonly names?: readonly string[] }) =>
  collect(session.terminal, session.client.pages(ConfigMapsDocument, { first: PAGE_SIZE, filter }, (data) => data.configMaps));

const configMapColumns = (now: string): Column<ConfigMapRowFragment>[] => [
  { header: "NAMESPACE", spare: 2, cell: ({ namespace }) => namespace.name },
  { header: "NAME", whole: true, cell: ({ name }) => name },
  { header: "KEYS", right: true, cell: ({ keys }) => keys.length },
  { header: "USED BY", right: true, cell: ({ usedBy }) => usedBy.totalCount },
  { header: "VERSION", right: true, cell: ({ version }) => version },
  { header: "AGE", right: true, cell: ({ createdAt }) => age(createdAt, now) },
  { header: "DESCRIPTION", spare: 3, cell: ({ description }) => description },
];

export async function describeConfigMap(session: Session, name: string, { namespace, output }: DescribeOptions): Promise<void> {
  const { configMap, now } = await findConfigMap(session, namespace, name);
  const { style } = session;
  show(session, output, configMap, () => [
    ...formatFacts(
      [
        ["Name", configMap.name],
        ["Namespace", configMap.namespace.name],
        ["Id", configMap.id],
        ["Description", configMap.description],
        ["Version", configMap.version],
        ["Age", age(configMap.createdAt, now)],
        ["Changed", `${age(configMap.updatedAt, now)} ago`],
      ],
      style,
    ),
    "",
    style("bold", count(configMap.data.length, "key")),
    ...configMap.data.flatMap(({ key, value }) => [`${plain(key)}:`, ...plainLines(value).map((line) => `  ${line}`.trimEnd())]),
    ...usedByLines(session, configMap.users),
  ]);
}

export async function deleteConfigMap(session: Session, name: string, options: ChangeOptions & { readonly yes: boolean }): Promise<ExitCode> {
  const { configMap } = await findConfigMap(session, options.namespace, name);
  if (!options.yes) await confirm(session.terminal, `Delete ConfigMap ${name} in ${options.namespace} with its ${count(configMap.keys.length, "key")}?`);
  const input = { id: configMap.id, expectedVersion: configMap.version, idempotencyKey: randomUUID() };
  const { deleteConfigMap: payload } = await session.client.executeWith(RETRYING, DeleteConfigMapDocument, { input });
  const { operation, deletedId } = accepted(payload);
  if (operation !== null) return finish(session, operation, options, { title: `deleting ${name}`, work: "The deletion" }, "");
  show(session, options.output, { deletedId }, () => [`ConfigMap ${plain(name)} is gone.`]);
  return EXIT.done;
}

async function findConfigMap(session: Session, namespace: string, name: string): Promise<{ readonly configMap: Found; readonly now: string }> {
  const { configMaps, server } = await session.client.execute(ConfigMapDocument, { namespace, name });
  const [configMap] = configMaps.nodes;
  if (configMap === undefined) throw missingFrom("ConfigMap", namespace, name, (await configMapsOf(session, {})).nodes);
  session.named.set(configMap.id, name);
  return { configMap, now: server.now };
}
