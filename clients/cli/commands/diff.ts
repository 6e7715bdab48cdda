import {
  accepted,
  ApplicationManifestDocument,
  ConfigMapDocument,
  ImportManifestsDocument,
  type ImportManifestsMutation,
  SecretDocument,
  ServicesDocument,
} from "../../typescript/index.ts";
import { readTextOrInput } from "../entries.ts";
import { EXIT, type ExitCode, FailedError } from "../exit.ts";
import { count } from "../format.ts";
import { clusterIds } from "../lookup.ts";
import { compareFields, compareLines, type FieldChange } from "../manifest/compare.ts";
import { withoutExpanded } from "../manifest/env-from.ts";
import { normalisedDeployment } from "../manifest/normalise.ts";
import { descriptionOf, findObject, isMap, type Manifest, readObjects } from "../manifest/read.ts";
import { normalisedService } from "../manifest/service.ts";
import { type Format, show } from "../output.ts";
import { PAGE_SIZE, type Session } from "../session.ts";
import type { Style } from "../terminal.ts";
import { plain, plainLines } from "../text.ts";

export interface DiffOptions {
  readonly filename: string;
  readonly clusters: readonly string[];
  readonly replicas: number;
  readonly namespace: string;
  /** Also the fields of what would be new. */
  readonly verbose: boolean;
  readonly output: Format;
}

type Imported = ImportManifestsMutation["importManifests"]["objects"][number];

interface Difference {
  readonly kind: string;
  readonly name: string;
  readonly outcome: Imported["outcome"];
  readonly message: string | null;
  readonly changes: readonly FieldChange[];
}

/** What is compared with: the file, and where its applications would run. */
interface Wanted {
  readonly objects: readonly Manifest[];
  readonly namespace: string;
  readonly clusters: readonly { readonly code: string }[];
  readonly replicas: number;
}

/**
 * What an apply of the same file would change. Whether an object would change is the server's word, from a rehearsed import; which fields
 * differ is worked out here, and shown. Done where nothing would change, refused (1) where something would.
 */
export async function diff(session: Session, options: DiffOptions): Promise<ExitCode> {
  const yaml = await readTextOrInput(options.filename, session.terminal, "the manifests");
  const clusters = await clusterIds(session, options.clusters);
  const distribution = { clusters: clusters.map(({ id }) => ({ clusterId: id, replicas: options.replicas })) };
  const { importManifests } = await session.client.execute(ImportManifestsDocument, { input: { yaml, namespace: options.namespace, distribution, dryRun: true } });
  const { objects } = accepted(importManifests);
  const wanted: Wanted = { objects: readObjects(yaml), namespace: options.namespace, clusters, replicas: options.replicas };
  const differences: Difference[] = [];
  for (const object of objects) differences.push(await differenceOf(session, object, wanted));
  show(session, options.output, differences, () => differenceLines(session.style, differences, options.verbose));
  const failed = objects.filter(({ outcome }) => outcome === "FAILED");
  if (failed.length > 0) throw new FailedError(`${count(failed.length, "object")} can't be applied: ${failed.map(({ kind, name }) => `${plain(kind)} ${plain(name)}`).join(", ")}`);
  return objects.some(({ outcome }) => outcome === "CREATED" || outcome === "UPDATED") ? EXIT.refused : EXIT.done;
}

async function differenceOf(session: Session, object: Imported, wanted: Wanted): Promise<Difference> {
  const { kind, name, outcome, message } = object;
  const manifest = findObject(wanted.objects, kind, name);
  const compare = COMPARED[kind];
  const known = manifest !== undefined && compare !== undefined && (outcome === "CREATED" || outcome === "UPDATED");
  const changes = known ? await compare(session, object, manifest, wanted) : [];
  return { kind, name, outcome, message, changes };
}

type Compare = (session: Session, object: Imported, manifest: Manifest, wanted: Wanted) => Promise<FieldChange[]>;

