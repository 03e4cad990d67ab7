/**
 * What to do with the next live frame when the decoder may be behind. Pure: a bounded queue as a decision.
 *
 * What is not here: the decoder. The queue that is bounded is the decoder's own (`VideoDecoder.decodeQueueSize`).
 */

/** `decode` it; `drop` it; `restart`: throw away what waits in the decoder and begin with this key frame. */
export type Verdict = "decode" | "drop" | "restart";

/** A key frame that finds more than this many frames waiting takes their place. */
export const LATE_QUEUE = 12;
/** More than this many never wait: the rest of the group is dropped, the next key frame goes on. */
export const MAX_QUEUE = 120;

export class Gate {
  #needKey = true;

  /** The stream begins anew (another codec, a lost connection, a broken decoder): wait for a key frame. */
  reset(): void {
    this.#needKey = true;
  }

  /** `started` is false until the first picture has come out: the buffered group it begins with is no backlog. */
  next(frame: { key: boolean; discontinuity: boolean }, queue: number, started: boolean): Verdict {
    if (frame.key) {
      const restart = this.#needKey ? queue > 0 && started : started && queue > LATE_QUEUE;
      this.#needKey = false;
      return restart ? "restart" : "decode";
    }
    if (frame.discontinuity || queue >= MAX_QUEUE) this.#needKey = true;
    return this.#needKey ? "drop" : "decode";
  }
}
