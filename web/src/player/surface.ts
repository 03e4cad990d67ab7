/**
 * Where pictures appear: a canvas (WebCodecs) or a video element (MSE), behind one interface.
 *
 * The element tells which frame it shows: `data-wall-us` (capture time), `data-stream`, `data-state`. What is not here:
 * decoding and timing.
 */
import type { StreamKind } from "../carrier/live-socket";

export interface Surface {
  readonly element: HTMLCanvasElement | HTMLVideoElement;
  /** Capture time of the frame that is shown, µs. */
  readonly shownUs: number | undefined;
  state(state: PictureState): void;
  /** The shown frame as PNG. */
  grab(): Promise<Blob | undefined>;
  remove(): void;
}

/** Words for the state of a picture, in `data-state`. */
export type PictureState = "waiting" | "playing" | "stale" | "gap" | "unsupported" | "ended" | "failed";

export class CanvasSurface implements Surface {
  readonly element: HTMLCanvasElement;
  shownUs: number | undefined;
  readonly #context: CanvasRenderingContext2D | null;

  constructor(parent: Element) {
    this.element = document.createElement("canvas");
    this.element.dataset["state"] = "waiting";
    this.#context = this.element.getContext("2d", { alpha: false, desynchronized: false });
    parent.prepend(this.element);
  }

  /** Shows a frame; its timestamp is its capture time. The frame stays the caller's. */
  paint(frame: VideoFrame, stream: StreamKind): void {
    const { displayWidth: width, displayHeight: height } = frame;
    if (this.element.width !== width || this.element.height !== height) {
      this.element.width = width; // clears; it is painted again before the browser shows anything
      this.element.height = height;
    }
    this.#context?.drawImage(frame, 0, 0, width, height);
    this.shownUs = frame.timestamp;
    this.element.dataset["wallUs"] = String(frame.timestamp);
    this.element.dataset["stream"] = stream;
  }

  /** Shows nothing. */
  blank(): void {
    if (this.shownUs === undefined) return;
    this.#context?.fillRect(0, 0, this.element.width, this.element.height);
    this.shownUs = undefined;
    delete this.element.dataset["wallUs"];
  }

  state(state: PictureState): void {
    if (this.element.dataset["state"] !== state) this.element.dataset["state"] = state;
  }

  grab(): Promise<Blob | undefined> {
    if (this.shownUs === undefined) return Promise.resolve(undefined);
    return new Promise((done) => this.element.toBlob((blob) => done(blob ?? undefined), "image/png"));
  }

  remove(): void {
    this.element.remove();
  }
}

/** A video element that MSE fills; muted until somebody wants to hear it. */
export class VideoSurface implements Surface {
  readonly element: HTMLVideoElement;
  shownUs: number | undefined;

  constructor(parent: Element) {
    const video = document.createElement("video");
    video.muted = true;
    video.autoplay = true;
    video.playsInline = true;
    video.dataset["state"] = "waiting";
    parent.prepend(video);
    this.element = video;
  }

  /** The element shows this frame now. */
  shows(wallUs: number, stream: StreamKind): void {
    this.shownUs = wallUs;
    this.element.dataset["wallUs"] = String(wallUs);
    this.element.dataset["stream"] = stream;
  }

  state(state: PictureState): void {
    if (this.element.dataset["state"] !== state) this.element.dataset["state"] = state;
  }

  grab(): Promise<Blob | undefined> {
    const canvas = document.createElement("canvas");
    canvas.width = this.element.videoWidth;
    canvas.height = this.element.videoHeight;
    if (canvas.width === 0 || this.shownUs === undefined) return Promise.resolve(undefined);
    canvas.getContext("2d")?.drawImage(this.element, 0, 0);
    return new Promise((done) => canvas.toBlob((blob) => done(blob ?? undefined), "image/png"));
  }

  remove(): void {
    this.element.remove();
  }
}

/** Hands a file to the browser's downloads. */
export function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A camera's name as part of a file's name. */
export const fileName = (name: string): string => name.trim().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "camera";
