/**
 * Media records: how frames travel from the site to a client, live and played back.
 *
 * What is here: the parser of one record, and the splitter of a byte stream of records (`application/x-martello-records`).
 * What is not here: sockets, requests, decoders. The layout is documented and written in `crates/api/src/record.rs`;
 * `record.test.ts` reads the same bytes that the Rust test writes.
 */

/** Length of a record's header in bytes. */
export const HEADER = 36;
/** No record is longer than this; a longer one ends the stream. */
export const MAX_RECORD = 16 << 20;
/** The version that is understood. */
export const VERSION = 1;

/** What a record is. */
export const Kind = { Init: 1, Frame: 2, Gap: 3, End: 4, Notice: 5, More: 6 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Decoding can start at this frame. */
export const KEY = 1;
/** The frame lies before the asked start. */
export const PRE_ROLL = 2;
/** Frames before it are missing. */
export const DISCONTINUITY = 4;

export const VIDEO = 0;
export const AUDIO = 1;

/** One record; `payload` is a view into the bytes that it was parsed from. */
export interface MediaRecord {
  kind: Kind;
  flags: number;
  /** {@link VIDEO} or {@link AUDIO}. */
  track: number;
  subscription: number;
  /** Wall time of the frame, µs since 1970 (exact: a double holds every µs until the year 2255). */
  wallUs: number;
  /** Decode time in the fragment, ticks of the track. */
  time: number;
  /** Ticks of the track. */
  duration: number;
  compositionOffset: number;
  /** Where the frame's bytes begin in the payload; what lies before is `moof` and the head of `mdat`. */
  dataOffset: number;
  payload: Uint8Array;
}

/** Why bytes are no record. */
export class BadRecord extends Error {
  override readonly name = "BadRecord";
  readonly reason: "short" | "unknown" | "offset" | "long";

  constructor(reason: BadRecord["reason"]) {
    super(`bad media record: ${reason}`);
    this.reason = reason;
  }
}

/** The record in `bytes`. Throws {@link BadRecord}, and nothing else, for any bytes that are none. */
export function parseRecord(bytes: Uint8Array): MediaRecord {
  if (bytes.byteLength < HEADER) throw new BadRecord("short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = view.getUint8(0);
  const track = view.getUint8(2);
  if (kind < Kind.Init || kind > Kind.More || track > AUDIO || view.getUint8(3) !== VERSION) throw new BadRecord("unknown");
  const payload = bytes.subarray(HEADER);
  const dataOffset = view.getUint32(32);
  if (dataOffset > payload.byteLength) throw new BadRecord("offset");
  return {
    kind: kind as Kind,
    flags: view.getUint8(1),
    track,
    subscription: view.getUint32(4),
    wallUs: Number(view.getBigInt64(8)),
    time: Number(view.getBigInt64(16)),
    duration: view.getUint32(24),
    compositionOffset: view.getInt32(28),
    dataOffset,
    payload,
  };
}

/** The bytes of the frame itself, without the fragment's boxes. */
export function frameBytes(record: MediaRecord): Uint8Array {
  return record.payload.subarray(record.dataOffset);
}

/** How a track is coded: the JSON of an *init* record, and the MP4 initialization segment behind it. */
export interface Init {
  codec: string;
  mse: string;
  description: Uint8Array<ArrayBuffer>;
  timescale: number;
  width: number;
  height: number;
  sampleRate: number;
  channels: number;
  stream: "main" | "sub";
  segment: Uint8Array;
}

const text = new TextDecoder("utf-8", { fatal: true });

/** Reads the payload of an *init* record. Throws {@link BadRecord}, and nothing else. */
export function parseInit(payload: Uint8Array): Init {
  if (payload.byteLength < 4) throw new BadRecord("short");
  const length = new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0);
  if (length > payload.byteLength - 4) throw new BadRecord("offset");
  let json: unknown;
  try {
    json = JSON.parse(text.decode(payload.subarray(4, 4 + length)));
  } catch {
    throw new BadRecord("unknown");
  }
  if (typeof json !== "object" || json === null) throw new BadRecord("unknown");
  const from = json as Record<string, unknown>;
  const str = (key: string) => (typeof from[key] === "string" ? from[key] : "");
  const num = (key: string) => (Number.isFinite(from[key]) ? (from[key] as number) : 0);
  const codec = str("codec");
  if (codec === "" || num("timescale") <= 0) throw new BadRecord("unknown");
  return {
    codec,
    mse: str("mse"),
    description: base64(str("description")),
    timescale: num("timescale"),
    width: num("width"),
    height: num("height"),
    sampleRate: num("sample_rate"),
    channels: num("channels"),
    stream: str("stream") === "sub" ? "sub" : "main",
    segment: payload.subarray(4 + length),
  };
}

function base64(of: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(of), (c) => c.charCodeAt(0));
  } catch {
    throw new BadRecord("unknown");
  }
}

/** What a *notice* record says to the person. */
export interface Notice {
  code: (typeof NOTICES)[number];
  text: string;
}

const NOTICES = ["no-frames", "no-camera", "other-stream", "forbidden", "bad-ask"] as const;

/** Reads the payload of a *notice* record; a notice of an unknown kind is none. */
export function parseNotice(payload: Uint8Array): Notice | undefined {
  try {
    const json = JSON.parse(text.decode(payload)) as Partial<Notice> | null;
    const code = NOTICES.find((known) => known === json?.code);
    return code && typeof json?.text === "string" ? { code, text: json.text } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Cuts a stream of bytes into records: each stands behind its length, four bytes big-endian.
 *
 * Keeps at most one unfinished record ({@link MAX_RECORD}); give it chunks in order, in any sizes.
 */
export class RecordSplitter {
  #parts: Uint8Array[] = [];
  #have = 0;

  /** The records that are whole with this chunk. Throws {@link BadRecord}; the stream is then of no further use. */
  push(chunk: Uint8Array): MediaRecord[] {
    this.#parts.push(chunk);
    this.#have += chunk.byteLength;
    const out: MediaRecord[] = [];
    for (;;) {
      const head = this.#peek(4);
      if (!head) return out;
      const length = new DataView(head.buffer, head.byteOffset, 4).getUint32(0);
      if (length > MAX_RECORD) throw new BadRecord("long");
      if (length < HEADER) throw new BadRecord("short");
      const whole = this.#peek(4 + length);
      if (!whole) return out;
      this.#drop(4 + length);
      out.push(parseRecord(whole.subarray(4)));
    }
  }

  /** Bytes that wait for the rest of their record. */
  get pending(): number {
    return this.#have;
  }

  #peek(count: number): Uint8Array | undefined {
    if (this.#have < count) return undefined;
    const first = this.#parts[0];
    if (first && first.byteLength >= count) return first.subarray(0, count);
    const joined = new Uint8Array(this.#have);
    let at = 0;
    for (const part of this.#parts) {
      joined.set(part, at);
      at += part.byteLength;
    }
    this.#parts = [joined];
    return joined.subarray(0, count);
  }

  #drop(count: number): void {
    const first = this.#parts[0];
    if (!first) return;
    this.#have -= count;
    const rest = first.subarray(count);
    if (rest.byteLength > 0) this.#parts[0] = rest;
    else this.#parts.shift();
  }
}
