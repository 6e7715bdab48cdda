import { type EventFilter, type EventRowFragment, EventsDocument, type EventType } from "../../typescript/index.ts";
import { UsageError } from "../exit.ts";
import { age } from "../format.ts";
import { clusterId, findApplication, findPod } from "../lookup.ts";
import { show } from "../output.ts";
import { PAGE_SIZE, type Session } from "../session.ts";
import { type Column, formatTable } from "../table.ts";
import { type GetOptions, listing, mustExist } from "./get.ts";

export interface EventOptions extends GetOptions {
  readonly pod?: string | undefined;
  readonly type?: EventType | undefined;
  readonly reason?: readonly string[] | undefined;
  readonly keyword?: string | undefined;
  /** Milliseconds. */
  readonly since?: number | undefined;
}

/** How far back a list goes, and how many of the newest it shows. */
const SINCE_MS = 3_600_000;
const SHOWN = 1_000;

/** The newest last, as people read what happened. */
export async function getEvents(session: Session, options: EventOptions): Promise<void> {
  const { client, terminal } = session;
  const filter = await filterOf(session, options);
  const found: EventRowFragment[] = [];
  let now = "";
  let isCut = false;
  for await (const { data, page } of client.pages(EventsDocument, { first: PAGE_SIZE, filter }, ({ events }) => events)) {
    terminal.interrupted.throwIfAborted();
    found.push(...page.nodes);
    now = data.server.now;
    isCut = found.length >= SHOWN && page.pageInfo.hasNextPage;
    if (isCut) break;
  }
  const { namespace, app } = options;
  if (found.length === 0 && namespace !== undefined && app === undefined) await mustExist(session, namespace);
  const nodes = found.filter(({ application }) => namespace === undefined || app !== undefined || application?.namespace.name === namespace).toReversed();
  show(session, options.output, nodes, () => [
    ...(isCut ? [session.style("dim", `Only the newest ${SHOWN} are looked at: say --since, --reason or --keyword`)] : []),
    ...listing(session, "events", eventColumns(now), nodes),
  ]);
}

async function filterOf(session: Session, { namespace, app, cluster, pod, type, reason, keyword, since }: EventOptions): Promise<EventFilter> {
  if (pod !== undefined && (cluster?.length ?? 0) > 1) throw new UsageError("--pod goes with one --cluster at most");
  const { server } = await session.client.execute(EventsDocument, { first: 1 });
  return {
    // By the server's clock, which may run faster than this machine's.
    since: new Date(Date.parse(server.now) - (since ?? SINCE_MS)).toISOString(),
    ...(app === undefined ? {} : { applicationIds: [(await findApplication(session, namespace ?? "default", app)).id] }),
    ...(cluster === undefined ? {} : { clusterIds: await Promise.all(cluster.map((code) => clusterId(session, code))) }),
    ...(pod === undefined ? {} : { podIds: [pod.startsWith("Pod.") ? pod : (await findPod(session, pod, cluster?.[0])).id] }),
    ...(type === undefined ? {} : { type }),
    ...(reason === undefined ? {} : { reasons: reason }),
    ...(keyword === undefined ? {} : { keyword }),
  };
}

export const eventColumns = (now: string): Column<EventRowFragment>[] => [
  { header: "LAST SEEN", right: true, cell: ({ at, firstAt, count }) => (count === 1 ? age(at, now) : `${age(at, now)} (x${count} over ${age(firstAt, now)})`) },
  { header: "TYPE", spare: 1, cell: ({ type }) => ({ text: type, color: type === "WARNING" ? "yellow" : null }) },
  { header: "REASON", whole: true, cell: ({ reason }) => reason },
  { header: "CLUSTER", spare: 3, cell: ({ cluster }) => cluster?.code ?? "" },
  { header: "OBJECT", cell: ({ object }) => object },
  { header: "MESSAGE", cell: ({ message, cause }) => (cause === null ? message : `${message} (${cause})`) },
];

/** Under a heading, the newest last; of one object, so its own name need not stand in each line. */
export function eventLines(session: Session, events: readonly EventRowFragment[], now: string, without: readonly string[] = []): string[] {
  const columns = eventColumns(now).filter(({ header }) => !without.includes(header));
  return ["", session.style("bold", "Events of the last hour"), ...(events.length === 0 ? ["None."] : formatTable(columns, events.toReversed(), session.style, session.width))];
}
