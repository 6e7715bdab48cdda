import { randomUUID } from "node:crypto";
import {
  accepted,
  hasEnded,
  RevisionsDocument,
  type RevisionsQuery,
  RollBackApplicationDocument,
  RolloutDocument,
  type RolloutQuery,
  WatchObjectsDocument,
} from "../../typescript/index.ts";
import { EXIT, type ExitCode, FailedError } from "../exit.ts";
import { finish, RETRYING } from "../finish.ts";
import { follow, troubleOf } from "../follow.ts";
import { age, count, duration, readiness, stateCell, words } from "../format.ts";
import { findApplication, noSuchApplication } from "../lookup.ts";
import { type Format, show } from "../output.ts";
import { createProgress, type Progress } from "../progress.ts";
import type { Session } from "../session.ts";
import { didYouMean } from "../suggest.ts";
import { type Column, formatFacts, formatTable } from "../table.ts";
import { plain } from "../text.ts";
import type { ChangeOptions } from "./change.ts";

type Found = NonNullable<RolloutQuery["application"]>;
type Rollout = NonNullable<Found["rollout"]>;
type Revision = NonNullable<RevisionsQuery["application"]>["revisions"]["nodes"][number];

/** Rollouts that are over; an aborted one has left old and new side by side. */
const OVER: ReadonlySet<Rollout["state"]> = new Set(["SUCCEEDED", "ABORTED", "ROLLED_BACK", "FAILED"]);
/** The picture's parts are read anew at the operation's messages, but not more often. */
const PARTS_EVERY_MS = 1_000;

interface RolloutOptions {
  readonly output: Format;
  readonly namespace: string;
  readonly watch: boolean;
}

/** Follows the rollout under way, or tells how the last one ended: done where it succeeded, refused where it failed, stalled, or was rolled back. */
export async function rolloutStatus(session: Session, name: string, options: RolloutOptions): Promise<ExitCode> {
  let found = await findRollout(session, options.namespace, name);
  const running = runningOperation(found.application);
  let stalled = false;
  if (options.watch && running !== null) {
    const ended = await follow(session, running, { title: titleOf(found.application), work: "The rollout", onProgress: partsFrom(session, options.namespace, name) });
    stalled = ended.state === "STALLED";
    found = await findRollout(session, options.namespace, name);
  }
  const { rollout } = found.application;
  if (options.watch && !stalled && rollout !== null && !OVER.has(rollout.state)) {
    await followRollout(session, rollout.id, titleOf(found.application));
    found = await findRollout(session, options.namespace, name);
  }
  const { application, now } = found;
  show(session, options.output, application, () => statusLines(session, application, now));
  if (stalled) return EXIT.refused;
  return application.rollout === null || application.rollout.state === "SUCCEEDED" || !OVER.has(application.rollout.state) ? EXIT.done : EXIT.refused;
}

async function findRollout(session: Session, namespace: string, name: string): Promise<{ readonly application: Found; readonly now: string }> {
  const { application, server } = await session.client.execute(RolloutDocument, { namespace, name });
  if (application === null) throw await noSuchApplication(session, namespace, name);
  return { application, now: server.now };
}

/** The rollout's operation; where there never was a rollout, what brings the first revision out. */
function runningOperation({ rollout, operations }: Found): { readonly id: string } | null {
  const operation = rollout === null ? (operations.nodes[0] ?? null) : rollout.operation;
  return operation === null || hasEnded(operation) ? null : operation;
}

const titleOf = ({ name, rollout }: Found): string => (rollout === null ? `${name}, its first revision` : `${name} to revision ${rollout.to.number}`);

/** Keeps a line for each cluster in the picture. An extra: where the reading fails, the operation's progress goes on. */
function partsFrom(session: Session, namespace: string, name: string): (progress: Progress) => void {
  if (session.terminal.err.isTTY !== true) return () => {};
  let asked = -Infinity;
  return (progress) => {
    if (performance.now() - asked < PARTS_EVERY_MS) return;
    asked = performance.now();
    void findRollout(session, namespace, name).then(
      ({ application }) =>
        progress.update({
          parts: application.allPlacements.nodes.map(({ cluster, replicas, stale }) => ({
            name: cluster.code,
            completed: Math.min(replicas.updated, replicas.ready),
            total: replicas.desired,
            note: stale ? "not heard from" : replicas.unavailable > 0 ? `${replicas.unavailable} unavailable` : "",
          })),
        }),
      () => {},
    );
  };
}

