/**
 * The clock of playback: which moment is to be seen now. Pure: `now` (ms, monotonic) is always an argument.
 *
 * What is here: play, pause, speed, seek, being held while pictures are missing, and being steered by sound.
 * What is not here: timers, frames, cameras. A clock is a value; every change makes a new one.
 */

/** Moment `wallUs` was (or is) to be seen at `nowMs`, and moves on at `rate` while playing and not held. */
export interface Clock {
  readonly wallUs: number;
  readonly nowMs: number;
  readonly rate: number;
  readonly playing: boolean;
  /** Waits for pictures. */
  readonly held: boolean;
}

export const stopped = (wallUs: number): Clock => ({ wallUs, nowMs: 0, rate: 1, playing: false, held: false });

/** The moment to be seen, µs. */
export function at(clock: Clock, nowMs: number): number {
  if (!clock.playing || clock.held) return clock.wallUs;
  return clock.wallUs + Math.max(0, nowMs - clock.nowMs) * 1000 * clock.rate;
}

const anchored = (clock: Clock, nowMs: number, change: Partial<Clock>): Clock => ({ ...clock, wallUs: at(clock, nowMs), nowMs, ...change });

export const play = (clock: Clock, nowMs: number): Clock => anchored(clock, nowMs, { playing: true });
export const pause = (clock: Clock, nowMs: number): Clock => anchored(clock, nowMs, { playing: false, held: false });
/** Go to a moment; playing goes on from there. */
export const seek = (clock: Clock, wallUs: number, nowMs: number): Clock => anchored(clock, nowMs, { wallUs });
/** Change the speed without a jump; negative is backwards. */
export const setRate = (clock: Clock, rate: number, nowMs: number): Clock => anchored(clock, nowMs, { rate });
/** Wait (or go on) because pictures are missing (or there). */
export const hold = (clock: Clock, held: boolean, nowMs: number): Clock => (clock.held === held ? clock : anchored(clock, nowMs, { held }));

/** Nearer than this to the sound the clock is left alone, µs: 5 ms cannot be seen. */
const CLOSE_US = 5_000;
/** Farther than this it jumps; between, it moves an eighth of the way, so that pictures do not stutter. */
const FAR_US = 200_000;

/** Follow the sound that is heard now: it is the master, because ears notice what eyes do not. */
export function steer(clock: Clock, heardUs: number, nowMs: number): Clock {
  if (!clock.playing || clock.held) return clock;
  const wallUs = at(clock, nowMs);
  const off = heardUs - wallUs;
  if (Math.abs(off) <= CLOSE_US) return clock;
  return { ...clock, wallUs: Math.abs(off) >= FAR_US ? heardUs : wallUs + off / 8, nowMs };
}

/** The speeds that are offered, slowest backwards first. */
export const RATES = [-4, -1, 1, 2, 4, 16] as const;

/** Whether a speed shows key frames only: beyond 4×, and faster than 1× backwards, a browser cannot decode everything. */
export const keyFramesOnly = (rate: number): boolean => rate < -1 || rate > 4;
