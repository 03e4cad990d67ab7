/**
 * Live sound: pieces are heard one after another, a little later than they come; when they stay out, it begins anew.
 *
 * What is here: the page's audio output, and the schedule. What is not here: decoding.
 */
import type { MediaRecord } from "../carrier/record";
import { SoundDecoder, type Piece } from "./sound-decoder";

let shared: AudioContext | undefined;

/** The page's audio output. Browsers let it start only from a click or a key: call it there. */
export function audioOutput(): AudioContext {
  shared ??= new AudioContext({ latencyHint: "interactive" });
  if (shared.state === "suspended") void shared.resume();
  return shared;
}

/** Begin this much after a piece has come, s. */
const LEAD = 0.1;
/** More than this waiting means that we are late: begin anew with the newest piece, s. */
const MOST = 0.35;
/** Capture times of cameras wobble by this much although samples follow each other exactly, s. */
const WOBBLE = 0.04;

/** Puts one piece on the output. */
export function start(context: AudioContext, piece: Piece, at: number, offset = 0): AudioBufferSourceNode {
  const length = piece.channels[0]?.length ?? 0;
  const buffer = context.createBuffer(piece.channels.length, length, context.sampleRate);
  piece.channels.forEach((samples, i) => buffer.copyToChannel(samples, i));
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  source.start(at, offset);
  return source;
}

export class LiveSound {
  readonly #context = audioOutput();
  readonly #decoder = new SoundDecoder(this.#context.sampleRate, (piece) => this.#schedule(piece));
  readonly #playing = new Set<AudioBufferSourceNode>();
  /** The piece captured at `wallUs` is heard at `time` (s of the output). */
  #anchor: { wallUs: number; time: number } | undefined;
  #next = 0;

  /** A record of track 1. */
  push(record: MediaRecord): void {
    this.#decoder.push(record);
  }

  /** When (ms, monotonic) the sound captured at a time is heard; nothing while there is none. */
  heardAt(wallUs: number, nowMs: number): number | undefined {
    if (!this.#anchor || this.#context.state !== "running" || this.#next < this.#context.currentTime) return undefined;
    const time = this.#anchor.time + (wallUs - this.#anchor.wallUs) / 1e6;
    return nowMs + (time - this.#context.currentTime + (this.#context.outputLatency || 0)) * 1000;
  }

  #schedule(piece: Piece): void {
    const context = this.#context;
    if (context.state !== "running") return; // not allowed yet: what is not heard now is not heard later
    const now = context.currentTime;
    const anchor = this.#anchor;
    const wanted = anchor ? anchor.time + (piece.wallUs - anchor.wallUs) / 1e6 : -1;
    let at = Math.abs(wanted - this.#next) < WOBBLE ? this.#next : wanted;
    if (!anchor || at < now || at > now + MOST) {
      this.#silence();
      at = now + LEAD;
      this.#anchor = { wallUs: piece.wallUs, time: at };
    } else if (at !== this.#next) {
      this.#anchor = { wallUs: piece.wallUs, time: at };
    }
    const source = start(context, piece, at);
    this.#playing.add(source);
    source.onended = () => this.#playing.delete(source);
    this.#next = at + (piece.channels[0]?.length ?? 0) / context.sampleRate;
  }

  #silence(): void {
    for (const source of this.#playing) source.stop();
    this.#playing.clear();
  }

  close(): void {
    this.#decoder.close();
    this.#silence();
    this.#anchor = undefined;
  }
}
