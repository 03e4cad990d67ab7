/**
 * When to show a live frame. Pure: arrival and current times are arguments (ms, monotonic).
 *
 * A frame is shown at its capture time plus the smallest transit time seen lately plus a small delay that covers the
 * jitter of the last frames. Early frames wait, late ones are shown at once, of several that are due only the newest.
 * What is not here: frames themselves and the decoder's own delay (feed *decoded* times, and it is covered).
 */

/** The delay is never longer, whatever the network does: a picture of the present beats a smooth one, ms. */
export const MAX_DELAY = 120;
/** Transit times older than this are forgotten, so that drifting clocks are followed, ms. */
export const WINDOW = 10_000;
/** Frames that the jitter is measured over. */
const SAMPLES = 50;

export class JitterBuffer {
  /** Candidates for the smallest transit time, increasing (a monotonic queue). */
  #floor: { at: number; transit: number }[] = [];
  #recent: number[] = [];
  #delay = 0;
  #lastWall = -Infinity;

  /** A frame captured at `wallUs` came (or was decoded) at `nowMs`. */
  arrived(wallUs: number, nowMs: number): void {
    // The camera's clock was set, or another stream began: what was learnt is void.
    if (Math.abs(wallUs - this.#lastWall) > 5_000_000 && this.#lastWall !== -Infinity) this.reset();
    this.#lastWall = wallUs;
    const transit = nowMs - wallUs / 1000;
    while (this.#floor.length > 0 && (this.#floor[this.#floor.length - 1]?.transit ?? 0) >= transit) this.#floor.pop();
    this.#floor.push({ at: nowMs, transit });
    while ((this.#floor[0]?.at ?? nowMs) < nowMs - WINDOW) this.#floor.shift();
    const over = transit - this.#base();
    // The buffered group of pictures that a stream begins with is late by design: it says nothing about the network.
    if (over < 1000) {
      this.#recent.push(over);
      if (this.#recent.length > SAMPLES) this.#recent.shift();
    }
    const target = Math.min(MAX_DELAY, quantile(this.#recent, 0.9));
    // Rise at once, fall slowly: one calm second does not make a calm network.
    this.#delay = target > this.#delay ? target : this.#delay + (target - this.#delay) / 50;
  }

  /** When (ms) a frame is to be shown. */
  showAt(wallUs: number): number {
    return wallUs / 1000 + this.#base() + this.#delay;
  }

  /** How long frames wait on purpose, ms. */
  get delay(): number {
    return this.#delay;
  }

  /** Forget everything: the stream begins anew. */
  reset(): void {
    this.#floor = [];
    this.#recent = [];
    this.#delay = 0;
    this.#lastWall = -Infinity;
  }

  #base(): number {
    return this.#floor[0]?.transit ?? 0;
  }
}

/** Of frames in order, how many from the front are not to be shown (a newer one is due), given when each is due. */
export function overdue(dueMs: readonly number[], nowMs: number): number {
  let skip = 0;
  while (skip + 1 < dueMs.length && (dueMs[skip + 1] ?? Infinity) <= nowMs) skip++;
  return skip;
}

function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}
