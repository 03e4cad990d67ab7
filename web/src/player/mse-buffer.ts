/**
 * A video element that is fed with media records through MSE. A position in it is capture time since `baseUs`.
 *
 * What is here: source buffers, appends strictly in order (one promise chain), new codings, jumps in the recording (by
 * `timestampOffset`), forgetting what was watched. What is not here: when to play (`live-mse.ts`, `playback-mse.ts`).
 *
 * Bound: {@link MOST_APPENDS} appends wait; beyond, frames are dropped until a key frame.
 */
import { AUDIO, DISCONTINUITY, KEY, Kind, parseInit, VIDEO, type Init, type MediaRecord } from "../carrier/record";
import { mediaSource } from "./support";

const MOST_APPENDS = 240;
/** What was watched is kept this long, s. */
const KEEP = 12;

interface Track {
  init: Init;
  buffer?: SourceBuffer;
  /** Where the run of fragments stands in the element, s; undefined: the next frame tells. */
  offset?: number;
}

export class MseBuffer {
  readonly video: HTMLVideoElement;
  readonly #source: MediaSource;
  readonly #tracks = new Map<number, Track>();
  readonly #wantSound: boolean;
  readonly #url: string;
  #chain: Promise<void>;
  #waiting = 0;
  #dropping = false;
  #early: MediaRecord[] | undefined = [];
  #walls: number[] = [];
  /** Capture time at position 0, µs. */
  baseUs: number | undefined;
  stream: Init["stream"] = "main";

  /**
   * @param wantSound wait for a sound track before the first append, for none can be added after it
   * @param baseUs capture time at position 0; none: that of the first frame
   */
  constructor(video: HTMLVideoElement, wantSound: boolean, baseUs?: number) {
    const Source = mediaSource();
    if (!Source) throw new Error("this browser has no MediaSource");
    this.video = video;
    this.#wantSound = wantSound;
    this.baseUs = baseUs;
    this.#source = new Source();
    video.disableRemotePlayback = true; // ManagedMediaSource opens only without it
    this.#url = URL.createObjectURL(this.#source);
    video.src = this.#url;
    this.#chain = new Promise((opened) => this.#source.addEventListener("sourceopen", () => opened(), { once: true }));
    this.#chain = this.#chain.then(() => URL.revokeObjectURL(this.#url));
  }

  /** Appends that have not been done. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves when everything pushed so far is in the buffer. */
  get settled(): Promise<void> {
    return this.#chain;
  }

  push(record: MediaRecord): void {
    if (record.kind === Kind.Init) {
      const init = parseInit(record.payload);
      if (record.track === VIDEO) this.stream = init.stream;
      const track = this.#tracks.get(record.track);
      if (track) this.#recode(track, init);
      else if (this.#early) this.#tracks.set(record.track, { init });
      if (this.#early) this.#openTracks();
    } else if (record.kind === Kind.Frame) {
      if (this.#early) this.#early.push(record);
      else this.#frame(record);
      // Sound that does not come is not waited for for ever.
      if (this.#early && this.#early.length > 60) this.#openTracks(true);
    }
  }

  /** The frame that stands at a position, by capture time. */
  wallAt(position: number): number | undefined {
    if (this.baseUs === undefined) return undefined;
    const about = this.baseUs + position * 1e6;
    let best: number | undefined;
    for (const wall of this.#walls) if (best === undefined || Math.abs(wall - about) < Math.abs(best - about)) best = wall;
    return best !== undefined && Math.abs(best - about) < 20_000 ? best : about;
  }

  #openTracks(now = false): void {
    const ready = this.#tracks.has(VIDEO) && (now || !this.#wantSound || this.#tracks.has(AUDIO));
    if (!ready) return;
    for (const [, track] of this.#tracks) {
      this.#run(() => {
        track.buffer = this.#source.addSourceBuffer(track.init.mse);
        return append(track.buffer, track.init.segment);
      });
    }
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const record of early) this.#frame(record);
  }

  #recode(track: Track, init: Init): void {
    const before = track.init;
    track.init = init;
    delete track.offset;
    this.#run(() => {
      if (!track.buffer) return Promise.resolve();
      if (before.mse !== init.mse) track.buffer.changeType(init.mse);
      return append(track.buffer, init.segment);
    });
  }

  #frame(record: MediaRecord): void {
    const track = this.#tracks.get(record.track);
    if (!track) return;
    if (this.#waiting >= MOST_APPENDS) this.#dropping = true;
    if (this.#dropping) {
      delete track.offset;
      if (record.track !== VIDEO || !(record.flags & KEY) || this.#waiting > MOST_APPENDS / 2) return;
      this.#dropping = false;
    }
    if (this.baseUs === undefined) {
      if (record.track !== VIDEO) return;
      this.baseUs = record.wallUs;
    }
    if (record.flags & DISCONTINUITY) delete track.offset;
    const decodeS = record.time / track.init.timescale;
    const shownS = decodeS + record.compositionOffset / track.init.timescale;
    track.offset ??= (record.wallUs - this.baseUs) / 1e6 - shownS;
    const offset = track.offset;
    if (record.track === VIDEO) {
      this.#walls.push(Math.round(this.baseUs + (offset + shownS) * 1e6));
      if (this.#walls.length > 2000) this.#walls.splice(0, 1000);
    }
    this.#run(() => {
      const buffer = track.buffer;
      if (!buffer) return Promise.resolve();
      if (buffer.timestampOffset !== offset) buffer.timestampOffset = offset;
      return append(buffer, record.payload);
    });
  }

  /** Forget what lies well before the position. */
  trim(): void {
    const end = this.video.currentTime - KEEP;
    if (end <= 0) return;
    for (const { buffer } of this.#tracks.values()) {
      this.#run(() => (buffer && buffer.buffered.length > 0 && buffer.buffered.start(0) < end - KEEP ? remove(buffer, end) : Promise.resolve()));
    }
  }

  #run(step: () => Promise<void>): void {
    this.#waiting++;
    this.#chain = this.#chain.then(async () => {
      try {
        if (this.#source.readyState === "open") await step();
      } catch {
        this.#dropping = true; // full or refused: go on with the next key frame
      } finally {
        this.#waiting--;
      }
    });
  }

  close(): void {
    this.video.removeAttribute("src");
    this.video.load();
  }
}

function append(buffer: SourceBuffer, bytes: Uint8Array): Promise<void> {
  return updated(buffer, () => buffer.appendBuffer(bytes as Uint8Array<ArrayBuffer>));
}

function remove(buffer: SourceBuffer, end: number): Promise<void> {
  return updated(buffer, () => buffer.remove(0, end));
}

function updated(buffer: SourceBuffer, begin: () => void): Promise<void> {
  return new Promise((done, failed) => {
    buffer.addEventListener("updateend", () => done(), { once: true });
    buffer.addEventListener("error", () => failed(new Error("the browser refused a fragment")), { once: true });
    begin();
  });
}
