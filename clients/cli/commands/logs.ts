import { ApplicationIdDocument, ApplicationLogsDocument, FollowLogsDocument, type LogFilter, type LogRowFragment, type LogStream, PodLogsDocument, ServerDocument } from "../../typescript/index.ts";
import { FailedError } from "../exit.ts";
import { troubleOf } from "../follow.ts";
import { findPod, kindAndName, noSuchApplication } from "../lookup.ts";
import { PAGE_SIZE, type Session } from "../session.ts";
import { plain } from "../text.ts";

export interface LogOptions {
  readonly namespace: string;
  readonly cluster?: string | undefined;
  readonly follow: boolean;
  readonly tail?: number | undefined;
  /** Milliseconds. */
  readonly since?: number | undefined;
  readonly container?: string | undefined;
  readonly keyword?: string | undefined;
  readonly stream?: LogStream | undefined;
  readonly output: "text" | "json";
}

/** What a list shows that is not told how much. */
const SHOWN = 100;
/** With --since and no --tail: no more than that. */
const SHOWN_SINCE = 10_000;
/** A stream begins with so many lines at most. */
const MOST_TAIL = 1_000;

interface Target {
  readonly kind: "pod" | "app";
  readonly id: string;
}

/** Lines of a pod or of all pods of an application, the newest last; with `follow` all that come from then on, each once, until Ctrl-C. */
export async function logs(session: Session, name: string, options: LogOptions): Promise<void> {
  const target = await find(session, name, options);
  const filter = await filterOf(session, options);
  if (options.follow) await follow(session, target, filter, options);
  else await list(session, target, filter, options);
}

/** `app/name`, `pod/name`, an id, or a name: of an application, else of a pod. */
async function find(session: Session, text: string, { namespace, cluster }: LogOptions): Promise<Target> {
  if (text.startsWith("Pod.")) return { kind: "pod", id: text };
  if (text.startsWith("Application.")) return { kind: "app", id: text };
  const { kind, name } = kindAndName(text);
  if (kind !== "pod") {
    const { application } = await session.client.execute(ApplicationIdDocument, { namespace, name });
    if (application !== null) return { kind: "app", id: application.id };
    if (kind !== null) throw await noSuchApplication(session, namespace, name);
  }
  try {
    return { kind: "pod", id: (await findPod(session, name, cluster)).id };
  } catch (error) {
    if (kind === null && error instanceof FailedError && error.message.startsWith("There is no pod")) {
      throw new FailedError(`There is neither an application ${name} in namespace ${namespace} nor a pod ${name}. Lines of pods that are gone are with their application.`);
    }
    throw error;
  }
}

async function filterOf({ client }: Session, { since, container, keyword, stream }: LogOptions): Promise<LogFilter> {
  return {
    // By the server's clock, which may run faster than this machine's.
    ...(since === undefined ? {} : { since: new Date(Date.parse((await client.execute(ServerDocument)).server.now) - since).toISOString() }),
    ...(container === undefined ? {} : { container }),
    ...(keyword === undefined ? {} : { keyword }),
    ...(stream === undefined ? {} : { stream }),
  };
}

async function list(session: Session, { kind, id }: Target, filter: LogFilter, options: LogOptions): Promise<void> {
  const most = options.tail ?? (options.since === undefined ? SHOWN : SHOWN_SINCE);
  const found: LogRowFragment[] = [];
  const variables = { id, first: Math.min(PAGE_SIZE, Math.max(1, most)), filter };
  const empty = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
  const pages = kind === "pod"
    ? session.client.pages(PodLogsDocument, variables, ({ pod }) => pod?.logs ?? empty)
    : session.client.pages(ApplicationLogsDocument, variables, ({ application }) => application?.logs ?? empty);
  let isCut = false;
  for await (const { page } of pages) {
    session.terminal.interrupted.throwIfAborted();
    found.push(...page.nodes);
    isCut = found.length >= most && (found.length > most || page.pageInfo.hasNextPage);
    if (found.length >= most) break;
  }
  print(session, found.slice(0, most).toReversed(), kind, options);
  if (isCut && options.tail === undefined) session.terminal.err.write(`Only the newest ${most} lines are shown: say --tail or --since\n`);
}

/** Outlives restarts of the server: no line is lost, and none comes twice. What it can't know, it says. */
async function follow(session: Session, { kind, id }: Target, filter: LogFilter, options: LogOptions): Promise<void> {
  const { client, terminal } = session;
  const tail = options.tail ?? (options.since === undefined ? SHOWN : undefined);
  const target = kind === "pod" ? { podId: id } : { applicationId: id };
  let isStale = false;
  const stream = client.subscribe(FollowLogsDocument, { target, filter, ...(tail === undefined ? {} : { tail: Math.min(tail, MOST_TAIL) }) }, {
    signal: terminal.interrupted,
    onState: (state) => {
      const trouble = troubleOf(state);
      if (isStale === (trouble !== null)) return;
      isStale = trouble !== null;
      terminal.err.write(trouble === null ? "connected again; nothing was missed\n" : `reconnecting… (${plain(trouble)}); what was shown is stale\n`);
    },
  });
  for await (const { logs: { lines } } of stream) print(session, lines, kind, options);
}

function print(session: Session, lines: readonly LogRowFragment[], kind: Target["kind"], { output }: LogOptions): void {
  session.print(lines.map((line) => (output === "json" ? JSON.stringify(line) : lineText(session, line, kind))));
}

/** Of one pod only its container need be named. */
function lineText({ style }: Session, { at, podName, container, stream, line }: LogRowFragment, kind: Target["kind"]): string {
  const source = plain(kind === "app" ? `${podName}/${container}` : container);
  const text = plain(line);
  const said = stream === "SYSTEM" ? style("dim", `-- ${text}`) : stream === "STDERR" ? style("red", text) : text;
  return `${style("dim", at)} ${source} ${said}`;
}
