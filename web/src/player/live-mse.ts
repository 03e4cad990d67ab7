/**
 * Live pictures through MSE into a video element: for browsers without WebCodecs, and pages without a secure context.
 *
 * What is here: staying near the live edge (a little faster when behind, a jump when far behind). What is not here:
 * buffers (`mse-buffer.ts`).
 */
import { Kind, parseInit, VIDEO, type Init, type MediaRecord } from "../carrier/record";
import type { LiveEngine, LiveEvents } from "./live-canvas";
import { MseBuffer } from "./mse-buffer";
import { canShow } from "./support";
import { VideoSurface } from "./surface";

/** How to keep near the live edge: pure. `behind` is the buffered time that was not played yet, s. */
export function chase(behind: number): { rate: number; jump: boolean } {
  if (behind > 1.5) return { rate: 1, jump: true };
  if (behind > 0.5) return { rate: 1.15, jump: false };
  return { rate: behind < 0.08 ? 0.95 : 1, jump: false };
}

export class LiveMse implements LiveEngine {
  readonly surface: VideoSurface;
  readonly #video: HTMLVideoElement;
  readonly #events: LiveEvents;
  #buffer: MseBuffer | undefined;
  #init: Init | undefined;
  #sound = false;
  #closed = false;

  constructor(parent: Element, events: LiveEvents) {
    this.surface = new VideoSurface(parent);
    this.#video = this.surface.element;
    this.#events = events;
    this.#video.requestVideoFrameCallback(this.#frame);
  }

  push(record: MediaRecord): void {
    if (record.kind === Kind.Init && record.track === VIDEO) {
      const init = parseInit(record.payload);
      this.#init = init;
      void canShow(init, "mse").then((shown) => {
        if (shown || this.#closed) return;
        this.surface.state("unsupported");
        this.#events.onUnsupported(init);
      });
    }
    this.#buffer ??= new MseBuffer(this.#video, this.#sound);
    this.#buffer.push(record);
    if (record.kind === Kind.Frame && record.track === VIDEO) void this.#buffer.settled.then(() => this.#chase());
  }

  #chase(): void {
    const { buffered, currentTime } = this.#video;
    const last = buffered.length - 1;
    if (this.#closed || last < 0) return;
    const end = buffered.end(last);
    const { rate, jump } = chase(end - currentTime);
    if (jump || currentTime < buffered.start(last)) this.#video.currentTime = Math.max(buffered.start(last), end - 0.2);
    if (this.#video.playbackRate !== rate) this.#video.playbackRate = rate;
    if (this.#video.paused) void this.#video.play().catch(() => undefined);
    this.#buffer?.trim();
  }

  readonly #frame = (_now: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
    if (this.#closed) return;
    const wallUs = this.#buffer?.wallAt(mediaTime);
    if (wallUs !== undefined && this.#init && this.#buffer) {
      this.surface.shows(wallUs, this.#buffer.stream);
      this.surface.state("playing");
      this.#events.onShown(this.#init, wallUs);
    }
    this.#video.requestVideoFrameCallback(this.#frame);
  };

  /** A connection that was lost begins with an init record and a jump in time, which the buffer handles. */
  lost(): void {}

  sound(on: boolean): void {
    this.#video.muted = !on;
    if (on === this.#sound) return;
    this.#sound = on;
    if (!on) return; // a sound track that is no longer sent does no harm
    this.#buffer?.close();
    this.#buffer = undefined;
  }

  close(): void {
    this.#closed = true;
    this.#buffer?.close();
    this.surface.remove();
  }
}
