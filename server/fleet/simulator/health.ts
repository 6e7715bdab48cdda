/**
 * Health: what a container answers to its probes, and what follows from that. This is a model, and these are its assumptions:
 *
 * - A container serves the ports that it declares, and every port where it declares none. A probe of another port fails at once (connection
 *   refused). It serves from its start on.
 * - HTTP, gRPC and TCP probes, and commands that say nothing of their outcome, are answered as the container is: at once where it is NORMAL; after
 *   `slowAnswerMs` where it is SLOW; at once with a refusal to be ready (503) where it is UNREADY, but alive to a liveness probe; from the instant on
 *   at which it HANGS, never; one that is CRASHING refuses connections until it exits. An answer that takes longer than the timeout is a failure when the timeout is over.
 * - Commands `false`, `exit N` and `sleep N` do what they say (commands.ts).
 *
 * Probes are those of Kubernetes: the first starts `initialDelaySeconds` after the container, the next a period after the one before, or when that one
 * has ended, whichever is later. A container becomes ready with the `successThreshold`-th success in a row, unready with the `failureThreshold`-th
 * failure in a row; with so many failures in a row of the liveness probe it is killed. Without a readiness probe it is ready after its warm-up.
 *
 * So all answers of a probe before the hang are alike, and all from then on: a container's *course* from its start is known beforehand, in a few
 * instants, and nothing happens at probes that change nothing. Times are milliseconds since the container's start.
 */
import type { ContainerSpec, Probe } from "../../domain/pod-template.ts";
import type { Behaviours, ImageKind } from "./behaviours.ts";
import { modelledCommand } from "./commands.ts";

/** How a probe ends that starts now, and how long that takes. */
export interface Answer {
  readonly failure: string | null;
  readonly tookMs: number;
}

/** Why a container has ended. */
export type EndCause = "EXIT" | "LIVENESS" | "POST_START";

export interface Course {
  readonly readyAt: number;
  /** Ready until then; Infinity for ever. */
  readonly unreadyAt: number;
  /** From then on it is known to fail its readiness probe while it is not ready. */
  readonly failingAt: number;
  readonly failure: string;
  readonly endsAt: number;
  readonly end: { readonly cause: EndCause; readonly exitCode: number; readonly message: string };
}

export interface Conditions {
  readonly kind: ImageKind;
  readonly warmUpMs: number;
  /** When it stops answering; Infinity for never. */
  readonly hangsAt: number;
  /** When it exits by itself; Infinity for never. */
  readonly exitsAt: number;
}

const TIMED_OUT: Readonly<Record<Probe["handler"]["type"], string>> = {
  HttpGetProbe: "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
  TcpSocketProbe: "i/o timeout",
  ExecProbe: "command timed out",
  GrpcProbe: "timeout: health rpc did not complete within its timeout",
};
const NOT_STARTED: Readonly<Record<Probe["handler"]["type"], string>> = {
  HttpGetProbe: "dial tcp: connect: connection refused",
  TcpSocketProbe: "dial tcp: connect: connection refused",
  ExecProbe: "command exited with 1",
  GrpcProbe: "timeout: failed to connect service within its timeout",
};
const NOT_READY: Readonly<Record<Probe["handler"]["type"], string>> = {
  HttpGetProbe: "HTTP probe failed with statuscode: 503",
  TcpSocketProbe: "connection refused",
  ExecProbe: "command exited with 1",
  GrpcProbe: "service unhealthy (responded with \"NOT_SERVING\")",
};

/** What a probe is answered before the container hangs, and from then on. */
export function answersOf(
  purpose: "readiness" | "liveness", probe: Probe, container: ContainerSpec, kind: ImageKind, { containers }: Behaviours,
): { readonly before: Answer; readonly after: Answer } {
  const { handler } = probe;
  const timeoutMs = probe.timeoutSeconds * 1_000;
  const timedOut: Answer = { failure: TIMED_OUT[handler.type], tookMs: timeoutMs };
  const within = (answer: Answer): Answer => (answer.tookMs > timeoutMs ? timedOut : answer);
  if (handler.type === "ExecProbe") {
    const { tookMs, exitCode } = modelledCommand(handler.command);
    if (exitCode !== 0) {
      const fails = within({ failure: `command exited with ${exitCode}`, tookMs: tookMs ?? 0 });
      return { before: fails, after: fails };
    }
    if (tookMs !== null) {
      const sleeps = within({ failure: null, tookMs });
      return { before: sleeps, after: sleeps };
    }
  } else if (!serves(container, handler)) {
    const refused: Answer = { failure: `dial tcp: port ${handler.port}: connect: connection refused`, tookMs: 0 };
    return { before: refused, after: refused };
  }
  if (kind === "CRASHING" || (kind === "UNREADY" && purpose === "readiness")) {
    const refuses: Answer = { failure: kind === "CRASHING" ? NOT_STARTED[handler.type] : NOT_READY[handler.type], tookMs: 0 };
    return { before: refuses, after: refuses };
  }
  return { before: within({ failure: null, tookMs: kind === "SLOW" ? containers.slowAnswerMs : 0 }), after: timedOut };
}

