import type { Color, Style } from "./terminal.ts";
import { clip, padEnd, padStart, plain, widthOf } from "./text.ts";

/** A cell: its text (made safe here), and the colour that it may have. Numbers stand to the right. */
export type Cell = string | number | { readonly text: string; readonly color: Color | null };

export interface Column<Row> {
  readonly header: string;
  readonly cell: (row: Row) => Cell;
  readonly right?: boolean;
  /** Never cut: half a name names nothing. */
  readonly whole?: boolean;
  /** Left out where the terminal is too narrow for every column; the highest goes first. */
  readonly spare?: number;
}

const GAP = "  ";
/** Cells are not cut below this, whatever the terminal: less says nothing. */
const NARROWEST = 6;

/**
 * Aligned lines, the header first; widths count columns of the terminal, so Chinese lines up too. No trailing spaces. With a limit, spare
 * columns are left out, and then the widest ones are cut, with an ellipsis, until a row takes no more than that; null cuts nothing.
 */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], style: Style, limit: number | null = null): string[] {
  const shown = limit === null ? columns : withoutSpare(columns, rows, limit);
  const cells = cellsOf(shown, rows);
  const natural = widthsOf(shown, cells);
  const widths = limit === null ? natural : narrowed(shown, natural, limit - GAP.length * (shown.length - 1));
  return [headerLine(shown, widths, style), ...cells.map((line) => rowLine(shown, line, widths, style))];
}

/** The columns that fit as they are; those that can't be spared, where even they don't. */
function withoutSpare<Row>(columns: readonly Column<Row>[], rows: readonly Row[], limit: number): readonly Column<Row>[] {
  const widths = new Map(widthsOf(columns, cellsOf(columns, rows)).map((width, index) => [columns[index], width]));
  const total = (some: readonly Column<Row>[]): number => some.reduce((sum, column) => sum + (widths.get(column) ?? 0) + GAP.length, -GAP.length);
  const spare = columns.filter((column) => column.spare !== undefined).toSorted((a, b) => (b.spare ?? 0) - (a.spare ?? 0));
  return spare.reduce((left, column) => (total(left) <= limit ? left : left.filter((other) => other !== column)), columns);
}

/**
 * A table whose rows come one after another: each call's lines are aligned with those before, the first call's begin with the header. A column
 * that needs more grows from then on; what is written stays.
 */
export function createTableWriter(style: Style): <Row>(columns: readonly Column<Row>[], rows: readonly Row[]) => string[] {
  let widths: readonly number[] | null = null;
  return (columns, rows) => {
    const cells = cellsOf(columns, rows);
    const first = widths === null;
    const before = widths ?? [];
    const grown = widthsOf(columns, cells).map((width, index) => Math.max(width, before[index] ?? 0));
    widths = grown;
    const lines = cells.map((line) => rowLine(columns, line, grown, style));
    return first ? [headerLine(columns, grown, style), ...lines] : lines;
  };
}

interface Text {
  readonly text: string;
  readonly color: Color | null;
}

const cellsOf = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Text[][] => rows.map((row) => columns.map((column) => textAndColor(column.cell(row))));

const widthsOf = <Row>(columns: readonly Column<Row>[], cells: readonly (readonly Text[])[]): number[] =>
  columns.map((column, index) => cells.reduce((width, line) => Math.max(width, widthOf(line[index]?.text ?? "")), widthOf(column.header)));

const headerLine = <Row>(columns: readonly Column<Row>[], widths: readonly number[], style: Style): string =>
  rowLine(columns, columns.map((column) => ({ text: column.header, color: "dim" as const })), widths, style);

function rowLine<Row>(columns: readonly Column<Row>[], texts: readonly Text[], widths: readonly number[], style: Style): string {
  const padded = texts.map(({ text: whole, color }, index) => {
    const width = widths[index] ?? 0;
    const text = clip(whole, width);
    const last = index === texts.length - 1;
    const placed = columns[index]?.right === true ? padStart(text, width) : last ? text : padEnd(text, width);
    return color === null ? placed : style(color, placed);
  });
  return padded.join(GAP).trimEnd();
}

/** Widths that add up to no more than `room`, as far as that is possible: always the widest one gives way, of those that may be cut. */
function narrowed<Row>(columns: readonly Column<Row>[], widths: readonly number[], room: number): number[] {
  const narrow = [...widths];
  const cuttable = columns.flatMap(({ whole }, index) => (whole === true ? [] : [index]));
  for (let excess = widths.reduce((sum, width) => sum + width, 0) - room; excess > 0; excess -= 1) {
    const widest = Math.max(0, ...cuttable.map((index) => narrow[index] ?? 0));
    if (widest <= NARROWEST) break;
    narrow[cuttable.find((index) => narrow[index] === widest) ?? 0] = widest - 1;
  }
  return narrow;
}

function textAndColor(cell: Cell): Text {
  if (typeof cell === "number") return { text: String(cell), color: null };
  if (typeof cell === "string") return { text: cell === "" ? "-" : plain(cell), color: null };
  return { text: cell.text === "" ? "-" : plain(cell.text), color: cell.color };
}

/** `label: value` lines with the values in one column. */
export function formatFacts(facts: readonly (readonly [label: string, value: Cell])[], style: Style): string[] {
  const width = Math.max(0, ...facts.map(([label]) => widthOf(label))) + 1;
  return facts.map(([label, value]) => {
    const { text, color } = textAndColor(value);
    return `${style("dim", padEnd(`${label}:`, width))} ${color === null ? text : style(color, text)}`;
  });
}
