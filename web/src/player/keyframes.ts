/**
 * Single key frames of a recording, decoded: for hover previews, scrubbing, fast and backwards play.
 *
 * What is here: one request at a time, the latest wish wins, the decoder is kept between pictures. What is not here: where
 * pictures are shown, and when to wish for one.
 */
import { keyframe } from "../carrier/playback";
import type { StreamKind } from "../carrier/live-socket";
import { Kind, parseInit, VIDEO, type Init, type MediaRecord } from "../carrier/record";
import { PictureDecoder, sameCoding } from "./picture-decoder";
import { canShow, engineOf } from "./support";

/** A decoded key frame, or why there is none. The frame is closed after the call. */
export type KeyPicture = { frame: VideoFrame; stream: StreamKind } | "none" | "unsupported" | "failed";

export class KeyframeReel {
  readonly #camera: string;
  readonly #stream: StreamKind;
  readonly #onPicture: (picture: KeyPicture, askedUs: number) => void;
  #decoder: PictureDecoder | undefined;
  #out: VideoFrame | undefined;
  #wish: number | undefined;
  #running = false;
  readonly #abort = new AbortController();

  constructor(camera: string, stream: StreamKind, onPicture: (picture: KeyPicture, askedUs: number) => void) {
    this.#camera = camera;
    this.#stream = stream;
    this.#onPicture = onPicture;
  }

  /** Show the key frame at or before this time next. */
  want(atUs: number): void {
    this.#wish = atUs;
    if (!this.#running) void this.#run();
  }

  get busy(): boolean {
    return this.#running;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#wish !== undefined && !this.#abort.signal.aborted) {
      const atUs = this.#wish;
      this.#wish = undefined;
      const picture = await this.#fetch(atUs);
      if (!this.#abort.signal.aborted) this.#onPicture(picture, atUs);
      if (typeof picture === "object") picture.frame.close();
    }
    this.#running = false;
  }

  async #fetch(atUs: number): Promise<KeyPicture> {
    let records: MediaRecord[];
    try {
      records = await keyframe(this.#camera, this.#stream, atUs, this.#abort.signal);
    } catch {
      return "failed";
    }
    try {
      const head = records.find((r) => r.kind === Kind.Init && r.track === VIDEO);
      const key = records.find((r) => r.kind === Kind.Frame && r.track === VIDEO);
      if (!head || !key) return "none";
      const init = parseInit(head.payload);
      if (engineOf() !== "webcodecs" || !(await canShow(init, "webcodecs"))) return "unsupported";
      const frame = await this.#decode(init, key);
      return frame ? { frame, stream: init.stream } : "failed";
    } catch {
      return "failed";
    }
  }

  async #decode(init: Init, key: MediaRecord): Promise<VideoFrame | undefined> {
    if (!this.#decoder || !sameCoding(this.#decoder.init, init)) {
      this.#decoder?.close();
      this.#decoder = new PictureDecoder(
        init,
        (frame) => {
          this.#out?.close();
          this.#out = frame;
        },
        () => undefined,
      );
    }
    this.#decoder.decode(key);
    await this.#decoder.flush();
    const frame = this.#out;
    this.#out = undefined;
    return frame;
  }

  close(): void {
    this.#wish = undefined;
    this.#abort.abort();
    this.#decoder?.close();
    this.#out?.close();
    this.#out = undefined;
  }
}
