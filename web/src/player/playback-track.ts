/**
 * One camera's recording, decoded ahead of the clock: which frame is to be seen at a moment.
 *
 * What is here: the request, decoding through pre-roll, a bounded store of decoded frames, gaps and the end. What is not
 * here: the clock (`sync-group.ts`), painting, backwards play (`keyframes.ts`).
 *
 * A frame is right at `t` when it is the last one at or before `t`; that is known once the next frame, a gap or the end
 * has come. Backpressure: a record is read only while fewer than {@link ahead} frames wait.
 */
import { whyNot, type playback } from "../carrier/playback";
import type { StreamKind } from "../carrier/live-socket";
import { Kind, parseInit, VIDEO, type Init, type MediaRecord } from "../carrier/record";
import { PictureDecoder, sameCoding } from "./picture-decoder";
import { canShow } from "./support";

/** What a camera has for a moment. */
export type Look =
  | { is: "frame"; frame: VideoFrame; stream: StreamKind }
  /** It has not come yet. */
  | { is: "waiting" }
  /** Nothing was recorded then; recording goes on at `untilUs`. */
  | { is: "gap"; untilUs: number }
  /** Nothing is recorded from then on. */
  | { is: "end" }
  | { is: "unsupported"; init: Init }
  | { is: "failed"; why: string };

/** A range is asked for in pieces of this length, µs. */
const PIECE = 3600e6;

export interface TrackDeps {
  records: typeof playback;
  canShow: typeof canShow;
  /** A record of track 1 came. */
  onSound(record: MediaRecord): void;
  /** Something changed that the next look may tell. */
  onChange?(): void;
}

/** Frames that may wait, by picture size: about 50 MB of pictures. */
const ahead = (init: Init): number => (init.width * init.height > 1_000_000 ? 10 : 24);

export class PlaybackTrack {
  readonly camera: string;
  readonly #deps: TrackDeps;
  #frames: VideoFrame[] = [];
  #stream: StreamKind = "main";
  #decoder: PictureDecoder | undefined;
  #abort = new AbortController();
  /** What comes after the last decoded frame. */
  #after: { is: "more" } | { is: "gap"; fromUs: number; untilUs: number } | { is: "end"; fromUs: number } = { is: "more" };
  /** Gaps between frames that were decoded. */
  #gaps: { fromUs: number; untilUs: number }[] = [];
  #trouble: Look | undefined;
  #targetUs = 0;
  #wake: (() => void) | undefined;
  #opened = false;

  constructor(camera: string, deps: TrackDeps) {
    this.camera = camera;
    this.#deps = deps;
  }

  /** Read from here on; `nowUs`: later than this is not recorded yet. */
  open(atUs: number, ask: { stream: StreamKind; audio: boolean; nowUs: number }): void {
    this.close();
    this.#opened = true;
    this.#targetUs = atUs;
    this.#after = { is: "more" };
    this.#trouble = undefined;
    this.#abort = new AbortController();
    void this.#read(atUs, ask, this.#abort.signal);
  }

  /** Whether the frame of a moment is at hand without reading anew. */
  covers(atUs: number): boolean {
    const first = this.#frames[0];
    const last = this.#frames[this.#frames.length - 1];
    return this.#opened && first !== undefined && last !== undefined && first.timestamp <= atUs && atUs <= last.timestamp;
  }

