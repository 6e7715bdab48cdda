import { randomUUID } from "node:crypto";
import {
  accepted,
  ClusterDocument,
  type DisconnectMode,
  EndFaultDocument,
  type FaultKind,
  type FaultRowFragment,
  FaultsDocument,
  InjectFaultDocument,
  type InjectFaultInput,
} from "../../typescript/index.ts";
import { EXIT, type ExitCode, FailedError, UsageError } from "../exit.ts";
import { RETRYING } from "../finish.ts";
import { age, duration } from "../format.ts";
import { clusterId, findPod } from "../lookup.ts";
import { type Format, show } from "../output.ts";
import { collect, PAGE_SIZE, type Session } from "../session.ts";
import { didYouMean } from "../suggest.ts";
import type { Column } from "../table.ts";
import { plain } from "../text.ts";
import { listing } from "./get.ts";

export interface InjectFaultOptions {
  readonly output: Format;
  /** The target; or where the node or pod is that is the target. */
  readonly cluster?: string | undefined;
  readonly node?: string | undefined;
  readonly pod?: string | undefined;
  /** Milliseconds. */
  readonly for: number;
  readonly mode?: DisconnectMode | undefined;
  readonly seed?: number | undefined;
}

export async function listFaults(session: Session, { output }: { readonly output: Format }): Promise<ExitCode> {
  const { faults, server } = await session.client.execute(FaultsDocument);
  show(session, output, faults, () => listing(session, "faults in force", faultColumns(server.now), faults));
  return EXIT.done;
}

export async function injectFault(session: Session, kind: FaultKind, options: InjectFaultOptions): Promise<ExitCode> {
  const { mode = null, seed = null } = options;
  const input = { kind, ...(await targetOf(session, kind, options)), durationSeconds: Math.round(options.for / 1_000), mode, seed, idempotencyKey: randomUUID() };
  const { injectFault: payload } = await session.client.executeWith(RETRYING, InjectFaultDocument, { input });
  const { fault } = accepted(payload);
  show(session, options.output, { fault }, () => (fault === null ? [] : [`${fault.kind} on ${plain(targetName(fault))} for ${duration(options.for)}.`, `End it before: selvedge faults end ${fault.id}`]));
  return EXIT.done;
}

export async function endFault(session: Session, id: string, { output }: { readonly output: Format }): Promise<ExitCode> {
  const { endFault: payload } = await session.client.executeWith(RETRYING, EndFaultDocument, { input: { faultId: id, idempotencyKey: randomUUID() } });
  const { fault } = accepted(payload);
  show(session, output, { fault }, () => (fault === null ? [] : [`${fault.kind} on ${plain(targetName(fault))} has ended.`]));
  return EXIT.done;
}

/** The narrowest of what is named: a pod, a node, a cluster. */
async function targetOf(session: Session, kind: FaultKind, { cluster, node, pod }: InjectFaultOptions): Promise<Pick<InjectFaultInput, "clusterId" | "nodeId" | "podId">> {
  if (pod !== undefined && node !== undefined) throw new UsageError("Give one target: --pod or --node, not both");
  if (pod !== undefined) return { podId: (await findPod(session, pod, cluster)).id };
  if (kind === "CRASH_POD") throw new UsageError("CRASH_POD needs --pod <name>; selvedge get pods lists them");
  if (cluster === undefined) throw new UsageError(`${kind} needs ${node === undefined ? "" : "the node's "}--cluster <code>; selvedge get clusters lists them`);
  if (node !== undefined) return { nodeId: await nodeId(session, cluster, node) };
  if (kind === "FAIL_NODE") throw new UsageError(`FAIL_NODE needs --node <name>; selvedge get nodes --cluster ${cluster} lists them`);
  return { clusterId: await clusterId(session, cluster) };
}

async function nodeId(session: Session, code: string, name: string): Promise<string> {
  await clusterId(session, code);
  const { nodes } = await collect(session.terminal, session.client.pages(ClusterDocument, { code, nodes: PAGE_SIZE }, (data) => {
    if (data.cluster === null) throw new FailedError(`There is no cluster ${code}.`);
    return data.cluster.nodes;
  }));
  const found = nodes.find((node) => node.name === name || node.id === name);
  if (found === undefined) throw new FailedError(`There is no node ${name} on ${code}.${didYouMean(name, nodes.map((node) => node.name))}`);
  return found.id;
}

const targetName = ({ target, cluster }: FaultRowFragment): string => {
  switch (target.__typename) {
    case "Cluster":
      return target.code;
    case "ClusterNode":
    case "Pod":
      return target.name;
    default:
      return cluster.code;
  }
};

const faultColumns = (now: string): Column<FaultRowFragment>[] => [
  { header: "ID", whole: true, cell: ({ id }) => id },
  { header: "KIND", whole: true, cell: ({ kind }) => kind },
  { header: "TARGET", cell: targetName },
  { header: "CLUSTER", spare: 2, cell: ({ cluster }) => cluster.code },
  { header: "MODE", spare: 1, cell: ({ mode }) => mode ?? "" },
  { header: "SEED", right: true, spare: 3, cell: ({ seed }) => seed },
  { header: "AGE", right: true, cell: ({ startedAt }) => age(startedAt, now) },
  { header: "LEFT", right: true, cell: ({ endsAt }) => duration(Date.parse(endsAt) - Date.parse(now)) },
];
