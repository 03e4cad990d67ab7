/**
 * One camera of a synchronized group, whichever engine shows it: what a group asks of it, and the WebCodecs engine.
 *
 * What is not here: the clock, and when to ask what (`sync-group.ts`); the MSE engine (`playback-mse.ts`).
 */
import { playback } from "../carrier/playback";
import type { StreamKind } from "../carrier/live-socket";
import type { MediaRecord } from "../carrier/record";
import { KeyframeReel } from "./keyframes";
import { PlaybackTrack, type Look } from "./playback-track";
import { ReverseTrack } from "./reverse-track";
import { canShow } from "./support";
import { CanvasSurface, type Surface } from "./surface";

/** What a camera shows, for people. */
export type CameraLook =
  | { is: "waiting" }
  | { is: "shown"; stream: StreamKind }
  /** Recording goes on at `untilUs` (backwards: it ended there). */
  | { is: "gap"; untilUs: number }
  | { is: "end" }
  | { is: "unsupported"; codec: string; stream: StreamKind }
  | { is: "failed"; why: string };

/** How a recording is read. */
export interface PartAsk {
  stream: StreamKind;
  audio: boolean;
  /** The site's time, µs: later than this nothing is recorded. */
  nowUs: number;
  backwards: boolean;
}

export interface Part {
  readonly surface: Surface;
  /** Read anew from a moment. The picture stays until another one is right. */
  open(atUs: number, ask: PartAsk): void;
  /** Whether the frame of a moment is at hand. */
  covers(atUs: number): boolean;
  /** Shows the frame of a moment, or tells why it cannot. `rate`: how fast the clock runs now, 0 while it stands. */
  show(atUs: number, rate: number): CameraLook;
  /** Capture time of the frame after a moment, where it is known. */
  nextAfter(atUs: number): number | undefined;
  /** Shows the key frame at or before a moment, when it gets to it; tells what came of it. */
  showKey(atUs: number, told: (look: CameraLook) => void): void;
  /** Stop reading; the picture stays. */
  rest(): void;
  /** Whether this part's own sound is heard (MSE); WebCodecs hands sound records out. */
  hear(on: boolean): void;
  /** Show nothing. */
  blank(): void;
  close(): void;
}

export class CanvasPart implements Part {
  readonly surface: CanvasSurface;
  readonly #camera: string;
  readonly #forwards: PlaybackTrack;
  readonly #backwards: ReverseTrack;
  #reel: { reel: KeyframeReel; stream: StreamKind } | undefined;
  #stream: StreamKind = "main";
  #reverse = false;
  #told: (look: CameraLook) => void = () => undefined;

  constructor(camera: string, parent: Element, stream: StreamKind, onSound: (record: MediaRecord) => void) {
    this.#camera = camera;
    this.#stream = stream;
    this.surface = new CanvasSurface(parent);
    this.#forwards = new PlaybackTrack(camera, { records: playback, canShow, onSound });
    this.#backwards = new ReverseTrack(camera);
  }

  open(atUs: number, { stream, audio, nowUs, backwards }: PartAsk): void {
    this.rest();
    this.#stream = stream;
    this.#reverse = backwards;
    if (backwards) this.#backwards.open(atUs, stream);
    else this.#forwards.open(atUs, { stream, audio, nowUs });
  }

  covers(atUs: number): boolean {
    return !this.#reverse && this.#forwards.covers(atUs);
  }

  show(atUs: number): CameraLook {
    const look: Look = this.#reverse ? this.#backwards.look(atUs) : this.#forwards.look(atUs);
    if (look.is === "unsupported") return { is: "unsupported", codec: look.init.codec, stream: look.init.stream };
    if (look.is !== "frame") return look;
    if (this.surface.shownUs !== look.frame.timestamp || this.surface.element.dataset["stream"] !== look.stream) this.surface.paint(look.frame, look.stream);
    return { is: "shown", stream: look.stream };
  }

  nextAfter(atUs: number): number | undefined {
    return this.#forwards.nextAfter(atUs);
  }

  showKey(atUs: number, told: (look: CameraLook) => void): void {
    this.#told = told;
    if (this.#reel?.stream !== this.#stream) {
      this.#reel?.reel.close();
      const reel = new KeyframeReel(this.#camera, this.#stream, (picture) => {
        if (typeof picture === "object") {
          this.surface.paint(picture.frame, picture.stream);
          this.#told({ is: "shown", stream: picture.stream });
        } else if (picture === "none") {
          this.#told({ is: "end" });
        }
      });
      this.#reel = { reel, stream: this.#stream };
    }
    this.#reel.reel.want(atUs);
  }

  rest(): void {
    this.#told = () => undefined;
    this.#forwards.close();
    this.#backwards.close();
  }

  hear(): void {}

  blank(): void {
    this.surface.blank();
  }

  close(): void {
    this.rest();
    this.#reel?.reel.close();
    this.surface.remove();
  }
}
