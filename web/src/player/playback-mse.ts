/**
 * One camera of a synchronized group through MSE: for browsers without WebCodecs.
 *
 * What is here: feeding a video element ahead of the clock, keeping it in step, gaps and the end. What is not here: source
 * buffers (`mse-buffer.ts`). Backwards and key frames are shown by seeking, one picture after another: slow, but true.
 *
 * A position in the element is capture time since an hour before the asked moment: nothing stands at position 0, so that no
 * pre-roll is seen before the element has been sent to its moment.
 */
import { playback, whyNot } from "../carrier/playback";
import type { StreamKind } from "../carrier/live-socket";
import { Kind, parseInit, VIDEO, type Init, type MediaRecord } from "../carrier/record";
import { MseBuffer } from "./mse-buffer";
import type { CameraLook, Part, PartAsk } from "./playback-part";
import { canShow } from "./support";
import { VideoSurface } from "./surface";

/** The element is fed this far ahead of the clock, s. */
const AHEAD = 6;
const BEFORE_US = 3600e6;
const PIECE = 3600e6;

export class MsePart implements Part {
  readonly surface: VideoSurface;
  readonly #camera: string;
  readonly #video: HTMLVideoElement;
  #stream: StreamKind;
  #buffer: MseBuffer | undefined;
  #baseUs = 0;
  #atUs = 0;
  #abort = new AbortController();
  #gaps: { fromUs: number; untilUs: number }[] = [];
  #endUs: number | undefined;
  #walls: number[] = [];
  #trouble: CameraLook | undefined;
  #wake: (() => void) | undefined;
  #reverse = false;
  #nowUs = 0;

  constructor(camera: string, parent: Element, stream: StreamKind) {
    this.#camera = camera;
    this.#stream = stream;
    this.surface = new VideoSurface(parent);
    this.#video = this.surface.element;
    this.#video.autoplay = false;
    this.#video.requestVideoFrameCallback(this.#shown);
  }

  readonly #shown = (_now: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
    const wallUs = this.#buffer?.wallAt(mediaTime);
    if (wallUs !== undefined && this.#buffer) this.surface.shows(wallUs, this.#buffer.stream);
    this.#video.requestVideoFrameCallback(this.#shown);
  };

  open(atUs: number, ask: PartAsk): void {
    this.rest();
    this.#buffer?.close();
    this.#stream = ask.stream;
    this.#reverse = ask.backwards;
    this.#nowUs = ask.nowUs;
    this.#baseUs = atUs - BEFORE_US;
    this.#atUs = atUs;
    this.#gaps = [];
    this.#walls = [];
    this.#endUs = undefined;
    this.#trouble = undefined;
    this.#abort = new AbortController();
    this.#buffer = new MseBuffer(this.#video, ask.audio, this.#baseUs);
    void this.#read(atUs, ask, this.#buffer, this.#abort.signal);
  }

  async #read(atUs: number, ask: PartAsk, buffer: MseBuffer, signal: AbortSignal): Promise<void> {
    let fromUs = atUs;
    let lastEndUs = atUs;
    let init: Init | undefined;
    try {
      for (;;) {
        const toUs = fromUs + PIECE;
        for await (const record of playback({ camera: this.#camera, stream: ask.stream, fromUs, toUs, audio: ask.audio, flac: true }, signal)) {
          if (signal.aborted) return;
          if (record.track === VIDEO && record.kind === Kind.Init) {
            init = parseInit(record.payload);
            if (!(await canShow(init, "mse"))) {
              this.#trouble = { is: "unsupported", codec: init.codec, stream: init.stream };
              return;
            }
          }
          if (record.kind === Kind.Gap) this.#gaps.push({ fromUs: lastEndUs, untilUs: record.wallUs });
          if (record.kind === Kind.Frame) await this.#room(record.wallUs, signal);
          if (record.track === VIDEO && record.kind === Kind.Frame && init) {
            lastEndUs = record.wallUs + (record.duration / init.timescale) * 1e6;
            this.#know(record);
          }
          buffer.push(record);
        }
        if (toUs >= ask.nowUs) {
          this.#endUs = lastEndUs;
          return;
        }
        fromUs = toUs;
      }
    } catch (error) {
      if (!signal.aborted) this.#trouble = { is: "failed", why: whyNot(error) };
    }
  }

  #know(record: MediaRecord): void {
    this.#walls.push(record.wallUs);
    if (this.#walls.length > 4000) this.#walls.splice(0, 2000);
  }

  async #room(wallUs: number, signal: AbortSignal): Promise<void> {
    while (wallUs > this.#atUs + AHEAD * 1e6 && !signal.aborted) await new Promise<void>((wake) => (this.#wake = wake));
  }

  covers(atUs: number): boolean {
    return !this.#reverse && this.#buffered(atUs);
  }

  #position(atUs: number): number {
    return (atUs - this.#baseUs) / 1e6;
  }

  #buffered(atUs: number): boolean {
    const { buffered } = this.#video;
    const position = this.#position(atUs);
    for (let i = 0; i < buffered.length; i++) if (buffered.start(i) <= position && position < buffered.end(i)) return true;
    return false;
  }

  show(atUs: number, rate: number): CameraLook {
    this.#atUs = atUs;
    this.#wake?.();
    if (this.#trouble) return this.#trouble;
    const gap = this.#gaps.find(({ fromUs, untilUs }) => atUs >= fromUs && atUs < untilUs);
    if (gap) return { is: "gap", untilUs: gap.untilUs };
    if (this.#endUs !== undefined && atUs >= this.#endUs) return { is: "end" };
    if (!this.#buffered(atUs)) {
      this.#video.pause();
      return { is: "waiting" };
    }
    this.#follow(this.#position(atUs), rate);
    this.#buffer?.trim();
    return this.#video.readyState >= 2 && !this.#video.seeking ? { is: "shown", stream: this.#buffer?.stream ?? this.#stream } : { is: "waiting" };
  }

  /** Keeps the element at the clock: by its rate while it is near, by a seek when it is not. */
  #follow(position: number, rate: number): void {
    const video = this.#video;
    const off = position - video.currentTime;
    if (rate <= 0) {
      video.pause();
      // A frame is shown from its own time on: a µs more keeps rounding from showing the one before.
      if (Math.abs(off) > 0.0005 && !video.seeking) video.currentTime = position + 1e-6;
      return;
    }
    if (Math.abs(off) > 0.25 * rate && !video.seeking) video.currentTime = position;
    const wanted = rate * (Math.abs(off) < 0.03 ? 1 : off > 0 ? 1.05 : 0.95);
    if (video.playbackRate !== wanted) video.playbackRate = wanted;
    if (video.paused) void video.play().catch(() => undefined);
  }

  nextAfter(atUs: number): number | undefined {
    return this.#walls.find((wall) => wall > atUs + 1);
  }

  showKey(atUs: number, told: (look: CameraLook) => void): void {
    const busy = this.#trouble === undefined && this.#buffer !== undefined && this.surface.shownUs === undefined;
    if (busy || Math.abs(this.#atUs - atUs) < 1e6) {
      told(this.show(this.#atUs, 0));
      return;
    }
    this.open(atUs, { stream: this.#stream, audio: false, nowUs: this.#nowUs, backwards: true });
  }

  rest(): void {
    this.#abort.abort();
    this.#wake?.();
    this.#wake = undefined;
    this.#video.pause();
  }

  hear(on: boolean): void {
    this.#video.muted = !on;
  }

  blank(): void {}

  close(): void {
    this.rest();
    this.#buffer?.close();
    this.surface.remove();
  }
}
