/**
 * A recording read ahead, piece by piece: no answer is left unread, for what a connection holds unread holds up every other
 * answer of it (RFC 9113, section 5.2.2), and five paused cameras would stop the whole client.
 *
 * What is here: one request after another, each read to its end at once; the store of what nobody has taken yet. What is not
 * here: how a request is made (`playback.ts`).
 *
 * Bound: the next piece is asked for when less than {@link LOW} waits, so that {@link LOW} and a piece wait; a piece is as long
 * as {@link PIECE}, or as its last group of pictures. Beyond {@link MOST} the answer is read no faster than it is taken.
 */
import type { StreamKind } from "./live-socket";
import { BadRecord, Kind, RecordSplitter, type MediaRecord } from "./record";

/** Bytes of pictures in a piece. */
export const PIECE = 1 << 20;
const LOW = PIECE / 2;
const MOST = 16 << 20;

export interface PlaybackAsk {
  camera: string;
  stream: StreamKind;
  /** µs since 1970. */
  fromUs: number;
  toUs: number;
  audio: boolean;
  /** G.711 as FLAC, for MSE. */
  flac?: boolean;
}

/** Where a piece begins: `resume` where the piece before it ended. */
export interface PieceAsk extends PlaybackAsk {
  resume: boolean;
}

/** Asks for a piece; the bytes of its answer. */
export type Ask = (ask: PieceAsk, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;

export class ReadAhead {
  readonly #ask: Ask;
  readonly #signal: AbortSignal;
  /** The last init record of each track: the next piece repeats them. */
  readonly #inits = new Map<number, Uint8Array>();
  #waiting: MediaRecord[] = [];
  #bytes = 0;
  #end: { failed?: unknown } | undefined;
  #came: (() => void) | undefined;
  #taken: (() => void) | undefined;

  constructor(range: PlaybackAsk, signal: AbortSignal, ask: Ask) {
    this.#ask = ask;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#taken?.(), { once: true });
    void this.#run(range).then(
      () => this.#ended({}),
      (error: unknown) => this.#ended({ failed: error }),
    );
  }

  /** The next record; nothing at the end. Throws what a request failed with, after all that had come before. */
  async next(): Promise<MediaRecord | undefined> {
    while (this.#waiting.length === 0 && !this.#end) await new Promise<void>((came) => (this.#came = came));
    const record = this.#waiting.shift();
    if (record) {
      this.#bytes -= record.payload.byteLength;
      this.#taken?.();
    } else if (this.#end && "failed" in this.#end) {
      throw this.#end.failed;
    }
    return record;
  }

  #ended(end: { failed?: unknown }): void {
    this.#end = end;
    this.#came?.();
  }

  async #run(range: PlaybackAsk): Promise<void> {
    let from: number | undefined = range.fromUs;
    for (let resume = false; from !== undefined; resume = true) {
      from = await this.#piece({ ...range, fromUs: from, resume });
      await this.#below(LOW);
    }
  }

  /** Reads a piece to its end; gives back where the next one begins. */
  async #piece(ask: PieceAsk): Promise<number | undefined> {
    const reader = (await this.#ask(ask, this.#signal)).getReader();
    const splitter = new RecordSplitter();
    let last: MediaRecord | undefined;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        for (const record of splitter.push(value)) {
          last = record;
          if (record.kind !== Kind.More) this.#put(record);
        }
        await this.#below(MOST);
      }
    } finally {
      await reader.cancel().catch(() => undefined);
    }
    if (last?.kind === Kind.More) return last.wallUs;
    if (last?.kind !== Kind.End) throw new BadRecord("short");
    return undefined;
  }

  #put(record: MediaRecord): void {
    if (record.kind === Kind.Init) {
      const known = this.#inits.get(record.track);
      if (known && same(known, record.payload)) return;
      this.#inits.set(record.track, record.payload);
    }
    this.#waiting.push(record);
    this.#bytes += record.payload.byteLength;
    this.#came?.();
  }

  async #below(bytes: number): Promise<void> {
    while (this.#bytes >= bytes) {
      this.#signal.throwIfAborted();
      await new Promise<void>((taken) => (this.#taken = taken));
    }
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at]);
