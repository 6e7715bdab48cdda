/** Milliseconds since 1970 on the simulation's clock, which every time that the product shows follows. */
export interface Clock {
  now(): number;
}

/**
 * The simulation's clock as data: at wall time `wallBase` it showed `simulatedBase`, and it runs `speed` times as fast. Kept in the
 * database, so that all processes and the next start agree; with a speed of 1 and equal bases it is the wall clock.
 */
export interface ClockSettings {
  readonly wallBase: number;
  readonly simulatedBase: number;
  readonly speed: number;
}

export const simulatedTime = (settings: ClockSettings, wall: number): number =>
  Math.floor(settings.simulatedBase + (wall - settings.wallBase) * settings.speed);

/** Idempotency keys can be replayed, and streams resumed, for this long: milliseconds of the wall clock, whatever the speed. */
export const KEPT_MS = 24 * 3_600_000;

/** What is older than this, on the simulation's clock, is kept no longer. */
export const keptSince = (now: number, speed: number): number => now - KEPT_MS * speed;

/** The settings under which the clock goes on from where it is at another speed: it never jumps and never runs backwards. */
export function changeSpeed(settings: ClockSettings, speed: number, wall: number): ClockSettings {
  return settings.speed === speed ? settings : { wallBase: wall, simulatedBase: simulatedTime(settings, wall), speed };
}

/** A time of a clock as columns and JSON want it. */
export const instant = (milliseconds: number | null): Date | null => (milliseconds === null ? null : new Date(milliseconds));