  /** What is to be seen at a moment. Moments have to rise (or `open` is called); the frame stays this track's. */
  look(atUs: number): Look {
    if (this.#trouble) return this.#trouble;
    this.#targetUs = atUs;
    this.#prune();
    const [first, second] = this.#frames;
    if (first && first.timestamp <= atUs) {
      if (second) return this.#gapWithin(first, second, atUs) ?? { is: "frame", frame: first, stream: this.#stream };
      if (this.#after.is === "gap" && atUs >= this.#after.fromUs) return { is: "gap", untilUs: this.#after.untilUs };
      if (this.#after.is === "end" && atUs >= this.#after.fromUs) return { is: "end" };
      if (this.#after.is !== "more") return { is: "frame", frame: first, stream: this.#stream };
      return { is: "waiting" };
    }
    if (first) return { is: "gap", untilUs: first.timestamp };
    if (this.#after.is === "gap" && this.#after.untilUs > atUs) return { is: "gap", untilUs: this.#after.untilUs };
    return this.#after.is === "end" ? { is: "end" } : { is: "waiting" };
  }

  /** Capture time of the first frame after a moment, where it has come. */
  nextAfter(atUs: number): number | undefined {
    return this.#frames.find((frame) => frame.timestamp > atUs)?.timestamp;
  }

  #gapWithin(first: VideoFrame, second: VideoFrame, atUs: number): Look | undefined {
    const gap = this.#gaps.find(({ fromUs, untilUs }) => fromUs > first.timestamp && untilUs <= second.timestamp && atUs >= fromUs);
    return gap ? { is: "gap", untilUs: gap.untilUs } : undefined;
  }

  async #read(atUs: number, ask: { stream: StreamKind; audio: boolean; nowUs: number }, signal: AbortSignal): Promise<void> {
    let fromUs = atUs;
    try {
      for (;;) {
        const toUs = fromUs + PIECE;
        let lastEndUs = fromUs;
        let timescale = 90_000;
        for await (const record of this.#deps.records({ camera: this.camera, stream: ask.stream, fromUs, toUs, audio: ask.audio }, signal)) {
          if (signal.aborted) return;
          if (record.track !== VIDEO) this.#deps.onSound(record);
          else if (record.kind === Kind.Init) {
            const init = parseInit(record.payload);
            timescale = init.timescale;
            if (!(await this.#code(init, signal))) return;
          } else if (record.kind === Kind.Frame) {
            await this.#room(signal);
            if (signal.aborted) return;
            if (this.#after.is === "gap") this.#gaps.push(this.#after);
            this.#after = { is: "more" };
            lastEndUs = record.wallUs + (record.duration / timescale) * 1e6;
            this.#decoder?.decode(record);
          } else if (record.kind === Kind.Gap) {
            await this.#decoder?.flush();
            if (signal.aborted) return;
            this.#after = { is: "gap", fromUs: lastEndUs, untilUs: record.wallUs };
            this.#deps.onChange?.();
          }
        }
        if (toUs >= ask.nowUs) {
          await this.#decoder?.flush();
          if (signal.aborted) return;
          this.#after = { is: "end", fromUs: lastEndUs };
          this.#deps.onChange?.();
          return;
        }
        fromUs = toUs;
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#trouble = { is: "failed", why: whyNot(error) };
      this.#deps.onChange?.();
    }
  }

  async #code(init: Init, signal: AbortSignal): Promise<boolean> {
    if (this.#decoder && sameCoding(this.#decoder.init, init)) return true;
    if (!(await this.#deps.canShow(init, "webcodecs"))) {
      this.#trouble = { is: "unsupported", init };
      this.#deps.onChange?.();
      return false;
    }
    await this.#decoder?.flush();
    if (signal.aborted) return false;
    this.#decoder?.close();
    this.#decoder = new PictureDecoder(
      init,
      (frame) => this.#decoded(frame, init),
      () => {
        this.#trouble = { is: "failed", why: "A frame of this recording cannot be decoded." };
        this.#deps.onChange?.();
      },
    );
    return true;
  }

  #decoded(frame: VideoFrame, init: Init): void {
    this.#stream = init.stream;
    this.#frames.push(frame);
    this.#prune();
    this.#deps.onChange?.();
  }

  /** Of the frames that are not after the target only the last one can still be wanted. */
  #prune(): void {
    while (this.#frames.length > 1 && (this.#frames[1]?.timestamp ?? Infinity) <= this.#targetUs) this.#frames.shift()?.close();
    const from = this.#frames[0]?.timestamp ?? -Infinity;
    this.#gaps = this.#gaps.filter((gap) => gap.untilUs > from);
    if (this.#wake && this.#hasRoom()) {
      this.#wake();
      this.#wake = undefined;
    }
  }

  #hasRoom(): boolean {
    const decoder = this.#decoder;
    return !decoder || this.#frames.length + decoder.queue < ahead(decoder.init);
  }

  async #room(signal: AbortSignal): Promise<void> {
    while (!this.#hasRoom() && !signal.aborted) await new Promise<void>((wake) => (this.#wake = wake));
  }

  close(): void {
    this.#opened = false;
    this.#abort.abort();
    this.#wake?.();
    this.#wake = undefined;
    this.#decoder?.close();
    this.#decoder = undefined;
    this.#gaps = [];
    for (const frame of this.#frames.splice(0)) frame.close();
  }
}
