import { stripVTControlCharacters } from "node:util";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Blocks whose characters take two columns (Unicode's East Asian Width W and F), as inclusive ranges. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f], [0x2e80, 0x303e], [0x3041, 0x33ff], [0x3400, 0x4dbf], [0x4e00, 0x9fff], [0xa000, 0xa4cf], [0xa960, 0xa97f], [0xac00, 0xd7a3],
  [0xf900, 0xfaff], [0xfe30, 0xfe6f], [0xff00, 0xff60], [0xffe0, 0xffe6], [0x1b000, 0x1b2ff], [0x20000, 0x3fffd],
];

/** Columns that a text takes on a terminal: colours none, a Chinese character two, a letter with its accents one. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(stripVTControlCharacters(text))) width += segmentWidth(segment);
  return width;
}

function segmentWidth(segment: string): number {
  const code = segment.codePointAt(0) ?? 0;
  if (code < 0x300) return code < 0x20 || (code >= 0x7f && code < 0xa0) ? 0 : 1;
  if (/^\p{Mark}/u.test(segment) || code === 0x200b || code === 0x200d) return 0;
  if (/\p{Emoji_Presentation}|\ufe0f/u.test(segment)) return 2;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

export const padEnd = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)));
export const padStart = (text: string, width: number): string => " ".repeat(Math.max(0, width - widthOf(text))) + text;

/** At most so many columns, with an ellipsis where something was cut. Only for text without colours. */
export function clip(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let clipped = "";
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const more = segmentWidth(segment);
    if (used + more > width - 1) break;
    clipped += segment;
    used += more;
  }
  return width > 0 ? `${clipped}…` : "";
}

/** Text from the server as it may stand on a terminal: on one line, and without control characters that would move the cursor. */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what must go
  return stripVTControlCharacters(text).replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}

/** A text of several lines for a terminal: each line made plain, the last end of a line left out. Tabs stay, as spaces. */
export const plainLines = (text: string): string[] => text.replace(/\r?\n$/, "").split(/\r?\n/).map((line) => plain(line.replaceAll("\t", "  ")));
