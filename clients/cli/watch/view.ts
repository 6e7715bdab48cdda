import { stringify } from "yaml";
import { count } from "../format.ts";
import type { Format } from "../output.ts";
import type { Session } from "../session.ts";
import { type Column, formatTable, createTableWriter } from "../table.ts";
import { clip, plain, widthOf } from "../text.ts";
import type { LiveSet, RowEvent } from "./live-set.ts";

/** How rows of one kind are shown while they change. */
export interface Look<Row> {
  /** For "12 pods". */
  readonly one: string;
  readonly columns: (now: string) => readonly Column<Row>[];
  readonly order: (a: Row, b: Row) => number;
}

/**
 * Shows a live set. `trouble` says why nothing new comes, null while all is well: what is shown then is as of the last message, and marked so.
 */
export interface View<Row> {
  /** `at`: the server's clock at the message. */
  show(set: LiveSet<Row>, events: readonly RowEvent<Row>[], at: string): void;
  trouble(reason: string | null): void;
  stop(): void;
}

export function createView<Row extends { readonly id: string }>(session: Session, look: Look<Row>, format: Format): View<Row> {
  if (format !== "table") return recordView(session, format);
  return session.terminal.out.isTTY === true ? drawnView(session, look) : lineView(session, look);
}

/** At most so many pictures a second; a storm of changes is one picture. */
const REDRAW_MS = 200;

/** On a terminal: the table redrawn in place, cut to what fits, with a last line that says how current it is. */
function drawnView<Row>({ terminal, style }: Session, look: Look<Row>): View<Row> {
  const output = terminal.out;
  let rows: readonly Row[] = [];
  let now: string | null = null;
  let reason: string | null = null;
  let height = 0;
  let timer: NodeJS.Timeout | undefined;

  const draw = (): void => {
    timer = undefined;
    // 0 is what a terminal says that does not know its size.
    const lines = drawnLines(look, rows, now, reason, { columns: output.columns || 80, rows: output.rows || 24 }, style);
    output.write(`${height === 0 ? "" : `\r\u001b[${height}A\u001b[0J`}${lines.join("\n")}\n`);
    height = lines.length;
  };
  const soon = (): void => {
    timer ??= setTimeout(draw, REDRAW_MS);
  };

  return {
    show(set, _events, at) {
      // Half a first snapshot is not what there is.
      if (!set.known) return;
      rows = set.rows.toSorted(look.order);
      now = at;
      soon();
    },
    trouble(text) {
      reason = text;
      soon();
    },
    stop() {
      clearTimeout(timer);
      if (now !== null) draw();
    },
  };
}

/** The picture: no line wider than the terminal (a wrapped one could not be taken away), no more lines than it has. */
export function drawnLines<Row>(look: Look<Row>, rows: readonly Row[], now: string | null, trouble: string | null, size: { readonly columns: number; readonly rows: number }, style: Session["style"]): string[] {
  const width = Math.max(20, size.columns - 1);
  const room = Math.max(1, size.rows - 4);
  const shown = rows.length > room ? rows.slice(0, Math.max(0, room - 1)) : rows;
  const table = now === null || rows.length === 0 ? [] : fitted(look.columns(now), shown, width, style);
  if (shown.length < rows.length) table.push(style("dim", `… and ${rows.length - shown.length} more`));
  const many = now === null ? "" : rows.length === 0 ? `No ${look.one}s` : count(rows.length, look.one);
  if (trouble !== null) return [...table, style("yellow", clip([many, `${now === null ? "" : `as of ${clock(now)}, stale; `}reconnecting… (${plain(trouble)})`].filter((part) => part !== "").join(", "), width))];
  return [...table, style("dim", clip(now === null ? "waiting for the server…" : `${many}, live at ${clock(now)}; Ctrl-C ends`, width))];
}

/** A terminal too narrow for every column gets lines that are cut, without colours, which can't be cut. */
function fitted<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number, style: Session["style"]): string[] {
  const lines = formatTable(columns, rows, style, width);
  return lines.every((line) => widthOf(line) <= width) ? lines : formatTable(columns, rows, (_color, text) => text, width).map((line) => clip(line, width));
}

const clock = (at: string): string => at.slice(11, 19);

/** In a pipe: a line for each row, and for each change of what its line says. */
function lineView<Row extends { readonly id: string }>(session: Session, look: Look<Row>): View<Row> {
  const writer = createTableWriter(session.style);
  const said = new Map<string, string>();
  return {
    show(_set, events, at) {
      const columns: Column<RowEvent<Row>>[] = [
        // As wide as its longest word from the first line on.
        { header: "EVENT".padEnd("changed".length), cell: ({ kind }) => kind },
        ...look.columns(at).map((column): Column<RowEvent<Row>> => ({ header: column.header, right: column.right ?? false, cell: ({ row }) => column.cell(row) })),
      ];
      const news = events.filter((event) => {
        if (event.kind === "removed") return said.delete(event.row.id);
        const text = fingerprint(look, event.row);
        if (said.get(event.row.id) === text) return false;
        said.set(event.row.id, text);
        return true;
      });
      if (news.length > 0) session.print(writer(columns, news));
    },
    trouble: spokenTrouble(session),
    stop() {},
  };
}

/** A lost connection and its return, a line each on the error output. */
export function spokenTrouble({ terminal }: Session): (reason: string | null) => void {
  let lost = false;
  return (reason) => {
    if (lost === (reason !== null)) return;
    lost = reason !== null;
    terminal.err.write(reason === null ? "connected again\n" : `reconnecting… (${plain(reason)}); what was shown is stale\n`);
  };
}

/** What a row's line says, but for its age: time alone is no change. */
const fingerprint = <Row>(look: Look<Row>, row: Row): string => JSON.stringify(look.columns("").map(({ cell }) => cell(row)));

/** For programs: a record for each change, JSON on a line of its own, or YAML documents. */
function recordView<Row>(session: Session, format: Exclude<Format, "table">): View<Row> {
  return {
    show(_set, events, at) {
      const records = events.map(({ kind, row }) => ({ event: kind, at, object: row }));
      session.print(records.map((record) => (format === "json" ? JSON.stringify(record) : `---\n${stringify(record).trimEnd()}`)));
    },
    trouble: spokenTrouble(session),
    stop() {},
  };
}
