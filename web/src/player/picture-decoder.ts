/**
 * A video decoder that is fed with media records. Frames come out with their capture time as timestamp.
 *
 * What is here: settings from the init record, chunks from frame records, decoder errors as a call. What is not here:
 * which frames to feed (`gate.ts`, `playback-track.ts`), and when to show them.
 */
import { frameBytes, KEY, type Init, type MediaRecord } from "../carrier/record";
import { videoConfig } from "./support";

export class PictureDecoder {
  readonly init: Init;
  #decoder: VideoDecoder;
  readonly #onFrame: (frame: VideoFrame, from: PictureDecoder) => void;
  readonly #onBroken: (from: PictureDecoder) => void;
  /** Frames came out since the start. */
  started = false;
  #needKey = true;

  /** `onBroken`: the decoder gave up; it has been set up anew and waits for a key frame. */
  constructor(init: Init, onFrame: (frame: VideoFrame, from: PictureDecoder) => void, onBroken: (from: PictureDecoder) => void) {
    this.init = init;
    this.#onFrame = onFrame;
    this.#onBroken = onBroken;
    this.#decoder = this.#open();
  }

  #open(): VideoDecoder {
    const decoder = new VideoDecoder({
      output: (frame) => {
        if (this.#decoder !== decoder) return frame.close();
        this.started = true;
        this.#onFrame(frame, this);
      },
      error: () => {
        if (this.#decoder !== decoder) return;
        this.#decoder = this.#open();
        this.#onBroken(this);
      },
    });
    decoder.configure(videoConfig(this.init));
    this.#needKey = true;
    return decoder;
  }

  /** Frames that wait to be decoded. */
  get queue(): number {
    return this.#decoder.decodeQueueSize;
  }

  /** Feed a frame; at the start, and after `restart` and `flush`, frames before a key frame are left out. */
  decode(record: MediaRecord): void {
    if (this.#needKey && !(record.flags & KEY)) return;
    this.#needKey = false;
    this.#decoder.decode(
      new EncodedVideoChunk({ type: record.flags & KEY ? "key" : "delta", timestamp: record.wallUs, data: frameBytes(record) }),
    );
  }

  /** Throw away what waits. */
  restart(): void {
    this.#needKey = true;
    this.#decoder.reset();
    this.#decoder.configure(videoConfig(this.init));
  }

  /** Everything that was fed comes out. */
  async flush(): Promise<void> {
    this.#needKey = true;
    try {
      await this.#decoder.flush();
    } catch {
      // Restarted, closed or broken meanwhile: nothing more comes out, which is all that a caller waits for.
    }
  }

  close(): void {
    if (this.#decoder.state !== "closed") this.#decoder.close();
  }
}

/** Whether two tracks can go through one decoder without setting it up anew. */
export function sameCoding(a: Init, b: Init): boolean {
  return (
    a.codec === b.codec &&
    a.stream === b.stream &&
    a.width === b.width &&
    a.height === b.height &&
    a.description.length === b.description.length &&
    a.description.every((byte, i) => byte === b.description[i])
  );
}
