/**
 * The sound of a recording, heard in step with the clock while it plays forwards at 1×.
 *
 * What is here: a bounded store of decoded pieces and their schedule. What is not here: decoding, the clock itself.
 * Bound: {@link MOST_PIECES} pieces; the oldest goes first.
 */
import type { MediaRecord } from "../carrier/record";
import { audioOutput, start } from "./live-sound";
import { SoundDecoder, type Piece } from "./sound-decoder";

const MOST_PIECES = 600;
/** Pieces are put on the output this long before they are heard, s. */
const AHEAD = 0.4;
/** Pieces follow each other without a seam while capture times agree this well, s. */
const WOBBLE = 0.03;

export class PlaybackSound {
  readonly #context = audioOutput();
  readonly #decoder = new SoundDecoder(this.#context.sampleRate, (piece) => this.#store(piece));
  /** Pieces in order, kept until they have been heard; `placed`: already on the output. */
  #pieces: (Piece & { placed: boolean })[] = [];
  #playing = new Set<AudioBufferSourceNode>();
  /** The sound of `wallUs` is heard at `time` (s of the output). */
  #anchor: { wallUs: number; time: number } | undefined;
  #next = 0;

  push(record: MediaRecord): void {
    this.#decoder.push(record);
  }

  #store(piece: Piece): void {
    this.#pieces.push({ ...piece, placed: false });
    if (this.#pieces.length > MOST_PIECES) this.#pieces.shift();
  }

  /**
   * Called before every repaint while the clock runs at 1×, with the moment that is seen. Answers the moment that is
   * heard, to steer the clock by; nothing where there is no sound.
   */
  run(wallUs: number): number | undefined {
    const context = this.#context;
    if (context.state !== "running") return undefined;
    const now = context.currentTime;
    if (!this.#anchor || Math.abs(this.#heard(now) - wallUs) > 400_000) {
      this.rest();
      this.#anchor = { wallUs, time: now + 0.03 };
      this.#next = 0;
    }
    const anchor = this.#anchor;
    if (!anchor) return undefined;
    for (const piece of this.#pieces) {
      const wanted = anchor.time + (piece.wallUs - anchor.wallUs) / 1e6;
      if (wanted > now + AHEAD) break;
      if (piece.placed) continue;
      piece.placed = true;
      this.#put(piece, wanted, now);
    }
    const heardUs = this.#heard(now);
    while (this.#pieces[1] && this.#pieces[1].wallUs < heardUs) this.#pieces.shift();
    return this.#next > now ? this.#heard(now) : undefined;
  }

  #heard(now: number): number {
    const anchor = this.#anchor;
    return anchor ? anchor.wallUs + (now - (this.#context.outputLatency || 0) - anchor.time) * 1e6 : 0;
  }

  #put(piece: Piece, wanted: number, now: number): void {
    const length = (piece.channels[0]?.length ?? 0) / this.#context.sampleRate;
    const at = Math.abs(wanted - this.#next) < WOBBLE ? this.#next : wanted;
    const late = now - at;
    if (late >= length) return; // before the moment we are at
    const source = start(this.#context, piece, Math.max(at, now), Math.max(0, late));
    this.#playing.add(source);
    source.onended = () => this.#playing.delete(source);
    this.#next = at + length;
  }

  /** Be silent; what was not heard is kept. */
  rest(): void {
    if (!this.#anchor) return;
    this.#anchor = undefined;
    for (const piece of this.#pieces) piece.placed = false;
    for (const source of this.#playing) source.stop();
    this.#playing.clear();
  }

  /** Forget everything: another moment follows. */
  clear(): void {
    this.rest();
    this.#pieces = [];
  }

  close(): void {
    this.clear();
    this.#decoder.close();
  }
}
