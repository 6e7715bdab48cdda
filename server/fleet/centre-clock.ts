/**
 * The centre's clock, followed from another machine: each connection says what time it is there and how fast it goes. Between two it runs on by this
 * machine's own clock, also over a restart, from what was kept. It never runs backwards: where it was ahead, it stands until the centre's has caught up.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { type Clock, type ClockSettings, simulatedTime } from "../domain/clock.ts";

export interface CentreClock extends Clock {
  /** Somebody has said what time it is. */
  readonly isKnown: boolean;
  follow(now: number, speed: number): void;
}

export interface CentreClockOptions {
  readonly wall: () => number;
  /** As it was before, if it was. */
  readonly kept: ClockSettings | null;
  readonly keep: (settings: ClockSettings) => void;
}

export function createCentreClock({ wall, kept, keep }: CentreClockOptions): CentreClock {
  let settings = kept;
  let shown = -Infinity;
  return {
    get isKnown() {
      return settings !== null;
    },
    now: () => {
      if (settings === null) throw new Error("nobody has said yet what time it is");
      shown = Math.max(shown, simulatedTime(settings, wall()));
      return shown;
    },
    follow: (now, speed) => {
      settings = { wallBase: wall(), simulatedBase: now, speed };
      keep(settings);
    },
  };
}

/** What a file keeps of the clock; null where there is none, or one that says nothing. */
export function readKeptClock(file: string): ClockSettings | null {
  try {
    const { wallBase, simulatedBase, speed } = JSON.parse(readFileSync(file, "utf8")) as Partial<ClockSettings>;
    return Number.isFinite(wallBase) && Number.isFinite(simulatedBase) && Number.isFinite(speed) ? ({ wallBase, simulatedBase, speed } as ClockSettings) : null;
  } catch {
    return null;
  }
}

/** Whole or not at all. */
export function keepClock(file: string, settings: ClockSettings): void {
  writeFileSync(`${file}.new`, JSON.stringify(settings), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
