import { randomUUID } from "node:crypto";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";
import { accepted, CloseTerminalDocument, OpenTerminalDocument, PodDocument, PodsDocument, RefusedError, ResizeTerminalDocument, SendTerminalInputDocument, WatchTerminalDocument } from "../../typescript/index.ts";
import { type ExitCode, FailedError, UsageError } from "../exit.ts";
import { clusterId, findApplication, findPod, kindAndName } from "../lookup.ts";
import { PAGE_SIZE, type Session } from "../session.ts";

export interface ExecOptions {
  readonly namespace: string;
  readonly container?: string | undefined;
  readonly cluster?: string | undefined;
  readonly stdin: boolean;
  readonly tty: boolean;
}

const RETRYING = { retryForMs: 60_000 };
/** UTF-16 units of one piece, and pieces under way at once. */
const PIECE = 4_096;
const UNDER_WAY = 8;
/** The end of what is typed, where there is no terminal. */
const END = "\u0004";
const WAIT_MS = 100;

/** Runs a command in a container, and passes its output and its exit code on. With a terminal it is as if one sat in front of the container. */
export async function exec(session: Session, [name, ...command]: readonly string[], options: ExecOptions): Promise<ExitCode> {
  const { container, stdin, tty } = options;
  const { client, terminal } = session;
  const { input, out } = terminal;
  if (name === undefined) throw new UsageError("Name a pod; selvedge get pods lists them");
  if (tty && !stdin) throw new UsageError("-t needs -i: a terminal that nobody types into is of no use");
  const isTerminal = tty && input.isTTY === true && out.isTTY === true;
  if (tty && !isTerminal) terminal.err.write("Input or output is no terminal: the command runs without one.\n");
  const pod = await find(session, name, options);
  const chosen = container ?? (await client.execute(PodDocument, { id: pod.id, events: 1 })).pod?.containers[0]?.name;
  if (chosen === undefined) throw new FailedError(`The pod ${pod.name} has no container.`);

  // A terminal that was never told its size says 0.
  const size = (): { readonly columns: number; readonly rows: number } => (isTerminal ? { columns: out.columns || 80, rows: out.rows || 24 } : { columns: 0, rows: 0 });
  const opening = { podId: pod.id, container: chosen, ...(command.length > 0 ? { command } : {}), ...size(), idempotencyKey: randomUUID() };
  const opened = accepted((await client.executeWith(RETRYING, OpenTerminalDocument, { input: opening })).openTerminal).session;
  if (opened === null) throw new FailedError(`The pod ${pod.name} is gone.`);
  const sessionId = opened.id;

  const over = new AbortController();
  // What can't be typed ends it: going on would be to sit before a dead keyboard.
  const typist = createTypist(session, sessionId, over);
  const decoder = new StringDecoder("utf8");
  const onData = (data: Buffer | string): void => typist.type(typeof data === "string" ? data : decoder.write(data));
  const onEnd = (): void => typist.type(`${decoder.end()}${END}`);
  const onResize = (): void => void client.execute(ResizeTerminalDocument, { input: { sessionId, ...size() } }).catch(() => undefined);
  try {
    if (isTerminal) {
      input.setRawMode?.(true);
      out.on?.("resize", onResize);
    }
    if (stdin) {
      input.on("data", onData);
      input.once("end", onEnd);
    } else typist.type(END);
    // Nothing need be said for as long as nobody types: the connection is pinged.
    for await (const { terminal: shown } of client.subscribe(WatchTerminalDocument, { sessionId }, { signal: over.signal, silenceMs: Infinity })) {
      out.write(shown.data);
      if (shown.exitCode !== null) return shown.exitCode;
    }
    terminal.interrupted.throwIfAborted();
    throw new FailedError("The terminal ended without an exit code.");
  } catch (error) {
    throw typist.failure ?? error;
  } finally {
    over.abort();
    input.removeListener("data", onData);
    input.removeListener("end", onEnd);
    out.removeListener?.("resize", onResize);
    if (isTerminal) input.setRawMode?.(false);
    input.pause();
    input.unref?.();
    // It is over already where an exit code came.
    if (terminal.interrupted.aborted || typist.failure !== null) await client.execute(CloseTerminalDocument, { input: { sessionId } }).catch(() => undefined);
  }
}

/** `pod/name`, a pod's name, or `app/name`: of that one a pod that runs, best one that is ready on a cluster that is heard from. */
async function find(session: Session, text: string, { namespace, cluster }: ExecOptions): Promise<{ readonly id: string; readonly name: string }> {
  const { kind, name } = kindAndName(text);
  if (kind !== "app") return findPod(session, name, cluster);
  const application = await findApplication(session, namespace, name);
  const clusterIds = cluster === undefined ? {} : { clusterIds: [await clusterId(session, cluster)] };
  const { pods } = await session.client.execute(PodsDocument, { first: PAGE_SIZE, filter: { applicationIds: [application.id], phases: ["RUNNING"], ...clusterIds } });
  const pod = pods.nodes.find(({ ready, stale }) => ready && !stale) ?? pods.nodes[0];
  if (pod === undefined) throw new FailedError(`No pod of ${name} runs${cluster === undefined ? "" : ` on ${cluster}`}.`);
  return pod;
}

/** Sends what is typed, numbered, some pieces at once; each again until it is accepted. */
function createTypist({ client, terminal }: Session, sessionId: string, over: AbortController) {
  const { signal } = over;
  let waiting = "";
  let sequence = 0;
  let underWay = 0;
  let failure: Error | null = null;

  const send = async (piece: { readonly sequence: number; readonly data: string }): Promise<void> => {
    for (;;) {
      try {
        return void accepted((await client.executeWith(RETRYING, SendTerminalInputDocument, { input: { sessionId, ...piece } })).sendTerminalInput);
      } catch (error) {
        const state = error instanceof RefusedError ? error.find("InvalidStateError")?.state : null;
        // How it ended, what it shows last says.
        if (state === "ENDED" || signal.aborted) return;
        if (state !== "INPUT_WAITS") throw error;
        await sleep(WAIT_MS);
      }
    }
  };
  const pump = (): void => {
    while (waiting !== "" && underWay < UNDER_WAY && !signal.aborted) {
      let end = Math.min(PIECE, waiting.length);
      const last = waiting.charCodeAt(end - 1);
      if (end < waiting.length && last >= 0xd800 && last <= 0xdbff) end -= 1;
      const data = waiting.slice(0, end);
      waiting = waiting.slice(end);
      sequence += 1;
      underWay += 1;
      if (waiting.length > PIECE * UNDER_WAY) terminal.input.pause();
      void send({ sequence, data })
        .catch((error: unknown) => {
          failure ??= error instanceof Error ? error : new Error(String(error));
          over.abort();
        })
        .finally(() => {
          underWay -= 1;
          if (waiting === "" && !signal.aborted) terminal.input.resume();
          pump();
        });
    }
  };
  return {
    type(text: string): void {
      waiting += text;
      pump();
    },
    get failure() {
      return failure;
    },
  };
}
