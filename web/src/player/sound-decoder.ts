/**
 * Sound records to samples: AAC through WebCodecs, G.711 by table. Samples come out at the rate of the output.
 *
 * What is not here: when they are heard (`live-sound.ts`, `playback-sound.ts`).
 */
import { frameBytes, parseInit, Kind, type Init, type MediaRecord } from "../carrier/record";
import { decodeG711 } from "./g711";
import { Resampler } from "./resample";

/** A piece of sound; all channels have the same number of samples. */
export interface Piece {
  /** Capture time of the first sample, µs. */
  wallUs: number;
  channels: Float32Array<ArrayBuffer>[];
}

export class SoundDecoder {
  readonly #rate: number;
  readonly #onPiece: (piece: Piece) => void;
  #init: Init | undefined;
  #aac: AudioDecoder | undefined;
  #resamplers: Resampler[] = [];

  /** @param rate samples a second of the output */
  constructor(rate: number, onPiece: (piece: Piece) => void) {
    this.#rate = rate;
    this.#onPiece = onPiece;
  }

  /** A record of track 1. What cannot be decoded is silent; pictures go on. */
  push(record: MediaRecord): void {
    if (record.kind === Kind.Init) this.#configure(parseInit(record.payload));
    else if (record.kind === Kind.Frame) this.#decode(record);
  }

  #configure(init: Init): void {
    this.close();
    this.#init = init;
    this.#resamplers = [];
    if (isG711(init.codec) || typeof AudioDecoder === "undefined") return;
    const decoder = new AudioDecoder({
      output: (data) => {
        this.#emit(data.timestamp, planes(data), data.sampleRate);
        data.close();
      },
      error: () => {
        if (this.#aac === decoder) this.#aac = undefined;
      },
    });
    decoder.configure({
      codec: init.codec,
      sampleRate: init.sampleRate,
      numberOfChannels: init.channels,
      ...(init.description.byteLength > 0 ? { description: init.description } : {}),
    });
    this.#aac = decoder;
  }

  #decode(record: MediaRecord): void {
    const init = this.#init;
    if (!init) return;
    if (isG711(init.codec)) {
      this.#emit(record.wallUs, [decodeG711(init.codec, frameBytes(record))], init.sampleRate || 8000);
    } else if (this.#aac?.state === "configured" && this.#aac.decodeQueueSize < 200) {
      this.#aac.decode(new EncodedAudioChunk({ type: "key", timestamp: record.wallUs, data: frameBytes(record) }));
    }
  }

  #emit(wallUs: number, channels: Float32Array<ArrayBuffer>[], rate: number): void {
    if (rate !== this.#rate) {
      channels = channels.map((samples, i) => {
        const resampler = (this.#resamplers[i] ??= new Resampler(rate, this.#rate));
        return resampler.push(samples);
      });
    }
    if ((channels[0]?.length ?? 0) > 0) this.#onPiece({ wallUs, channels });
  }

  close(): void {
    if (this.#aac && this.#aac.state !== "closed") this.#aac.close();
    this.#aac = undefined;
  }
}

function isG711(codec: string): codec is "ulaw" | "alaw" {
  return codec === "ulaw" || codec === "alaw";
}

function planes(data: AudioData): Float32Array<ArrayBuffer>[] {
  return Array.from({ length: data.numberOfChannels }, (_, planeIndex) => {
    const samples = new Float32Array(data.numberOfFrames);
    data.copyTo(samples, { planeIndex, format: "f32-planar" });
    return samples;
  });
}