/** For what would be new, against nothing. */
const COMPARED: Readonly<Record<string, Compare>> = {
  async Deployment({ client }, { name, outcome, warnings }, manifest, { namespace, clusters, replicas }) {
    const description = descriptionOf(manifest);
    const after = { ...normalisedDeployment(manifest, warnings), ...described(description), clusters: Object.fromEntries(clusters.map(({ code }) => [code, { replicas }])) };
    if (outcome === "CREATED") return compareFields({}, after);
    const { application } = await client.execute(ApplicationManifestDocument, { namespace, name });
    const present = application === null ? undefined : findObject(readObjects(application.manifest), "Deployment", name);
    if (application === null || present === undefined) return [];
    const before = {
      ...withoutExpanded(normalisedDeployment(present), manifest),
      ...described(description === undefined ? undefined : (descriptionOf(present) ?? "")),
      clusters: Object.fromEntries(application.placements.nodes.map(({ cluster, replicas: { desired } }) => [cluster.code, { replicas: desired }])),
    };
    return compareFields(before, withoutExpanded(after, manifest));
  },
  async ConfigMap({ client }, { name, outcome }, manifest, { namespace }) {
    const description = descriptionOf(manifest);
    const after = { ...described(description), data: isMap(manifest["data"]) ? manifest["data"] : {} };
    if (outcome === "CREATED") return compareFields({}, after);
    const { configMaps } = await client.execute(ConfigMapDocument, { namespace, name });
    const [present] = configMaps.nodes;
    const data = Object.fromEntries((present?.data ?? []).map(({ key, value }) => [key, value] as const));
    return compareFields({ ...described(description === undefined ? undefined : present?.description), data }, after);
  },
  /** Values are not read for this: a comparison is no reason to reveal them. */
  async Secret({ client }, { name, outcome }, manifest, { namespace }) {
    const given = [manifest["data"], manifest["stringData"]].flatMap((data) => (isMap(data) ? Object.keys(data) : []));
    const content = (description: string | undefined, keys: readonly string[]): Manifest => ({ ...described(description), data: Object.fromEntries(keys.map((key) => [key, HIDDEN])) });
    const description = descriptionOf(manifest);
    const after = content(description, given);
    if (outcome === "CREATED") return compareFields({}, after);
    const { secrets } = await client.execute(SecretDocument, { namespace, name });
    const [present] = secrets.nodes;
    const changes = compareFields(content(description === undefined ? undefined : present?.description, present?.keys ?? []), after);
    return changes.length > 0 ? changes : [{ path: "data", before: HIDDEN, after: "(another value, not shown)" }];
  },
  async Service({ client }, { name, outcome }, manifest, { namespace, objects, clusters }) {
    const after = normalisedService(manifest, objects, clusters.map(({ code }) => code));
    if (outcome === "CREATED") return compareFields({}, after);
    const { services } = await client.execute(ServicesDocument, { first: PAGE_SIZE, filter: { namespaces: [namespace], names: [name] } });
    const here = services.nodes.filter(({ cluster }) => clusters.some(({ code }) => code === cluster.code));
    const before = Object.fromEntries(
      here.map(({ cluster, ports }) => [cluster.code, { ports: ports.map(({ port, protocol, containerPort }) => ({ port, protocol, targetPort: containerPort })) }]),
    );
    return compareFields({ clusters: before }, after);
  },
};

const described = (description: string | undefined): Manifest => (description === undefined ? {} : { description });

const HIDDEN = "(not shown)";

const HEADS: Readonly<Record<Imported["outcome"], { readonly sign: string; readonly words: string; readonly color: Parameters<Style>[0] }>> = {
  CREATED: { sign: "+", words: "would be created", color: "green" },
  UPDATED: { sign: "~", words: "would be updated", color: "yellow" },
  UNCHANGED: { sign: "=", words: "unchanged", color: "dim" },
  SKIPPED: { sign: " ", words: "skipped", color: "dim" },
  FAILED: { sign: "!", words: "can't be applied", color: "red" },
};

function differenceLines(style: Style, differences: readonly Difference[], verbose: boolean): string[] {
  const changing = differences.filter(({ outcome }) => outcome !== "UNCHANGED");
  const unchanged = differences.length - changing.length;
  return [
    ...changing.flatMap(({ kind, name, outcome, message, changes }) => {
      const { sign, words, color } = HEADS[outcome];
      const head = style(color, `${sign} ${plain(kind)} ${plain(name)}: ${words}${message === null ? "" : ` (${plain(message)})`}`);
      if (outcome === "UPDATED" && changes.length === 0) return [head, style("dim", "    in what the file leaves to the platform, such as the keys that an envFrom stands for")];
      return [head, ...(outcome === "UPDATED" || verbose ? changes.flatMap((change) => changeLines(style, change)) : [])];
    }),
    ...(unchanged > 0 ? [style("dim", `= ${count(unchanged, "object")} unchanged`)] : []),
    ...(differences.length === 0 ? ["The file holds no objects."] : []),
  ];
}

function changeLines(style: Style, { path, before, after }: FieldChange): string[] {
  const colored = (line: string): string => (line.startsWith("-") ? style("red", `    ${line}`) : line.startsWith("+") ? style("green", `    ${line}`) : style("dim", `    ${line}`));
  if ([before, after].some((text) => text?.includes("\n") === true)) {
    return [`    ${plain(path)}:`, ...compareLines(before ?? "", after ?? "").map((line) => colored(plainLines(line).join(" ")))];
  }
  return [...(before === null ? [] : [colored(`- ${plain(path)}: ${plain(before)}`)]), ...(after === null ? [] : [colored(`+ ${plain(path)}: ${plain(after)}`)])];
}