/** A rollout whose operation is over, or that has none: its own changes are followed. */
async function followRollout(session: Session, id: string, title: string): Promise<void> {
  const { terminal, client } = session;
  const progress = createProgress(terminal, title);
  try {
    for await (const { watch } of client.subscribe(WatchObjectsDocument, { ids: [id] }, { signal: terminal.interrupted, onState: (state) => progress.connection(troubleOf(state)) })) {
      if (watch.removedIds.includes(id)) return;
      for (const object of watch.upserted) {
        if (object.__typename !== "Rollout") continue;
        const { updated, total, state, reason } = object;
        progress.update({ completed: updated, total, percent: total === 0 ? 0 : (updated / total) * 100, remark: state === "PROGRESSING" ? null : (reason ?? words(state)) });
        if (OVER.has(state)) return;
      }
    }
  } finally {
    progress.stop();
  }
  terminal.interrupted.throwIfAborted();
}

function statusLines({ style, width }: Session, application: Found, now: string): string[] {
  const { rollout, allPlacements } = application;
  const lines =
    rollout === null
      ? formatFacts([["Application", application.name], ["Rollout", `none yet: revision ${application.revision.number} is the first`]], style)
      : formatFacts(
          [
            ["Application", application.name],
            ["Revision", `${rollout.from === null ? "" : `${rollout.from.number} → `}${rollout.to.number}${rollout.to.message === "" ? "" : `: ${rollout.to.message}`}`],
            ["State", stateCell(rollout.state)],
            ...(rollout.reason === null ? [] : [["Why", rollout.reason] as const]),
            ["Updated", `${rollout.updated} of ${count(rollout.total, "pod")}`],
            ["Deadline", `after ${duration(rollout.progressDeadlineSeconds * 1_000)} without progress it ${rollout.autoRollback ? "goes back to the old revision" : "is stalled, and goes on trying"}`],
            ["Begun", `${age(rollout.startedAt, now)} ago`],
            ...(rollout.finishedAt === null ? [] : [["Took", age(rollout.startedAt, rollout.finishedAt)] as const]),
          ],
          style,
        );
  const messages = new Map(rollout?.operation?.steps.nodes.flatMap(({ cluster, message }) => (cluster === null || message === null ? [] : [[cluster.code, message] as const])));
  lines.push(
    "",
    ...formatTable(
      [
        { header: "CLUSTER", whole: true, cell: ({ cluster }) => cluster.code },
        { header: "STATUS", cell: ({ cluster, stale }) => stateCell(cluster.status, stale) },
        { header: "REVISION", right: true, cell: ({ revision }) => revision.number },
        { header: "UPDATED", right: true, cell: ({ replicas }) => `${replicas.updated}/${replicas.desired}` },
        { header: "READY", right: true, cell: ({ replicas }) => readiness(replicas) },
        { header: "MESSAGE", cell: ({ cluster }) => messages.get(cluster.code) ?? "" },
      ] satisfies Column<Found["allPlacements"]["nodes"][number]>[],
      allPlacements.nodes.toSorted((a, b) => (a.cluster.code < b.cluster.code ? -1 : 1)),
      style,
      width,
    ),
  );
  if (allPlacements.nodes.length < allPlacements.totalCount) lines.push(style("dim", `… and ${allPlacements.totalCount - allPlacements.nodes.length} more`));
  return lines;
}

/** Asked for in pages of this size: what changed is worked out for each revision. */
const REVISIONS_AT_ONCE = 50;

