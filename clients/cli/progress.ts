import { count, duration } from "./format.ts";
import { type Output, type Style, styleFor, type Terminal } from "./terminal.ts";
import { clip, plain, widthOf } from "./text.ts";

/** How far some work is, as it is drawn. */
export interface Picture {
  /** E.g. "importing 12 applications to 5 clusters". */
  readonly title: string;
  readonly completed: number;
  readonly total: number;
  /** 0 to 100. */
  readonly percent: number;
  /** What is counted. */
  readonly unit: string;
  /** A state worth a word, e.g. STALLED; null while all goes well. */
  readonly remark: string | null;
  readonly parts: readonly Part[];
}

export interface Part {
  readonly name: string;
  readonly completed: number;
  readonly total: number;
  readonly note: string;
}

/**
 * Live progress. On a terminal: a bar that is redrawn in place, with a line for each part as far as they fit. Elsewhere (a log, a pipe): a
 * line every few seconds, and one for whatever changes the picture.
 */
export interface Progress {
  update(change: Partial<Picture>): void;
  /** A connection that comes and goes: shown until it is back, as null. */
  connection(trouble: string | null): void;
  /** Takes the picture away (terminal) or says the last line (elsewhere). */
  stop(): void;
}

const REDRAW_MS = 120;
const LINE_EVERY_MS = 3_000;
const BAR_WIDTH = 24;
const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

export function createProgress(terminal: Terminal, title: string): Progress {
  const began = performance.now();
  const state = {
    picture: { title, completed: 0, total: 0, percent: 0, unit: "pods", remark: null, parts: [] } as Picture,
    trouble: null as string | null,
  };
  const elapsed = (): string => duration(performance.now() - began);
  const output = terminal.err;
  return output.isTTY === true
    ? drawn(output, styleFor(output, terminal.env), state, elapsed)
    : written(output, state, elapsed);
}

interface State {
  picture: Picture;
  trouble: string | null;
}

function drawn(output: Output, style: Style, state: State, elapsed: () => string): Progress {
  let height = 0;
  let frame = 0;
  // To the first column before all: the terminal may have echoed a key, as it does with ^C.
  const erase = (): string => (height === 0 ? "" : `\r\u001b[${height}A\u001b[0J`);
  const draw = (): void => {
    const lines = pictureLines(state.picture, state.trouble, elapsed(), output, style, SPINNER[(frame += 1) % SPINNER.length] as string);
    output.write(`${erase()}${lines.join("\n")}\n`);
    height = lines.length;
  };
  const timer = setInterval(draw, REDRAW_MS);
  draw();
  return {
    update(change) {
      state.picture = { ...state.picture, ...change };
    },
    connection(trouble) {
      state.trouble = trouble;
    },
    stop() {
      clearInterval(timer);
      output.write(erase());
      height = 0;
    },
  };
}

/** The lines of the picture, none wider than the terminal (a wrapped line could not be redrawn), no more than it has. */
export function pictureLines(picture: Picture, trouble: string | null, elapsed: string, output: Output, style: Style, spinner: string): string[] {
  const columns = Math.max(20, (output.columns ?? 80) - 1);
  const rows = Math.max(0, (output.rows ?? 24) - 4);
  const counted = picture.total === 0 ? "" : `${picture.completed}/${picture.total} ${picture.unit}`;
  const head = [`${spinner} ${plain(picture.title)}`, bar(picture.percent), `${Math.floor(picture.percent)}%`.padStart(4), counted, elapsed].filter((text) => text !== "").join("  ");
  const lines = [widthOf(head) > columns ? clip([`${Math.floor(picture.percent)}%`, counted, elapsed].join("  "), columns) : head];
  const word = trouble === null ? picture.remark : `reconnecting… (${plain(trouble)})`;
  if (word !== null) lines.push(style("yellow", clip(`  ${word}`, columns)));
  const open = picture.parts.toSorted((a, b) => Number(done(a)) - Number(done(b)));
  const shown = open.length > rows ? open.slice(0, Math.max(0, rows - 1)) : open;
  const wide = Math.max(0, ...shown.map(({ name }) => widthOf(name)));
  for (const part of shown) {
    const text = clip(`  ${part.name}${" ".repeat(wide - widthOf(part.name))}  ${`${part.completed}/${part.total}`.padStart(7)}  ${part.note}`, columns);
    lines.push(done(part) ? style("green", text) : text);
  }
  if (shown.length < open.length && rows > 0) lines.push(style("dim", `  … and ${open.length - shown.length} more`));
  return lines;
}

const done = (part: Part): boolean => part.total > 0 && part.completed >= part.total;

export function bar(percent: number, width: number = BAR_WIDTH): string {
  const filled = Math.max(0, Math.min(width, Math.floor((percent / 100) * width)));
  return `[${"█".repeat(filled)}${"░".repeat(width - filled)}]`;
}

function written(output: Output, state: State, elapsed: () => string): Progress {
  let last = "";
  const say = (text: string): void => {
    if (text === last) return;
    last = text;
    output.write(`${elapsed().padStart(6)}  ${text}\n`);
  };
  const line = (): string => {
    const { title, completed, total, percent, unit, remark, parts } = state.picture;
    const ready = parts.length === 0 ? "" : `, ${parts.filter(done).length} of ${count(parts.length, "application")} ready`;
    return `${plain(title)}: ${total === 0 ? "started" : `${Math.floor(percent)}%, ${completed}/${total} ${unit}${ready}`}${remark === null ? "" : ` (${remark})`}`;
  };
  const tick = (): void => {
    if (state.trouble === null) say(line());
  };
  const timer = setInterval(tick, LINE_EVERY_MS);
  return {
    update(change) {
      const before = state.picture;
      state.picture = { ...before, ...change };
      if (last === "" || before.remark !== state.picture.remark) tick();
    },
    connection(trouble) {
      if ((trouble === null) === (state.trouble === null)) return;
      state.trouble = trouble;
      say(trouble === null ? "connected again" : `reconnecting… (${plain(trouble)})`);
    },
    stop() {
      clearInterval(timer);
      tick();
    },
  };
}
