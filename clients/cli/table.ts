import type { Color, Style } from "./terminal.ts";
import { clip, padEnd, padStart, plain, widthOf } from "./text.ts";

/** A cell: its text (made safe here), and the colour that it may have. Numbers stand to the right. */
export type Cell = string | number | { readonly text: string; readonly color: Color | null };

export interface Column<Row> {
  readonly header: string;
  readonly cell: (row: Row) => Cell;
  readonly right?: boolean;
}

const GAP = "  ";
/** Cells are not cut below this, whatever the terminal: less says nothing. */
const NARROWEST = 6;

/**
 * Aligned lines, the header first; widths count columns of the terminal, so Chinese lines up too. No trailing spaces. With a limit the
 * widest columns are cut, with an ellipsis, until a row takes no more than that; null cuts nothing.
 */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], style: Style, limit: number | null = null): string[] {
  const cells = rows.map((row) => columns.map((column) => textAndColor(column.cell(row))));
  const natural = columns.map((column, index) => Math.max(widthOf(column.header), ...cells.map((line) => widthOf(line[index]?.text ?? ""))));
  const widths = limit === null ? natural : narrowed(natural, limit - GAP.length * (columns.length - 1));
  const line = (texts: readonly { readonly text: string; readonly color: Color | null }[]): string => {
    const padded = texts.map(({ text: whole, color }, index) => {
      const width = widths[index] ?? 0;
      const text = clip(whole, width);
      const last = index === texts.length - 1;
      const placed = columns[index]?.right === true ? padStart(text, width) : last ? text : padEnd(text, width);
      return color === null ? placed : style(color, placed);
    });
    return padded.join(GAP).trimEnd();
  };
  return [line(columns.map((column) => ({ text: column.header, color: "dim" as const }))), ...cells.map(line)];
}

/** Widths that add up to no more than `room`, as far as that is possible: always the widest one gives way. */
function narrowed(widths: readonly number[], room: number): number[] {
  const narrow = [...widths];
  for (let excess = widths.reduce((sum, width) => sum + width, 0) - room; excess > 0; excess -= 1) {
    const widest = Math.max(...narrow);
    if (widest <= NARROWEST) break;
    narrow[narrow.indexOf(widest)] = widest - 1;
  }
  return narrow;
}

function textAndColor(cell: Cell): { readonly text: string; readonly color: Color | null } {
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
