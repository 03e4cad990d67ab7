/**
 * Another sample rate, without a click where two pieces meet. Pure but for what it remembers of the piece before.
 *
 * Linear interpolation: the sound of cameras is speech at 8 to 16 kHz, and the browser's own resampler would begin anew
 * at every piece. What is not here: filters for music.
 */
export class Resampler {
  #last = 0;
  /** Where the next output sample lies, in input samples after `#last`. */
  #phase = 1;

  /** Input samples an output sample. */
  readonly #step: number;

  /** @param from @param to samples a second */
  constructor(from: number, to: number) {
    this.#step = from / to;
  }

  /** The samples of the next piece at the other rate. */
  push(input: Float32Array): Float32Array<ArrayBuffer> {
    const step = this.#step;
    const out = new Float32Array(Math.max(0, Math.ceil((input.length + 1 - this.#phase) / step)));
    let count = 0;
    let at = this.#phase;
    for (; at <= input.length && count < out.length; at += step) {
      const left = Math.floor(at);
      const a = left === 0 ? this.#last : (input[left - 1] ?? 0);
      const b = input[left] ?? a;
      out[count++] = a + (b - a) * (at - left);
    }
    this.#last = input[input.length - 1] ?? this.#last;
    this.#phase = at - input.length;
    return out.subarray(0, count);
  }
}
