/**
 * One camera's recording backwards: groups of pictures are decoded forwards, ahead of the falling clock, and looked at
 * from their end.
 *
 * What is here: two groups in store (the one that is seen and the one before it), gaps between them. What is not here: the
 * clock, painting. Bound: {@link MOST_FRAMES} frames a group; of a longer group every second, fourth … frame is kept.
 */
import { keyframe, playback, whyNot } from "../carrier/playback";
import type { StreamKind } from "../carrier/live-socket";
import { Kind, parseInit, VIDEO, type Init, type MediaRecord } from "../carrier/record";
import { PictureDecoder } from "./picture-decoder";
import type { Look } from "./playback-track";
import { canShow } from "./support";

export const MOST_FRAMES = 64;

interface Group {
  /** Capture time of its key frame. */
  fromUs: number;
  /** Where the group after it begins: it is looked at from here down. */
  toUs: number;
  /** End of its last frame. */
  endUs: number;
  frames: VideoFrame[];
  stream: StreamKind;
}

export class ReverseTrack {
  readonly #camera: string;
  #groups: Group[] = [];
  #abort = new AbortController();
  #loading = false;
  #before: "more" | "end" | Look = "more";
  #stream: StreamKind = "main";
  #nextToUs = 0;

  constructor(camera: string) {
    this.#camera = camera;
  }

  /** Read backwards from here. */
  open(atUs: number, stream: StreamKind): void {
    this.close();
    this.#abort = new AbortController();
    this.#stream = stream;
    this.#before = "more";
    this.#nextToUs = atUs + 1;
    this.#fill();
  }

  /** What is to be seen at a moment; moments have to fall. A gap's `untilUs` is the end of what lies before it. */
  look(atUs: number): Look {
    while (this.#groups[0] && this.#groups[0].fromUs > atUs) this.#drop();
    this.#fill();
    const group = this.#groups[0];
    if (group) {
      if (atUs >= group.endUs && group.toUs - group.endUs > 1) return { is: "gap", untilUs: group.endUs - 1 };
      const frame = group.frames.findLast(({ timestamp }) => timestamp <= atUs);
      if (frame) return { is: "frame", frame, stream: group.stream };
    }
    if (typeof this.#before === "object") return this.#before;
    return this.#before === "end" ? { is: "end" } : { is: "waiting" };
  }

  #fill(): void {
    if (this.#loading || this.#groups.length >= 2 || this.#before !== "more") return;
    this.#loading = true;
    const signal = this.#abort.signal;
    void this.#load(this.#nextToUs, signal)
      .catch((error: unknown): Look => ({ is: "failed", why: whyNot(error) }))
      .then((group) => {
        if (signal.aborted) {
          if (typeof group === "object" && "frames" in group) for (const frame of group.frames) frame.close();
          return;
        }
        this.#loading = false;
        if (group === "end" || "is" in group) this.#before = group;
        else {
          this.#nextToUs = group.fromUs;
          this.#groups.push(group);
          this.#fill();
        }
      });
  }

  /** The group of pictures before a moment. */
  async #load(toUs: number, signal: AbortSignal): Promise<Group | "end" | Look> {
    const head = await keyframe(this.#camera, this.#stream, toUs - 1, signal);
    const fromUs = head.find(({ kind, track }) => kind === Kind.Frame && track === VIDEO)?.wallUs;
    if (fromUs === undefined || fromUs >= toUs) return "end";
    let init: Init | undefined;
    let decoder: PictureDecoder | undefined;
    let endUs = fromUs;
    const frames: VideoFrame[] = [];
    const ask = { camera: this.#camera, stream: this.#stream, fromUs, toUs, audio: false };
    try {
      for await (const record of playback(ask, signal)) {
        if (record.track !== VIDEO) continue;
        if (record.kind === Kind.Init && !init) {
          init = parseInit(record.payload);
          if (!(await canShow(init, "webcodecs"))) return { is: "unsupported", init };
          decoder = new PictureDecoder(init, (frame) => keep(frames, frame), () => undefined);
        } else if (record.kind === Kind.Frame && init && decoder) {
          endUs = endOf(record, init);
          decoder.decode(record);
        }
      }
      await decoder?.flush();
    } finally {
      decoder?.close();
    }
    return { fromUs, toUs, endUs, frames, stream: init?.stream ?? this.#stream };
  }

  #drop(): void {
    for (const frame of this.#groups.shift()?.frames ?? []) frame.close();
  }

  close(): void {
    this.#abort.abort();
    this.#loading = false;
    while (this.#groups.length > 0) this.#drop();
  }
}

const endOf = (record: MediaRecord, init: Init): number => record.wallUs + (record.duration / init.timescale) * 1e6;

/** Adds a frame; where that makes too many, every second one goes. */
function keep(frames: VideoFrame[], frame: VideoFrame): void {
  frames.push(frame);
  if (frames.length <= MOST_FRAMES) return;
  const rest = frames.splice(0);
  rest.forEach((one, index) => (index % 2 === 0 ? frames.push(one) : one.close()));
}
