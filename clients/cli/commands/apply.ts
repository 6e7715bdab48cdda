import { randomUUID } from "node:crypto";
import { accepted, type ImportManifestsMutation, ImportManifestsDocument, type ImportOutcome } from "../../typescript/index.ts";
import { readTextOrInput } from "../entries.ts";
import { EXIT, type ExitCode, FailedError, InterruptedError } from "../exit.ts";
import { follow, outcome, PODS_AND_SERVICES } from "../follow.ts";
import { count, duration } from "../format.ts";
import { clusterIds } from "../lookup.ts";
import { type Format, show } from "../output.ts";
import type { Session } from "../session.ts";
import { formatTable } from "../table.ts";
import type { Color } from "../terminal.ts";
import { plain } from "../text.ts";

export interface ApplyOptions {
  readonly filename: string;
  readonly clusters: readonly string[];
  readonly replicas: number;
  readonly namespace: string;
  readonly dryRun: boolean;
  readonly wait: boolean;
  readonly verbose: boolean;
  readonly output: Format;
}

type Imported = ImportManifestsMutation["importManifests"]["objects"][number];

const COLORS: Readonly<Record<ImportOutcome, Color | null>> = { CREATED: "green", UPDATED: "green", UNCHANGED: null, SKIPPED: "dim", FAILED: "red" };
/** Outcomes after which the object is on the server as the file has it. */
const APPLIED: ReadonlySet<ImportOutcome> = new Set(["CREATED", "UPDATED", "UNCHANGED"]);
/** A server that was there a moment ago may be restarting: the import carries a key, so that asking again never does it twice. */
const RETRY_FOR_MS = 60_000;

/** Imports Kubernetes manifests and stays until every pod is ready. */
export async function apply(session: Session, options: ApplyOptions): Promise<ExitCode> {
  const { client, terminal, style } = session;
  const yaml = await readTextOrInput(options.filename, terminal, "the manifests");
  const clusters = await clusterIds(session, options.clusters);
  const began = performance.now();
  const importing = client.executeWith(
    {
      retryForMs: RETRY_FOR_MS,
      onRetry: (error) => terminal.err.write(`reconnecting… (${plain(error.message)})\n`),
    },
    ImportManifestsDocument,
    {
      input: {
        yaml,
        namespace: options.namespace,
        distribution: { clusters: clusters.map(({ id }) => ({ clusterId: id, replicas: options.replicas })) },
        dryRun: options.dryRun,
        idempotencyKey: randomUUID(),
      },
    },
  );
  const { importManifests } = await importing.catch((error: unknown) => {
    if (!terminal.interrupted.aborted) throw error;
    throw new InterruptedError("Interrupted before the server answered: it may have accepted the import. `selvedge get operations` shows it.");
  });
  const { objects, operation } = accepted(importManifests);
  const anyFailed = objects.some((object) => object.outcome === "FAILED");
  if (options.output === "table") session.print(objectLines(session, objects, options.verbose));

  const named = objects.filter((object) => object.object?.__typename === "Application").map(({ name }) => name);
  if (options.dryRun || operation === null || !options.wait) {
    show(session, options.output, { objects, operation }, () => [closing(options, objects, operation?.id ?? null)].filter((line) => line !== ""));
    if (!anyFailed && !objects.some(({ outcome: word }) => APPLIED.has(word))) throw new FailedError(nothingApplied(options, objects));
    return anyFailed ? EXIT.refused : EXIT.done;
  }
  const unit = objects.some((object) => object.object?.__typename === "Service") ? PODS_AND_SERVICES : undefined;
  const ended = await follow(session, operation, {
    unit,
    title: `${named.length > 0 ? count(named.length, "application") : count(objects.length, "object")} on ${count(clusters.length, "cluster")}`,
    work: "The import",
    applications: { namespace: options.namespace, names: named },
  });
  const { ok, lines } = outcome(ended, duration(performance.now() - began), { unit });
  show(session, options.output, { objects, operation: ended }, () => lines.map((line, index) => (index === 0 ? style(ok ? "green" : "red", line) : line)));
  return ok && !anyFailed ? EXIT.done : EXIT.refused;
}

function closing(options: ApplyOptions, objects: readonly Imported[], operationId: string | null): string {
  if (options.dryRun) return "Dry run: nothing was changed.";
  if (operationId !== null) return `To follow it: selvedge wait ${operationId}`;
  return !objects.some(({ outcome: word }) => word === "FAILED") && objects.some(({ outcome: word }) => APPLIED.has(word)) ? "Nothing to do." : "";
}

/** A file that holds nothing for us is a mistake more often than a wish: a script must not take it for done. */
function nothingApplied({ filename, dryRun }: ApplyOptions, objects: readonly Imported[]): string {
  const file = filename === "-" ? "the input" : plain(filename);
  const why = objects.length === 0 ? "it holds no objects" : objects.length === 1 ? "its only object was skipped" : `all ${count(objects.length, "object")} were skipped`;
  return `Nothing of ${file} ${dryRun ? "would be" : "was"} applied: ${why}.`;
}

function objectLines({ style, width }: Session, objects: readonly Imported[], verbose: boolean): string[] {
  const lines = formatTable<Imported>(
    [
      { header: "KIND", cell: ({ kind }) => kind },
      { header: "NAME", whole: true, cell: ({ name }) => name },
      { header: "OUTCOME", cell: ({ outcome: word }) => ({ text: word.toLowerCase(), color: COLORS[word] }) },
      { header: "NOTE", cell: ({ outcome: word, message, warnings }) => [word === "FAILED" ? "see below" : (message ?? ""), warnings.length > 0 && !verbose ? count(warnings.length, "warning") : ""].filter((part) => part !== "").join("; ") },
    ],
    objects,
    style,
    width,
  );
  // In full, and not in a cell that a narrow terminal cuts: what is wrong is what the reader came for.
  for (const { kind, name, outcome: word, message } of objects) if (word === "FAILED") lines.push(style("red", `${plain(kind)} ${plain(name)}: ${plain(message ?? "failed")}`));
  const warned = objects.filter(({ warnings }) => warnings.length > 0);
  if (verbose) for (const { kind, name, warnings } of warned) lines.push(...warnings.map((warning) => style("yellow", `${plain(kind)} ${plain(name)}: ${plain(warning)}`)));
  else if (warned.length > 0) lines.push(style("dim", "--verbose lists the warnings"));
  return lines;
}