/** All probes of ports speak TCP. */
const serves = ({ ports }: ContainerSpec, { port }: { readonly port: number }): boolean =>
  ports.length === 0 || ports.some(({ containerPort, protocol }) => containerPort === port && protocol === "TCP");

export function courseOf(container: ContainerSpec, conditions: Conditions, behaviours: Behaviours): Course {
  const { kind, warmUpMs, hangsAt, exitsAt } = conditions;
  const { readinessProbe, livenessProbe } = container;
  const readiness =
    readinessProbe === undefined
      ? { readyAt: kind === "CRASHING" ? Infinity : warmUpMs, unreadyAt: Infinity, failingAt: Infinity, failure: "" }
      : readinessCourse(readinessProbe, answersOf("readiness", readinessProbe, container, kind, behaviours), hangsAt);
  const killed =
    livenessProbe === undefined
      ? { at: Infinity, failure: "" }
      : livenessCourse(livenessProbe, answersOf("liveness", livenessProbe, container, kind, behaviours), hangsAt);
  return killed.at <= exitsAt
    ? {
        ...readiness,
        endsAt: killed.at,
        end: { cause: "LIVENESS", exitCode: behaviours.containers.killedExitCode, message: `Liveness probe failed: ${killed.failure}` },
      }
    : { ...readiness, endsAt: exitsAt, end: { cause: "EXIT", exitCode: behaviours.crashExitCode, message: "" } };
}

interface Answers {
  readonly before: Answer;
  readonly after: Answer;
}

/** How many probes start before the hang, and when the `number`-th result (from 1 on) of those, or of those after them, is there. */
function schedule(probe: Probe, { before, after }: Answers, hangsAt: number) {
  const firstAt = probe.initialDelaySeconds * 1_000;
  const periodMs = Math.max(1, probe.periodSeconds * 1_000);
  const stepBefore = Math.max(periodMs, before.tookMs);
  const stepAfter = Math.max(periodMs, after.tookMs);
  // Where the hang changes no answer there is no second part.
  const count = before === after ? Infinity : Math.max(0, Math.ceil((hangsAt - firstAt) / stepBefore));
  return {
    count,
    resultBefore: (number: number): number => (number <= count ? firstAt + (number - 1) * stepBefore + before.tookMs : Infinity),
    resultAfter: (number: number): number =>
      count === Infinity ? Infinity : firstAt + count * stepBefore + (number - 1) * stepAfter + after.tookMs,
  };
}

function readinessCourse(probe: Probe, answers: Answers, hangsAt: number) {
  const { before, after } = answers;
  const { count, resultBefore, resultAfter } = schedule(probe, answers, hangsAt);
  const failure = `Readiness probe failed: ${before.failure ?? after.failure ?? ""}`;
  const never = { readyAt: Infinity, unreadyAt: Infinity, failure };
  if (before.failure !== null) return { ...never, failingAt: count > 0 ? resultBefore(1) : resultAfter(1) };
  const readyAt = resultBefore(probe.successThreshold);
  if (readyAt === Infinity) return { ...never, failingAt: resultAfter(1) };
  const unreadyAt = resultAfter(probe.failureThreshold);
  return { readyAt, unreadyAt, failingAt: unreadyAt, failure };
}

function livenessCourse(probe: Probe, answers: Answers, hangsAt: number): { at: number; failure: string } {
  const { before, after } = answers;
  const { count, resultBefore, resultAfter } = schedule(probe, answers, hangsAt);
  const failure = before.failure ?? after.failure ?? "";
  if (before.failure === null) return { at: resultAfter(probe.failureThreshold), failure };
  const inRow = Math.min(count, probe.failureThreshold);
  return { at: inRow === probe.failureThreshold ? resultBefore(inRow) : resultAfter(probe.failureThreshold - inRow), failure };
}

export const isReadyAt = ({ readyAt, unreadyAt }: Course, sinceMs: number): boolean => sinceMs >= readyAt && sinceMs < unreadyAt;
export const isFailingAt = (course: Course, sinceMs: number): boolean => sinceMs >= course.failingAt && !isReadyAt(course, sinceMs);

/** When something changes next after that, Infinity for never. */
export function nextChangeAt({ readyAt, unreadyAt, failingAt, endsAt }: Course, sinceMs: number): number {
  let next = Infinity;
  for (const at of [readyAt, unreadyAt, failingAt, endsAt]) if (at > sinceMs && at < next) next = at;
  return next;
}