export async function rolloutHistory(session: Session, name: string, options: { readonly output: Format; readonly namespace: string; readonly revision?: number | undefined }): Promise<ExitCode> {
  const { revisions, current, now } = await revisionsOf(session, options.namespace, name, options.revision);
  if (options.revision === undefined) {
    show(session, options.output, revisions, () => formatTable(revisionColumns(current, now), revisions, session.style, session.width));
    return EXIT.done;
  }
  const revision = revisions.find(({ number }) => number === options.revision);
  if (revision === undefined) throw new FailedError(`There is no revision ${options.revision} of ${name}.${didYouMean(String(options.revision), revisions.map(({ number }) => String(number)))}`);
  show(session, options.output, revision, () => revisionLines(session, revision, current, now));
  return EXIT.done;
}

/** Newest first; until the wanted one where one is wanted. */
async function revisionsOf(session: Session, namespace: string, name: string, wanted: number | undefined): Promise<{ readonly revisions: Revision[]; readonly current: number; readonly now: string }> {
  const revisions: Revision[] = [];
  let current = 0;
  let now = "";
  let missing = false;
  const none = { totalCount: 0, nodes: [] as readonly Revision[], pageInfo: { hasNextPage: false, endCursor: null } };
  for await (const { data, page } of session.client.pages(RevisionsDocument, { namespace, name, first: REVISIONS_AT_ONCE }, ({ application }) => application?.revisions ?? none)) {
    missing = data.application === null;
    current = data.application?.currentRevision.number ?? 0;
    now = data.server.now;
    revisions.push(...page.nodes);
    if (wanted !== undefined && page.nodes.some(({ number }) => number <= wanted)) break;
    session.terminal.interrupted.throwIfAborted();
  }
  if (missing) throw await noSuchApplication(session, namespace, name);
  return { revisions, current, now };
}

const SHOWN_PATHS = 3;

const revisionColumns = (current: number, now: string): Column<Revision>[] => [
  { header: "REVISION", right: true, cell: ({ number }) => (number === current ? { text: `${number} *`, color: "green" } : number) },
  { header: "BY", cell: ({ createdBy }) => createdBy },
  { header: "AGE", right: true, cell: ({ createdAt }) => age(createdAt, now) },
  { header: "CHANGED", cell: ({ changes }) => [...changes.slice(0, SHOWN_PATHS).map(({ path }) => path), ...(changes.length > SHOWN_PATHS ? [`… ${changes.length - SHOWN_PATHS} more`] : [])].join(", ") },
  { header: "MESSAGE", cell: ({ message }) => message },
];

function revisionLines({ style }: Session, revision: Revision, current: number, now: string): string[] {
  const changes = revision.changes.flatMap(({ path, before, after }) => [
    `  ${plain(path)}`,
    ...(before === null || before === undefined ? [] : [style("red", `    - ${valueText(before)}`)]),
    ...(after === null || after === undefined ? [] : [style("green", `    + ${valueText(after)}`)]),
  ]);
  return [
    ...formatFacts(
      [
        ["Revision", `${revision.number}${revision.number === current ? " (the present one)" : ""}`],
        ["Id", revision.id],
        ["Made", `${age(revision.createdAt, now)} ago by ${revision.createdBy}`],
        ["Message", revision.message],
      ],
      style,
    ),
    "",
    style("bold", changes.length === 0 ? "Nothing changed against the one before" : "Changed"),
    ...changes,
  ];
}

const valueText = (value: unknown): string => plain(typeof value === "string" ? value : JSON.stringify(value));

/** Makes an earlier revision the present one again. */
export async function rollBackApplication(session: Session, name: string, options: ChangeOptions & { readonly toRevision?: number | undefined }): Promise<ExitCode> {
  const application = await findApplication(session, options.namespace, name);
  const input = { applicationId: application.id, toRevision: options.toRevision ?? null, expectedVersion: application.version, idempotencyKey: randomUUID() };
  const { rollBackApplication: payload } = await session.client.executeWith(RETRYING, RollBackApplicationDocument, { input });
  const { operation } = accepted(payload);
  const to = options.toRevision === undefined ? "the revision before" : `revision ${options.toRevision}`;
  return finish(session, operation, options, { title: `${name} back to ${to}`, work: "The roll-back" }, `${name} is at ${to} already.`);
}
