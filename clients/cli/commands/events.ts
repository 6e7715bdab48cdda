import { stringify } from "yaml";
import { type EventFilter, type EventRowFragment, EventsDocument, type EventType, GraphqlError, WatchEventsDocument } from "../../typescript/index.ts";
import { UsageError } from "../exit.ts";
import { troubleOf } from "../follow.ts";
import { age } from "../format.ts";
import { clusterId, findApplication, findPod } from "../lookup.ts";
import { type Format, show } from "../output.ts";
import { PAGE_SIZE, type Session } from "../session.ts";
import { type Column, createTableWriter, formatTable } from "../table.ts";
import { spokenTrouble } from "../watch/view.ts";
import { type GetOptions, listing, mustExist } from "./get.ts";

export interface EventOptions extends GetOptions {
  readonly pod?: string | undefined;
  readonly type?: EventType | undefined;
  readonly reason?: readonly string[] | undefined;
  readonly keyword?: string | undefined;
  /** Milliseconds. */
  readonly since?: number | undefined;
  /** Stay, and show each event as it is stored. */
  readonly follow?: boolean | undefined;
}

/** How far back a list goes, and how many of the newest it shows. */
const SINCE_MS = 3_600_000;
const SHOWN = 1_000;

/** The newest last, as people read what happened. */
export async function getEvents(session: Session, options: EventOptions): Promise<void> {
  const filter = await filterOf(session, options);
  if (options.follow === true) return followEvents(session, options, filter);
  const { nodes, now, isCut } = await listed(session, options, filter);
  show(session, options.output, nodes, () => [
    ...(isCut ? [session.style("dim", `Only the newest ${SHOWN} are looked at: say --since, --reason or --keyword`)] : []),
    ...listing(session, "events", eventColumns(now), nodes),
  ]);
}

interface Listed {
  readonly nodes: readonly EventRowFragment[];
  readonly now: string;
  readonly isCut: boolean;
}

async function listed(session: Session, options: EventOptions, filter: EventFilter): Promise<Listed> {
  const { client, terminal } = session;
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
  return { nodes: found.filter(isOf(options)).toReversed(), now, isCut };
}

const isOf = ({ namespace, app }: EventOptions) => ({ application }: EventRowFragment): boolean => namespace === undefined || app !== undefined || application?.namespace.name === namespace;

/**
 * The list, and then each event once as it is stored, until Ctrl-C: across restarts of the server, which are told on the error output. The stream is opened before the list is read, so
 * nothing falls in between; what is in both is shown with the list. Late reports are shown as well, however long ago that was.
 */
async function followEvents(session: Session, options: EventOptions, filter: EventFilter): Promise<void> {
  const { client, terminal } = session;
  const print = eventPrinter(session, options.output);
  const trouble = spokenTrouble(session);
  const { since: _since, ...always } = filter;
  let shown: ReadonlySet<string> | null = null;
  while (!terminal.interrupted.aborted) {
    try {
      for await (const { events: { events } } of client.subscribe(WatchEventsDocument, { filter: always }, { signal: terminal.interrupted, onState: (state) => trouble(troubleOf(state)) })) {
        if (shown === null) {
          const { nodes } = await listed(session, options, filter);
          shown = new Set(nodes.map(({ id }) => id));
          print(nodes);
        }
        const listedBefore = shown;
        print(events.filter((event) => !listedBefore.has(event.id)).filter(isOf(options)));
      }
    } catch (error) {
      if (!(error instanceof GraphqlError) || error.code !== "CURSOR_EXPIRED") throw error;
      terminal.err.write("away for longer than events are kept: some are missing here\n");
    }
  }
  terminal.interrupted.throwIfAborted();
}

/** Lines as they come: with the time, not the age, which would be wrong a moment later. For programs one object a line, or YAML documents. */
function eventPrinter(session: Session, format: Format): (events: readonly EventRowFragment[]) => void {
  const writer = createTableWriter(session.style);
  const columns: Column<EventRowFragment>[] = [{ header: "TIME", whole: true, cell: ({ at }) => at.slice(0, 19) + "Z" }, ...eventColumns("").slice(1)];
  return (events) => {
    if (events.length === 0) return;
    if (format === "table") session.print(writer(columns, events));
    else session.print(events.map((event) => (format === "json" ? JSON.stringify(event) : `---\n${stringify(event).trimEnd()}`)));
  };
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
