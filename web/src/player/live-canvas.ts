/**
 * Live pictures through WebCodecs onto a canvas.
 *
 * What is here: records in, frames on the canvas at the right moment, sound beside. What is not here: subscriptions and
 * states of a tile (`live-player.ts`).
 *
 * Bounds: the decoder's queue by {@link Gate}, decoded frames by {@link MOST_FRAMES} (the oldest is closed), records that
 * wait for the browser's answer about a codec by {@link MOST_RECORDS} (then the stream begins anew at a key frame).
 */
import { DISCONTINUITY, KEY, Kind, parseInit, VIDEO, type Init, type MediaRecord } from "../carrier/record";
import { Gate } from "./gate";
import { JitterBuffer, overdue } from "./jitter";
import { LiveSound } from "./live-sound";
import { PictureDecoder, sameCoding } from "./picture-decoder";
import { canShow } from "./support";
import { CanvasSurface, type Surface } from "./surface";
import { everyFrame } from "./ticker";

/** Decoded frames that wait to be shown, at most. */
export const MOST_FRAMES = 10;
const MOST_RECORDS = 400;
/** No buffered group is longer than this, µs. */
const REPEATED_US = 20e6;

export interface LiveEvents {
  /** A frame is shown. */
  onShown(init: Init, wallUs: number): void;
  /** The browser cannot show this coding. */
  onUnsupported(init: Init): void;
}

/** What a live engine is, whichever it is. */
export interface LiveEngine {
  readonly surface: Surface;
  push(record: MediaRecord): void;
  /** The connection was lost: frames are missing. */
  lost(): void;
  /** Whether sound is heard; called from the click that wants it. */
  sound(on: boolean): void;
  close(): void;
}

export class LiveCanvas implements LiveEngine {
  readonly surface: CanvasSurface;
  readonly #events: LiveEvents;
  readonly #jitter = new JitterBuffer();
  readonly #gate = new Gate();
  readonly #stop: () => void;
  #decoder: PictureDecoder | undefined;
  /** The decoder of the stream before: closed when the new one shows its first frame. */
  #old: PictureDecoder | undefined;
  #frames: { frame: VideoFrame; init: Init }[] = [];
  /** Records that came while the browser was asked. */
  #held: MediaRecord[] | undefined;
  #sound: LiveSound | undefined;
  #closed = false;

  constructor(parent: Element, events: LiveEvents) {
    this.surface = new CanvasSurface(parent);
    this.#events = events;
    this.#stop = everyFrame((nowMs) => this.#tick(nowMs));
  }

  push(record: MediaRecord): void {
    if (record.track !== VIDEO) {
      this.#sound?.push(record);
    } else if (this.#held) {
      if (this.#held.length < MOST_RECORDS) this.#held.push(record);
    } else if (record.kind === Kind.Init) {
      void this.#begin(parseInit(record.payload));
    } else if (record.kind === Kind.Frame) {
      this.#feed(record);
    }
  }

  async #begin(init: Init): Promise<void> {
    this.#gate.reset();
    if (this.#decoder && sameCoding(this.#decoder.init, init)) return;
    this.#held = [];
    const shown = await canShow(init, "webcodecs");
    const held = this.#held;
    this.#held = undefined;
    if (this.#closed) return;
    if (!shown) {
      this.surface.state("unsupported");
      this.#events.onUnsupported(init);
      return;
    }
    this.#old?.close();
    this.#old = this.#decoder;
    this.#decoder = new PictureDecoder(
      init,
      (frame, from) => this.#decoded(frame, from),
      () => this.#gate.reset(),
    );
    for (const record of held) this.push(record);
  }

  #feed(record: MediaRecord): void {
    const decoder = this.#decoder;
    if (!decoder) return;
    const frame = { key: (record.flags & KEY) !== 0, discontinuity: (record.flags & DISCONTINUITY) !== 0 };
    const verdict = this.#gate.next(frame, decoder.queue, decoder.started);
    if (verdict === "drop") return;
    if (verdict === "restart") decoder.restart();
    decoder.decode(record);
  }

  #decoded(frame: VideoFrame, from: PictureDecoder): void {
    // A stream that begins with its buffered group repeats what was shown already; a clock that was set back does not.
    const before = (this.surface.shownUs ?? 0) - frame.timestamp;
    if (before >= 0 && before < REPEATED_US) return frame.close();
    const late = this.#frames[this.#frames.length - 1];
    if (from !== this.#decoder) {
      // The old stream goes on only until the new one has its first picture.
      if (late && late.init !== from.init) return frame.close();
    } else if (this.#old) {
      this.#old.close();
      this.#old = undefined;
      this.#jitter.reset();
    }
    this.#jitter.arrived(frame.timestamp, performance.now());
    this.#frames.push({ frame, init: from.init });
    if (this.#frames.length > MOST_FRAMES) this.#frames.shift()?.frame.close();
  }

  #tick(nowMs: number): void {
    if (this.#frames.length === 0) return;
    const due = this.#frames.map(({ frame }) => this.#sound?.heardAt(frame.timestamp, nowMs) ?? this.#jitter.showAt(frame.timestamp));
    for (const { frame } of this.#frames.splice(0, overdue(due, nowMs))) frame.close();
    const next = this.#frames[0];
    if (!next) return;
    // What is due before half of the next repaint interval is shown now; the first picture at once.
    const wait = (due[due.length - this.#frames.length] ?? 0) - nowMs;
    if (wait > 8 && wait < 2000 && this.surface.shownUs !== undefined) return;
    this.#frames.shift();
    this.surface.paint(next.frame, next.init.stream);
    this.surface.state("playing");
    next.frame.close();
    this.#events.onShown(next.init, next.frame.timestamp);
  }

  lost(): void {
    this.#gate.reset();
  }

  sound(on: boolean): void {
    if (on) {
      this.#sound ??= new LiveSound();
    } else {
      this.#sound?.close();
      this.#sound = undefined;
    }
  }

  close(): void {
    this.#closed = true;
    this.#stop();
    this.sound(false);
    this.#decoder?.close();
    this.#old?.close();
    for (const { frame } of this.#frames.splice(0)) frame.close();
    this.surface.remove();
  }
}
